#include "cuda/kernels/launch.h"
#include "matmul_launch.h"
#include "matmul_tensor.cuh"

namespace myelin {
namespace cuda {
namespace {

template <class Format, class Shape>
void start(Context& context, const MatmulTask<float>& task, const MatmulTiling& tiling) {
  const dim3 grid(static_cast<unsigned>(tiling.blocks), static_cast<unsigned>(tiling.splits));
  launch(context, matmul_tensor<Format, Shape>, grid, dim3(Shape::threads), 0, task);
}

}  // namespace

// TF32 and bf16 came with compute capability 8.0.
bool has_tensor_cores(const Context& context) {
  int major = 0;
  return cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, context.device) == cudaSuccess && major >= 8;
}

void launch_matmul_tensor(Context& context, const MatmulTask<float>& task, const MatmulTiling& tiling, int precision) {
  const bool large = tiling.kernel == MatmulKernel::tensor_large;
  if (precision == 1) {
    large ? start<Tf32, Tf32Tiles::Large>(context, task, tiling)
          : start<Tf32, Tf32Tiles::Medium>(context, task, tiling);
  } else {
    large ? start<Bf16, Bf16Tiles::Large>(context, task, tiling)
          : start<Bf16, Bf16Tiles::Medium>(context, task, tiling);
  }
}

}  // namespace cuda
}  // namespace myelin
