// Tensor-core products of one warp: 16×16 += 16×depth · depth×16. The only file that knows how a device does them.
//
// With nvcc a fragment is one of nvcuda::wmma, whose elements are spread over the warp as the hardware likes. Without,
// the same operations are plain arithmetic on operands rounded in the same way, so that kernels can be run and checked
// without a GPU: lane l of a warp then holds the elements of row l / 2 from column 8·(l mod 2) on, and reads what these
// need. MYELIN_TENSOR_CORES is 0 while nvcc compiles for a device that lacks these formats (before compute
// capability 8.0): there is nothing here but the names of the formats.
//
// A Format is what operands are rounded to: `Stored` in shared memory, `of` rounds to it, `depth` is that of a
// fragment. The left operand stands as [step][row] and the right one as [step][column]; both start on 32 bytes, and
// `stride` (the elements between two steps) is a multiple of 16 bytes. All lanes of a warp call together; shared memory
// must be synchronised by the caller, as for any other access.
#pragma once
#include <cuda_runtime.h>
#include <stdint.h>

#if !defined(__CUDACC__)
#define MYELIN_TENSOR_CORES 1
#include <string.h>
#elif !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800
#define MYELIN_TENSOR_CORES 1
#include <cuda_bf16.h>
#include <mma.h>
#else
#define MYELIN_TENSOR_CORES 0
#endif

namespace myelin {
namespace cuda {
namespace {

#if !MYELIN_TENSOR_CORES

struct Tf32;
struct Bf16;

#elif defined(__CUDACC__)

struct Tf32 {
  typedef float Stored;
  typedef nvcuda::wmma::precision::tf32 Element;
  static constexpr int depth = 8;
  static __device__ __forceinline__ float of(float x) { return nvcuda::wmma::__float_to_tf32(x); }
};

struct Bf16 {
  typedef __nv_bfloat16 Stored;
  typedef __nv_bfloat16 Element;
  static constexpr int depth = 16;
  static __device__ __forceinline__ __nv_bfloat16 of(float x) { return __float2bfloat16_rn(x); }
};

template <class Format>
struct LeftFragment {
  nvcuda::wmma::fragment<nvcuda::wmma::matrix_a, 16, 16, Format::depth, typename Format::Element,
                         nvcuda::wmma::col_major>
      elements;
  __device__ __forceinline__ void load(const typename Format::Stored* from, int stride) {
    nvcuda::wmma::load_matrix_sync(elements, from, stride);
  }
};

template <class Format>
struct RightFragment {
  nvcuda::wmma::fragment<nvcuda::wmma::matrix_b, 16, 16, Format::depth, typename Format::Element,
                         nvcuda::wmma::row_major>
      elements;
  __device__ __forceinline__ void load(const typename Format::Stored* from, int stride) {
    nvcuda::wmma::load_matrix_sync(elements, from, stride);
  }
};

template <class Format>
struct SumFragment {
  nvcuda::wmma::fragment<nvcuda::wmma::accumulator, 16, 16, Format::depth, float> elements;
  __device__ __forceinline__ void clear() { nvcuda::wmma::fill_fragment(elements, 0.0f); }
  __device__ __forceinline__ void add(const LeftFragment<Format>& a, const RightFragment<Format>& b) {
    nvcuda::wmma::mma_sync(elements, a.elements, b.elements, elements);
  }
  // To a row-major patch.
  __device__ __forceinline__ void store(float* to, int stride) const {
    nvcuda::wmma::store_matrix_sync(to, elements, stride, nvcuda::wmma::mem_row_major);
  }
};

#else

__device__ __forceinline__ uint32_t bits_of(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}
__device__ __forceinline__ float from_bits(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

// To the nearest number with 10 bits of fraction, ties away from zero, as cvt.rna.tf32 does.
struct Tf32 {
  typedef float Stored;
  static constexpr int depth = 8;
  static __device__ __forceinline__ float of(float x) {
    return x != x ? x : from_bits((bits_of(x) + 0x1000u) & ~0x1fffu);
  }
  static __device__ __forceinline__ float value(float x) { return x; }
};

// The upper half of a float, to the nearest, ties to even, as cvt.rn.bf16 does.
struct Bf16 {
  typedef uint16_t Stored;
  static constexpr int depth = 16;
  static __device__ __forceinline__ uint16_t of(float x) {
    const uint32_t bits = bits_of(x);
    return static_cast<uint16_t>(x != x ? 0x7fffu : (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
  }
  static __device__ __forceinline__ float value(uint16_t x) { return from_bits(static_cast<uint32_t>(x) << 16); }
};

template <class Format>
struct LeftFragment {
  float elements[Format::depth];
  __device__ __forceinline__ void load(const typename Format::Stored* from, int stride) {
    const int row = threadIdx.x % 32 / 2;
    for (int q = 0; q < Format::depth; q++) elements[q] = Format::value(from[q * stride + row]);
  }
};

template <class Format>
struct RightFragment {
  float elements[Format::depth][8];
  __device__ __forceinline__ void load(const typename Format::Stored* from, int stride) {
    const int column = threadIdx.x % 2 * 8;
    for (int q = 0; q < Format::depth; q++) {
      for (int j = 0; j < 8; j++) elements[q][j] = Format::value(from[q * stride + column + j]);
    }
  }
};

template <class Format>
struct SumFragment {
  float elements[8];
  __device__ __forceinline__ void clear() {
    for (int j = 0; j < 8; j++) elements[j] = 0.0f;
  }
  __device__ __forceinline__ void add(const LeftFragment<Format>& a, const RightFragment<Format>& b) {
    for (int q = 0; q < Format::depth; q++) {
      for (int j = 0; j < 8; j++) elements[j] += a.elements[q] * b.elements[q][j];
    }
  }
  __device__ __forceinline__ void store(float* to, int stride) const {
    const int row = threadIdx.x % 32 / 2, column = threadIdx.x % 2 * 8;
    for (int j = 0; j < 8; j++) to[row * stride + column + j] = elements[j];
  }
};

#endif

}  // namespace
}  // namespace cuda
}  // namespace myelin
