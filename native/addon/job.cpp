#include "job.h"

#include <utility>

#include "entry.h"
#include "job_threads.h"
#include "request.h"
#include "running_jobs.h"

namespace myelin::addon {

namespace {

// Progress reaches JavaScript this often at most: smooth for a person, nothing for the event loop.
constexpr std::chrono::milliseconds progress_interval{20};

void check(napi_env env, napi_status status) {
  if (status != napi_ok) throw Napi::Error::New(env);
}

}  // namespace

Napi::Value Job::start(Napi::Env env, Environment& environment, Work work, const Napi::Value& on_progress) {
  auto job = std::make_shared<Job>(env, environment, std::move(work));
  napi_value promise;
  check(env, napi_create_promise(env, &job->deferred_, &promise));
  if (!on_progress.IsNull()) {
    check(env, napi_create_reference(env, on_progress, 1, &job->on_progress_));
    job->reports_ = true;
  }
  // The thread-safe function keeps the job, and the event loop alive, until settle() releases it.
  auto keep = std::make_unique<std::shared_ptr<Job>>(job);
  check(env, napi_create_threadsafe_function(
                 env, nullptr, nullptr, Napi::String::New(env, "myelin job"), 0, 1, keep.get(),
                 [](napi_env, void* data, void*) { delete static_cast<std::shared_ptr<Job>*>(data); }, job.get(),
                 on_signal, &job->signal_));
  keep.release();
  // After the thread-safe function's own hook, so it runs before it: hooks run in reverse order.
  check(env, napi_add_env_cleanup_hook(env, on_environment_exit, job.get()));
  environment.jobs.insert(job.get());
  job->attached_ = true;

  try {
    add_running(job.get());
    job->last_signal_ = Clock::now();
    on_job_thread([job] { job->work(); });
  } catch (...) {
    remove_running(job.get());
    job->close();
    job->detach();
    napi_release_threadsafe_function(job->signal_, napi_tsfn_release);
    throw;
  }

  Napi::Object result = Napi::Object::New(env);
  result.Set("promise", Napi::Value(env, promise));
  result.Set("cancel", Napi::Function::New(
                           env,
                           [weak = std::weak_ptr<Job>(job)](const Napi::CallbackInfo&) {
                             crossings().fetch_add(1, std::memory_order_relaxed);
                             if (const auto running = weak.lock()) running->cancel();
                           },
                           "cancel"));
  return result;
}

void Job::work() {
  Progress progress{[this](int64_t steps_done, const double* costs, int64_t n) { report(steps_done, costs, n); }};
  try {
    outcome_ = work_(&cancel_, reports_ ? &progress : nullptr);
  } catch (...) {
    failure_ = std::current_exception();
  }
  work_ = nullptr;  // memory that JavaScript has disposed meanwhile is free before the promise settles
  {
    std::lock_guard<std::mutex> lock(mutex_);
    finished_ = true;
    if (!closed_) napi_call_threadsafe_function(signal_, nullptr, napi_tsfn_nonblocking);
    ended_.notify_all();
  }
  remove_running(this);
}

void Job::report(int64_t steps_done, const double* costs, int64_t n) {
  const Clock::time_point now = Clock::now();
  std::lock_guard<std::mutex> lock(mutex_);
  steps_done_ = steps_done;
  new_costs_.insert(new_costs_.end(), costs, costs + n);
  if (closed_ || signalled_ || now - last_signal_ < progress_interval) return;
  last_signal_ = now;
  signalled_ = napi_call_threadsafe_function(signal_, nullptr, napi_tsfn_nonblocking) == napi_ok;
}

void Job::close() {
  std::lock_guard<std::mutex> lock(mutex_);
  closed_ = true;
}

bool Job::wait(std::chrono::seconds limit) {
  std::unique_lock<std::mutex> lock(mutex_);
  return ended_.wait_for(lock, limit, [this] { return finished_; });
}

void Job::on_signal(napi_env env, napi_value, void* context, void*) {
  if (env == nullptr) return;  // the environment is going away
  auto job = static_cast<Job*>(context)->shared_from_this();
  Napi::HandleScope scope(env);
  try {
    job->deliver();
  } catch (const Napi::Error& error) {
    // Only while the environment is being terminated: JavaScript cannot be called any more.
    job->cancel();
  }
}

void Job::deliver() {
  std::vector<double> costs;
  int64_t steps_done;
  bool finished;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    signalled_ = false;
    finished = finished_;
    steps_done = steps_done_;
    costs = std::exchange(new_costs_, {});
  }
  if (!attached_) return;
  const RunResult* run = finished && !failure_ ? std::get_if<RunResult>(&outcome_) : nullptr;
  if (run != nullptr) {
    // The rest, so that all progress calls together carry every cost once.
    steps_done = run->steps_done;
    const auto all = static_cast<int64_t>(run->costs.size());
    costs.assign(run->costs.begin() + std::min(costs_delivered_, all), run->costs.end());
  }
  if (on_progress_ != nullptr && thrown_ == nullptr && !costs.empty()) {
    costs_delivered_ += static_cast<int64_t>(costs.size());
    call_progress(steps_done, std::move(costs));
  }
  if (finished) settle();
}

