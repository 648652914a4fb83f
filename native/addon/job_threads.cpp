#include "job_threads.h"

#if defined(__unix__) || defined(__APPLE__)
#include <signal.h>
#endif

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace myelin::addon {

namespace {

struct JobThread {
  std::condition_variable wake;
  std::function<void()> work;
};

struct Cache {
  std::mutex mutex;
  std::vector<JobThread*> idle;
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

void live(std::unique_ptr<JobThread> thread) {
  Cache& shared = cache();
  for (;;) {
    std::exchange(thread->work, nullptr)();
    std::unique_lock<std::mutex> lock(shared.mutex);
    if (shared.idle.size() >= max_idle) return;
    shared.idle.push_back(thread.get());
    thread->wake.wait(lock, [&] { return static_cast<bool>(thread->work); });
  }
}

}  // namespace

void on_job_thread(std::function<void()> work) {
  Cache& shared = cache();
  {
    std::lock_guard<std::mutex> lock(shared.mutex);
    if (!shared.idle.empty()) {
      JobThread* thread = shared.idle.back();
      shared.idle.pop_back();
      thread->work = std::move(work);
      thread->wake.notify_one();
      return;
    }
  }
  auto thread = std::make_unique<JobThread>();
  thread->work = std::move(work);
  const NoSignals guard{};
  std::thread(live, std::move(thread)).detach();
}

}  // namespace myelin::addon
