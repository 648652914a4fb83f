// One run of a plan: its request checked, its addresses resolved. Internal to the core.
#pragma once
#include "plan_impl.h"
#include "pool.h"

namespace myelin {

// Thread ownership: the thread that runs the plan.
class Session {
 public:
  explicit Session(const RunRequest& request);  // throws GraphError where the request does not fit, OutOfMemory
  ~Session();

  void begin(int64_t step);                       // hyper row, random key, gathered rows, collected fetches
  bool compute(const std::atomic<bool>* cancel);  // false: cancelled
  bool finite() const;                            // what the guards found
  void read_costs(std::vector<double>& costs) const;
  void commit();  // totals and states; cannot fail

  std::vector<double> totals() const;
  std::vector<BufferPtr> take_fetches() { return std::move(fetches_); }
  // Does the value of a node (of a plain plan, after compute) hold NaN or an infinity?
  bool is_bad(uint32_t node) const;

 private:
  void check_states() const;
  void check_inputs();
  void check_collect() const;
  void check_aliases() const;
  void bind();
  void call(size_t instruction);

  const RunRequest& request_;
  const Plan& plan_;
  std::unique_ptr<Workspace> work_;
  Parallel parallel_;
  int64_t batch_ = 0;  // rows a step gathers
  std::vector<BufferPtr> fetches_;
  std::vector<void*> base_;                             // by value
  std::vector<std::pair<size_t, uint32_t>> collected_;  // views that move from step to step, and their fetch
};

}  // namespace myelin
