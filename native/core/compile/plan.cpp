// compile(): bytes to a plan.
#include "plan_impl.h"

#include "core/ops/op.h"

namespace myelin {

Plan::Plan(const uint8_t* bytes, size_t size, PlanMode plan_mode, Backend& where)
    : backend(where), mode(plan_mode), graph(decode(bytes, size)) {
  const KernelTable& table = backend.kernels();
  code = lower(graph, fuse(graph, mode), mode, table);
  if (mode == PlanMode::fused && !backend.device()) read_by_rows(code, graph);
  const std::vector<Order> orders = schedule(code);
  if (mode == PlanMode::fused && !backend.device()) {
    form_regions(code, orders);
  } else {
    stand_alone(code);
  }
  place_values(code, mode);
  for (Instruction& instruction : code.instructions) {
    if (instruction.fused) instruction.fused->link();
  }
  prepare();

  if (!graph.guards.empty() && mode == PlanMode::fused) encoded.assign(bytes, bytes + size);
  inputs = graph.inputs;
  states = graph.states;
  for (const Graph::Slot& slot : inputs) gather.push_back(find_kernel(table, "gather", slot.dtype)->run);
  state_updated.assign(graph.n_states, false);
  for (const Update& update : graph.updates) {
    state_updated[static_cast<size_t>(number_attr(graph.nodes[update.state], "slot"))] = true;
  }

  info.dtype = graph.dtype;
  info.n_hypers = graph.n_hypers;
  info.arena_bytes = code.arena_bytes;
  for (const Instruction& instruction : code.instructions) info.instructions.push_back(instruction.text);
  for (uint32_t r = 0; r < code.regions.size(); r++) {
    for (const Strand& strand : code.regions[r].strands) info.regions.insert(info.regions.end(), strand.count, r);
  }
  for (const Graph::Slot& slot : inputs) {
    info.inputs.push_back(slot.shape);
    info.input_dtypes.push_back(slot.dtype);
  }
  for (const Graph::Slot& slot : states) {
    info.states.push_back(slot.shape);
    info.state_dtypes.push_back(slot.dtype);
  }
  for (const uint32_t id : graph.fetches) {
    info.fetches.push_back(graph.nodes[id].shape);
    info.fetch_dtypes.push_back(graph.nodes[id].dtype);
  }
  for (const uint32_t id : graph.costs) info.costs.push_back(graph.nodes[id].shape);
  for (const uint32_t id : graph.accumulators) info.accumulators.push_back(graph.nodes[id].shape);

  if (!code.constants.empty()) {
    constants = backend.allocate(code.constants.size());
    backend.upload(constants, code.constants.data(), code.constants.size());
  }
  for (Node& node : graph.nodes) {  // the values now stand in device memory
    if (node.record->source == Source::constant && !is_fill(node)) node.attrs.clear();
  }
}

Plan::~Plan() {
  idle_.clear();
  if (constants) backend.release(constants, code.constants.size());
  if (prepared_) backend.release(prepared_, prepared_bytes_);
}

// What kernels can work out before they know addresses, once for all runs.
void Plan::prepare() {
  prepared.assign(code.instructions.size(), nullptr);
  std::vector<View> views;
  std::vector<size_t> at(code.instructions.size());
  for (size_t i = 0; i < at.size(); i++) {
    const Instruction& instruction = code.instructions[i];
    const Call call = call_of(instruction, views);
    at[i] = prepared_bytes_;
    if (instruction.kernel->prepare) prepared_bytes_ += aligned(instruction.kernel->prepare(&call, nullptr));
  }
  if (!prepared_bytes_) return;
  prepared_ = static_cast<char*>(backend.allocate(prepared_bytes_));
  for (size_t i = 0; i < at.size(); i++) {
    const Instruction& instruction = code.instructions[i];
    const Call call = call_of(instruction, views);
    if (!instruction.kernel->prepare) continue;
    instruction.kernel->prepare(&call, prepared_ + at[i]);
    prepared[i] = prepared_ + at[i];
  }
}

std::unique_ptr<Workspace> Plan::lease() const {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!idle_.empty()) {
      std::unique_ptr<Workspace> workspace = std::move(idle_.back());
      idle_.pop_back();
      return workspace;
    }
  }
  return std::make_unique<Workspace>(*this);
}

void Plan::give_back(std::unique_ptr<Workspace> workspace) const {
  std::lock_guard<std::mutex> lock(mutex_);
  if (idle_.size() < max_idle) idle_.push_back(std::move(workspace));
}

std::vector<int64_t> Plan::launches() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return launches_;
}

void Plan::set_launches(std::vector<int64_t> by_instruction) const {
  std::lock_guard<std::mutex> lock(mutex_);
  launches_ = std::move(by_instruction);
}

PlanPtr compile(const uint8_t* bytes, size_t size, PlanMode mode, Backend& backend) {
  try {
    return std::make_shared<const Plan>(bytes, size, mode, backend);
  } catch (const std::bad_alloc&) {
    throw OutOfMemory(0, "not enough memory to compile the graph");
  }
}

const PlanInfo& info(const Plan& plan) { return plan.info; }
Backend& backend_of(const Plan& plan) { return plan.backend; }
std::vector<int64_t> launches_of(const Plan& plan) { return plan.launches(); }

}  // namespace myelin
