// "transpose": any permutation of the axes. Axes are merged until what is left is either rows that move as a whole
// or a batch of matrices to be turned, which is done in square blocks.
#include "cpu/kernels/kernels.h"
#ifdef MYELIN_REFERENCE
#include "cpu/kernels/reference.h"
#else
#include "cpu/kernels/parallel.h"
#endif

MYELIN_BEGIN

#ifdef MYELIN_REFERENCE

template <class S>
void transpose(const Call* call) {
  const View &in = call->in[0], &out = call->out[0];
  const int32_t* perm = static_cast<const TransposeAttrs*>(call->attrs)->perm;
  for (int64_t i = 0; i < out.count; i++) {
    int64_t to[max_rank] = {}, from[max_rank] = {};
    position_of(out, i, to);
    for (int32_t d = 0; d < out.rank; d++) from[perm[d]] = to[d];
    data_of<S>(out)[i] = data_of<S>(in)[element_at(in, from)];
  }
}

#else

// A permuted array after merging: dims and input strides in the order of the output.
struct Permuted {
  int32_t rank;
  int64_t dims[max_rank], strides[max_rank];
};

HD Permuted merge_axes(const View& in, const int32_t* perm) {
  int64_t strides[max_rank];
  int64_t stride = 1;
  for (int32_t d = in.rank - 1; d >= 0; d--) {
    strides[d] = stride;
    stride *= in.dims[d];
  }
  Permuted p;
  p.rank = 0;
  for (int32_t d = 0; d < in.rank; d++) {
    const int64_t size = in.dims[perm[d]], step = strides[perm[d]];
    if (size == 1) continue;
    if (p.rank > 0 && p.strides[p.rank - 1] == size * step) {
      p.dims[p.rank - 1] *= size;
      p.strides[p.rank - 1] = step;
    } else {
      p.dims[p.rank] = size;
      p.strides[p.rank] = step;
      p.rank++;
    }
  }
  return p;
}

// Input offset of the run-th element of the first `axes` axes.
HD int64_t offset_of(const Permuted& p, int32_t axes, int64_t run) {
  int64_t offset = 0;
  for (int32_t d = axes - 1; d >= 0; d--) {
    offset += run % p.dims[d] * p.strides[d];
    run /= p.dims[d];
  }
  return offset;
}

// Side of a block: 16 float32 are a cache line, and 16 lines of each side stay in the first-level cache.
constexpr int64_t side = 16;

// out[i, j] = in[j·stride + i] for i in [begin, end), j in [0, columns); out has rows of `columns`.
template <class S>
HD void turn(const S* in, S* out, int64_t begin, int64_t end, int64_t columns, int64_t stride) {
  for (int64_t i = begin; i < end; i += side) {
    for (int64_t j = 0; j < columns; j += side) {
      if (i + side <= end && j + side <= columns) {
        S block[side][side];
        for (int64_t b = 0; b < side; b++) {
          for (int64_t a = 0; a < side; a++) block[a][b] = in[(j + b) * stride + i + a];
        }
        for (int64_t a = 0; a < side; a++) memcpy(out + (i + a) * columns + j, block[a], sizeof block[a]);
        continue;
      }
      for (int64_t a = i; a < smaller(i + side, end); a++) {
        for (int64_t b = j; b < smaller(j + side, columns); b++) out[a * columns + b] = in[b * stride + a];
      }
    }
  }
}

template <class S>
void transpose(const Call* call) {
  const View& view = call->in[0];
  const Permuted p = merge_axes(view, static_cast<const TransposeAttrs*>(call->attrs)->perm);
  const S* in = static_cast<const S*>(view.data);
  S* out = static_cast<S*>(call->out[0].data);
  const int64_t count = view.count;
  if (count == 0) return;
  if (p.rank <= 1 && (p.rank == 0 || p.strides[0] == 1)) {
    memcpy(out, in, count * sizeof(S));
    return;
  }
  const int64_t inner = p.dims[p.rank - 1], stride = p.strides[p.rank - 1];
  if (p.rank >= 2 && p.strides[p.rank - 2] == 1) {
    // The two last axes are a turned matrix; a task takes strips of its output rows.
    const int64_t rows = p.dims[p.rank - 2], strips = divide_up(rows, side);
    for_ranges(call, count / (rows * inner) * strips, 1, count, [&](int64_t begin, int64_t end, int) {
      for (int64_t t = begin; t < end; t++) {
        const int64_t matrix = t / strips, first = t % strips * side;
        turn(in + offset_of(p, p.rank - 2, matrix), out + matrix * rows * inner, first, smaller(rows, first + side),
             inner, stride);
      }
    });
    return;
  }
  for_ranges(call, count / inner, 1, count, [&](int64_t begin, int64_t end, int) {
    for (int64_t t = begin; t < end; t++) {
      const S* from = in + offset_of(p, p.rank - 1, t);
      S* to = out + t * inner;
      if (stride == 1) {
        memcpy(to, from, inner * sizeof(S));
      } else {
        for (int64_t j = 0; j < inner; j++) to[j] = from[j * stride];
      }
    }
  });
}

#endif

MYELIN_END

MYELIN_DEFINE_KERNEL_OF(numbers, transpose, transpose)
