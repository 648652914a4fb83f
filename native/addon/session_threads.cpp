#include "session_threads.h"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace myelin::addon {

namespace {

struct Session {
  std::condition_variable wake;
  std::function<void()> work;
};

struct Cache {
  std::mutex mutex;
  std::vector<Session*> idle;
};

// One thread per model that trains at the same time is rare; more than this many idle ones are let go.
constexpr size_t max_idle = 4;

// Never destroyed: idle threads wait in it until the process is gone.
Cache& cache() {
  static Cache& instance = *new Cache;
  return instance;
}

void live(std::unique_ptr<Session> session) {
  Cache& shared = cache();
  for (;;) {
    std::exchange(session->work, nullptr)();
    std::unique_lock<std::mutex> lock(shared.mutex);
    if (shared.idle.size() >= max_idle) return;
    shared.idle.push_back(session.get());
    session->wake.wait(lock, [&] { return static_cast<bool>(session->work); });
  }
}

}  // namespace

void on_session_thread(std::function<void()> work) {
  Cache& shared = cache();
  {
    std::lock_guard<std::mutex> lock(shared.mutex);
    if (!shared.idle.empty()) {
      Session* session = shared.idle.back();
      shared.idle.pop_back();
      session->work = std::move(work);
      session->wake.notify_one();
      return;
    }
  }
  auto session = std::make_unique<Session>();
  session->work = std::move(work);
  std::thread(live, std::move(session)).detach();
}

}  // namespace myelin::addon
