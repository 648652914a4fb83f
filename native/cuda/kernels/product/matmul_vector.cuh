// Products whose result is a vector (one row or one column), and the second half of products whose sum is cut.
//
// The matrix is read once and nothing is reused: what counts is that neighbours read neighbours. Results of one row and
// of one column are the same thing seen twice; here `matrix` is the operand with the long side, `vector` the other.
#pragma once
#include "matmul_epilogue.cuh"
#include "matmul_tiles.h"

namespace myelin {
namespace cuda {
namespace {

// A sum by one thread is a result, or a partial one of this block's chunk.
template <class T>
__device__ __forceinline__ void finish_vector_element(const MatmulTask<T>& task, int64_t index, T sum) {
  if (task.partial) {
    task.partial[blockIdx.y * (task.m * task.n) + index] = sum;
  } else {
    finish_element(task, index, sum);
  }
}

template <class T>
struct VectorProduct {
  const T *matrix, *vector;
  bool wide;  // both may be read in packs
  int64_t outputs, begin, end;

  __device__ __forceinline__ explicit VectorProduct(const MatmulTask<T>& task) {
    const bool row = task.m == 1;
    matrix = row ? task.b : task.a;
    vector = row ? task.a : task.b;
    wide = task.wide_a && task.wide_b;
    outputs = row ? task.n : task.m;
    begin = blockIdx.y * task.chunk;
    end = begin + task.chunk < task.k ? begin + task.chunk : task.k;
  }
};

// The matrix is [outputs,k]: a warp for each output. A lane takes every 32nd pack and keeps a sum for each place in it;
// then the places and, in a tree of fixed shape, the lanes are added. Narrow accesses read the same packs in the same
// order, so that the bits do not depend on alignment.
template <class T>
__global__ void __launch_bounds__(32 * dot_warps) matmul_dot(const MatmulTask<T> task) {
  constexpr int width = Pack<T>::count;
  if (is_skipped(task.skip)) return;
  const VectorProduct<T> p(task);
  const int lane = threadIdx.x % 32;
  const int64_t output = static_cast<int64_t>(blockIdx.x) * dot_warps + threadIdx.x / 32;
  if (output >= p.outputs) return;  // a whole warp
  const T* row = p.matrix + output * task.k;
  T sums[width];
#pragma unroll
  for (int w = 0; w < width; w++) sums[w] = T(0);
  if (p.wide) {
#pragma unroll 4
    for (int64_t q = p.begin + lane * width; q < p.end; q += 32 * width) {
      const Pack<T> x = load_pack(row + q);
      const Pack<T> y = load_pack(p.vector + q);
#pragma unroll
      for (int w = 0; w < width; w++) sums[w] = Lanes<T>::mul_add(x.v[w], y.v[w], sums[w]);
    }
  } else {
    for (int64_t q = p.begin + lane * width; q < p.end; q += 32 * width) {
#pragma unroll
      for (int w = 0; w < width; w++) {
        if (q + w < p.end) sums[w] = Lanes<T>::mul_add(row[q + w], p.vector[q + w], sums[w]);
      }
    }
  }
#pragma unroll
  for (int half = width / 2; half > 0; half /= 2) {
#pragma unroll
    for (int w = 0; w < half; w++) sums[w] += sums[w + half];
  }
#pragma unroll
  for (int half = 16; half > 0; half /= 2) sums[0] += __shfl_xor_sync(all_lanes, sums[0], half);
  if (lane == 0) finish_vector_element(task, output, sums[0]);
}

// The matrix is [k,outputs]: a lane for each output. The warps of a block take turns over the steps of the sum, and the
// first one adds what they found, in their order.
template <class T>
__global__ void __launch_bounds__(column_outputs* column_groups) matmul_columns(const MatmulTask<T> task) {
  __shared__ T found[column_groups][column_outputs];
  if (is_skipped(task.skip)) return;
  const VectorProduct<T> p(task);
  const int lane = threadIdx.x % column_outputs, group = threadIdx.x / column_outputs;
  const int64_t output = static_cast<int64_t>(blockIdx.x) * column_outputs + lane;
  T sum = T(0);
  if (output < p.outputs) {
    const T* at = p.matrix + output;
#pragma unroll 8
    for (int64_t q = p.begin + group; q < p.end; q += column_groups) {
      sum = Lanes<T>::mul_add(at[q * p.outputs], p.vector[q], sum);
    }
  }
  found[group][lane] = sum;
  __syncthreads();
  if (group > 0 || output >= p.outputs) return;
#pragma unroll
  for (int g = 1; g < column_groups; g++) sum += found[g][lane];
  finish_vector_element(task, output, sum);
}

// Adds the partial sums of an element, first chunk first.
template <class T>
__global__ void __launch_bounds__(combine_threads) matmul_combine(const MatmulTask<T> task, int splits) {
  if (is_skipped(task.skip)) return;
  const int64_t count = task.m * task.n, index = static_cast<int64_t>(blockIdx.x) * combine_threads + threadIdx.x;
  if (index >= count) return;
  const T* at = task.partial + index;
  T sum = at[0];
#pragma unroll 4
  for (int split = 1; split < splits; split++) sum += at[split * count];
  finish_element(task, index, sum);
}

}  // namespace
}  // namespace cuda
}  // namespace myelin
