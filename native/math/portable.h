// What the scalar maths of this folder is written with: a lane type V that is a float, a double, or a
// SIMD vector of either, and the few operations that the compiler's + − × ÷, comparisons and shifts do
// not cover. A comparison gives a mask (bool for scalars); `select` is the only branch.
//
// Everything stands in an anonymous namespace inside one named after the target: these headers are
// compiled once per instruction set, and a shared inline function would let the linker hand AVX-512
// code to a processor without it.
#pragma once
#include <stdint.h>
#include <string.h>

#if defined(__CUDACC__)
#define HD __host__ __device__ __forceinline__
#else
#define HD inline __attribute__((always_inline))
#endif

#ifndef MYELIN_TARGET
#define MYELIN_TARGET portable
#endif
#define MYELIN_BEGIN \
  namespace myelin { \
  namespace MYELIN_TARGET { \
  namespace {
#define MYELIN_END \
  } \
  } \
  }

MYELIN_BEGIN

// Of sizes and positions. Numbers that are computed with have math::minimum and maximum, which keep a NaN.
HD int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
HD int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }
HD int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }
HD int64_t round_up(int64_t a, int64_t b) { return divide_up(a, b) * b; }

// Lanes<V> describes a lane type: Scalar, Int (the integer of the same width, with V's number of lanes),
// count, and the operations. Vector specialisations are in native/cpu/simd.
template <class V>
struct Lanes;

template <>
struct Lanes<float> {
  typedef float Scalar;
  typedef int32_t Int;
  static constexpr int count = 1;
  static HD float broadcast(float x) { return x; }
  static HD float select(bool mask, float a, float b) { return mask ? a : b; }
  static HD int32_t bits(float x) {
    int32_t i;
    memcpy(&i, &x, sizeof i);
    return i;
  }
  static HD float from_bits(int32_t i) {
    float x;
    memcpy(&x, &i, sizeof x);
    return x;
  }
  // a·b + c: rounded once where the target has it, twice where not. Only for approximations that hold
  // their bound either way.
  static HD float mul_add(float a, float b, float c) {
#if defined(__CUDACC__) || defined(__FMA__) || defined(__aarch64__)
    return __builtin_fmaf(a, b, c);
#else
    return a * b + c;
#endif
  }
  static HD float sqrt(float x) { return __builtin_sqrtf(x); }
  static HD float floor(float x) { return __builtin_floorf(x); }
  static HD float sin(float x) { return __builtin_sinf(x); }
  static HD float cos(float x) { return __builtin_cosf(x); }
};

template <>
struct Lanes<double> {
  typedef double Scalar;
  typedef int64_t Int;
  static constexpr int count = 1;
  static HD double broadcast(double x) { return x; }
  static HD double select(bool mask, double a, double b) { return mask ? a : b; }
  static HD int64_t bits(double x) {
    int64_t i;
    memcpy(&i, &x, sizeof i);
    return i;
  }
  static HD double from_bits(int64_t i) {
    double x;
    memcpy(&x, &i, sizeof x);
    return x;
  }
  static HD double mul_add(double a, double b, double c) {
#if defined(__CUDACC__) || defined(__FMA__) || defined(__aarch64__)
    return __builtin_fma(a, b, c);
#else
    return a * b + c;
#endif
  }
  static HD double sqrt(double x) { return __builtin_sqrt(x); }
  static HD double floor(double x) { return __builtin_floor(x); }
  static HD double sin(double x) { return __builtin_sin(x); }
  static HD double cos(double x) { return __builtin_cos(x); }
};

// 64-bit lanes that hold 32-bit words: `multiply` is the whole product of the low halves.
template <class U>
struct Words;
template <>
struct Words<uint64_t> {
  static HD uint64_t multiply(uint64_t a, uint64_t b) { return uint64_t(uint32_t(a)) * uint32_t(b); }
};

template <class V>
HD V select(decltype(V() < V()) mask, V a, V b) {
  return Lanes<V>::select(mask, a, b);
}

// n·2^count, whatever falls off at the top: NaN makes numbers here that no shift of a signed integer may.
template <class I>
HD I shift_left(I n, int count) {
  return n << count;
}
HD int32_t shift_left(int32_t n, int count) { return static_cast<int32_t>(static_cast<uint32_t>(n) << count); }
HD int64_t shift_left(int64_t n, int count) { return static_cast<int64_t>(static_cast<uint64_t>(n) << count); }

// The polynomial c0·x^n + c1·x^(n-1) + … by Horner's rule.
template <class V>
HD V horner(V, V sum) {
  return sum;
}
template <class V, class... Rest>
HD V horner(V x, V sum, typename Lanes<V>::Scalar c, Rest... rest) {
  return horner(x, Lanes<V>::mul_add(sum, x, Lanes<V>::broadcast(c)), rest...);
}

// Numbers that depend on the precision. `magic` is 1.5·2^(mantissa bits): adding it rounds to an integer
// and leaves that integer in the low bits. ln2_high has so few bits that its product with any exponent is exact.
template <class S>
struct Format;
template <>
struct Format<float> {
  typedef int32_t Bits;
  static constexpr int mantissa = 23;
  static constexpr int32_t bias = 127;
  static constexpr int32_t sign = INT32_MIN;
  static constexpr float magic = 0x1.8p23f, ln2_high = 0x1.63p-1f, ln2_low = -0x1.bd0106p-13f, log2e = 0x1.715476p0f;
  static constexpr float smallest_normal = 0x1p-126f, infinity = __builtin_huge_valf();
  static constexpr float exp_high = 89.0f, exp_low = -104.0f;  // e^x overflows, vanishes from here on
  static constexpr float tanh_high = 10.0f;                    // tanh x rounds to 1 from here on
  static constexpr float erfc_high = 10.5f, erfc_k = 3.6875f;  // erfc x vanishes from here on; of its polynomial
};
template <>
struct Format<double> {
  typedef int64_t Bits;
  static constexpr int mantissa = 52;
  static constexpr int64_t bias = 1023;
  static constexpr int64_t sign = INT64_MIN;
  static constexpr double magic = 0x1.8p52, ln2_high = 0x1.62e42feep-1, ln2_low = 0x1.a39ef35793c76p-33,
                          log2e = 0x1.71547652b82fep0;
  static constexpr double smallest_normal = 0x1p-1022, infinity = __builtin_huge_val();
  static constexpr double exp_high = 710.0, exp_low = -746.0;
  static constexpr double tanh_high = 20.0;
  static constexpr double erfc_high = 27.5, erfc_k = 4.0;
};

MYELIN_END
