// "sum" over [outer, n, inner] and "sumSquares".
#include "cpu/kernels/kernels.h"
#include "cpu/kernels/units.h"
#ifdef MYELIN_REFERENCE
#include "cpu/kernels/reference.h"
#else
#include "reduce.h"
#endif

MYELIN_BEGIN

#ifdef MYELIN_REFERENCE

template <class S>
void sum(const Call* call) {
  const ReduceAttrs& r = *static_cast<const ReduceAttrs*>(call->attrs);
  for (int64_t o = 0; o < r.outer; o++) {
    for (int64_t j = 0; j < r.inner; j++) {
      long double total = 0;
      for (int64_t i = 0; i < r.n; i++) total += data_of<S>(call->in[0])[(o * r.n + i) * r.inner + j];
      data_of<S>(call->out[0])[o * r.inner + j] = static_cast<S>(total);
    }
  }
}

template <class S>
void sum_squares(const Call* call) {
  long double total = 0;
  for (int64_t i = 0; i < call->in[0].count; i++) {
    const long double x = data_of<S>(call->in[0])[i];
    total += x * x;
  }
  data_of<S>(call->out[0])[0] = static_cast<S>(total);
}

template <class S>
size_t scratch_sum(const Call*, int) {
  return 0;
}

template <class S>
size_t scratch_sum_squares(const Call*, int) {
  return 0;
}

#else

// The sum of n ≤ block_terms contiguous elements: four vectors of partial sums, then across the lanes.
template <class S>
HD double sum_block(const S* p, int64_t n) {
  typedef typename Vector<S>::Type V;
  typedef Lanes<V> L;
  constexpr int64_t step = L::count;
  V a = L::broadcast(0), b = a, c = a, d = a;
  int64_t i = 0;
  for (; i + 4 * step <= n; i += 4 * step) {
    a += L::load(p + i);
    b += L::load(p + i + step);
    c += L::load(p + i + 2 * step);
    d += L::load(p + i + 3 * step);
  }
  for (; i + step <= n; i += step) a += L::load(p + i);
  if (i < n) b += L::load_partial(p + i, n - i, S(0));
  return across((a + b) + (c + d), Add());
}

template <class S>
double sum_chunk(const S* p, int64_t n) {
  double total = 0;
  for (int64_t i = 0; i < n; i += block_terms) total += sum_block(p + i, smaller(block_terms, n - i));
  return total;
}

// Squares are formed and added in double, eight partial sums side by side.
template <class S>
double square_chunk(const S* p, int64_t n) {
  constexpr int width = 8;
  F64x8 a = {}, b = {}, x, y;
  int64_t i = 0;
  for (; i + 2 * width <= n; i += 2 * width) {
    load_wide(p + i, &x);
    load_wide(p + i + width, &y);
    a += x * x;
    b += y * y;
  }
  a += b;
  double total = ((a[0] + a[1]) + (a[2] + a[3])) + ((a[4] + a[5]) + (a[6] + a[7]));
  for (; i < n; i++) total += double(p[i]) * double(p[i]);
  return total;
}

// One long sum: chunks are summed by tasks, their totals in order.
template <class S, class Chunk>
double sum_chunks(const Call* call, const S* p, int64_t n, const Chunk& chunk) {
  double* totals = static_cast<double*>(call->scratch);
  const int64_t chunks = divide_up(n, chunk_terms);
  for_tasks(call, chunks, n, [&](int task, int) {
    const int64_t begin = task * chunk_terms;
    totals[task] = chunk(p + begin, smaller(chunk_terms, n - begin));
  });
  double total = 0;
  for (int64_t i = 0; i < chunks; i++) total += totals[i];
  return total;
}

// The same number as sum_chunks gives, in one go.
template <class S>
HD double sum_row(const S* p, int64_t n) {
  double total = 0;
  for (int64_t i = 0; i < n; i += chunk_terms) total += sum_chunk(p + i, smaller(chunk_terms, n - i));
  return total;
}

template <class S>
void sum_rows(const Call* call, int64_t rows, int64_t n) {
  const S* in = static_cast<const S*>(call->in[0].data);
  S* out = static_cast<S*>(call->out[0].data);
  if (rows == 1) {
    out[0] = static_cast<S>(sum_chunks(call, in, n, [](const S* p, int64_t m) { return sum_chunk(p, m); }));
    return;
  }
  for_part(call, rows, 1, rows * n, [&](int64_t begin, int64_t end, int) {
    for (int64_t r = begin; r < end; r++) out[r] = static_cast<S>(sum_row(in + r * n, n));
  });
}

// Adds `rows` rows (a stride of `inner` apart) of `vectors` vectors to sums[…], block by block.
template <class S, int vectors>
HD void add_panel(const S* p, int64_t rows, int64_t inner, double* sums) {
  typedef typename Vector<S>::Type V;
  typedef Lanes<V> L;
  for (int64_t r = 0; r < rows; r += block_rows) {
    const int64_t end = smaller(rows, r + block_rows);
    V a[vectors];
    for (int v = 0; v < vectors; v++) a[v] = L::broadcast(0);
    for (int64_t i = r; i < end; i++) {
      for (int v = 0; v < vectors; v++) a[v] += L::load(p + i * inner + v * L::count);
    }
    S lanes[vectors * L::count];
    memcpy(lanes, a, sizeof lanes);
    for (int j = 0; j < vectors * L::count; j++) sums[j] += lanes[j];
  }
}

