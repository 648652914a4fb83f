// Functions of one number, each written once for float, double and vectors of them.
//
// exp, log: reduction by powers of two after Cody and Waite (Software Manual for the Elementary Functions,
// 1980), then a polynomial fitted at Chebyshev nodes, as are those of erf and erfc. Largest error measured in
// test/native/kernels/accuracy.cpp: ≤ 2 ulp in float32 (erf 3, erfc 4), ≤ 4 ulp in float64. Results below the smallest
// normal number may be flushed to 0.
#pragma once
#include "portable.h"
#ifdef MYELIN_REFERENCE
#include "reference.h"
#endif

MYELIN_BEGIN
namespace math {

// P(r) with e^r = 1 + r + r²·P(r) for |r| ≤ ln2/2. The second argument picks the precision.
template <class V>
HD V exp_polynomial(V r, float) {
  return horner(r, Lanes<V>::broadcast(0.00139263256181334621f), 0.0083632927530306023112f, 0.041666553762567638397f,
                0.16666576305560638271f, 0.5f);
}
template <class V>
HD V exp_polynomial(V r, double) {
  return horner(r, Lanes<V>::broadcast(2.0914831351380410561e-9), 2.5105419192016336433e-8, 2.7557273295539724343e-7,
                2.7557254913486702019e-6, 2.480158732582228205e-5, 1.9841269875205076848e-4, 1.3888888888883669627e-3,
                8.3333333333260249508e-3, 4.1666666666666669814e-2, 0.16666666666666671074, 0.5);
}

// Q(z) with ln((1+s)/(1−s)) = 2s + s·z·Q(z), z = s², for the s of mantissas in [√½, √2).
template <class V>
HD V log_polynomial(V z, float) {
  return horner(z, Lanes<V>::broadcast(0.23331614471843499235f), 0.28550778633191965434f, 0.40000122211810649396f,
                0.6666666655404201243f);
}
template <class V>
HD V log_polynomial(V z, double) {
  return horner(z, Lanes<V>::broadcast(0.1308803485092755383), 0.13268638369266823879, 0.15386244737621666606,
                0.18181795547521136235, 0.22222222392581045097, 0.28571428570799785031, 0.40000000000000883236,
                0.66666666666666666463);
}

// 2^n for n within the range of normal numbers.
template <class V>
HD V power_of_two(typename Lanes<V>::Int n) {
  typedef Format<typename Lanes<V>::Scalar> F;
  return Lanes<V>::from_bits(shift_left(n + F::bias, F::mantissa));
}

// Writes x as n·ln2 + r and gives r.
template <class V>
HD V exp_remainder(V x, typename Lanes<V>::Int* n) {
  typedef Format<typename Lanes<V>::Scalar> F;
  typedef Lanes<V> L;
  const V magic = L::broadcast(F::magic);
  const V shifted = L::mul_add(x, L::broadcast(F::log2e), magic);
  *n = L::bits(shifted) - L::bits(magic);
  const V whole = shifted - magic;
  return L::mul_add(whole, L::broadcast(-F::ln2_low), L::mul_add(whole, L::broadcast(-F::ln2_high), x));
}

// e^r − 1 for |r| ≤ ln2/2.
template <class V>
HD V small_expm1(V r) {
  return Lanes<V>::mul_add(exp_polynomial(r, typename Lanes<V>::Scalar()), r * r, r);
}

// Writes x as n·ln2 + r and gives e^r − 1.
template <class V>
HD V reduced_expm1(V x, typename Lanes<V>::Int* n) {
  return small_expm1(exp_remainder(x, n));
}

// e·2^n, in two steps, because 2^n itself may leave the range although the result does not.
template <class V>
HD V scaled(V e, typename Lanes<V>::Int n) {
  const typename Lanes<V>::Int half = n >> 1;
  return e * power_of_two<V>(half) * power_of_two<V>(n - half);
}

// e^x. Overflows to infinity, NaN stays NaN.
template <class V>
HD V exp(V x) {
  typedef typename Lanes<V>::Scalar S;
  typedef Format<S> F;
  typedef Lanes<V> L;
  // Clamping by comparisons that are false for NaN keeps NaN.
  x = select(x > F::exp_high, L::broadcast(F::exp_high), x);
  x = select(x < F::exp_low, L::broadcast(F::exp_low), x);
  typename L::Int n;
  const V e = reduced_expm1(x, &n) + S(1);
  return scaled(e, n);
}

// ln(1+f) + k·ln2 for 1+f in [√½, √2) and an integer k.
template <class V>
HD V reduced_log1p(V f, V k) {
  typedef typename Lanes<V>::Scalar S;
  typedef Format<S> F;
  const V s = f / (f + S(2));
  const V z = s * s;
  const V half = f * f * S(0.5);
  const V rest = s * (half + z * log_polynomial(z, S()));
  // With k = 0 this is f − (half − rest): the small terms are added first.
  return k * F::ln2_high - ((half - (rest + k * F::ln2_low)) - f);
}

template <class V>
HD V abs(V x) {
  typedef Format<typename Lanes<V>::Scalar> F;
  return Lanes<V>::from_bits(Lanes<V>::bits(x) & ~F::sign);
}

// Natural logarithm. log(0) = −∞, log(x < 0) = NaN.
template <class V>
HD V log(V x) {
  typedef typename Lanes<V>::Scalar S;
  typedef Format<S> F;
  typedef Lanes<V> L;
  typedef typename L::Int I;
  const S lift = S(int64_t(1) << (F::mantissa + 2));
  const auto subnormal = x < F::smallest_normal;
  // Negative numbers are put right at the end; till then their sign must not reach the integer arithmetic.
  const V normal = select(subnormal, abs(x) * lift, x);
  const I root_half = L::bits(L::broadcast(S(0.70710678118654752440)));
  const I above = L::bits(normal) - root_half;
  const I exponent = above >> F::mantissa;
  const V mantissa = L::from_bits(L::bits(normal) - (above & -(typename F::Bits(1) << F::mantissa)));
  const V magic = L::broadcast(F::magic);
  V k = L::from_bits(exponent + L::bits(magic)) - magic;
  k = select(subnormal, k - S(F::mantissa + 2), k);
  V y = reduced_log1p(mantissa - S(1), k);
  y = select(x == F::infinity, x, y);
  y = select(x == S(0), L::broadcast(-F::infinity), y);
  y = select(x < S(0), L::broadcast(S(__builtin_nan(""))), y);
  return select(x != x, x, y);
}

// ln(1 + x), without the error of rounding 1 + x: what that sum u lost of x is put back to first order, as ln′ = 1/u.
// Exact to the last bits however small x is. log1p(−1) = −∞, log1p(x < −1) = NaN.
template <class V>
HD V log1p(V x) {
  typedef typename Lanes<V>::Scalar S;
  const V u = x + S(1);
  const V y = log(u);
  // Not where u is 0 or ∞: there the correction would be NaN. The sign of a zero is x's.
  return select(y - y == S(0), select(u == S(1), x, y + (x - (u - S(1))) / u), y);
}

// tanh a for 0 ≤ a ≤ tanh_high, or NaN. In float64 t / (t + 2) with t = e^(2a) − 1 is good to 3 ulp everywhere; in
// float32 a polynomial for small a and 1 − 2/(e^(2a) + 1) above keep it below 2.
template <class V>
HD V tanh_positive(V a, double) {
  typename Lanes<V>::Int n;
  const V e = reduced_expm1(a + a, &n);
  const V scale = power_of_two<V>(n);
  const V t = Lanes<V>::mul_add(e, scale, scale - 1.0);
  return t / (t + 2.0);
}
template <class V>
HD V tanh_positive(V a, float) {
  typedef Lanes<V> L;
  typename L::Int n;
  const V e = reduced_expm1(a + a, &n) + 1.0f;
  const V large = 1.0f - 2.0f / L::mul_add(e, power_of_two<V>(n), L::broadcast(1.0f));
  const V z = a * a;
  const V q = horner(z, L::broadcast(-0.0066102278311147345141f), 0.021309388664443473807f, -0.053909428827460545439f,
                     0.1333311372902087191f, -0.33333332007976979681f);
  return select(a < 0.55f, L::mul_add(a * z, q, a), large);
}

template <class V>
HD V tanh(V x) {
  typedef typename Lanes<V>::Scalar S;
  typedef Format<S> F;
  typedef Lanes<V> L;
  V a = abs(x);
  a = select(a > F::tanh_high, L::broadcast(F::tanh_high), a);
  return L::from_bits(L::bits(tanh_positive(a, S())) | (L::bits(x) & F::sign));
}

// e^x − 1, without the error of rounding e^x where that is near 1.
template <class V>
HD V expm1(V x) {
  typedef typename Lanes<V>::Scalar S;
  typedef Format<S> F;
  typedef Lanes<V> L;
  V a = select(x > F::exp_high, L::broadcast(F::exp_high), x);
  a = select(a < -2 * F::tanh_high, L::broadcast(-2 * F::tanh_high), a);  // there it rounds to −1
  typename L::Int n;
  const V e = reduced_expm1(a, &n);
  // Half of the result, because 2^n itself may leave the range. No sum of this kind tells 0 from −0.
  const V scale = power_of_two<V>(n - 1);
  const V half = L::mul_add(e, scale, scale - S(0.5));
  return L::from_bits(L::bits(half + half) | (L::bits(x) & F::sign));
}

// erf x = x + x·P(x²) for |x| ≤ ½.
template <class V>
HD V erf_polynomial(V z, float) {
  return horner(z, Lanes<V>::broadcast(4.71908273e-3f), -0.026757732f, 0.112828314f, -0.376126081f, 0.128379166f);
}
template <class V>
HD V erf_polynomial(V z, double) {
  return horner(z, Lanes<V>::broadcast(1.4725865480556744e-6), -1.4845849259707869e-5, 1.2053335124353741e-4,
                -8.5482977536749665e-4, 5.2239773730214699e-3, -0.026866170632887928, 0.11283791670925353,
                -0.37612638903183476, 0.12837916709551256);
}

// (1 + 2x)·e^(x²)·erfc x, which is nearly flat, as a polynomial in q = (x − k)/(x + k), k of Format (the variable of
// Shepherd & Laframboise, Math. Comp. 36, 1981).
template <class V>
HD V erfc_polynomial(V q, float) {
  return horner(q, Lanes<V>::broadcast(9.90967965e-4f), 1.42189569e-3f, -8.42556916e-3f, 0.0258617513f, -0.0564399809f,
                0.0915584043f, -0.110539399f, 0.0859936848f, 2.85180722e-4f, -0.140273198f, 1.23869133f);
}
template <class V>
HD V erfc_polynomial(V q, double) {
  return horner(q, Lanes<V>::broadcast(-1.8822551750393533e-9), -1.3870633436752771e-8, -7.770852409868655e-9,
                1.1579545491817747e-7, 6.3099318920481242e-8, -8.355403600708081e-7, 3.0082269716067099e-7,
                5.7180194304286331e-6, -1.1224436722701745e-5, -2.4403165369627111e-5, 1.5062210715057866e-4,
                -1.9925552619520982e-4, -7.5777330913793324e-4, 5.0319697622847361e-3, -0.016197734063710445,
                0.03716751556148306, -0.066330365811154465, 0.093732834996872696, -0.10103906603636773,
                0.068097054254734682, 0.015379652102620996, -0.13962111684056286, 1.2329951186255526);
}

// 1 − erf a for 0 ≤ a ≤ erfc_high, or NaN. The square in the exponent is taken in two parts, the first of them exact:
// a rounded one would cost a² units in the last place.
template <class V>
HD V erfc_positive(V a) {
  typedef typename Lanes<V>::Scalar S;
  typedef Format<S> F;
  typedef Lanes<V> L;
  const V high = L::from_bits(L::bits(a) & -(typename F::Bits(1) << (F::mantissa + 2) / 2));
  typename L::Int n;
  const V r = exp_remainder(-(high * high), &n) - (a - high) * (a + high);
  const V q = (a - F::erfc_k) / (a + F::erfc_k);
  return scaled(small_expm1(r) + S(1), n) * (erfc_polynomial(q, S()) / (a + a + S(1)));
}

// erf x for |x| ≤ ½.
template <class V>
HD V erf_small(V x) {
  typedef typename Lanes<V>::Scalar S;
  return Lanes<V>::mul_add(x, erf_polynomial(x * x, S()), x);
}

// 2/√π·∫ e^(−t²) dt from 0 to x. Exact to the last bits near 0 too.
template <class V>
HD V erf(V x) {
  typedef typename Lanes<V>::Scalar S;
  typedef Format<S> F;
  typedef Lanes<V> L;
  V a = abs(x);
  a = select(a > F::erfc_high, L::broadcast(F::erfc_high), a);
  const V large = L::from_bits(L::bits(S(1) - erfc_positive(a)) | (L::bits(x) & F::sign));
  return select(a < S(0.5), erf_small(x), large);
}

// 1 − erf x. Keeps its relative accuracy where it is tiny, down to underflow.
template <class V>
HD V erfc(V x) {
  typedef typename Lanes<V>::Scalar S;
  typedef Format<S> F;
  V a = abs(x);
  a = select(a > F::erfc_high, Lanes<V>::broadcast(F::erfc_high), a);
  const V tail = erfc_positive(a);
  return select(a < S(0.5), S(1) - erf_small(x), select(x < S(0), S(2) - tail, tail));
}

// 1 / (1 + e^−x).
template <class V>
HD V sigmoid(V x) {
  typedef typename Lanes<V>::Scalar S;
  return Lanes<V>::broadcast(S(1)) / (exp(-x) + S(1));
}

// ln(1 + e^−|x|): what softplus(x) and softplus(−x) have in common. Keeps its relative accuracy where it is
// tiny, down to underflow.
template <class V>
HD V softplus_tail(V x) {
  typedef typename Lanes<V>::Scalar S;
  typedef Lanes<V> L;
  const V u = exp(-abs(x));
  // 1+u in [1, 2]: halved where it is above √2, for reduced_log1p. u − 1 is exact from ½ on.
  const auto large = u > S(0.41421356237309504880);
  const V f = select(large, (u - S(1)) * S(0.5), u);
  const V k = select(large, L::broadcast(S(1)), L::broadcast(S(0)));
  return reduced_log1p(f, k);
}

// max(x, 0) + ln(1 + e^−|x|).
template <class V>
HD V softplus(V x) {
  typedef typename Lanes<V>::Scalar S;
  return select(x < S(0), Lanes<V>::broadcast(S(0)), x) + softplus_tail(x);
}

template <class V>
HD V neg(V x) {
  return -x;
}

template <class V>
HD V sqrt(V x) {
  return Lanes<V>::sqrt(x);
}

template <class V>
HD V floor(V x) {
  return Lanes<V>::floor(x);
}

// −1, 0, 1; a zero keeps its sign.
template <class V>
HD V sign(V x) {
  typedef typename Lanes<V>::Scalar S;
  typedef Lanes<V> L;
  return select(x > S(0), L::broadcast(S(1)), select(x < S(0), L::broadcast(S(-1)), x));
}

// x ≥ 0 ? x : 0. Written so that NaN stays NaN.
template <class V>
HD V relu(V x) {
  typedef typename Lanes<V>::Scalar S;
  return select(x < S(0), Lanes<V>::broadcast(S(0)), x);
}

// x ≥ 0 ? x : slope·x.
template <class V>
HD V leaky_relu(V x, typename Lanes<V>::Scalar slope) {
  typedef typename Lanes<V>::Scalar S;
  return select(x < S(0), x * slope, x);
}

}  // namespace math
MYELIN_END

// The list: see elementwise.h.
#define MYELIN_UNARY(X) \
  X(identity, a) \
  X(neg, math::neg(a)) \
  X(exp, math::exp(a)) \
  X(log, math::log(a)) \
  X(log1p, math::log1p(a)) \
  X(expm1, math::expm1(a)) \
  X(sqrt, math::sqrt(a)) \
  X(abs, math::abs(a)) \
  X(sign, math::sign(a)) \
  X(floor, math::floor(a)) \
  X(erf, math::erf(a)) \
  X(erfc, math::erfc(a)) \
  X(tanh, math::tanh(a)) \
  X(sigmoid, math::sigmoid(a)) \
  X(softplus, math::softplus(a)) \
  X(relu, math::relu(a)) \
  X(leakyRelu, math::leaky_relu(a, attr))
