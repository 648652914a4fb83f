// The table that the CUDA library exports and all that the core knows of it. The library is opened at run time, so
// nothing but plain data and function pointers crosses here: no exceptions, no C++ objects, no CUDA types.
//
// Threads: every function may be called from any thread. A Loop belongs to one thread at a time.
// Errors: a function that can fail returns a Status and fills the caller's Failure.
#pragma once
#include "core/call.h"

namespace myelin {
namespace cuda {

constexpr uint32_t api_version = 4;
constexpr int64_t max_chunk = 64;  // steps that may be enqueued between two reports of a loop

enum Status : int32_t { status_ok = 0, status_failed = 1, status_out_of_memory = 2 };

struct Failure {
  uint64_t asked, free;  // bytes, of status_out_of_memory; free: what the device and the limit leave
  char text[488];
};

struct DeviceInfo {
  char name[256];
  uint64_t total_bytes;
  int32_t major, minor;  // compute capability
  int32_t multiprocessors;
};

struct MemoryInfo {
  uint64_t free_bytes, used_bytes, limit_bytes;  // used: by this library; limit: 0 for none
};

// What happened on a device so far, for tests and reports.
struct Counters {
  int64_t launches;        // kernels, those of replayed graphs included
  int64_t captures;        // steps captured into a graph
  int64_t graph_launches;  // steps replayed
  int64_t waits;           // times the host waited for the device
};

struct Device;  // one GPU, open for the rest of the process
struct Loop;    // runs the steps of one plan in one workspace

// Takes `batch` rows of a data set at the start of each step.
struct Gather {
  void* to;           // device memory, [batch, row]
  int64_t row_bytes;  // whole elements of 4 or 8 bytes
};
// Copies a fetch behind those of the steps before, once the step is computed.
struct Collect {
  const void* from;
  int64_t count;
  int32_t element_bytes;  // 4 or 8
};

// One step of a plan, with device addresses in its calls. Valid from loop_begin() to the end of the run.
//
//   begin_step, gathers → kernels [0, n_compute) → costs, collects → the other kernels → end_step
//
// The calls carry key and parallel of the loop's Handles; those from n_compute on also skip (commit only a good step).
struct Step {
  int32_t is_f64;     // the floating dtype: of hypers, costs and fused calls
  int32_t precision;  // of the products of a float32 step: 0 float32, 1 TF32, 2 bf16 (core/graph.h: Precision)
  int32_t n_kernels, n_compute;
  const KernelFn* kernels;
  const Call* calls;
  int32_t n_hypers;
  void* hypers;  // device memory: the hyper slots in the floating dtype
  int32_t n_gathers;
  const Gather* gathers;
  int64_t batch;  // rows of a gather
  int32_t n_collects;
  const Collect* collects;
  int32_t n_costs;
  const void* const* costs;  // device addresses of scalars
};

// What differs from run to run. Device addresses; the memory must last until the run has ended.
struct Run {
  uint64_t seed, first_step;
  int64_t steps;
  const double* hyper;      // [steps, n_hypers]
  const uint32_t* rows;     // [steps, batch]
  const void* const* data;  // host array, by gather: the data set
  void* const* collect_to;  // host array, by collect: where step 0 goes
  int32_t compute_only;     // stop each step before its costs: nothing is committed or counted
};

// What the loop gives to its calls.
struct Handles {
  const StepKey* key;        // device memory
  const uint32_t* skip;      // device memory: not 0 once a step is not finite
  uint32_t* flag;            // device memory: what guards write; the same word as skip
  const Parallel* parallel;  // host memory; `self` is the launch context
};

// How far a run has come, as of the end of a chunk.
struct Progress {
  int64_t committed;    // steps of this run
  int32_t flag;         // not 0: the step after the committed ones was not finite, and nothing runs any more
  const double* costs;  // host memory, [max_chunk, n_costs]: step i in row i % max_chunk; good until the next call
};

struct Api {
  uint32_t version;         // api_version; nothing else may be read when it differs
  int32_t runtime_version;  // the CUDA version the library was built with, as 13000
  const char* build;        // "CUDA 13.0", or what stands in for it

  int32_t (*driver_version)(void);  // the newest CUDA version the driver knows, as 13000; 0: there is no driver
  Status (*device_count)(int32_t* count, Failure* failure);
  Status (*device_info)(int32_t index, DeviceInfo* info, Failure* failure);
  Status (*device_open)(int32_t index, Device** device, Failure* failure);

  // Memory is ordered like everything else on the device's one stream: it may be released while work that uses it is
  // still on its way.
  Status (*memory_info)(Device* device, MemoryInfo* info, Failure* failure);
  void (*set_limit)(Device* device, uint64_t bytes);                                    // 0: none
  Status (*allocate)(Device* device, uint64_t bytes, void** memory, Failure* failure);  // 256-byte aligned
  void (*release)(Device* device, void* memory, uint64_t bytes);
  Status (*upload)(Device* device, void* to, const void* from, uint64_t bytes, Failure* failure);    // host → device
  Status (*download)(Device* device, void* to, const void* from, uint64_t bytes, Failure* failure);  // device → host
  Status (*copy)(Device* device, void* to, const void* from, uint64_t bytes, Failure* failure);      // within
  Status (*clear)(Device* device, void* memory, uint64_t bytes, Failure* failure);

  const KernelTable* (*kernels)(void);

  // A run: loop_begin, then loop_enqueue and loop_wait by turns (at most two chunks may be on their way). The first
  // step of a run is launched kernel by kernel; later ones replay a graph that is captured once and kept until the
  // addresses in the step change.
  Status (*loop_open)(Device* device, int32_t max_gathers, int32_t max_collects, int32_t max_costs, Loop** loop,
                      Failure* failure);
  void (*loop_close)(Loop* loop);  // waits for what it has enqueued
  Handles (*loop_handles)(Loop* loop);
  Status (*loop_begin)(Loop* loop, const Step* step, const Run* run, Failure* failure);
  Status (*loop_enqueue)(Loop* loop, int64_t steps, Failure* failure);    // one chunk of at most max_chunk
  Status (*loop_wait)(Loop* loop, Progress* progress, Failure* failure);  // for the oldest chunk
  void (*loop_launches)(Loop* loop, int64_t* by_kernel);  // launches of each of the step's kernels in the last step
                                                          // that was launched kernel by kernel; several calls of
                                                          // "fused" in one launch: 1 for the first, 0 for the others

  void (*counters)(Device* device, Counters* counters);
};

}  // namespace cuda
}  // namespace myelin

#if defined(_WIN32)
#define MYELIN_CUDA_EXPORT extern "C" __declspec(dllexport)
#else
#define MYELIN_CUDA_EXPORT extern "C" __attribute__((visibility("default")))
#endif

// The one function that is looked up by name.
typedef const myelin::cuda::Api* (*MyelinCudaApi)(void);
