// "take", "scatterAdd", "sumDuplicates", "setRows": rows of a table by number. A thread has one column of a row; sums
// follow the order of the rows.
#include "cuda/kernels/kernels.h"
#include "sorted_ids.cuh"

MYELIN_BEGIN

template <class S>
__device__ inline S not_a_number() {
  return static_cast<S>(__builtin_nan(""));
}

template <class S, class Index>
__global__ void __launch_bounds__(block_threads)
    take_kernel(const S* table, const int32_t* ids, S* out, int64_t rows, int64_t count, const Divider<Index> width,
                const uint32_t* skip) {
  if (is_skipped(skip)) return;
  for (int64_t i = first_item(); i < count; i += item_step()) {
    const Index place = width.divide(static_cast<Index>(i));
    const int64_t column = i - static_cast<int64_t>(place) * width.divisor;
    const uint32_t id = static_cast<uint32_t>(ids[place]);
    out[i] = id < rows ? table[static_cast<int64_t>(id) * width.divisor + column] : not_a_number<S>();
  }
}

template <class S>
void take(const Call* call) {
  const View &table = call->in[0], &ids = call->in[1], &out = call->out[0];
  if (out.count == 0) return;
  launch_rows(call, take_kernel<S, uint32_t>, take_kernel<S, uint64_t>, out.count, out.count / ids.count,
              static_cast<const S*>(table.data), static_cast<const int32_t*>(ids.data), static_cast<S*>(out.data),
              table.dims[0]);
}

template <class S>
size_t key_scratch(const Call* call, int) {
  return sorted_ids_scratch(call->in[0]);
}

// ---- scatterAdd -------------------------------------------------------------------------------------------------

// What was added up before `at`, and the column's numbers of all rows from there on that have the same id.
template <class S>
__device__ inline S add_rows(S sum, uint32_t id, const IdKey* keys, int64_t at, int64_t n, const S* rows, int64_t width,
                             int64_t column) {
  for (; at < n && id_of(keys[at]) == id; at++) sum += rows[place_of(keys[at]) * width + column];
  return sum;
}

// Zeros for what no id names; NaN where some id is outside: the last one in order is the largest.
template <class S>
__global__ void __launch_bounds__(block_threads)
    clear_kernel(const IdKey* keys, int64_t n, int64_t rows, S* out, int64_t count, const uint32_t* skip) {
  if (is_skipped(skip)) return;
  const S value = id_of(keys[n - 1]) < rows ? S(0) : not_a_number<S>();
  for (int64_t i = first_item(); i < count; i += item_step()) out[i] = value;
}

template <class S, class Index>
__global__ void __launch_bounds__(block_threads)
    scatter_add_kernel(const IdKey* keys, const S* rows, S* out, int64_t n, int64_t out_rows, int64_t count,
                       const Divider<Index> width, const uint32_t* skip) {
  if (is_skipped(skip) || id_of(keys[n - 1]) >= out_rows) return;
  for (int64_t i = first_item(); i < count; i += item_step()) {
    const Index at = width.divide(static_cast<Index>(i));
    if (!begins(keys, at)) continue;
    const int64_t column = i - static_cast<int64_t>(at) * width.divisor;
    out[static_cast<int64_t>(id_of(keys[at])) * width.divisor + column] =
        add_rows(S(0), id_of(keys[at]), keys, at, n, rows, width.divisor, column);
  }
}

template <class S>
void scatter_add(const Call* call) {
  const View &ids = call->in[0], &rows = call->in[1], &out = call->out[0];
  if (out.count == 0) return;
  const IdKey* keys = sort_ids(call, ids);
  S* to = static_cast<S*>(out.data);
  launch(context_of(call), clear_kernel<S>, grid_for(out.count), dim3(block_threads), 0, keys, ids.count, out.dims[0],
         to, out.count, call->skip);
  launch_rows(call, scatter_add_kernel<S, uint32_t>, scatter_add_kernel<S, uint64_t>, rows.count,
              rows.count / ids.count, keys, static_cast<const S*>(rows.data), to, ids.count, out.dims[0]);
}

// ---- sumDuplicates, setRows -------------------------------------------------------------------------------------

template <class S, class Index>
__global__ void __launch_bounds__(block_threads)
    sum_duplicates_kernel(const IdKey* keys, const S* rows, S* out, int64_t n, int64_t count,
                          const Divider<Index> width, const uint32_t* skip) {
  if (is_skipped(skip)) return;
  for (int64_t i = first_item(); i < count; i += item_step()) {
    const Index at = width.divide(static_cast<Index>(i));
    const int64_t column = i - static_cast<int64_t>(at) * width.divisor;
    const int64_t to = static_cast<int64_t>(place_of(keys[at])) * width.divisor + column;
    S sum = 0;
    if (begins(keys, at)) {
      sum = add_rows(rows[to], id_of(keys[at]), keys, at + int64_t(1), n, rows, width.divisor, column);
    }
    out[to] = sum;
  }
}

template <class S>
void sum_duplicates(const Call* call) {
  const View &ids = call->in[0], &rows = call->in[1];
  if (rows.count == 0) return;
  const IdKey* keys = sort_ids(call, ids);
  launch_rows(call, sum_duplicates_kernel<S, uint32_t>, sum_duplicates_kernel<S, uint64_t>, rows.count,
              rows.count / ids.count, keys, static_cast<const S*>(rows.data), static_cast<S*>(call->out[0].data),
              ids.count);
}

template <class S, class Index>
__global__ void __launch_bounds__(block_threads)
    set_rows_kernel(const IdKey* keys, const S* rows, S* out, int64_t out_rows, int64_t count,
                    const Divider<Index> width, const uint32_t* skip) {
  if (is_skipped(skip)) return;
  for (int64_t i = first_item(); i < count; i += item_step()) {
    const Index at = width.divide(static_cast<Index>(i));
    const uint32_t id = id_of(keys[at]);
    if (!begins(keys, at) || id >= out_rows) continue;
    const int64_t column = i - static_cast<int64_t>(at) * width.divisor;
    out[static_cast<int64_t>(id) * width.divisor + column] =
        rows[static_cast<int64_t>(place_of(keys[at])) * width.divisor + column];
  }
}

template <class S>
void set_rows(const Call* call) {
  const View &ids = call->in[0], &rows = call->in[1], &out = call->out[0];
  if (rows.count == 0) return;
  const IdKey* keys = sort_ids(call, ids);
  launch_rows(call, set_rows_kernel<S, uint32_t>, set_rows_kernel<S, uint64_t>, rows.count, rows.count / ids.count,
              keys, static_cast<const S*>(rows.data), static_cast<S*>(out.data), out.dims[0]);
}

MYELIN_END

MYELIN_LAUNCHERS(take, take)
MYELIN_LAUNCHERS(scatterAdd, scatter_add)
MYELIN_SCRATCHES_OF(floats, scatterAdd, key_scratch)
MYELIN_LAUNCHERS(sumDuplicates, sum_duplicates)
MYELIN_SCRATCHES_OF(floats, sumDuplicates, key_scratch)
MYELIN_LAUNCHERS_OF(numbers, setRows, set_rows)
MYELIN_SCRATCHES_OF(numbers, setRows, key_scratch)
