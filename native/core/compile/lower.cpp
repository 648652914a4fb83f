// Turns units of nodes into instructions: one kernel, its operands, its attributes and a readable line.
#include <cstring>
#include <functional>
#include <map>
#include <set>

#include "code.h"
#include "core/ops/op.h"

namespace myelin {

void FusedSteps::link() {
  attrs.n_inputs = static_cast<int32_t>(inputs.size());
  attrs.n_steps = static_cast<int32_t>(steps.size());
  attrs.n_outputs = static_cast<int32_t>(outputs.size());
  attrs.n_slots = attrs.n_inputs + attrs.n_steps;
  attrs.inputs = inputs.data();
  attrs.steps = steps.data();
  attrs.outputs = outputs.data();
}

const KernelEntry* find_kernel(const KernelTable& table, const char* name, DType dtype) {
  for (int i = 0; i < table.n_kernels; i++) {
    const KernelEntry& entry = table.kernels[i];
    if (entry.dtype == dtype && strcmp(entry.name, name) == 0) return &entry;
  }
  throw GraphError("the backend (" + std::string(table.isa) + ") has no kernel '" + name + "' for " + name_of(dtype));
}

namespace {

// Thread ownership: a local of lower().
class Lowering {
 public:
  Lowering(const Graph& graph, const Fusion& fusion, PlanMode mode, const KernelTable& table)
      : graph_(graph), fusion_(fusion), mode_(mode), table_(table) {}

  Code run() {
    code_.node_value.assign(graph_.nodes.size(), no_value);
    for (const Unit& unit : fusion_.units) {
      if (unit.kind == Unit::Kind::group) {
        add_group(unit);
      } else {
        add_kernel(unit);
      }
    }
    add_guards();
    for (const uint32_t id : graph_.costs) code_.costs.push_back(value_of(fusion_.root[id]));
    add_fetches();
    add_accumulators();
    add_updates();
    return std::move(code_);
  }

 private:
  const Node& node(uint32_t id) const { return graph_.nodes[id]; }
  uint32_t root(uint32_t id) const { return fusion_.root[id]; }

  uint32_t new_value(Place place, DType dtype, int64_t count, uint32_t slot = 0) {
    Value value{place, dtype};
    value.slot = slot;
    value.count = count;
    value.bytes = static_cast<size_t>(count) * size_of(dtype);
    code_.values.push_back(value);
    return static_cast<uint32_t>(code_.values.size() - 1);
  }

  uint32_t slot_value(std::map<uint32_t, uint32_t>& known, Place place, const Node& source) {
    const uint32_t slot = static_cast<uint32_t>(number_attr(source, "slot"));
    const auto found = known.find(slot);
    if (found != known.end()) return found->second;
    const uint32_t value = new_value(place, source.dtype, count_of(source.shape), slot);
    code_.values[value].source = true;
    return known[slot] = value;
  }

  uint32_t constant_value(const Node& source) {
    const Attr& attr = source.attrs.at("value");
    const double* numbers = std::get_if<double>(&attr);
    size_t n = 1;
    if (!numbers) {
      const auto& list = std::get<std::vector<double>>(attr);
      numbers = list.data();
      n = list.size();
    }
    const uint32_t value = new_value(Place::constant, source.dtype, static_cast<int64_t>(n));
    const size_t offset = aligned(code_.constants.size()), elem = size_of(source.dtype);
    code_.values[value].offset = offset;
    code_.constants.resize(offset + n * elem);
    for (size_t i = 0; i < n; i++) {
      const float single = static_cast<float>(numbers[i]);
      const void* from = source.dtype == DType::f32 ? static_cast<const void*>(&single) : &numbers[i];
      memcpy(&code_.constants[offset + i * elem], from, elem);
    }
    return value;
  }

  // Where the elements of a root are. A fill constant has one element, whatever its shape.
  uint32_t value_of(uint32_t id) {
    uint32_t& value = code_.node_value[id];
    if (value != no_value) return value;
    const Node& n = node(id);
    switch (n.record->source) {
      case Source::input: return value = slot_value(inputs_, Place::input, n);
      case Source::state: return value = slot_value(states_, Place::state, n);
      case Source::hyper: return value = slot_value(hypers_, Place::hyper, n);
      case Source::constant: return value = constant_value(n);
      case Source::none: break;
    }
    return value = new_value(Place::arena, n.dtype, count_of(n.shape));
  }

