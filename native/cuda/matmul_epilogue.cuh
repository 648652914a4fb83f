// What happens to a finished sum: it waits as a partial one, or bias and activation turn it into the result.
//
// Activations made of comparisons are applied in registers. The smooth ones are many instructions, and a copy of them for
// each of a thread's sums would crowd out the main loop: there a thread first stores its sums and then comes back to the
// elements that it wrote itself, in a loop that holds the formulas once.
#pragma once
#include <cuda_runtime.h>

#include "../math/elementwise.h"
#include "matmul_task.h"

namespace myelin {
namespace cuda {
namespace {

namespace math = MYELIN_TARGET::math;

template <class T>
__device__ __forceinline__ bool skipped(const MatmulTask<T>& task) {
  return task.skip && *task.skip != 0;
}

__device__ __forceinline__ bool is_smooth(Activation activation) { return activation >= Activation::sigmoid; }

// x for the activations that are not smooth.
template <class T>
__device__ __forceinline__ T bent(T x, Activation activation, T slope) {
  if (activation == Activation::relu) return math::relu(x);
  return activation == Activation::leaky_relu ? math::leaky_relu(x, slope) : x;
}

template <class T>
__device__ __forceinline__ T activated(T x, Activation activation, T slope) {
  switch (activation) {
    case Activation::sigmoid: return math::sigmoid(x);
    case Activation::tanh: return math::tanh(x);
    case Activation::softplus: return math::softplus(x);
    default: return bent(x, activation, slope);
  }
}

// One pack of a row of an [m,n] array. The row is one of the array's; columns beyond the array are left out.
template <class T>
__device__ __forceinline__ void store_pack(const MatmulTask<T>& task, T* array, int64_t row, int64_t column,
                                           const Pack<T>& pack) {
  T* at = array + row * task.n + column;
  if (task.wide_out) {
    if (column < task.n) *reinterpret_cast<Pack<T>*>(at) = pack;
  } else {
#pragma unroll
    for (int w = 0; w < Pack<T>::width; w++) {
      if (column + w < task.n) at[w] = pack.at[w];
    }
  }
}

template <class T>
__device__ __forceinline__ void finish_pack(const MatmulTask<T>& task, int64_t row, int64_t column, Pack<T> sum) {
  if (row >= task.m) return;
  if (task.partial) {
    store_pack(task, task.partial + blockIdx.y * (task.m * task.n), row, column, sum);
    return;
  }
  if (task.bias) {
#pragma unroll
    for (int w = 0; w < Pack<T>::width; w++) {
      if (column + w < task.n) sum.at[w] += task.bias[column + w];
    }
  }
  if (task.z) store_pack(task, task.z, row, column, sum);
  if (is_smooth(task.activation)) {  // finish_smooth comes back to it
    if (!task.z) store_pack(task, task.out, row, column, sum);
    return;
  }
#pragma unroll
  for (int w = 0; w < Pack<T>::width; w++) sum.at[w] = bent(sum.at[w], task.activation, task.slope);
  store_pack(task, task.out, row, column, sum);
}

// To be called with the same row and column by the thread that called finish_pack, for smooth activations of whole sums.
template <class T>
__device__ __forceinline__ void finish_smooth(const MatmulTask<T>& task, int64_t row, int64_t column) {
  if (row >= task.m) return;
  const int64_t first = row * task.n + column;
  const T* from = task.z ? task.z : task.out;
#pragma unroll 1
  for (int w = 0; w < Pack<T>::width; w++) {
    if (column + w < task.n) task.out[first + w] = activated(from[first + w], task.activation, task.slope);
  }
}

template <class T>
__device__ __forceinline__ bool needs_finish_smooth(const MatmulTask<T>& task) {
  return is_smooth(task.activation) && !task.partial;
}

// One element, from its whole sum.
template <class T>
__device__ __forceinline__ void finish_element(const MatmulTask<T>& task, int64_t index, T sum) {
  if (task.bias) sum += task.bias[index % task.n];
  if (task.z) task.z[index] = sum;
  task.out[index] = activated(sum, task.activation, task.slope);
}

}  // namespace
}  // namespace cuda
}  // namespace myelin
