// Times the matrix products of the CUDA library, through the table that it exports to the core (native/cuda/api.h):
// many products in a step, many steps in a replayed graph, one wait for all. Every result is compared with sums of the
// CPU at sampled places before its time counts, and must be the same bits afterwards.
//
//   gpu_gemm libmyelin_cuda.so [--tiny] < cases
//
// A case is a line `m n k transA transB type name`: out[m,n] = op(A)·op(B) with the sum over k; transA 1: A is stored
// as [k,m]; type float32, tf32, bf16 or float64. A line of JSON comes back for each: microseconds of a product, by
// round.
// --tiny: few repeats, to try the program and not the GPU.
#include <dlfcn.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <iostream>
#include <memory>
#include <sstream>
#include <vector>

#include "cuda/api.h"
#include "lines.h"

namespace cuda = myelin::cuda;
using myelin::Call;
using myelin::View;

namespace {

struct Case {
  int64_t m, n, k;
  int trans_a, trans_b;
  std::string type, name;

  bool is_f64() const { return type == "float64"; }
  int precision() const { return type == "tf32" ? 1 : type == "bf16" ? 2 : 0; }
  // As native/cuda/kernels/product/matmul.cu promises.
  bool rounds_operands() const { return precision() > 0 && m > 16 && n > 16; }
};

double host_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// A GPU, through the library.
class Gpu {
 public:
  Gpu(const char* library, bool tiny) : tiny_(tiny) {
    void* opened = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (!opened) throw std::runtime_error(dlerror());
    const auto entry = reinterpret_cast<MyelinCudaApi>(dlsym(opened, "myelin_cuda_api"));
    if (!entry) throw std::runtime_error(std::string(library) + " has no myelin_cuda_api");
    api_ = entry();
    if (api_->version != cuda::api_version) {
      throw std::runtime_error(std::string(library) + " speaks version " + std::to_string(api_->version) +
                               ", this program version " + std::to_string(cuda::api_version));
    }
    need(api_->device_info(0, &info_, &failure_));
    need(api_->device_open(0, &device_, &failure_));
    const myelin::KernelTable* table = api_->kernels();
    for (int32_t i = 0; i < table->n_kernels; i++) {
      const myelin::KernelEntry& entry = table->kernels[i];
      if (!std::strcmp(entry.name, "matmul")) matmul_[entry.dtype == myelin::DType::f64] = &entry;
    }
    if (!matmul_[0] || !matmul_[1]) throw std::runtime_error("the library has no matmul");
  }

  const cuda::Api& api() const { return *api_; }
  cuda::Device* device() const { return device_; }
  const myelin::KernelEntry& matmul(bool is_f64) const { return *matmul_[is_f64]; }
  bool tiny() const { return tiny_; }
  bool has_tensor_cores() const { return info_.major >= 8; }
  cuda::Failure* failure() { return &failure_; }
  void need(cuda::Status status) const {
    if (status != cuda::status_ok) throw std::runtime_error(failure_.text);
  }

 private:
  bool tiny_;
  const cuda::Api* api_ = nullptr;
  cuda::Device* device_ = nullptr;
  const myelin::KernelEntry* matmul_[2] = {};  // float32, float64
  cuda::DeviceInfo info_{};
  cuda::Failure failure_{};
};

class Memory {
 public:
  Memory(Gpu& gpu, uint64_t bytes) : gpu_(gpu), bytes_(bytes) {
    gpu.need(gpu.api().allocate(gpu.device(), bytes, &data_, gpu.failure()));
  }
  ~Memory() { gpu_.api().release(gpu_.device(), data_, bytes_); }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  void* data() const { return data_; }
  void upload(const void* from) { gpu_.need(gpu_.api().upload(gpu_.device(), data_, from, bytes_, gpu_.failure())); }
  void download(void* to) const { gpu_.need(gpu_.api().download(gpu_.device(), to, data_, bytes_, gpu_.failure())); }

