// A compiled graph: immutable after compile(), may be run by several threads at once (each run takes
// its own arena). Depends on shapes only; values and addresses come with each run.
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/device/buffer.h"
#include "core/graph/graph.h"

namespace myelin {

enum class PlanMode { fused, plain };  // plain: every op by itself with its own memory (MYELIN_PLAN=plain)

class Plan;
using PlanPtr = std::shared_ptr<const Plan>;

PlanPtr compile(const uint8_t* bytes, size_t size, PlanMode mode, Backend& backend);

struct PlanInfo {
  DType dtype;                            // the floating one
  std::vector<std::string> instructions;  // readable, one line each: "matmul+bias+relu dense_1 [128,784]·[256,784]ᵀ"
  std::vector<uint32_t> regions;          // by instruction: which region it belongs to
  size_t arena_bytes;
  std::vector<Shape> inputs;  // by slot
  std::vector<Shape> states;  // by slot
  uint32_t n_hypers;
  std::vector<Shape> fetches, costs, accumulators;
  std::vector<DType> input_dtypes, state_dtypes, fetch_dtypes;
};
const PlanInfo& info(const Plan& plan);
Backend& backend_of(const Plan& plan);
// On a device: kernel launches of each instruction in a step; of several in one launch the first counts it. Empty
// before the first run, and on the CPU.
std::vector<int64_t> launches_of(const Plan& plan);

// Called on the thread that runs the plan, at most every 20 ms, and not at all for runs shorter than that.
struct Progress {
  // costs: the n = (steps since the last report) × (costs per step) values since the last report.
  std::function<void(int64_t steps_done, const double* costs, int64_t n)> report;
};

struct RunRequest {
  PlanPtr plan;
  std::vector<BufferPtr> states;  // by slot; no updated state may share its buffer with another slot
  std::vector<BufferPtr> inputs;  // by slot; a gathered one has any number of rows
  std::vector<uint8_t> gathered;  // by slot: 1 = each step takes its rows from `rows`, 0 = whole, every step
  std::vector<uint32_t> rows;     // steps × batch row numbers (checked against the data); empty: nothing is gathered
  int64_t steps = 1;
  std::vector<double> hyper;  // steps × n_hypers
  uint64_t seed = 0;
  bool keep_memory = true;  // leave working memory with the plan for its next run; false: free it at the end
  uint64_t first_step = 1;  // global number of the first step
  // By fetch: the fetches of all steps stand one under the other, from row `collect_row` on (a row is what one index
  // of the first dimension covers; a scalar is one row). Empty: the fetches of the last step are handed back.
  std::vector<BufferPtr> collect;
  int64_t collect_row = 0;
};

enum class RunStatus { done, cancelled, non_finite };

struct RunResult {
  RunStatus status = RunStatus::done;
  int64_t steps_done = 0;            // committed steps
  std::vector<double> costs;         // steps_done × n_costs
  std::vector<double> accumulators;  // totals, concatenated in order
  std::vector<BufferPtr> fetches;    // of the last step, if status is done and they were not collected
  std::string label;                 // non_finite: label of the first value that is not finite (plain replay)
  std::string value;                 // and what it was: "matmul [32,10]"
};

// Runs on the calling thread (which leads the shared pool, or feeds the device). Throws GraphError on a request that
// does not fit the plan (slot counts, sizes, dtypes, devices, row numbers), OutOfMemory, DeviceFailure; leaves states
// at a step boundary in every case but the last. Fetches that are handed back are in the CPU's memory.
RunResult run(const RunRequest& request, const std::atomic<bool>* cancel, const Progress* progress);

}  // namespace myelin
