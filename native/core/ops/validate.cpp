// Every node by the record of its op, then the roles of nodes. After validate() the rest of the core trusts a graph
// without further checks.
#include "core/graph/graph.h"

#include "core/ops/check.h"

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
  if (node.record->source != Source::constant) return false;
  const Attr& value = node.attrs.at("value");
  if (std::holds_alternative<double>(value)) return true;
  return std::get<std::vector<double>>(value).size() == 1;
}

std::string describe(const Node& node) {
  return node.op + (node.label.empty() ? "" : " \"" + node.label + "\"") + " " + to_text(node.shape);
}

namespace {

void check_ids(const Graph& graph, const std::vector<uint32_t>& ids, const char* role) {
  for (const uint32_t id : ids) {
    if (id >= graph.nodes.size()) {
      throw GraphError("graph: the " + std::string(role) + " name node " + std::to_string(id) + "; there are " +
                       std::to_string(graph.nodes.size()));
    }
  }
}

// Values that are looked at as floating numbers.
void check_floating(const Graph& graph, const std::vector<uint32_t>& ids, const char* role) {
  check_ids(graph, ids, role);
  for (const uint32_t id : ids) {
    if (graph.nodes[id].dtype == graph.dtype) continue;
    throw GraphError("graph: the " + std::string(role) + " must be " + name_of(graph.dtype) + ", not " +
                     describe(graph.nodes[id]) + " of " + name_of(graph.nodes[id].dtype));
  }
}

// New rows: one for each row number, of the state's row shape.
void check_rows(const Graph& graph, const Update& update) {
  check_ids(graph, {update.rows}, "rows of updates");
  const Node &state = graph.nodes[update.state], &value = graph.nodes[update.value], &rows = graph.nodes[update.rows];
  if (rows.dtype != DType::i32 || rows.shape.size() != 1) {
    throw GraphError("graph: the rows of an update must be int32 of one dimension, not " + describe(rows) + " of " +
                     name_of(rows.dtype));
  }
  Shape expected = state.shape;
  if (!expected.empty()) expected[0] = rows.shape[0];
  if (expected.empty() || value.shape != expected) {
    throw GraphError("graph: an update writes " + describe(value) + " to " + to_text(rows.shape) + " rows of " +
                     describe(state) + ": different shapes");
  }
}

void check_updates(const Graph& graph) {
  std::vector<bool> written(graph.n_states, false);
  for (const Update& update : graph.updates) {
    check_ids(graph, {update.state, update.value}, "updates");
    const Node &state = graph.nodes[update.state], &value = graph.nodes[update.value];
    if (state.record->source != Source::state) {
      throw GraphError("graph: an update writes node " + std::to_string(update.state) + ", which is not a state but " +
                       describe(state));
    }
    if (state.dtype != value.dtype) {
      throw GraphError("graph: an update writes " + describe(value) + " of " + name_of(value.dtype) + " to " +
                       describe(state) + " of " + name_of(state.dtype));
    }
    if (update.rows != all_rows) {
      check_rows(graph, update);
    } else if (state.shape != value.shape) {
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
    const Op* record = graph.nodes[id].record = find_op(c.node.op);
    if (!record) c.fail("the core has no op of this name");
    const int arity = record->arity, n = static_cast<int>(c.node.inputs.size());
    if (arity < 0 ? n == 0 : n != arity) {
      c.fail("takes " + (arity < 0 ? std::string("at least 1") : std::to_string(arity)) + " inputs, it has " +
             std::to_string(n));
    }
    if (record->dtypes) {
      record->dtypes(c);
    } else {
      c.floating();
    }
    record->check(c);
  }
  check_ids(graph, graph.fetches, "fetches");
  check_floating(graph, graph.guards, "guards");
  check_floating(graph, graph.costs, "costs");
  check_ids(graph, graph.accumulators, "accumulators");
  check_updates(graph);
  for (const uint32_t cost : graph.costs) {
    if (count_of(graph.nodes[cost].shape) != 1) {
      throw GraphError("graph: a cost must be a scalar, not " + describe(graph.nodes[cost]));
    }
  }
}

}  // namespace myelin
