// The order of instructions: phase by phase, operands first, otherwise as the graph has them; but updates of one kind
// stand together as far as their operands let them, for devices that take them in one launch.
#include <algorithm>
#include <set>
#include <tuple>

#include "code.h"

namespace myelin {
namespace {

bool same_steps(const FusedSteps& f, const FusedSteps& g) {
  const auto same_step = [](const FusedStep& a, const FusedStep& b) {
    return a.op == b.op && a.dst == b.dst && a.a == b.a && a.b == b.b && a.c == b.c && a.attr == b.attr;
  };
  const auto same_output = [](const FusedOutput& a, const FusedOutput& b) { return a.slot == b.slot; };
  return f.inputs.size() == g.inputs.size() &&
         std::equal(f.steps.begin(), f.steps.end(), g.steps.begin(), g.steps.end(), same_step) &&
         std::equal(f.outputs.begin(), f.outputs.end(), g.outputs.begin(), g.outputs.end(), same_output);
}

bool same_inputs(const FusedSteps& f, const FusedSteps& g) {
  return std::equal(f.inputs.begin(), f.inputs.end(), g.inputs.begin(), g.inputs.end(), same_access);
}

// Kinds of updates: equal steps. A state of one element fits in with any access: there is one element to read.
class Kinds {
 public:
  // The key of the first of the instruction's kind.
  uint32_t key_of(const Instruction& instruction) {
    const FusedSteps* fused = instruction.fused.get();
    if (instruction.phase != Phase::update || !fused) return instruction.key;
    const bool single = count_of(instruction.out[0].shape) == 1;
    for (Kind& kind : kinds_) {
      if (!same_steps(*kind.fused, *fused)) continue;
      if (!single && !kind.single && !same_inputs(*kind.fused, *fused)) continue;
      if (kind.single && !single) kind.fused = fused;
      kind.single = kind.single && single;
      return kind.key;
    }
    kinds_.push_back({fused, single, instruction.key});
    return instruction.key;
  }

 private:
  struct Kind {
    const FusedSteps* fused;
    bool single;  // all of one element so far
    uint32_t key;
  };
  std::vector<Kind> kinds_;
};

}  // namespace

std::vector<Order> schedule(Code& code) {
  auto& all = code.instructions;
  const uint32_t n = static_cast<uint32_t>(all.size());
  std::vector<uint32_t> maker(code.values.size(), no_value), waits(n, 0);
  std::vector<std::vector<uint32_t>> next(n);
  std::vector<Order> orders;
  const auto order = [&](uint32_t first, uint32_t second, uint32_t value) {
    next[first].push_back(second);
    waits[second]++;
    orders.push_back({first, second, value != no_value, value});
  };
  for (uint32_t i = 0; i < n; i++) {
    for (const Operand& out : all[i].out) {
      const Value& value = code.values[out.value];
      if (value.place != Place::flag && !value.source) maker[out.value] = i;
    }
  }
  for (uint32_t i = 0; i < n; i++) {
    for (const Operand& in : all[i].in) {
      if (maker[in.value] != no_value) order(maker[in.value], i, in.value);
    }
    for (const uint32_t first : all[i].after) order(first, i, no_value);
  }

  Kinds kinds;
  std::vector<uint32_t> kind(n);
  for (uint32_t i = 0; i < n; i++) kind[i] = kinds.key_of(all[i]);
  using Ready = std::tuple<Phase, uint32_t, uint32_t, uint32_t>;  // phase, kind, key, instruction
  std::set<Ready> ready;
  const auto enter = [&](uint32_t i) { ready.insert({all[i].phase, kind[i], all[i].key, i}); };
  for (uint32_t i = 0; i < n; i++) {
    if (!waits[i]) enter(i);
  }
  std::vector<uint32_t> sequence;
  while (!ready.empty()) {
    auto chosen = ready.begin();
    if (!sequence.empty() && all[sequence.back()].phase == Phase::update) {  // a kind that was begun goes on
      const uint32_t begun = kind[sequence.back()];
      const auto rest = ready.lower_bound({Phase::update, begun, 0, 0});
      if (rest != ready.end() && std::get<1>(*rest) == begun) chosen = rest;
    }
    const uint32_t i = std::get<3>(*chosen);
    ready.erase(chosen);
    sequence.push_back(i);
    for (const uint32_t following : next[i]) {
      if (--waits[following] == 0) enter(following);
    }
  }
  if (sequence.size() != n) throw GraphError("the core made a plan whose instructions wait for each other (a bug)");

  std::vector<uint32_t> place(n);
  for (uint32_t i = 0; i < n; i++) place[sequence[i]] = i;
  for (Order& known : orders) {
    known.first = place[known.first];
    known.second = place[known.second];
  }
  std::vector<Instruction> ordered;
  ordered.reserve(n);
  for (const uint32_t i : sequence) {
    code.n_compute += all[i].phase == Phase::compute;
    code.n_record += all[i].phase == Phase::record;
    ordered.push_back(std::move(all[i]));
    ordered.back().after.clear();
  }
  all = std::move(ordered);
  return orders;
}

}  // namespace myelin
