// Every element-wise formula of native/math/elementwise.h, for one element or a pack of them.
#pragma once
#include "cuda/kernels/common.cuh"
#include "math/elementwise.h"

MYELIN_BEGIN

// Positions in the element-wise table, the same as the CPU's: both expand the same lists in the same order.
enum ElementwiseIndex : int32_t {
#define MYELIN_INDEX(op, formula) op_index_##op,
  MYELIN_UNARY(MYELIN_INDEX) MYELIN_BINARY(MYELIN_INDEX) MYELIN_TERNARY(MYELIN_INDEX)
      MYELIN_LANEWISE_UNARY(MYELIN_INDEX) MYELIN_LANEWISE_BINARY(MYELIN_INDEX)
#undef MYELIN_INDEX
          op_count
};

constexpr ElementwiseEntry elementwise_table[] = {
#define MYELIN_ENTRY1(op, formula) {#op, 1, nullptr, nullptr},
#define MYELIN_ENTRY2(op, formula) {#op, 2, nullptr, nullptr},
#define MYELIN_ENTRY3(op, formula) {#op, 3, nullptr, nullptr},
    MYELIN_UNARY(MYELIN_ENTRY1) MYELIN_BINARY(MYELIN_ENTRY2) MYELIN_TERNARY(MYELIN_ENTRY3)
        MYELIN_LANEWISE_UNARY(MYELIN_ENTRY1) MYELIN_LANEWISE_BINARY(MYELIN_ENTRY2)
#undef MYELIN_ENTRY1
#undef MYELIN_ENTRY2
#undef MYELIN_ENTRY3
};

// Ops from here on call the platform's functions, which cost the whole kernel registers and a stack.
constexpr int32_t first_library_op = op_index_sin;

// The op is the same for all threads of a launch: the switch never diverges. Without `library`, ops from
// first_library_op on are left out.
template <class V, bool library = true>
__device__ __forceinline__ Pack<V> apply_op(int32_t op, const Pack<V>& x, const Pack<V>& y, const Pack<V>& z, V attr) {
  Pack<V> result = x;
#define MYELIN_CASE(op, formula) \
  case op_index_##op: \
    _Pragma("unroll") for (int lane = 0; lane < Pack<V>::count; lane++) { \
      const V a = x.v[lane], b = y.v[lane], c = z.v[lane]; \
      (void)a, (void)b, (void)c; \
      result.v[lane] = formula; \
    } \
    break;
  switch (op) {
    MYELIN_UNARY(MYELIN_CASE)
    MYELIN_BINARY(MYELIN_CASE)
    MYELIN_TERNARY(MYELIN_CASE)
    default:
      if (library) {
        switch (op) {
          MYELIN_LANEWISE_UNARY(MYELIN_CASE)
          MYELIN_LANEWISE_BINARY(MYELIN_CASE)
          default: break;
        }
      }
  }
#undef MYELIN_CASE
  (void)attr;
  return result;
}

MYELIN_END
