// Largest error of the approximated functions, in units of the last place of the exact result, over many points and
// for every instruction set of this machine. Fails above the bounds that the library promises.
//
//   accuracy [points per range]
#include <cfenv>
#include <cmath>
#include <limits>

#include "support.h"

using namespace kernel_test;

namespace {

struct Range {
  const char* op;
  double low, high;
  bool logarithmic;  // points are spread evenly over exponents, both signs if low < 0
  long double (*exact)(long double);
  double bound_f32, bound_f64;
};

long double exact_sigmoid(long double x) { return 1 / (1 + expl(-x)); }
long double exact_softplus(long double x) { return (x > 0 ? x : 0) + log1pl(expl(-fabsl(x))); }

const Range ranges[] = {
    {"exp", -87, 88.7, false, expl, 2, 4},
    {"exp", -708, 709.7, false, expl, 0, 4},
    {"exp", -1, 1, true, expl, 2, 4},
    {"log", 1e-37, 1e38, true, logl, 2, 4},
    {"log", 1e-307, 1e308, true, logl, 0, 4},
    {"log", 0.5, 2, false, logl, 2, 4},
    {"log", 0.99, 1.01, false, logl, 2, 4},
    {"log1p", -1, 1, true, log1pl, 2, 4},
    {"log1p", -0.999, 4, false, log1pl, 2, 4},
    {"log1p", 1e-30, 1e30, true, log1pl, 2, 4},
    {"expm1", -1, 1, true, expm1l, 2, 4},
    {"expm1", -4, 4, false, expm1l, 2, 4},
    {"expm1", -50, 88.7, false, expm1l, 2, 4},
    {"expm1", -50, 709.7, false, expm1l, 0, 4},
    {"erf", -1, 1, true, erfl, 3, 4},
    {"erf", -6, 6, false, erfl, 3, 4},
    {"erfc", -1, 1, true, erfcl, 4, 4},
    {"erfc", -6, 9.1, false, erfcl, 4, 4},
    {"erfc", -6, 26.5, false, erfcl, 0, 4},
    {"tanh", -10, 10, false, tanhl, 2, 4},
    {"tanh", -20, 20, false, tanhl, 2, 4},
    {"tanh", -1, 1, true, tanhl, 2, 4},
    {"sigmoid", -80, 80, false, exact_sigmoid, 3, 4},
    {"sigmoid", -1, 1, false, exact_sigmoid, 2, 4},
    {"softplus", -80, 80, false, exact_softplus, 3, 4},
    {"softplus", -4, 4, false, exact_softplus, 3, 4},
};

template <class S>
double ulps(S got, long double exact) {
  if (std::isnan(got) || std::isinf(got)) return 1e9;
  const long double magnitude =
      fabsl(exact) > std::numeric_limits<S>::min() ? fabsl(exact) : std::numeric_limits<S>::min();
  const int exponent = ilogbl(magnitude);
  const long double unit = ldexpl(1, exponent - (std::numeric_limits<S>::digits - 1));
  return static_cast<double>(fabsl(got - exact) / unit);
}

template <class S>
bool measure(const KernelTable& table, const Range& range, int points) {
  const double bound = sizeof(S) == 4 ? range.bound_f32 : range.bound_f64;
  if (bound == 0) return true;
  Random random(1);
  std::vector<S> x(points), y(points);
  for (S& v : x) {
    if (!range.logarithmic) {
      v = static_cast<S>(random.uniform(range.low, range.high));
    } else {
      const bool both = range.low < 0;
      const double low = both ? 1e-30 : range.low;
      const double size = std::exp(random.uniform(std::log(low), std::log(range.high)));
      v = static_cast<S>(both && random.below(2) ? -size : size);
    }
  }
  const ElementwiseEntry& entry = table.elementwise[elementwise(table, range.op)];
  function<S>(entry)(y.data(), x.data(), nullptr, nullptr, points, 0);
  double worst = 0;
  S at = 0;
  for (int i = 0; i < points; i++) {
    const double error = ulps(y[i], range.exact(x[i]));
    if (error > worst) {
      worst = error;
      at = x[i];
    }
  }
  const bool good = worst <= bound;
  std::printf("%-10s %-8s %-8s [%8.4g, %8.4g]%s  %6.3f ulp at %-14.9g bound %g%s\n", table.isa, range.op,
              sizeof(S) == 4 ? "float32" : "float64", range.low, range.high, range.logarithmic ? " log" : "    ", worst,
              static_cast<double>(at), bound, good ? "" : "  TOO LARGE");
  return good;
}

struct Special {
  const char* op;
  double x, y;
};

// Exact results at the ends of the range. NaN expects NaN.
bool check_specials(const KernelTable& table) {
  const double inf = INFINITY, nan = NAN;
  const Special specials[] = {
      {"exp", 0, 1},          {"exp", -0.0, 1},         {"exp", inf, inf},      {"exp", -inf, 0},
      {"exp", nan, nan},      {"exp", 1000, inf},       {"exp", -1000, 0},      {"log", 1, 0},
      {"log", 0, -inf},       {"log", -0.0, -inf},      {"log", -1, nan},       {"log", -inf, nan},
      {"log", inf, inf},      {"log", nan, nan},        {"tanh", 0, 0},         {"tanh", -0.0, -0.0},
      {"tanh", inf, 1},       {"tanh", -inf, -1},       {"tanh", nan, nan},     {"tanh", 1000, 1},
      {"sigmoid", 0, 0.5},    {"sigmoid", inf, 1},      {"sigmoid", -inf, 0},   {"sigmoid", nan, nan},
      {"sigmoid", -1000, 0},  {"softplus", 1000, 1000}, {"softplus", -1000, 0}, {"softplus", inf, inf},
      {"softplus", nan, nan}, {"softplus", -inf, 0},    {"relu", 0, 0},         {"relu", -1, 0},
      {"relu", nan, nan},     {"relu", inf, inf},       {"sign", 0, 0},         {"sign", -3, -1},
      {"sign", nan, nan},     {"abs", -inf, inf},       {"abs", nan, nan},      {"sqrt", -1, nan},
      {"sqrt", 4, 2},         {"floor", -0.5, -1},      {"floor", nan, nan},    {"floor", 2.999, 2},
      {"floor", -inf, -inf},  {"leakyRelu", -2, -0.5},  {"leakyRelu", 0, 0},    {"leakyRelu", nan, nan},
      {"neg", 0, -0.0},       {"identity", nan, nan},   {"log1p", 0, 0},        {"log1p", -0.0, -0.0},
      {"log1p", -1, -inf},    {"log1p", -2, nan},       {"log1p", inf, inf},    {"log1p", nan, nan},
      {"log1p", -inf, nan},   {"expm1", 0, 0},          {"expm1", -0.0, -0.0},  {"expm1", inf, inf},
      {"expm1", -inf, -1},    {"expm1", nan, nan},      {"expm1", 1000, inf},   {"expm1", -1000, -1},
      {"erf", 0, 0},          {"erf", -0.0, -0.0},      {"erf", inf, 1},        {"erf", -inf, -1},
      {"erf", nan, nan},      {"erfc", 0, 1},           {"erfc", -0.0, 1},      {"erfc", inf, 0},
      {"erfc", -inf, 2},      {"erfc", nan, nan},       {"erfc", 1000, 0},      {"erfc", -1000, 2},
  };
  bool good = true;
  for (const Special& s : specials) {
    const ElementwiseEntry& entry = table.elementwise[elementwise(table, s.op)];
    // Every lane of a whole vector and of a tail.
    const int n = 35;
    std::vector<float> xf(n, static_cast<float>(s.x)), yf(n);
    std::vector<double> xd(n, s.x), yd(n);
    entry.f32(yf.data(), xf.data(), nullptr, nullptr, n, 0.25);
    entry.f64(yd.data(), xd.data(), nullptr, nullptr, n, 0.25);
    for (int i = 0; i < n; i++) {
      const auto same = [&](double got) {
        return std::isnan(s.y) ? std::isnan(got) : got == s.y && std::signbit(got) == std::signbit(s.y);
      };
      if (same(yf[i]) && same(yd[i])) continue;
      std::printf("%s: %s(%g) is %g in float32, %g in float64; expected %g\n", table.isa, s.op, s.x, yf[i], yd[i], s.y);
      good = false;
      break;
    }
  }
  return good;
}

bool check_power(const KernelTable& table) {
  const double inf = INFINITY, nan = NAN;
  const double cases[][2] = {{2, 10},   {-2, 3},       {-2, -3},     {-2, 2},     {0, 0},      {nan, 0},
                             {1, nan},  {1, inf},      {-1, inf},    {0, -1},     {-0.0, -1},  {0, 2},
                             {-0.0, 3}, {-8, 1.0 / 3}, {9, 0.5},     {-0.0, 0.5}, {inf, 0.5},  {-inf, 0.5},
                             {inf, -2}, {2, 0.3},      {1e-20, 1.7}, {0.5, inf},  {0.5, -inf}, {3, 2}};
  bool good = true;
  const ElementwiseEntry& entry = table.elementwise[elementwise(table, "power")];
  for (const auto& c : cases) {
    const float xf = static_cast<float>(c[0]), yf = static_cast<float>(c[1]);
    float gotf;
    double got;
    entry.f32(&gotf, &xf, &yf, nullptr, 1, 0);
    entry.f64(&got, &c[0], &c[1], nullptr, 1, 0);
    const auto close = [](double a, double b, double tolerance) {
      if (std::isnan(b)) return std::isnan(a);
      return (a == b && std::signbit(a) == std::signbit(b)) || std::fabs(a - b) <= tolerance * std::fabs(b);
    };
    if (close(got, std::pow(c[0], c[1]), 1e-15) &&
        close(gotf, static_cast<float>(std::pow(static_cast<double>(xf), static_cast<double>(yf))), 1.2e-7)) {
      continue;
    }
    std::printf("%s: power(%g, %g) is %g and %g, expected %g\n", table.isa, c[0], c[1], gotf, got,
                std::pow(c[0], c[1]));
    good = false;
  }
  return good;
}

}  // namespace

int main(int argc, char** argv) {
  const int points = argc > 1 ? std::atoi(argv[1]) : 200000;
  bool good = true;
  for (const KernelTable* table : tables()) {
    for (const Range& range : ranges) {
      good &= measure<float>(*table, range, points);
      good &= measure<double>(*table, range, points);
    }
    good &= check_specials(*table);
    good &= check_power(*table);
  }
  good &= check_specials(*myelin_kernels_reference());
  good &= check_power(*myelin_kernels_reference());
  std::puts(good ? "accuracy: all within their bounds" : "accuracy: FAILED");
  return good ? 0 : 1;
}
