// The order of instructions: phase by phase, operands first, otherwise as the graph has them.
#include <algorithm>
#include <queue>
#include <tuple>

#include "program.h"

namespace myelin {

void schedule(Program& program) {
  auto& all = program.instructions;
  const uint32_t n = static_cast<uint32_t>(all.size());
  std::vector<uint32_t> maker(program.values.size(), no_value), waits(n, 0);
  std::vector<std::vector<uint32_t>> next(n);
  const auto order = [&](uint32_t first, uint32_t second) {
    next[first].push_back(second);
    waits[second]++;
  };
  for (uint32_t i = 0; i < n; i++) {
    for (const Operand& out : all[i].out) {
      const Value& value = program.values[out.value];
      if (value.place != Place::flag && !value.source) maker[out.value] = i;
    }
  }
  for (uint32_t i = 0; i < n; i++) {
    for (const Operand& in : all[i].in) {
      if (maker[in.value] != no_value) order(maker[in.value], i);
    }
    for (const uint32_t first : all[i].after) order(first, i);
  }

  using Ready = std::tuple<Phase, uint32_t, uint32_t>;
  std::priority_queue<Ready, std::vector<Ready>, std::greater<Ready>> ready;
  const auto enter = [&](uint32_t i) { ready.push({all[i].phase, all[i].key, i}); };
  for (uint32_t i = 0; i < n; i++) {
    if (!waits[i]) enter(i);
  }
  std::vector<uint32_t> sequence;
  while (!ready.empty()) {
    const uint32_t i = std::get<2>(ready.top());
    ready.pop();
    sequence.push_back(i);
    for (const uint32_t following : next[i]) {
      if (--waits[following] == 0) enter(following);
    }
  }
  if (sequence.size() != n) throw GraphError("the core made a plan whose instructions wait for each other (a bug)");

  std::vector<Instruction> ordered;
  ordered.reserve(n);
  for (const uint32_t i : sequence) {
    program.n_compute += all[i].phase == Phase::compute;
    program.n_record += all[i].phase == Phase::record;
    ordered.push_back(std::move(all[i]));
    ordered.back().after.clear();
  }
  all = std::move(ordered);
}

}  // namespace myelin
