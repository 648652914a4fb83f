// The core with the real CPU backend: what is fused, what is committed. Exits with 1 on a failure.
#include <limits>
#include <thread>

#include "core/run/pool.h"
#include "cpu/processor.h"
#include "expect.h"

using namespace core_test;

namespace {

void fuses_a_training_step() {
  const PlanPtr plan = compiled(graphs::adam_step(0));
  const auto& lines = info(*plan).instructions;
  int updates = 0, copies = 0, epilogues = 0;
  for (const std::string& line : lines) {
    updates += line.find("3 outputs") != std::string::npos;
    copies += line.rfind("commit", 0) == 0;
    epilogues += line.rfind("matmul+bias+relu+z dense_1 [8,5]·[3,5]ᵀ", 0) == 0;
  }
  expect(updates == 2, "an Adam update of one weight is one instruction" + listing(plan));
  expect(copies == 0, "Adam writes its states in place" + listing(plan));
  expect(epilogues == 1, "bias and relu are the epilogue of matmul, which keeps z" + listing(plan));

  Builder forward(0);  // nobody reads z: it is not written
  const Id x = forward.input({4, 3}), w = forward.state({2, 3}), b = forward.state({2});
  const Id z = forward.binary("add", forward.matmul(x, w, false, true), forward.reshape(b, {1, 2}));
  forward.fetches = {forward.unary("sigmoid", z)};
  const PlanPtr inference = compiled(forward);
  expect(info(*inference).instructions.size() == 1, "a dense layer is one instruction" + listing(inference));
  expect(info(*inference).instructions[0] == "matmul+bias+sigmoid [4,3]·[2,3]ᵀ", "its line" + listing(inference));
  expect(info(*inference).arena_bytes == 0, "the fetch is computed where it is handed back");
}

void agrees_with_plain_mode() {
  for (const uint8_t dtype : {0, 1}) {
    const Builder g = graphs::adam_step(dtype, 33, 17, 9);
    const PlanPtr fused = compiled(g), plain = compiled(g, PlanMode::plain);
    RunRequest a = request_for(fused, 20), b = request_for(plain, 20);
    const RunResult x = run(a, nullptr, nullptr), y = run(b, nullptr, nullptr);
    expect(x.status == RunStatus::done && y.status == RunStatus::done, "training runs");
    const auto one = outcome(a, x), two = outcome(b, y);
    expect(same(one, two, dtype ? 1e-12 : 1e-5), "fused and plain training agree");
    for (const int threads : {1, 2, 3, 7}) {
      set_threads(threads);
      RunRequest c = request_for(fused, 20);
      expect(same_outcome(c, one), "same bits with " + std::to_string(threads) + " threads");
    }
  }
  for (uint64_t seed = 1; seed <= 2000; seed++) {
    const Builder g = graphs::random_graph(seed, 1);
    const PlanPtr fused = compiled(g), plain = compiled(g, PlanMode::plain);
    RunRequest a = request_for(fused, 3, seed), b = request_for(plain, 3, seed);
    const RunResult x = run(a, nullptr, nullptr), y = run(b, nullptr, nullptr);
    expect(x.status == RunStatus::done && y.status == RunStatus::done,
           "random graph " + std::to_string(seed) + " runs");
    if (!same(outcome(a, x), outcome(b, y), 1e-12)) {
      expect(false, "random graph " + std::to_string(seed) + ": fused and plain differ" + listing(fused));
    }
  }
}

void reads_states_before_it_writes_them() {
  Builder g;  // swap s and t; u takes the old s by a matrix product with the old t
  const Id s = g.state({2, 2}), t = g.state({2, 2}), u = g.state({2, 2});
  g.updates = {{s, t}, {t, s}, {u, g.matmul(s, t)}};
  g.fetches = {s, t, s};
  const PlanPtr plan = compiled(g);
  RunRequest request = request_for(plan, 1);
  const auto s0 = read(request.states[0]), t0 = read(request.states[1]);
  const RunResult result = run(request, nullptr, nullptr);
  expect(same(read(request.states[0]), t0) && same(read(request.states[1]), s0), "states are swapped" + listing(plan));
  const double u00 = s0[0] * t0[0] + s0[1] * t0[2];
  expect(same({read(request.states[2])[0]}, {u00}, 1e-14), "a product of the old states");
  expect(same(read(result.fetches[0]), s0) && same(read(result.fetches[1]), t0) && same(read(result.fetches[2]), s0),
         "fetched states are those before the update");
  expect(result.fetches[0]->data != request.states[0]->data, "fetched states are copies");

  Builder h;  // p changes in place although q's update reads p column by column
  const Id p = h.state({3, 1}), q = h.state({3, 4});
  h.updates = {{p, h.binary("mul", p, h.constant(2))}, {q, h.binary("add", q, p)}};
  const PlanPtr second = compiled(h);
  RunRequest r = request_for(second, 1);
  const auto p0 = read(r.states[0]), q0 = read(r.states[1]);
  run(r, nullptr, nullptr);
  bool ok = true;
  for (size_t i = 0; i < 12; i++) ok = ok && read(r.states[1])[i] == q0[i] + p0[i / 4];
  expect(ok && read(r.states[0])[1] == 2 * p0[1], "readers of a state come before its writer" + listing(second));
}

void commits_whole_steps_only() {
  Builder g;
  g.label = "data";
  const Id x = g.input({1});
  g.label = "counter";
  const Id s = g.state({1});
  g.label = "root_1";
  const Id root = g.unary("log", g.binary("sub", g.constant(2.5), s));
  const Id cost = g.sum_all(g.binary("mul", root, x));
  g.updates = {{s, g.binary("add", s, g.constant(1))}};
  g.costs = {cost};
  g.guards = {cost};
  g.accumulators = {s};
  const PlanPtr plan = compiled(g);
  RunRequest request = request_for(plan, 10);
  request.states[0] = buffer(DType::f64, {0});
  request.inputs[0] = buffer(DType::f64, {1});
  const RunResult result = run(request, nullptr, nullptr);
  expect(result.status == RunStatus::non_finite && result.steps_done == 3, "stops at the step that is not finite");
  expect(read(request.states[0])[0] == 3, "that step is not committed");
  expect(result.costs.size() == 3 && result.accumulators[0] == 0 + 1 + 2, "nor are its cost and totals");
  expect(result.label == "root_1" && result.value == "log [1]", "names " + result.label + ": " + result.value);
  expect(result.fetches.empty(), "nothing is fetched from a failed run");

  request.inputs[0] = buffer(DType::f64, {std::nan("")});
  request.states[0] = buffer(DType::f64, {0});
  const RunResult bad = run(request, nullptr, nullptr);
  expect(bad.label == "data" && bad.value == "input [1]", "names bad data: " + bad.label + ": " + bad.value);

  std::atomic<bool> cancel{true};
  request.inputs[0] = buffer(DType::f64, {1});
  const RunResult none = run(request, &cancel, nullptr);
  expect(none.status == RunStatus::cancelled && none.steps_done == 0 && read(request.states[0])[0] == 0,
         "a cancelled run leaves the states");
}

void reports_and_cancels_long_runs() {
  const PlanPtr plan = compiled(graphs::adam_step(0, 64, 64, 64));
  const int64_t steps = 200000;
  RunRequest request = request_for(plan, steps);
  std::atomic<bool> cancel{false};
  int reports = 0;
  int64_t last = 0, costs = 0;
  bool grows = true;
  Progress progress{[&](int64_t done, const double*, int64_t n) {
    grows = grows && done > last && n == done - last;
    last = done;
    costs += n;
    cancel = ++reports == 3;
  }};
  const RunResult result = run(request, &cancel, &progress);
  expect(reports == 3 && grows && costs == last, "progress comes in order, with the costs since the last");
  expect(result.status == RunStatus::cancelled && result.steps_done == last && result.steps_done < steps,
         "cancelling ends the run at a step boundary");
}

void runs_one_plan_on_several_threads() {
  const PlanPtr plan = compiled(graphs::adam_step(0, 64, 96, 128));  // large enough for the pool
  RunRequest alone = request_for(plan, 30);
  const RunResult result = run(alone, nullptr, nullptr);
  const auto expected = outcome(alone, result);
  std::vector<std::thread> threads;
  std::atomic<int> right{0};
  for (int i = 0; i < 4; i++) {
    threads.emplace_back([&] {
      RunRequest own = request_for(plan, 30);
      right += same_outcome(own, expected);
    });
  }
  for (int n : {1, 3, 2, 7, 2}) set_threads(n);
  for (std::thread& thread : threads) thread.join();
  expect(right == 4, "runs of one plan at the same time, while the number of threads changes, give the same bits");
}

void gathers_and_collects() {
  Builder g;
  const Id x = g.input({2, 3}), scale = g.input({});
  g.fetches = {g.binary("mul", x, scale), g.sum(x, {1}, {2}), g.sum_all(x)};
  const PlanPtr plan = compiled(g);
  RunRequest request;
  request.plan = plan;
  request.inputs = {buffer(DType::f64, {0, 1, 2, 10, 11, 12, 20, 21, 22}), buffer(DType::f64, {2})};
  request.gathered = {1, 0};
  request.rows = {2, 0, 1, 2, 1, 1};  // those of the second step stand side by side: they are read where they are
  request.steps = 3;
  request.collect = {buffer(DType::f64, std::vector<double>(21, -1)), buffer(DType::f64, std::vector<double>(7, -1)),
                     buffer(DType::f64, std::vector<double>(4, -1))};
  request.collect_row = 1;
  const RunResult result = run(request, nullptr, nullptr);
  expect(result.fetches.empty() && result.steps_done == 3, "collected fetches are not handed back");
  expect(
      same(read(request.collect[0]), {-1, -1, -1, 40, 42, 44, 0, 2, 4, 20, 22, 24, 40, 42, 44, 20, 22, 24, 20, 22, 24}),
      "rows by number");
  expect(same(read(request.collect[1]), {-1, 63, 3, 33, 63, 33, 33}), "vectors are collected row by row");
  expect(same(read(request.collect[2]), {-1, 66, 96, 66}), "scalars are one row");
}

void cuts_long_chains() {
  Builder g;
  const Id x = g.input({7});
  Id y = x;
  double expected = 1;
  for (int i = 0; i < 300; i++) {
    y = g.binary(i % 2 ? "mul" : "add", y, g.constant(1 + i % 3 * 1e-3));
    expected = i % 2 ? expected * (1 + i % 3 * 1e-3) : expected + (1 + i % 3 * 1e-3);
  }
  g.fetches = {y};
  const PlanPtr plan = compiled(g);
  RunRequest request = request_for(plan, 1);
  request.inputs[0] = buffer(DType::f64, std::vector<double>(7, 1));
  const RunResult result = run(request, nullptr, nullptr);
  const size_t n = info(*plan).instructions.size();
  expect(n >= 5 && n <= 12, "300 ops are a handful of instructions: " + std::to_string(n));
  expect(same(read(result.fetches[0]), std::vector<double>(7, expected), 1e-13), "and give the right numbers");
}

void shares_memory_and_gives_it_back() {
  const MemoryStats before = memory_stats();
  {
    Builder g;  // a chain of products: two stretches of memory do for all of them
    const Id x = g.input({64, 64});
    Id y = x;
    for (int i = 0; i < 10; i++) y = g.matmul(y, x);
    g.fetches = {g.sum_all(y)};
    const PlanPtr plan = compiled(g);
    expect(info(*plan).arena_bytes == 2 * 64 * 64 * 8, "memory is reused: " + std::to_string(info(*plan).arena_bytes));
    RunRequest request = request_for(plan, 1);
    run(request, nullptr, nullptr);
    const int64_t after_one = memory_stats().live_bytes;
    for (int i = 0; i < 5; i++) run(request, nullptr, nullptr);
    expect(memory_stats().live_bytes == after_one, "repeated runs keep to the same memory");
  }
  expect(memory_stats().live_bytes == before.live_bytes && memory_stats().live_buffers == before.live_buffers,
         "all memory is given back");
}

// The level decides which kernels run: one too high ends the process, one too low only costs time.
void knows_the_processor() {
#if defined(__x86_64__)
  const int level = x86_64_level();
  const bool is_v2 =
      __builtin_cpu_supports("ssse3") && __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt");
  const bool is_v3 = is_v2 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                     __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
  const bool is_v4 = is_v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                     __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                     __builtin_cpu_supports("avx512vl");
  const int told = is_v4 ? 4 : is_v3 ? 3 : is_v2 ? 2 : 1;
  expect(level == told,
         "level " + std::to_string(level) + " of x86-64, and the compiler's library says " + std::to_string(told));
#else
  expect(x86_64_level() == 0, "no x86-64");
#endif
}

}  // namespace

int main() {
  printf("%s\n", cpu_backend().describe().c_str());
  knows_the_processor();
  fuses_a_training_step();
  agrees_with_plain_mode();
  reads_states_before_it_writes_them();
  commits_whole_steps_only();
  reports_and_cancels_long_runs();
  runs_one_plan_on_several_threads();
  gathers_and_collects();
  cuts_long_chains();
  shares_memory_and_gives_it_back();
  return verdict();
}
