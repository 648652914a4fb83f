#include "profile.h"

#include <atomic>
#include <chrono>
#include <mutex>

namespace myelin {
namespace {

std::atomic<bool> profiling{false};
std::mutex mutex;
StepProfile last;  // guarded by the mutex

}  // namespace

void set_profiling(bool on) { profiling.store(on, std::memory_order_relaxed); }

bool is_profiling() { return profiling.load(std::memory_order_relaxed); }

void leave_profile(StepProfile profile) {
  const std::lock_guard<std::mutex> lock(mutex);
  last = std::move(profile);
}

StepProfile last_profile() {
  const std::lock_guard<std::mutex> lock(mutex);
  return last;
}

double nanoseconds_now() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double, std::nano>(now).count();
}

}  // namespace myelin
