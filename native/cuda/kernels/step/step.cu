// The kernels that drive a step on the device; see step.h.
#include "step.h"

#include "cuda/kernels/common.cuh"

MYELIN_BEGIN

template <class S>
__global__ void begin_kernel(StepBlock* block, int32_t n_hypers, S* hypers) {
  if (block->flag != 0) return;
  const double* row = block->hyper + block->index * n_hypers;
  for (int32_t i = threadIdx.x; i < n_hypers; i += blockDim.x) hypers[i] = static_cast<S>(row[i]);
  if (threadIdx.x == 0) block->key.step = block->first_step + static_cast<uint64_t>(block->index);
}

__global__ void end_kernel(StepBlock* block) {
  if (block->flag == 0) block->index++;
}

// T: 4, 8 or 16 bytes of a row.
template <class T>
__global__ void __launch_bounds__(block_threads)
    gather_step_kernel(const StepBlock* block, const void* const* data, T* to, int64_t batch, int64_t width) {
  if (block->flag != 0) return;
  const T* from = static_cast<const T*>(*data);
  const uint32_t* rows = block->rows + block->index * batch;
  for (int64_t i = first_item(); i < batch * width; i += item_step()) {
    const int64_t row = i / width;
    to[i] = from[rows[row] * width + (i - row * width)];
  }
}

struct CostList {
  const void* from[max_costs_a_launch];
  int32_t count, first, total;  // of this launch; of all costs of a step
};

template <class S>
__global__ void record_kernel(const StepBlock* block, const CostList list) {
  if (block->flag != 0) return;
  double* row = block->costs + block->index % block->cost_ring * list.total + list.first;
  for (int32_t i = threadIdx.x; i < list.count; i += blockDim.x) {
    row[i] = static_cast<double>(*static_cast<const S*>(list.from[i]));
  }
}

template <class S>
__global__ void __launch_bounds__(block_threads)
    collect_kernel(const StepBlock* block, const S* from, void* const* to, int64_t count) {
  if (block->flag != 0) return;
  S* target = static_cast<S*>(*to) + block->index * count;
  for (int64_t i = first_item(); i < count; i += item_step()) target[i] = from[i];
}

template <class T>
void launch_gather_step(Context& context, const StepBlock* block, const void* const* data, void* to, int64_t batch,
                        int64_t width) {
  launch(context, gather_step_kernel<T>, grid_for(batch * width), dim3(block_threads), 0, block, data,
         static_cast<T*>(to), batch, width);
}

MYELIN_END

namespace myelin {
namespace cuda {

void begin_step(Context& context, StepBlock* block, int32_t n_hypers, void* hypers, bool is_f64) {
  if (is_f64) {
    launch(context, begin_kernel<double>, dim3(1), dim3(warp_lanes), 0, block, n_hypers, static_cast<double*>(hypers));
  } else {
    launch(context, begin_kernel<float>, dim3(1), dim3(warp_lanes), 0, block, n_hypers, static_cast<float*>(hypers));
  }
}

void gather_step(Context& context, const StepBlock* block, const void* const* data, void* to, int64_t batch,
                 int64_t row_bytes) {
  if (batch * row_bytes == 0) return;
  // Buffers are aligned to 64 bytes; rows are, if their length allows it.
  if (row_bytes % 16 == 0) {
    launch_gather_step<uint4>(context, block, data, to, batch, row_bytes / 16);
  } else if (row_bytes % 8 == 0) {
    launch_gather_step<uint64_t>(context, block, data, to, batch, row_bytes / 8);
  } else {
    launch_gather_step<uint32_t>(context, block, data, to, batch, row_bytes / 4);
  }
}

void record_costs(Context& context, const StepBlock* block, const void* const* from, int32_t n, bool is_f64) {
  for (int32_t first = 0; first < n; first += max_costs_a_launch) {
    CostList list = {};
    list.count = static_cast<int32_t>(smaller(max_costs_a_launch, n - first));
    list.first = first;
    list.total = n;
    for (int32_t i = 0; i < list.count; i++) list.from[i] = from[first + i];
    if (is_f64) {
      launch(context, record_kernel<double>, dim3(1), dim3(warp_lanes), 0, block, list);
    } else {
      launch(context, record_kernel<float>, dim3(1), dim3(warp_lanes), 0, block, list);
    }
  }
}

void collect_step(Context& context, const StepBlock* block, const void* from, void* const* to, int64_t count,
                  int32_t element_bytes) {
  if (count == 0) return;
  if (element_bytes == 8) {
    launch(context, collect_kernel<uint64_t>, grid_for(count), dim3(block_threads), 0, block,
           static_cast<const uint64_t*>(from), to, count);
  } else {
    launch(context, collect_kernel<uint32_t>, grid_for(count), dim3(block_threads), 0, block,
           static_cast<const uint32_t*>(from), to, count);
  }
}

void end_step(Context& context, StepBlock* block) { launch(context, end_kernel, dim3(1), dim3(1), 0, block); }

}  // namespace cuda
}  // namespace myelin