void Job::call_progress(int64_t steps_done, std::vector<double> costs) {
  crossings().fetch_add(1, std::memory_order_relaxed);
  const Napi::Env env(env_);
  napi_value callback;
  check(env, napi_get_reference_value(env, on_progress_, &callback));
  Napi::Float64Array array = Napi::Float64Array::New(env, costs.size());
  std::copy(costs.begin(), costs.end(), array.Data());
  try {
    Napi::Function(env, callback).Call({Napi::Number::New(env, static_cast<double>(steps_done)), array});
  } catch (const Napi::Error& error) {
    // The run stops at a step boundary; settle() rejects with what was thrown.
    cancel();
    check(env, napi_create_reference(env, error.Value(), 1, &thrown_));
  }
}

void Job::settle() {
  crossings().fetch_add(1, std::memory_order_relaxed);
  const Napi::Env env(env_);
  napi_value value;
  if (thrown_ != nullptr) {
    check(env, napi_get_reference_value(env, thrown_, &value));
    napi_reject_deferred(env, deferred_, value);
  } else if (failure_) {
    napi_reject_deferred(env, deferred_, to_error(env, std::exchange(failure_, nullptr)).Value());
  } else {
    try {
      value = std::visit([env](auto&& outcome) { return to_result(env, std::move(outcome)); }, std::move(outcome_));
      napi_resolve_deferred(env, deferred_, value);
    } catch (const Napi::Error& error) {
      napi_reject_deferred(env, deferred_, error.Value());
    }
  }
  detach();
  napi_release_threadsafe_function(signal_, napi_tsfn_release);
}

void Job::detach() {
  if (!std::exchange(attached_, false)) return;
  environment_.jobs.erase(this);
  napi_remove_env_cleanup_hook(env_, on_environment_exit, this);
  if (on_progress_ != nullptr) napi_delete_reference(env_, std::exchange(on_progress_, nullptr));
  if (thrown_ != nullptr) napi_delete_reference(env_, std::exchange(thrown_, nullptr));
}

// The environment ends while the job runs: worker.terminate(), or the end of the main script after an error. Its
// thread must not outlive what it uses, and no JavaScript may be called.
void Job::on_environment_exit(void* data) {
  auto job = static_cast<Job*>(data)->shared_from_this();
  for (Job* other : job->environment_.jobs) other->cancel();  // all stop at once, each is then awaited by its own hook
  job->close();
  job->wait(std::chrono::hours(24));
  job->attached_ = false;
  job->environment_.jobs.erase(job.get());
  if (job->on_progress_ != nullptr) napi_delete_reference(job->env_, std::exchange(job->on_progress_, nullptr));
  if (job->thrown_ != nullptr) napi_delete_reference(job->env_, std::exchange(job->thrown_, nullptr));
  napi_release_threadsafe_function(job->signal_, napi_tsfn_release);
}

}  // namespace myelin::addon
