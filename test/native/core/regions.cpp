// Regions: a step of a network is a few of them, whatever its depth; and whoever takes which piece of a strand, in
// whatever order, the bits are those of one thread. Exits with 1 on a failure.
#include <chrono>
#include <set>

#include "core/compile/plan_impl.h"
#include "core/run/pool.h"
#include "expect.h"

using namespace core_test;

namespace {

// Layers of one width, trained by plain descent: the cost is half the sum of the squared results.
Builder deep_step(int layers, int64_t batch, int64_t width) {
  Builder g(0);
  std::vector<Id> values = {g.input({batch, width})}, weights, gates;
  for (int i = 0; i < layers; i++) {
    g.label = "dense_" + std::to_string(i + 1);
    weights.push_back(g.state({width, width}));
    const Id bias = g.state({width});
    const Id z = g.binary("add", g.matmul(values.back(), weights.back(), false, true), g.reshape(bias, {1, width}));
    gates.push_back(g.binary("greaterEqual", z, g.constant(0)));
    values.push_back(g.unary("relu", z));
  }
  const Id last = values.back();
  g.costs = {g.binary("mul", g.sum_all(g.binary("mul", last, last)), g.constant(0.5))};
  g.guards = g.costs;
  const Id rate = g.constant(0.01);
  Id dy = last;
  for (size_t i = weights.size(); i-- > 0;) {
    g.label = "dense_" + std::to_string(i + 1);
    const Id dz = g.node("select", {gates[i], dy, g.constant(0)}, {batch, width});
    const Id dw = g.matmul(dz, values[i], true, false);
    g.guards.push_back(dw);
    g.updates.push_back({weights[i], g.binary("sub", weights[i], g.binary("mul", rate, dw))});
    dy = g.matmul(dz, weights[i]);
  }
  return g;
}

size_t count_regions(const PlanPtr& plan) {
  const auto& regions = info(*plan).regions;
  return std::set<uint32_t>(regions.begin(), regions.end()).size();
}

void depth_adds_no_regions() {
  const PlanPtr shallow = compiled(deep_step(2, 32, 16)), deep = compiled(deep_step(20, 32, 16));
  expect(count_regions(shallow) == 3, "rows, derivatives of weights, updates" + listing(shallow));
  expect(count_regions(deep) == 3, "the same of 20 layers" + listing(deep));
  expect(count_regions(compiled(deep_step(2, 32, 16), PlanMode::plain)) > 10, "in plain mode each op stands alone");
  const PlanPtr wide = compiled(deep_step(2, 512, 1024));
  const size_t n = info(*wide).instructions.size();
  expect(count_regions(wide) > n / 2, "large instructions stand alone, too" + listing(wide));
}

// Rows that meet the rows of another strand later; a softmax; a sum over the batch, behind which a new region begins.
Builder meeting_rows(int64_t rows) {
  Builder g(0);
  const Id a = g.matmul(g.input({rows, 6}), g.state({6, 6})), b = g.matmul(g.input({rows, 6}), g.state({6, 6}));
  const Id z = g.matmul(g.binary("mul", a, b), g.state({10, 6}), false, true);
  const Id p = g.node("softmax", {z}, {rows, 10});
  const Id mean = g.sum(p, {0}, {1, 10}, true);
  const Id centred = g.binary("sub", p, mean);
  g.fetches = {g.binary("mul", centred, centred), g.sum(centred, {1}, {rows, 1}, true)};
  return g;
}

void strands_that_meet_become_one() {
  const PlanPtr plan = compiled(meeting_rows(2048));
  expect(count_regions(plan) == 3, "rows, their sum, rows again" + listing(plan));
  expect(count_regions(compiled(meeting_rows(24))) == 2, "what costs next to nothing goes on behind the sum");
}

// One thread, then several, with pieces as small as they can be.
void same_bits(const Builder& g, uint64_t seed, const std::string& what) {
  const PlanPtr plan = compiled(g);
  set_threads(1);
  RunRequest request = request_for(plan, 3, seed);
  const RunResult result = run(request, nullptr, nullptr);
  const auto one = outcome(request, result);
  for (const int threads : {2, 3, 7}) {
    set_threads(threads);
    const RunRequest again = request_for(plan, 3, seed);
    expect(same_outcome(again, one), what + ": the bits of one thread on " + std::to_string(threads) + listing(plan));
  }
}

void pieces_do_not_change_bits() {
  team_work() = {0, 1};
  same_bits(deep_step(5, 40, 24), 1, "a deep step");
  same_bits(deep_step(3, 7, 33), 2, "a ragged step");
  same_bits(graphs::adam_step(0, 33, 17, 9), 3, "Adam");
  same_bits(graphs::embedding_step(1), 4, "rows of a table");
  same_bits(meeting_rows(24), 5, "rows that meet");
  for (uint64_t seed = 1; seed <= 300; seed++) {
    same_bits(graphs::random_graph(seed, seed % 2, seed % 3 ? 5 : 40), seed, "random graph " + std::to_string(seed));
  }
  team_work() = {};
}

// Rows that products fetch from the data themselves, and rows that are put together for them (a width above 64, or a
// reader that is no product): what a batch gives that was put together by hand.
void rows_are_where_they_are() {
  for (const int64_t width : {7, 24, 100}) {
    for (const bool other_reader : {false, true}) {
      Builder g = deep_step(2, 12, width);
      if (other_reader) g.fetches = {g.unary("neg", 0)};
      const PlanPtr plan = compiled(g);
      const auto data = noise(40 * width, 5);
      std::vector<uint32_t> rows;
      // The second batch stands side by side. After the last one, the plan's memory still knows its rows.
      for (uint32_t i = 0; i < 36; i++) rows.push_back(i / 12 == 1 ? i : i * 29 % 40);
      RunRequest request = request_for(plan, 3), by_hand = request_for(plan, 1);
      request.inputs = {buffer(DType::f32, data)};
      request.gathered = {1};
      request.rows = rows;
      const RunResult result = run(request, nullptr, nullptr);
      request.rows.assign(36, UINT32_MAX);  // no later run may look at them
      std::vector<double> costs;
      for (size_t step = 0; step < 3; step++) {
        std::vector<double> batch;
        for (size_t i = 0; i < 12; i++) {
          const auto row = data.begin() + static_cast<std::ptrdiff_t>(rows[step * 12 + i] * width);
          batch.insert(batch.end(), row, row + static_cast<std::ptrdiff_t>(width));
        }
        by_hand.inputs = {buffer(DType::f32, batch)};
        const RunResult one = run(by_hand, nullptr, nullptr);
        costs.insert(costs.end(), one.costs.begin(), one.costs.end());
      }
      const std::string what = "width " + std::to_string(width) + (other_reader ? ", read otherwise too" : "");
      expect(same(result.costs, costs), "costs of rows by number, " + what);
      for (size_t slot = 0; slot < request.states.size(); slot++) {
        expect(same(read(request.states[slot]), read(by_hand.states[slot])),
               "state " + std::to_string(slot) + ", " + what);
      }
    }
  }
}

// A product that sees more and shorter rows than those that are gathered, or fewer and longer ones.
void rows_of_another_shape_are_put_together() {
  for (const Shape& seen : {Shape{24, 3}, Shape{6, 12}, Shape{12, 6}}) {
    Builder g(0);
    const Id x = g.input({12, 2, 3});
    g.fetches = {g.matmul(g.reshape(x, seen), g.state({seen[1], 5}))};
    const PlanPtr plan = compiled(g);
    const auto data = noise(40 * 6, 5);
    RunRequest request = request_for(plan, 1), by_hand = request_for(plan, 1);
    request.inputs = {buffer(DType::f32, data)};
    request.gathered = {1};
    std::vector<double> batch;
    for (uint32_t i = 0; i < 12; i++) {
      request.rows.push_back(i * 29 % 40);
      for (uint32_t j = 0; j < 6; j++) batch.push_back(data[request.rows[i] * 6 + j]);
    }
    by_hand.inputs = {buffer(DType::f32, batch)};
    const RunResult result = run(request, nullptr, nullptr), other = run(by_hand, nullptr, nullptr);
    expect(same(read(result.fetches[0]), read(other.fetches[0])), "rows seen as " + to_text(seen));
  }
}

// Every state and fetch as it was, when a guard fails: nothing of an update runs before all regions of the step have.
void a_failed_guard_writes_nothing() {
  team_work() = {0, 1};
  set_threads(3);
  const PlanPtr plan = compiled(deep_step(4, 16, 16));
  for (size_t poisoned = 0; poisoned < 4; poisoned++) {  // the last element of a layer's weights
    RunRequest request = request_for(plan, 2);
    auto* weights = static_cast<float*>(request.states[2 * poisoned]->data);
    weights[255] = 3e38f;
    std::vector<std::vector<double>> states;
    for (const BufferPtr& state : request.states) states.push_back(read(state));
    for (size_t i = 0; i < 16 * 16; i++) static_cast<float*>(request.inputs[0]->data)[i] = 1e3f;
    const RunResult result = run(request, nullptr, nullptr);
    expect(result.status == RunStatus::non_finite && result.steps_done == 0, "a weight too large ends the step");
    for (size_t slot = 0; slot < states.size(); slot++) {
      expect(read(request.states[slot]) == states[slot], "state " + std::to_string(slot) + " is as it was");
    }
  }
  team_work() = {};
}

// Whoever cancels a run, or changes the number of threads, waits for a stretch at most.
void a_long_step_is_several_stretches() {
  Builder g(0);
  const Id weights = g.state({64, 64});
  Id x = g.input({128, 64});
  for (int i = 0; i < 3000; i++) x = g.unary("tanh", g.matmul(x, weights));
  g.costs = {g.sum_all(x)};
  g.guards = g.costs;
  g.updates = {{weights, g.binary("mul", weights, g.constant(0.5))}};
  const PlanPtr plan = compiled(g);
  double all = 0;
  for (const Instruction& instruction : plan->code.instructions) all += instruction.work;
  expect(all > 4 * longest_work, "the step is long");
  for (const int workers : {1, 3}) {
    const auto space = plan->lease();
    space->fit(workers);
    double found = 0;
    for (const auto* stretches : {&space->compute, &space->commit}) {
      for (const Stretch& stretch : *stretches) {
        double work = stretch.alone ? plan->code.instructions[stretch.instruction].work : 0;
        for (const Piece& piece : stretch.pieces) {
          double of_piece = 0;
          for (uint32_t i = piece.first; i < piece.first + piece.count; i++) {
            of_piece += plan->code.instructions[i].work;
          }
          const int64_t parts = piece.parts ? piece.parts : 1, own = piece.parts ? piece.end - piece.begin : 1;
          work += of_piece * static_cast<double>(own) / static_cast<double>(parts);
        }
        expect(work <= 1.001 * longest_work, "a stretch of " + std::to_string(work) + " steps");
        found += work;
      }
    }
    expect(std::fabs(found - all) < 1e-6 * all, "stretches are all of the step");
  }
}

double seconds_to_compile(const Builder& g) {
  const auto bytes = g.encode();
  double least = 1e9;
  for (int i = 0; i < 3; i++) {
    const auto begin = std::chrono::steady_clock::now();
    compile(bytes.data(), bytes.size(), PlanMode::fused, cpu_backend());
    least = std::min(least, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  return least;
}

// `small` sums over a batch, each behind the one before; `large` instructions that wait for nothing; `updates` that
// need nothing of the step.
Builder many(int small, int large, int updates) {
  Builder g(0);
  Id x = g.input({64, 16});
  for (int i = 0; i < small; i++) x = g.unary("tanh", g.binary("mul", x, g.sum(x, {0}, {1, 16}, true)));
  g.fetches = {x};
  const Id big = g.input({1024, 1100});
  for (int i = 0; i < large; i++) g.fetches.push_back(g.sum(g.binary("mul", big, g.constant(i)), {0, 1}, {}));
  for (int i = 0; i < updates; i++) {
    const Id state = g.state({4, 4});
    g.updates.push_back({state, g.binary("mul", state, g.constant(i))});
  }
  return g;
}

// A chain whose links all read one value of the step, or a constant.
Builder chain(int links, bool shared) {
  Builder g(0);
  Id x = g.input({2, 2});
  const Id weights = g.state({2, 2}), value = shared ? g.unary("tanh", x) : g.constant(2);
  for (int i = 0; i < links; i++) x = g.binary("add", g.matmul(x, weights), value);
  g.fetches = {x};
  return g;
}

// Small values, put together at the end or not.
Builder collected(int n, bool together) {
  Builder g(0);
  Id x = g.input({1, 2});
  const Id weights = g.state({2, 2});
  std::vector<Id> all;
  for (int i = 0; i < n; i++) all.push_back(x = g.matmul(x, weights));
  g.fetches = {together ? g.number("axis", 0).node("concat", all, {n, 2}) : x};
  return g;
}

// What else is in a graph does not make a part of it slower to compile.
void compiles_in_linear_time() {
  constexpr int n = 4000;
  const auto expect_ratio = [](double whole, double parts, const std::string& what) {
    expect(whole < 4 * parts, what + " take " + std::to_string(whole / parts) + " times as long");
  };
  const double small = seconds_to_compile(many(n, 0, 0));
  expect_ratio(seconds_to_compile(many(n, n, 0)), small + seconds_to_compile(many(0, n, 0)), "small beside large ones");
  expect_ratio(seconds_to_compile(many(n, 0, n)), small + seconds_to_compile(many(0, 0, n)), "steps with updates");
  expect_ratio(seconds_to_compile(chain(2 * n, true)), seconds_to_compile(chain(2 * n, false)), "readers of one value");
  expect_ratio(seconds_to_compile(collected(3 * n, true)), seconds_to_compile(collected(3 * n, false)),
               "values put together");
}

}  // namespace

int main() {
  if (cpu_backend().kernels().isa == std::string("reference")) {
    printf("skipped: the number of regions; the plain kernels compute everything or nothing\n");
  } else {
    depth_adds_no_regions();
    strands_that_meet_become_one();
  }
  a_long_step_is_several_stretches();
  compiles_in_linear_time();
  pieces_do_not_change_bits();
  rows_are_where_they_are();
  rows_of_another_shape_are_put_together();
  a_failed_guard_writes_nothing();
  return verdict();
}
