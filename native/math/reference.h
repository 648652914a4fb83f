// The oracle for the maths of this folder: long double and the platform's libm. Where unary.h approximates,
// an overload here is preferred; everything composed of them is the same text at higher precision.
// Only the "reference" target includes it.
#pragma once
#include "portable.h"

MYELIN_BEGIN

template <>
struct Lanes<long double> {
  typedef long double Scalar;
  static constexpr int count = 1;
  static HD long double broadcast(long double x) { return x; }
  static HD long double select(bool mask, long double a, long double b) { return mask ? a : b; }
  static HD long double sqrt(long double x) { return __builtin_sqrtl(x); }
  static HD long double floor(long double x) { return __builtin_floorl(x); }
  static HD long double sin(long double x) { return __builtin_sinl(x); }
  static HD long double cos(long double x) { return __builtin_cosl(x); }
};

namespace math {
HD long double exp(long double x) { return __builtin_expl(x); }
HD long double log(long double x) { return __builtin_logl(x); }
HD long double expm1(long double x) { return __builtin_expm1l(x); }
HD long double erf(long double x) { return __builtin_erfl(x); }
HD long double erfc(long double x) { return __builtin_erfcl(x); }
HD long double abs(long double x) { return __builtin_fabsl(x); }
HD long double tanh(long double x) { return __builtin_tanhl(x); }
HD long double softplus_tail(long double x) { return __builtin_log1pl(__builtin_expl(-__builtin_fabsl(x))); }
HD long double power(long double x, long double y) { return __builtin_powl(x, y); }
}  // namespace math

MYELIN_END
