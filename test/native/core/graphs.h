// Graphs for the drivers: a writer of the encoding (docs/internals/encoded-graph.md), a few typical graphs, and
// random ones.
#pragma once
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "core/compile/plan.h"

namespace graphs {

using myelin::all_rows;
using Shape = std::vector<int64_t>;
using Id = uint32_t;

class Writer {
 public:
  template <class T>
  void put(T value) {
    const auto* bytes = reinterpret_cast<const uint8_t*>(&value);
    out.insert(out.end(), bytes, bytes + sizeof(T));
  }
  void text(const std::string& value) {
    put<uint16_t>(static_cast<uint16_t>(value.size()));
    out.insert(out.end(), value.begin(), value.end());
  }
  void ids(const std::vector<Id>& values) {
    put<uint32_t>(static_cast<uint32_t>(values.size()));
    for (const Id id : values) put<uint32_t>(id);
  }
  std::vector<uint8_t> out;
};

class Builder {
 public:
  explicit Builder(uint8_t dtype = 1) : dtype_(dtype) {}

  Id node(const std::string& op, const std::vector<Id>& inputs, const Shape& shape) {
    w_.text(op);
    w_.text(label);
    w_.put<uint8_t>(dtype == float_dtype ? dtype_ : static_cast<uint8_t>(dtype));
    w_.put<uint8_t>(static_cast<uint8_t>(shape.size()));
    for (const int64_t dim : shape) w_.put<uint32_t>(static_cast<uint32_t>(dim));
    w_.put<uint16_t>(static_cast<uint16_t>(inputs.size()));
    for (const Id id : inputs) w_.put<uint32_t>(id);
    w_.put<uint8_t>(static_cast<uint8_t>(numbers_.size() + lists_.size()));
    for (const auto& [key, value] : numbers_) {
      w_.text(key);
      w_.put<uint8_t>(0);
      w_.put<double>(value);
    }
    for (const auto& [key, values] : lists_) {
      w_.text(key);
      w_.put<uint8_t>(1);
      w_.put<uint32_t>(static_cast<uint32_t>(values.size()));
      for (const double value : values) w_.put<double>(value);
    }
    numbers_.clear();
    lists_.clear();
    shapes.push_back(shape);
    return static_cast<Id>(shapes.size() - 1);
  }
  Builder& number(const std::string& key, double value) {
    numbers_.push_back({key, value});
    return *this;
  }
  Builder& list(const std::string& key, const std::vector<double>& values) {
    lists_.push_back({key, values});
    return *this;
  }

  Id input(const Shape& shape) { return number("slot", n_inputs++).node("input", {}, shape); }
  Id state(const Shape& shape) { return number("slot", n_states++).node("state", {}, shape); }
  Id hyper() { return number("slot", n_hypers++).node("hyper", {}, {}); }
  Id constant(double value, const Shape& shape = {}) { return number("value", value).node("constant", {}, shape); }
  Id unary(const std::string& op, Id a) { return node(op, {a}, shapes[a]); }
  Id binary(const std::string& op, Id a, Id b) {
    Shape shape = shapes[a].empty() ? shapes[b] : shapes[a];
    if (!shapes[b].empty()) {
      for (size_t d = 0; d < shape.size(); d++) shape[d] = shape[d] == 1 ? shapes[b][d] : shape[d];
    }
    return node(op, {a, b}, shape);
  }
  Id matmul(Id a, Id b, bool ta = false, bool tb = false) {
    number("transA", ta).number("transB", tb);
    return node("matmul", {a, b}, {shapes[a][ta], shapes[b][!tb]});
  }
  Id reshape(Id a, const Shape& shape) { return node("reshape", {a}, shape); }
  Id sum(Id a, const std::vector<double>& axes, const Shape& shape, bool keep = false) {
    return list("axes", axes).number("keepDims", keep).node("sum", {a}, shape);
  }
  Id sum_all(Id a) {
    std::vector<double> axes;
    for (size_t d = 0; d < shapes[a].size(); d++) axes.push_back(static_cast<double>(d));
    return sum(a, axes, {});
  }

  std::vector<uint8_t> encode() const {
    Writer all;
    all.put<uint32_t>(0x3347594D);
    all.put<uint8_t>(dtype_);
    all.put<uint8_t>(precision);
    all.put<uint32_t>(n_inputs);
    all.put<uint32_t>(n_states);
    all.put<uint32_t>(n_hypers);
    all.put<uint32_t>(static_cast<uint32_t>(shapes.size()));
    all.out.insert(all.out.end(), w_.out.begin(), w_.out.end());
    all.ids(fetches);
    all.put<uint32_t>(static_cast<uint32_t>(updates.size()));
    for (const auto& [state, value] : updates) {
      all.put<uint32_t>(state);
      all.put<uint32_t>(value);
      const auto at = rows.find(state);
      all.put<uint32_t>(at == rows.end() ? all_rows : at->second);
    }
    all.ids(guards);
    all.ids(costs);
    all.ids(accumulators);
    return all.out;
  }

