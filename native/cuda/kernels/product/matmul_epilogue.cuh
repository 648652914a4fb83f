// What happens to a finished sum: it waits as a partial one, or bias and activation turn it into the result.
//
// Activations made of comparisons are applied in registers. The smooth ones are many instructions, and a copy of them
// for each of a thread's sums would crowd out the main loop: there a thread first stores its sums and then comes back
// to the elements that it wrote itself, in a loop that holds the formulas once.
#pragma once
#include "cuda/kernels/fused/elementwise.cuh"
#include "matmul_task.h"

namespace myelin {
namespace cuda {
namespace {

template <class T>
__device__ __forceinline__ T bent(const MatmulTask<T>& task, T x) {
  return task.activation == op_index_relu ? math::relu(x) : math::leaky_relu(x, task.slope);
}

template <class T>
__device__ __forceinline__ T activated(const MatmulTask<T>& task, T a) {
  const T attr = task.slope;
  (void)attr;
#define MYELIN_CASE(op, formula) \
  case op_index_##op: return formula;
  switch (task.activation) {
    MYELIN_UNARY(MYELIN_CASE)
    default: return a;
  }
#undef MYELIN_CASE
}

// Where the sums of a tile go.
template <class T>
struct Targets {
  T* first;     // partial sums, z or the result
  T* second;    // the result where first is z, or null
  bool unbent;  // first receives sums without the activation
  const T* bias;

  __device__ __forceinline__ explicit Targets(const MatmulTask<T>& task) {
    first = task.z ? task.z : task.out;
    second = task.z && !task.smooth ? task.out : nullptr;
    unbent = task.z || task.smooth;
    bias = task.bias;
    if (task.partial) {
      first = task.partial + blockIdx.y * (task.m * task.n);
      second = nullptr;
      unbent = true;
      bias = nullptr;
    }
  }
};

template <class T>
__device__ __forceinline__ Pack<T> bias_pack(const MatmulTask<T>& task, const T* bias, int64_t column) {
  Pack<T> pack;
#pragma unroll
  for (int w = 0; w < Pack<T>::count; w++) pack.v[w] = bias && column + w < task.n ? bias[column + w] : T(0);
  return pack;
}

// A pack of a row; the row exists, columns beyond the array are left out.
template <class T>
__device__ __forceinline__ void store_columns(const MatmulTask<T>& task, T* to, int64_t column, const Pack<T>& pack) {
  if (task.wide_out) {
    if (column < task.n) store_pack(to, pack);
  } else {
#pragma unroll
    for (int w = 0; w < Pack<T>::count; w++) {
      if (column + w < task.n) to[w] = pack.v[w];
    }
  }
}

template <class T>
__device__ __forceinline__ void finish_pack(const MatmulTask<T>& task, const Targets<T>& targets, int64_t row,
                                            int64_t column, Pack<T> sum, const Pack<T>& bias) {
  if (row >= task.m) return;
  const int64_t at = row * task.n + column;
  Pack<T> result;
#pragma unroll
  for (int w = 0; w < Pack<T>::count; w++) {
    sum.v[w] += bias.v[w];
    result.v[w] = bent(task, sum.v[w]);
    if (!targets.unbent) sum.v[w] = result.v[w];
  }
  store_columns(task, targets.first + at, column, sum);
  if (targets.second) store_columns(task, targets.second + at, column, result);
}

template <class T>
__device__ __forceinline__ bool comes_back(const MatmulTask<T>& task) {
  return task.smooth && !task.partial;
}

// For the thread that called finish_pack with this row and column, if it comes back.
template <class T>
__device__ __forceinline__ void finish_smooth(const MatmulTask<T>& task, int64_t row, int64_t column) {
  if (row >= task.m) return;
  const int64_t at = row * task.n + column;
  const T* from = task.z ? task.z : task.out;
#pragma unroll 1
  for (int w = 0; w < Pack<T>::count; w++) {
    if (column + w < task.n) task.out[at + w] = activated(task, from[at + w]);
  }
}

// One element, from its whole sum.
template <class T>
__device__ __forceinline__ void finish_element(const MatmulTask<T>& task, int64_t index, T sum) {
  if (task.bias) sum += task.bias[index % task.n];
  if (task.z) task.z[index] = sum;
  task.out[index] = task.smooth ? activated(task, sum) : bent(task, sum);
}

}  // namespace
}  // namespace cuda
}  // namespace myelin
