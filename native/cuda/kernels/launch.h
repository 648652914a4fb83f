// One way to launch kernels and to declare dynamic shared memory, so that the same sources compile with nvcc and with
// the stand-in runtime of test/native/cuda-on-cpu, whose cuda_runtime.h has MYELIN_DYNAMIC_SHARED and emu::launch.
#pragma once
#include <cuda_runtime.h>

#include "context.h"

#if defined(__CUDACC__)
#define MYELIN_DYNAMIC_SHARED(T, name) \
  extern __shared__ __align__(128) unsigned char name##_bytes[]; \
  T* name = reinterpret_cast<T*>(name##_bytes)
#endif

namespace myelin {
namespace cuda {

template <class... P, class... A>
void launch(Context& context, void (*kernel)(P...), dim3 grid, dim3 block, size_t shared_bytes, A... arguments) {
#if defined(__CUDACC__)
  kernel<<<grid, block, shared_bytes, context.stream>>>(P(arguments)...);
#else
  emu::launch(kernel, grid, block, shared_bytes, context.stream, P(arguments)...);
#endif
  context.launches++;
  const cudaError_t status = cudaGetLastError();
  if (context.status == cudaSuccess) context.status = status;
}

}  // namespace cuda
}  // namespace myelin
