// What a GPU can do, measured: the multiply-add peaks of float32, float64 and the tensor cores, memory and L2
// bandwidth, and the time of launches and graph replays. Every kernel's result is checked before its time counts.
//
//   gpu_peaks [--tiny]     lines of JSON, rates as the best of several rounds; --tiny: to try the program, not the GPU
//
// Built by scripts/gpu with nvcc or, to try it without a GPU, with the stand-in runtime of test/cuda-on-cpu.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include "cuda/fragment.h"
#include "cuda/launch.h"
#include "lines.h"

using myelin::cuda::Context;
using myelin::cuda::launch;

namespace {

void need(cudaError_t code, const char* what) {
  if (code == cudaSuccess) return;
  cudaGetLastError();
  throw std::runtime_error(std::string(what) + " failed: " + cudaGetErrorString(code));
}

struct Machine {
  Context context{};
  cudaDeviceProp properties{};
  bool tiny = false;

  bool has_tensor_cores() const { return properties.major >= 8; }  // for TF32 and bf16
  unsigned blocks(int per_multiprocessor) const {
    return tiny ? 2 : static_cast<unsigned>(properties.multiProcessorCount * per_multiprocessor);
  }
  void wait(const char* what) {
    need(context.status, what);
    need(cudaStreamSynchronize(context.stream), what);
  }
};

template <class T>
class Array {
 public:
  explicit Array(size_t count) : count_(count) { need(cudaMalloc(&data_, count * sizeof(T)), "cudaMalloc"); }
  ~Array() { cudaFree(data_); }
  Array(const Array&) = delete;
  Array& operator=(const Array&) = delete;
  T* data() const { return data_; }
  // Before it returns: the stream of the kernels does not wait for others.
  void fill_bytes(int value) {
    need(cudaMemset(data_, value, count_ * sizeof(T)), "cudaMemset");
    need(cudaDeviceSynchronize(), "cudaMemset");
  }
  std::vector<T> read() const {
    std::vector<T> values(count_);
    need(cudaMemcpy(values.data(), data_, count_ * sizeof(T), cudaMemcpyDeviceToHost), "cudaMemcpy");
    return values;
  }

