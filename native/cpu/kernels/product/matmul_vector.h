// The vector of each instruction set, as the matmul kernels need it. Wrappers only: every function is one or a few
// instructions. `combine4` and `transpose` are the two places where lanes cross.
#pragma once
#include <stdint.h>
#include <string.h>

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

#define MATMUL_INLINE static inline __attribute__((always_inline))

namespace myelin {
namespace MYELIN_TARGET {
namespace {

// Vec<T>: V (the register), W (its lanes),
//   load, store, broadcast, zero, fma(a,b,c) = a·b + c, add,
//   load_part, store_part: the first `count` lanes, 1 ≤ count ≤ W; other lanes load as 0,
//   combine4(v, out): out[i] = sum of the lanes of v[i], i < 4, in one fixed tree,
//   transpose(rows, out, stride): out[c·stride + r] = rows[r][c] for c, r < W.
template <class T>
struct Vec;

#if defined(__AVX512F__)

template <>
struct Vec<float> {
  typedef __m512 V;
  static constexpr int W = 16;
  MATMUL_INLINE V zero() { return _mm512_setzero_ps(); }
  MATMUL_INLINE V broadcast(const float* p) { return _mm512_set1_ps(*p); }
  MATMUL_INLINE V load(const float* p) { return _mm512_loadu_ps(p); }
  MATMUL_INLINE void store(float* p, V v) { _mm512_storeu_ps(p, v); }
  MATMUL_INLINE V fma(V a, V b, V c) { return _mm512_fmadd_ps(a, b, c); }
  MATMUL_INLINE V add(V a, V b) { return _mm512_add_ps(a, b); }
  MATMUL_INLINE __mmask16 mask(int count) { return static_cast<__mmask16>((1u << count) - 1); }
  MATMUL_INLINE V load_part(const float* p, int count) { return _mm512_maskz_loadu_ps(mask(count), p); }
  MATMUL_INLINE void store_part(float* p, V v, int count) { _mm512_mask_storeu_ps(p, mask(count), v); }
  MATMUL_INLINE void combine4(const V* v, float* out) {
    const V ab = _mm512_add_ps(_mm512_unpacklo_ps(v[0], v[1]), _mm512_unpackhi_ps(v[0], v[1]));
    const V cd = _mm512_add_ps(_mm512_unpacklo_ps(v[2], v[3]), _mm512_unpackhi_ps(v[2], v[3]));
    const __m512d lo = _mm512_unpacklo_pd(_mm512_castps_pd(ab), _mm512_castps_pd(cd));
    const __m512d hi = _mm512_unpackhi_pd(_mm512_castps_pd(ab), _mm512_castps_pd(cd));
    const V all = _mm512_add_ps(_mm512_castpd_ps(lo), _mm512_castpd_ps(hi));
    const __m256 upper = _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(all), 1));
    const __m256 half = _mm256_add_ps(_mm512_castps512_ps256(all), upper);
    _mm_storeu_ps(out, _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1)));
  }
  // Register [q][g] gathers quarter q of rows g, g+4, g+8, g+12 while loading, so that only two levels of shuffles
  // remain. A row's quarters are loaded together: rows 4 KB apart share one cache set of fewer than 16 lines.
  MATMUL_INLINE void transpose(const float* const* rows, float* out, int64_t stride) {
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
      store(o, _mm512_castpd_ps(_mm512_unpacklo_pd(a, c)));
      store(o + stride, _mm512_castpd_ps(_mm512_unpackhi_pd(a, c)));
      store(o + 2 * stride, _mm512_castpd_ps(_mm512_unpacklo_pd(b, d)));
      store(o + 3 * stride, _mm512_castpd_ps(_mm512_unpackhi_pd(b, d)));
    }
  }
};

