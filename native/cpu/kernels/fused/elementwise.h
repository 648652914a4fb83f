// The element-wise functions of this target, for the kernels that apply them: fused, and the matmul epilogue.
#pragma once
#include "core/call.h"
#include "math/elementwise.h"

namespace myelin {
namespace MYELIN_TARGET {

// Positions in the table: op_index_add and so on.
enum ElementwiseIndex : int32_t {
#define MYELIN_INDEX(op, formula) op_index_##op,
  MYELIN_UNARY(MYELIN_INDEX) MYELIN_BINARY(MYELIN_INDEX) MYELIN_TERNARY(MYELIN_INDEX)
      MYELIN_LANEWISE_UNARY(MYELIN_INDEX) MYELIN_LANEWISE_BINARY(MYELIN_INDEX)
#undef MYELIN_INDEX
};

const ElementwiseEntry* elementwise_entries() noexcept;
int32_t elementwise_count() noexcept;

}  // namespace MYELIN_TARGET
}  // namespace myelin
