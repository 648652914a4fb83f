// "max" and "argmax" over [outer, n, inner]. A NaN counts as larger than any number.
#include "cpu/kernels/kernels.h"
#include "cpu/kernels/units.h"
#ifdef MYELIN_REFERENCE
#include "cpu/kernels/reference.h"
#else
#include "reduce.h"
#endif

MYELIN_BEGIN

#ifdef MYELIN_REFERENCE

template <class S, bool index>
void largest_along(const Call* call) {
  const ReduceAttrs& r = *static_cast<const ReduceAttrs*>(call->attrs);
  for (int64_t o = 0; o < r.outer; o++) {
    for (int64_t j = 0; j < r.inner; j++) {
      const S* p = data_of<S>(call->in[0]) + o * r.n * r.inner + j;
      // The maximum of nothing is −∞.
      const S value = r.n > 0 ? p[largest(p, r.n, r.inner) * r.inner] : static_cast<S>(-__builtin_huge_val());
      data_of<S>(call->out[0])[o * r.inner + j] = index ? static_cast<S>(largest(p, r.n, r.inner)) : value;
    }
  }
}

template <class S>
void max(const Call* call) {
  largest_along<S, false>(call);
}

template <class S>
void argmax(const Call* call) {
  largest_along<S, true>(call);
}

#else

template <class S>
HD S max_row(const S* p, int64_t n) {
  typedef typename Vector<S>::Type V;
  typedef Lanes<V> L;
  V a = L::broadcast(-Format<S>::infinity), b = a;
  int64_t i = 0;
  for (; i + 2 * L::count <= n; i += 2 * L::count) {
    a = math::maximum(a, L::load(p + i));
    b = math::maximum(b, L::load(p + i + L::count));
  }
  for (; i < n; i += L::count) {
    const V x = i + L::count <= n ? L::load(p + i) : L::load_partial(p + i, n - i, -Format<S>::infinity);
    a = math::maximum(a, x);
  }
  return across(math::maximum(a, b), Maximum());
}

template <class S>
HD void max_columns(const S* p, int64_t n, int64_t inner, S* out) {
  typedef typename Vector<S>::Type V;
  typedef Lanes<V> L;
  for (int64_t j = 0; j < inner; j += L::count) {
    const int64_t columns = smaller(L::count, inner - j);
    V a = L::broadcast(-Format<S>::infinity);
    for (int64_t i = 0; i < n; i++) {
      const S* x = p + i * inner + j;
      a = math::maximum(a, columns == L::count ? L::load(x) : L::load_partial(x, columns, S(0)));
    }
    if (columns == L::count) {
      L::store(out + j, a);
    } else {
      L::store_partial(out + j, a, columns);
    }
  }
}

template <class S>
void max(const Call* call) {
  const ReduceAttrs& r = *static_cast<const ReduceAttrs*>(call->attrs);
  const S* in = static_cast<const S*>(call->in[0].data);
  S* out = static_cast<S*>(call->out[0].data);
  for_part(call, r.outer, 1, r.outer * r.n * r.inner, [&](int64_t begin, int64_t end, int) {
    for (int64_t o = begin; o < end; o++) {
      if (r.inner == 1) {
        out[o] = max_row(in + o * r.n, r.n);
      } else {
        max_columns(in + o * r.n * r.inner, r.n, r.inner, out + o * r.inner);
      }
    }
  });
}

template <class S>
HD S index_of_max(const S* p, int64_t n, int64_t stride) {
  int64_t best = 0;
  for (int64_t i = 1; i < n; i++) {
    const S x = p[i * stride], y = p[best * stride];
    if (x > y || (x != x && y == y)) best = i;
  }
  return static_cast<S>(best);
}

template <class S>
void argmax(const Call* call) {
  const ReduceAttrs& r = *static_cast<const ReduceAttrs*>(call->attrs);
  const S* in = static_cast<const S*>(call->in[0].data);
  S* out = static_cast<S*>(call->out[0].data);
  for_part(call, r.outer, 1, r.outer * r.n * r.inner, [&](int64_t begin, int64_t end, int) {
    for (int64_t o = begin; o < end; o++) {
      for (int64_t j = 0; j < r.inner; j++) {
        out[o * r.inner + j] = index_of_max(in + o * r.n * r.inner + j, r.n, r.inner);
      }
    }
  });
}

#endif

MYELIN_END

MYELIN_DEFINE_KERNEL(max, max)
MYELIN_DEFINE_UNITS(max, outer_units)
MYELIN_DEFINE_KERNEL(argmax, argmax)
MYELIN_DEFINE_UNITS(argmax, outer_units)
