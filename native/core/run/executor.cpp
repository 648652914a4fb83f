// run(): many steps of a plan, each committed whole or not at all.
#include <algorithm>
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
RunStatus run_steps(HostSession& session, const RunRequest& request, const std::atomic<bool>* cancel,
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

// The device is kept busy with one chunk of steps while the host looks at the results of the one before. The length of
// a chunk follows the time it takes, so that cancelling and progress come about as often as a person can see; results
// do not depend on it.
RunStatus run_steps(DeviceSession& session, const RunRequest& request, const std::atomic<bool>* cancel,
                    const Progress* progress, RunResult& result) {
  using std::chrono::steady_clock;
  constexpr auto short_chunk = std::chrono::milliseconds(3), long_chunk = std::chrono::milliseconds(10);
  Reporter reporter(progress, result);
  const auto asked_to_stop = [&] { return cancel && cancel->load(std::memory_order_relaxed); };
  const size_t n_costs = request.plan->code.costs.size();
  int64_t chunk = 1, enqueued = 0;
  int on_their_way = 0;
  bool failed = false;
  session.start();
  auto last = steady_clock::now();
  while (true) {
    while (on_their_way < 2 && enqueued < request.steps && !failed && !asked_to_stop()) {
      const int64_t steps = std::min(chunk, request.steps - enqueued);
      session.enqueue(steps);
      enqueued += steps;
      on_their_way++;
    }
    if (on_their_way == 0) break;
    const cuda::Progress now = session.wait();
    on_their_way--;
    for (; result.steps_done < now.committed; result.steps_done++) {
      const double* costs = now.costs + static_cast<size_t>(result.steps_done % cuda::max_chunk) * n_costs;
      result.costs.insert(result.costs.end(), costs, costs + n_costs);
    }
    failed = now.flag != 0;
    if (result.steps_done < request.steps) reporter.step_done();
    const auto time = steady_clock::now() - last;
    last += time;
    if (time < short_chunk) chunk = std::min(chunk * 2, cuda::max_chunk);
    if (time > long_chunk) chunk = std::max<int64_t>(chunk / 2, 1);
  }
  if (failed) return RunStatus::non_finite;
  return result.steps_done < request.steps ? RunStatus::cancelled : RunStatus::done;
}

template <class SessionOfBackend>
void run_session(const RunRequest& request, const std::atomic<bool>* cancel, const Progress* progress,
                 RunResult& result) {
  SessionOfBackend session(request);
  result.status = run_steps(session, request, cancel, progress, result);
  result.accumulators = session.totals();
  if (result.status == RunStatus::done) result.fetches = session.take_fetches();
}

}  // namespace

RunResult run(const RunRequest& request, const std::atomic<bool>* cancel, const Progress* progress) {
  if (!request.plan) throw GraphError("run: the request has no plan");
  FlushToZero flush;
  try {
    RunResult result;
    if (request.plan->backend.device()) {
      run_session<DeviceSession>(request, cancel, progress, result);
    } else {
      run_session<HostSession>(request, cancel, progress, result);
    }
    if (result.status == RunStatus::non_finite) explain_non_finite(request, result.steps_done, result);
    return result;
  } catch (const std::bad_alloc&) {
    throw OutOfMemory(0, "not enough memory to run the plan");
  }
}

}  // namespace myelin
