// How a tiling becomes launches. Internal to the matmul; tests use it to run every kernel on every shape.
#pragma once
#include "cuda/kernels/context.h"
#include "matmul_task.h"
#include "matmul_tiling.h"

namespace myelin {
namespace cuda {

MatmulShape matmul_shape(const Call* call);
// call->scratch must hold tiling.splits partial results if there are more than one. The precision (1: TF32, 2: bf16)
// counts for the tensor kernels only.
void matmul_with_tiling_f32(const Call* call, const MatmulTiling& tiling, int precision);
void matmul_with_tiling_f64(const Call* call, const MatmulTiling& tiling);
// The kernels of tensor cores stand in their own file, since their headers take the longest to compile.
bool has_tensor_cores(const Context& context);
void launch_matmul_tensor(Context& context, const MatmulTask<float>& task, const MatmulTiling& tiling, int precision);

}  // namespace cuda
}  // namespace myelin
