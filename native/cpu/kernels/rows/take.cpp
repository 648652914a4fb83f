// "take" and "scatterAdd": rows of a table by number, and back.
#include "cpu/kernels/kernels.h"
#include "cpu/kernels/units.h"
#ifdef MYELIN_REFERENCE
#include "cpu/kernels/reference.h"
#else
#include "cpu/kernels/parallel.h"
#endif

MYELIN_BEGIN

// Negative ids, read without their sign, are beyond every table.
inline bool is_inside(int32_t id, int64_t rows) { return static_cast<int64_t>(static_cast<uint32_t>(id)) < rows; }

#ifdef MYELIN_REFERENCE

template <class S>
void take(const Call* call) {
  const View &table = call->in[0], &ids = call->in[1], &out = call->out[0];
  const int64_t width = ids.count > 0 ? out.count / ids.count : 0;
  for (int64_t i = 0; i < out.count; i++) {
    const int32_t id = data_of<int32_t>(ids)[i / width];
    const bool inside = is_inside(id, table.dims[0]);
    data_of<S>(out)[i] = inside ? data_of<S>(table)[id * width + i % width] : static_cast<S>(__builtin_nan(""));
  }
}

// The order of the sums, and that they are in S, is part of what the kernel promises: no long double here.
template <class S>
void scatter_add(const Call* call) {
  const View &ids = call->in[0], &rows = call->in[1], &out = call->out[0];
  const int64_t width = ids.count > 0 ? rows.count / ids.count : 0;
  bool inside = true;
  for (int64_t i = 0; i < ids.count; i++) inside = inside && is_inside(data_of<int32_t>(ids)[i], out.dims[0]);
  for (int64_t i = 0; i < out.count; i++) data_of<S>(out)[i] = inside ? S(0) : static_cast<S>(__builtin_nan(""));
  for (int64_t i = 0; inside && i < rows.count; i++) {
    data_of<S>(out)[data_of<int32_t>(ids)[i / width] * width + i % width] += data_of<S>(rows)[i];
  }
}

#else

template <class S>
HD void fill(S* to, int64_t n, S value) {
  for (int64_t i = 0; i < n; i++) to[i] = value;
}

// Elements that a task moves at least.
constexpr int64_t moved_elements = 16384;

template <class S>
void take(const Call* call) {
  const View &table = call->in[0], &ids = call->in[1], &out = call->out[0];
  if (out.count == 0) return;
  const int64_t width = out.count / ids.count;
  const S* from = static_cast<const S*>(table.data);
  const int32_t* id = static_cast<const int32_t*>(ids.data);
  S* to = static_cast<S*>(out.data);
  for_part(call, ids.count, divide_up(moved_elements, width), out.count, [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; i++) {
      if (is_inside(id[i], table.dims[0])) {
        memcpy(to + i * width, from + id[i] * width, width * sizeof(S));
      } else {
        fill(to + i * width, width, static_cast<S>(__builtin_nan("")));
      }
    }
  });
}

// A task has some rows of the output and looks through all ids for those that belong there, so every sum has the order
// of the rows, however many tasks there are.
template <class S>
void scatter_add(const Call* call) {
  const View &ids = call->in[0], &rows = call->in[1], &out = call->out[0];
  if (out.count == 0) return;
  const int64_t width = out.count / out.dims[0];
  const int32_t* id = static_cast<const int32_t*>(ids.data);
  const S* from = static_cast<const S*>(rows.data);
  S* to = static_cast<S*>(out.data);
  bool inside = true;
  for (int64_t i = 0; i < ids.count; i++) inside = inside && is_inside(id[i], out.dims[0]);
  for_ranges(call, out.dims[0], divide_up(moved_elements, width), out.count + rows.count,
             [&](int64_t begin, int64_t end, int) {
               fill(to + begin * width, (end - begin) * width, inside ? S(0) : static_cast<S>(__builtin_nan("")));
               for (int64_t i = 0; inside && i < ids.count; i++) {
                 if (id[i] < begin || id[i] >= end) continue;
                 S* sum = to + id[i] * width;
                 const S* row = from + i * width;
                 for (int64_t j = 0; j < width; j++) sum[j] += row[j];
               }
             });
}

#endif

int64_t take_units(const Call* call) { return whole_units(call->in[1].count); }

MYELIN_END

MYELIN_DEFINE_KERNEL(take, take)
MYELIN_DEFINE_UNITS(take, take_units)
MYELIN_DEFINE_KERNEL(scatterAdd, scatter_add)
