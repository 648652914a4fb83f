// The shape rule and the attributes of every op, slots and roles. After validate() the rest of the core
// trusts a graph without further checks.
#include <cmath>
#include <unordered_map>

#include "graph.h"
#include "math/elementwise.h"

namespace myelin {

int64_t count_of(const Shape& shape) {
  int64_t count = 1;
  for (const int64_t dim : shape) count *= dim;
  return count;
}

std::string to_text(const Shape& shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); i++) text += (i ? "," : "") + std::to_string(shape[i]);
  return text + "]";
}

double number_attr(const Node& node, const char* key) { return std::get<double>(node.attrs.at(key)); }

const std::vector<double>& list_attr(const Node& node, const char* key) {
  return std::get<std::vector<double>>(node.attrs.at(key));
}

bool is_fill(const Node& node) {
  if (node.op != "constant") return false;
  const Attr& value = node.attrs.at("value");
  if (std::holds_alternative<double>(value)) return true;
  return std::get<std::vector<double>>(value).size() == 1;
}

std::string describe(const Node& node) {
  return node.op + (node.label.empty() ? "" : " \"" + node.label + "\"") + " " + to_text(node.shape);
}

namespace {

// One node under examination.
struct Check {
  Graph& graph;
  const size_t id;
  const Node& node;

  [[noreturn]] void fail(const std::string& message) const {
    throw GraphError("graph node " + std::to_string(id) + " (" + node.op +
                     (node.label.empty() ? "" : ", \"" + node.label + "\"") + "): " + message);
  }
  const Shape& in(size_t i) const { return graph.nodes[node.inputs[i]].shape; }
  size_t rank() const { return node.shape.size(); }

