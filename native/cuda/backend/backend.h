// The inside of the CUDA library's host side. Internal to native/cuda.
#pragma once
#include <cuda_runtime.h>

#include <atomic>
#include <cstddef>

#include "cuda/api.h"

namespace myelin {
namespace cuda {

// Thread ownership: shared by all threads after device_open(); counters and memory totals are atomic, the rest never
// changes. There is one stream for everything: uploads, runs of all plans, releases. What is enqueued first happens
// first, so memory needs no other bookkeeping.
struct Device {
  int index = 0;
  int multiprocessors = 0;
  bool has_pool = false;
  cudaMemPool_t pool = nullptr;
  cudaStream_t stream = nullptr;
  std::atomic<uint64_t> used{0}, limit{0};
  std::atomic<int64_t> launches{0}, captures{0}, graph_launches{0}, waits{0};
};

// Thread ownership: the caller's stack. `ok(what, code)` is true for success; otherwise the first failure is written
// down and the error forgotten by the runtime, so that it does not come up again in an unrelated call.
class Outcome {
 public:
  explicit Outcome(Failure* failure) : failure_(failure) {}
  bool ok(const char* what, cudaError_t code);
  void fail(const char* format, ...) __attribute__((format(printf, 2, 3)));
  Status status() const { return status_; }
  void out_of_memory(const Device& device, uint64_t asked);

 private:
  Failure* failure_;
  Status status_ = status_ok;
};

// Makes the device the calling thread's current one.
bool use(const Device& device, Outcome& outcome);
// Memory on the device's stream, counted against its limit.
bool allocate_on(Device& device, uint64_t bytes, void** memory, Outcome& outcome);
void release_on(Device& device, void* memory, uint64_t bytes);

Status loop_open(Device* device, int32_t max_gathers, int32_t max_collects, int32_t max_costs, Loop** loop,
                 Failure* failure);
void loop_close(Loop* loop);
Handles loop_handles(Loop* loop);
Status loop_begin(Loop* loop, const Step* step, const Run* run, Failure* failure);
Status loop_enqueue(Loop* loop, int64_t steps, Failure* failure);
Status loop_wait(Loop* loop, Progress* progress, Failure* failure);
void loop_launches(Loop* loop, int64_t* by_kernel);

}  // namespace cuda
}  // namespace myelin