// The same for the last columns, fewer than a vector.
template <class S>
HD void add_edge(const S* p, int64_t rows, int64_t inner, int64_t columns, double* sums) {
  typedef typename Vector<S>::Type V;
  typedef Lanes<V> L;
  for (int64_t r = 0; r < rows; r += block_rows) {
    const int64_t end = smaller(rows, r + block_rows);
    S lanes[L::count] = {};
    if (partial_loads_are_cheap) {
      V a = L::broadcast(0);
      for (int64_t i = r; i < end; i++) a += L::load_partial(p + i * inner, columns, S(0));
      memcpy(lanes, &a, sizeof lanes);
    } else {
      for (int64_t i = r; i < end; i++) {
        for (int64_t j = 0; j < columns; j++) lanes[j] += p[i * inner + j];
      }
    }
    for (int64_t j = 0; j < columns; j++) sums[j] += lanes[j];
  }
}

// Adds columns [begin, end) of `rows` rows to sums[0, end − begin).
template <class S>
void add_columns(const S* p, int64_t rows, int64_t inner, int64_t begin, int64_t end, double* sums) {
  constexpr int64_t count = Lanes<typename Vector<S>::Type>::count;
  int64_t j = begin;
  for (; j + 8 * count <= end; j += 8 * count) add_panel<S, 8>(p + j, rows, inner, sums + j - begin);
  for (; j + count <= end; j += count) add_panel<S, 1>(p + j, rows, inner, sums + j - begin);
  if (j < end) add_edge(p + j, rows, inner, end - j, sums + j - begin);
}

// Columns of a piece: a whole number of panels at every width.
constexpr int64_t task_columns = 256;

// [outer, n, inner] with inner > 1. A piece is a chunk of rows of a strip of columns; where n is longer than a chunk,
// the chunks' sums wait in scratch and are added in order.
template <class S>
void sum_columns(const Call* call, const ReduceAttrs& r) {
  const S* in = static_cast<const S*>(call->in[0].data);
  S* out = static_cast<S*>(call->out[0].data);
  double* partial = static_cast<double*>(call->scratch);
  const int64_t chunks = larger(1, divide_up(r.n, chunk_rows)), strips = divide_up(r.inner, task_columns);
  const auto run = [&](int64_t task) {
    const int64_t strip = task % strips, chunk = task / strips % chunks, o = task / strips / chunks;
    const int64_t begin = strip * task_columns, end = smaller(r.inner, begin + task_columns);
    const int64_t first = chunk * chunk_rows, rows = smaller(chunk_rows, r.n - first);
    double sums[task_columns];
    for (int64_t j = 0; j < end - begin; j++) sums[j] = 0;
    add_columns(in + (o * r.n + first) * r.inner, rows, r.inner, begin, end, sums);
    if (chunks == 1) {
      for (int64_t j = begin; j < end; j++) out[o * r.inner + j] = static_cast<S>(sums[j - begin]);
    } else {
      memcpy(partial + (o * chunks + chunk) * r.inner + begin, sums, (end - begin) * sizeof(double));
    }
  };
  // Every piece is summed by itself, so that pieces may be handed out in any number.
  const UnitRange part = part_of(call, r.outer);
  for_part(call, r.outer * chunks * strips, 1, r.outer * r.n * r.inner, [&](int64_t begin, int64_t end, int) {
    for (int64_t task = begin; task < end; task++) run(task);
  });
  if (chunks == 1) return;
  for (int64_t o = part.begin; o < part.end; o++) {
    for (int64_t j = 0; j < r.inner; j++) {
      double total = 0;
      for (int64_t c = 0; c < chunks; c++) total += partial[(o * chunks + c) * r.inner + j];
      out[o * r.inner + j] = static_cast<S>(total);
    }
  }
}

template <class S>
void sum(const Call* call) {
  const ReduceAttrs& r = *static_cast<const ReduceAttrs*>(call->attrs);
  if (r.inner == 1) {
    sum_rows<S>(call, r.outer, r.n);
  } else {
    sum_columns<S>(call, r);
  }
}

template <class S>
size_t scratch_sum(const Call* call, int) {
  const ReduceAttrs& r = *static_cast<const ReduceAttrs*>(call->attrs);
  if (r.inner == 1) return r.outer == 1 ? divide_up(r.n, chunk_terms) * sizeof(double) : 0;
  const int64_t chunks = divide_up(r.n, chunk_rows);
  return chunks > 1 ? r.outer * chunks * r.inner * sizeof(double) : 0;
}

template <class S>
void sum_squares(const Call* call) {
  const S* in = static_cast<const S*>(call->in[0].data);
  static_cast<S*>(call->out[0].data)[0] =
      static_cast<S>(sum_chunks(call, in, call->in[0].count, [](const S* p, int64_t m) { return square_chunk(p, m); }));
}

template <class S>
size_t scratch_sum_squares(const Call* call, int) {
  return divide_up(call->in[0].count, chunk_terms) * sizeof(double);
}

#endif

// One sum over everything is shared out in chunks, not in parts.
int64_t sum_units(const Call* call) {
  const int64_t outer = outer_units(call);
  return outer > 1 ? outer : 0;
}

MYELIN_END

MYELIN_DEFINE_KERNEL(sum, sum)
MYELIN_DEFINE_SCRATCH(sum, scratch_sum)
MYELIN_DEFINE_UNITS(sum, sum_units)
MYELIN_DEFINE_KERNEL(sumSquares, sum_squares)
MYELIN_DEFINE_SCRATCH(sumSquares, scratch_sum_squares)