 private:
  size_t count_;
  T* data_ = nullptr;
};

class Event {
 public:
  Event() { need(cudaEventCreate(&event_), "cudaEventCreate"); }
  ~Event() { cudaEventDestroy(event_); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  cudaEvent_t get() const { return event_; }

 private:
  cudaEvent_t event_ = nullptr;
};

// Seconds between two events around `repeats` calls.
template <class Work>
double seconds_of(Machine& machine, int64_t repeats, Work work) {
  const Event begin, end;
  need(cudaEventRecord(begin.get(), machine.context.stream), "cudaEventRecord");
  for (int64_t i = 0; i < repeats; i++) work();
  need(cudaEventRecord(end.get(), machine.context.stream), "cudaEventRecord");
  machine.wait("a kernel");
  float milliseconds = 0;
  need(cudaEventElapsedTime(&milliseconds, begin.get(), end.get()), "cudaEventElapsedTime");
  return milliseconds / 1e3;
}

// Seconds of one call: the best of nine windows of about 20 ms, after one to warm up.
template <class Work>
double best_seconds(Machine& machine, Work work) {
  const double once = seconds_of(machine, 1, work);
  const int64_t repeats = machine.tiny ? 1 : std::clamp<int64_t>(static_cast<int64_t>(0.02 / (once + 1e-9)), 1, 10000);
  double best = 0;
  for (int round = 0; round < (machine.tiny ? 2 : 10); round++) {
    const double seconds = seconds_of(machine, repeats, work) / static_cast<double>(repeats);
    if (round == 1 || (round > 1 && seconds < best)) best = seconds;
  }
  if (!(best > 0)) throw std::runtime_error("the clock of the device did not move");
  return best;
}

void report(const char* name, double value, const char* unit) {
  char fields[96];
  std::snprintf(fields, sizeof fields, "\"value\": %.6g, \"unit\": \"%s\"", value, unit);
  lines::result(name, fields);
}

// ---- multiply-adds ------------------------------------------------------------------------------------------------

constexpr int chains = 8;  // of one thread: enough to hide the latency of an addition with 8 warps at a scheduler
constexpr int unrolled = 16;
constexpr int fma_threads = 256;

__device__ __forceinline__ float multiply_add(float a, float b, float c) { return __fmaf_rn(a, b, c); }
__device__ __forceinline__ double multiply_add(double a, double b, double c) { return __fma_rn(a, b, c); }
float host_multiply_add(float a, float b, float c) { return std::fma(a, b, c); }
double host_multiply_add(double a, double b, double c) { return std::fma(a, b, c); }

constexpr int starts = 4;  // threads with the same rest begin with the same values
constexpr double fma_scale = 0.75, fma_shift = 0.125;

template <class T>
__global__ void __launch_bounds__(fma_threads) fma_chains(T* out, T scale, T shift, int rounds) {
  T x[chains];
#pragma unroll
  for (int i = 0; i < chains; i++) x[i] = static_cast<T>(threadIdx.x % starts * chains + i);
#pragma unroll 1
  for (int round = 0; round < rounds; round++) {
#pragma unroll
    for (int u = 0; u < unrolled; u++) {
#pragma unroll
      for (int i = 0; i < chains; i++) x[i] = multiply_add(x[i], scale, shift);
    }
  }
  T sum = 0;
#pragma unroll
  for (int i = 0; i < chains; i++) sum += x[i];
  out[blockIdx.x * fma_threads + threadIdx.x] = sum;
}

// The same on the host, to the bit.
template <class T>
T fma_expected(int start, int rounds) {
  T sum = 0;
  for (int i = 0; i < chains; i++) {
    T x = static_cast<T>(start * chains + i);
    for (int step = 0; step < rounds * unrolled; step++) {
      x = host_multiply_add(x, static_cast<T>(fma_scale), static_cast<T>(fma_shift));
    }
    sum += x;
  }
  return sum;
}

template <class T>
void measure_fma(Machine& machine, const char* name) {
  const unsigned blocks = machine.blocks(4);
  const size_t threads = size_t{blocks} * fma_threads;
  Array<T> out(threads);
  const auto start = [&](int rounds) {
    launch(machine.context, fma_chains<T>, dim3(blocks), dim3(fma_threads), 0, out.data(), static_cast<T>(fma_scale),
           static_cast<T>(fma_shift), rounds);
  };
  // Checked after few rounds, where the chains have not yet met in their limit.
  for (const int rounds : {1, 2}) {
    out.fill_bytes(0xFF);
    start(rounds);
    machine.wait("a kernel");
    const std::vector<T> found = out.read();
    for (size_t i = 0; i < threads; i++) {
      if (!(found[i] == fma_expected<T>(static_cast<int>(i % fma_threads % starts), rounds))) {
        throw std::runtime_error("the result is not that of the host");
      }
    }
  }
  const int rounds = machine.tiny ? 2 : 2048;
  const double seconds = best_seconds(machine, [&] { start(rounds); });
  report(name, 2.0 * static_cast<double>(threads) * chains * unrolled * rounds / seconds / 1e9, "GFLOP/s");
}

// ---- tensor cores, through the fragments that the matmul uses -------------------------------------------------------

constexpr int side = 16;
constexpr int lefts = 2, rights = 4;  // fragments of a warp: 8 products that do not wait for each other
constexpr int tensor_warps = 4;
constexpr int tf32_depth = 8, bf16_depth = 16;  // of a fragment: known to the host also where the device has none

// −1, 0 or 1: products and sums stay exact in every format.
__host__ __device__ inline int left_value(int tile, int step, int row) { return (step * 5 + row * 7 + tile) % 3 - 1; }
__host__ __device__ inline int right_value(int tile, int step, int column) {
  return (step * 4 + column * 11 + tile * 2 + 1) % 3 - 1;
}

#if MYELIN_TENSOR_CORES
template <class Format>
__global__ void __launch_bounds__(32 * tensor_warps) tensor_chains(float* out, int rounds) {
  using namespace myelin::cuda;
  static_assert(Format::depth == (sizeof(typename Format::Stored) == 4 ? tf32_depth : bf16_depth), "depth");
  constexpr int tile = Format::depth * side;
  alignas(128) __shared__ typename Format::Stored left[lefts * tile];
  alignas(128) __shared__ typename Format::Stored right[rights * tile];
  for (int i = threadIdx.x; i < lefts * tile; i += 32 * tensor_warps) {
    left[i] = Format::of(static_cast<float>(left_value(i / tile, i % tile / side, i % side)));
  }
  for (int i = threadIdx.x; i < rights * tile; i += 32 * tensor_warps) {
    right[i] = Format::of(static_cast<float>(right_value(i / tile, i % tile / side, i % side)));
  }
  __syncthreads();
  LeftFragment<Format> x[lefts];
  RightFragment<Format> y[rights];
  SumFragment<Format> sums[lefts][rights];
#pragma unroll
  for (int i = 0; i < lefts; i++) x[i].load(left + i * tile, side);
#pragma unroll
  for (int j = 0; j < rights; j++) y[j].load(right + j * tile, side);
#pragma unroll
  for (int i = 0; i < lefts; i++) {
#pragma unroll
    for (int j = 0; j < rights; j++) sums[i][j].clear();
  }
#pragma unroll 1
  for (int round = 0; round < rounds; round++) {
#pragma unroll
    for (int i = 0; i < lefts; i++) {
#pragma unroll
      for (int j = 0; j < rights; j++) sums[i][j].add(x[i], y[j]);
    }
  }
  float* to = out + (blockIdx.x * tensor_warps + threadIdx.x / 32) * (lefts * rights * side * side);
#pragma unroll
  for (int i = 0; i < lefts; i++) {
#pragma unroll
    for (int j = 0; j < rights; j++) sums[i][j].store(to + (i * rights + j) * side * side, side);
  }
}
#else
// Never launched: see Machine::has_tensor_cores.
template <class Format>
__global__ void tensor_chains(float*, int) {}
#endif

template <class Format>
void measure_tensor(Machine& machine, const char* name, int depth) {
  if (!machine.has_tensor_cores()) return lines::skipped(name, "needs compute capability 8.0");
  const unsigned blocks = machine.blocks(4);
  constexpr size_t patch = side * side, warp_sums = lefts * rights * patch;
  const size_t warps = size_t{blocks} * tensor_warps;
  Array<float> out(warps * warp_sums);
  const auto start = [&](int rounds) {
    launch(machine.context, tensor_chains<Format>, dim3(blocks), dim3(32 * tensor_warps), 0, out.data(), rounds);
  };
  const int rounds = machine.tiny ? 2 : 4096;
  out.fill_bytes(0xFF);
  start(rounds);
  machine.wait("a kernel");
  const std::vector<float> found = out.read();
  std::vector<float> expected(warp_sums);
  for (int at = 0; at < static_cast<int>(warp_sums); at++) {
    const int tile = at / static_cast<int>(patch), row = at / side % side, column = at % side;
    int dot = 0;
    for (int q = 0; q < depth; q++) dot += left_value(tile / rights, q, row) * right_value(tile % rights, q, column);
    expected[at] = static_cast<float>(dot * rounds);
  }
  for (size_t i = 0; i < found.size(); i++) {
    if (!(found[i] == expected[i % warp_sums])) throw std::runtime_error("a sum of fragments is wrong");
  }
  const double seconds = best_seconds(machine, [&] { start(rounds); });
  const double flops = 2.0 * static_cast<double>(warps * warp_sums) * depth * rounds;
  report(name, flops / seconds / 1e9, "GFLOP/s");
}

// ---- memory ---------------------------------------------------------------------------------------------------------

constexpr int memory_threads = 256, packs_a_thread = 4;

__device__ __forceinline__ float4 pack_of(int64_t i, int modulus) {
  const float x = static_cast<float>(i % modulus);
  return make_float4(x, x + 1, x + 2, x + 3);
}

__global__ void __launch_bounds__(memory_threads) fill_packs(float4* out, int64_t n, int modulus) {
  const int64_t begin = int64_t{blockIdx.x} * memory_threads * packs_a_thread + threadIdx.x;
  for (int64_t i = begin, k = 0; k < packs_a_thread && i < n; k++, i += memory_threads) out[i] = pack_of(i, modulus);
}

__global__ void __launch_bounds__(memory_threads) copy_packs(float4* out, const float4* in, int64_t n) {
  const int64_t begin = int64_t{blockIdx.x} * memory_threads * packs_a_thread + threadIdx.x;
#pragma unroll
  for (int k = 0; k < packs_a_thread; k++) {
    const int64_t i = begin + k * memory_threads;
    if (i < n) out[i] = in[i];
  }
}

// out = x + scale·y
__global__ void __launch_bounds__(memory_threads)
    triad_packs(float4* out, const float4* x, const float4* y, float scale, int64_t n) {
  const int64_t begin = int64_t{blockIdx.x} * memory_threads * packs_a_thread + threadIdx.x;
#pragma unroll
  for (int k = 0; k < packs_a_thread; k++) {
    const int64_t i = begin + k * memory_threads;
    if (i >= n) continue;
    const float4 a = x[i], b = y[i];
    out[i] = make_float4(multiply_add(b.x, scale, a.x), multiply_add(b.y, scale, a.y), multiply_add(b.z, scale, a.z),
                         multiply_add(b.w, scale, a.w));
  }
}

constexpr int modulus_x = 1021, modulus_y = 509;  // small whole numbers: every result is exact

// Counts the packs that are not x + scale·y.
__global__ void __launch_bounds__(memory_threads)
    count_wrong(unsigned long long* wrong, const float4* out, float scale, int64_t n) {
  const int64_t begin = int64_t{blockIdx.x} * memory_threads * packs_a_thread + threadIdx.x;
  for (int64_t i = begin, k = 0; k < packs_a_thread && i < n; k++, i += memory_threads) {
    const float4 x = pack_of(i, modulus_x), y = pack_of(i, modulus_y), found = out[i];
    const bool good = found.x == x.x + scale * y.x && found.y == x.y + scale * y.y && found.z == x.z + scale * y.z &&
                      found.w == x.w + scale * y.w;
    if (!good) atomicAdd(wrong, 1ull);
  }
}

struct Streams {
  int64_t packs;
  Array<float4> x, y, out;
  Array<unsigned long long> wrong{1};

