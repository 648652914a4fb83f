// "transpose": tiles go through shared memory, so that both sides read and write neighbouring elements together.
#include "cuda/kernels/kernels.h"
#include "strided.cuh"

MYELIN_BEGIN

constexpr int tile_side = 32, tile_rows = 8;

// The axis that is innermost on the way in (`column`) and the one that is innermost on the way out (`row`) span the
// tiles; `rest` are all others.
struct TransposeShape {
  int64_t rows, columns;  // sizes of the two axes
  int64_t row_stride;     // of `row` in the input; `column` has stride 1
  int64_t column_stride;  // of `column` in the output; `row` has stride 1
  int64_t row_tiles, column_tiles;
  int32_t rank;  // of the rest
  int64_t dims[max_rank], from[max_rank], to[max_rank];
};

template <class S>
__global__ void __launch_bounds__(tile_side* tile_rows)
    transpose_tiles(const S* in, S* out, const TransposeShape shape, const uint32_t* skip) {
  if (is_skipped(skip)) return;
  __shared__ S tile[tile_side][tile_side + 1];  // the padding puts a column into different banks
  int64_t block = blockIdx.x;
  const int64_t column = block % shape.column_tiles * tile_side;
  block /= shape.column_tiles;
  const int64_t row = block % shape.row_tiles * tile_side;
  block /= shape.row_tiles;
  int64_t from = 0, to = 0;
  for (int d = shape.rank - 1; d >= 0; d--) {
    const int64_t index = block % shape.dims[d];
    block /= shape.dims[d];
    from += index * shape.from[d];
    to += index * shape.to[d];
  }
  for (int y = threadIdx.y; y < tile_side; y += tile_rows) {
    const int64_t r = row + y, c = column + threadIdx.x;
    if (r < shape.rows && c < shape.columns) tile[y][threadIdx.x] = in[from + r * shape.row_stride + c];
  }
  __syncthreads();
  for (int y = threadIdx.y; y < tile_side; y += tile_rows) {
    const int64_t c = column + y, r = row + threadIdx.x;
    if (r < shape.rows && c < shape.columns) out[to + c * shape.column_stride + r] = tile[threadIdx.x][y];
  }
}

// The axes of the output without those of size 1, neighbours joined that stay neighbours: sizes and strides.
struct Axes {
  int32_t rank;
  int64_t dims[max_rank], from[max_rank], to[max_rank];
};

inline Axes joined_axes(const View& in, const View& out, const int32_t* perm) {
  int64_t in_strides[max_rank], out_strides[max_rank];
  dense_strides(in, in_strides);
  dense_strides(out, out_strides);
  Axes axes = {};
  for (int32_t d = 0; d < out.rank; d++) {
    if (out.dims[d] == 1) continue;
    const int64_t from = in_strides[perm[d]];
    if (axes.rank > 0 && axes.from[axes.rank - 1] == out.dims[d] * from) {
      axes.dims[axes.rank - 1] *= out.dims[d];
      axes.from[axes.rank - 1] = from;
      axes.to[axes.rank - 1] = out_strides[d];
    } else {
      axes.dims[axes.rank] = out.dims[d];
      axes.from[axes.rank] = from;
      axes.to[axes.rank++] = out_strides[d];
    }
  }
  return axes;
}

template <class S>
void transpose(const Call* call) {
  const View &in = call->in[0], &out = call->out[0];
  if (out.count == 0) return;
  const Axes axes = joined_axes(in, out, static_cast<const TransposeAttrs*>(call->attrs)->perm);
  if (axes.rank == 0 || axes.from[axes.rank - 1] == 1) {  // the innermost axis stays
    move_strided<S>(call, in, out, out.count, axes.rank, axes.dims, {axes.from, 0}, {axes.to, 0});
    return;
  }
  TransposeShape shape = {};
  for (int32_t d = 0; d < axes.rank; d++) {
    if (d == axes.rank - 1) {
      shape.rows = axes.dims[d];
      shape.row_stride = axes.from[d];
    } else if (axes.from[d] == 1) {
      shape.columns = axes.dims[d];
      shape.column_stride = axes.to[d];
    } else {
      shape.dims[shape.rank] = axes.dims[d];
      shape.from[shape.rank] = axes.from[d];
      shape.to[shape.rank++] = axes.to[d];
    }
  }
  shape.row_tiles = divide_up(shape.rows, tile_side);
  shape.column_tiles = divide_up(shape.columns, tile_side);
  const int64_t tiles = out.count / (shape.rows * shape.columns) * shape.row_tiles * shape.column_tiles;
  launch(context_of(call), transpose_tiles<S>, dim3(static_cast<unsigned>(tiles)), dim3(tile_side, tile_rows), 0,
         static_cast<const S*>(in.data), static_cast<S*>(out.data), shape, call->skip);
}

MYELIN_END

MYELIN_LAUNCHERS_OF(numbers, transpose, transpose)
