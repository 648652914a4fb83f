// Memory by liveness: walks the instructions in order, gives every result the tightest free stretch of one arena,
// and takes back, behind each region, what nobody reads any more.
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

// When values are read, in regions: within one, strands run side by side, and parts of a strand too.
class Uses {
 public:
  explicit Uses(const Code& code) : code_(code), last_(code.values.size(), 0), readers_(code.values.size()) {
    place_.resize(code.instructions.size());
    for (uint32_t r = 0; r < code.regions.size(); r++) {
      for (uint32_t s = 0; s < code.regions[r].strands.size(); s++) {
        const Strand& strand = code.regions[r].strands[s];
        for (uint32_t i = strand.first; i < strand.first + strand.count; i++) place_[i] = {r, s};
      }
    }
    for (uint32_t i = 0; i < code.instructions.size(); i++) {
      for (const Operand& in : code.instructions[i].in) {
        last_[in.value] = place_[i].region;
        readers_[in.value].push_back(i);
      }
      for (const Operand& out : code.instructions[i].out) {
        last_[out.value] = std::max(last_[out.value], place_[i].region);
      }
    }
    // Costs are read between the phases, when the step is certain: they outlive all that runs before the updates.
    const size_t certain = code.n_compute + code.n_record;
    const uint32_t first_update = certain < place_.size() ? place_[certain].region : code.regions.size();
    for (const uint32_t cost : code.costs) last_[cost] = std::max(last_[cost], first_update);
  }

  uint32_t region(size_t instruction) const { return place_[instruction].region; }
  uint32_t last(uint32_t value) const { return last_[value]; }

  uint32_t strand(size_t instruction) const { return place_[instruction].strand; }

  // Is the instruction the last to read this value, so that behind it a part of the value's memory belongs to whoever
  // has that part of the strand?
  bool ends_with(size_t i, uint32_t value) const {
    const Place now = place_[i];
    if (last_[value] != now.region) return false;
    if (!readers_[value].empty() && readers_[value].back() > i) return false;
    const int64_t parts = code_.regions[now.region].strands[now.strand].parts;
    for (const uint32_t reader : readers_[value]) {
      if (place_[reader].region != now.region) continue;
      if (place_[reader].strand != now.strand) return false;
      if (parts > 1 && !reads_part(code_, code_.instructions[reader], value, parts)) return false;
    }
    return true;
  }

 private:
  struct Place {
    uint32_t region, strand;
  };
  const Code& code_;
  std::vector<uint32_t> last_;                  // by value
  std::vector<std::vector<uint32_t>> readers_;  // by value
  std::vector<Place> place_;                    // by instruction
};

// An arena input of a fused instruction that ends here and is read element by element: outputs may take its place.
size_t replaceable(const Code& p, size_t now, const Uses& uses, size_t bytes, const std::vector<bool>& replaced) {
  const Instruction& instruction = p.instructions[now];
  const FusedSteps* fused = instruction.fused.get();
  if (!fused) return SIZE_MAX;
  for (size_t i = 0; i < instruction.in.size(); i++) {
    const uint32_t id = instruction.in[i].value;
    const Value& value = p.values[id];
    if (value.place != Place::arena || replaced[id] || aligned(value.bytes) != bytes) continue;
    bool full = true;  // wherever this instruction reads it
    for (size_t k = 0; k < instruction.in.size(); k++) {
      if (instruction.in[k].value == id && fused->inputs[k].mode != load_full) full = false;
    }
    if (full && uses.ends_with(now, id)) return i;
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
  const Uses uses(p);
  std::vector<bool> placed(p.values.size(), false), replaced(p.values.size(), false);
  std::vector<std::vector<uint32_t>> ends(p.regions.size() + 1);
  Arena arena;
  // Within a strand, memory of one size goes from value to value: then its parts stay with those of the strand.
  std::map<std::pair<uint32_t, size_t>, std::vector<uint32_t>> spare;  // by strand and bytes: values
  const auto take_spare = [&](uint32_t strand, size_t bytes) {
    std::vector<uint32_t>& values = spare[{strand, bytes}];
    if (values.empty()) return no_value;
    const uint32_t value = values.back();
    values.pop_back();
    return value;
  };
  for (size_t i = 0; i < p.instructions.size(); i++) {
    Instruction& instruction = p.instructions[i];
    const uint32_t now = uses.region(i);
    for (const Operand& out : instruction.out) {
      Value& value = p.values[out.value];
      if (value.place != Place::arena || placed[out.value]) continue;
      placed[out.value] = true;
      const size_t bytes = aligned(value.bytes);
      const size_t in = mode == PlanMode::fused ? replaceable(p, i, uses, bytes, replaced) : SIZE_MAX;
      const uint32_t old = in != SIZE_MAX ? instruction.in[in].value : take_spare(uses.strand(i), value.bytes);
      if (old != no_value) {
        value.offset = p.values[old].offset;
        replaced[old] = true;
      } else {
        value.offset = arena.take(bytes);
      }
      ends[uses.last(out.value)].push_back(out.value);
    }
    if (mode == PlanMode::plain) continue;  // nothing is taken back: every value stays for inspection
    if (i + 1 < p.instructions.size() && uses.region(i + 1) == now) {
      for (const Operand& in : instruction.in) {
        const Value& value = p.values[in.value];
        std::vector<uint32_t>& known = spare[{uses.strand(i), value.bytes}];
        if (value.place != Place::arena || replaced[in.value] || !uses.ends_with(i, in.value)) continue;
        if (std::find(known.begin(), known.end(), in.value) == known.end()) known.push_back(in.value);
      }
      continue;
    }
    spare.clear();
    for (const uint32_t id : ends[now]) {
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
      int32_t& deferred = fused->outputs[o].deferred;
      for (size_t i = 0; i < instruction.in.size(); i++) {
        if (!same_memory(p.values[instruction.in[i].value], p.values[instruction.out[o].value])) continue;
        deferred = deferred || fused->inputs[i].mode != load_full ? -1 : static_cast<int32_t>(i) + 1;
      }
    }
  }
}

}  // namespace myelin
