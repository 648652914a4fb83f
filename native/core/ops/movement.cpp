// Ops that compute nothing: their elements are those of their inputs, or zeros, elsewhere.
#include "check.h"

namespace myelin {
namespace {

// More than any dimension.
constexpr int64_t any_dim = int64_t{1} << 40;

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

template <class T>
void copy_list(T* to, const Node& node, const char* key) {
  for (const double value : list_attr(node, key)) *to++ = static_cast<T>(value);
}

// Where it is an instruction at all, as in plain mode.
Lowered lower_reshape(const Graph&, const Node&, const Epilogue&) { return {"copy", {}, {}}; }
Lowered lower_transpose(const Graph&, const Node& node, const Epilogue&) {
  TransposeAttrs attrs = {};
  copy_list(attrs.perm, node, "perm");
  return {node.op.c_str(), to_bytes(attrs), {}};
}
Lowered lower_slice(const Graph&, const Node& node, const Epilogue&) {
  SliceAttrs attrs = {};
  copy_list(attrs.begin, node, "begin");
  return {node.op.c_str(), to_bytes(attrs), {}};
}
Lowered lower_pad(const Graph&, const Node& node, const Epilogue&) {
  PadAttrs attrs = {};
  copy_list(attrs.before, node, "before");
  return {node.op.c_str(), to_bytes(attrs), {}};
}
Lowered lower_concat(const Graph&, const Node& node, const Epilogue&) {
  return {node.op.c_str(), to_bytes(ConcatAttrs{static_cast<int32_t>(number_attr(node, "axis"))}), {}};
}

// The first axes, as long as they are the input's.
BlockNeed blocks_reshape(const Graph& graph, const Node& node, size_t) {
  const Shape& in = input_shape(graph, node);
  BlockNeed need(node.shape.size(), AxisNeed{no_axis, 0});
  for (size_t d = 0; d < need.size() && d < in.size() && in[d] == node.shape[d]; d++)
    need[d].axis = static_cast<int>(d);
  return need;
}
BlockNeed blocks_transpose(const Graph&, const Node& node, size_t) {
  BlockNeed need;
  for (const double from : list_attr(node, "perm")) need.push_back({static_cast<int>(from), 0});
  return need;
}
BlockNeed blocks_broadcast(const Graph& graph, const Node& node, size_t) {
  const Shape& in = input_shape(graph, node);
  const size_t added = node.shape.size() - in.size();
  BlockNeed need(node.shape.size(), AxisNeed{no_axis, 0});
  for (size_t d = 0; d < in.size(); d++) {
    if (in[d] == node.shape[added + d]) need[added + d].axis = static_cast<int>(d);
  }
  return need;
}
BlockNeed moved(const Node& node, const char* key, int64_t direction) {
  BlockNeed need;
  for (const double by : list_attr(node, key)) {
    need.push_back({static_cast<int>(need.size()), direction * static_cast<int64_t>(by)});
  }
  return need;
}
BlockNeed blocks_slice(const Graph&, const Node& node, size_t) { return moved(node, "begin", 1); }
BlockNeed blocks_pad(const Graph&, const Node& node, size_t) { return moved(node, "before", -1); }
BlockNeed blocks_concat(const Graph& graph, const Node& node, size_t input) {
  const size_t axis = static_cast<size_t>(number_attr(node, "axis"));
  BlockNeed need;
  for (size_t d = 0; d < node.shape.size(); d++) need.push_back({static_cast<int>(d), 0});
  for (size_t i = 0; i < input; i++) need[axis].shift -= input_shape(graph, node, i)[axis];
  return need;
}

bool always(const Graph&, const Node&) { return true; }
bool same_count(const Graph& graph, const Node& node) {
  return count_of(input_shape(graph, node)) == count_of(node.shape);
}
bool same_shape(const Graph& graph, const Node& node) { return input_shape(graph, node) == node.shape; }
bool one_input(const Graph&, const Node& node) { return node.inputs.size() == 1; }
// The dimensions greater than 1 keep their order.
bool same_order(const Graph& graph, const Node& node) {
  double last = -1;
  for (const double from : list_attr(node, "perm")) {
    if (input_shape(graph, node)[static_cast<size_t>(from)] == 1) continue;
    if (from < last) return false;
    last = from;
  }
  return true;
}

}  // namespace

OpList movement_ops() {
  // A fused instruction computes a broadcast by itself, as a step that changes nothing.
  Op broadcast{"broadcast", 1, check_broadcast, nullptr, blocks_broadcast};
  broadcast.moves_nothing = same_count;
  broadcast.element = "identity";
  broadcast.sees_through = true;
  const auto moving = [](const char* name, int arity, void (*check)(const Check&), auto lower, auto blocks,
                         bool (*moves_nothing)(const Graph&, const Node&)) {
    Op op{name, arity, check, lower, blocks};
    op.dtypes = [](const Check& c) { c.alike(); };
    op.moves_nothing = moves_nothing;
    return op;
  };
  return {
      broadcast,
      moving("reshape", 1, check_reshape, lower_reshape, blocks_reshape, always),
      moving("transpose", 1, check_transpose, lower_transpose, blocks_transpose, same_order),
      moving("slice", 1, check_slice, lower_slice, blocks_slice, same_shape),
      moving("pad", 1, check_pad, lower_pad, blocks_pad, same_shape),
      moving("concat", -1, check_concat, lower_concat, blocks_concat, one_input),
  };
}

}  // namespace myelin
