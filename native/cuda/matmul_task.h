// A product as every matmul kernel receives it, passed by value.
#pragma once
#include <stdint.h>

namespace myelin {
namespace cuda {

// The activations that the core fuses into a product.
enum class Activation : int32_t { none, relu, leaky_relu, sigmoid, tanh, softplus };

template <class T>
struct MatmulTask {
  const T *a, *b, *bias;  // bias [n], or null
  T* out;                 // [m,n]: the result
  T* z;                   // [m,n]: the value before the activation, or null
  T* partial;             // [splits,m,n] where the sum is cut (a later kernel adds and finishes), or null
  const uint32_t* skip;   // nothing is written if it is set and not 0; or null
  int64_t m, n, k;
  int64_t chunk;    // steps of the sum for each split: a multiple of chunk_step, so that splits keep the alignment
  bool a_along_k;   // a is [m,k] (contiguous along the sum), else [k,m]
  bool b_along_k;   // b is [n,k], else [k,n]
  bool wide_a, wide_b, wide_out;  // 16-byte accesses: rows are whole packs and start on 16 bytes
  Activation activation;
  T slope;

#if defined(__CUDACC__)
  __host__ __device__
#endif
  int64_t stride_a() const { return a_along_k ? k : m; }
#if defined(__CUDACC__)
  __host__ __device__
#endif
  int64_t stride_b() const { return b_along_k ? k : n; }
};

// 16 bytes: what one thread reads or writes at once.
template <class T>
struct alignas(16) Pack {
  static constexpr int width = 16 / sizeof(T);
  T at[width];
};

}  // namespace cuda
}  // namespace myelin
