// The matmul of the CPU backend: `matmul --check` compares it with a plain triple loop in double and between thread
// counts (exit code 1 on a difference; `--quick` leaves out products above 2 MFLOP, for emulators); `matmul` prints
// GFLOP/s beside the measured peak of this machine. MYELIN_ISA chooses the instruction set, `--float64` the element
// type of the table, `--seconds s` the time per row,
// `--threads n` the threads, `--only text` the rows whose name holds that text.
//
//   cmake -S . -B build/cmake && cmake --build build/cmake
//   g++ -std=c++17 -O2 -Inative bench/matmul.cpp <objects of native/core and native/cpu> -o matmul -lpthread -ldl
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "core/device/backend.h"
#include "core/run/pool.h"

namespace {

using namespace myelin;

double now() {
  using namespace std::chrono;
  return duration<double>(steady_clock::now().time_since_epoch()).count();
}

const KernelEntry& matmul_entry() {
  const KernelTable& table = cpu_backend().kernels();
  for (int i = 0; i < table.n_kernels; i++) {
    if (!std::strcmp(table.kernels[i].name, "matmul")) return table.kernels[i];
  }
  std::fprintf(stderr, "the kernel table has no matmul\n");
  std::exit(2);
}

int elementwise_index(const char* name) {
  const KernelTable& table = cpu_backend().kernels();
  for (int i = 0; i < table.n_elementwise; i++) {
    if (!std::strcmp(table.elementwise[i].name, name)) return i;
  }
  std::fprintf(stderr, "the element-wise table has no %s\n", name);
  std::exit(2);
}

// Memory of whole pages. Guarded, it ends at a page no one may touch: reading or writing beyond it ends the program
// (but masked loads across that border are slow, so timings go without).
template <class T>
class Array {
 public:
  Array(int64_t count, bool guarded) {
    const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    const size_t used = (count * sizeof(T) + page - 1) / page * page;
    bytes_ = used + page;
    base_ = static_cast<char*>(mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (base_ == MAP_FAILED) throw std::runtime_error("out of memory");
    if (guarded && mprotect(base_ + used, page, PROT_NONE)) throw std::runtime_error("no guard page");
    data_ = reinterpret_cast<T*>(guarded ? base_ + used - count * sizeof(T) : base_);
  }
  ~Array() { munmap(base_, bytes_); }
  Array(const Array&) = delete;
  Array& operator=(const Array&) = delete;
  T* data() { return data_; }
  T& operator[](int64_t i) { return data_[i]; }

 private:
  char* base_;
  size_t bytes_;
  T* data_;
};

struct Case {
  int64_t m, k, n;
  int trans_a, trans_b;
  int bias, activation, both;  // activation: 0 none, 1 tanh; both: z wanted too
};

std::string text_of(const Case& c) {
  char line[160];
  std::snprintf(line, sizeof line, "[%lld,%lld]%s·[%lld,%lld]%s%s%s%s", (long long)(c.trans_a ? c.k : c.m),
                (long long)(c.trans_a ? c.m : c.k), c.trans_a ? "ᵀ" : "", (long long)(c.trans_b ? c.n : c.k),
                (long long)(c.trans_b ? c.k : c.n), c.trans_b ? "ᵀ" : "", c.bias ? " + bias" : "",
                c.activation ? ", tanh" : "", c.both ? ", z too" : "");
  return line;
}

template <class T>
struct Matmul {
  Case c;
  Array<T> a, b, bias, out, z;
  MatmulAttrs attrs;
  View in[3], outs[2];

  Matmul(const Case& which, unsigned seed, bool guarded)
      : c(which),
        a(c.m * c.k, guarded),
        b(c.k * c.n, guarded),
        bias(c.n, guarded),
        out(c.m * c.n, guarded),
        z(c.m * c.n, guarded) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<double> uniform(-1, 1);
    for (int64_t i = 0; i < c.m * c.k; i++) a[i] = static_cast<T>(uniform(random));
    for (int64_t i = 0; i < c.k * c.n; i++) b[i] = static_cast<T>(uniform(random));
    for (int64_t i = 0; i < c.n; i++) bias[i] = static_cast<T>(uniform(random));
    attrs = {c.trans_a, c.trans_b, {c.bias, c.activation ? elementwise_index("tanh") : -1, 0}};
    in[0] = matrix(a.data(), c.trans_a ? c.k : c.m, c.trans_a ? c.m : c.k);
    in[1] = matrix(b.data(), c.trans_b ? c.n : c.k, c.trans_b ? c.k : c.n);
    in[2] = matrix(bias.data(), c.n, 1);
    in[2].rank = 1;
    outs[0] = matrix(out.data(), c.m, c.n);
    outs[1] = matrix(z.data(), c.m, c.n);
  }

  static View matrix(T* data, int64_t rows, int64_t columns) {
    View v = {};
    v.data = data;
    v.rank = 2;
    v.dims[0] = rows;
    v.dims[1] = columns;
    v.count = rows * columns;
    return v;
  }

