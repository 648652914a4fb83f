// Two or three arithmetic steps in one pass over a tile: an intermediate value that is read once, at once, stays in a
// register, and a scalar operand costs one vector of cache instead of a tile. The arithmetic is that of the single
// steps, operation by operation, so the bits are the same.
#pragma once
#include "cpu/simd/simd.h"

MYELIN_BEGIN

// The steps that can be chained, and their formulas.
enum ChainOp : int32_t { chain_none = -1, chain_add, chain_sub, chain_mul, chain_div, chain_sqrt, chain_ops };

template <int op, class V>
HD V chain_step(V a, V b) {
  if (op == chain_add) return a + b;
  if (op == chain_sub) return a - b;
  if (op == chain_mul) return a * b;
  if (op == chain_div) return a / b;
  return Lanes<V>::sqrt(a);
}

// Up to four operands. mask is −1 for an array and 0 for a scalar (repeated for one vector), which is then
// read again and again.
struct ChainOperands {
  const void* data[4];
  int64_t mask[4];
};
typedef void (*ChainFn)(void* dst, const ChainOperands& in, int64_t n);

template <class S, int operands, class Formula>
HD void chain_loop(void* dst, const ChainOperands& in, int64_t n, const Formula& formula) {
  typedef typename Vector<S>::Type V;
  typedef Lanes<V> L;
  S* d = static_cast<S*>(dst);
  const S* p[4];
  int64_t m[4];
  for (int o = 0; o < 4; o++) {
    p[o] = static_cast<const S*>(in.data[o < operands ? o : 0]);
    m[o] = in.mask[o < operands ? o : 0];
  }
  V x[4];
  int64_t i = 0;
  for (; i + L::count <= n; i += L::count) {
    for (int o = 0; o < operands; o++) x[o] = L::load(p[o] + (i & m[o]));
    L::store(d + i, formula(x));
  }
  if (i == n) return;
  for (int o = 0; o < operands; o++) x[o] = L::load_partial(p[o] + (i & m[o]), n - i, S(1));
  L::store_partial(d + i, formula(x), n - i);
}

constexpr int operands_of(int op) { return op == chain_sqrt ? 1 : 2; }

// op(a, b).
template <class S, int op>
void chain_one(void* dst, const ChainOperands& in, int64_t n) {
  chain_loop<S, operands_of(op)>(dst, in, n, [](const auto* x) { return chain_step<op>(x[0], x[1]); });
}

// t = first(a, b); then second(t, c), or second(c, t) if flipped.
template <class S, int first, int second, bool flipped>
void chain_two(void* dst, const ChainOperands& in, int64_t n) {
  constexpr int c = operands_of(first);
  chain_loop<S, c + operands_of(second) - 1>(dst, in, n, [](const auto* x) {
    const auto t = chain_step<first>(x[0], x[1]);
    return flipped ? chain_step<second>(x[c], t) : chain_step<second>(t, x[c]);
  });
}

// a·b + c·d, or a·b − c·d: moving averages.
template <class S, int third>
void chain_products(void* dst, const ChainOperands& in, int64_t n) {
  chain_loop<S, 4>(dst, in, n, [](const auto* x) { return chain_step<third>(x[0] * x[1], x[2] * x[3]); });
}

template <class S, int first, bool flipped>
ChainFn chain_two_of(int32_t second) {
  switch (second) {
    case chain_add: return chain_two<S, first, chain_add, flipped>;
    case chain_sub: return chain_two<S, first, chain_sub, flipped>;
    case chain_mul: return chain_two<S, first, chain_mul, flipped>;
    case chain_div: return chain_two<S, first, chain_div, flipped>;
    default: return chain_two<S, first, chain_sqrt, false>;
  }
}

template <class S, bool flipped>
ChainFn find_chain_two(int32_t first, int32_t second) {
  switch (first) {
    case chain_add: return chain_two_of<S, chain_add, flipped>(second);
    case chain_sub: return chain_two_of<S, chain_sub, flipped>(second);
    case chain_mul: return chain_two_of<S, chain_mul, flipped>(second);
    case chain_div: return chain_two_of<S, chain_div, flipped>(second);
    default: return chain_two_of<S, chain_sqrt, flipped>(second);
  }
}

template <class S>
ChainFn find_chain_one(int32_t op) {
  switch (op) {
    case chain_add: return chain_one<S, chain_add>;
    case chain_sub: return chain_one<S, chain_sub>;
    case chain_mul: return chain_one<S, chain_mul>;
    case chain_div: return chain_one<S, chain_div>;
    default: return chain_one<S, chain_sqrt>;
  }
}

MYELIN_END
