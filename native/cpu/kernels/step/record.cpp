// "guard", "guardSquares" and "accumulate": what a step leaves behind besides its values.
#include "cpu/kernels/kernels.h"
#include "cpu/kernels/units.h"
#ifdef MYELIN_REFERENCE
#include "cpu/kernels/reference.h"
#else
#include "cpu/kernels/parallel.h"
#include "cpu/simd/simd.h"
#endif

MYELIN_BEGIN

#ifdef MYELIN_REFERENCE

template <class S, bool squares>
void guard_values(const Call* call) {
  for (int64_t i = 0; i < call->in[0].count; i++) {
    const S x = data_of<S>(call->in[0])[i];
    if (!__builtin_isfinite(squares ? x * x : x)) data_of<uint32_t>(call->out[0])[0] = 1;
  }
}

template <class S>
void accumulate(const Call* call) {
  for (int64_t i = 0; i < call->in[0].count; i++) data_of<double>(call->out[0])[i] += data_of<S>(call->in[0])[i];
}

#else

template <class S, bool squares>
HD bool all_finite(const S* p, int64_t n) {
  typedef typename Vector<S>::Type V;
  typedef Lanes<V> L;
  // x − x is 0 for a number and NaN for an infinity or a NaN, which stays in the sum.
  V a = L::broadcast(0), b = a;
  int64_t i = 0;
  for (; i + 2 * L::count <= n; i += 2 * L::count) {
    V x = L::load(p + i), y = L::load(p + i + L::count);
    if (squares) {
      x *= x;
      y *= y;
    }
    a += x - x;
    b += y - y;
  }
  for (; i < n; i += L::count) {
    V x = i + L::count <= n ? L::load(p + i) : L::load_partial(p + i, n - i, S(0));
    if (squares) x *= x;
    a += x - x;
  }
  a += b;
  S lane[L::count];
  memcpy(lane, &a, sizeof lane);
  for (int j = 0; j < L::count; j++) {
    if (!(lane[j] == 0)) return false;
  }
  return true;
}

template <class S, bool squares>
void guard_values(const Call* call) {
  const S* in = static_cast<const S*>(call->in[0].data);
  uint32_t* flag = static_cast<uint32_t*>(call->out[0].data);
  for_part(call, call->in[0].count, 16384, call->in[0].count, [&](int64_t begin, int64_t end, int) {
    // Tasks may raise the flag at the same time; nobody lowers it.
    if (!all_finite<S, squares>(in + begin, end - begin)) __atomic_store_n(flag, 1u, __ATOMIC_RELAXED);
  });
}

template <class S>
void accumulate(const Call* call) {
  const S* in = static_cast<const S*>(call->in[0].data);
  double* out = static_cast<double*>(call->out[0].data);
  for (int64_t i = 0; i < call->in[0].count; i++) out[i] += static_cast<double>(in[i]);
}

#endif

template <class S>
void guard(const Call* call) {
  guard_values<S, false>(call);
}

template <class S>
void guard_squares(const Call* call) {
  guard_values<S, true>(call);
}

MYELIN_END

MYELIN_DEFINE_KERNEL(guard, guard)
MYELIN_DEFINE_UNITS(guard, input_units)
MYELIN_DEFINE_KERNEL(guardSquares, guard_squares)
MYELIN_DEFINE_UNITS(guardSquares, input_units)
MYELIN_DEFINE_KERNEL_OF(numbers, accumulate, accumulate)
