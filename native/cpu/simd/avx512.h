// x86-64-v4: AVX-512 with 32- and 64-bit integers.
#pragma once
#include <immintrin.h>

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
  static HD F32 load_partial(const float* p, int64_t n, float fill) {
    return (F32)_mm512_mask_loadu_ps(_mm512_set1_ps(fill), first(n), p);
  }
  static HD void store_partial(float* p, F32 x, int64_t n) { _mm512_mask_storeu_ps(p, first(n), (__m512)x); }
};

template <>
struct Lanes<F64> : VectorLanes<F64, double, I64, decltype(F64() < F64())> {
  static HD F64 mul_add(F64 a, F64 b, F64 c) { return (F64)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c); }
  static HD F64 sqrt(F64 x) { return (F64)_mm512_maskz_sqrt_pd(0xFF, (__m512d)x); }
  static HD F64 floor(F64 x) {
    return (F64)_mm512_maskz_roundscale_pd(0xFF, (__m512d)x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
  }
  static HD __mmask8 first(int64_t n) { return static_cast<__mmask8>((1u << n) - 1u); }
  static HD F64 load_partial(const double* p, int64_t n, double fill) {
    return (F64)_mm512_mask_loadu_pd(_mm512_set1_pd(fill), first(n), p);
  }
  static HD void store_partial(double* p, F64 x, int64_t n) { _mm512_mask_storeu_pd(p, first(n), (__m512d)x); }
};

template <>
struct Words<U64> {
  static HD U64 multiply(U64 a, U64 b) { return (U64)_mm512_maskz_mul_epu32(0xFF, (__m512i)a, (__m512i)b); }
};

MYELIN_END
