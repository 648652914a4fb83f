// How new values reach the states. The old value of a state is read by the instructions of the update phase (its own
// update, usually; sometimes another one's). A new value may be computed straight into the state's memory when its
// instruction reads the state element by element, and every other reader can run before it. Otherwise it is computed
// into the arena and copied once all readers are done.
#include <algorithm>

#include "code.h"

namespace myelin {
namespace {

// Thread ownership: a local of write_updates().
class UpdateWriter {
 public:
  UpdateWriter(Code& code, const KernelEntry* copy) : code_(code), copy_(copy) {
    makers_.assign(code_.values.size(), no_value);
    readers_.resize(code_.values.size());
    for (uint32_t i = 0; i < code_.instructions.size(); i++) index(i);
  }

  // Another state's old value must be taken before that state changes: by an instruction of its own. Done for all
  // writes before the first is decided, so that every reader of every state is known by then.
  void take(StateWrite& write) {
    const Value from = code_.values[write.value];
    if (from.place != Place::state || write.value == write.state) return;
    Value taken{Place::arena};
    taken.count = from.count;
    taken.bytes = from.bytes;
    code_.values.push_back(taken);
    const uint32_t value = static_cast<uint32_t>(code_.values.size() - 1);
    add_copy(write.value, value, write.operand.shape, "take" + write.text);
    write.value = value;
  }

  void write(StateWrite write, bool in_place) {
    if (write.value == write.state) return;
    take(write);  // one new value for two states: the first write made it live in the first state
    if (in_place && may_write(write)) {
      Value& value = code_.values[write.value];
      value.place = Place::state;
      value.slot = code_.values[write.state].slot;
      const uint32_t maker = makers_[write.value];
      for (const uint32_t reader : readers_[write.state]) {
        if (reader != maker) order(reader, maker);
      }
      return;
    }
    const uint32_t last = add_copy(write.value, write.state, write.operand.shape, "commit" + write.text);
    for (const uint32_t reader : readers_[write.state]) order(reader, last);
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

  uint32_t add_copy(uint32_t from, uint32_t to, const Shape& shape, const std::string& text) {
    Instruction made;
    made.kernel = copy_;
    made.phase = Phase::update;
    made.key = UINT32_MAX;
    made.in.push_back({from, shape});
    made.out.push_back({to, shape});
    made.text = text;
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
    const Value& value = code_.values[write.value];
    const uint32_t maker = makers_[write.value];
    if (value.place != Place::arena || maker == no_value) return false;  // computed earlier, or somebody else's memory
    const Instruction& instruction = code_.instructions[maker];
    const FusedSteps* fused = instruction.fused.get();
    for (size_t i = 0; i < instruction.in.size(); i++) {
      if (instruction.in[i].value != write.state) continue;
      if (!fused || fused->inputs[i].mode != load_full) return false;
    }
    return !runs_before_a_reader(maker, write.state);
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
  const KernelEntry* copy_;
  // Of the update phase only:
  std::vector<uint32_t> makers_;                // by value
  std::vector<std::vector<uint32_t>> readers_;  // by value
  std::vector<std::vector<uint32_t>> next_;     // by instruction: those ordered after it beyond their operands
};

}  // namespace

void write_updates(Code& code, std::vector<StateWrite> writes, PlanMode mode, const KernelEntry* copy) {
  UpdateWriter writer(code, copy);
  for (StateWrite& write : writes) writer.take(write);
  for (const StateWrite& write : writes) writer.write(write, mode == PlanMode::fused);
}

}  // namespace myelin
