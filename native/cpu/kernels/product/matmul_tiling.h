// What a shape decides: which kernel, how the sum is cut, what is packed, and the grid of tasks. Only the grid may know
// the number of workers.
#pragma once
#include "matmul_tuning.h"

namespace myelin {
namespace MYELIN_TARGET {
namespace {

struct MatmulTiling {
  bool dot;               // dot products in place, else packed panels and register tiles
  bool pack_a, pack_b;    // transposed B and the last columns are packed in any case
  bool gather_c;          // sums of the blocks but the last wait in scratch, not in C
  int64_t kc;             // length of a block of the sum
  int64_t rows, columns;  // of a task
  int64_t row_tasks, column_tasks;
  size_t a_bytes, b_bytes, c_bytes;  // scratch of one worker
};

// k cut into equal blocks of at most `limit`.
inline int64_t block_of(int64_t k, int64_t limit) {
  return k <= limit ? k : round_up(divide_up(k, divide_up(k, limit)), kc_step);
}

inline bool runs_serially(const MatmulShape& s, int workers) {
  return workers <= 1 || 2.0 * s.m * s.n * s.k < serial_flops;
}

// Row stride of the gathered sums: whole vectors, and not a power of two.
inline int64_t gathered_stride(int64_t columns) { return round_up(columns, kc_step) + kc_step; }

inline size_t bytes_of(const MatmulTiling& tiling) { return tiling.a_bytes + tiling.b_bytes + tiling.c_bytes; }

// Tasks of whole tiles. The side that is split first is the one whose operand each task then reads (and packs) alone;
// splitting the other one too repeats that work, so it only makes up what a fair share for each worker needs.
inline void split_tasks(const MatmulShape& s, int workers, int64_t rows_limit, int64_t tile_m, int64_t tile_n,
                        bool rows_first, MatmulTiling* tiling) {
  const int64_t tiles_m = divide_up(s.m, tile_m), tiles_n = divide_up(s.n, tile_n);
  int64_t row_tasks = divide_up(s.m, rows_limit), column_tasks = divide_up(s.n, task_columns_limit);
  for (int side = 0; side < 2; side++) {
    const int64_t wanted = (side == 0 ? tasks_per_worker : least_tasks_per_worker) * workers;
    if ((side == 0) == rows_first) {
      row_tasks = larger(row_tasks, smaller(tiles_m, divide_up(wanted, column_tasks)));
    } else {
      column_tasks = larger(column_tasks, smaller(tiles_n, divide_up(wanted, row_tasks)));
    }
  }
  tiling->rows = divide_up(tiles_m, row_tasks) * tile_m;
  tiling->columns = divide_up(tiles_n, column_tasks) * tile_n;
  tiling->row_tasks = divide_up(s.m, tiling->rows);
  tiling->column_tasks = divide_up(s.n, tiling->columns);
}

template <class T>
MatmulTiling tiling_for(const MatmulShape& s, int workers) {
  constexpr int lanes = Lanes<typename Vector<T>::Type>::count;
  const int64_t width = tile_vectors * lanes;
  MatmulTiling tiling;
  tiling.dot =
      !s.trans_a && s.trans_b && s.k >= dot_least_k_vectors * lanes && (s.n <= dot_narrow || s.m <= dot_few_rows);
  tiling.kc = block_of(s.k, tiling.dot ? dot_kc_limit : kc_limit);
  tiling.pack_a = tiling.pack_b = tiling.gather_c = false;
  tiling.a_bytes = tiling.b_bytes = tiling.c_bytes = 0;
  const int64_t rows_limit = task_rows_bytes / static_cast<int64_t>(sizeof(T));
  const int64_t most_rows = smaller(s.m, rows_limit), most_columns = smaller(s.n, task_columns_limit);
  if (!tiling.dot) {
    const int64_t stride_a = s.lda * static_cast<int64_t>(sizeof(T)),
                  stride_b = s.ldb * static_cast<int64_t>(sizeof(T));
    const int64_t block_a = most_rows * tiling.kc * static_cast<int64_t>(sizeof(T));
    tiling.pack_a = s.n > 2 * width && stride_a >= pack_a_stride && block_a >= pack_a_bytes;
    tiling.pack_b = s.trans_b || (s.m > (pack_b_tiles - 1) * tile_rows && stride_b >= pack_b_stride) ||
                    (s.m > (pack_b_tiles_far - 1) * tile_rows && stride_b >= pack_b_stride_far);
    if (tiling.pack_a)
      tiling.a_bytes = round_up(round_up(most_rows, tile_rows) * (tiling.kc + kc_step) * sizeof(T), 64);
    tiling.gather_c = s.k > tiling.kc && s.n * static_cast<int64_t>(sizeof(T)) >= gather_c_stride;
    if (tiling.gather_c) tiling.c_bytes = round_up(most_rows * gathered_stride(most_columns) * sizeof(T), 64);
    if (tiling.pack_b || s.by_rows_b || s.n % lanes) tiling.b_bytes = round_up(tiling.kc * width * sizeof(T), 64);
  }
  if (runs_serially(s, workers)) {
    tiling.rows = most_rows;
    tiling.row_tasks = divide_up(s.m, tiling.rows);
    tiling.columns = most_columns;
    tiling.column_tasks = divide_up(s.n, tiling.columns);
  } else if (tiling.dot) {
    split_tasks(s, workers, rows_limit, dot_rows, dot_columns, s.n <= dot_narrow, &tiling);
  } else {
    split_tasks(s, workers, rows_limit, tile_rows, width, false, &tiling);
  }
  return tiling;
}

}  // namespace
}  // namespace MYELIN_TARGET
}  // namespace myelin