  Call call(const Parallel* parallel) {
    Call call = {};
    call.in = in;
    call.out = outs;
    call.n_in = c.bias ? 3 : 2;
    call.n_out = c.both ? 2 : 1;
    call.attrs = &attrs;
    call.parallel = parallel;
    return call;
  }

  static size_t scratch_bytes(const Call& call, int workers) {
    const KernelEntry& entry = matmul_entry();
    const ScratchFn fn = sizeof(T) == 4 ? entry.scratch_f32 : entry.scratch_f64;
    return fn ? fn(&call, workers) : 0;
  }

  static KernelFn kernel() {
    const KernelEntry& entry = matmul_entry();
    return sizeof(T) == 4 ? entry.f32 : entry.f64;
  }
};

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
  for (const Case& c : cases) {
    check_case<float>(c, "float32");
    check_case<double>(c, "float64");
  }
  std::printf("%s: %zu cases × float32, float64 × 1, 2, 3, 7 threads: %d failures\n", cpu_backend().describe().c_str(),
              cases.size(), failures);
  return failures ? 1 : 0;
}

// ---- speed ----------------------------------------------------------------------------------

const int peak_chains = 12;
const int64_t peak_rounds = 200000;

#if defined(__x86_64__)
#define MYELIN_PEAK(name, isa, V, broadcast, multiply_add) \
  __attribute__((target(isa))) double name(double start) { \
    V x[peak_chains]; \
    const V scale = broadcast(0.999), shift = broadcast(0.001); \
    for (int i = 0; i < peak_chains; i++) x[i] = broadcast(start + i); \
    for (int64_t r = 0; r < peak_rounds; r++) { \
      _Pragma("GCC unroll 12") for (int i = 0; i < peak_chains; i++) x[i] = multiply_add; \
    } \
    double sum = 0; \
    for (int i = 0; i < peak_chains; i++) sum += static_cast<double>(x[i][0]); \
    return sum; \
  }
MYELIN_PEAK(peak_v4_f32, "avx512f", __m512, _mm512_set1_ps, _mm512_fmadd_ps(x[i], scale, shift))
MYELIN_PEAK(peak_v4_f64, "avx512f", __m512d, _mm512_set1_pd, _mm512_fmadd_pd(x[i], scale, shift))
MYELIN_PEAK(peak_v3_f32, "avx2,fma", __m256, _mm256_set1_ps, _mm256_fmadd_ps(x[i], scale, shift))
MYELIN_PEAK(peak_v3_f64, "avx2,fma", __m256d, _mm256_set1_pd, _mm256_fmadd_pd(x[i], scale, shift))
MYELIN_PEAK(peak_v2_f32, "sse4.2", __m128, _mm_set1_ps, _mm_add_ps(_mm_mul_ps(x[i], scale), shift))
MYELIN_PEAK(peak_v2_f64, "sse4.2", __m128d, _mm_set1_pd, _mm_add_pd(_mm_mul_pd(x[i], scale), shift))
#undef MYELIN_PEAK
#endif

struct PeakLoop {
  double (*fn)(double);
  int lanes;
};

// The multiply-add loop of the instruction set in use; none is known for scalar and NEON code.
PeakLoop peak_loop(bool f64) {
#if defined(__x86_64__)
  const std::string isa = cpu_backend().kernels().isa;
  if (isa == "x86-64-v4") return f64 ? PeakLoop{peak_v4_f64, 8} : PeakLoop{peak_v4_f32, 16};
  if (isa == "x86-64-v3") return f64 ? PeakLoop{peak_v3_f64, 4} : PeakLoop{peak_v3_f32, 8};
  if (isa == "x86-64-v2") return f64 ? PeakLoop{peak_v2_f64, 2} : PeakLoop{peak_v2_f32, 4};
#endif
  (void)f64;
  return {nullptr, 0};
}

volatile double peak_sink;

double peak_gflops(bool f64, int threads) {
  PeakLoop loop = peak_loop(f64);
  if (!loop.fn) return 0;
  set_threads(threads);
  const Parallel parallel = pool_view();
  double best = 1e30;
  for (int i = 0; i < 15; i++) {
    const double start = now();
    parallel.run(
        parallel.self, threads,
        [](void* context, int task, int) { peak_sink = static_cast<PeakLoop*>(context)->fn(task); }, &loop);
    best = std::fmin(best, now() - start);
  }
  return 2.0 * loop.lanes * peak_chains * peak_rounds * threads / best / 1e9;
}

// Seconds of one call: the best and the median of windows of a few hundred microseconds or one call each.
struct Timing {
  double best, median;
};