template <>
struct Vec<double> {
  typedef __m512d V;
  static constexpr int W = 8;
  MATMUL_INLINE V zero() { return _mm512_setzero_pd(); }
  MATMUL_INLINE V broadcast(const double* p) { return _mm512_set1_pd(*p); }
  MATMUL_INLINE V load(const double* p) { return _mm512_loadu_pd(p); }
  MATMUL_INLINE void store(double* p, V v) { _mm512_storeu_pd(p, v); }
  MATMUL_INLINE V fma(V a, V b, V c) { return _mm512_fmadd_pd(a, b, c); }
  MATMUL_INLINE V add(V a, V b) { return _mm512_add_pd(a, b); }
  MATMUL_INLINE __mmask8 mask(int count) { return static_cast<__mmask8>((1u << count) - 1); }
  MATMUL_INLINE V load_part(const double* p, int count) { return _mm512_maskz_loadu_pd(mask(count), p); }
  MATMUL_INLINE void store_part(double* p, V v, int count) { _mm512_mask_storeu_pd(p, mask(count), v); }
  MATMUL_INLINE void combine4(const V* v, double* out) {
    for (int i = 0; i < 4; i += 2) {
      const V both = _mm512_add_pd(_mm512_unpacklo_pd(v[i], v[i + 1]), _mm512_unpackhi_pd(v[i], v[i + 1]));
      const __m256d half = _mm256_add_pd(_mm512_castpd512_pd256(both), _mm512_extractf64x4_pd(both, 1));
      _mm_storeu_pd(out + i, _mm_add_pd(_mm256_castpd256_pd128(half), _mm256_extractf128_pd(half, 1)));
    }
  }
  MATMUL_INLINE void transpose(const double* const* rows, double* out, int64_t stride) {
    for (int q = 0; q < 4; q++) {
      __m512d x[2];
      for (int g = 0; g < 2; g++) {
        const __m256d lo = _mm256_insertf128_pd(_mm256_castpd128_pd256(_mm_loadu_pd(rows[g] + 2 * q)),
                                                _mm_loadu_pd(rows[g + 2] + 2 * q), 1);
        const __m256d hi = _mm256_insertf128_pd(_mm256_castpd128_pd256(_mm_loadu_pd(rows[g + 4] + 2 * q)),
                                                _mm_loadu_pd(rows[g + 6] + 2 * q), 1);
        x[g] = _mm512_insertf64x4(_mm512_castpd256_pd512(lo), hi, 1);
      }
      store(out + 2 * q * stride, _mm512_unpacklo_pd(x[0], x[1]));
      store(out + (2 * q + 1) * stride, _mm512_unpackhi_pd(x[0], x[1]));
    }
  }
};

#elif defined(__AVX2__)

template <>
struct Vec<float> {
  typedef __m256 V;
  static constexpr int W = 8;
  MATMUL_INLINE V zero() { return _mm256_setzero_ps(); }
  MATMUL_INLINE V broadcast(const float* p) { return _mm256_broadcast_ss(p); }
  MATMUL_INLINE V load(const float* p) { return _mm256_loadu_ps(p); }
  MATMUL_INLINE void store(float* p, V v) { _mm256_storeu_ps(p, v); }
  MATMUL_INLINE V fma(V a, V b, V c) { return _mm256_fmadd_ps(a, b, c); }
  MATMUL_INLINE V add(V a, V b) { return _mm256_add_ps(a, b); }
  MATMUL_INLINE __m256i mask(int count) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  }
  MATMUL_INLINE V load_part(const float* p, int count) { return _mm256_maskload_ps(p, mask(count)); }
  MATMUL_INLINE void store_part(float* p, V v, int count) { _mm256_maskstore_ps(p, mask(count), v); }
  MATMUL_INLINE void combine4(const V* v, float* out) {
    const V all = _mm256_hadd_ps(_mm256_hadd_ps(v[0], v[1]), _mm256_hadd_ps(v[2], v[3]));
    _mm_storeu_ps(out, _mm_add_ps(_mm256_castps256_ps128(all), _mm256_extractf128_ps(all, 1)));
  }
  MATMUL_INLINE void transpose(const float* const* rows, float* out, int64_t stride) {
    for (int q = 0; q < 2; q++) {
      __m256 x[4];  // piece j of x[g] is row g + 4j
      for (int g = 0; g < 4; g++) {
        x[g] = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(rows[g] + 4 * q)),
                                    _mm_loadu_ps(rows[g + 4] + 4 * q), 1);
      }
      const __m256 a = _mm256_unpacklo_ps(x[0], x[1]), b = _mm256_unpackhi_ps(x[0], x[1]);
      const __m256 c = _mm256_unpacklo_ps(x[2], x[3]), d = _mm256_unpackhi_ps(x[2], x[3]);
      float* o = out + 4 * q * stride;
      store(o, _mm256_shuffle_ps(a, c, 0x44));
      store(o + stride, _mm256_shuffle_ps(a, c, 0xEE));
      store(o + 2 * stride, _mm256_shuffle_ps(b, d, 0x44));
      store(o + 3 * stride, _mm256_shuffle_ps(b, d, 0xEE));
    }
  }
};

