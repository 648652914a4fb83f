// "cumsum" over [outer, n, inner]: running sums along n, in double whatever the dtype. Every line is added up from one
// end to the other by one thread, so that the bits depend on nothing else.
#include "cpu/kernels/kernels.h"
#ifdef MYELIN_REFERENCE
#include "cpu/kernels/reference.h"
#else
#include "cpu/kernels/parallel.h"
#endif

MYELIN_BEGIN

#ifdef MYELIN_REFERENCE

template <class S>
void cumsum(const Call* call) {
  const CumsumAttrs& a = *static_cast<const CumsumAttrs*>(call->attrs);
  for (int64_t line = 0; line < a.outer * a.inner; line++) {
    const int64_t begin = line / a.inner * a.n * a.inner + line % a.inner;
    long double total = 0;
    for (int64_t k = 0; k < a.n; k++) {
      const int64_t at = begin + (a.reverse ? a.n - 1 - k : k) * a.inner;
      const S x = data_of<S>(call->in[0])[at];
      data_of<S>(call->out[0])[at] = static_cast<S>(a.exclusive ? total : total + x);
      total += x;
    }
  }
}

#else

// Lines that are added up side by side where they lie side by side: their totals stay in the first cache.
constexpr int64_t strip = 256;
// Rows that are added up together: one sum alone waits for its last addition.
constexpr int64_t row_group = 8;

// `count` lines of n elements. Elements of a line are `step` apart, lines `apart`.
template <class S, bool exclusive>
HD void sum_lines(const S* in, S* out, int64_t n, int64_t step, int64_t count, int64_t apart) {
  double total[strip];
  for (int64_t j = 0; j < count; j++) total[j] = 0;
  for (int64_t k = 0; k < n; k++) {
    for (int64_t j = 0; j < count; j++) {
      const double x = in[k * step + j * apart];
      const double sum = total[j] + x;
      out[k * step + j * apart] = static_cast<S>(exclusive ? total[j] : sum);
      total[j] = sum;
    }
  }
}

template <class S>
void cumsum(const Call* call) {
  const CumsumAttrs& a = *static_cast<const CumsumAttrs*>(call->attrs);
  const S* in = static_cast<const S*>(call->in[0].data);
  S* out = static_cast<S*>(call->out[0].data);
  const bool rows = a.inner == 1;
  // Strips of neighbouring lines: of all rows, or of the columns of each outer part.
  const int64_t lines = rows ? a.outer : a.inner, width = rows ? row_group : strip, apart = rows ? a.n : 1;
  const int64_t strips = divide_up(lines, width), parts = rows ? 1 : a.outer;
  const int64_t first = a.reverse ? (a.n - 1) * a.inner : 0, step = a.reverse ? -a.inner : a.inner;
  for_ranges(call, parts * strips, 1, 4 * call->out[0].count, [&](int64_t begin, int64_t end, int) {
    for (int64_t s = begin; s < end; s++) {
      const int64_t line = s % strips * width, at = s / strips * a.n * a.inner + line * apart + first;
      const int64_t count = smaller(width, lines - line);
      if (a.exclusive) {
        sum_lines<S, true>(in + at, out + at, a.n, step, count, apart);
      } else {
        sum_lines<S, false>(in + at, out + at, a.n, step, count, apart);
      }
    }
  });
}

#endif

MYELIN_END

MYELIN_DEFINE_KERNEL(cumsum, cumsum)
