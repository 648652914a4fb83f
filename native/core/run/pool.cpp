#include "pool.h"

#if defined(__unix__) || defined(__APPLE__)
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#endif

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "cores.h"
#include "float_control.h"

namespace myelin {
namespace {

using StageFn = void (*)(void* context, int stage, int task, int worker);

constexpr int max_threads = 256;
std::atomic<bool> any_refused{false};
constexpr auto spin_time = std::chrono::microseconds(20);  // then a worker sleeps: other processes want the core

// A worker that has worked for so long offers its core to other processes. Less than the slice of time that systems
// give.
constexpr auto turn_time = std::chrono::milliseconds(1);

inline void pause_cpu() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

int default_threads() {
  if (const char* text = getenv("MYELIN_THREADS")) {
    char* end = nullptr;
    const long n = strtol(text, &end, 10);
    if (end != text && *end == 0 && n >= 1 && n <= max_threads) return static_cast<int>(n);
  }
  return std::min(usable_cores(), max_threads);
}

// The host may unload this library while workers sleep in its code (an addon loaded by a single worker thread):
// once there are workers, it stays.
void pin_library() {
#if defined(RTLD_NODELETE) && defined(RTLD_NOLOAD)
  Dl_info here;
  if (dladdr(reinterpret_cast<void*>(&pin_library), &here) && here.dli_fname) {
    dlopen(here.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
  }
#endif
}

// Thread ownership: lead(), resize() from any thread; the thread that holds `leading_` owns the job fields and the
// list of workers. Workers read the job fields only while registered at the open gate. Never destroyed: at process
// exit the workers sleep or spin harmlessly until the process ends.
class Pool {
 public:
  int threads() const { return threads_.load(std::memory_order_relaxed); }

  void resize(int threads) {
    resizing_.fetch_add(1);  // busy leaders let go
    while (leading_.exchange(true, std::memory_order_acquire)) {
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
    resizing_.fetch_sub(1);
    threads_.store(threads);
    patience_ = {};
    if (static_cast<int>(workers_.size()) > threads - 1) {
      keep_.store(threads - 1);
      wake();
      while (static_cast<int>(workers_.size()) > threads - 1) {
        workers_.back().join();
        workers_.pop_back();
      }
    }
    leading_.store(false, std::memory_order_release);
  }

  void run(int workers, int stages, const int* tasks, StageFn fn, void* context) {
    workers = std::min(workers, threads());
    workers = std::min(workers, *std::max_element(tasks, tasks + stages));
    if (workers <= 1 || resizing_.load(std::memory_order_relaxed) ||
        leading_.exchange(true, std::memory_order_acquire)) {
      for (int stage = 0; stage < stages; stage++) {
        for (int task = 0; task < tasks[stage]; task++) fn(context, stage, task, 0);
      }
      return;
    }
    hire(std::min(workers, threads()) - 1);
    fn_ = fn;
    context_ = context;
    tasks_ = tasks;
    stages_ = static_cast<uint32_t>(stages);
    limit_ = workers;
    begin(0);
    gate_.fetch_or(open_bit);
    wake();
    work(0);
    gate_.fetch_and(~open_bit);
    // Workers that never woke are not waited for; those that joined finish their task.
    for (int waits = 0; gate_.load(std::memory_order_acquire) != 0; waits++) wait(waits);
    leading_.store(false, std::memory_order_release);
  }

 private:
  static constexpr uint32_t open_bit = 1u << 31;  // the rest of gate_ counts the workers inside

  // Every worker has a share of a stage's tasks, the same in every run, so that what it works on stays in its cache:
  // from step to step, and from the derivative of a weight to its update. Who has finished its own takes from the
  // others. Whoever finishes the last task of a stage begins the next one. Meanwhile the leader waits; the others
  // leave, and come again.
  void work(int worker) {
    for (int waits = 0;;) {
      const uint32_t stage = stage_.load(std::memory_order_acquire);
      if (stage >= stages_) return;
      const int task = take(stage, worker);
      if (task < 0) {
        if (worker != 0 || stage + 1 == stages_) return;
        wait(waits++);
        continue;
      }
      waits = 0;
      fn_(context_, static_cast<int>(stage), task, worker);
      if (done_.fetch_add(1, std::memory_order_acq_rel) + 1 < tasks_[stage]) continue;
      begin(stage + 1);
      if (stage + 1 < stages_) wake();
    }
  }

  // While nobody works.
  void begin(uint32_t stage) {
    done_.store(0, std::memory_order_relaxed);
    for (int share = 0; stage < stages_ && share < limit_; share++) {
      shares_[share].next.store(static_cast<uint64_t>(stage) << 32 | static_cast<uint32_t>(begin_of(stage, share)),
                                std::memory_order_relaxed);
    }
    stage_.store(stage, std::memory_order_release);
  }

  int begin_of(uint32_t stage, int share) const {
    return static_cast<int>(static_cast<int64_t>(tasks_[stage]) * share / limit_);
  }

  // A task that nobody has taken yet; -1: there is none.
  int take(uint32_t stage, int worker) {
    for (int i = 0; i < limit_; i++) {
      const int share = (worker + i) % limit_, end = begin_of(stage, share + 1);
      uint64_t next = shares_[share].next.load(std::memory_order_relaxed);
      while (next >> 32 == stage && static_cast<int>(next & UINT32_MAX) < end) {
        if (shares_[share].next.compare_exchange_weak(next, next + 1, std::memory_order_relaxed)) {
          return static_cast<int>(next & UINT32_MAX);
        }
      }
    }
    return -1;
  }

  // A moment at full speed; then a thread that the system keeps from its task may have this core.
  static void wait(int waits) {
    if (waits < 1000) {
      pause_cpu();
    } else {
      std::this_thread::sleep_for(std::chrono::microseconds(10));
    }
  }

  void wake() {
    generation_.fetch_add(1);
    if (sleepers_.load() == 0) return;
    { std::lock_guard<std::mutex> lock(mutex_); }
    awake_.notify_all();
  }

  // Makes missing workers. Where the system gives no more threads, the pool works with those it has, and asks again
  // later: a refusal takes longer than many a kernel.
  void hire(int n) {
    if (static_cast<int>(workers_.size()) >= n || std::chrono::steady_clock::now() < patience_) return;
    pin_library();
    keep_.store(std::max(n, keep_.load()));
    while (static_cast<int>(workers_.size()) < n) {
      const int id = static_cast<int>(workers_.size()) + 1;
#if defined(__unix__) || defined(__APPLE__)
      sigset_t all, before;  // signals belong to the host's threads
      sigfillset(&all);
      pthread_sigmask(SIG_SETMASK, &all, &before);
#endif
      try {
        workers_.emplace_back([this, id, seen = generation_.load()] { live(id, seen); });
      } catch (const std::system_error&) {
        n = 0;
        note_refused_thread();
        patience_ = std::chrono::steady_clock::now() + std::chrono::seconds(1);
      }
#if defined(__unix__) || defined(__APPLE__)
      pthread_sigmask(SIG_SETMASK, &before, nullptr);
#endif
    }
  }

  void live(int id, uint64_t seen) {
    FlushToZero flush;
    auto rested = std::chrono::steady_clock::now();
    while (true) {
      seen = await(seen);
      if (id > keep_.load()) return;
      const uint32_t before = gate_.fetch_add(1);
      if ((before & open_bit) && id < limit_) work(id);
      gate_.fetch_sub(1, std::memory_order_release);
      // Here nobody waits for this thread. A process that wants the core gets it now, so that the system does not take
      // it in the middle of a task, for which the others would have to wait.
      const auto now = std::chrono::steady_clock::now();
      if (now - rested > turn_time) {
        std::this_thread::yield();
        rested = now;
      }
    }
  }

  // Returns the first generation after `seen`: spins a moment, then sleeps.
  uint64_t await(uint64_t seen) {
    const auto until = std::chrono::steady_clock::now() + spin_time;
    do {
      for (int i = 0; i < 32; i++) {
        const uint64_t now = generation_.load(std::memory_order_acquire);
        if (now != seen) return now;
        pause_cpu();
      }
    } while (std::chrono::steady_clock::now() < until);
    std::unique_lock<std::mutex> lock(mutex_);
    sleepers_.fetch_add(1);
    awake_.wait(lock, [&] { return generation_.load() != seen; });
    sleepers_.fetch_sub(1);
    return generation_.load();
  }

  std::atomic<int> threads_{default_threads()};
  std::atomic<bool> leading_{false};
  std::atomic<int> resizing_{0};
  std::vector<std::thread> workers_;
  std::atomic<int> keep_{0};  // workers with a greater id leave
  std::chrono::steady_clock::time_point patience_;

  StageFn fn_ = nullptr;
  void* context_ = nullptr;
  const int* tasks_ = nullptr;  // by stage
  uint32_t stages_ = 0;
  int limit_ = 0;

  struct alignas(64) Share {
    std::atomic<uint64_t> next{0};  // stage and task of what nobody has taken yet, in one word
  };
  Share shares_[max_threads];  // by worker
  alignas(64) std::atomic<uint32_t> stage_{0};
  alignas(64) std::atomic<int> done_{0};  // tasks of the present stage
  alignas(64) std::atomic<uint32_t> gate_{0};
  alignas(64) std::atomic<uint64_t> generation_{0};
  std::atomic<int> sleepers_{0};
  std::mutex mutex_;
  std::condition_variable awake_;
};

Pool& pool() {
  static Pool* instance = new Pool;
  return *instance;
}

// What Parallel::self points to: the number of workers a run was promised (its scratch memory is sized for them).
const int* promise(int workers) {
  static const std::vector<int>* sizes = [] {
    auto* all = new std::vector<int>(max_threads + 1);
    for (int i = 0; i <= max_threads; i++) (*all)[i] = i;
    return all;
  }();
  return sizes->data() + workers;
}

// One stage, for kernels.
struct Tasks {
  void (*fn)(void*, int, int);
  void* context;
};
void run_task(void* context, int, int task, int worker) {
  const Tasks& tasks = *static_cast<const Tasks*>(context);
  tasks.fn(tasks.context, task, worker);
}
void run_promised(void* self, int tasks, void (*fn)(void*, int, int), void* context) {
  Tasks all = {fn, context};
  pool().run(*static_cast<const int*>(self), 1, &tasks, run_task, &all);
}

}  // namespace

void set_threads(int threads) { pool().resize(std::clamp(threads, 1, max_threads)); }
int get_threads() { return pool().threads(); }

bool threads_refused() { return any_refused.load(std::memory_order_relaxed); }
void note_refused_thread() { any_refused.store(true, std::memory_order_relaxed); }

void run_stages(int workers, int stages, const int* tasks, void (*fn)(void*, int, int, int), void* context) {
  pool().run(workers, stages, tasks, fn, context);
}

Parallel pool_view() {
  const int workers = pool().threads();
  return {const_cast<int*>(promise(workers)), workers, run_promised};
}

}  // namespace myelin
