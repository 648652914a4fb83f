// One run of a plan: its request checked, its addresses resolved. Internal to the core.
#pragma once
#include "core/compile/plan_impl.h"
#include "core/device/device.h"
#include "pool.h"
#include "profile.h"

namespace myelin {

// What the runs of all backends share. Thread ownership: the thread that runs the plan.
class Session {
 public:
  explicit Session(const RunRequest& request);  // throws GraphError where the request does not fit, OutOfMemory
  virtual ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  std::vector<double> totals() const;
  // In the memory of the CPU, where everything is that JavaScript reads.
  virtual std::vector<BufferPtr> take_fetches() { return std::move(fetches_); }
  // Does the value of a node (of a plain plan, after a step was computed) hold NaN or an infinity?
  bool is_bad(uint32_t node) const;

 protected:
  // Makes fetches and gives every view its address. Once the workspace fits.
  void bind(const Parallel& parallel);
  // Where a fetch that is collected is computed; null: straight into the buffer, another place each step.
  virtual void* collect_base(uint32_t) { return nullptr; }
  bool is_gathered(uint32_t slot) const { return !request_.gathered.empty() && request_.gathered[slot]; }
  Workspace& work() { return *work_; }
  const Workspace& work() const { return *work_; }

  const RunRequest& request_;
  const Plan& plan_;
  int64_t batch_ = 0;  // rows a step gathers
  std::vector<BufferPtr> fetches_;
  std::vector<void*> base_;  // by value

 private:
  void check_states() const;
  void check_inputs();
  void check_collect() const;
  void check_aliases() const;

  std::unique_ptr<Workspace> work_;
};

int64_t row_size(const Shape& shape);  // elements that one index of the first dimension covers

// Steps on the CPU, one call a phase.
class HostSession : public Session {
 public:
  explicit HostSession(const RunRequest& request);
  ~HostSession() override;

  void begin(int64_t step);                       // hyper row, random key, gathered rows, collected fetches
  bool compute(const std::atomic<bool>* cancel);  // false: cancelled
  bool finite() const;                            // what the guards found
  void read_costs(std::vector<double>& costs) const;
  void commit();  // totals and states; cannot fail

 private:
  struct Team {
    HostSession& session;
    const Stretch& stretch;
  };
  static void run_piece(void* context, int stage, int task, int worker);
  void run(const Stretch& stretch);

  void run_kernel(uint32_t instruction, const Call& call, int worker);
  // By worker and instruction; empty: no profile is wanted. Each worker writes its own row.
  std::vector<std::vector<double>> busy_;
  StepProfile profile_;
  double step_began_ = 0;

  Parallel parallel_;
  std::vector<std::pair<size_t, uint32_t>> collected_;  // views that move from step to step, and their fetch
  std::vector<std::pair<size_t, uint32_t>> gathered_;   // the same of gathered inputs, and their slots
  int64_t calls_ = 0;
};

// Kernels that the CPU has run so far in this process, for tests.
int64_t host_kernel_calls();

// Steps on a device, enqueued in chunks.
class DeviceSession : public Session {
 public:
  explicit DeviceSession(const RunRequest& request);
  ~DeviceSession() override;

  void start();                 // before the first chunk
  void enqueue(int64_t steps);  // at most cuda::max_chunk; at most two chunks may be on their way
  cuda::Progress wait() { return loop().wait(); }
  void compute_once();  // the compute phase of the first step, and waits for it
  std::vector<BufferPtr> take_fetches() override;

 private:
  // Device memory of a table that goes up once.
  struct Table {
    Backend& backend;
    void* data = nullptr;
    size_t bytes = 0;
    explicit Table(Backend& where) : backend(where) {}
    ~Table();
    void put(const void* from, size_t size);
  };

  void* collect_base(uint32_t fetch) override;
  DeviceLoop& loop() { return *work().loop; }
  void start(bool compute_only);

  Table hyper_, rows_;
  std::vector<KernelFn> kernels_;
  std::vector<cuda::Gather> gathers_;
  std::vector<const void*> data_;  // by gather
  std::vector<cuda::Collect> collects_;
  std::vector<void*> collect_to_;  // by collect
  std::vector<const void*> costs_;
  cuda::Step step_{};
};

}  // namespace myelin
