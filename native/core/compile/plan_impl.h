// The inside of a plan, for the executor. Internal to the core.
#pragma once
#include <mutex>

#include "code.h"
#include "core/device/device.h"
#include "plan.h"

namespace myelin {

// Some parts of the instructions of a strand, one instruction after the other, for one thread.
struct Piece {
  uint32_t first, count;      // instructions
  int64_t parts, begin, end;  // as in Call
};
// What a run does between two looks at whether it was cancelled: an instruction that shares its work out by itself, or
// stages of pieces; the pieces of a stage run side by side.
struct Stretch {
  bool alone;
  uint32_t instruction;       // alone
  std::vector<int> tasks;     // else: pieces, by stage
  std::vector<Piece> pieces;  // of all stages, one after the other
  std::vector<uint32_t> at;   // where the pieces of each stage begin
};

// When work is shared out, in element-wise steps like the work of an instruction. Drivers make the numbers small, so
// that small graphs are cut, too; results do not depend on them.
struct TeamWork {
  double shared = 30000;  // a region with less stays on one thread: waking others and waiting for them costs as much
  double piece = 20000;   // of a piece, at least, where its strand can be cut
};
TeamWork& team_work();

// The memory and the ready-made calls of one run. Thread ownership: whoever leased it.
class Workspace {
 public:
  explicit Workspace(const Plan& plan);
  ~Workspace();
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  void fit(int workers);  // scratch for this many workers
  // The buffer in `place`, made when first needed and kept for later runs.
  const Buffer& kept(std::unique_ptr<Buffer>& place, DType dtype, int64_t count);

  const Plan& plan;
  char *arena, *hyper, *accumulators, *flag;       // parts of one block
  std::vector<View> views;                         // of all calls, one after the other
  std::vector<uint32_t> view_value;                // by view
  std::vector<Call> calls;                         // by instruction
  std::vector<Stretch> compute, commit;            // host only: how `workers` threads run the calls
  size_t piece_scratch = 0;                        // of each worker, at the beginning of `scratch`
  std::vector<std::unique_ptr<Buffer>> batches;    // by input slot: rows of a gathered input; made when first needed
  std::vector<std::unique_ptr<Buffer>> collected;  // by fetch: where a device computes what is collected
  std::vector<char> hyper_row;                     // host only
  StepKey key{0, 0};                               // host only
  std::unique_ptr<DeviceLoop> loop;                // device only
  void* scratch = nullptr;

 private:
  void divide(int workers);
  std::vector<Stretch> stretches(uint32_t first, uint32_t end, int workers, std::vector<int>& homes) const;

  Backend& backend_;
  char* block_ = nullptr;
  size_t block_bytes_ = 0, scratch_bytes_ = 0;
  int workers_ = 0;
};

// Thread ownership: immutable after compile() apart from idle workspaces and launch counts, which a mutex guards.
class Plan {
 public:
  Plan(const uint8_t* bytes, size_t size, PlanMode mode, Backend& backend);
  ~Plan();
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

  std::unique_ptr<Workspace> lease() const;
  void give_back(std::unique_ptr<Workspace> workspace) const;
  // Launches of each instruction in the last step that a device took kernel by kernel; empty before the first.
  std::vector<int64_t> launches() const;
  void set_launches(std::vector<int64_t> by_instruction) const;

  Backend& backend;
  const PlanMode mode;
  Graph graph;  // without the values of large constants
  Code code;
  PlanInfo info;
  std::vector<uint8_t> encoded;  // kept where guards may ask for a replay in plain mode
  std::vector<Graph::Slot> inputs, states;
  std::vector<bool> state_updated;  // by slot
  std::vector<KernelFn> gather;     // by input slot
  void* constants = nullptr;
  std::vector<const void*> prepared;  // by instruction: as in Call

 private:
  void prepare();

  char* prepared_ = nullptr;
  size_t prepared_bytes_ = 0;
  static constexpr size_t max_idle = 2;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<Workspace>> idle_;
  mutable std::vector<int64_t> launches_;
};

// Runs the step of a request in plain mode and names the value where non-finite numbers begin.
void explain_non_finite(const RunRequest& request, int64_t step, RunResult& result);

}  // namespace myelin