 private:
  Gpu& gpu_;
  uint64_t bytes_;
  void* data_ = nullptr;
};

// Numbers in [−1, 1) with a full fraction, so that rounding to TF32 or bf16 shows.
template <class T>
std::vector<T> numbers(int64_t count, uint32_t seed) {
  std::vector<T> values(static_cast<size_t>(count));
  uint32_t state = seed;
  for (T& x : values) {
    state = state * 1664525u + 1013904223u;
    x = static_cast<T>(static_cast<double>(state) / 2147483648.0 - 1.0);
  }
  return values;
}

View matrix(void* data, int64_t rows, int64_t columns) {
  View v = {};
  v.data = data;
  v.rank = 2;
  v.dims[0] = rows;
  v.dims[1] = columns;
  v.count = rows * columns;
  return v;
}

constexpr int most_copies = 64;  // of the product in a step
constexpr int most_rounds = 5;

template <class T>
class Product {
 public:
  Product(Gpu& gpu, const Case& c)
      : gpu_(gpu),
        c_(c),
        host_a_(numbers<T>(c.m * c.k, 1)),
        host_b_(numbers<T>(c.k * c.n, 2)),
        a_(gpu, host_a_.size() * sizeof(T)),
        b_(gpu, host_b_.size() * sizeof(T)),
        out_(gpu, static_cast<uint64_t>(c.m * c.n) * sizeof(T)) {
    a_.upload(host_a_.data());
    b_.upload(host_b_.data());
    const std::vector<T> nothing(static_cast<size_t>(c.m * c.n), static_cast<T>(NAN));  // every element must be written
    out_.upload(nothing.data());
    attrs_ = {c.trans_a, c.trans_b, {0, -1, 0}, 0};
    in_[0] = matrix(a_.data(), c.trans_a ? c.k : c.m, c.trans_a ? c.m : c.k);
    in_[1] = matrix(b_.data(), c.trans_b ? c.n : c.k, c.trans_b ? c.k : c.n);
    result_ = matrix(out_.data(), c.m, c.n);
    gpu.need(gpu.api().loop_open(gpu.device(), 0, 0, 0, &loop_, gpu.failure()));
    const cuda::Handles handles = gpu.api().loop_handles(loop_);
    Call call = {};
    call.in = in_;
    call.out = &result_;
    call.n_in = 2;
    call.n_out = 1;
    call.attrs = &attrs_;
    call.key = handles.key;
    call.parallel = handles.parallel;
    const myelin::KernelEntry& matmul = gpu.matmul(c.is_f64());
    const size_t bytes = matmul.scratch ? matmul.scratch(&call, 1) : 0;
    if (bytes > 0) scratch_ = std::make_unique<Memory>(gpu, bytes);
    call.scratch = scratch_ ? scratch_->data() : nullptr;
    calls_.assign(most_copies, call);
    kernels_.assign(most_copies, matmul.run);
    step_.is_f64 = c.is_f64();
    step_.precision = c.precision();
    step_.kernels = kernels_.data();
    step_.calls = calls_.data();
  }
  ~Product() {
    if (loop_) gpu_.api().loop_close(loop_);
  }
  Product(const Product&) = delete;
  Product& operator=(const Product&) = delete;

  // Checks, times, checks again. Microseconds of one product, by round.
  std::vector<double> measure() {
    run(1, 1);
    const std::vector<T> first = result();
    check(first);
    const bool tiny = gpu_.tiny();
    // A step of about 200 µs, rounds of about 20 ms.
    const double once = tiny ? 1 : run(1, 3);
    const int copies = tiny ? 2 : static_cast<int>(std::clamp(2e-4 / once, 1.0, static_cast<double>(most_copies)));
    const double each = tiny ? 1 : run(copies, 8);
    const int64_t steps = tiny ? 2 : static_cast<int64_t>(std::clamp(2e-2 / (each * copies), 2.0, 2000.0));
    std::vector<double> rounds;
    for (int round = 0; round < (tiny ? 2 : most_rounds); round++) rounds.push_back(run(copies, steps) * 1e6);
    const std::vector<T> last = result();
    if (std::memcmp(first.data(), last.data(), first.size() * sizeof(T)) != 0) {
      throw std::runtime_error("the result is not the same bits after many runs");
    }
    return rounds;
  }

  int64_t launches() const { return launches_; }

 private:
  // Seconds of one product in `steps` replays of a step of `copies` products.
  double run(int copies, int64_t steps) {
    const cuda::Api& api = gpu_.api();
    step_.n_kernels = step_.n_compute = copies;
    cuda::Run run = {};
    run.first_step = 1;
    run.steps = steps + 1;
    run.compute_only = 1;
    gpu_.need(api.loop_begin(loop_, &step_, &run, gpu_.failure()));
    enqueue_and_wait(1);  // kernel by kernel
    std::vector<int64_t> by_kernel(static_cast<size_t>(copies));
    api.loop_launches(loop_, by_kernel.data());
    launches_ = by_kernel[0];
    if (launches_ != (scratch_ && launches_ == 2 ? 2 : 1)) {
      throw std::runtime_error("a product took " + std::to_string(launches_) + " launches");
    }
    enqueue_and_wait(1);  // captures
    cuda::Counters before{}, after{};
    api.counters(gpu_.device(), &before);
    const double begin = host_seconds();
    int64_t enqueued = 0, waiting = 0;
    while (enqueued < steps || waiting > 0) {
      if (enqueued < steps && waiting < 2) {
        const int64_t chunk = std::min(cuda::max_chunk, steps - enqueued);
        gpu_.need(api.loop_enqueue(loop_, chunk, gpu_.failure()));
        enqueued += chunk;
        waiting++;
      } else {
        wait();
        waiting--;
      }
    }
    const double seconds = host_seconds() - begin;
    api.counters(gpu_.device(), &after);
    if (after.graph_launches - before.graph_launches != steps) {
      throw std::runtime_error("the steps were not replayed as a graph");
    }
    return seconds / static_cast<double>(steps * copies);
  }

  void enqueue_and_wait(int64_t steps) {
    gpu_.need(gpu_.api().loop_enqueue(loop_, steps, gpu_.failure()));
    wait();
  }
  void wait() {
    cuda::Progress progress{};
    gpu_.need(gpu_.api().loop_wait(loop_, &progress, gpu_.failure()));
    if (progress.flag) throw std::runtime_error("a step was refused");
  }

