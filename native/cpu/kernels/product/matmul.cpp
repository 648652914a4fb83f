// "matmul": op(a)·op(b) with its epilogue.
//
// The bits of an element depend on m, n, k, the two transposes and the instruction set only: threads split output
// elements, the sum over k has one fixed order, and edges of tiles run the same arithmetic as their middles.
#include "cpu/kernels/kernels.h"
#include "cpu/kernels/units.h"
#ifdef MYELIN_REFERENCE
#include "matmul_problem.h"
#else
#include "cpu/kernels/parallel.h"
#include "matmul_blocked.h"
#include "matmul_dot.h"
#endif

MYELIN_BEGIN

#ifdef MYELIN_REFERENCE

template <class T>
void matmul(const Call* call) {
  const Problem<T> p = problem_of<T>(call, shape_of(call));
  for (int64_t i = 0; i < p.m; i++) {
    for (int64_t j = 0; j < p.n; j++) {
      T sum = 0;
      for (int64_t q = 0; q < p.k; q++) {
        sum +=
            (p.trans_a ? p.a[q * p.lda + i] : p.row_of_a(i)[q]) * (p.trans_b ? p.b[j * p.ldb + q] : p.row_of_b(q)[j]);
      }
      p.sum[i * p.n + j] = p.bias ? sum + p.bias[j] : sum;
    }
  }
  finish_rows(p, 0, p.m, 0, p.n);
}

template <class T>
size_t scratch(const Call*, int) {
  return 0;
}

#else

template <class T>
struct Tasks {
  Problem<T> problem;
  MatmulTiling tiling;
  char* scratch;

  void run(int64_t row_task, int64_t column_task, int worker) const {
    const int64_t i0 = row_task * tiling.rows;
    run_rows(i0, smaller(i0 + tiling.rows, problem.m), column_task, worker);
  }

  void run_rows(int64_t i0, int64_t i1, int64_t column_task, int worker) const {
    const int64_t j0 = column_task * tiling.columns, j1 = smaller(j0 + tiling.columns, problem.n);
    if (tiling.dot) {
      dot_task(problem, tiling.kc, i0, i1, j0, j1);
    } else {
      blocked_task(problem, tiling, i0, i1, j0, j1, scratch + worker * bytes_of(tiling));
    }
  }
};

template <class T>
void run_task(void* context, int task, int worker) {
  const Tasks<T>* tasks = static_cast<const Tasks<T>*>(context);
  tasks->run(task / tasks->tiling.column_tasks, task % tasks->tiling.column_tasks, worker);
}

template <class T>
void matmul(const Call* call) {
  const MatmulShape shape = shape_of(call);
  const int workers = worker_count(call);
  Tasks<T> tasks = {problem_of<T>(call, shape), tiling_for<T>(shape, workers), static_cast<char*>(call->scratch)};
  if (call->parts) {
    const UnitRange part = part_of(call, shape.m);
    for (int64_t i = part.begin; i < part.end; i += tasks.tiling.rows) {
      const int64_t end = smaller(i + tasks.tiling.rows, part.end);
      for (int64_t j = 0; j < tasks.tiling.column_tasks; j++) tasks.run_rows(i, end, j, 0);
    }
  } else if (runs_serially(shape, workers)) {
    for (int64_t i = 0; i < tasks.tiling.row_tasks; i++) {
      for (int64_t j = 0; j < tasks.tiling.column_tasks; j++) tasks.run(i, j, 0);
    }
  } else {
    const int count = static_cast<int>(tasks.tiling.row_tasks * tasks.tiling.column_tasks);
    call->parallel->run(call->parallel->self, count, run_task<T>, &tasks);
  }
}

template <class T>
size_t scratch(const Call* call, int workers) {
  const MatmulShape shape = shape_of(call);
  const MatmulTiling tiling = tiling_for<T>(shape, workers);
  return bytes_of(tiling) * (runs_serially(shape, workers) ? 1 : workers);
}

#endif

int64_t row_count(const Call* call) { return whole_units(shape_of(call).m); }

MYELIN_END

MYELIN_DEFINE_KERNEL(matmul, matmul)
MYELIN_DEFINE_SCRATCH(matmul, scratch)
MYELIN_DEFINE_UNITS(matmul, row_count)
