// x86-64-v2: SSE4.2, without fused multiply-add.
#pragma once
#include "partial.h"

MYELIN_BEGIN

template <>
struct Lanes<F32> : VectorLanes<F32, float, I32, decltype(F32() < F32())> {
  static HD F32 mul_add(F32 a, F32 b, F32 c) { return a * b + c; }
  static HD F32 sqrt(F32 x) { return (F32)_mm_sqrt_ps((__m128)x); }
  static HD F32 floor(F32 x) { return (F32)_mm_floor_ps((__m128)x); }
  static HD F32 load_partial(const float* p, int64_t n) { return load_partial_by_copy<F32>(p, n, float(0)); }
  static HD F32 load_partial(const float* p, int64_t n, float fill) { return load_partial_by_copy<F32>(p, n, fill); }
  static HD void store_partial(float* p, F32 x, int64_t n) { store_partial_by_copy(p, x, n); }
  static HD void combine4(const F32* v, float* out) {
    store(out, (F32)_mm_hadd_ps(_mm_hadd_ps((__m128)v[0], (__m128)v[1]), _mm_hadd_ps((__m128)v[2], (__m128)v[3])));
  }
  static HD void transpose(const float* const* rows, float* out, int64_t stride) {
    const __m128 x0 = (__m128)load(rows[0]), x1 = (__m128)load(rows[1]), x2 = (__m128)load(rows[2]),
                 x3 = (__m128)load(rows[3]);
    const __m128 a = _mm_unpacklo_ps(x0, x1), b = _mm_unpackhi_ps(x0, x1);
    const __m128 c = _mm_unpacklo_ps(x2, x3), d = _mm_unpackhi_ps(x2, x3);
    store(out, (F32)_mm_movelh_ps(a, c));
    store(out + stride, (F32)_mm_movehl_ps(c, a));
    store(out + 2 * stride, (F32)_mm_movelh_ps(b, d));
    store(out + 3 * stride, (F32)_mm_movehl_ps(d, b));
  }
};

template <>
struct Lanes<F64> : VectorLanes<F64, double, I64, decltype(F64() < F64())> {
  static HD F64 mul_add(F64 a, F64 b, F64 c) { return a * b + c; }
  static HD F64 sqrt(F64 x) { return (F64)_mm_sqrt_pd((__m128d)x); }
  static HD F64 floor(F64 x) { return (F64)_mm_floor_pd((__m128d)x); }
  static HD F64 load_partial(const double* p, int64_t n) { return load_partial_by_copy<F64>(p, n, double(0)); }
  static HD F64 load_partial(const double* p, int64_t n, double fill) { return load_partial_by_copy<F64>(p, n, fill); }
  static HD void store_partial(double* p, F64 x, int64_t n) { store_partial_by_copy(p, x, n); }
  static HD void combine4(const F64* v, double* out) {
    store(out, (F64)_mm_hadd_pd((__m128d)v[0], (__m128d)v[1]));
    store(out + 2, (F64)_mm_hadd_pd((__m128d)v[2], (__m128d)v[3]));
  }
  static HD void transpose(const double* const* rows, double* out, int64_t stride) {
    const __m128d x0 = (__m128d)load(rows[0]), x1 = (__m128d)load(rows[1]);
    store(out, (F64)_mm_unpacklo_pd(x0, x1));
    store(out + stride, (F64)_mm_unpackhi_pd(x0, x1));
  }
};

template <>
struct Words<U64> {
  static HD U64 multiply(U64 a, U64 b) { return (U64)_mm_mul_epu32((__m128i)a, (__m128i)b); }
};

MYELIN_END
