// Over axes: sums, largest elements and their places, running sums.
#include "check.h"

namespace myelin {
namespace {

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
ReduceAttrs reduce(const Shape& in, const std::vector<double>& axes) {
  ReduceAttrs attrs{1, 1, 1};
  for (size_t d = 0; d < in.size(); d++) {
    const bool before = axes.empty() || static_cast<double>(d) < axes.front();
    const bool after = !axes.empty() && static_cast<double>(d) > axes.back();
    (before ? attrs.outer : after ? attrs.inner : attrs.n) *= in[d];
  }
  return attrs;
}
Lowered lower_reduce(const Graph& graph, const Node& node, const Epilogue&) {
  return {node.op.c_str(), to_bytes(reduce(input_shape(graph, node), list_attr(node, "axes"))), {}};
}
Lowered lower_argmax(const Graph& graph, const Node& node, const Epilogue&) {
  return {node.op.c_str(), to_bytes(reduce(input_shape(graph, node), {number_attr(node, "axis")})), {}};
}
Lowered lower_sum_squares(const Graph& graph, const Node& node, const Epilogue&) {
  return {node.op.c_str(), to_bytes(ReduceAttrs{1, count_of(input_shape(graph, node)), 1}), {}};
}

void check_cumsum(const Check& c) {
  c.attrs({"axis", "exclusive", "reverse"});
  if (!c.rank()) c.fail("a scalar has no axis");
  c.whole("axis", 0, static_cast<int64_t>(c.rank()) - 1);
  c.flag("exclusive");
  c.flag("reverse");
  c.shape(c.in(0));
}
Lowered lower_cumsum(const Graph&, const Node& node, const Epilogue&) {
  const ReduceAttrs along = reduce(node.shape, {number_attr(node, "axis")});
  const CumsumAttrs attrs{along.outer, along.n, along.inner, number_attr(node, "exclusive") != 0,
                          number_attr(node, "reverse") != 0};
  return {node.op.c_str(), to_bytes(attrs), {}};
}
// Lines along the axis are summed by themselves; of its line an element needs everything.
BlockNeed blocks_cumsum(const Graph&, const Node& node, size_t) {
  BlockNeed need;
  for (size_t d = 0; d < node.shape.size(); d++) {
    need.push_back({static_cast<double>(d) == number_attr(node, "axis") ? no_axis : static_cast<int>(d), 0});
  }
  return need;
}

// The axes that are left, each with its axis of the input.
BlockNeed left_axes(const Graph& graph, const Node& node, const std::vector<double>& axes, bool keep) {
  BlockNeed need;
  for (size_t d = 0; d < input_shape(graph, node).size(); d++) {
    const bool reduced =
        !axes.empty() && static_cast<double>(d) >= axes.front() && static_cast<double>(d) <= axes.back();
    if (!reduced) need.push_back({static_cast<int>(d), 0});
    if (reduced && keep) need.push_back({no_axis, 0});
  }
  return need;
}
BlockNeed blocks_reduce(const Graph& graph, const Node& node, size_t) {
  return left_axes(graph, node, list_attr(node, "axes"), number_attr(node, "keepDims") != 0);
}
BlockNeed blocks_argmax(const Graph& graph, const Node& node, size_t) {
  return left_axes(graph, node, {number_attr(node, "axis")}, false);
}

}  // namespace

OpList reduce_ops() {
  return {
      {"sum", 1, check_reduce, lower_reduce, blocks_reduce},
      {"max", 1, check_reduce, lower_reduce, blocks_reduce},
      {"argmax", 1, check_argmax, lower_argmax, blocks_argmax},
      {"cumsum", 1, check_cumsum, lower_cumsum, blocks_cumsum},
      {"sumSquares", 1, check_sum_squares, lower_sum_squares},
  };
}

}  // namespace myelin
