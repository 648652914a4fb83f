// aarch64: Advanced SIMD, which every 64-bit ARM processor has.
#pragma once
#include <arm_neon.h>

#include "partial.h"

MYELIN_BEGIN

template <>
struct Lanes<F32> : VectorLanes<F32, float, I32, decltype(F32() < F32())> {
  static HD F32 mul_add(F32 a, F32 b, F32 c) { return (F32)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b); }
  static HD F32 sqrt(F32 x) { return (F32)vsqrtq_f32((float32x4_t)x); }
  static HD F32 floor(F32 x) { return (F32)vrndmq_f32((float32x4_t)x); }
  static HD F32 load_partial(const float* p, int64_t n, float fill) { return load_partial_by_copy<F32>(p, n, fill); }
  static HD void store_partial(float* p, F32 x, int64_t n) { store_partial_by_copy(p, x, n); }
};

template <>
struct Lanes<F64> : VectorLanes<F64, double, I64, decltype(F64() < F64())> {
  static HD F64 mul_add(F64 a, F64 b, F64 c) { return (F64)vfmaq_f64((float64x2_t)c, (float64x2_t)a, (float64x2_t)b); }
  static HD F64 sqrt(F64 x) { return (F64)vsqrtq_f64((float64x2_t)x); }
  static HD F64 floor(F64 x) { return (F64)vrndmq_f64((float64x2_t)x); }
  static HD F64 load_partial(const double* p, int64_t n, double fill) { return load_partial_by_copy<F64>(p, n, fill); }
  static HD void store_partial(double* p, F64 x, int64_t n) { store_partial_by_copy(p, x, n); }
};

template <>
struct Words<U64> {
  static HD U64 multiply(U64 a, U64 b) { return (U64)vmull_u32(vmovn_u64((uint64x2_t)a), vmovn_u64((uint64x2_t)b)); }
};

MYELIN_END
