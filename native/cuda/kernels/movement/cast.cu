// "cast": whole numbers to floating ones and back.
#include "cuda/kernels/common.cuh"
#include "cuda/kernels/kernels.h"

MYELIN_BEGIN

// The first number of S beyond int32 is exact in both dtypes.
template <class S>
__device__ inline int32_t to_int32(S x) {
  if (x != x) return 0;
  if (x >= S(0x1p31)) return INT32_MAX;
  return x <= S(-0x1p31) ? INT32_MIN : static_cast<int32_t>(x);
}

template <class S>
__global__ void __launch_bounds__(block_threads)
    to_int32_kernel(const S* in, int32_t* out, int64_t count, const uint32_t* skip) {
  if (is_skipped(skip)) return;
  for (int64_t i = first_item(); i < count; i += item_step()) out[i] = to_int32(in[i]);
}

template <class S>
__global__ void __launch_bounds__(block_threads)
    to_float_kernel(const int32_t* in, S* out, int64_t count, int32_t part, const uint32_t* skip) {
  if (is_skipped(skip)) return;
  for (int64_t i = first_item(); i < count; i += item_step()) {
    const int32_t x = in[i], low = x & 0xFFFF;
    const int32_t high = static_cast<int32_t>((static_cast<int64_t>(x) - low) / 65536);
    out[i] = static_cast<S>(part == 0 ? x : part == 1 ? high : low);
  }
}

template <class S>
void cast(const Call* call) {
  const CastAttrs& how = *static_cast<const CastAttrs*>(call->attrs);
  const View &in = call->in[0], &out = call->out[0];
  if (out.count == 0) return;
  Context& context = context_of(call);
  if (how.to_int32) {
    launch(context, to_int32_kernel<S>, grid_for(out.count), dim3(block_threads), 0, static_cast<const S*>(in.data),
           static_cast<int32_t*>(out.data), out.count, call->skip);
  } else {
    launch(context, to_float_kernel<S>, grid_for(out.count), dim3(block_threads), 0,
           static_cast<const int32_t*>(in.data), static_cast<S*>(out.data), out.count, how.float_part, call->skip);
  }
}

MYELIN_END

MYELIN_LAUNCHERS(cast, cast)
