// Small kernels that prove the runtime. BARRIER(n) is the n-th barrier of the file; `removed_barrier` takes one out.
#pragma once
#include <cuda_runtime.h>

extern int removed_barrier;

#define BARRIER(n) \
  do { \
    if (removed_barrier != n) __syncthreads(); \
  } while (0)
#define WARP_BARRIER(n) \
  do { \
    if (removed_barrier != n) __syncwarp(); \
  } while (0)
constexpr int barriers = 6;

namespace self_test {

// c [m,n] = a [m,k] · b [k,n]; blocks of TILE × TILE threads.
template <class T, int TILE>
__global__ void matmul(const T* a, const T* b, T* c, int m, int k, int n) {
  __shared__ T left[TILE][TILE + 1], right[TILE][TILE + 1];
  const int x = threadIdx.x, y = threadIdx.y;
  const int row = blockIdx.y * TILE + y, column = blockIdx.x * TILE + x;
  T sum = 0;
  for (int begin = 0; begin < k; begin += TILE) {
    left[y][x] = row < m && begin + x < k ? a[row * k + begin + x] : T(0);
    right[y][x] = begin + y < k && column < n ? b[(begin + y) * n + column] : T(0);
    BARRIER(1);
    for (int i = 0; i < TILE; i++) sum += left[y][i] * right[i][x];
    BARRIER(2);
  }
  if (row < m && column < n) c[row * n + column] = sum;
}

// The sum of n numbers by one block: shuffles within warps, shared memory between them.
__global__ void reduce(const float* in, float* out, int n) {
  MYELIN_DYNAMIC_SHARED(float, partial);  // one per warp
  float sum = 0;
  for (int i = threadIdx.x; i < n; i += blockDim.x) sum += in[i];
  for (int delta = 16; delta > 0; delta /= 2) sum += __shfl_down_sync(0xffffffffu, sum, delta);
  if (threadIdx.x % 32 == 0) partial[threadIdx.x / 32] = sum;
  BARRIER(3);
  if (threadIdx.x < 32) {
    sum = threadIdx.x < blockDim.x / 32 ? partial[threadIdx.x] : 0;
    for (int delta = 16; delta > 0; delta /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, delta);
    if (threadIdx.x == 0) out[blockIdx.x] = sum;
  }
}

// Sums of everything up to each element, in place, one block; one thread for each element.
__global__ void scan(int* values) {
  __shared__ int line[256];
  const int t = threadIdx.x;
  line[t] = values[t];
  for (int step = 1; step < static_cast<int>(blockDim.x); step *= 2) {
    BARRIER(4);
    const int other = t >= step ? line[t - step] : 0;
    BARRIER(5);
    line[t] += other;
  }
  values[t] = line[t];
}

// Reverses 32 numbers of a warp through shared memory.
__global__ void reverse(const int* in, int* out) {
  __shared__ int line[64];
  line[threadIdx.x] = in[threadIdx.x];
  WARP_BARRIER(6);
  out[threadIdx.x] = line[threadIdx.x ^ 31];
}

__global__ void increment(int* value, int by) {
  if (threadIdx.x == 0) *value += by;
}

__global__ void divergent() {
  if (threadIdx.x < 7) {
    __syncthreads();
  } else {
    __syncthreads();
  }
}
__global__ void returns_early() {
  if (threadIdx.x == 3) return;
  __syncthreads();
}
__global__ void half_a_warp() {
  if (threadIdx.x < 16) {
    __syncwarp();
  } else {
    __syncthreads();
  }
}
__global__ void misaligned(const float* in, float* out) {
  const float4 four = *reinterpret_cast<const float4*>(in + 1);
  out[0] = four.x + four.w;
}
__global__ void beyond(float* out, int n) { out[n + threadIdx.x] = 1; }
__global__ void beyond_shared(float* out) {
  MYELIN_DYNAMIC_SHARED(float, values);
  values[threadIdx.x + 1] = 1;
  __syncthreads();
  out[threadIdx.x] = values[threadIdx.x];
}
// Every thread but those of block 0 leaves its shared memory unwritten.
__global__ void unwritten(float* out) {
  __shared__ float value;
  if (blockIdx.x == 0) value = 1;
  out[blockIdx.x] = value;
}

}  // namespace self_test
