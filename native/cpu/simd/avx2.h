// x86-64-v3: AVX2 and FMA.
#pragma once
#include "simd.h"

MYELIN_BEGIN

template <>
struct Lanes<F32> : VectorLanes<F32, float, I32, decltype(F32() < F32())> {
  static HD F32 mul_add(F32 a, F32 b, F32 c) { return (F32)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c); }
  static HD F32 sqrt(F32 x) { return (F32)_mm256_sqrt_ps((__m256)x); }
  static HD F32 floor(F32 x) { return (F32)_mm256_floor_ps((__m256)x); }
  static HD __m256i first(int64_t n) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  }
  static HD F32 load_partial(const float* p, int64_t n) { return (F32)_mm256_maskload_ps(p, first(n)); }
  static HD F32 load_partial(const float* p, int64_t n, float fill) {
    const __m256i lanes = first(n);
    return (F32)_mm256_blendv_ps(_mm256_set1_ps(fill), _mm256_maskload_ps(p, lanes), (__m256)lanes);
  }
  static HD void store_partial(float* p, F32 x, int64_t n) { _mm256_maskstore_ps(p, first(n), (__m256)x); }
  static HD void combine4(const F32* v, float* out) {
    const __m256 all =
        _mm256_hadd_ps(_mm256_hadd_ps((__m256)v[0], (__m256)v[1]), _mm256_hadd_ps((__m256)v[2], (__m256)v[3]));
    _mm_storeu_ps(out, _mm_add_ps(_mm256_castps256_ps128(all), _mm256_extractf128_ps(all, 1)));
  }
  static HD void transpose(const float* const* rows, float* out, int64_t stride) {
    for (int q = 0; q < 2; q++) {
      __m256 x[4];  // piece j of x[g] is row g + 4j
      for (int g = 0; g < 4; g++) {
        x[g] = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(rows[g] + 4 * q)),
                                    _mm_loadu_ps(rows[g + 4] + 4 * q), 1);
      }
      const __m256 a = _mm256_unpacklo_ps(x[0], x[1]), b = _mm256_unpackhi_ps(x[0], x[1]);
      const __m256 c = _mm256_unpacklo_ps(x[2], x[3]), d = _mm256_unpackhi_ps(x[2], x[3]);
      float* o = out + 4 * q * stride;
      store(o, (F32)_mm256_shuffle_ps(a, c, 0x44));
      store(o + stride, (F32)_mm256_shuffle_ps(a, c, 0xEE));
      store(o + 2 * stride, (F32)_mm256_shuffle_ps(b, d, 0x44));
      store(o + 3 * stride, (F32)_mm256_shuffle_ps(b, d, 0xEE));
    }
  }
};

template <>
struct Lanes<F64> : VectorLanes<F64, double, I64, decltype(F64() < F64())> {
  static HD F64 mul_add(F64 a, F64 b, F64 c) { return (F64)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c); }
  static HD F64 sqrt(F64 x) { return (F64)_mm256_sqrt_pd((__m256d)x); }
  static HD F64 floor(F64 x) { return (F64)_mm256_floor_pd((__m256d)x); }
  static HD __m256i first(int64_t n) {
    return _mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_setr_epi64x(0, 1, 2, 3));
  }
  static HD F64 load_partial(const double* p, int64_t n) { return (F64)_mm256_maskload_pd(p, first(n)); }
  static HD F64 load_partial(const double* p, int64_t n, double fill) {
    const __m256i lanes = first(n);
    return (F64)_mm256_blendv_pd(_mm256_set1_pd(fill), _mm256_maskload_pd(p, lanes), (__m256d)lanes);
  }
  static HD void store_partial(double* p, F64 x, int64_t n) { _mm256_maskstore_pd(p, first(n), (__m256d)x); }
  static HD void combine4(const F64* v, double* out) {
    for (int i = 0; i < 4; i += 2) {
      const __m256d both = _mm256_hadd_pd((__m256d)v[i], (__m256d)v[i + 1]);
      _mm_storeu_pd(out + i, _mm_add_pd(_mm256_castpd256_pd128(both), _mm256_extractf128_pd(both, 1)));
    }
  }
  static HD void transpose(const double* const* rows, double* out, int64_t stride) {
    for (int q = 0; q < 2; q++) {
      __m256d x[2];  // piece j of x[g] is row g + 2j
      for (int g = 0; g < 2; g++) {
        x[g] = _mm256_insertf128_pd(_mm256_castpd128_pd256(_mm_loadu_pd(rows[g] + 2 * q)),
                                    _mm_loadu_pd(rows[g + 2] + 2 * q), 1);
      }
      store(out + 2 * q * stride, (F64)_mm256_unpacklo_pd(x[0], x[1]));
      store(out + (2 * q + 1) * stride, (F64)_mm256_unpackhi_pd(x[0], x[1]));
    }
  }
};

template <>
struct Words<U64> {
  static HD U64 multiply(U64 a, U64 b) { return (U64)_mm256_mul_epu32((__m256i)a, (__m256i)b); }
};

MYELIN_END