  std::vector<T> result() const {
    std::vector<T> values(static_cast<size_t>(c_.m * c_.n));
    out_.download(values.data());
    return values;
  }

  // All elements must be finite; corners and sampled places are compared with sums in float64. `spread` is the root of
  // the sum of the squares of a place's terms: rounding errors of independent sign grow with it.
  void check(const std::vector<T>& found) const {
    for (const T x : found) {
      if (!std::isfinite(x)) throw std::runtime_error("an element was not written, or is not finite");
    }
    const double unit = sizeof(T) == 4 ? 0x1p-24 : 0x1p-53;
    const double operand = !c_.rounds_operands() ? 0 : c_.precision() == 1 ? 0x1p-11 : 0x1p-8;
    double squares = 0, expected_squares = 0;
    constexpr int samples = 64;
    for (int s = 0; s < samples; s++) {
      const int64_t row = s < 4 ? (s & 1) * (c_.m - 1) : int64_t{s} * 2654435761 % c_.m;
      const int64_t column = s < 4 ? (s >> 1) * (c_.n - 1) : int64_t{s} * 40503 % c_.n;
      double sum = 0, size = 0, spread = 0;
      for (int64_t q = 0; q < c_.k; q++) {
        const double a = static_cast<double>(host_a_[c_.trans_a ? q * c_.m + row : row * c_.k + q]);
        const double b = static_cast<double>(host_b_[c_.trans_b ? column * c_.k + q : q * c_.n + column]);
        sum += a * b;
        size += std::fabs(a * b);
        spread += a * b * a * b;
      }
      spread = std::sqrt(spread);
      const double error = std::fabs(static_cast<double>(found[row * c_.n + column]) - sum);
      // Float32 sums of tensor cores are cut off, not rounded: hence four units a step instead of two.
      const double allowed = unit * size * (4 + 4 * std::sqrt(static_cast<double>(c_.k))) + 6 * operand * spread;
      if (!(error <= allowed)) {
        std::ostringstream text;
        text << "element [" << row << ", " << column << "] is off by " << error << ", allowed are " << allowed;
        throw std::runtime_error(text.str());
      }
      squares += error * error;
      expected_squares += operand * spread * operand * spread;
    }
    // Rounded operands leave their trace: without it, this was a product in float32 under a wrong name.
    if (operand > 0 && !(squares > 0.01 * expected_squares)) {
      throw std::runtime_error("the operands were not rounded to " + c_.type);
    }
  }

  Gpu& gpu_;
  const Case& c_;
  std::vector<T> host_a_, host_b_;
  Memory a_, b_, out_;
  std::unique_ptr<Memory> scratch_;
  myelin::MatmulAttrs attrs_;
  View in_[2], result_;
  std::vector<Call> calls_;
  std::vector<myelin::KernelFn> kernels_;
  cuda::Step step_{};
  cuda::Loop* loop_ = nullptr;
  int64_t launches_ = 0;
};

template <class T>
void measure(Gpu& gpu, const Case& c) {
  Product<T> product(gpu, c);
  std::string fields = "\"microseconds\": [";
  const std::vector<double> rounds = product.measure();
  for (size_t i = 0; i < rounds.size(); i++) fields += (i > 0 ? ", " : "") + std::to_string(rounds[i]);
  lines::result(c.name, fields + "], \"launches\": " + std::to_string(product.launches()));
}

Case case_of(const std::string& line) {
  Case c;
  std::istringstream in(line);
  in >> c.m >> c.n >> c.k >> c.trans_a >> c.trans_b >> c.type >> std::ws;
  std::getline(in, c.name);
  const bool known = c.type == "float32" || c.type == "tf32" || c.type == "bf16" || c.type == "float64";
  if (in.fail() || !known || c.m < 1 || c.n < 1 || c.k < 1) throw std::runtime_error("not a case: " + line);
  return c;
}

}  // namespace

int main(int argc, char** argv) {
  const bool tiny = argc == 3 && std::strcmp(argv[2], "--tiny") == 0;
  if (argc < 2 || (argc > 2 && !tiny)) {
    std::fprintf(stderr, "usage: gpu_gemm libmyelin_cuda.so [--tiny] < cases\n");
    return 2;
  }
  std::unique_ptr<Gpu> gpu;
  lines::measure("device", [&] { gpu = std::make_unique<Gpu>(argv[1], tiny); });
  for (std::string line; gpu && std::getline(std::cin, line);) {
    if (line.empty()) continue;
    lines::measure(line, [&] {
      const Case c = case_of(line);
      lines::measure(c.name, [&] {
        if (c.precision() > 0 && !gpu->has_tensor_cores()) {
          return lines::skipped(c.name, "tensor cores for " + c.type + " need compute capability 8.0");
        }
        c.is_f64() ? measure<double>(*gpu, c) : measure<float>(*gpu, c);
      });
    });
  }
  return lines::failures > 0 ? 1 : 0;
}
