// What every CUDA kernel launcher gets through Call::parallel->self. Launchers only enqueue on `stream`: no allocation,
// no synchronisation, so that whole steps can be captured into a CUDA graph.
#pragma once
#include <cuda_runtime.h>

#include "core/call.h"

namespace myelin {
namespace cuda {

struct Context {
  cudaStream_t stream;
  int device;
  int multiprocessors;
  int precision;       // Step::precision of the step that is launched or captured
  int64_t launches;    // kernels launched so far: tests compare it with the plan
  cudaError_t status;  // first error of a launch; sticky until the run reads it
};

inline Context& context_of(const Call* call) { return *static_cast<Context*>(call->parallel->self); }

}  // namespace cuda
}  // namespace myelin
