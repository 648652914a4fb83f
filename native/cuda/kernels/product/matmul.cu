// "matmul": op(a)·op(b) with its epilogue.
//
// The bits of an element depend on m, n, k, the transposes, the precision and whether the device has tensor cores for
// it: tiles and the cut of the sum come from shapes alone, every element is summed in one fixed order, and no atomics
// are used. Alignment decides between wide and narrow memory accesses, never about arithmetic.
//
// Context::precision 1 and 2 send float32 products of more than 16 rows and columns through tensor cores, with operands
// rounded to TF32 (10 bits of fraction) or bf16 (7 bits) and sums in float32.
#include "cuda/kernels/kernels.h"
#include "cuda/kernels/launch.h"
#include "matmul_launch.h"
#include "matmul_tile.cuh"
#include "matmul_vector.cuh"

namespace myelin {
namespace cuda {
namespace {

// False for what the epilogues do not know: the core fuses none of these.
template <class T>
bool set_activation(const Epilogue& epilogue, MatmulTask<T>* task) {
  const int32_t index = epilogue.activation < 0 ? op_index_identity : epilogue.activation;
#define MYELIN_CASE(op, formula) case op_index_##op:
  switch (index) {
    MYELIN_UNARY(MYELIN_CASE)
    break;
    default: return false;
  }
#undef MYELIN_CASE
  task->activation = index;
  task->slope = index == op_index_identity ? T(1) : static_cast<T>(epilogue.activation_attr);
  task->smooth = index != op_index_identity && index != op_index_relu && index != op_index_leakyRelu;
  return true;
}

template <class T>
bool is_wide(const T* data, int64_t row_stride) {
  return row_stride % Pack<T>::count == 0 && reinterpret_cast<uintptr_t>(data) % sizeof(Pack<T>) == 0;
}

template <class T>
MatmulTask<T> task_of(const Call* call, const MatmulTiling& tiling) {
  const MatmulAttrs* attrs = static_cast<const MatmulAttrs*>(call->attrs);
  const MatmulShape s = matmul_shape(call);
  MatmulTask<T> task;
  task.a = static_cast<const T*>(call->in[0].data);
  task.b = static_cast<const T*>(call->in[1].data);
  task.bias = attrs->epilogue.has_bias ? static_cast<const T*>(call->in[2].data) : nullptr;
  task.out = static_cast<T*>(call->out[0].data);
  task.z = call->n_out == 2 ? static_cast<T*>(call->out[1].data) : nullptr;
  task.partial = tiling.splits > 1 ? static_cast<T*>(call->scratch) : nullptr;
  task.skip = call->skip;
  task.m = s.m;
  task.n = s.n;
  task.k = s.k;
  task.chunk = tiling.chunk;
  task.stride_a = s.a_along_k ? s.k : s.m;
  task.stride_b = s.b_along_k ? s.k : s.n;
  task.a_along_k = s.a_along_k;
  task.b_along_k = s.b_along_k;
  task.wide_a = is_wide(task.a, task.stride_a);
  task.wide_b = is_wide(task.b, task.stride_b);
  task.wide_out = is_wide(task.out, s.n) && is_wide(task.z, s.n);
  return task;
}

template <class T, class Shape>
void start_tile(Context& context, const MatmulTask<T>& task, dim3 grid) {
  launch(context, matmul_tile<T, Shape>, grid, dim3(Shape::threads), 0, task);
}

template <class T>
void start(Context& context, const MatmulTask<T>& task, MatmulKernel kernel, dim3 grid) {
  switch (kernel) {
    case MatmulKernel::large: return start_tile<T, typename Tiles<T>::Large>(context, task, grid);
    case MatmulKernel::medium: return start_tile<T, typename Tiles<T>::Medium>(context, task, grid);
    case MatmulKernel::small: return start_tile<T, typename Tiles<T>::Small>(context, task, grid);
    case MatmulKernel::narrow: return start_tile<T, typename Tiles<T>::Narrow>(context, task, grid);
    case MatmulKernel::few: return start_tile<T, typename Tiles<T>::Few>(context, task, grid);
    case MatmulKernel::dot: return launch(context, matmul_dot<T>, grid, dim3(32 * dot_warps), 0, task);
    case MatmulKernel::columns:
      return launch(context, matmul_columns<T>, grid, dim3(column_outputs * column_groups), 0, task);
    default: break;
  }
}

template <class T, class Start>
void with_tiling(const Call* call, const MatmulTiling& tiling, Start start_kernel) {
  Context& context = context_of(call);
  MatmulTask<T> task = task_of<T>(call, tiling);
  if (task.m == 0 || task.n == 0) return;
  // The second: beyond a grid's limit, with room for the order of blocks; results of that size fit no device.
  const Epilogue& epilogue = static_cast<const MatmulAttrs*>(call->attrs)->epilogue;
  if (!set_activation(epilogue, &task) || tiling.blocks > INT32_MAX / group_rows) {
    if (context.status == cudaSuccess) context.status = cudaErrorInvalidValue;
    return;
  }
  start_kernel(context, task, dim3(static_cast<unsigned>(tiling.blocks), static_cast<unsigned>(tiling.splits)));
  if (tiling.splits > 1) {
    const int64_t blocks = divide_up(task.m * task.n, combine_threads);
    launch(context, matmul_combine<T>, dim3(static_cast<unsigned>(blocks)), dim3(combine_threads), 0, task,
           static_cast<int>(tiling.splits));
  }
}

template <class T>
size_t scratch_of(const MatmulShape& s, const MatmulTiling& tiling) {
  return tiling.splits > 1 ? static_cast<size_t>(tiling.splits * s.m * s.n) * sizeof(T) : 0;
}

}  // namespace

MatmulShape matmul_shape(const Call* call) {
  const MatmulAttrs* attrs = static_cast<const MatmulAttrs*>(call->attrs);
  const View& a = call->in[0];
  MatmulShape s;
  s.m = call->out[0].dims[0];
  s.n = call->out[0].dims[1];
  s.k = a.dims[attrs->trans_a ? 0 : 1];
  s.a_along_k = !attrs->trans_a;
  s.b_along_k = attrs->trans_b != 0;
  return simplest(s);
}

void matmul_with_tiling_f32(const Call* call, const MatmulTiling& tiling, int precision) {
  with_tiling<float>(call, tiling, [&](Context& context, const MatmulTask<float>& task, dim3 grid) {
    if (tiling.kernel == MatmulKernel::tensor_large || tiling.kernel == MatmulKernel::tensor_medium) {
      launch_matmul_tensor(context, task, tiling, precision);
    } else {
      start<float>(context, task, tiling.kernel, grid);
    }
  });
}

void matmul_with_tiling_f64(const Call* call, const MatmulTiling& tiling) {
  with_tiling<double>(call, tiling, [&](Context& context, const MatmulTask<double>& task, dim3 grid) {
    start<double>(context, task, tiling.kernel, grid);
  });
}

void matmul_f32(const Call* call) {
  const Context& context = context_of(call);
  const bool tensor_cores = context.precision > 0 && has_tensor_cores(context);
  matmul_with_tiling_f32(call, tiling_for<float>(matmul_shape(call), tensor_cores), context.precision);
}

void matmul_f64(const Call* call) { matmul_with_tiling_f64(call, tiling_for<double>(matmul_shape(call), false)); }

// Enough for any precision: a plan does not know it when its memory is laid out.
size_t scratch_matmul_f32(const Call* call, int) {
  const MatmulShape s = matmul_shape(call);
  const size_t plain = scratch_of<float>(s, tiling_for<float>(s, false));
  const size_t tensor = scratch_of<float>(s, tiling_for<float>(s, true));
  return plain > tensor ? plain : tensor;
}

size_t scratch_matmul_f64(const Call* call, int) {
  const MatmulShape s = matmul_shape(call);
  return scratch_of<double>(s, tiling_for<double>(s, false));
}

}  // namespace cuda
}  // namespace myelin