  // The same for a reader that needs all elements to be there.
  uint32_t full_value(uint32_t id) {
    if (!is_fill(node(id)) || count_of(node(id).shape) == 1) return value_of(id);
    const auto found = filled_.find(id);
    if (found != filled_.end()) return found->second;
    Instruction fill = instruction("fused", fusion_.phase[id], id);
    fill.fused = std::make_unique<FusedSteps>();
    FusedSteps& fused = *fill.fused;
    FusedInput access = {};
    access.mode = load_scalar;
    access.period = 1;
    fused.inputs.push_back(access);
    fused.steps.push_back({elementwise_index("identity", table_), 1, 0, 0, 0, 0});
    fused.outputs.push_back({1, 0});
    fill.in.push_back({value_of(id), {}});
    fill.out.push_back({new_value(Place::arena, node(id).dtype, count_of(node(id).shape)), node(id).shape});
    fill.work = static_cast<double>(count_of(node(id).shape));
    fill.text = "fill " + describe(node(id));
    filled_[id] = fill.out[0].value;
    code_.instructions.push_back(std::move(fill));
    return filled_[id];
  }

  Operand operand(uint32_t id) { return {full_value(root(id)), node(id).shape}; }
  Operand result(uint32_t id) { return {value_of(id), node(id).shape}; }

  Instruction instruction(const char* kernel, Phase phase, uint32_t key) {
    return instruction(kernel, graph_.dtype, phase, key);
  }
  Instruction instruction(const char* kernel, DType dtype, Phase phase, uint32_t key) {
    Instruction made;
    made.kernel = find_kernel(table_, kernel, dtype);
    made.phase = phase;
    made.key = key;
    return made;
  }

  static std::string labelled(std::string text, const Node& n) {
    return n.label.empty() ? text : std::move(text) + " " + n.label;
  }

  // A node by a kernel of its own, with what follows it in the kernel's epilogue.
  void add_kernel(const Unit& unit) {
    const uint32_t first = unit.nodes[0], last = unit.nodes.back();
    const uint32_t z = unit.activation ? unit.nodes[unit.nodes.size() - 2] : last;
    const Node& n = node(first);
    Epilogue epilogue = {unit.has_bias, -1, 0};
    std::string text = n.op;
    if (unit.has_bias) text += "+bias";
    if (unit.activation) {
      epilogue.activation = elementwise_index(node(last).record->element, table_);
      epilogue.activation_attr = number_of(node(last));
      text += "+" + node(last).op;
    }
    Lowered lowered = n.record->lower ? n.record->lower(graph_, n, epilogue) : Lowered{n.op.c_str(), {}, {}};
    const DType dtype = n.record->computes_in ? n.record->computes_in(graph_, n) : n.dtype;
    Instruction made = instruction(lowered.kernel, dtype, unit.phase, last);
    if (made.kernel->attrs_bytes != lowered.attrs.size()) {
      throw GraphError("the core brings " + std::to_string(lowered.attrs.size()) + " bytes of attributes to kernel '" +
                       lowered.kernel + "', which takes " + std::to_string(made.kernel->attrs_bytes) + " (a bug)");
    }
    made.attrs = std::move(lowered.attrs);
    made.work = work_of(n);
    made.by_rows = lowered.by_rows;
    made.by_rows_at = lowered.by_rows_at;
    std::string shapes;
    for (size_t k = 0; k < n.inputs.size(); k++) {
      const uint32_t input = n.inputs[k];
      made.in.push_back(operand(input));
      made.follows.push_back(made.kernel->units && follows_rows(n, k));  // nobody asks it of what is never cut
      shapes += (shapes.empty() ? " " : ", ") + to_text(node(input).shape);
    }
    if (unit.has_bias) made.in.push_back({full_value(unit.bias), {n.shape.back()}});
    made.out.push_back({value_of(last), n.shape});
    if (z != last && used_outside(z, unit)) {
      made.out.push_back({value_of(z), n.shape});
      text += "+z";
    }
    made.text = labelled(std::move(text), node(last).label.empty() ? n : node(last)) +
                (lowered.operands.empty() ? shapes + " → " + to_text(n.shape) : " " + lowered.operands);
    code_.instructions.push_back(std::move(made));
  }

  // Do rows of the node need only the same rows of this input?
  bool follows_rows(const Node& n, size_t input) const {
    const Shape& shape = node(n.inputs[input]).shape;
    const BlockNeed need = needs_of(graph_, n, input);
    return !shape.empty() && !need.empty() && need[0].axis == 0 && need[0].shift == 0 && shape[0] == n.shape[0];
  }

