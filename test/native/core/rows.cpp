// Whole numbers in graphs, and updates that write rows of a state. Exits with 1 on a failure.
#include <cstring>
#include <set>

#include "core/run/pool.h"
#include "expect.h"

using namespace core_test;

namespace {

constexpr uint8_t f64 = 1;
constexpr int int32 = 2;

Id whole_input(Builder& g, const Shape& shape) {
  g.dtype = int32;
  const Id id = g.input(shape);
  g.dtype = Builder::float_dtype;
  return id;
}

Id take(Builder& g, Id table, Id ids) {
  Shape shape = g.shapes[ids];
  shape.insert(shape.end(), g.shapes[table].begin() + 1, g.shapes[table].end());
  return g.node("take", {table, ids}, shape);
}

// What graphs::embedding_step does to its states, row by row.
void step_by_hand(std::vector<double>& table, std::vector<double>& total, const std::vector<double>& ids,
                  const std::vector<double>& y, size_t units) {
  std::vector<double> next_table = table, next_total = total;
  std::set<double> done;
  for (size_t i = 0; i < ids.size(); i++) {
    if (!done.insert(ids[i]).second) continue;
    for (size_t j = 0; j < units; j++) {
      const size_t at = static_cast<size_t>(ids[i]) * units + j;
      double sum = 0;
      for (size_t k = i; k < ids.size(); k++) {
        if (ids[k] == ids[i]) sum = k == i ? table[at] - y[k * units + j] : sum + (table[at] - y[k * units + j]);
      }
      next_table[at] = table[at] - 0.5 * sum;
      next_total[at] = total[at] + sum * sum;
    }
  }
  table = next_table;
  total = next_total;
}

void writes_only_the_rows_it_names() {
  const size_t rows = 7, units = 3;
  const std::vector<double> ids = {2, 5, 2, 0, 2}, y = noise(15, 9);
  for (const PlanMode mode : {PlanMode::fused, PlanMode::plain}) {
    const PlanPtr plan = compiled(graphs::embedding_step(f64), mode);
    RunRequest request = request_for(plan, 3);
    request.inputs = {buffer(DType::i32, ids), buffer(DType::f64, y)};
    auto table = read(request.states[0]), total = read(request.states[1]);
    const auto last = [&](int steps) {
      for (int i = 0; i < steps; i++) step_by_hand(table, total, ids, y, units);
    };
    const RunResult result = run(request, nullptr, nullptr);
    last(2);
    std::vector<double> taken, dense(rows * units, 0);
    for (size_t i = 0; i < ids.size(); i++) {
      for (size_t j = 0; j < units; j++) {
        const size_t at = static_cast<size_t>(ids[i]) * units + j;
        taken.push_back(table[at]);
        dense[at] += table[at] - y[i * units + j];
      }
    }
    expect(same(read(result.fetches[0]), dense), "scatterAdd of the last step");
    expect(same(read(result.fetches[1]), ids), "numbers as floats");
    expect(same(read(result.fetches[2]), taken), "the step reads the old rows" + listing(plan));
    last(1);
    expect(same(read(request.states[0]), table) && same(read(request.states[1]), total),
           "the rows that are named are written, and no others" + listing(plan));
  }
}

void gathers_and_collects_whole_numbers() {
  Builder g(0);
  const Id ids = whole_input(g, {2, 3});
  g.dtype = int32;
  const Id part = g.list("begin", {0, 1}).node("slice", {ids}, {2, 2});
  g.dtype = Builder::float_dtype;
  g.fetches = {part, ids};
  g.accumulators = {part};
  const PlanPtr plan = compiled(g);
  expect(info(*plan).fetch_dtypes == std::vector<DType>{DType::i32, DType::i32}, "fetches of whole numbers");
  RunRequest request = request_for(plan, 2);
  request.inputs = {buffer(DType::i32, {0, 1, 2, 10, 11, 12, 16777217, -21, 2147483647})};
  request.gathered = {1};
  request.rows = {2, 0, 1, 1};
  request.collect = {buffer(DType::i32, std::vector<double>(8, -1)), buffer(DType::i32, std::vector<double>(12, -1))};
  const RunResult result = run(request, nullptr, nullptr);
  expect(same(read(request.collect[0]), {-21, 2147483647, 1, 2, 11, 12, 11, 12}), "collected parts");
  expect(same(read(request.collect[1]), {16777217, -21, 2147483647, 0, 1, 2, 10, 11, 12, 10, 11, 12}),
         "collected inputs");
  expect(same(result.accumulators, {-10, 2147483659.0, 12, 14}), "totals of whole numbers");
  request.collect[0] = buffer(DType::f32, std::vector<double>(8, 0));
  expect_error([&] { run(request, nullptr, nullptr); }, "collect 0 must be int32, it is float32", "another dtype");
  request.inputs[0] = buffer(DType::f32, std::vector<double>(9, 0));
  expect_error([&] { run(request, nullptr, nullptr); }, "gathers rows of 3 int32 elements", "another dtype");
}

// Rows that come from the state itself, from states that change in the same step, and numbers that do.
void reads_states_before_it_writes_rows() {
  Builder g(f64);
  const Id s = g.state({3, 2}), t = g.state({3, 2}), u = g.state({3, 2});
  g.dtype = int32;
  const Id at = g.state({3}), next = g.input({3});
  g.dtype = Builder::float_dtype;
  const Id doubled = g.binary("mul", t, g.constant(2));
  // at: other numbers; s: its own rows in another order; t: doubled as a whole; u: rows of the doubled t.
  g.updates = {{at, next}, {s, s}, {t, doubled}, {u, doubled}};
  g.rows = {{s, at}, {u, at}};
  for (const PlanMode mode : {PlanMode::fused, PlanMode::plain}) {
    const PlanPtr plan = compiled(g, mode);
    RunRequest request = request_for(plan, 1);
    const auto s0 = read(request.states[0]), t0 = read(request.states[1]);
    request.states[3] = buffer(DType::i32, {2, 0, 1});
    request.inputs = {buffer(DType::i32, {7, 8, 9})};
    run(request, nullptr, nullptr);
    const auto s1 = read(request.states[0]), t1 = read(request.states[1]), u1 = read(request.states[2]);
    bool ok = true;
    for (size_t i = 0; i < 3; i++) {
      const size_t to = (i + 2) % 3;
      for (size_t j = 0; j < 2; j++) {
        ok = ok && s1[to * 2 + j] == s0[i * 2 + j] && t1[i * 2 + j] == 2 * t0[i * 2 + j];
        ok = ok && u1[to * 2 + j] == 2 * t0[i * 2 + j];
      }
    }
    expect(ok && same(read(request.states[3]), {7, 8, 9}),
           "rows of the old states, at the old numbers" + listing(plan));
  }
}

void writes_all_or_nothing() {
  for (const int threads : {1, 3}) {
    set_threads(threads);
    const PlanPtr plan = compiled(graphs::embedding_step(f64));
    RunRequest request = request_for(plan, 4);
    // There is no row −1; read as floating numbers, these would be NaN themselves.
    request.inputs = {buffer(DType::i32, {2, 5, -1, -1, 2}), buffer(DType::f64, noise(15, 9))};
    const auto table = read(request.states[0]), total = read(request.states[1]);
    const RunResult result = run(request, nullptr, nullptr);
    expect(result.status == RunStatus::non_finite && result.steps_done == 0, "a missing row stops the step");
    expect(result.value == "take [5,3]" && result.label == "table", "it is named: " + result.value);
    expect(same(read(request.states[0]), table) && same(read(request.states[1]), total), "nothing is written");
  }
  Builder g = graphs::embedding_step(f64);  // nobody looks: the missing row is not written, the others are
  g.guards.clear();
  const PlanPtr plan = compiled(g);
  RunRequest request = request_for(plan, 1);
  request.inputs = {buffer(DType::i32, {-1, 5, 7, INT32_MAX, INT32_MIN}), buffer(DType::f64, noise(15, 9))};
  const auto before = read(request.states[0]);
  const RunResult result = run(request, nullptr, nullptr);
  const auto after = read(request.states[0]);
  bool ok = true;
  for (size_t i = 0; i < after.size(); i++) ok = ok && (after[i] != before[i]) == (i / 3 == 5) && after[i] == after[i];
  expect(ok, "numbers outside write nothing");
  for (const double x : read(result.fetches[0])) ok = ok && std::isnan(x);
  expect(ok, "scatterAdd of a number outside is NaN");
}

// Whoever waits for something else and reads the old state runs before its rows are written.
void writes_rows_behind_all_readers() {
  Builder g(f64);
  const Id s = g.state({3, 2}), t = g.state({3, 2}), u = g.state({3, 2}), value = g.input({3, 2});
  const Id ids = whole_input(g, {3});
  g.updates = {{u, t}, {t, g.binary("add", t, s)}, {s, value}};  // t is added to in place, once u has its old value
  g.rows = {{s, ids}};
  const PlanPtr plan = compiled(g);
  RunRequest request = request_for(plan, 1);
  request.inputs[1] = buffer(DType::i32, {2, 0, 1});
  const auto s0 = read(request.states[0]), t0 = read(request.states[1]);
  run(request, nullptr, nullptr);
  const auto t1 = read(request.states[1]);
  bool ok = same(read(request.states[2]), t0);
  for (size_t i = 0; i < t1.size(); i++) ok = ok && t1[i] == t0[i] + s0[i];
  expect(ok, "readers of the old state come first" + listing(plan));
}

// Numbers that nothing but an update needs are computed for it.
void computes_the_numbers_of_rows() {
  Builder g(f64);
  const Id both = whole_input(g, {4}), state = g.state({3}), value = g.input({2});
  g.dtype = int32;
  const Id ids = g.list("begin", {2}).node("slice", {both}, {2});
  g.dtype = Builder::float_dtype;
  g.updates = {{state, value}};
  g.rows = {{state, ids}};
  const PlanPtr plan = compiled(g);
  RunRequest request = request_for(plan, 1);
  request.states[0] = buffer(DType::f64, {1, 2, 3});
  request.inputs = {buffer(DType::i32, {0, 0, 2, 1}), buffer(DType::f64, {8, 9})};
  run(request, nullptr, nullptr);
  expect(same(read(request.states[0]), {1, 9, 8}), "rows by computed numbers" + listing(plan));
}

// A step costs what its rows cost: nothing of the table's size is computed, kept or copied.
void does_not_touch_the_table() {
  Builder g(0);
  const Id ids = whole_input(g, {256}), table = g.state({100000, 64});
  const Id taken = take(g, table, ids);
  g.updates = {{table, g.node("sumDuplicates", {ids, g.binary("mul", taken, taken)}, {256, 64})}};
  g.rows = {{table, ids}};
  g.costs = {g.sum_all(taken)};
  const PlanPtr plan = compiled(g);
  expect(info(*plan).arena_bytes < 4 * 256 * 64 * 4, "the arena has rows only" + listing(plan));
  int commits = 0;
  for (const std::string& line : info(*plan).instructions) {
    commits += line.rfind("commit rows", 0) == 0;
    expect(line.rfind("commit [", 0) != 0 && line != "take [100000,64]", "no copies: " + line);
  }
  expect(commits == 1, "one instruction writes the rows" + listing(plan));
}

// The same bits for any number of threads, and fused as plain.
void has_the_same_bits() {
  graphs::Random random{5};
  for (int round = 0; round < 40; round++) {
    const int64_t rows = 1 + static_cast<int64_t>(random.below(200)), n = 1 + static_cast<int64_t>(random.below(3000));
    const int64_t units = 1 + static_cast<int64_t>(random.below(70));
    const Builder g = graphs::embedding_step(0, rows, units, n);
    std::vector<double> ids;
    for (int64_t i = 0; i < n; i++) ids.push_back(static_cast<double>(random.below(static_cast<uint64_t>(rows))));
    std::vector<double> expected;
    for (const int threads : {1, 2, 5}) {
      set_threads(threads);
      for (const PlanMode mode : {PlanMode::fused, PlanMode::plain}) {
        const PlanPtr plan = compiled(g, mode);
        RunRequest request = request_for(plan, 2);
        request.inputs[0] = buffer(DType::i32, ids);
        const RunResult result = run(request, nullptr, nullptr);
        std::vector<double> found = outcome(request, result);
        found.erase(found.begin(), found.begin() + 2);  // costs: sums in another order in plain mode
        if (expected.empty()) expected = found;
        expect(found.size() == expected.size() && !memcmp(found.data(), expected.data(), found.size() * sizeof(double)),
               "the same bits with " + std::to_string(threads) + " threads");
      }
    }
  }
}

}  // namespace

int main() {
  writes_only_the_rows_it_names();
  gathers_and_collects_whole_numbers();
  reads_states_before_it_writes_rows();
  writes_all_or_nothing();
  writes_rows_behind_all_readers();
  computes_the_numbers_of_rows();
  does_not_touch_the_table();
  has_the_same_bits();
  return verdict();
}
