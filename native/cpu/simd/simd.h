// Vectors of the widest registers of the target, as lane types for native/math: F32 and F64, U64 for Philox.
// Arithmetic, comparison and selection are the compiler's vector extensions; the headers beside this one hold
// what those do badly: fma, sqrt, floor, partial loads and stores, the 32×32 product.
#pragma once
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push  // g++ 12 warns of the deliberately undefined registers in its own intrinsics (PR 105593)
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

#include "math/portable.h"

#if defined(__AVX512F__)
#define MYELIN_VECTOR_BYTES 64
#elif defined(__AVX2__)
#define MYELIN_VECTOR_BYTES 32
#else
#define MYELIN_VECTOR_BYTES 16
#endif

MYELIN_BEGIN

typedef float F32 __attribute__((vector_size(MYELIN_VECTOR_BYTES)));
typedef double F64 __attribute__((vector_size(MYELIN_VECTOR_BYTES)));
typedef int32_t I32 __attribute__((vector_size(MYELIN_VECTOR_BYTES)));
typedef int64_t I64 __attribute__((vector_size(MYELIN_VECTOR_BYTES)));
typedef uint32_t U32 __attribute__((vector_size(MYELIN_VECTOR_BYTES)));
typedef uint64_t U64 __attribute__((vector_size(MYELIN_VECTOR_BYTES)));
// Half a register of float32: as many as there are float64 in a whole one.
typedef float F32Half __attribute__((vector_size(MYELIN_VECTOR_BYTES / 2)));

// The vector type of a scalar type.
template <class S>
struct Vector;
template <>
struct Vector<float> {
  typedef F32 Type;
};
template <>
struct Vector<double> {
  typedef F64 Type;
};

// What F32 and F64 share.
template <class V, class S, class I, class M>
struct VectorLanes {
  typedef S Scalar;
  typedef I Int;
  static constexpr int count = sizeof(V) / sizeof(S);
  typedef V Unaligned __attribute__((aligned(alignof(S)), may_alias));

  // x − 0 is x, whatever its sign.
  static HD V broadcast(S x) { return x - V{}; }
  static HD V select(M mask, V a, V b) { return mask ? a : b; }
  static HD I bits(V x) { return (I)x; }
  static HD V from_bits(I i) { return (V)i; }
  static HD V load(const S* p) { return *(const Unaligned*)p; }
  static HD void store(S* p, V x) { *(Unaligned*)p = x; }
};

// Eight float64 in as many registers as they take: for sums that are put together in one order on all targets. Through
// a pointer, because how such a vector is returned differs between targets.
typedef double F64x8 __attribute__((vector_size(8 * sizeof(double))));
template <class S>
HD void load_wide(const S* p, F64x8* to) {
  typedef S Eight __attribute__((vector_size(8 * sizeof(S)), aligned(alignof(S)), may_alias));
  *to = __builtin_convertvector(*(const Eight*)p, F64x8);
}

MYELIN_END

#if defined(__AVX512F__)
#include "avx512.h"
#elif defined(__AVX2__)
#include "avx2.h"
#elif defined(__SSE4_1__)
#include "sse4.h"
#elif defined(__aarch64__)
#include "neon.h"
#else
#error "no vector instructions for this target: build it with MYELIN_REFERENCE"
#endif