template <>
struct Vec<double> {
  typedef __m256d V;
  static constexpr int W = 4;
  MATMUL_INLINE V zero() { return _mm256_setzero_pd(); }
  MATMUL_INLINE V broadcast(const double* p) { return _mm256_broadcast_sd(p); }
  MATMUL_INLINE V load(const double* p) { return _mm256_loadu_pd(p); }
  MATMUL_INLINE void store(double* p, V v) { _mm256_storeu_pd(p, v); }
  MATMUL_INLINE V fma(V a, V b, V c) { return _mm256_fmadd_pd(a, b, c); }
  MATMUL_INLINE V add(V a, V b) { return _mm256_add_pd(a, b); }
  MATMUL_INLINE __m256i mask(int count) {
    return _mm256_cmpgt_epi64(_mm256_set1_epi64x(count), _mm256_setr_epi64x(0, 1, 2, 3));
  }
  MATMUL_INLINE V load_part(const double* p, int count) { return _mm256_maskload_pd(p, mask(count)); }
  MATMUL_INLINE void store_part(double* p, V v, int count) { _mm256_maskstore_pd(p, mask(count), v); }
  MATMUL_INLINE void combine4(const V* v, double* out) {
    for (int i = 0; i < 4; i += 2) {
      const V both = _mm256_hadd_pd(v[i], v[i + 1]);
      _mm_storeu_pd(out + i, _mm_add_pd(_mm256_castpd256_pd128(both), _mm256_extractf128_pd(both, 1)));
    }
  }
  MATMUL_INLINE void transpose(const double* const* rows, double* out, int64_t stride) {
    for (int q = 0; q < 2; q++) {
      __m256d x[2];  // piece j of x[g] is row g + 2j
      for (int g = 0; g < 2; g++) {
        x[g] = _mm256_insertf128_pd(_mm256_castpd128_pd256(_mm_loadu_pd(rows[g] + 2 * q)),
                                    _mm_loadu_pd(rows[g + 2] + 2 * q), 1);
      }
      store(out + 2 * q * stride, _mm256_unpacklo_pd(x[0], x[1]));
      store(out + (2 * q + 1) * stride, _mm256_unpackhi_pd(x[0], x[1]));
    }
  }
};

#else  // 128-bit vectors: SSE (no fma: a rounded product, then a rounded sum) or NEON

#if defined(__aarch64__)
inline float32x4_t register_of(float) { return float32x4_t{}; }
inline float64x2_t register_of(double) { return float64x2_t{}; }
#else
inline __m128 register_of(float) { return __m128{}; }
inline __m128d register_of(double) { return __m128d{}; }
#endif

template <class T>
struct Vec128 {
  typedef decltype(register_of(T())) V;
  static constexpr int W = 16 / sizeof(T);
  MATMUL_INLINE V zero() { return V{}; }
  MATMUL_INLINE V add(V a, V b) { return a + b; }
  MATMUL_INLINE V load(const T* p) {
    V v;
    memcpy(&v, p, sizeof v);
    return v;
  }
  MATMUL_INLINE void store(T* p, V v) { memcpy(p, &v, sizeof v); }
  MATMUL_INLINE V load_part(const T* p, int count) {
    T lanes[W] = {};
    for (int i = 0; i < count; i++) lanes[i] = p[i];
    return load(lanes);
  }
  MATMUL_INLINE void store_part(T* p, V v, int count) {
    T lanes[W];
    store(lanes, v);
    for (int i = 0; i < count; i++) p[i] = lanes[i];
  }
};

#if defined(__aarch64__)

