// Which instructions a team of threads takes without waiting for each other.
//
// A *strand* is a list of instructions whose outputs are cut into equally many parts, such that a part of each needs of
// the others only the same part: forward and backward of a network need of a row of the batch that row alone. A thread
// takes some parts through the whole strand. A *region* is a set of strands that need nothing of each other; behind a
// region all threads wait for the last one. The small steps that a network has are then a few regions, where a barrier
// behind each of hundreds of instructions would cost more than their work.
//
// Large instructions gain nothing from that: they stand alone, and share their work out by themselves.
#include <algorithm>

#include "code.h"

namespace myelin {
namespace {

constexpr double alone_work = 1e6;         // element-wise steps: about 100 µs of one core …
constexpr size_t alone_bytes = 4 << 20;    // … or outputs that no second-level cache holds
constexpr size_t region_bytes = 16 << 20;  // of new values: within a region no memory is used twice
constexpr double single_work = 10000;      // of a strand that is not cut, where a new region would cut it
constexpr uint32_t not_yet = UINT32_MAX;
constexpr double emptied = -1;  // the work of a strand that was joined to another

// Pieces into which outputs fall by themselves; 0: none.
int64_t units_of(const Instruction& instruction) {
  const UnitsFn ask = instruction.kernel->units;
  if (!ask) return 0;
  std::vector<View> views;
  const Call call = call_of(instruction, views);
  return ask(&call);
}

// Does a part of `parts` of the result need only the same part of a broadcast operand of `count` elements?
bool follows(const FusedInput& access, int64_t parts, int64_t space, int64_t count) {
  switch (access.mode) {
    case load_full: return true;
    case load_column: return space / parts % access.period == 0;
    case load_strided: return access.dims[0] % parts == 0 && access.strides[0] * access.dims[0] == count;
    default: return false;
  }
}

// Thread ownership: a local of form_regions().
class Former {
 public:
  Former(Code& code, const std::vector<Order>& orders) : code_(code), n_(code.instructions.size()) {
    before_.resize(n_);
    for (const Order& order : orders) before_[order.second].push_back(order);
    for (size_t i = 0; i < n_; i++) {
      const Instruction& instruction = code.instructions[i];
      units_.push_back(units_of(instruction));
      size_t bytes = 0;
      for (const Operand& out : instruction.out) bytes += code.values[out.value].bytes;
      bytes_.push_back(bytes);
    }
    region_.assign(n_, not_yet);
    strand_.assign(n_, not_yet);
  }

  void run() {
    std::vector<uint32_t> left(n_);
    for (uint32_t i = 0; i < n_; i++) left[i] = i;
    while (!left.empty()) {
      fill(left);
      const uint32_t now = static_cast<uint32_t>(code_.regions.size());
      left.erase(std::remove_if(left.begin(), left.end(), [&](uint32_t i) { return region_[i] < now; }), left.end());
    }
    reorder();
  }

 private:
  bool alone(uint32_t i) const { return code_.instructions[i].work > alone_work || bytes_[i] > alone_bytes; }

  // The next region: of what is left, in order, whatever may be in it.
  void fill(const std::vector<uint32_t>& left) {
    now_ = static_cast<uint32_t>(code_.regions.size());
    const Phase phase = code_.instructions[left[0]].phase;
    code_.regions.push_back({});
    strands_.clear();
    size_t bytes = 0;
    for (const uint32_t i : left) {
      if (code_.instructions[i].phase != phase) break;
      if (alone(i)) {
        if (i != left[0]) continue;
        enter(i, strand_of(1));
        code_.regions.back().alone = true;
        break;
      }
      if (bytes && bytes + bytes_[i] > region_bytes) continue;
      const uint32_t strand = place(i);
      if (strand == not_yet) continue;
      enter(i, strand);
      bytes += bytes_[i];
    }
    // Without those that were joined to others.
    std::vector<uint32_t> number(strands_.size(), 0);
    auto& kept = code_.regions.back().strands;
    for (size_t s = 0; s < strands_.size(); s++) {
      number[s] = static_cast<uint32_t>(kept.size());
      if (strands_[s].work >= 0) kept.push_back(strands_[s]);
    }
    for (const uint32_t member : members_) {
      if (region_[member] == now_) strand_[member] = number[strand_[member]];
    }
  }

  void enter(uint32_t i, uint32_t strand) {
    region_[i] = now_;
    strand_[i] = strand;
    strands_[strand].work += code_.instructions[i].work;
    members_.push_back(i);
  }

  uint32_t strand_of(int64_t parts) {
    strands_.push_back({});
    strands_.back().parts = parts;
    return static_cast<uint32_t>(strands_.size() - 1);
  }

