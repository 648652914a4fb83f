// "slice", "pad", "concat", "copy", "gather": elements change places in runs of contiguous ones.
#include "cpu/kernels/kernels.h"
#include "cpu/kernels/units.h"
#ifdef MYELIN_REFERENCE
#include "cpu/kernels/reference.h"
#else
#include "cpu/kernels/parallel.h"
#endif

MYELIN_BEGIN

#ifdef MYELIN_REFERENCE

template <class S>
void slice(const Call* call) {
  const View &in = call->in[0], &out = call->out[0];
  for (int64_t i = 0; i < out.count; i++) {
    int64_t position[max_rank] = {};
    position_of(out, i, position);
    for (int32_t d = 0; d < out.rank; d++) position[d] += static_cast<const SliceAttrs*>(call->attrs)->begin[d];
    data_of<S>(out)[i] = data_of<S>(in)[element_at(in, position)];
  }
}

template <class S>
void pad(const Call* call) {
  const View &in = call->in[0], &out = call->out[0];
  for (int64_t i = 0; i < out.count; i++) data_of<S>(out)[i] = 0;
  for (int64_t i = 0; i < in.count; i++) {
    int64_t position[max_rank] = {};
    position_of(in, i, position);
    for (int32_t d = 0; d < in.rank; d++) position[d] += static_cast<const PadAttrs*>(call->attrs)->before[d];
    data_of<S>(out)[element_at(out, position)] = data_of<S>(in)[i];
  }
}

template <class S>
void concat(const Call* call) {
  const View& out = call->out[0];
  const int32_t axis = static_cast<const ConcatAttrs*>(call->attrs)->axis;
  int64_t begin = 0;
  for (int32_t part = 0; part < call->n_in; part++) {
    const View& in = call->in[part];
    for (int64_t i = 0; i < in.count; i++) {
      int64_t position[max_rank] = {};
      position_of(in, i, position);
      position[axis] += begin;
      data_of<S>(out)[element_at(out, position)] = data_of<S>(in)[i];
    }
    begin += in.dims[axis];
  }
}

template <class S>
void copy(const Call* call) {
  for (int64_t i = 0; i < call->out[0].count; i++) data_of<S>(call->out[0])[i] = data_of<S>(call->in[0])[i];
}

template <class S>
void gather(const Call* call) {
  const View& out = call->out[0];
  const int64_t width = out.dims[0] > 0 ? out.count / out.dims[0] : 0;
  for (int64_t i = 0; i < out.count; i++) {
    const int64_t row = data_of<uint32_t>(call->in[1])[i / width];
    data_of<S>(out)[i] = data_of<S>(call->in[0])[row * width + i % width];
  }
}

#else

// A box inside an array: `size` elements per axis from `begin` on.
struct Box {
  int32_t rank;
  int64_t size[max_rank], array[max_rank], begin[max_rank];
  int64_t run;   // contiguous elements
  int64_t runs;  // how many such runs the box has
  int32_t outer_rank;
};

// Trailing axes that the box spans whole join into one run.
HD void find_runs(Box* box) {
  int32_t d = box->rank;
  box->run = 1;
  while (d > 0) {
    d--;
    box->run *= box->size[d];
    if (box->size[d] != box->array[d]) break;
  }
  box->outer_rank = d;
  box->runs = 1;
  for (int32_t i = 0; i < d; i++) box->runs *= box->size[i];
}

// Offset in the array of the box's run number `run`.
HD int64_t run_offset(const Box& box, int64_t run) {
  int64_t index[max_rank] = {};
  for (int32_t d = box.outer_rank - 1; d >= 0; d--) {
    index[d] = run % box.size[d];
    run /= box.size[d];
  }
  int64_t offset = 0;
  for (int32_t d = 0; d < box.rank; d++) offset = offset * box.array[d] + box.begin[d] + index[d];
  return offset;
}