  explicit Streams(int64_t n) : packs(n), x(n), y(n), out(n) {}
  dim3 grid() const {
    constexpr int64_t block = memory_threads * packs_a_thread;
    return dim3(static_cast<unsigned>((packs + block - 1) / block));
  }
  double bytes() const { return static_cast<double>(packs) * sizeof(float4); }

  // Runs the work once on an `out` of NaN and compares all of it.
  template <class Work>
  void check(Machine& machine, float scale, Work work) {
    out.fill_bytes(0xFF);
    wrong.fill_bytes(0);
    work();
    launch(machine.context, count_wrong, grid(), dim3(memory_threads), 0, wrong.data(), out.data(), scale, packs);
    machine.wait("a kernel");
    if (wrong.read()[0] != 0) throw std::runtime_error(std::to_string(wrong.read()[0]) + " packs are wrong");
  }
};

void measure_memory(Machine& machine) {
  // Far more than L2 holds, and not more than an eighth of what is free.
  size_t free = 0, total = 0;
  need(cudaMemGetInfo(&free, &total), "cudaMemGetInfo");
  const int64_t wanted = std::min<int64_t>(int64_t{1} << 30, static_cast<int64_t>(free / 8));
  const int64_t bytes = machine.tiny ? 40000 : wanted;
  Streams streams(bytes / static_cast<int64_t>(sizeof(float4)));
  const dim3 grid = streams.grid(), block(memory_threads);
  launch(machine.context, fill_packs, grid, block, 0, streams.x.data(), streams.packs, modulus_x);
  launch(machine.context, fill_packs, grid, block, 0, streams.y.data(), streams.packs, modulus_y);
  machine.wait("a kernel");

  const auto copy = [&] {
    launch(machine.context, copy_packs, grid, block, 0, streams.out.data(), streams.x.data(), streams.packs);
  };
  const auto triad = [&](float scale) {
    launch(machine.context, triad_packs, grid, block, 0, streams.out.data(), streams.x.data(), streams.y.data(), scale,
           streams.packs);
  };
  const auto runtime_copy = [&] {
    need(cudaMemcpyAsync(streams.out.data(), streams.x.data(), static_cast<size_t>(streams.bytes()),
                         cudaMemcpyDeviceToDevice, machine.context.stream),
         "cudaMemcpyAsync");
  };
  lines::measure("memory copy", [&] {
    streams.check(machine, 0, copy);
    report("memory copy", 2 * streams.bytes() / best_seconds(machine, copy) / 1e9, "GB/s");
  });
  lines::measure("memory triad", [&] {
    streams.check(machine, 2, [&] { triad(2); });
    report("memory triad", 3 * streams.bytes() / best_seconds(machine, [&] { triad(2); }) / 1e9, "GB/s");
  });
  lines::measure("memory copy by the runtime", [&] {
    streams.check(machine, 0, runtime_copy);
    report("memory copy by the runtime", 2 * streams.bytes() / best_seconds(machine, runtime_copy) / 1e9, "GB/s");
  });
}

// ---- L2 -------------------------------------------------------------------------------------------------------------

// Every pass reads all packs once, each thread others than in the pass before, by a shift that keeps i % 8.
// Compiled with L1 out of the way (-dlcm=cg).
__global__ void __launch_bounds__(memory_threads) read_packs(float4* out, const float4* in, int64_t mask, int passes) {
  const int64_t step = int64_t{gridDim.x} * memory_threads;
  const int64_t first = int64_t{blockIdx.x} * memory_threads + threadIdx.x;
  float4 sum = make_float4(0, 0, 0, 0);
  for (int pass = 0; pass < passes; pass++) {
#pragma unroll 4
    for (int64_t i = first; i <= mask; i += step) {
      const float4 x = in[(i + int64_t{pass} * 4096) & mask];
      sum.x += x.x;
      sum.y += x.y;
      sum.z += x.z;
      sum.w += x.w;
    }
  }
  out[first] = sum;
}

void measure_l2(Machine& machine) {
  constexpr int period = 8;
  int l2 = 0;
  need(cudaDeviceGetAttribute(&l2, cudaDevAttrL2CacheSize, machine.context.device), "cudaDeviceGetAttribute");
  if (l2 <= 0 && !machine.tiny) return lines::skipped("L2 read", "the driver does not tell the size of L2");
  int64_t packs = 8192;
  while (!machine.tiny && packs * 2 * static_cast<int64_t>(sizeof(float4)) <= l2 / 2) packs *= 2;
  const unsigned blocks = machine.tiny ? 3 : machine.blocks(8);
  const int64_t threads = int64_t{blocks} * memory_threads;
  const int passes = machine.tiny ? 2 : 64;
  Array<float4> in(packs), out(threads);
  launch(machine.context, fill_packs, dim3(static_cast<unsigned>(packs / (memory_threads * packs_a_thread))),
         dim3(memory_threads), 0, in.data(), packs, period);
  const auto work = [&] {
    launch(machine.context, read_packs, dim3(blocks), dim3(memory_threads), 0, out.data(), in.data(), packs - 1,
           passes);
  };
  out.fill_bytes(0xFF);
  work();
  machine.wait("a kernel");
  const std::vector<float4> found = out.read();
  for (int64_t t = 0; t < threads; t++) {
    const int64_t reads = t < packs ? (packs - 1 - t) / threads + 1 : 0;
    const float each = static_cast<float>(reads * passes);  // threads is a multiple of the period
    const float x = static_cast<float>(t % period);
    const float4 y = found[t];
    if (!(y.x == each * x && y.y == each * (x + 1) && y.z == each * (x + 2) && y.w == each * (x + 3))) {
      throw std::runtime_error("a sum of what was read is wrong");
    }
  }
  const double bytes = static_cast<double>(packs) * sizeof(float4) * passes;
  report("L2 read", bytes / best_seconds(machine, work) / 1e9, "GB/s");
}

// ---- launches ------------------------------------------------------------------------------------------------------

__global__ void count_up(unsigned long long* counter) {
  if (threadIdx.x == 0) *counter += 1;
}

double host_seconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// Seconds of one call by the host's clock, the wait for the device included: the median of 15 rounds of `repeats`.
template <class Work>
double median_host_seconds(Machine& machine, int repeats, Work work) {
  std::vector<double> rounds;
  for (int round = 0; round < (machine.tiny ? 1 : 15); round++) {
    const double begin = host_seconds();
    for (int i = 0; i < repeats; i++) work();
    machine.wait("a launch");
    rounds.push_back((host_seconds() - begin) / repeats);
  }
  std::nth_element(rounds.begin(), rounds.begin() + rounds.size() / 2, rounds.end());
  return rounds[rounds.size() / 2];
}

class Graph {
 public:
  template <class Work>
  Graph(Machine& machine, Work work) {
    cudaGraph_t graph = nullptr;
    need(cudaStreamBeginCapture(machine.context.stream, cudaStreamCaptureModeRelaxed), "cudaStreamBeginCapture");
    work();
    need(cudaStreamEndCapture(machine.context.stream, &graph), "cudaStreamEndCapture");
    const cudaError_t made = cudaGraphInstantiate(&exec_, graph, 0);
    cudaGraphDestroy(graph);
    need(made, "cudaGraphInstantiate");
  }
  ~Graph() { cudaGraphExecDestroy(exec_); }
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;
  void replay(Machine& machine) const { need(cudaGraphLaunch(exec_, machine.context.stream), "cudaGraphLaunch"); }

