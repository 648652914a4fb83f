// What the core refuses: malformed graphs, and requests that do not fit their plan. Exits with 1 on a failure.
#include <limits>

#include "expect.h"

using namespace core_test;

namespace {

void refuses_requests_that_do_not_fit() {
  const PlanPtr plan = compiled(graphs::adam_step(0));
  const auto refused = [&](const char* part, const std::function<void(RunRequest&)>& spoil) {
    RunRequest request = request_for(plan, 2);
    spoil(request);
    expect_error([&] { run(request, nullptr, nullptr); }, part, part);
  };
  refused("no plan", [](RunRequest& r) { r.plan = nullptr; });
  refused("at least 1", [](RunRequest& r) { r.steps = 0; });
  refused("hyper must have", [](RunRequest& r) { r.steps = 3; });
  refused("counted from 1", [](RunRequest& r) { r.first_step = 0; });
  refused("has 6 states", [](RunRequest& r) { r.states.pop_back(); });
  refused("state 1 [3] has no buffer", [](RunRequest& r) { r.states[1] = nullptr; });
  refused("state 0 must be float32", [](RunRequest& r) { r.states[0] = buffer(DType::f64, noise(15, 1)); });
  refused("(24 elements)", [](RunRequest& r) { r.inputs[1] = buffer(DType::f32, noise(23, 1)); });
  refused("has 2 inputs", [](RunRequest& r) { r.inputs.clear(); });
  refused("gathered must have", [](RunRequest& r) { r.gathered = {1}; });
  refused("no input is gathered", [](RunRequest& r) { r.rows = {1, 2}; });
  refused("rows must have 2 × 8", [](RunRequest& r) { r.gathered = {1, 1}; });
  refused("row number 8 is outside the data, which has 8 rows", [](RunRequest& r) {
    r.gathered = {1, 1};
    r.rows.assign(16, 0);
    r.rows[15] = 8;
  });
  refused("gathers rows of 5", [](RunRequest& r) {
    r.gathered = {1, 0};
    r.inputs[0] = buffer(DType::f32, noise(41, 1));
  });
  refused("collect has 1 buffers", [](RunRequest& r) { r.collect = {r.states[0]}; });
  refused("one buffer is given for two", [](RunRequest& r) { r.states[4] = r.states[1]; });
  refused("input 0 shares its buffer", [](RunRequest& r) {
    r.inputs[0] = r.states[0];
    r.gathered = {1, 0};
    r.rows.assign(16, 0);
  });
}

void refuses_malformed_graphs() {
  const auto refused = [](const char* part, const std::function<void(Builder&)>& build) {
    Builder g;
    build(g);
    expect_error([&] { compiled(g); }, part, part);
  };
  refused("only products of float32", [](Builder& g) { g.precision = 1; });
  refused("unknown precision 3", [](Builder& g) { g.precision = 3; });
  refused("no op of this name", [](Builder& g) { g.node("custom", {g.constant(1)}, {}); });
  refused("takes 2 inputs, it has 1", [](Builder& g) { g.node("add", {g.constant(1)}, {}); });
  refused("do not broadcast", [](Builder& g) { g.node("add", {g.input({2, 3}), g.input({2, 2})}, {2, 3}); });
  refused("its shape must be [2,3]", [](Builder& g) { g.unary("exp", g.node("neg", {g.input({2, 3})}, {3, 2})); });
  refused("3 columns meet 2 rows", [](Builder& g) { g.matmul(g.input({2, 3}), g.input({2, 3})); });
  refused("does not come before", [](Builder& g) { g.node("neg", {5}, {}); });
  refused("dimension 1 is 0", [](Builder& g) { g.input({2, 0}); });
  refused("at most 6", [](Builder& g) { g.input({1, 1, 1, 1, 1, 1, 1}); });
  refused("2^40", [](Builder& g) { g.input({1 << 30, 1 << 30, 1 << 30, 1 << 30}); });
  refused("attribute 'slot' must be a whole number", [](Builder& g) {
    g.input({1});
    g.number("slot", 1.5).node("input", {}, {1});
  });
  refused("another node gives this slot", [](Builder& g) {
    g.input({1});
    g.number("slot", 0).node("input", {}, {2});
  });
  refused("'slope' must be finite", [](Builder& g) {
    const Id x = g.constant(1);
    g.number("slope", std::numeric_limits<double>::infinity()).node("leakyRelu", {x}, {});
  });
  refused("'slope' is missing", [](Builder& g) { g.node("leakyRelu", {g.constant(1)}, {}); });
  refused("unknown attribute 'slope'", [](Builder& g) {
    const Id x = g.constant(1);
    g.number("slope", 1).node("relu", {x}, {});
  });
  refused("names dimension 0 twice", [](Builder& g) {
    const Id x = g.input({2, 2});
    g.list("perm", {0, 0}).node("transpose", {x}, {2, 2});
  });
  refused("adjacent and ascending", [](Builder& g) { g.sum(g.input({2, 2, 2}), {0, 2}, {2}); });
  refused("dimension 0 ends at 4", [](Builder& g) {
    const Id x = g.input({3});
    g.list("begin", {2}).node("slice", {x}, {2});
  });
  refused("it has 3 values", [](Builder& g) { g.list("value", {1, 2, 3}).node("constant", {}, {2}); });
  refused("written by two updates", [](Builder& g) {
    const Id s = g.state({2});
    g.updates = {{s, s}, {s, s}};
  });
  refused("not a state", [](Builder& g) { g.updates = {{g.input({2}), 0}}; });
  refused("different shapes", [](Builder& g) { g.updates = {{g.state({2}), g.input({3})}}; });
  refused("input 1 must be float64, the graph says int32", [](Builder& g) {
    const Id x = g.input({2});
    g.dtype = 2;
    const Id whole = g.input({2});
    g.dtype = Builder::float_dtype;
    g.binary("add", x, whole);
  });
  refused("the result must be float64, the graph says float32", [](Builder& g) {
    g.dtype = 0;
    g.input({2});
  });
  refused("the result must be float64, the graph says int32", [](Builder& g) {
    g.dtype = 2;
    g.constant(1);
  });
  refused("another node gives this slot the dtype float64", [](Builder& g) {
    g.input({1});
    g.dtype = 2;
    g.number("slot", 0).node("input", {}, {1});
  });
  refused("unknown dtype 3", [](Builder& g) {
    g.dtype = 3;
    g.input({1});
  });
  refused("the guards must be float64, not input [2] of int32", [](Builder& g) {
    g.dtype = 2;
    g.guards = {g.input({2})};
  });
  refused("needs ids [n] and a row for each", [](Builder& g) {
    const Id rows = g.input({3, 2});
    g.dtype = 2;
    const Id ids = g.input({2});
    g.dtype = Builder::float_dtype;
    g.node("sumDuplicates", {ids, rows}, {3, 2});
  });
  const auto rows_refused = [&](const char* part, const Shape& ids, const Shape& value, int dtype = 2) {
    refused(part, [&](Builder& g) {
      g.dtype = dtype;
      const Id at = g.input(ids);
      g.dtype = Builder::float_dtype;
      g.updates = {{g.state({5, 3}), g.input(value)}};
      g.rows = {{g.updates[0].first, at}};
    });
  };
  rows_refused("the rows of an update must be int32 of one dimension", {2, 1}, {2, 3});
  rows_refused("the rows of an update must be int32 of one dimension", {2}, {2, 3}, Builder::float_dtype);
  rows_refused("to [2] rows of state [5,3]: different shapes", {2}, {3, 3});
  rows_refused("to [2] rows of state [5,3]: different shapes", {2}, {2, 4});
  refused("the rows of updates name node 9", [](Builder& g) {
    g.updates = {{g.state({5}), g.input({5})}};
    g.rows = {{0, 9}};
  });
  refused("of int32 to state [5] of float64", [](Builder& g) {
    const Id state = g.state({5});
    g.dtype = 2;
    g.updates = {{state, g.input({5})}};
  });
  refused("a cost must be a scalar", [](Builder& g) { g.costs = {g.input({2})}; });
  refused("fetches name node 7", [](Builder& g) {
    g.input({2});
    g.fetches = {7};
  });
}

}  // namespace

int main() {
  refuses_requests_that_do_not_fit();
  refuses_malformed_graphs();
  return verdict();
}
