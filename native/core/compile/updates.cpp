// How new values reach the states. The old value of a state is read by the instructions of the update phase (its own
// update, usually; sometimes another one's). A new value may be computed straight into the state's memory when its
// instruction reads the state element by element, and every other reader can run before it. Otherwise it is computed
// into the arena and copied once all readers are done. New rows of a state are always written like that: by an
// instruction that touches nothing but these rows.
#include <algorithm>

#include "code.h"

namespace myelin {
namespace {

// Thread ownership: a local of write_updates().
class UpdateWriter {
 public:
  explicit UpdateWriter(Code& code) : code_(code) {
    makers_.assign(code_.values.size(), no_value);
    readers_.resize(code_.values.size());
    for (uint32_t i = 0; i < code_.instructions.size(); i++) index(i);
  }

  // Another state's old value must be taken before that state changes: by an instruction of its own. Done for all
  // writes before the first is decided, so that every reader of every state is known by then. New rows must not lie in
  // the state itself either, which changes while they are read.
  void take(StateWrite& write) {
    if (write.set_rows || write.value.value != write.state.value) take(write.value, write.copy, write.text);
    if (write.set_rows) take(write.rows, write.copy_rows, write.text);
  }

  void write(StateWrite write, bool in_place) {
    if (write.set_rows) {
      const uint32_t last = add(write.set_rows, {write.rows, write.value}, write.state, "commit rows" + write.text);
      for (const uint32_t reader : readers_[write.state.value]) order(reader, last);
      return;
    }
    if (write.value.value == write.state.value) return;
    take(write);  // one new value for two states: the first write made it live in the first state
    if (in_place && may_write(write)) {
      Value& value = code_.values[write.value.value];
      value.place = Place::state;
      value.slot = code_.values[write.state.value].slot;
      const uint32_t maker = makers_[write.value.value];
      for (const uint32_t reader : readers_[write.state.value]) {
        if (reader != maker) order(reader, maker);
      }
      return;
    }
    const uint32_t last = add(write.copy, {write.value}, write.state, "commit" + write.text);
    for (const uint32_t reader : readers_[write.state.value]) order(reader, last);
  }

 private:
  void index(uint32_t i) {
    makers_.resize(code_.values.size(), no_value);
    readers_.resize(code_.values.size());
    next_.resize(code_.instructions.size());
    const Instruction& instruction = code_.instructions[i];
    if (instruction.phase != Phase::update) return;
    for (const Operand& out : instruction.out) {
      if (code_.values[out.value].place == Place::arena) makers_[out.value] = i;
    }
    for (const Operand& in : instruction.in) readers_[in.value].push_back(i);
  }

  void take(Operand& operand, const KernelEntry* copy, const std::string& text) {
    const Value from = code_.values[operand.value];
    if (from.place != Place::state) return;
    Value taken{Place::arena, from.dtype};
    taken.count = from.count;
    taken.bytes = from.bytes;
    code_.values.push_back(taken);
    const Operand to = {static_cast<uint32_t>(code_.values.size() - 1), operand.shape};
    add(copy, {operand}, to, "take" + text);
    operand = to;
  }

  uint32_t add(const KernelEntry* kernel, std::vector<Operand> in, const Operand& out, std::string text) {
    Instruction made;
    made.kernel = kernel;
    made.phase = Phase::update;
    made.key = UINT32_MAX;
    made.in = std::move(in);
    for (const Operand& operand : made.in) made.work += static_cast<double>(count_of(operand.shape));
    made.follows = {made.in.size() == 1};  // a copy
    made.out.push_back(out);
    made.text = std::move(text);
    code_.instructions.push_back(std::move(made));
    const uint32_t id = static_cast<uint32_t>(code_.instructions.size() - 1);
    index(id);
    return id;
  }

  void order(uint32_t first, uint32_t second) {
    code_.instructions[second].after.push_back(first);
    next_[first].push_back(second);
  }

  bool may_write(const StateWrite& write) {
    const Value& value = code_.values[write.value.value];
    const uint32_t maker = makers_[write.value.value];
    if (value.place != Place::arena || maker == no_value) return false;  // computed earlier, or somebody else's memory
    const Instruction& instruction = code_.instructions[maker];
    const FusedSteps* fused = instruction.fused.get();
    for (size_t i = 0; i < instruction.in.size(); i++) {
      if (instruction.in[i].value != write.state.value) continue;
      if (!fused || fused->inputs[i].mode != load_full) return false;
    }
    return !runs_before_a_reader(maker, write.state.value);
  }

  // Does some other reader of the state depend on `maker`?
  bool runs_before_a_reader(uint32_t maker, uint32_t state) {
    const auto& readers = readers_[state];
    if (std::none_of(readers.begin(), readers.end(), [&](uint32_t reader) { return reader != maker; })) return false;
    std::vector<bool> is_reader(code_.instructions.size(), false), seen(code_.instructions.size(), false);
    for (const uint32_t reader : readers) is_reader[reader] = reader != maker;
    std::vector<uint32_t> open = {maker};
    seen[maker] = true;
    const auto visit = [&](uint32_t id) {
      if (!seen[id]) open.push_back(id);
      seen[id] = true;
    };
    while (!open.empty()) {
      const uint32_t id = open.back();
      open.pop_back();
      if (is_reader[id]) return true;
      for (const uint32_t next : next_[id]) visit(next);
      for (const Operand& out : code_.instructions[id].out) {
        if (makers_[out.value] != id) continue;
        for (const uint32_t reader : readers_[out.value]) visit(reader);
      }
    }
    return false;
  }

  Code& code_;
  // Of the update phase only:
  std::vector<uint32_t> makers_;                // by value
  std::vector<std::vector<uint32_t>> readers_;  // by value
  std::vector<std::vector<uint32_t>> next_;     // by instruction: those ordered after it beyond their operands
};

}  // namespace

void write_updates(Code& code, std::vector<StateWrite> writes, PlanMode mode) {
  UpdateWriter writer(code);
  for (StateWrite& write : writes) writer.take(write);
  for (const StateWrite& write : writes) writer.write(write, mode == PlanMode::fused);
}

}  // namespace myelin
