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
#include <set>

#include "code.h"

namespace myelin {
namespace {

constexpr double alone_work = 1e6;         // element-wise steps: about 100 µs of one core …
constexpr size_t alone_bytes = 4 << 20;    // … or outputs that no second-level cache holds
constexpr size_t region_bytes = 16 << 20;  // of new values: little memory passes on within a region
constexpr double single_work = 10000;      // of a strand that is not cut, where a new region would cut it
constexpr uint32_t not_yet = UINT32_MAX;

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
    after_.resize(n_);
    waits_.assign(n_, 0);
    for (const Order& order : orders) {
      before_[order.second].push_back(order);
      after_[order.first].push_back(order.second);
      waits_[order.second]++;
    }
    for (const Instruction& instruction : code.instructions) {
      units_.push_back(units_of(instruction));
      size_t bytes = 0;
      for (const Operand& out : instruction.out) bytes += code.values[out.value].bytes;
      bytes_.push_back(bytes);
    }
    region_.assign(n_, not_yet);
    strand_.assign(n_, not_yet);
  }

  void run() {
    for (uint32_t i = 0; i < n_; i++) {
      if (!waits_[i]) make_ready(i);
    }
    while (!ready_.empty() || !large_.empty()) {
      if (ready_.empty() || (!large_.empty() && *large_.begin() < *ready_.begin())) {
        stand_alone();
      } else {
        fill();
      }
    }
    reorder();
  }

 private:
  bool alone(uint32_t i) const { return code_.instructions[i].work > alone_work || bytes_[i] > alone_bytes; }

  void make_ready(uint32_t i) { (alone(i) ? large_ : ready_).insert(i); }

  size_t begin_region() {
    now_ = static_cast<uint32_t>(code_.regions.size());
    code_.regions.push_back({});
    strands_.clear();
    joined_to_.clear();
    return members_.size();
  }

  // The next region: the first large instruction.
  void stand_alone() {
    const size_t begin = begin_region();
    const uint32_t i = *large_.begin();
    large_.erase(large_.begin());
    code_.regions.back().alone = true;
    enter(i, strand_of(1));
    number_strands(begin);
  }

  // The next region: of all that is ready, or becomes so on the way, in order, whatever may be in it.
  void fill() {
    const size_t begin = begin_region();
    const Phase phase = code_.instructions[*ready_.begin()].phase;
    std::vector<uint32_t> later;
    size_t bytes = 0;
    double work = 0;
    // Phases stand one after the other: all that is behind the first of the next one belongs to later phases, too.
    while (!ready_.empty() && code_.instructions[*ready_.begin()].phase == phase) {
      const uint32_t i = *ready_.begin();
      ready_.erase(ready_.begin());
      const double own_work = code_.instructions[i].work;
      const bool fits = !bytes || (bytes + bytes_[i] <= region_bytes && work + own_work <= longest_work);
      const uint32_t strand = fits ? place(i) : not_yet;
      if (strand == not_yet) {
        later.push_back(i);
        continue;
      }
      enter(i, strand);
      bytes += bytes_[i];
      work += own_work;
    }
    ready_.insert(later.begin(), later.end());
    number_strands(begin);
  }

  void enter(uint32_t i, uint32_t strand) {
    region_[i] = now_;
    strand_[i] = strand;
    strands_[strand].work += code_.instructions[i].work;
    members_.push_back(i);
    for (const uint32_t next : after_[i]) {
      if (--waits_[next] == 0) make_ready(next);
    }
  }

  // Those of the present region, without what was joined to others. `begin`: where its members begin.
  void number_strands(size_t begin) {
    std::vector<uint32_t> number(strands_.size(), 0);
    auto& kept = code_.regions.back().strands;
    for (uint32_t s = 0; s < strands_.size(); s++) {
      number[s] = static_cast<uint32_t>(kept.size());
      if (strand_now(s) == s) kept.push_back(strands_[s]);
    }
    for (size_t m = begin; m < members_.size(); m++) strand_[members_[m]] = number[strand_now(strand_[members_[m]])];
  }

  uint32_t strand_of(int64_t parts) {
    const uint32_t made = static_cast<uint32_t>(strands_.size());
    strands_.push_back({});
    strands_.back().parts = parts;
    joined_to_.push_back(made);
    return made;
  }

  // What a strand of the present region has become.
  uint32_t strand_now(uint32_t strand) {
    while (joined_to_[strand] != strand) strand = joined_to_[strand] = joined_to_[joined_to_[strand]];
    return strand;
  }

  // The strand of the present region that takes the instruction, a new one if it needs nothing of this region;
  // not_yet: it must wait. Strands that it joins become one.
  uint32_t place(uint32_t i) {
    std::set<uint32_t> joined;
    for (const Order& order : before_[i]) {
      if (region_[order.first] != now_) continue;
      const uint32_t strand = strand_now(strand_[order.first]);
      if (!order.by_value || strands_[strand].parts != strands_[joined.empty() ? strand : *joined.begin()].parts) {
        return not_yet;
      }
      joined.insert(strand);
    }
    if (joined.empty()) return strand_of(natural_parts(i));
    const uint32_t first = *joined.begin();
    const int64_t parts = strands_[first].parts;
    if (!joins(i, parts)) return not_yet;
    // What one thread has to do by itself must not become long: the others would wait.
    if (parts == 1 && natural_parts(i) > 1 && strands_[first].work + code_.instructions[i].work > single_work) {
      return not_yet;
    }
    for (const uint32_t strand : joined) {
      if (strand == first) continue;
      strands_[first].work += strands_[strand].work;
      joined_to_[strand] = first;
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
  // By instruction:
  std::vector<std::vector<Order>> before_;
  std::vector<std::vector<uint32_t>> after_;
  std::vector<uint32_t> waits_;  // for so many that are in no region yet
  std::vector<int64_t> units_;
  std::vector<size_t> bytes_;  // of its outputs
  std::vector<uint32_t> region_, strand_;

  std::set<uint32_t> ready_;       // waits for nothing, and is in no region yet …
  std::set<uint32_t> large_;       // … and what of that is to stand alone
  std::vector<uint32_t> members_;  // of all regions, in order
  // Of the present region:
  uint32_t now_ = 0;
  std::vector<Strand> strands_;
  std::vector<uint32_t> joined_to_;  // by strand: another, or itself
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
