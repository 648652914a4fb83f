// The element-wise ops: the lists of native/math, and what else is to be known about some of them.
#include "math/elementwise.h"

#include "check.h"

namespace myelin {
namespace {

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
  const char* number = c.node.record->number;
  if (number) {
    c.attrs({number});
    c.number(number);
  } else {
    c.attrs({});
  }
  check_elementwise_shapes(c);
}

// The same block, without the axes along which the input repeats.
BlockNeed blocks_elementwise(const Graph& graph, const Node& node, size_t input) {
  const Shape& in = input_shape(graph, node, input);
  BlockNeed need(node.shape.size(), AxisNeed{no_axis, 0});
  for (size_t d = 0; d < in.size(); d++) {
    if (in[d] == node.shape[d]) need[d].axis = static_cast<int>(d);
  }
  return need;
}

Op elementwise(const char* name, int arity) {
  Op op{name, arity, check_elementwise, nullptr, blocks_elementwise};
  op.element = name;
  return op;
}

// What is more to be known than name and arity: what the kernels with an epilogue take in, and numbers of formulas.
constexpr struct {
  const char* op;
  InEpilogue in_epilogue;
  const char* number;
} facts[] = {
    {"add", InEpilogue::bias, nullptr},
    {"relu", InEpilogue::activation, nullptr},
    {"leakyRelu", InEpilogue::activation, "slope"},
    {"sigmoid", InEpilogue::activation, nullptr},
    {"tanh", InEpilogue::activation, nullptr},
    {"softplus", InEpilogue::activation, nullptr},
};

}  // namespace

OpList elementwise_ops() {
  OpList ops;
#define MYELIN_OP1(op, formula) ops.push_back(elementwise(#op, 1));
#define MYELIN_OP2(op, formula) ops.push_back(elementwise(#op, 2));
#define MYELIN_OP3(op, formula) ops.push_back(elementwise(#op, 3));
  MYELIN_UNARY(MYELIN_OP1)
  MYELIN_BINARY(MYELIN_OP2)
  MYELIN_TERNARY(MYELIN_OP3)
  MYELIN_LANEWISE_UNARY(MYELIN_OP1)
  MYELIN_LANEWISE_BINARY(MYELIN_OP2)
#undef MYELIN_OP1
#undef MYELIN_OP2
#undef MYELIN_OP3
  OpList found;
  for (Op& op : ops) {
    if (!strcmp(op.name, "identity")) continue;  // a step of the core's own, not an op of graphs
    for (const auto& fact : facts) {
      if (strcmp(op.name, fact.op)) continue;
      op.in_epilogue = fact.in_epilogue;
      op.number = fact.number;
    }
    found.push_back(op);
  }
  return found;
}

}  // namespace myelin