  // The strand of the present region that takes the instruction, a new one if it needs nothing of this region;
  // not_yet: it must wait. Strands that it joins become one.
  uint32_t place(uint32_t i) {
    int64_t parts = 0;
    std::vector<uint32_t> joined;
    for (const Order& order : before_[i]) {
      if (region_[order.first] == not_yet) return not_yet;
      if (region_[order.first] != now_) continue;
      const uint32_t strand = strand_[order.first];
      if (!order.by_value || (parts && parts != strands_[strand].parts)) return not_yet;
      parts = strands_[strand].parts;
      joined.push_back(strand);
    }
    if (joined.empty()) return strand_of(natural_parts(i));
    if (!joins(i, parts)) return not_yet;
    // What one thread has to do by itself must not become long: the others would wait.
    if (parts == 1 && natural_parts(i) > 1 && strands_[joined[0]].work + code_.instructions[i].work > single_work) {
      return not_yet;
    }
    const uint32_t first = *std::min_element(joined.begin(), joined.end());
    for (const uint32_t strand : joined) {
      if (strand == first || strands_[strand].work < 0) continue;
      strands_[first].work += strands_[strand].work;
      strands_[strand].work = emptied;
      for (const uint32_t member : members_) {
        if (region_[member] == now_ && strand_[member] == strand) strand_[member] = first;
      }
    }
    return first;
  }

  // Into how many parts an instruction is cut that starts a strand: the first axis of its outputs.
  int64_t natural_parts(uint32_t i) const {
    const Instruction& instruction = code_.instructions[i];
    const Shape& shape = instruction.out[0].shape.empty() && !instruction.in.empty() && instruction.kernel->units
                             ? instruction.in[0].shape
                             : instruction.out[0].shape;
    const int64_t axis = shape.empty() ? 1 : shape[0];
    return axis > 1 && can_cut(i, axis) ? axis : 1;
  }

  bool can_cut(uint32_t i, int64_t parts) const { return parts == 1 || (units_[i] > 0 && units_[i] % parts == 0); }

  // Does a part of the instruction need only the same part of all that the present region makes?
  bool joins(uint32_t i, int64_t parts) const {
    if (!can_cut(i, parts)) return false;
    for (const Order& order : before_[i]) {
      if (region_[order.first] == now_ && !reads_part(i, order.value, parts)) return false;
    }
    return true;
  }

  bool reads_part(uint32_t i, uint32_t value, int64_t parts) const {
    return parts == 1 || myelin::reads_part(code_, code_.instructions[i], value, parts);
  }

  // The instructions of a region stand together, strand by strand.
  void reorder() {
    std::stable_sort(members_.begin(), members_.end(), [&](uint32_t a, uint32_t b) {
      return std::make_pair(region_[a], strand_[a]) < std::make_pair(region_[b], strand_[b]);
    });
    std::vector<Instruction> ordered;
    ordered.reserve(n_);
    for (const uint32_t i : members_) {
      Strand& strand = code_.regions[region_[i]].strands[strand_[i]];
      if (strand.count++ == 0) strand.first = static_cast<uint32_t>(ordered.size());
      ordered.push_back(std::move(code_.instructions[i]));
    }
    code_.instructions = std::move(ordered);
    for (const Region& region : code_.regions) {
      for (const Strand& strand : region.strands) {
        code_.is_alone.insert(code_.is_alone.end(), strand.count, region.alone);
      }
    }
  }

  Code& code_;
  const size_t n_;
  std::vector<std::vector<Order>> before_;  // by instruction
  std::vector<int64_t> units_;
  std::vector<size_t> bytes_;  // of its outputs
  std::vector<uint32_t> region_, strand_, members_;
  std::vector<Strand> strands_;  // of the present region
  uint32_t now_ = 0;
};

}  // namespace

View view_of(const Operand& operand) {
  View view = {};
  view.rank = static_cast<int32_t>(operand.shape.size());
  view.count = count_of(operand.shape);
  std::copy(operand.shape.begin(), operand.shape.end(), view.dims);
  return view;
}

Call call_of(const Instruction& instruction, std::vector<View>& views) {
  views.clear();
  for (const auto* operands : {&instruction.in, &instruction.out}) {
    for (const Operand& operand : *operands) views.push_back(view_of(operand));
  }
  Call call = {};
  call.n_in = static_cast<int32_t>(instruction.in.size());
  call.n_out = static_cast<int32_t>(instruction.out.size());
  call.in = views.data();
  call.out = views.data() + call.n_in;
  call.attrs = instruction.fused           ? static_cast<const void*>(&instruction.fused->attrs)
               : instruction.attrs.empty() ? nullptr
                                           : instruction.attrs.data();
  return call;
}

bool reads_part(const Code& code, const Instruction& instruction, uint32_t value, int64_t parts) {
  for (size_t k = 0; k < instruction.in.size(); k++) {
    const Operand& in = instruction.in[k];
    if (in.value != value) continue;
    if (instruction.fused) {
      const int64_t space = count_of(instruction.out[0].shape);
      if (!follows(instruction.fused->inputs[k], parts, space, code.values[value].count)) return false;
    } else {
      if (k >= instruction.follows.size() || !instruction.follows[k]) return false;
      if (in.shape.empty() || in.shape[0] % parts != 0) return false;
    }
  }
  return true;
}

void form_regions(Code& code, const std::vector<Order>& orders) { Former(code, orders).run(); }

void stand_alone(Code& code) {
  for (uint32_t i = 0; i < code.instructions.size(); i++) {
    Region region;
    region.alone = true;
    region.strands.push_back({1, i, 1, code.instructions[i].work});
    code.regions.push_back(std::move(region));
  }
  code.is_alone.assign(code.instructions.size(), true);
}

}  // namespace myelin
