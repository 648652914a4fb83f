// "softmax" over the last axis and "softmaxCrossEntropy" of [m, c] against labels [m, c]. The row's maximum is taken
// out before exp, so that no z overflows. A class of z = −∞ has no share, and costs nothing where its label is 0. In a
// row of nothing else no class has a share.
#include "cpu/kernels/kernels.h"
#include "cpu/kernels/units.h"
#ifdef MYELIN_REFERENCE
#include "cpu/kernels/reference.h"
#else
#include "cpu/kernels/reduce/reduce.h"
#endif

MYELIN_BEGIN

// What is taken out of a row. −∞ cannot be: −∞ − (−∞) is NaN.
template <class S>
HD S shift_of(S largest) {
  return largest == -Format<S>::infinity ? S(0) : largest;
}

// Σ e^(z − max), which is at least 1 but in a row of −∞.
template <class S>
HD S total_of(S sum) {
  return sum == 0 ? S(1) : sum;
}

#ifdef MYELIN_REFERENCE

template <class S>
void softmax(const Call* call) {
  const View& z = call->in[0];
  const int64_t n = z.rank > 0 ? z.dims[z.rank - 1] : 1;
  for (int64_t begin = 0; begin < z.count; begin += n) {
    const S* row = data_of<S>(z) + begin;
    const long double max = shift_of(row[largest(row, n, 1)]);
    long double total = 0;
    for (int64_t i = 0; i < n; i++) total += __builtin_expl(row[i] - max);
    for (int64_t i = 0; i < n; i++) {
      data_of<S>(call->out[0])[begin + i] = static_cast<S>(__builtin_expl(row[i] - max) / total_of(total));
    }
  }
}

template <class S>
void softmax_cross_entropy(const Call* call) {
  const View& z = call->in[0];
  const int64_t n = z.rank > 0 ? z.dims[z.rank - 1] : 1;
  for (int64_t begin = 0; begin < z.count; begin += n) {
    const S *row = data_of<S>(z) + begin, *y = data_of<S>(call->in[1]) + begin;
    const long double max = shift_of(row[largest(row, n, 1)]);
    long double total = 0, loss = 0;
    for (int64_t i = 0; i < n; i++) total += __builtin_expl(row[i] - max);
    for (int64_t i = 0; i < n; i++) {
      const long double shifted = row[i] - max;
      const bool is_free = y[i] == 0 && shifted == -Format<double>::infinity;
      if (!is_free) loss += y[i] * (__builtin_logl(total_of(total)) - shifted);
    }
    data_of<S>(call->out[0])[begin / n] = static_cast<S>(loss);
  }
}

#else

// A row is processed in vectors; the last may be partial, filled up with `fill`.
template <class S>
struct Row {
  typedef typename Vector<S>::Type V;
  typedef Lanes<V> L;
  static HD V load(const S* p, int64_t i, int64_t n, S fill) {
    return i + L::count <= n ? L::load(p + i) : L::load_partial(p + i, n - i, fill);
  }
  static HD void store(S* p, int64_t i, int64_t n, V v) {
    if (i + L::count <= n) {
      L::store(p + i, v);
    } else {
      L::store_partial(p + i, v, n - i);
    }
  }
  static HD S largest(const S* z, int64_t n) {
    V m = L::broadcast(-Format<S>::infinity);
    for (int64_t i = 0; i < n; i += L::count) m = math::maximum(m, load(z, i, n, -Format<S>::infinity));
    return across(m, Maximum());
  }
};

// out = e^(z − max); returns its sum. `out` null: only the sum.
template <class S>
HD double exp_row(const S* z, int64_t n, S max, S* out) {
  typedef Row<S> R;
  typedef typename R::L L;
  double total = 0;
  for (int64_t begin = 0; begin < n; begin += block_terms) {
    const int64_t end = smaller(n, begin + block_terms);
    typename R::V sum = L::broadcast(0);
    for (int64_t i = begin; i < end; i += L::count) {
      // Lanes beyond the row hold e^−∞ = 0.
      const typename R::V e = math::exp(R::load(z, i, end, -Format<S>::infinity) - L::broadcast(max));
      if (out) R::store(out, i, end, e);
      sum += e;
    }
    total += across(sum, Add());
  }
  return total;
}