template <class T>
Timing time_case(const Case& c, int threads, double seconds) {
  set_threads(threads);
  const Parallel parallel = pool_view();
  Matmul<T> x(c, 1, false);
  Call call = x.call(&parallel);
  Array<char> scratch(static_cast<int64_t>(Matmul<T>::scratch_bytes(call, parallel.workers)), false);
  call.scratch = scratch.data();
  const KernelFn fn = Matmul<T>::kernel();
  fn(&call);
  double start = now();
  fn(&call);
  const double once = std::fmax(now() - start, 1e-8);
  const int64_t repeats = once > 3e-4 ? 1 : static_cast<int64_t>(3e-4 / once) + 1;
  std::vector<double> windows;
  const double end = now() + seconds;
  while (now() < end || windows.size() < 3) {
    start = now();
    for (int64_t i = 0; i < repeats; i++) fn(&call);
    windows.push_back((now() - start) / static_cast<double>(repeats));
  }
  std::sort(windows.begin(), windows.end());
  return {windows.front(), windows[windows.size() / 2]};
}

struct Row {
  const char* what;
  Case c;
};

template <class T>
void table(int threads, double seconds, const std::string& only) {
  const Row rows[] = {
      {"mnist forward 1", {128, 784, 256, 0, 1, 1, 0, 0}},
      {"mnist forward 2", {128, 256, 128, 0, 1, 1, 0, 0}},
      {"mnist forward 3", {128, 128, 10, 0, 1, 1, 0, 0}},
      {"mnist dX 3", {128, 10, 128, 0, 0, 0, 0, 0}},
      {"mnist dX 2", {128, 128, 256, 0, 0, 0, 0, 0}},
      {"mnist dW 3", {10, 128, 128, 1, 0, 0, 0, 0}},
      {"mnist dW 2", {128, 128, 256, 1, 0, 0, 0, 0}},
      {"mnist dW 1", {256, 128, 784, 1, 0, 0, 0, 0}},
      {"128·784·256", {128, 784, 256, 0, 0, 0, 0, 0}},
      {"784·128·256", {784, 128, 256, 0, 0, 0, 0, 0}},
      {"128·256·128", {128, 256, 128, 0, 0, 0, 0, 0}},
      {"deep forward", {64, 128, 128, 0, 1, 1, 0, 0}},
      {"deep dX", {64, 128, 128, 0, 0, 0, 0, 0}},
      {"deep dW", {128, 64, 128, 1, 0, 0, 0, 0}},
      {"cat forward", {209, 12288, 20, 0, 1, 1, 0, 0}},
      {"cat dW", {20, 209, 12288, 1, 0, 0, 0, 0}},
      {"wide forward 1", {512, 1024, 4096, 0, 1, 1, 0, 0}},
      {"wide forward 2", {512, 4096, 4096, 0, 1, 1, 0, 0}},
      {"wide dX", {512, 4096, 4096, 0, 0, 0, 0, 0}},
      {"wide dW", {4096, 512, 4096, 1, 0, 0, 0, 0}},
      {"one example", {1, 784, 256, 0, 1, 1, 0, 0}},
      {"one, wide", {1, 4096, 4096, 0, 1, 1, 0, 0}},
      {"one, wide dX", {1, 4096, 4096, 0, 0, 0, 0, 0}},
      {"outer product", {1024, 1, 1024, 1, 0, 0, 0, 0}},
      {"tiny forward 1", {64, 2, 16, 0, 1, 1, 0, 0}},
      {"tiny forward 2", {64, 16, 16, 0, 1, 1, 0, 0}},
      {"tiny forward 3", {64, 16, 1, 0, 1, 1, 0, 0}},
      {"tiny dX", {64, 16, 16, 0, 0, 0, 0, 0}},
      {"tiny dW", {16, 64, 16, 1, 0, 0, 0, 0}},
  };
  double peak = peak_gflops(sizeof(T) == 8, threads);
  std::printf("%s, %s, %d threads; multiply-add peak %.0f GFLOP/s\n\n", cpu_backend().describe().c_str(),
              sizeof(T) == 4 ? "float32" : "float64", threads, peak);
  std::printf("%-16s %-30s %12s %12s %10s %7s\n", "", "m × k × n", "best µs", "median µs", "GFLOP/s", "of peak");
  for (const Row& row : rows) {
    if (std::string(row.what).find(only) == std::string::npos) continue;
    const Timing t = time_case<T>(row.c, threads, seconds);
    const double gflops = 2e-9 * row.c.m * row.c.n * row.c.k / t.best;
    char shape[64];
    std::snprintf(shape, sizeof shape, "%lld × %lld × %lld %c%c", (long long)row.c.m, (long long)row.c.k,
                  (long long)row.c.n, row.c.trans_a ? 'T' : 'N', row.c.trans_b ? 'T' : 'N');
    std::printf("%-16s %-32s %12.2f %12.2f %10.1f %6.0f%%\n", row.what, shape, t.best * 1e6, t.median * 1e6, gflops,
                peak > 0 ? 100 * gflops / peak : 0);
  }
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