  void shape(const Shape& expected) const {
    if (node.shape != expected) {
      fail("its shape must be " + to_text(expected) + ", the graph says " + to_text(node.shape));
    }
  }
  void attrs(std::initializer_list<const char*> keys) const {
    for (const char* key : keys) {
      if (!node.attrs.count(key)) fail("attribute '" + std::string(key) + "' is missing");
    }
    for (const auto& entry : node.attrs) {
      bool known = false;
      for (const char* key : keys) known = known || entry.first == key;
      if (!known) fail("unknown attribute '" + entry.first + "'");
    }
  }
  double number(const char* key) const {
    const Attr& attr = node.attrs.at(key);
    if (!std::holds_alternative<double>(attr)) fail("attribute '" + std::string(key) + "' must be a number");
    const double value = std::get<double>(attr);
    if (!std::isfinite(value)) fail("attribute '" + std::string(key) + "' must be finite");
    return value;
  }
  int64_t whole(const char* key, double value, int64_t low, int64_t high) const {
    if (!(value >= static_cast<double>(low) && value <= static_cast<double>(high)) || value != std::floor(value)) {
      fail("attribute '" + std::string(key) + "' must be a whole number from " + std::to_string(low) + " to " +
           std::to_string(high) + ", not " + std::to_string(value));
    }
    return static_cast<int64_t>(value);
  }
  int64_t whole(const char* key, int64_t low, int64_t high) const { return whole(key, number(key), low, high); }
  bool flag(const char* key) const { return whole(key, 0, 1) == 1; }
  // A list of whole numbers from 0 to `high`, of the given length (any length if negative).
  std::vector<int64_t> wholes(const char* key, int64_t length, int64_t high) const {
    const Attr& attr = node.attrs.at(key);
    if (!std::holds_alternative<std::vector<double>>(attr)) fail("attribute '" + std::string(key) + "' must be a list");
    const auto& list = std::get<std::vector<double>>(attr);
    if (length >= 0 && static_cast<int64_t>(list.size()) != length) {
      fail("attribute '" + std::string(key) + "' must have " + std::to_string(length) + " entries, it has " +
           std::to_string(list.size()));
    }
    std::vector<int64_t> values;
    for (const double value : list) values.push_back(whole(key, value, 0, high));
    return values;
  }
};

constexpr int64_t any_dim = int64_t{1} << 40;

void take_slot(const Check& c, std::vector<Graph::Slot>& slots) {
  c.attrs({"slot"});
  if (slots.empty()) c.fail("the graph declares no slots of this kind");
  Graph::Slot& slot = slots[c.whole("slot", 0, static_cast<int64_t>(slots.size()) - 1)];
  if (slot.used && slot.shape != c.node.shape) {
    c.fail("another node gives this slot the shape " + to_text(slot.shape) + ", this one " + to_text(c.node.shape));
  }
  slot.used = true;
  slot.shape = c.node.shape;
}

void check_input(const Check& c) { take_slot(c, c.graph.inputs); }
void check_state(const Check& c) { take_slot(c, c.graph.states); }
void check_hyper(const Check& c) {
  c.attrs({"slot"});
  if (!c.graph.n_hypers) c.fail("the graph declares no hyper slots");
  c.whole("slot", 0, static_cast<int64_t>(c.graph.n_hypers) - 1);
  c.shape({});
}
void check_constant(const Check& c) {
  c.attrs({"value"});
  const Attr& value = c.node.attrs.at("value");
  if (std::holds_alternative<std::string>(value)) c.fail("attribute 'value' must be a number or a list of numbers");
  if (std::holds_alternative<double>(value)) return;
  const int64_t n = static_cast<int64_t>(std::get<std::vector<double>>(value).size());
  if (n != 1 && n != count_of(c.node.shape)) {
    c.fail("it has " + std::to_string(n) + " values; its shape " + to_text(c.node.shape) + " takes 1 or " +
           std::to_string(count_of(c.node.shape)));
  }
}
void check_random(const Check& c) {
  c.attrs({"stream"});
  c.whole("stream", 0, UINT32_MAX);
}

// Equal ranks with 1s broadcast; rank-0 scalars go with everything.
void check_elementwise_shapes(const Check& c) {
  Shape shape;
  for (size_t i = 0; i < c.node.inputs.size(); i++) {
    const Shape& in = c.in(i);
    if (in.empty()) continue;
    if (shape.empty()) {
      shape = in;
      continue;
    }
    bool fits = in.size() == shape.size();
    for (size_t d = 0; fits && d < in.size(); d++) {
      fits = in[d] == shape[d] || in[d] == 1 || shape[d] == 1;
      if (shape[d] == 1) shape[d] = in[d];
    }
    if (!fits) {
      std::string all;
      for (size_t k = 0; k < c.node.inputs.size(); k++) all += (k ? " and " : "") + to_text(c.in(k));
      c.fail("the shapes " + all + " do not broadcast together; ranks must be equal and dimensions equal or 1");
    }
  }
  c.shape(shape);
}
void check_elementwise(const Check& c) {
  c.attrs({});
  check_elementwise_shapes(c);
}
void check_leaky_relu(const Check& c) {
  c.attrs({"slope"});
  c.number("slope");
  check_elementwise_shapes(c);
}

void check_reshape(const Check& c) {
  c.attrs({});
  if (count_of(c.in(0)) != count_of(c.node.shape)) {
    c.fail("cannot reshape " + to_text(c.in(0)) + " to " + to_text(c.node.shape) + ": different numbers of elements");
  }
}
void check_transpose(const Check& c) {
  c.attrs({"perm"});
  const Shape& in = c.in(0);
  const auto perm = c.wholes("perm", static_cast<int64_t>(in.size()), static_cast<int64_t>(in.size()) - 1);
  Shape out;
  unsigned seen = 0;
  for (const int64_t p : perm) {
    if (seen & (1u << p)) c.fail("attribute 'perm' names dimension " + std::to_string(p) + " twice");
    seen |= 1u << p;
    out.push_back(in[p]);
  }
  c.shape(out);
}
void check_broadcast(const Check& c) {
  c.attrs({});
  const Shape &in = c.in(0), &out = c.node.shape;
  bool fits = in.size() <= out.size();
  for (size_t d = 0; fits && d < in.size(); d++) {
    const int64_t dim = in[in.size() - 1 - d];
    fits = dim == 1 || dim == out[out.size() - 1 - d];
  }
  if (!fits) c.fail("cannot broadcast " + to_text(in) + " to " + to_text(out));
}
void check_slice(const Check& c) {
  c.attrs({"begin"});
  const Shape &in = c.in(0), &out = c.node.shape;
  if (in.size() != out.size()) c.fail("cannot slice " + to_text(out) + " out of " + to_text(in) + ": different ranks");
  const auto begin = c.wholes("begin", static_cast<int64_t>(in.size()), any_dim);
  for (size_t d = 0; d < in.size(); d++) {
    if (begin[d] + out[d] > in[d]) {
      c.fail("cannot slice " + to_text(out) + " out of " + to_text(in) + " from " + to_text(begin) + " on: dimension " +
             std::to_string(d) + " ends at " + std::to_string(begin[d] + out[d]));
    }
  }
}
void check_pad(const Check& c) {
  c.attrs({"before"});
  const Shape &in = c.in(0), &out = c.node.shape;
  if (in.size() != out.size()) c.fail("cannot pad " + to_text(in) + " to " + to_text(out) + ": different ranks");
  const auto before = c.wholes("before", static_cast<int64_t>(in.size()), any_dim);
  for (size_t d = 0; d < in.size(); d++) {
    if (before[d] + in[d] > out[d]) {
      c.fail("cannot pad " + to_text(in) + " to " + to_text(out) + " with " + to_text(before) + " before: dimension " +
             std::to_string(d) + " does not fit");
    }
  }
}
void check_concat(const Check& c) {
  c.attrs({"axis"});
  if (!c.rank()) c.fail("scalars cannot be concatenated; reshape them to [1] first");
  const size_t axis = static_cast<size_t>(c.whole("axis", 0, static_cast<int64_t>(c.rank()) - 1));
  Shape out = c.in(0);
  for (size_t i = 0; i < c.node.inputs.size(); i++) {
    const Shape& in = c.in(i);
    bool fits = in.size() == c.rank();
    for (size_t d = 0; fits && d < in.size(); d++) fits = d == axis || in[d] == c.in(0)[d];
    if (!fits) {
      c.fail("input " + std::to_string(i) + " of shape " + to_text(in) + " does not fit " + to_text(c.in(0)) +
             " along axis " + std::to_string(axis));
    }
    if (i) out[axis] += in[axis];
  }
  c.shape(out);
}

void check_reduce(const Check& c) {
  c.attrs({"axes", "keepDims"});
  const Shape& in = c.in(0);
  const auto axes = c.wholes("axes", -1, static_cast<int64_t>(in.size()) - 1);
  const bool keep = c.flag("keepDims");
  for (size_t i = 1; i < axes.size(); i++) {
    if (axes[i] != axes[i - 1] + 1) c.fail("attribute 'axes' must be adjacent and ascending, not " + to_text(axes));
  }
  Shape out;
  for (size_t d = 0; d < in.size(); d++) {
    const bool reduced =
        !axes.empty() && static_cast<int64_t>(d) >= axes.front() && static_cast<int64_t>(d) <= axes.back();
    if (!reduced) out.push_back(in[d]);
    if (reduced && keep) out.push_back(1);
  }
  c.shape(out);
}
void check_argmax(const Check& c) {
  c.attrs({"axis"});
  if (c.in(0).empty()) c.fail("a scalar has no axis");
  Shape out = c.in(0);
  out.erase(out.begin() + c.whole("axis", 0, static_cast<int64_t>(out.size()) - 1));
  c.shape(out);
}
void check_sum_squares(const Check& c) {
  c.attrs({});
  c.shape({});
}
void check_matmul(const Check& c) {
  c.attrs({"transA", "transB"});
  const Shape &a = c.in(0), &b = c.in(1);
  if (a.size() != 2 || b.size() != 2) c.fail("needs two matrices, not " + to_text(a) + " and " + to_text(b));
  const bool trans_a = c.flag("transA"), trans_b = c.flag("transB");
  const int64_t m = a[trans_a], ka = a[!trans_a], kb = b[trans_b], n = b[!trans_b];
  if (ka != kb) {
    c.fail("cannot multiply " + to_text(a) + (trans_a ? "ᵀ" : "") + " by " + to_text(b) + (trans_b ? "ᵀ" : "") + ": " +
           std::to_string(ka) + " columns meet " + std::to_string(kb) + " rows");
  }
  c.shape({m, n});
}
void check_softmax(const Check& c) {
  c.attrs({});
  if (!c.rank()) c.fail("needs at least one dimension");
  c.shape(c.in(0));
}
void check_softmax_cross_entropy(const Check& c) {
  c.attrs({});
  if (c.in(0).size() != 2 || c.in(0) != c.in(1)) {
    c.fail("needs z and y of one shape [m,c], not " + to_text(c.in(0)) + " and " + to_text(c.in(1)));
  }
  c.shape({c.in(0)[0], 1});
}

struct Rule {
  int arity;  // -1: one or more
  void (*check)(const Check&);
};

const std::unordered_map<std::string, Rule>& rules() {
  static const std::unordered_map<std::string, Rule> table = [] {
    std::unordered_map<std::string, Rule> t = {
        {"input", {0, check_input}},
        {"state", {0, check_state}},
        {"hyper", {0, check_hyper}},
        {"constant", {0, check_constant}},
        {"randomUniform", {0, check_random}},
        {"leakyRelu", {1, check_leaky_relu}},  // has an attribute, so its rule is not the one of the lists
        {"reshape", {1, check_reshape}},
        {"transpose", {1, check_transpose}},
        {"broadcast", {1, check_broadcast}},
        {"slice", {1, check_slice}},
        {"pad", {1, check_pad}},
        {"concat", {-1, check_concat}},
        {"sum", {1, check_reduce}},
        {"max", {1, check_reduce}},
        {"argmax", {1, check_argmax}},
        {"sumSquares", {1, check_sum_squares}},
        {"matmul", {2, check_matmul}},
        {"softmax", {1, check_softmax}},
        {"softmaxCrossEntropy", {2, check_softmax_cross_entropy}},
    };
#define MYELIN_RULE1(op, formula) t.insert({#op, {1, check_elementwise}});
#define MYELIN_RULE2(op, formula) t.insert({#op, {2, check_elementwise}});
#define MYELIN_RULE3(op, formula) t.insert({#op, {3, check_elementwise}});
    MYELIN_UNARY(MYELIN_RULE1)
    MYELIN_BINARY(MYELIN_RULE2)
    MYELIN_TERNARY(MYELIN_RULE3)
    MYELIN_LANEWISE_UNARY(MYELIN_RULE1)
    MYELIN_LANEWISE_BINARY(MYELIN_RULE2)
#undef MYELIN_RULE1
#undef MYELIN_RULE2
#undef MYELIN_RULE3
    t.erase("identity");  // a kernel of the core's own, not an op of graphs
    return t;
  }();
  return table;
}

void check_ids(const Graph& graph, const std::vector<uint32_t>& ids, const char* role) {
  for (const uint32_t id : ids) {
    if (id >= graph.nodes.size()) {
      throw GraphError("graph: the " + std::string(role) + " name node " + std::to_string(id) + "; there are " +
                       std::to_string(graph.nodes.size()));
    }
  }
}

void check_updates(const Graph& graph) {
  std::vector<bool> written(graph.n_states, false);
  for (const Update& update : graph.updates) {
    check_ids(graph, {update.state, update.value}, "updates");
    const Node &state = graph.nodes[update.state], &value = graph.nodes[update.value];
    if (state.op != "state") {
      throw GraphError("graph: an update writes node " + std::to_string(update.state) + ", which is not a state but " +
                       describe(state));
    }
    if (state.shape != value.shape) {
      throw GraphError("graph: an update writes " + describe(value) + " to " + describe(state) + ": different shapes");
    }
    const size_t slot = static_cast<size_t>(number_attr(state, "slot"));
    if (written[slot]) throw GraphError("graph: " + describe(state) + " is written by two updates");
    written[slot] = true;
  }
}

}  // namespace

void validate(Graph& graph) {
  graph.inputs.assign(graph.n_inputs, {});
  graph.states.assign(graph.n_states, {});
  for (size_t id = 0; id < graph.nodes.size(); id++) {
    const Check c{graph, id, graph.nodes[id]};
    const auto rule = rules().find(c.node.op);
    if (rule == rules().end()) c.fail("the core has no op of this name");
    const int arity = rule->second.arity, n = static_cast<int>(c.node.inputs.size());
    if (arity < 0 ? n == 0 : n != arity) {
      c.fail("takes " + (arity < 0 ? std::string("at least 1") : std::to_string(arity)) + " inputs, it has " +
             std::to_string(n));
    }
    rule->second.check(c);
  }
  check_ids(graph, graph.fetches, "fetches");
  check_ids(graph, graph.guards, "guards");
  check_ids(graph, graph.costs, "costs");
  check_ids(graph, graph.accumulators, "accumulators");
  check_updates(graph);
  for (const uint32_t cost : graph.costs) {
    if (count_of(graph.nodes[cost].shape) != 1) {
      throw GraphError("graph: a cost must be a scalar, not " + describe(graph.nodes[cost]));
    }
  }
}

}  // namespace myelin