template <class S>
HD void softmax_row(const S* z, S* out, int64_t n) {
  typedef Row<S> R;
  if (n <= R::L::count) {
    // One vector: e stays in its register (a partial store delays the load that follows).
    const S max = shift_of(R::largest(z, n));
    const typename R::V e = math::exp(R::load(z, 0, n, -Format<S>::infinity) - R::L::broadcast(max));
    R::store(out, 0, n, e / R::L::broadcast(total_of(across(e, Add()))));
    return;
  }
  const double sum = exp_row(z, n, shift_of(R::largest(z, n)), out);
  const typename R::V divisor = R::L::broadcast(static_cast<S>(total_of(sum)));
  for (int64_t i = 0; i < n; i += R::L::count) R::store(out, i, n, R::load(out, i, n, S(0)) / divisor);
}

// Σ y·(ln Σe^(z−max) − (z − max)), in which 0·∞ is 0.
template <class S>
HD S cross_entropy_row(const S* z, const S* y, int64_t n) {
  typedef Row<S> R;
  typedef typename R::L L;
  const S max = shift_of(R::largest(z, n));
  const typename R::V zero = L::broadcast(S(0)), infinity = L::broadcast(Format<S>::infinity);
  const typename R::V log_sum = L::broadcast(static_cast<S>(math::log(total_of(exp_row<S>(z, n, max, nullptr)))));
  double total = 0;
  for (int64_t begin = 0; begin < n; begin += block_terms) {
    const int64_t end = smaller(n, begin + block_terms);
    typename R::V sum = L::broadcast(0);
    for (int64_t i = begin; i < end; i += L::count) {
      const typename R::V cost = log_sum - (R::load(z, i, end, max) - L::broadcast(max));
      const typename R::V label = R::load(y, i, end, S(0));
      sum += label * select(cost == infinity, select(label == zero, zero, cost), cost);
    }
    total += across(sum, Add());
  }
  return static_cast<S>(total);
}

// e^x costs about this many element-wise steps.
constexpr int64_t exp_steps = 4;

template <class S>
void softmax(const Call* call) {
  const View& z = call->in[0];
  const int64_t n = z.rank > 0 ? z.dims[z.rank - 1] : 1, rows = n > 0 ? z.count / n : 0;
  const S* in = static_cast<const S*>(z.data);
  S* out = static_cast<S*>(call->out[0].data);
  for_part(call, rows, 1, exp_steps * z.count, [&](int64_t begin, int64_t end, int) {
    for (int64_t r = begin; r < end; r++) softmax_row(in + r * n, out + r * n, n);
  });
}

template <class S>
void softmax_cross_entropy(const Call* call) {
  const View& z = call->in[0];
  const int64_t n = z.rank > 0 ? z.dims[z.rank - 1] : 1, rows = n > 0 ? z.count / n : 0;
  const S* in = static_cast<const S*>(z.data);
  const S* y = static_cast<const S*>(call->in[1].data);
  S* out = static_cast<S*>(call->out[0].data);
  for_part(call, rows, 1, exp_steps * z.count, [&](int64_t begin, int64_t end, int) {
    for (int64_t r = begin; r < end; r++) out[r] = cross_entropy_row(in + r * n, y + r * n, n);
  });
}

#endif

MYELIN_END

MYELIN_DEFINE_KERNEL(softmax, softmax)
MYELIN_DEFINE_UNITS(softmax, row_units)
MYELIN_DEFINE_KERNEL(softmaxCrossEntropy, softmax_cross_entropy)
MYELIN_DEFINE_UNITS(softmaxCrossEntropy, row_units)
