// run(): many steps of a plan, each committed whole or not at all.
#include <chrono>

#include "float_control.h"
#include "session.h"

namespace myelin {
namespace {

constexpr auto report_interval = std::chrono::milliseconds(20);

// Tells the caller how far a long run has come. Thread ownership: the thread that runs the plan.
class Reporter {
 public:
  Reporter(const Progress* progress, const RunResult& result) : progress_(progress), result_(result) {}

  void step_done() {
    if (!progress_ || !progress_->report) return;
    const auto now = std::chrono::steady_clock::now();
    if (now - last_ < report_interval) return;
    last_ = now;
    const size_t n = result_.costs.size() - reported_;
    progress_->report(result_.steps_done, result_.costs.data() + reported_, static_cast<int64_t>(n));
    reported_ += n;
  }

 private:
  const Progress* progress_;
  const RunResult& result_;
  size_t reported_ = 0;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

// Until the end of commit() an exception or a cancellation leaves the states as they were before the step.
RunStatus run_steps(Session& session, const RunRequest& request, const std::atomic<bool>* cancel,
                    const Progress* progress, RunResult& result) {
  Reporter reporter(progress, result);
  for (int64_t step = 0; step < request.steps; step++) {
    if (cancel && cancel->load(std::memory_order_relaxed)) return RunStatus::cancelled;
    session.begin(step);
    if (!session.compute(cancel)) return RunStatus::cancelled;
    if (!session.finite()) return RunStatus::non_finite;
    session.read_costs(result.costs);
    session.commit();
    result.steps_done++;
    if (step + 1 < request.steps) reporter.step_done();
  }
  return RunStatus::done;
}

}  // namespace

RunResult run(const RunRequest& request, const std::atomic<bool>* cancel, const Progress* progress) {
  if (!request.plan) throw GraphError("run: the request has no plan");
  FlushToZero flush;
  try {
    RunResult result;
    {
      Session session(request);
      result.status = run_steps(session, request, cancel, progress, result);
      result.accumulators = session.totals();
      if (result.status == RunStatus::done) result.fetches = session.take_fetches();
    }
    if (result.status == RunStatus::non_finite) explain_non_finite(request, result.steps_done, result);
    return result;
  } catch (const std::bad_alloc&) {
    throw OutOfMemory(0, "not enough memory to run the plan");
  }
}

}  // namespace myelin
