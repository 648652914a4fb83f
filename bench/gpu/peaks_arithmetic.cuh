// The multiply-add peaks of float32, float64 and the tensor cores.
#pragma once
#include <cmath>

#include "cuda/kernels/product/fragment.h"
#include "measure.cuh"

namespace {

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

}  // namespace
