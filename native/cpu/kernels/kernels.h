// The kernels of one target. What each does is written beside its attributes in native/core/call.h.
#pragma once
#include "core/call.h"

namespace myelin {
namespace MYELIN_TARGET {

#define MYELIN_KERNEL(name) \
  void kernel_##name##_f32(const Call* call); \
  void kernel_##name##_f64(const Call* call);
#define MYELIN_KERNEL_WITH_SCRATCH(name) \
  MYELIN_KERNEL(name) \
  size_t scratch_##name##_f32(const Call* call, int workers); \
  size_t scratch_##name##_f64(const Call* call, int workers);

MYELIN_KERNEL_WITH_SCRATCH(fused)  // fused.cpp
MYELIN_KERNEL_WITH_SCRATCH(sum)    // sum.cpp
MYELIN_KERNEL_WITH_SCRATCH(sumSquares)
MYELIN_KERNEL(max)  // max.cpp
MYELIN_KERNEL(argmax)
MYELIN_KERNEL(softmax)  // softmax.cpp
MYELIN_KERNEL(softmaxCrossEntropy)
MYELIN_KERNEL(transpose)  // transpose.cpp
MYELIN_KERNEL(slice)      // movement.cpp
MYELIN_KERNEL(pad)
MYELIN_KERNEL(concat)
MYELIN_KERNEL(copy)
MYELIN_KERNEL(gather)
MYELIN_KERNEL(randomUniform)  // random.cpp
MYELIN_KERNEL(guard)          // record.cpp
MYELIN_KERNEL(accumulate)

#undef MYELIN_KERNEL
#undef MYELIN_KERNEL_WITH_SCRATCH

}  // namespace MYELIN_TARGET
}  // namespace myelin
