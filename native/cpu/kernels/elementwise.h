// The element-wise functions of this target, for the kernels that apply them: fused, and the matmul epilogue.
#pragma once
#include "../../core/call.h"

namespace myelin {
namespace MYELIN_TARGET {

const ElementwiseEntry* elementwise_entries() noexcept;
int32_t elementwise_count() noexcept;

}  // namespace MYELIN_TARGET
}  // namespace myelin
