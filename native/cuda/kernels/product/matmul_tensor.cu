#include "cuda/kernels/launch.h"
#include "matmul_launch.h"
#include "matmul_tensor.cuh"

namespace myelin {
namespace cuda {
namespace {

template <class Format, class Shape>
void start(Context& context, const MatmulTask<float>& task, const MatmulPlan& plan) {
  const dim3 grid(static_cast<unsigned>(plan.blocks), static_cast<unsigned>(plan.splits));
  launch(context, matmul_tensor<Format, Shape>, grid, dim3(Shape::threads), 0, task);
}

}  // namespace

// TF32 and bf16 came with compute capability 8.0.
bool has_tensor_cores(const Context& context) {
  int major = 0;
  return cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, context.device) == cudaSuccess && major >= 8;
}

void launch_matmul_tensor(Context& context, const MatmulTask<float>& task, const MatmulPlan& plan, int precision) {
  const bool large = plan.kernel == MatmulKernel::tensor_large;
  if (precision == 1) {
    large ? start<Tf32, Tf32Tiles::Large>(context, task, plan) : start<Tf32, Tf32Tiles::Medium>(context, task, plan);
  } else {
    large ? start<Bf16, Bf16Tiles::Large>(context, task, plan) : start<Bf16, Bf16Tiles::Medium>(context, task, plan);
  }
}

}  // namespace cuda
}  // namespace myelin
