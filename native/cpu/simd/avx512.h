// x86-64-v4: AVX-512 with 32- and 64-bit integers.
#pragma once
#include "simd.h"

MYELIN_BEGIN

template <>
struct Lanes<F32> : VectorLanes<F32, float, I32, decltype(F32() < F32())> {
  static HD F32 mul_add(F32 a, F32 b, F32 c) { return (F32)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c); }
  // The masked forms with all lanes on: g++ 12 takes the others' undefined operand for a mistake and warns.
  static HD F32 sqrt(F32 x) { return (F32)_mm512_maskz_sqrt_ps(0xFFFF, (__m512)x); }
  static HD F32 floor(F32 x) {
    return (F32)_mm512_maskz_roundscale_ps(0xFFFF, (__m512)x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
  }
  static HD __mmask16 first(int64_t n) { return static_cast<__mmask16>((1u << n) - 1u); }
  static HD F32 load_partial(const float* p, int64_t n) { return (F32)_mm512_maskz_loadu_ps(first(n), p); }
  static HD F32 load_partial(const float* p, int64_t n, float fill) {
    return (F32)_mm512_mask_loadu_ps(_mm512_set1_ps(fill), first(n), p);
  }
  static HD void store_partial(float* p, F32 x, int64_t n) { _mm512_mask_storeu_ps(p, first(n), (__m512)x); }
  static HD void combine4(const F32* v, float* out) {
    const __m512 ab =
        _mm512_add_ps(_mm512_unpacklo_ps((__m512)v[0], (__m512)v[1]), _mm512_unpackhi_ps((__m512)v[0], (__m512)v[1]));
    const __m512 cd =
        _mm512_add_ps(_mm512_unpacklo_ps((__m512)v[2], (__m512)v[3]), _mm512_unpackhi_ps((__m512)v[2], (__m512)v[3]));
    const __m512d lo = _mm512_unpacklo_pd(_mm512_castps_pd(ab), _mm512_castps_pd(cd));
    const __m512d hi = _mm512_unpackhi_pd(_mm512_castps_pd(ab), _mm512_castps_pd(cd));
    const __m512 all = _mm512_add_ps(_mm512_castpd_ps(lo), _mm512_castpd_ps(hi));
    const __m256 upper = _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(all), 1));
    const __m256 half = _mm256_add_ps(_mm512_castps512_ps256(all), upper);
    _mm_storeu_ps(out, _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1)));
  }
  // Register [q][g] gathers quarter q of rows g, g+4, g+8, g+12 while loading, so that only two levels of shuffles
  // remain. A row's quarters are loaded together: rows 4 KB apart share one cache set of fewer than 16 lines.
  static HD void transpose(const float* const* rows, float* out, int64_t stride) {
    __m512 x[4][4];
#pragma GCC unroll 4
    for (int g = 0; g < 4; g++) {
#pragma GCC unroll 4
      for (int q = 0; q < 4; q++) x[q][g] = _mm512_castps128_ps512(_mm_loadu_ps(rows[g] + 4 * q));
#pragma GCC unroll 4
      for (int q = 0; q < 4; q++) x[q][g] = _mm512_insertf32x4(x[q][g], _mm_loadu_ps(rows[g + 4] + 4 * q), 1);
#pragma GCC unroll 4
      for (int q = 0; q < 4; q++) x[q][g] = _mm512_insertf32x4(x[q][g], _mm_loadu_ps(rows[g + 8] + 4 * q), 2);
#pragma GCC unroll 4
      for (int q = 0; q < 4; q++) x[q][g] = _mm512_insertf32x4(x[q][g], _mm_loadu_ps(rows[g + 12] + 4 * q), 3);
    }
#pragma GCC unroll 4
    for (int q = 0; q < 4; q++) {
      const __m512d a = _mm512_castps_pd(_mm512_unpacklo_ps(x[q][0], x[q][1]));
      const __m512d b = _mm512_castps_pd(_mm512_unpackhi_ps(x[q][0], x[q][1]));
      const __m512d c = _mm512_castps_pd(_mm512_unpacklo_ps(x[q][2], x[q][3]));
      const __m512d d = _mm512_castps_pd(_mm512_unpackhi_ps(x[q][2], x[q][3]));
      float* o = out + 4 * q * stride;
      store(o, (F32)_mm512_castpd_ps(_mm512_unpacklo_pd(a, c)));
      store(o + stride, (F32)_mm512_castpd_ps(_mm512_unpackhi_pd(a, c)));
      store(o + 2 * stride, (F32)_mm512_castpd_ps(_mm512_unpacklo_pd(b, d)));
      store(o + 3 * stride, (F32)_mm512_castpd_ps(_mm512_unpackhi_pd(b, d)));
    }
  }
};

template <>
struct Lanes<F64> : VectorLanes<F64, double, I64, decltype(F64() < F64())> {
  static HD F64 mul_add(F64 a, F64 b, F64 c) { return (F64)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c); }
  static HD F64 sqrt(F64 x) { return (F64)_mm512_maskz_sqrt_pd(0xFF, (__m512d)x); }
  static HD F64 floor(F64 x) {
    return (F64)_mm512_maskz_roundscale_pd(0xFF, (__m512d)x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
  }
  static HD __mmask8 first(int64_t n) { return static_cast<__mmask8>((1u << n) - 1u); }
  static HD F64 load_partial(const double* p, int64_t n) { return (F64)_mm512_maskz_loadu_pd(first(n), p); }
  static HD F64 load_partial(const double* p, int64_t n, double fill) {
    return (F64)_mm512_mask_loadu_pd(_mm512_set1_pd(fill), first(n), p);
  }
  static HD void store_partial(double* p, F64 x, int64_t n) { _mm512_mask_storeu_pd(p, first(n), (__m512d)x); }
  static HD void combine4(const F64* v, double* out) {
    for (int i = 0; i < 4; i += 2) {
      const __m512d both = _mm512_add_pd(_mm512_unpacklo_pd((__m512d)v[i], (__m512d)v[i + 1]),
                                         _mm512_unpackhi_pd((__m512d)v[i], (__m512d)v[i + 1]));
      const __m256d half = _mm256_add_pd(_mm512_castpd512_pd256(both), _mm512_extractf64x4_pd(both, 1));
      _mm_storeu_pd(out + i, _mm_add_pd(_mm256_castpd256_pd128(half), _mm256_extractf128_pd(half, 1)));
    }
  }
  static HD void transpose(const double* const* rows, double* out, int64_t stride) {
    for (int q = 0; q < 4; q++) {
      __m512d x[2];
      for (int g = 0; g < 2; g++) {
        const __m256d lo = _mm256_insertf128_pd(_mm256_castpd128_pd256(_mm_loadu_pd(rows[g] + 2 * q)),
                                                _mm_loadu_pd(rows[g + 2] + 2 * q), 1);
        const __m256d hi = _mm256_insertf128_pd(_mm256_castpd128_pd256(_mm_loadu_pd(rows[g + 4] + 2 * q)),
                                                _mm_loadu_pd(rows[g + 6] + 2 * q), 1);
        x[g] = _mm512_insertf64x4(_mm512_castpd256_pd512(lo), hi, 1);
      }
      store(out + 2 * q * stride, (F64)_mm512_unpacklo_pd(x[0], x[1]));
      store(out + (2 * q + 1) * stride, (F64)_mm512_unpackhi_pd(x[0], x[1]));
    }
  }
};

template <>
struct Words<U64> {
  static HD U64 multiply(U64 a, U64 b) { return (U64)_mm512_maskz_mul_epu32(0xFF, (__m512i)a, (__m512i)b); }
};

MYELIN_END