// Copies between a box of an array and a dense array of the box's shape.
template <bool into_box>
HD void copy_box(const Call* call, const Box& box, char* array, char* dense, int64_t size) {
  const int64_t bytes = box.run * size;
  if (bytes == 0) return;
  for_ranges(call, box.runs, 1, box.runs * box.run, [&](int64_t begin, int64_t end, int) {
    for (int64_t r = begin; r < end; r++) {
      char* inside = array + run_offset(box, r) * size;
      char* outside = dense + r * bytes;
      if (into_box) {
        memcpy(inside, outside, bytes);
      } else {
        memcpy(outside, inside, bytes);
      }
    }
  });
}

HD Box box_in(const View& array, const View& part, const int64_t* begin) {
  Box box;
  box.rank = part.rank;
  for (int32_t d = 0; d < part.rank; d++) {
    box.size[d] = part.dims[d];
    box.array[d] = array.dims[d];
    box.begin[d] = begin[d];
  }
  find_runs(&box);
  return box;
}

void slice(const Call* call, int64_t size) {
  const View &in = call->in[0], &out = call->out[0];
  const Box box = box_in(in, out, static_cast<const SliceAttrs*>(call->attrs)->begin);
  copy_box<false>(call, box, static_cast<char*>(in.data), static_cast<char*>(out.data), size);
}

void pad(const Call* call, int64_t size) {
  const View &in = call->in[0], &out = call->out[0];
  const Box box = box_in(out, in, static_cast<const PadAttrs*>(call->attrs)->before);
  memset(out.data, 0, out.count * size);
  copy_box<true>(call, box, static_cast<char*>(out.data), static_cast<char*>(in.data), size);
}

void concat(const Call* call, int64_t size) {
  const int32_t axis = static_cast<const ConcatAttrs*>(call->attrs)->axis;
  int64_t begin[max_rank] = {};
  for (int32_t i = 0; i < call->n_in; i++) {
    const Box box = box_in(call->out[0], call->in[i], begin);
    copy_box<true>(call, box, static_cast<char*>(call->out[0].data), static_cast<char*>(call->in[i].data), size);
    begin[axis] += call->in[i].dims[axis];
  }
}

// Bytes that a task copies at least: below this, memory is not the bottleneck of one core.
constexpr int64_t copy_bytes = 65536;

void copy(const Call* call, int64_t size) {
  char* out = static_cast<char*>(call->out[0].data);
  const char* in = static_cast<const char*>(call->in[0].data);
  if (out == in) return;
  for_part(call, call->out[0].count, copy_bytes / size, call->out[0].count, [&](int64_t begin, int64_t end, int) {
    memcpy(out + begin * size, in + begin * size, (end - begin) * size);
  });
}

void gather(const Call* call, int64_t size) {
  const View &in = call->in[0], &out = call->out[0];
  const uint32_t* rows = static_cast<const uint32_t*>(call->in[1].data);
  const int64_t n = out.dims[0];
  const int64_t bytes = n > 0 ? out.count / n * size : 0;
  const char* from = static_cast<const char*>(in.data);
  char* to = static_cast<char*>(out.data);
  if (bytes == 0) return;
  for_ranges(call, n, divide_up(copy_bytes, bytes), out.count, [&](int64_t begin, int64_t end, int) {
    for (int64_t r = begin; r < end; r++) memcpy(to + r * bytes, from + rows[r] * bytes, bytes);
  });
}

// Only the size of an element matters.
template <class S>
void slice(const Call* call) {
  slice(call, sizeof(S));
}
template <class S>
void pad(const Call* call) {
  pad(call, sizeof(S));
}
template <class S>
void concat(const Call* call) {
  concat(call, sizeof(S));
}
template <class S>
void copy(const Call* call) {
  copy(call, sizeof(S));
}
template <class S>
void gather(const Call* call) {
  gather(call, sizeof(S));
}

#endif

MYELIN_END

MYELIN_DEFINE_KERNEL_OF(numbers, slice, slice)
MYELIN_DEFINE_KERNEL_OF(numbers, pad, pad)
MYELIN_DEFINE_KERNEL_OF(numbers, concat, concat)
MYELIN_DEFINE_KERNEL_OF(numbers, copy, copy)
MYELIN_DEFINE_UNITS_OF(numbers, copy, element_units)
MYELIN_DEFINE_KERNEL_OF(numbers, gather, gather)
