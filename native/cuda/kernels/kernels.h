// The launchers of this backend, by kernel name. What each kernel does is written beside its attributes in
// native/core/call.h; View.data, Call::key, Call::skip and Call::scratch are device addresses, attributes host memory.
#pragma once
#include "core/call.h"

namespace myelin {
namespace cuda {

#define MYELIN_KERNEL(name) \
  void name##_f32(const Call* call); \
  void name##_f64(const Call* call);
#define MYELIN_KERNEL_WITH_SCRATCH(name) \
  MYELIN_KERNEL(name) \
  size_t scratch_##name##_f32(const Call* call, int workers); \
  size_t scratch_##name##_f64(const Call* call, int workers);

MYELIN_KERNEL_WITH_SCRATCH(fused)  // fused.cu
MYELIN_KERNEL_WITH_SCRATCH(sum)    // sum.cu
MYELIN_KERNEL_WITH_SCRATCH(sumSquares)
MYELIN_KERNEL_WITH_SCRATCH(max)  // max.cu
MYELIN_KERNEL_WITH_SCRATCH(argmax)
MYELIN_KERNEL(softmax)  // softmax.cu
MYELIN_KERNEL(softmaxCrossEntropy)
MYELIN_KERNEL(transpose)  // transpose.cu
MYELIN_KERNEL(slice)      // movement.cu
MYELIN_KERNEL(pad)
MYELIN_KERNEL(concat)
MYELIN_KERNEL(copy)
MYELIN_KERNEL(gather)
MYELIN_KERNEL(randomUniform)  // random.cu
MYELIN_KERNEL(guard)          // record.cu
MYELIN_KERNEL(accumulate)

#undef MYELIN_KERNEL
#undef MYELIN_KERNEL_WITH_SCRATCH

}  // namespace cuda
}  // namespace myelin
