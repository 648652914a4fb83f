// What a shape decides: which kernel, how the sum is cut, what is packed, and the grid of tasks. Only the grid may know
// the number of workers.
#pragma once
#include "cpu/kernels/matmul_tuning.h"

namespace myelin {
namespace MYELIN_TARGET {
namespace {

struct MatmulPlan {
  bool dot;               // dot products in place, else packed panels and register tiles
  bool pack_a, pack_b;    // transposed B and the last columns are packed in any case
  int64_t kc;             // length of a block of the sum
  int64_t rows, columns;  // of a task
  int64_t row_tasks, column_tasks;
  size_t a_bytes, b_bytes;  // scratch of one worker
};

inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
inline int64_t round_up(int64_t a, int64_t b) { return ceil_div(a, b) * b; }
inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

// k cut into equal blocks of at most `limit`.
inline int64_t block_of(int64_t k, int64_t limit) {
  return k <= limit ? k : round_up(ceil_div(k, ceil_div(k, limit)), kc_step);
}

inline bool runs_serially(const MatmulShape& s, int workers) {
  return workers <= 1 || 2.0 * s.m * s.n * s.k < serial_flops;
}

// Tasks of whole tiles; at least tasks_per_worker for each worker where the result has that many tiles. Columns are
// split first: then a panel of B is packed by one task only.
inline void split_tasks(const MatmulShape& s, int workers, int64_t tile_m, int64_t tile_n, MatmulPlan* plan) {
  const int64_t tiles_m = ceil_div(s.m, tile_m), tiles_n = ceil_div(s.n, tile_n);
  const int64_t wanted = tasks_per_worker * workers;
  int64_t row_tasks = ceil_div(s.m, task_rows_limit);
  int64_t column_tasks = least(tiles_n, ceil_div(wanted, row_tasks));
  const int64_t fewest = ceil_div(s.n, task_columns_limit);
  if (column_tasks < fewest) column_tasks = fewest;
  if (row_tasks * column_tasks < wanted) row_tasks = least(tiles_m, ceil_div(wanted, column_tasks));
  plan->rows = ceil_div(tiles_m, row_tasks) * tile_m;
  plan->columns = ceil_div(tiles_n, column_tasks) * tile_n;
  plan->row_tasks = ceil_div(s.m, plan->rows);
  plan->column_tasks = ceil_div(s.n, plan->columns);
}

template <class T>
MatmulPlan plan_for(const MatmulShape& s, int workers) {
  const int64_t width = tile_vectors * Vec<T>::W;
  MatmulPlan plan;
  plan.dot =
      !s.trans_a && s.trans_b && s.k >= dot_least_k_vectors * Vec<T>::W && (s.n <= dot_narrow || s.m <= dot_few_rows);
  plan.kc = block_of(s.k, plan.dot ? dot_kc_limit : kc_limit);
  plan.pack_a = plan.pack_b = false;
  plan.a_bytes = plan.b_bytes = 0;
  const int64_t most_rows = least(s.m, round_up(task_rows_limit, tile_rows));
  if (!plan.dot) {
    const int64_t stride_a = s.lda * static_cast<int64_t>(sizeof(T)),
                  stride_b = s.ldb * static_cast<int64_t>(sizeof(T));
    const int64_t block_a = most_rows * plan.kc * static_cast<int64_t>(sizeof(T));
    plan.pack_a = s.n > 2 * width && stride_a >= pack_a_stride && block_a >= pack_a_bytes;
    plan.pack_b = s.trans_b || (s.m >= pack_b_tiles * tile_rows && stride_b >= pack_b_stride);
    if (plan.pack_a) plan.a_bytes = round_up(round_up(most_rows, tile_rows) * (plan.kc + kc_step) * sizeof(T), 64);
    if (plan.pack_b || s.n % Vec<T>::W) plan.b_bytes = round_up(plan.kc * width * sizeof(T), 64);
  }
  if (runs_serially(s, workers)) {
    plan.rows = most_rows;
    plan.row_tasks = ceil_div(s.m, plan.rows);
    plan.columns = s.n <= task_columns_limit ? s.n : static_cast<int64_t>(task_columns_limit);
    plan.column_tasks = ceil_div(s.n, plan.columns);
  } else if (plan.dot) {
    split_tasks(s, workers, dot_rows, dot_columns, &plan);
  } else {
    split_tasks(s, workers, tile_rows, width, &plan);
  }
  return plan;
}

}  // namespace
}  // namespace MYELIN_TARGET
}  // namespace myelin
