// One asynchronous piece of work, most often a run of a plan. Three parties touch a job, and every member says which:
//   JS       the JavaScript thread of the environment that started it
//   runner   the thread that runs it
//   exit     the thread that ends the process
// Runner and JS meet in `mutex_` and in one thread-safe function, through which nothing is ever waited for.
#pragma once
#include <napi.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <variant>
#include <vector>

#include "core/compile/plan.h"
#include "environment.h"
#include "request.h"

namespace myelin::addon {

// What a job ends with.
using Outcome = std::variant<RunResult, CompiledPlan>;

// What a job does, on its own thread. It holds what it needs and is destroyed before the promise settles.
using Work = std::function<Outcome(const std::atomic<bool>* cancel, const Progress* progress)>;

class Job : public std::enable_shared_from_this<Job> {
 public:
  // JS. Starts the work and returns { promise, cancel }.
  static Napi::Value start(Napi::Env env, Environment& environment, Work work, const Napi::Value& on_progress);

  // Any thread.
  void cancel() { cancel_.store(true, std::memory_order_relaxed); }
  // Any thread but the runner. From now on JavaScript is not called.
  void close();
  // Any thread but the runner: false when the run has not ended in time.
  bool wait(std::chrono::seconds limit);

  Job(napi_env env, Environment& environment, Work work)
      : env_(env), environment_(environment), work_(std::move(work)) {}

 private:
  using Clock = std::chrono::steady_clock;

  void work();                                                            // runner
  void report(int64_t steps_done, const double* costs, int64_t n);        // runner
  void deliver();                                                         // JS, through the thread-safe function
  void call_progress(int64_t steps_done, std::vector<double> costs);      // JS
  void settle();                                                          // JS
  void detach();                                                          // JS: takes the job out of its environment
  static void on_signal(napi_env env, napi_value, void* context, void*);  // JS
  static void on_environment_exit(void* job);                             // JS

  // JS
  napi_env env_;
  Environment& environment_;
  napi_deferred deferred_ = nullptr;
  napi_ref on_progress_ = nullptr;
  napi_ref thrown_ = nullptr;  // what onProgress threw
  napi_threadsafe_function signal_ = nullptr;
  int64_t costs_delivered_ = 0;
  bool attached_ = false;

  // runner, until `finished_`; JS afterwards
  Work work_;
  Outcome outcome_;
  std::exception_ptr failure_;
  Clock::time_point last_signal_;
  bool reports_ = false;

  // shared, under mutex_
  std::mutex mutex_;
  std::condition_variable ended_;
  std::vector<double> new_costs_;
  int64_t steps_done_ = 0;
  bool signalled_ = false;  // a call of `signal_` is on its way
  bool finished_ = false;
  bool closed_ = false;

  std::atomic<bool> cancel_{false};
};

}  // namespace myelin::addon
