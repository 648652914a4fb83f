// Where did NaN or infinity come from? The failed step is computed again, op by op, every value in its own memory;
// from the guards that failed the search walks back to values whose operands are all finite.
#include <new>

#include "session.h"

namespace myelin {
namespace {

RunRequest one_step(const RunRequest& request, int64_t step, PlanPtr plan) {
  const auto part = [&](auto& to, const auto& from) {  // this step's share of a list of all steps
    const size_t each = from.size() / static_cast<size_t>(request.steps);
    const auto begin = from.begin() + static_cast<std::ptrdiff_t>(each * static_cast<size_t>(step));
    to.assign(begin, begin + static_cast<std::ptrdiff_t>(each));
  };
  RunRequest single;
  single.plan = std::move(plan);
  single.states = request.states;
  single.inputs = request.inputs;
  single.gathered = request.gathered;
  part(single.rows, request.rows);
  part(single.hyper, request.hyper);
  single.seed = request.seed;
  single.first_step = request.first_step + static_cast<uint64_t>(step);
  return single;
}

void name(const Node& node, RunResult& result) {
  result.label = node.label.empty() ? node.op : node.label;
  result.value = node.op + " " + to_text(node.shape);
}

// The earliest node behind a failed guard that is not finite although all it reads is; no_value if there is none.
uint32_t find_origin(const Graph& graph, const Session& session) {
  std::vector<char> state(graph.nodes.size(), 0);  // 1: to visit, 2: visited
  std::vector<uint32_t> open;
  const auto visit = [&](uint32_t id) {
    if (state[id]) return;
    state[id] = 1;
    open.push_back(id);
  };
  for (const uint32_t guard : graph.guards) {
    if (session.is_bad(guard)) visit(guard);
  }
  uint32_t origin = no_value;
  while (!open.empty()) {
    const uint32_t id = open.back();
    open.pop_back();
    if (state[id] == 2) continue;
    state[id] = 2;
    bool inherited = false;
    for (const uint32_t input : graph.nodes[id].inputs) {
      if (!session.is_bad(input)) continue;
      inherited = true;
      visit(input);
    }
    if (!inherited && id < origin) origin = id;
  }
  return origin;
}

}  // namespace

void explain_non_finite(const RunRequest& request, int64_t step, RunResult& result) {
  const Plan& failed = *request.plan;
  name(failed.graph.nodes[failed.graph.guards[0]], result);  // the best that can be said if the replay finds nothing
  try {
    PlanPtr plan = request.plan;
    if (failed.mode == PlanMode::fused) {
      plan = compile(failed.encoded.data(), failed.encoded.size(), PlanMode::plain, failed.backend);
    }
    const RunRequest single = one_step(request, step, plan);
    uint32_t origin;
    if (failed.backend.device()) {
      DeviceSession session(single);
      session.compute_once();
      origin = find_origin(plan->graph, session);
    } else {
      HostSession session(single);
      session.begin(0);
      session.compute(nullptr);
      origin = find_origin(plan->graph, session);
    }
    if (origin != no_value) name(plan->graph.nodes[origin], result);
  } catch (const OutOfMemory&) {  // the plain plan needs much more memory
  } catch (const std::bad_alloc&) {
  }
}

}  // namespace myelin
