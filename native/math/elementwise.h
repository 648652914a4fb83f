// The list of element-wise primitives: name (as TypeScript spells it) and formula. Each backend expands it into
// kernels, the core into its rules. In a formula a, b, c are operands of a lane type V, `attr` a scalar of it,
// S its scalar type. To add an op, add its function and its line of the list to unary.h or binary.h.
#pragma once
#include "binary.h"
#include "unary.h"

#define MYELIN_TERNARY(X) X(select, math::choose(a, b, c))

// Computed lane by lane with V = S, because they rest on the platform's scalar functions. Not for hot loops.
#define MYELIN_LANEWISE_UNARY(X) \
  X(sin, Lanes<V>::sin(a)) \
  X(cos, Lanes<V>::cos(a))
#define MYELIN_LANEWISE_BINARY(X) X(power, math::power(a, b))
