#include "job_threads.h"

#if defined(__unix__) || defined(__APPLE__)
#include <signal.h>
#endif

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "core/run/pool.h"

namespace myelin::addon {

namespace {

struct JobThread {
  std::condition_variable wake;
  std::function<void()> work;
};

struct Cache {
  std::mutex mutex;
  std::vector<JobThread*> idle;
  std::deque<std::function<void()>> waiting;  // for which the system gave no thread
  int alive = 0;
};

// One thread per model that trains at the same time is rare; more than this many idle ones are let go.
constexpr size_t max_idle = 4;

// Threads made while this lives receive no signals: those belong to the host's own threads.
class NoSignals {
#if defined(__unix__) || defined(__APPLE__)
 public:
  NoSignals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~NoSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
#endif
};

// Never destroyed: idle threads wait in it until the process is gone.
Cache& cache() {
  static Cache& instance = *new Cache;
  return instance;
}

// Both with the cache's mutex held.
bool gave_to_idle(Cache& shared, std::function<void()>& work) {
  if (shared.idle.empty()) return false;
  JobThread* thread = shared.idle.back();
  shared.idle.pop_back();
  thread->work = std::move(work);
  thread->wake.notify_one();
  return true;
}

std::function<void()> next_waiting(Cache& shared) {
  if (shared.waiting.empty()) return nullptr;
  auto work = std::move(shared.waiting.front());
  shared.waiting.pop_front();
  return work;
}

std::function<void()> take_waiting(Cache& shared) {
  std::lock_guard<std::mutex> lock(shared.mutex);
  return next_waiting(shared);
}

void live(std::unique_ptr<JobThread> thread) {
  Cache& shared = cache();
  for (;;) {
    std::exchange(thread->work, nullptr)();
    std::unique_lock<std::mutex> lock(shared.mutex);
    if ((thread->work = next_waiting(shared))) continue;
    if (shared.idle.size() >= max_idle) {
      shared.alive--;
      return;
    }
    shared.idle.push_back(thread.get());
    thread->wake.wait(lock, [&] { return static_cast<bool>(thread->work); });
  }
}

}  // namespace

void on_job_thread(std::function<void()> work) {
  Cache& shared = cache();
  {
    std::lock_guard<std::mutex> lock(shared.mutex);
    if (gave_to_idle(shared, work)) return;
    shared.alive++;
  }
  auto thread = std::make_unique<JobThread>();
  thread->work = work;
  try {
    const NoSignals guard{};
    std::thread(live, std::move(thread)).detach();
    return;
  } catch (const std::system_error&) {
    // The system gives no more threads. One that is at work does this next; if there is none, the caller has to.
    std::lock_guard<std::mutex> lock(shared.mutex);
    note_refused_thread();
    shared.alive--;
    if (gave_to_idle(shared, work)) return;
    shared.waiting.push_back(std::move(work));
    if (shared.alive > 0) return;
  }
  while (const auto next = take_waiting(shared)) next();
}

}  // namespace myelin::addon
