// Softmax, and its cross-entropy: row by row along the last axis.
#include "check.h"

namespace myelin {
namespace {

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

BlockNeed blocks_rows(const Graph&, const Node& node, size_t) {
  BlockNeed need;
  for (size_t d = 0; d < node.shape.size(); d++)
    need.push_back({d + 1 < node.shape.size() ? static_cast<int>(d) : no_axis, 0});
  return need;
}

// Mostly e^x.
double work_of_rows(const Graph& graph, const Node& node) {
  return 4 * static_cast<double>(count_of(input_shape(graph, node)));
}

}  // namespace

OpList softmax_ops() {
  Op softmax{"softmax", 1, check_softmax, nullptr, blocks_rows};
  Op cross_entropy{"softmaxCrossEntropy", 2, check_softmax_cross_entropy, nullptr, blocks_rows};
  softmax.work = cross_entropy.work = work_of_rows;
  return {softmax, cross_entropy};
}

}  // namespace myelin