template <>
struct Vec<float> : Vec128<float> {
  MATMUL_INLINE V broadcast(const float* p) { return vld1q_dup_f32(p); }
  MATMUL_INLINE V fma(V a, V b, V c) { return vfmaq_f32(c, a, b); }
  MATMUL_INLINE void combine4(const V* v, float* out) {
    store(out, vpaddq_f32(vpaddq_f32(v[0], v[1]), vpaddq_f32(v[2], v[3])));
  }
  MATMUL_INLINE void transpose(const float* const* rows, float* out, int64_t stride) {
    const V x0 = load(rows[0]), x1 = load(rows[1]), x2 = load(rows[2]), x3 = load(rows[3]);
    const float64x2_t a = vreinterpretq_f64_f32(vtrn1q_f32(x0, x1)), b = vreinterpretq_f64_f32(vtrn2q_f32(x0, x1));
    const float64x2_t c = vreinterpretq_f64_f32(vtrn1q_f32(x2, x3)), d = vreinterpretq_f64_f32(vtrn2q_f32(x2, x3));
    store(out, vreinterpretq_f32_f64(vtrn1q_f64(a, c)));
    store(out + stride, vreinterpretq_f32_f64(vtrn1q_f64(b, d)));
    store(out + 2 * stride, vreinterpretq_f32_f64(vtrn2q_f64(a, c)));
    store(out + 3 * stride, vreinterpretq_f32_f64(vtrn2q_f64(b, d)));
  }
};

template <>
struct Vec<double> : Vec128<double> {
  MATMUL_INLINE V broadcast(const double* p) { return vld1q_dup_f64(p); }
  MATMUL_INLINE V fma(V a, V b, V c) { return vfmaq_f64(c, a, b); }
  MATMUL_INLINE void combine4(const V* v, double* out) {
    store(out, vpaddq_f64(v[0], v[1]));
    store(out + 2, vpaddq_f64(v[2], v[3]));
  }
  MATMUL_INLINE void transpose(const double* const* rows, double* out, int64_t stride) {
    const V x0 = load(rows[0]), x1 = load(rows[1]);
    store(out, vtrn1q_f64(x0, x1));
    store(out + stride, vtrn2q_f64(x0, x1));
  }
};

#else

template <>
struct Vec<float> : Vec128<float> {
  MATMUL_INLINE V broadcast(const float* p) { return _mm_set1_ps(*p); }
  MATMUL_INLINE V fma(V a, V b, V c) { return _mm_add_ps(_mm_mul_ps(a, b), c); }
  MATMUL_INLINE void combine4(const V* v, float* out) {
    store(out, _mm_hadd_ps(_mm_hadd_ps(v[0], v[1]), _mm_hadd_ps(v[2], v[3])));
  }
  MATMUL_INLINE void transpose(const float* const* rows, float* out, int64_t stride) {
    const V x0 = load(rows[0]), x1 = load(rows[1]), x2 = load(rows[2]), x3 = load(rows[3]);
    const V a = _mm_unpacklo_ps(x0, x1), b = _mm_unpackhi_ps(x0, x1);
    const V c = _mm_unpacklo_ps(x2, x3), d = _mm_unpackhi_ps(x2, x3);
    store(out, _mm_movelh_ps(a, c));
    store(out + stride, _mm_movehl_ps(c, a));
    store(out + 2 * stride, _mm_movelh_ps(b, d));
    store(out + 3 * stride, _mm_movehl_ps(d, b));
  }
};

template <>
struct Vec<double> : Vec128<double> {
  MATMUL_INLINE V broadcast(const double* p) { return _mm_set1_pd(*p); }
  MATMUL_INLINE V fma(V a, V b, V c) { return _mm_add_pd(_mm_mul_pd(a, b), c); }
  MATMUL_INLINE void combine4(const V* v, double* out) {
    store(out, _mm_hadd_pd(v[0], v[1]));
    store(out + 2, _mm_hadd_pd(v[2], v[3]));
  }
  MATMUL_INLINE void transpose(const double* const* rows, double* out, int64_t stride) {
    const V x0 = load(rows[0]), x1 = load(rows[1]);
    store(out, _mm_unpacklo_pd(x0, x1));
    store(out + stride, _mm_unpackhi_pd(x0, x1));
  }
};

#endif
#endif

}  // namespace
}  // namespace MYELIN_TARGET
}  // namespace myelin
