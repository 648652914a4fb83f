// "slice", "pad", "concat", "copy", "gather": elements change places unchanged.
#include "cuda/kernels/kernels.h"
#include "strided.cuh"

MYELIN_BEGIN

// Offset of the element at `position` in a dense array.
inline int64_t offset_of(const int64_t* strides, const int64_t* position, int32_t rank) {
  int64_t offset = 0;
  for (int32_t d = 0; d < rank; d++) offset += position[d] * strides[d];
  return offset;
}

template <class S>
void slice(const Call* call) {
  const View &in = call->in[0], &out = call->out[0];
  int64_t from[max_rank], to[max_rank];
  dense_strides(in, from);
  dense_strides(out, to);
  const int64_t begin = offset_of(from, static_cast<const SliceAttrs*>(call->attrs)->begin, in.rank);
  move_strided<S>(call, in, out, out.count, out.rank, out.dims, {from, begin}, {to, 0});
}

// ---- pad --------------------------------------------------------------------------------------------------------

// For every axis of the output: where the input begins and how long it is there.
template <class Index>
struct PadShape {
  int32_t rank;
  Divider<Index> dims[max_rank];
  Index before[max_rank], size[max_rank], strides[max_rank];
};

template <class S, class Index>
__global__ void __launch_bounds__(block_threads)
    pad_kernel(const S* in, S* out, int64_t count, const PadShape<Index> shape, const uint32_t* skip) {
  if (is_skipped(skip)) return;
  for (int64_t item = first_item(); item < count; item += item_step()) {
    Index i = static_cast<Index>(item), from = 0;
    bool inside = true;
    for (int d = shape.rank - 1; d >= 0; d--) {
      const Index next = shape.dims[d].divide(i);
      // Wraps around to a large number before the input begins.
      const Index at = i - next * shape.dims[d].divisor - shape.before[d];
      inside = inside && at < shape.size[d];
      from += at * shape.strides[d];
      i = next;
    }
    out[item] = inside ? in[from] : S(0);
  }
}

template <class S, class Index>
void launch_pad(const Call* call) {
  const View &in = call->in[0], &out = call->out[0];
  int64_t strides[max_rank];
  dense_strides(in, strides);
  PadShape<Index> shape = {};
  shape.rank = out.rank;
  for (int32_t d = 0; d < out.rank; d++) {
    set_divisor(&shape.dims[d], out.dims[d]);
    shape.before[d] = static_cast<Index>(static_cast<const PadAttrs*>(call->attrs)->before[d]);
    shape.size[d] = static_cast<Index>(in.dims[d]);
    shape.strides[d] = static_cast<Index>(strides[d]);
  }
  launch(context_of(call), pad_kernel<S, Index>, grid_for(out.count), dim3(block_threads), 0,
         static_cast<const S*>(in.data), static_cast<S*>(out.data), out.count, shape, call->skip);
}

template <class S>
void pad(const Call* call) {
  if (call->out[0].count == 0) return;
  call->out[0].count <= narrow_count ? launch_pad<S, uint32_t>(call) : launch_pad<S, uint64_t>(call);
}

// ---- concat -----------------------------------------------------------------------------------------------------

// One launch for each part.
template <class S>
void concat(const Call* call) {
  const View& out = call->out[0];
  const int32_t axis = static_cast<const ConcatAttrs*>(call->attrs)->axis;
  int64_t to[max_rank];
  dense_strides(out, to);
  int64_t begin = 0;
  for (int32_t part = 0; part < call->n_in; part++) {
    const View& in = call->in[part];
    int64_t from[max_rank];
    dense_strides(in, from);
    move_strided<S>(call, in, out, in.count, in.rank, in.dims, {from, 0}, {to, begin * to[axis]});
    begin += in.dims[axis];
  }
}

// ---- copy, gather -----------------------------------------------------------------------------------------------

template <class T>
__global__ void __launch_bounds__(block_threads) copy_kernel(const T* in, T* out, int64_t count, const uint32_t* skip) {
  if (is_skipped(skip)) return;
  for (int64_t i = first_item(); i < count; i += item_step()) out[i] = in[i];
}

template <class S>
void copy(const Call* call) {
  const View& out = call->out[0];
  const void* from = call->in[0].data;
  if (out.count == 0 || from == out.data) return;
  Context& context = context_of(call);
  if (out.count % pack_elements<S> == 0 && is_aligned(from) && is_aligned(out.data)) {
    const int64_t packs = out.count / pack_elements<S>;
    launch(context, copy_kernel<uint4>, grid_for(packs), dim3(block_threads), 0, static_cast<const uint4*>(from),
           static_cast<uint4*>(out.data), packs, call->skip);
  } else {
    launch(context, copy_kernel<S>, grid_for(out.count), dim3(block_threads), 0, static_cast<const S*>(from),
           static_cast<S*>(out.data), out.count, call->skip);
  }
}

template <class T, class Index>
__global__ void __launch_bounds__(block_threads) gather_kernel(const T* in, const uint32_t* rows, T* out, int64_t count,
                                                               const Divider<Index> width, const uint32_t* skip) {
  if (is_skipped(skip)) return;
  for (int64_t i = first_item(); i < count; i += item_step()) {
    const Index row = width.divide(static_cast<Index>(i));
    out[i] = in[rows[row] * static_cast<int64_t>(width.divisor) + (i - static_cast<int64_t>(row) * width.divisor)];
  }
}

// `count` and `width` in units of T.
template <class T>
void launch_gather(const Call* call, int64_t count, int64_t width) {
  const T* in = static_cast<const T*>(call->in[0].data);
  const uint32_t* rows = static_cast<const uint32_t*>(call->in[1].data);
  T* out = static_cast<T*>(call->out[0].data);
  if (count <= narrow_count) {
    Divider<uint32_t> divider;
    set_divisor(&divider, width);
    launch(context_of(call), gather_kernel<T, uint32_t>, grid_for(count), dim3(block_threads), 0, in, rows, out, count,
           divider, call->skip);
  } else {
    Divider<uint64_t> divider;
    set_divisor(&divider, width);
    launch(context_of(call), gather_kernel<T, uint64_t>, grid_for(count), dim3(block_threads), 0, in, rows, out, count,
           divider, call->skip);
  }
}

template <class S>
void gather(const Call* call) {
  const View &in = call->in[0], &out = call->out[0];
  if (out.count == 0) return;
  const int64_t width = out.count / out.dims[0];
  if (width % pack_elements<S> == 0 && is_aligned(in.data) && is_aligned(out.data)) {
    launch_gather<uint4>(call, out.count / pack_elements<S>, width / pack_elements<S>);
  } else {
    launch_gather<S>(call, out.count, width);
  }
}

MYELIN_END

MYELIN_LAUNCHERS_OF(numbers, slice, slice)
MYELIN_LAUNCHERS_OF(numbers, pad, pad)
MYELIN_LAUNCHERS_OF(numbers, concat, concat)
MYELIN_LAUNCHERS_OF(numbers, copy, copy)
MYELIN_LAUNCHERS_OF(numbers, gather, gather)
