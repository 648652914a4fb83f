// Memory by liveness: walks the instructions in order, gives every result the tightest free stretch of one arena,
// and takes back what nobody reads any more.
#include <algorithm>
#include <iterator>
#include <map>

#include "code.h"

namespace myelin {
namespace {

// Free stretches of the arena below its end. Thread ownership: a local of place_values().
class Arena {
 public:
  size_t take(size_t bytes) {
    auto best = free_.end();
    for (auto it = free_.begin(); it != free_.end(); ++it) {
      if (it->second >= bytes && (best == free_.end() || it->second < best->second)) best = it;
    }
    if (best == free_.end()) {
      // A free stretch at the very end only needs to grow.
      if (!free_.empty()) {
        const auto last = std::prev(free_.end());
        if (last->first + last->second == end_) {
          const size_t offset = last->first;
          free_.erase(last);
          return grow(offset, bytes);
        }
      }
      return grow(end_, bytes);
    }
    const size_t offset = best->first, left = best->second - bytes;
    free_.erase(best);
    if (left) free_[offset + bytes] = left;
    return offset;
  }

  void give(size_t offset, size_t bytes) {
    auto after = free_.upper_bound(offset);
    if (after != free_.begin()) {
      const auto before = std::prev(after);
      if (before->first + before->second == offset) {
        offset = before->first;
        bytes += before->second;
        free_.erase(before);
      }
    }
    if (after != free_.end() && offset + bytes == after->first) {
      bytes += after->second;
      free_.erase(after);
    }
    free_[offset] = bytes;
  }

  size_t size() const { return end_; }

 private:
  size_t grow(size_t offset, size_t bytes) {
    if (bytes > SIZE_MAX / 4 - offset) {
      throw OutOfMemory(SIZE_MAX, "the graph needs more working memory than can be addressed");
    }
    end_ = offset + bytes;
    return offset;
  }

  std::map<size_t, size_t> free_;  // offset → bytes; neighbours are merged
  size_t end_ = 0;
};

// An arena input of a fused instruction that ends here and is read element by element: outputs may take its place.
size_t replaceable(const Code& p, const Instruction& instruction, const std::vector<size_t>& last_use, size_t now,
                   size_t bytes, const std::vector<bool>& replaced) {
  const FusedSteps* fused = instruction.fused.get();
  if (!fused) return SIZE_MAX;
  for (size_t i = 0; i < instruction.in.size(); i++) {
    const uint32_t id = instruction.in[i].value;
    const Value& value = p.values[id];
    if (value.place != Place::arena || last_use[id] != now || replaced[id] || aligned(value.bytes) != bytes) continue;
    bool full = true;  // wherever this instruction reads it
    for (size_t k = 0; k < instruction.in.size(); k++) {
      if (instruction.in[k].value == id && fused->inputs[k].mode != load_full) full = false;
    }
    if (full) return i;
  }
  return SIZE_MAX;
}

bool same_memory(const Value& a, const Value& b) {
  if (a.place != b.place) return false;
  if (a.place == Place::arena) return a.offset == b.offset;
  return a.place == Place::state && a.slot == b.slot;
}

}  // namespace

void place_values(Code& p, PlanMode mode) {
  std::vector<size_t> last_use(p.values.size(), 0);
  std::vector<bool> placed(p.values.size(), false), replaced(p.values.size(), false);
  for (size_t i = 0; i < p.instructions.size(); i++) {
    for (const Operand& in : p.instructions[i].in) last_use[in.value] = i;
    for (const Operand& out : p.instructions[i].out) last_use[out.value] = std::max(last_use[out.value], i);
  }
  // Costs are read between the phases, when the step is certain: they outlive all that runs before the updates.
  for (const uint32_t cost : p.costs) last_use[cost] = std::max(last_use[cost], p.n_compute + p.n_record);

  std::vector<std::vector<uint32_t>> ends(p.instructions.size() + 1);
  Arena arena;
  for (size_t i = 0; i < p.instructions.size(); i++) {
    Instruction& instruction = p.instructions[i];
    for (const Operand& out : instruction.out) {
      Value& value = p.values[out.value];
      if (value.place != Place::arena || placed[out.value]) continue;
      placed[out.value] = true;
      const size_t bytes = aligned(value.bytes);
      const size_t in = mode == PlanMode::fused ? replaceable(p, instruction, last_use, i, bytes, replaced) : SIZE_MAX;
      if (in != SIZE_MAX) {
        const uint32_t old = instruction.in[in].value;
        value.offset = p.values[old].offset;
        replaced[old] = true;
      } else {
        value.offset = arena.take(bytes);
      }
      ends[last_use[out.value]].push_back(out.value);
    }
    if (mode == PlanMode::plain) continue;  // nothing is taken back: every value stays for inspection
    for (const uint32_t id : ends[i]) {
      if (replaced[id]) continue;
      replaced[id] = true;
      arena.give(p.values[id].offset, aligned(p.values[id].bytes));
    }
  }
  p.arena_bytes = arena.size();

  for (Instruction& instruction : p.instructions) {
    FusedSteps* fused = instruction.fused.get();
    if (!fused) continue;
    for (size_t o = 0; o < instruction.out.size(); o++) {
      for (const Operand& in : instruction.in) {
        if (same_memory(p.values[in.value], p.values[instruction.out[o].value])) fused->outputs[o].deferred = 1;
      }
    }
  }
}

}  // namespace myelin
