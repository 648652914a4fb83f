// Functions of two and three numbers, each written once for float, double and vectors of them.
#pragma once
#include "portable.h"
#include "unary.h"

MYELIN_BEGIN
namespace math {

// The larger; NaN if either is NaN.
template <class V>
HD V maximum(V a, V b) {
  return select(a != a, a, select(a > b, a, b));
}

// The smaller; NaN if either is NaN.
template <class V>
HD V minimum(V a, V b) {
  return select(a != a, a, select(a < b, a, b));
}

template <class V>
HD V from_mask(decltype(V() < V()) mask) {
  typedef typename Lanes<V>::Scalar S;
  return select(mask, Lanes<V>::broadcast(S(1)), Lanes<V>::broadcast(S(0)));
}

// Comparisons give 1 or 0; with a NaN they are 0.
template <class V>
HD V greater(V a, V b) {
  return from_mask<V>(a > b);
}
template <class V>
HD V greater_equal(V a, V b) {
  return from_mask<V>(a >= b);
}
template <class V>
HD V equal(V a, V b) {
  return from_mask<V>(a == b);
}

// a where condition ≠ 0, else b.
template <class V>
HD V choose(V condition, V a, V b) {
  typedef typename Lanes<V>::Scalar S;
  return select(condition != S(0), a, b);
}

// y·softplus(−z) + (1−y)·softplus(z): cross-entropy of the probability sigmoid(z) against the label y, without
// ever rounding that probability. The common tail is taken out because its weights add up to 1. Certainty of the right
// label costs nothing, so 0·∞ is 0.
template <class V>
HD V sigmoid_cross_entropy(V z, V y) {
  typedef typename Lanes<V>::Scalar S;
  const V weight = select(z < S(0), y, S(1) - y);
  return select(weight == S(0), Lanes<V>::broadcast(S(0)), weight * abs(z)) + softplus_tail(z);
}

// x^y of scalars, with the conventions of C's pow: 0^0 = 1, negative bases with integer exponents.
// float32 is computed in float64; float64 through the platform's widest pow.
HD double power(double x, double y) {
  if (y == 2) return x * x;
  if (y == 1) return x;
  if (y == -1) return 1 / x;
  if (y == 0.5 && x >= 0) return Lanes<double>::sqrt(x) + 0.0;  // + 0.0: (−0)^½ is +0
#if defined(__CUDA_ARCH__)
  return ::pow(x, y);
#else
  return static_cast<double>(__builtin_powl(x, y));
#endif
}
HD float power(float x, float y) {
  if (y == 2) return x * x;
  if (y == 1) return x;
  if (y == -1) return 1 / x;
  if (y == 0.5f && x >= 0) return Lanes<float>::sqrt(x) + 0.0f;
  const bool plain = x > 0 && x < Format<float>::infinity && y - y == 0;
  if (plain) return static_cast<float>(exp(static_cast<double>(y) * log(static_cast<double>(x))));
  return static_cast<float>(power(static_cast<double>(x), static_cast<double>(y)));
}

}  // namespace math
MYELIN_END

// The list: see elementwise.h.
// clang-format takes a product for a pointer.
// clang-format off
#define MYELIN_BINARY(X) \
  X(add, a + b) \
  X(sub, a - b) \
  X(mul, a * b) \
  X(div, a / b) \
  X(maximum, math::maximum(a, b)) \
  X(minimum, math::minimum(a, b)) \
  X(greater, math::greater(a, b)) \
  X(greaterEqual, math::greater_equal(a, b)) \
  X(equal, math::equal(a, b)) \
  X(sigmoidCrossEntropy, math::sigmoid_cross_entropy(a, b))
// clang-format on
