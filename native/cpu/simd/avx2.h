// x86-64-v3: AVX2 and FMA.
#pragma once
#include <immintrin.h>

#include "partial.h"

MYELIN_BEGIN

template <>
struct Lanes<F32> : VectorLanes<F32, float, I32, decltype(F32() < F32())> {
  static HD F32 mul_add(F32 a, F32 b, F32 c) { return (F32)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c); }
  static HD F32 sqrt(F32 x) { return (F32)_mm256_sqrt_ps((__m256)x); }
  static HD F32 floor(F32 x) { return (F32)_mm256_floor_ps((__m256)x); }
  static HD F32 load_partial(const float* p, int64_t n, float fill) { return load_partial_by_copy<F32>(p, n, fill); }
  static HD void store_partial(float* p, F32 x, int64_t n) { store_partial_by_copy(p, x, n); }
};

template <>
struct Lanes<F64> : VectorLanes<F64, double, I64, decltype(F64() < F64())> {
  static HD F64 mul_add(F64 a, F64 b, F64 c) { return (F64)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c); }
  static HD F64 sqrt(F64 x) { return (F64)_mm256_sqrt_pd((__m256d)x); }
  static HD F64 floor(F64 x) { return (F64)_mm256_floor_pd((__m256d)x); }
  static HD F64 load_partial(const double* p, int64_t n, double fill) { return load_partial_by_copy<F64>(p, n, fill); }
  static HD void store_partial(double* p, F64 x, int64_t n) { store_partial_by_copy(p, x, n); }
};

template <>
struct Words<U64> {
  static HD U64 multiply(U64 a, U64 b) { return (U64)_mm256_mul_epu32((__m256i)a, (__m256i)b); }
};

MYELIN_END
