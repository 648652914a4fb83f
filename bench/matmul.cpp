// The matmul of the CPU backend: `matmul --check` compares it with a plain triple loop in double and between thread
// counts (exit code 1 on a difference; `--quick` leaves out products above 2 MFLOP, for emulators); `matmul` prints
// GFLOP/s beside the measured peak of this machine. MYELIN_ISA chooses the instruction set, `--float64` the element
// type of the table, `--seconds s` the time per row, `--threads n` the threads, `--only text` the rows whose name holds
// that text.
//
//   cmake -S . -B build/cmake -DMYELIN_TESTS=ON && cmake --build build/cmake
#include <cmath>
#include <limits>

#include "matmul_case.h"
#include "matmul_speed.h"

using namespace matmul_bench;

namespace {

// ---- correctness ----------------------------------------------------------------------------

int failures = 0;

void fail(const Case& c, const char* type, const std::string& what) {
  std::printf("FAILED %s %s: %s\n", type, text_of(c).c_str(), what.c_str());
  std::fflush(stdout);
  failures++;
}

// Each element against a double sum; the bound is the usual one for any order of summation, made tight: rounding errors
// of a long sum grow like its square root, here allowed 8 units of the sum of magnitudes' square root.
template <class T>
void check_values(Matmul<T>& x, const char* type) {
  const Case& c = x.c;
  const double unit = std::pow(2.0, sizeof(T) == 4 ? -24 : -53);
  double worst = 0;
  for (int64_t i = 0; i < c.m; i++) {
    for (int64_t j = 0; j < c.n; j++) {
      double sum = c.bias ? static_cast<double>(x.bias[j]) : 0, magnitude = std::fabs(sum);
      for (int64_t q = 0; q < c.k; q++) {
        const double term = static_cast<double>(c.trans_a ? x.a[q * c.m + i] : x.a[i * c.k + q]) *
                            static_cast<double>(c.trans_b ? x.b[j * c.k + q] : x.b[q * c.n + j]);
        sum += term;
        magnitude += std::fabs(term);
      }
      const double allowed = unit * (4 + 2 * std::sqrt(static_cast<double>(c.k))) * magnitude + 1e-300;
      const double z = static_cast<double>(c.both ? x.z[i * c.n + j] : x.out[i * c.n + j]);
      if (c.both || !c.activation) worst = std::fmax(worst, std::isnan(z) ? 1e300 : std::fabs(z - sum) / allowed);
      if (c.activation) {
        const double y = static_cast<double>(x.out[i * c.n + j]);
        const double wanted = std::tanh(c.both ? z : sum);
        const double room = 16 * unit + (c.both ? 0 : allowed);
        worst = std::fmax(worst, std::isnan(y) ? 1e300 : std::fabs(y - wanted) / room);
      } else if (c.both && !(x.out[i * c.n + j] == x.z[i * c.n + j])) {
        worst = 1e300;
      }
    }
  }
  if (!(worst <= 1)) fail(c, type, "the error is " + std::to_string(worst) + " times what is allowed");
}

template <class T>
void check_case(const Case& c, const char* type) {
  Matmul<T> x(c, static_cast<unsigned>(c.m * 31 + c.k * 7 + c.n), true);
  std::vector<T> first, first_z;
  for (int threads : {1, 2, 3, 7}) {
    set_threads(threads);
    const Parallel parallel = pool_view();
    Call call = x.call(&parallel);
    Array<char> scratch(static_cast<int64_t>(Matmul<T>::scratch_bytes(call, parallel.workers)), true);
    call.scratch = scratch.data();
    std::memset(static_cast<void*>(x.out.data()), 0xFF, c.m * c.n * sizeof(T));  // NaN: every element must be written
    std::memset(static_cast<void*>(x.z.data()), 0xFF, c.m * c.n * sizeof(T));
    Matmul<T>::kernel()(&call);
    if (threads == 1) {
      check_values(x, type);
      first.assign(x.out.data(), x.out.data() + c.m * c.n);
      first_z.assign(x.z.data(), x.z.data() + c.m * c.n);
    } else if (std::memcmp(first.data(), x.out.data(), first.size() * sizeof(T)) ||
               (c.both && std::memcmp(first_z.data(), x.z.data(), first_z.size() * sizeof(T)))) {
      fail(c, type, "other bits with " + std::to_string(threads) + " threads");
    }
  }
}

// The rows of the result in parts, as regions compute them: the bits of the whole.
template <class T>
void check_parts(const Case& c, const char* type) {
  Matmul<T> x(c, static_cast<unsigned>(c.m * 31 + c.k * 7 + c.n), true);
  Call call = x.call(nullptr);
  Array<char> scratch(static_cast<int64_t>(Matmul<T>::scratch_bytes(call, 1)), true);
  call.scratch = scratch.data();
  Matmul<T>::kernel()(&call);
  const std::vector<T> whole(x.out.data(), x.out.data() + c.m * c.n), whole_z(x.z.data(), x.z.data() + c.m * c.n);
  for (const int64_t parts : {int64_t(2), int64_t(3), c.m}) {
    if (c.m % parts != 0) continue;
    std::memset(static_cast<void*>(x.out.data()), 0xFF, c.m * c.n * sizeof(T));
    std::memset(static_cast<void*>(x.z.data()), 0xFF, c.m * c.n * sizeof(T));
    call.parts = parts;
    for (call.first = 0; call.first < parts; call.first = call.end) {
      call.end = std::min(parts, call.first + 1 + call.first % 3);
      Matmul<T>::kernel()(&call);
    }
    if (std::memcmp(whole.data(), x.out.data(), whole.size() * sizeof(T)) ||
        (c.both && std::memcmp(whole_z.data(), x.z.data(), whole_z.size() * sizeof(T)))) {
      fail(c, type, "other bits in " + std::to_string(parts) + " parts");
    }
  }
}

// Operands whose rows are elsewhere: the bits of those that were put together.
template <class T>
void check_rows(const Case& c, const char* type) {
  Matmul<T> x(c, static_cast<unsigned>(c.m * 31 + c.k * 7 + c.n), true);
  Call call = x.call(nullptr);
  x.attrs.by_rows = (c.trans_a ? 0 : 1) | (c.trans_b ? 0 : 2);
  Array<char> scratch(static_cast<int64_t>(Matmul<T>::scratch_bytes(call, 1)), true);
  call.scratch = scratch.data();
  Matmul<T>::kernel()(&call);
  const std::vector<T> whole(x.out.data(), x.out.data() + c.m * c.n);
  std::mt19937 random(7);
  std::vector<std::vector<T>> data(2);
  std::vector<std::vector<uint32_t>> rows(2);
  for (size_t operand = 0; operand < 2; operand++) {
    View& view = x.in[operand];
    if (!(x.attrs.by_rows >> operand & 1)) continue;
    // Each row in a place of its own among twice as many.
    std::vector<uint32_t>& at = rows[operand];
    for (int64_t i = 0; i < 2 * view.dims[0]; i++) at.push_back(static_cast<uint32_t>(i));
    std::shuffle(at.begin(), at.end(), random);
    const int64_t width = view.dims[1];
    data[operand].assign(static_cast<size_t>(2 * view.count), std::numeric_limits<T>::quiet_NaN());
    for (int64_t i = 0; i < view.dims[0]; i++) {
      std::memcpy(&data[operand][static_cast<size_t>(at[static_cast<size_t>(i)] * width)],
                  static_cast<T*>(view.data) + i * width, static_cast<size_t>(width) * sizeof(T));
    }
    view.data = data[operand].data();
    view.rows = at.data();
  }
  std::memset(static_cast<void*>(x.out.data()), 0xFF, c.m * c.n * sizeof(T));
  Matmul<T>::kernel()(&call);
  if (std::memcmp(whole.data(), x.out.data(), whole.size() * sizeof(T))) fail(c, type, "other bits by row numbers");
}

int check(bool quick) {
  std::vector<Case> cases;
  const int64_t sizes[][3] = {
      {1, 1, 1},      {1, 2, 1},      {2, 1, 3},        {1, 1, 64},      {3, 1, 5},        {64, 2, 16},
      {64, 16, 16},   {64, 16, 1},    {5, 7, 11},       {17, 33, 65},    {1, 300, 130},    {2, 257, 259},
      {4, 1000, 40},  {3, 64, 700},   {129, 1, 257},    {128, 10, 128},  {10, 128, 128},   {33, 784, 31},
      {128, 256, 10}, {209, 513, 20}, {20, 209, 515},   {130, 70, 97},   {65, 2100, 7},    {241, 260, 33},
      {250, 40, 530}, {7, 4100, 3},   {256, 128, 130},  {100, 1, 1},     {1, 4099, 1},     {31, 48, 1},
      {500, 300, 64}, {64, 530, 300}, {600, 130, 1100}, {37, 300, 1060}, {400, 270, 1030}, {530, 520, 70},
  };
  for (const auto& s : sizes) {
    for (int t = 0; t < 4; t++) {
      const int variant = static_cast<int>((s[0] + s[1] + s[2] + t) % 5);
      cases.push_back({s[0], s[1], s[2], t & 1, t >> 1, 0, 0, 0});
      cases.push_back({s[0], s[1], s[2], t & 1, t >> 1, variant != 1, variant != 2, variant >= 2});
    }
  }
  std::mt19937 random(1);  // small odd shapes of every kind
  for (int i = 0; i < 300; i++) {
    const auto pick = [&](int limit) { return static_cast<int64_t>(random() % limit) + 1; };
    cases.push_back({pick(40), pick(90), pick(80), static_cast<int>(random() & 1), static_cast<int>(random() & 1),
                     static_cast<int>(random() & 1), static_cast<int>(random() & 1), static_cast<int>(random() & 1)});
  }
  if (quick) {
    const auto large = [](const Case& c) { return c.m * c.n * c.k > 1000000; };
    cases.erase(std::remove_if(cases.begin(), cases.end(), large), cases.end());
  }
  const bool has_parts = std::string(cpu_backend().kernels().isa) != "reference";  // that computes everything
  for (const Case& c : cases) {
    check_case<float>(c, "float32");
    check_case<double>(c, "float64");
    if (c.m > 1 && c.k > 1 && c.n > 1 && !(c.trans_a && c.trans_b)) {
      check_rows<float>(c, "float32");
      check_rows<double>(c, "float64");
    }
    if (!has_parts) continue;
    check_parts<float>(c, "float32");
    check_parts<double>(c, "float64");
  }
  std::printf("%s: %zu cases × float32, float64 × 1, 2, 3, 7 threads: %d failures\n", cpu_backend().describe().c_str(),
              cases.size(), failures);
  return failures ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  bool f64 = false;
  double seconds = 0.2;
  int threads = get_threads();
  std::string only;
  try {
    for (int i = 1; i < argc; i++) {
      const std::string arg = argv[i];
      if (arg == "--check") return check(i + 1 < argc && std::string(argv[i + 1]) == "--quick");
      if (arg == "--float64")
        f64 = true;
      else if (arg == "--seconds" && i + 1 < argc)
        seconds = std::atof(argv[++i]);
      else if (arg == "--threads" && i + 1 < argc)
        threads = std::atoi(argv[++i]);
      else if (arg == "--only" && i + 1 < argc)
        only = argv[++i];
      else {
        std::fprintf(
            stderr,
            "usage: matmul [--check [--quick]] [--float64] [--seconds s] [--threads n] [--only text]; unknown: %s\n",
            argv[i]);
        return 2;
      }
    }
    if (f64)
      table<double>(threads, seconds, only);
    else
      table<float>(threads, seconds, only);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
  return 0;
}