  static constexpr int float_dtype = -1;
  int dtype = float_dtype;  // of the nodes that follow: the graph's, or a code of the encoding
  std::string label;        // of the nodes that follow
  uint8_t precision = 0;    // of the products
  std::vector<Shape> shapes;
  std::vector<Id> fetches, guards, costs, accumulators;
  std::vector<std::pair<Id, Id>> updates;
  std::map<Id, Id> rows;  // by updated state: the row numbers that the new value is for
  uint32_t n_inputs = 0, n_states = 0, n_hypers = 0;

 private:
  const uint8_t dtype_;
  Writer w_;
  std::vector<std::pair<std::string, double>> numbers_;
  std::vector<std::pair<std::string, std::vector<double>>> lists_;
};

// One dense relu layer and a mean squared cost, trained by Adam. States: W, b, then m and v of both.
inline Builder adam_step(uint8_t dtype, int64_t batch = 8, int64_t n = 5, int64_t units = 3) {
  Builder g(dtype);
  const Id x = g.input({batch, n}), y = g.input({batch, units});
  g.label = "dense_1";
  const Id w = g.state({units, n}), b = g.state({units});
  const Id z = g.binary("add", g.matmul(x, w, false, true), g.reshape(b, {1, units}));
  const Id a = g.unary("relu", z);
  g.label = "loss";
  const Id error = g.binary("sub", a, y);
  const Id cost =
      g.binary("mul", g.sum_all(g.binary("mul", error, error)), g.constant(0.5 / static_cast<double>(batch)));
  g.label = "dense_1";
  const Id da = g.binary("mul", error, g.constant(1.0 / static_cast<double>(batch)));
  const Id zero = g.constant(0);
  const Id dz = g.node("select", {g.binary("greaterEqual", z, zero), da, zero}, {batch, units});
  const Id dw = g.matmul(dz, x, true, false), db = g.sum(dz, {0}, {units});
  const Id rate = g.hyper(), epsilon = g.constant(1e-8);
  const auto update = [&](Id p, Id gradient, const Shape& shape, const std::string& name) {
    g.label = name;
    const Id m = g.state(shape), v = g.state(shape);
    const Id m1 = g.binary("add", g.binary("mul", g.constant(0.9), m), g.binary("mul", g.constant(0.1), gradient));
    const Id square = g.binary("mul", gradient, gradient);
    const Id v1 = g.binary("add", g.binary("mul", g.constant(0.999), v), g.binary("mul", g.constant(0.001), square));
    const Id step = g.binary("mul", g.binary("mul", rate, g.constant(0.5)), m1);
    const Id p1 = g.binary("sub", p, g.binary("div", step, g.binary("add", g.unary("sqrt", v1), epsilon)));
    g.updates.push_back({p, p1});
    g.updates.push_back({m, m1});
    g.updates.push_back({v, v1});
  };
  update(w, dw, {units, n}, "dense_1.weight");
  update(b, db, {units}, "dense_1.bias");
  g.costs = {cost};
  g.guards = {cost, dw, db};
  g.accumulators = {cost};
  return g;
}

// Rows of a table by their numbers, pulled towards y: only these rows and those of a running sum beside it change.
// States: the table and the sum. Input 0: the numbers.
inline Builder embedding_step(uint8_t dtype, int64_t rows = 7, int64_t units = 3, int64_t n = 5) {
  Builder g(dtype);
  g.dtype = 2;
  const Id ids = g.input({n});
  g.dtype = Builder::float_dtype;
  g.label = "table";
  const Id table = g.state({rows, units}), total = g.state({rows, units});
  const Id y = g.input({n, units}), taken = g.node("take", {table, ids}, {n, units});
  const Id error = g.binary("sub", taken, y), sum = g.node("sumDuplicates", {ids, error}, {n, units});
  const Id next = g.binary("add", g.node("take", {total, ids}, {n, units}), g.binary("mul", sum, sum));
  g.updates = {{table, g.binary("sub", taken, g.binary("mul", g.constant(0.5), sum))}, {total, next}};
  g.rows = {{table, ids}, {total, ids}};
  g.costs = {g.sum_all(g.binary("mul", error, error))};
  g.guards = g.costs;
  const Id dense = g.number("count", static_cast<double>(rows)).node("scatterAdd", {ids, error}, {rows, units});
  g.fetches = {dense, g.number("part", 0).node("cast", {ids}, {n}), taken};
  return g;
}

// Small deterministic generator: the same graphs on every machine.
struct Random {
  uint64_t state;
  uint64_t next() {
    state += 0x9E3779B97F4A7C15ull;
    uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
  }
  uint64_t below(uint64_t n) { return next() % n; }
  double unit() { return static_cast<double>(next() >> 11) * 0x1p-53; }
};

// A random graph over arrays of a few matching shapes, with states that update from each other. All values stay
// moderate: growing ops are followed by tanh.
inline Builder random_graph(uint64_t seed, uint8_t dtype, uint64_t largest = 5) {
  Random r{seed};
  Builder g(dtype);
  const int64_t m = 1 + static_cast<int64_t>(r.below(largest)), n = 1 + static_cast<int64_t>(r.below(largest));
  const std::vector<Shape> kinds = {{m, n}, {m, n}, {m, n}, {1, n}, {m, 1}, {}, {n, m}};
  std::vector<Id> all;
  std::vector<Id> states;
  const int n_states = 2 + static_cast<int>(r.below(4));
  for (int i = 0; i < n_states; i++) states.push_back(g.state(kinds[r.below(kinds.size())]));
  all = states;
  all.push_back(g.input({m, n}));
  all.push_back(g.input({1, n}));
  all.push_back(g.hyper());
  all.push_back(g.constant(0.3, kinds[r.below(kinds.size())]));
  const auto any = [&] { return all[r.below(all.size())]; };
  const auto like = [&](const Shape& shape) {
    std::vector<Id> fitting;
    for (const Id id : all) {
      if (g.shapes[id] == shape) fitting.push_back(id);
    }
    return fitting.empty() ? static_cast<Id>(UINT32_MAX) : fitting[r.below(fitting.size())];
  };
  const auto broadcasts = [&](Id a, Id b) {
    const Shape &s = g.shapes[a], &t = g.shapes[b];
    if (s.empty() || t.empty()) return true;
    return (s[0] == t[0] || s[0] == 1 || t[0] == 1) && (s[1] == t[1] || s[1] == 1 || t[1] == 1);
  };
  const char* unary[] = {"tanh", "sigmoid", "relu", "neg", "abs", "softplus", "sin", "floor"};
  const char* binary[] = {"add", "sub", "mul", "maximum", "minimum", "greater", "sigmoidCrossEntropy"};
  const int steps = 5 + static_cast<int>(r.below(35));
  for (int i = 0; i < steps; i++) {
    g.label = "node_" + std::to_string(i);
    const Id a = any(), b = any();
    const Shape s = g.shapes[a];
    switch (r.below(9)) {
      case 0:
      case 1: all.push_back(g.unary(unary[r.below(8)], a)); break;
      case 2:
      case 3:
      case 4:
        if (broadcasts(a, b)) all.push_back(g.unary("tanh", g.binary(binary[r.below(7)], a, b)));
        break;
      case 5:
        if (s.size() == 2 && g.shapes[b].size() == 2) {  // (a bᵀ) or (a b), with bias and activation at times
          const bool trans = s[1] != g.shapes[b][0];
          if (trans && s[1] != g.shapes[b][1]) break;
          Id z = g.matmul(a, b, false, trans);
          if (r.below(3) == 0) z = g.binary("add", z, g.matmul(g.unary("tanh", a), b, false, trans));
          const Id bias = like({1, g.shapes[z][1]});
          if (bias != UINT32_MAX && r.below(2)) z = g.binary("add", z, bias);
          all.push_back(g.unary(unary[r.below(3)], z));
          if (r.below(2)) all.push_back(g.unary("tanh", z));
        }
        break;
      case 6:
        if (s.size() == 2) {
          const bool rows = r.below(2);
          const Shape out = rows ? Shape{1, s[1]} : Shape{s[0], 1};
          all.push_back(g.unary("tanh", g.sum(a, {rows ? 0.0 : 1.0}, out, true)));
        }
        break;
      case 7:
        if (s.size() == 2) all.push_back(g.list("perm", {1, 0}).node("transpose", {a}, {s[1], s[0]}));
        if (s.size() == 2) all.push_back(g.reshape(a, {s[1], s[0]}));
        break;
      case 8:
        if (s.size() == 2) {
          const Shape to = {s[0] == 1 ? m : s[0], s[1] == 1 ? n : s[1]};
          all.push_back(g.node("broadcast", {a}, to));
        }
        break;
    }
  }
  for (const Id state : states) {
    const Id value = like(g.shapes[state]);
    if (r.below(5)) g.updates.push_back({state, value});
  }
  for (int i = 0; i < 3; i++) g.fetches.push_back(any());
  for (int i = 0; i < 2; i++) g.accumulators.push_back(any());
  for (const Id id : all) {
    if (g.shapes[id].empty() && g.costs.size() < 2) g.costs.push_back(id);
  }
  g.guards.push_back(any());
  return g;
}

}  // namespace graphs
