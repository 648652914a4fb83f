// aarch64: Advanced SIMD, which every 64-bit ARM processor has.
#pragma once
#include "partial.h"

MYELIN_BEGIN

template <>
struct Lanes<F32> : VectorLanes<F32, float, I32, decltype(F32() < F32())> {
  static HD F32 mul_add(F32 a, F32 b, F32 c) { return (F32)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b); }
  static HD F32 sqrt(F32 x) { return (F32)vsqrtq_f32((float32x4_t)x); }
  static HD F32 floor(F32 x) { return (F32)vrndmq_f32((float32x4_t)x); }
  static HD F32 load_partial(const float* p, int64_t n) { return load_partial_by_copy<F32>(p, n, float(0)); }
  static HD F32 load_partial(const float* p, int64_t n, float fill) { return load_partial_by_copy<F32>(p, n, fill); }
  static HD void store_partial(float* p, F32 x, int64_t n) { store_partial_by_copy(p, x, n); }
  static HD void combine4(const F32* v, float* out) {
    store(out, (F32)vpaddq_f32(vpaddq_f32((float32x4_t)v[0], (float32x4_t)v[1]),
                               vpaddq_f32((float32x4_t)v[2], (float32x4_t)v[3])));
  }
  static HD void transpose(const float* const* rows, float* out, int64_t stride) {
    const float32x4_t x0 = (float32x4_t)load(rows[0]), x1 = (float32x4_t)load(rows[1]), x2 = (float32x4_t)load(rows[2]),
                      x3 = (float32x4_t)load(rows[3]);
    const float64x2_t a = vreinterpretq_f64_f32(vtrn1q_f32(x0, x1)), b = vreinterpretq_f64_f32(vtrn2q_f32(x0, x1));
    const float64x2_t c = vreinterpretq_f64_f32(vtrn1q_f32(x2, x3)), d = vreinterpretq_f64_f32(vtrn2q_f32(x2, x3));
    store(out, (F32)vreinterpretq_f32_f64(vtrn1q_f64(a, c)));
    store(out + stride, (F32)vreinterpretq_f32_f64(vtrn1q_f64(b, d)));
    store(out + 2 * stride, (F32)vreinterpretq_f32_f64(vtrn2q_f64(a, c)));
    store(out + 3 * stride, (F32)vreinterpretq_f32_f64(vtrn2q_f64(b, d)));
  }
};

template <>
struct Lanes<F64> : VectorLanes<F64, double, I64, decltype(F64() < F64())> {
  static HD F64 mul_add(F64 a, F64 b, F64 c) { return (F64)vfmaq_f64((float64x2_t)c, (float64x2_t)a, (float64x2_t)b); }
  static HD F64 sqrt(F64 x) { return (F64)vsqrtq_f64((float64x2_t)x); }
  static HD F64 floor(F64 x) { return (F64)vrndmq_f64((float64x2_t)x); }
  static HD F64 load_partial(const double* p, int64_t n) { return load_partial_by_copy<F64>(p, n, double(0)); }
  static HD F64 load_partial(const double* p, int64_t n, double fill) { return load_partial_by_copy<F64>(p, n, fill); }
  static HD void store_partial(double* p, F64 x, int64_t n) { store_partial_by_copy(p, x, n); }
  static HD void combine4(const F64* v, double* out) {
    store(out, (F64)vpaddq_f64((float64x2_t)v[0], (float64x2_t)v[1]));
    store(out + 2, (F64)vpaddq_f64((float64x2_t)v[2], (float64x2_t)v[3]));
  }
  static HD void transpose(const double* const* rows, double* out, int64_t stride) {
    const float64x2_t x0 = (float64x2_t)load(rows[0]), x1 = (float64x2_t)load(rows[1]);
    store(out, (F64)vtrn1q_f64(x0, x1));
    store(out + stride, (F64)vtrn2q_f64(x0, x1));
  }
};

template <>
struct Words<U64> {
  static HD U64 multiply(U64 a, U64 b) { return (U64)vmull_u32(vmovn_u64((uint64x2_t)a), vmovn_u64((uint64x2_t)b)); }
};

MYELIN_END
