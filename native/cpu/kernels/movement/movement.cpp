// "slice", "pad", "concat", "copy", "gather": elements change places in runs of contiguous ones.
#ifndef MYELIN_REFERENCE  // reference.cpp has it

#include "cpu/kernels/kernels.h"
#include "cpu/kernels/parallel.h"

MYELIN_BEGIN

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
  for_ranges(call, call->out[0].count, copy_bytes / size, call->out[0].count, [&](int64_t begin, int64_t end, int) {
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

MYELIN_END

namespace myelin {
namespace MYELIN_TARGET {

void kernel_slice_f32(const Call* call) { slice(call, 4); }
void kernel_slice_f64(const Call* call) { slice(call, 8); }
void kernel_pad_f32(const Call* call) { pad(call, 4); }
void kernel_pad_f64(const Call* call) { pad(call, 8); }
void kernel_concat_f32(const Call* call) { concat(call, 4); }
void kernel_concat_f64(const Call* call) { concat(call, 8); }
void kernel_copy_f32(const Call* call) { copy(call, 4); }
void kernel_copy_f64(const Call* call) { copy(call, 8); }
void kernel_gather_f32(const Call* call) { gather(call, 4); }
void kernel_gather_f64(const Call* call) { gather(call, 8); }

}  // namespace MYELIN_TARGET
}  // namespace myelin

#endif
