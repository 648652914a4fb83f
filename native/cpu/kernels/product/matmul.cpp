#include "matmul.h"

#include "cpu/kernels/fused/elementwise.h"
#if defined(MYELIN_REFERENCE)
#include "matmul_reference.h"
#else
#include "matmul_blocked.h"
#include "matmul_dot.h"
#endif

namespace myelin {
namespace MYELIN_TARGET {
namespace {

ElementwiseFn activation_f32(const Call* call) {
  const int32_t index = static_cast<const MatmulAttrs*>(call->attrs)->epilogue.activation;
  return index < 0 ? nullptr : elementwise_entries()[index].f32;
}

ElementwiseFn activation_f64(const Call* call) {
  const int32_t index = static_cast<const MatmulAttrs*>(call->attrs)->epilogue.activation;
  return index < 0 ? nullptr : elementwise_entries()[index].f64;
}

#if defined(MYELIN_REFERENCE)

template <class T>
void matmul(const Call* call, ElementwiseFn activation) {
  const Problem<T> p = problem_of<T>(call, shape_of(call), activation);
  reference_rows(p, 0, p.m);
}

template <class T>
size_t scratch(const Call*, int) {
  return 0;
}

#else

template <class T>
struct Job {
  Problem<T> problem;
  MatmulPlan plan;
  char* scratch;

  void run(int64_t row_task, int64_t column_task, int worker) const {
    const int64_t i0 = row_task * plan.rows, j0 = column_task * plan.columns;
    const int64_t i1 = least(i0 + plan.rows, problem.m), j1 = least(j0 + plan.columns, problem.n);
    if (plan.dot) {
      dot_task(problem, plan.kc, i0, i1, j0, j1);
    } else {
      blocked_task(problem, plan, i0, i1, j0, j1, scratch + worker * bytes_of(plan));
    }
  }
};

template <class T>
void run_task(void* context, int task, int worker) {
  const Job<T>* job = static_cast<const Job<T>*>(context);
  job->run(task / job->plan.column_tasks, task % job->plan.column_tasks, worker);
}

template <class T>
void matmul(const Call* call, ElementwiseFn activation) {
  const MatmulShape shape = shape_of(call);
  const int workers = call->parallel ? call->parallel->workers : 1;
  Job<T> job = {problem_of<T>(call, shape, activation), plan_for<T>(shape, workers), static_cast<char*>(call->scratch)};
  if (runs_serially(shape, workers)) {
    for (int64_t i = 0; i < job.plan.row_tasks; i++) {
      for (int64_t j = 0; j < job.plan.column_tasks; j++) job.run(i, j, 0);
    }
  } else {
    const int tasks = static_cast<int>(job.plan.row_tasks * job.plan.column_tasks);
    call->parallel->run(call->parallel->self, tasks, run_task<T>, &job);
  }
}

template <class T>
size_t scratch(const Call* call, int workers) {
  const MatmulShape shape = shape_of(call);
  const MatmulPlan plan = plan_for<T>(shape, workers);
  return bytes_of(plan) * (runs_serially(shape, workers) ? 1 : workers);
}

#endif

}  // namespace

void kernel_matmul_f32(const Call* call) { matmul<float>(call, activation_f32(call)); }
void kernel_matmul_f64(const Call* call) { matmul<double>(call, activation_f64(call)); }
size_t scratch_matmul_f32(const Call* call, int workers) { return scratch<float>(call, workers); }
size_t scratch_matmul_f64(const Call* call, int workers) { return scratch<double>(call, workers); }

}  // namespace MYELIN_TARGET
}  // namespace myelin
