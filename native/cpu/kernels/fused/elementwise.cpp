// The element-wise table: every formula of native/math/elementwise.h as a loop over contiguous elements.
#include "elementwise.h"

#include "math/elementwise.h"
#ifndef MYELIN_REFERENCE
#include "cpu/simd/simd.h"
#endif

MYELIN_BEGIN

// One struct per op: `of` is its formula for any lane type.
#define MYELIN_OP(op, formula) \
  struct op##_op { \
    template <class V, class S> \
    static HD V of(V a, V b, V c, S attr) { \
      (void)b, (void)c, (void)attr; \
      return formula; \
    } \
  };
MYELIN_UNARY(MYELIN_OP)
MYELIN_BINARY(MYELIN_OP)
MYELIN_TERNARY(MYELIN_OP)
MYELIN_LANEWISE_UNARY(MYELIN_OP)
MYELIN_LANEWISE_BINARY(MYELIN_OP)
#undef MYELIN_OP

// Wide is what the formula is evaluated in: S itself, or long double for the oracle.
template <class S, class Wide, int arity, class Op>
void lanewise_loop(void* dst, const void* a, const void* b, const void* c, int64_t n, double attr) {
  S* d = static_cast<S*>(dst);
  const S* x = static_cast<const S*>(a);
  const S* y = static_cast<const S*>(arity > 1 ? b : a);
  const S* z = static_cast<const S*>(arity > 2 ? c : a);
  for (int64_t i = 0; i < n; i++) {
    d[i] = static_cast<S>(Op::of(Wide(x[i]), Wide(y[i]), Wide(z[i]), Wide(S(attr))));
  }
}

#ifdef MYELIN_REFERENCE

template <class S, int arity, class Op>
constexpr ElementwiseFn vector_loop = lanewise_loop<S, long double, arity, Op>;
template <class S, int arity, class Op>
constexpr ElementwiseFn scalar_loop = lanewise_loop<S, long double, arity, Op>;

#else

// Tails go through the same vector code, so that an element's bits do not depend on where it stands.
template <class S, int arity, class Op>
void vector_loop(void* dst, const void* a, const void* b, const void* c, int64_t n, double attr) {
  typedef typename Vector<S>::Type V;
  typedef Lanes<V> L;
  S* d = static_cast<S*>(dst);
  const S* x = static_cast<const S*>(a);
  const S* y = static_cast<const S*>(arity > 1 ? b : a);
  const S* z = static_cast<const S*>(arity > 2 ? c : a);
  const S number = S(attr);
  int64_t i = 0;
  for (; i + L::count <= n; i += L::count) {
    const V u = L::load(x + i);
    const V v = arity > 1 ? L::load(y + i) : u;
    const V w = arity > 2 ? L::load(z + i) : u;
    L::store(d + i, Op::of(u, v, w, number));
  }
  if (i < n) {
    const V u = L::load_partial(x + i, n - i, S(1));
    const V v = arity > 1 ? L::load_partial(y + i, n - i, S(1)) : u;
    const V w = arity > 2 ? L::load_partial(z + i, n - i, S(1)) : u;
    L::store_partial(d + i, Op::of(u, v, w, number), n - i);
  }
}

template <class S, int arity, class Op>
constexpr ElementwiseFn scalar_loop = lanewise_loop<S, S, arity, Op>;

#endif

#define MYELIN_ENTRY(loop, arity, op) {#op, arity, loop<float, arity, op##_op>, loop<double, arity, op##_op>},
#define MYELIN_ENTRY1(op, formula) MYELIN_ENTRY(vector_loop, 1, op)
#define MYELIN_ENTRY2(op, formula) MYELIN_ENTRY(vector_loop, 2, op)
#define MYELIN_ENTRY3(op, formula) MYELIN_ENTRY(vector_loop, 3, op)
#define MYELIN_LANE_ENTRY1(op, formula) MYELIN_ENTRY(scalar_loop, 1, op)
#define MYELIN_LANE_ENTRY2(op, formula) MYELIN_ENTRY(scalar_loop, 2, op)

const ElementwiseEntry entries[] = {
    MYELIN_UNARY(MYELIN_ENTRY1)                 //
    MYELIN_BINARY(MYELIN_ENTRY2)                //
    MYELIN_TERNARY(MYELIN_ENTRY3)               //
    MYELIN_LANEWISE_UNARY(MYELIN_LANE_ENTRY1)   //
    MYELIN_LANEWISE_BINARY(MYELIN_LANE_ENTRY2)  //
};

MYELIN_END

namespace myelin {
namespace MYELIN_TARGET {

const ElementwiseEntry* elementwise_entries() noexcept { return entries; }
int32_t elementwise_count() noexcept { return sizeof entries / sizeof entries[0]; }

}  // namespace MYELIN_TARGET
}  // namespace myelin
