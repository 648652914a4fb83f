// Elements that change places: element i of a dense index space goes from one strided place to another.
#pragma once
#include "cuda/kernels/common.cuh"

MYELIN_BEGIN

struct Strides {
  const int64_t* strides;
  int64_t begin;
};

template <class S, class Index>
__global__ void __launch_bounds__(block_threads)
    move_kernel(const S* in, S* out, int64_t count, const Mapping<Index> from, const Mapping<Index> to,
                const uint32_t* skip) {
  if (is_skipped(skip)) return;
  for (int64_t i = first_item(); i < count; i += item_step()) {
    const Index at = static_cast<Index>(i);
    out[to.offset(at)] = in[from.offset(at)];
  }
}

// For every index of the space `dims`: out[to] = in[from].
template <class S>
void move_strided(const Call* call, const View& in, const View& out, int64_t count, int32_t rank, const int64_t* dims,
                  const Strides& from, const Strides& to) {
  if (count == 0) return;
  Context& context = context_of(call);
  const S* source = static_cast<const S*>(in.data);
  S* target = static_cast<S*>(out.data);
  if (in.count <= narrow_count && out.count <= narrow_count) {
    launch(context, move_kernel<S, uint32_t>, grid_for(count), dim3(block_threads), 0, source, target, count,
           make_mapping<uint32_t>(rank, dims, from.strides, from.begin),
           make_mapping<uint32_t>(rank, dims, to.strides, to.begin), call->skip);
  } else {
    launch(context, move_kernel<S, uint64_t>, grid_for(count), dim3(block_threads), 0, source, target, count,
           make_mapping<uint64_t>(rank, dims, from.strides, from.begin),
           make_mapping<uint64_t>(rank, dims, to.strides, to.begin), call->skip);
  }
}

MYELIN_END
