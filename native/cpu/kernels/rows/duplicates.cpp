// "sumDuplicates" and "setRows": rows whose ids may stand more than once.
#include "cpu/kernels/kernels.h"
#ifdef MYELIN_REFERENCE
#include "cpu/kernels/reference.h"
#else
#include "cpu/kernels/parallel.h"
#endif

MYELIN_BEGIN

#ifdef MYELIN_REFERENCE

// The first place of the id that stands at `place`.
inline int64_t first_place(const View& ids, int64_t place) {
  for (int64_t i = 0; i < place; i++) {
    if (data_of<int32_t>(ids)[i] == data_of<int32_t>(ids)[place]) return i;
  }
  return place;
}

template <class S>
size_t duplicates_scratch(const Call*, int) {
  return 0;
}

// The order of the sums, and that they are in S, is part of what the kernel promises: no long double here.
template <class S>
void sum_duplicates(const Call* call) {
  const View &ids = call->in[0], &rows = call->in[1], &out = call->out[0];
  const int64_t width = ids.count > 0 ? rows.count / ids.count : 0;
  for (int64_t i = 0; i < ids.count; i++) {
    const int64_t first = first_place(ids, i);
    for (int64_t j = 0; j < width; j++) {
      const S x = data_of<S>(rows)[i * width + j];
      S& sum = data_of<S>(out)[first * width + j];
      sum = first == i ? x : sum + x;
      if (first != i) data_of<S>(out)[i * width + j] = 0;
    }
  }
}

template <class S>
void set_rows(const Call* call) {
  const View &ids = call->in[0], &rows = call->in[1], &out = call->out[0];
  const int64_t width = ids.count > 0 ? rows.count / ids.count : 0;
  for (int64_t i = 0; i < ids.count; i++) {
    const int32_t id = data_of<int32_t>(ids)[i];
    if (id < 0 || id >= out.dims[0] || first_place(ids, i) != i) continue;
    for (int64_t j = 0; j < width; j++) data_of<S>(out)[id * width + j] = data_of<S>(rows)[i * width + j];
  }
}

#else

// Slots of a table that is at most half full.
HD int64_t table_slots(int64_t ids) {
  int64_t slots = 2;
  while (slots < 2 * ids) slots *= 2;
  return slots;
}

template <class S>
size_t duplicates_scratch(const Call* call, int) {
  const int64_t n = call->in[0].count;
  return static_cast<size_t>((table_slots(n) + n) * sizeof(int32_t));
}

// Fills first[i] with the first place at which ids[i] stands: a hash table with linear probing, whose slots hold places
// (−1: none). Multiplying by 2^32 divided by the golden ratio spreads ids that follow each other (Knuth, The Art of
// Computer Programming 3, section 6.4).
HD const int32_t* first_places(const Call* call) {
  const int32_t* ids = static_cast<const int32_t*>(call->in[0].data);
  const int64_t n = call->in[0].count, slots = table_slots(n);
  int32_t* table = static_cast<int32_t*>(call->scratch);
  int32_t* first = table + slots;
  int shift = 32;
  for (int64_t s = slots; s > 1; s /= 2) shift--;
  memset(table, 0xFF, slots * sizeof(int32_t));
  for (int64_t i = 0; i < n; i++) {
    int64_t slot = static_cast<uint32_t>(ids[i]) * 2654435769u >> shift;
    while (table[slot] >= 0 && ids[table[slot]] != ids[i]) slot = (slot + 1) & (slots - 1);
    if (table[slot] < 0) table[slot] = static_cast<int32_t>(i);
    first[i] = table[slot];
  }
  return first;
}

// Elements that a task moves at least.
constexpr int64_t moved_elements = 16384;

// A task has some places of the output and looks through what follows them for rows that belong there, so every sum has
// the order of the rows, however many tasks there are.
template <class S>
void sum_duplicates(const Call* call) {
  const View& rows = call->in[1];
  const int64_t n = call->in[0].count;
  if (rows.count == 0) return;
  const int64_t width = rows.count / n;
  const int32_t* first = first_places(call);
  const S* from = static_cast<const S*>(rows.data);
  S* to = static_cast<S*>(call->out[0].data);
  for_ranges(call, n, divide_up(moved_elements, width), rows.count, [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; i++) {
      if (first[i] == i) {
        memcpy(to + i * width, from + i * width, width * sizeof(S));
      } else {
        memset(to + i * width, 0, width * sizeof(S));
      }
    }
    for (int64_t i = begin + 1; i < n; i++) {
      if (first[i] == i || first[i] < begin || first[i] >= end) continue;
      S* sum = to + first[i] * width;
      const S* row = from + i * width;
      for (int64_t j = 0; j < width; j++) sum[j] += row[j];
    }
  });
}

template <class S>
void set_rows(const Call* call) {
  const View &rows = call->in[1], &out = call->out[0];
  const int64_t n = call->in[0].count;
  if (rows.count == 0) return;
  const int64_t width = rows.count / n;
  const int32_t* ids = static_cast<const int32_t*>(call->in[0].data);
  const int32_t* first = first_places(call);
  const S* from = static_cast<const S*>(rows.data);
  S* to = static_cast<S*>(out.data);
  for_ranges(call, n, divide_up(moved_elements, width), rows.count, [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; i++) {
      if (first[i] != i || ids[i] < 0 || ids[i] >= out.dims[0]) continue;
      memcpy(to + ids[i] * width, from + i * width, width * sizeof(S));
    }
  });
}

#endif

MYELIN_END

MYELIN_DEFINE_KERNEL(sumDuplicates, sum_duplicates)
MYELIN_DEFINE_SCRATCH(sumDuplicates, duplicates_scratch)
MYELIN_DEFINE_KERNEL_OF(numbers, setRows, set_rows)
MYELIN_DEFINE_SCRATCH_OF(numbers, setRows, duplicates_scratch)