  // Element-wise steps that a node costs about: what it reads and writes, unless its record knows better.
  double work_of(const Node& n) const {
    if (n.record->work) return n.record->work(graph_, n);
    int64_t work = count_of(n.shape);
    for (const uint32_t input : n.inputs) work += count_of(node(input).shape);
    return static_cast<double>(work);
  }

  // Is a member of a unit read by a node outside, or named by the graph itself?
  bool used_outside(uint32_t id, const Unit& unit) {
    if (fusion_.escapes[id]) return true;
    if (readers_.empty()) {
      readers_.resize(graph_.nodes.size());
      for (uint32_t reader = 0; reader < graph_.nodes.size(); reader++) {
        if (fusion_.phase[reader] == Phase::unused) continue;
        for (const Read& read : fusion_.reads[reader]) readers_[read.node].push_back(reader);
      }
    }
    for (const uint32_t reader : readers_[id]) {
      bool inside = false;
      for (const uint32_t member : unit.nodes) inside = inside || member == reader;
      if (!inside) return true;
    }
    return false;
  }

  // The members of a group in the order of its steps. Updates: as the results need them, the last one first. Where
  // nodes stand in the graph depends on what else it holds; so equal updates become equal steps.
  std::vector<uint32_t> steps_of(const Unit& unit) {
    if (unit.phase != Phase::update) return unit.nodes;
    const std::set<uint32_t> members(unit.nodes.begin(), unit.nodes.end());
    std::vector<uint32_t> order;
    std::set<uint32_t> placed;
    const std::function<void(uint32_t)> place = [&](uint32_t id) {  // at most as deep as there are steps
      if (!members.count(id) || !placed.insert(id).second) return;
      for (const Read& read : fusion_.reads[id]) place(read.node);
      order.push_back(id);
    };
    for (size_t i = unit.nodes.size(); i-- > 0;) place(unit.nodes[i]);
    return order;
  }

  void add_group(const Unit& unit) {
    Instruction made = instruction("fused", unit.phase, unit.nodes.back());
    made.fused = std::make_unique<FusedSteps>();
    FusedSteps& fused = *made.fused;
    const std::vector<uint32_t> nodes = steps_of(unit);
    std::map<uint32_t, int32_t> slots;  // by member
    std::vector<std::vector<int32_t>> operands;
    for (size_t i = 0; i < nodes.size(); i++) slots[nodes[i]] = static_cast<int32_t>(i);  // of the step
    for (const uint32_t id : nodes) {
      operands.emplace_back();
      for (const Read& read : fusion_.reads[id]) {
        const auto inside = slots.find(read.node);
        operands.back().push_back(inside != slots.end() ? ~inside->second : input_slot(made, fused, read));
      }
    }
    const int32_t n_inputs = static_cast<int32_t>(fused.inputs.size());
    std::string ops;
    for (size_t i = 0; i < nodes.size(); i++) {
      const Node& n = node(nodes[i]);
      FusedStep step = {};
      step.op = elementwise_index(n.record->element, table_);
      step.dst = n_inputs + static_cast<int32_t>(i);
      int32_t abc[3];
      for (size_t k = 0; k < 3; k++) {
        const int32_t slot = operands[i][k < operands[i].size() ? k : 0];
        abc[k] = slot < 0 ? n_inputs + ~slot : slot;
      }
      step.a = abc[0];
      step.b = abc[1];
      step.c = abc[2];
      step.attr = number_of(n);
      fused.steps.push_back(step);
      if (i < 8) ops += (i ? "·" : "") + std::string(n.op);
      if (used_outside(nodes[i], unit)) {
        fused.outputs.push_back({step.dst, 0});
        made.out.push_back(result(nodes[i]));
      }
    }
    made.work = static_cast<double>(count_of(node(nodes[0]).shape) * static_cast<int64_t>(nodes.size()));
    if (unit.nodes.size() > 8) ops += "… (" + std::to_string(unit.nodes.size()) + " ops)";
    made.text = labelled((unit.nodes.size() > 1 ? "fused " : "") + ops, node(unit.nodes.back())) + " " +
                to_text(node(unit.nodes.back()).shape);
    if (made.out.size() > 1) made.text += " → " + std::to_string(made.out.size()) + " outputs";
    code_.instructions.push_back(std::move(made));
  }