 private:
  cudaGraphExec_t exec_ = nullptr;
};

void measure_launches(Machine& machine) {
  constexpr int in_graph = 64;
  Array<unsigned long long> counter(1);
  const auto kernel = [&] { launch(machine.context, count_up, dim3(1), dim3(32), 0, counter.data()); };
  const Graph one(machine, kernel), many(machine, [&] {
    for (int i = 0; i < in_graph; i++) kernel();
  });
  const int repeats = machine.tiny ? 2 : 1000;
  // `work` launches `kernels` kernels; each of them must have run.
  const auto time = [&](const char* name, int times, int kernels, auto work) {
    lines::measure(name, [&] {
      work();
      machine.wait("a launch");
      counter.fill_bytes(0);
      const double seconds = median_host_seconds(machine, times, work);
      const auto ran = counter.read()[0];
      const auto expected = static_cast<unsigned long long>(times) * kernels * (machine.tiny ? 1 : 15);
      if (ran != expected) {
        throw std::runtime_error(std::to_string(ran) + " kernels ran, expected " + std::to_string(expected));
      }
      report(name, seconds / kernels * 1e6, "us");
    });
  };
  time("kernel launch, many at once", repeats, 1, kernel);
  time("kernel launch and wait", 1, 1, kernel);
  time("graph of 64 kernels, per kernel", std::max(1, repeats / 10), in_graph, [&] { many.replay(machine); });
  time("graph of 1 kernel, replay and wait", 1, 1, [&] { one.replay(machine); });
}

int run(bool tiny) {
  Machine machine;
  machine.tiny = tiny;
  lines::measure("device", [&] {
    int count = 0;
    need(cudaGetDeviceCount(&count), "cudaGetDeviceCount");
    if (count < 1) throw std::runtime_error("there is no CUDA device");
    need(cudaGetDeviceProperties(&machine.properties, 0), "cudaGetDeviceProperties");
    need(cudaStreamCreateWithFlags(&machine.context.stream, cudaStreamNonBlocking), "cudaStreamCreate");
  });
  if (lines::failures > 0) return 1;
  lines::measure("FMA float32", [&] { measure_fma<float>(machine, "FMA float32"); });
  lines::measure("FMA float64", [&] { measure_fma<double>(machine, "FMA float64"); });
  lines::measure("tensor cores TF32",
                 [&] { measure_tensor<myelin::cuda::Tf32>(machine, "tensor cores TF32", tf32_depth); });
  lines::measure("tensor cores bf16",
                 [&] { measure_tensor<myelin::cuda::Bf16>(machine, "tensor cores bf16", bf16_depth); });
  lines::measure("memory", [&] { measure_memory(machine); });
  lines::measure("L2 read", [&] { measure_l2(machine); });
  lines::measure("launches", [&] { measure_launches(machine); });
  return lines::failures > 0 ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  const bool tiny = argc == 2 && std::strcmp(argv[1], "--tiny") == 0;
  if (argc > 1 && !tiny) {
    std::fprintf(stderr, "usage: gpu_peaks [--tiny]\n");
    return 2;
  }
  return run(tiny);
}
