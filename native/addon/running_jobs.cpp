#include "running_jobs.h"

#include <chrono>
#include <cstdlib>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "core/device/buffer.h"
#include "core/run/pool.h"
#include "job.h"

namespace myelin::addon {

namespace {

// A cancelled run ends after its current instruction. Should one take longer, leaving beats hanging.
constexpr std::chrono::seconds exit_patience{10};

struct Registry {
  std::mutex mutex;
  std::unordered_map<Job*, std::weak_ptr<Job>> jobs;
};

Registry& registry() {
  static Registry& instance = *new Registry;
  return instance;
}

void stop_all() {
  std::vector<std::shared_ptr<Job>> jobs;
  {
    std::lock_guard<std::mutex> lock(registry().mutex);
    for (auto& [job, reference] : registry().jobs) {
      if (auto held = reference.lock()) jobs.push_back(std::move(held));
    }
  }
  for (const auto& job : jobs) {
    job->cancel();
    job->close();
  }
  for (const auto& job : jobs) {
    // Static objects must not be destroyed under a running thread: then end without their destructors.
    if (!job->wait(exit_patience)) std::_Exit(EXIT_FAILURE);
  }
}

void stop_all_at_exit() {
  static const bool registered = [] {
    // Statics made before this registration are destroyed after stop_all has run.
    get_threads();
    memory_stats();
    cpu_backend();
    return std::atexit(stop_all) == 0;
  }();
  (void)registered;
}

}  // namespace

void add_running(Job* job) {
  stop_all_at_exit();
  std::lock_guard<std::mutex> lock(registry().mutex);
  registry().jobs[job] = job->weak_from_this();
}

void remove_running(Job* job) {
  std::lock_guard<std::mutex> lock(registry().mutex);
  registry().jobs.erase(job);
}

}  // namespace myelin::addon
