// The list of element-wise primitives: name (as TypeScript spells it) and formula. Each backend expands it into
// kernels. In a formula a, b, c are operands of a lane type V, `attr` a scalar of it, S its scalar type.
// To add an op, add its line here; a formula longer than a line goes into unary.h or binary.h.
#pragma once
#include "binary.h"
#include "unary.h"

#define MYELIN_UNARY(X) \
  X(identity, a) \
  X(neg, math::neg(a)) \
  X(exp, math::exp(a)) \
  X(log, math::log(a)) \
  X(sqrt, math::sqrt(a)) \
  X(abs, math::abs(a)) \
  X(sign, math::sign(a)) \
  X(floor, math::floor(a)) \
  X(tanh, math::tanh(a)) \
  X(sigmoid, math::sigmoid(a)) \
  X(softplus, math::softplus(a)) \
  X(relu, math::relu(a)) \
  X(leakyRelu, math::leaky_relu(a, attr))

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

#define MYELIN_TERNARY(X) X(select, math::choose(a, b, c))

// Computed lane by lane with V = S, because they rest on the platform's scalar functions. Not for hot loops.
#define MYELIN_LANEWISE_UNARY(X) \
  X(sin, Lanes<V>::sin(a)) \
  X(cos, Lanes<V>::cos(a))
#define MYELIN_LANEWISE_BINARY(X) X(power, math::power(a, b))