  int32_t input_slot(Instruction& made, FusedSteps& fused, const Read& read) {
    const uint32_t value = value_of(read.node);
    for (size_t i = 0; i < made.in.size(); i++) {
      if (made.in[i].value == value && same_access(fused.inputs[i], read.access)) return static_cast<int32_t>(i);
    }
    const bool one = code_.values[value].count == 1;
    made.in.push_back({value, one ? Shape{} : node(read.node).shape});
    fused.inputs.push_back(read.access);
    return static_cast<int32_t>(made.in.size() - 1);
  }

  void add_guards() {
    if (graph_.guards.empty()) return;
    Value flag{Place::flag};
    flag.bytes = sizeof(uint32_t);
    code_.values.push_back(flag);
    const uint32_t flag_value = static_cast<uint32_t>(code_.values.size() - 1);
    for (const Guard& guard : fusion_.guards) {
      const char* kernel = guard.squares ? "guardSquares" : "guard";
      Instruction made = instruction(kernel, Phase::compute, root(guard.node));
      made.in.push_back(operand(guard.node));
      made.out.push_back({flag_value, {}});
      made.follows = {true};
      made.work = static_cast<double>(count_of(node(guard.node).shape));
      made.text = labelled(kernel, node(guard.node)) + " " + to_text(node(guard.node).shape);
      code_.instructions.push_back(std::move(made));
    }
  }

  // A fetch is written where it is handed back, except when its memory belongs to something else.
  void add_fetches() {
    for (uint32_t slot = 0; slot < graph_.fetches.size(); slot++) {
      const uint32_t id = graph_.fetches[slot];
      const Operand from = operand(id);
      Value& value = code_.values[from.value];
      if (value.place == Place::arena) {
        value.place = Place::fetch;
        value.slot = slot;
        continue;
      }
      Instruction made = instruction("copy", node(id).dtype, Phase::compute, root(id));
      made.in.push_back(from);
      made.out.push_back({new_value(Place::fetch, node(id).dtype, count_of(from.shape), slot), from.shape});
      made.follows = {true};
      made.work = static_cast<double>(count_of(from.shape));
      made.text = labelled("copy", node(id)) + " " + to_text(from.shape) + " → fetch " + std::to_string(slot);
      code_.instructions.push_back(std::move(made));
    }
  }

  void add_accumulators() {
    for (const uint32_t id : graph_.accumulators) {
      Instruction made = instruction("accumulate", node(id).dtype, Phase::record, root(id));
      Value total{Place::accumulator};
      total.count = count_of(node(id).shape);
      total.bytes = static_cast<size_t>(total.count) * sizeof(double);
      total.offset = code_.accumulator_bytes;  // one after the other, as they are handed back
      code_.accumulator_bytes += total.bytes;
      made.in.push_back(operand(id));
      made.work = static_cast<double>(total.count);
      code_.values.push_back(total);
      made.out.push_back({static_cast<uint32_t>(code_.values.size() - 1), node(id).shape});
      made.text = labelled("accumulate", node(id)) + " " + to_text(node(id).shape);
      code_.instructions.push_back(std::move(made));
    }
  }

  void add_updates() {
    if (graph_.updates.empty()) return;
    std::vector<StateWrite> writes;
    for (const Update& update : graph_.updates) {
      const Node& state = node(update.state);
      StateWrite write;
      write.value = operand(update.value);
      write.state = {value_of(update.state), state.shape};
      if (update.rows != all_rows) {
        write.rows = operand(update.rows);
        write.set_rows = find_kernel(table_, "setRows", state.dtype);
        write.copy_rows = find_kernel(table_, "copy", node(update.rows).dtype);
      }
      write.copy = find_kernel(table_, "copy", state.dtype);
      write.text = labelled("", state) + " " + to_text(state.shape);
      writes.push_back(std::move(write));
    }
    write_updates(code_, std::move(writes), mode_);
  }

  const Graph& graph_;
  const Fusion& fusion_;
  const PlanMode mode_;
  const KernelTable& table_;
  Code code_;
  std::map<uint32_t, uint32_t> inputs_, states_, hypers_, filled_;
  std::vector<std::vector<uint32_t>> readers_;
};

}  // namespace

Code lower(const Graph& graph, const Fusion& fusion, PlanMode mode, const KernelTable& table) {
  return Lowering(graph, fusion, mode, table).run();
}

}  // namespace myelin
