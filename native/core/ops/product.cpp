// Matrix products.
#include <cstddef>

#include "check.h"

namespace myelin {
namespace {

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
Lowered lower_matmul(const Graph& graph, const Node& node, const Epilogue& epilogue) {
  const MatmulAttrs attrs = {number_attr(node, "transA") != 0, number_attr(node, "transB") != 0, epilogue, 0};
  const auto operand = [&](size_t i, int32_t transposed) {
    return to_text(input_shape(graph, node, i)) + (transposed ? "ᵀ" : "");
  };
  // Rows that are far apart come from memory more slowly than a copy of them, once it is made: that pays where an
  // element is used often. Vectors are taken otherwise, for which their elements must stand side by side.
  constexpr int64_t often = 64;
  const int64_t m = node.shape[0], n = node.shape[1], k = input_shape(graph, node)[attrs.trans_a ? 0 : 1];
  const bool is_matrix = m > 1 && n > 1 && k > 1;
  const int32_t by_rows = is_matrix ? (attrs.trans_a || n > often ? 0 : 1) | (attrs.trans_b || m > often ? 0 : 2) : 0;
  return {node.op.c_str(), to_bytes(attrs), operand(0, attrs.trans_a) + "·" + operand(1, attrs.trans_b), by_rows,
          offsetof(MatmulAttrs, by_rows)};
}

// Rows of op(a), columns of op(b).
BlockNeed blocks_matmul(const Graph&, const Node& node, size_t input) {
  if (input == 0) return {{number_attr(node, "transA") != 0 ? 1 : 0, 0}, {no_axis, 0}};
  return {{no_axis, 0}, {number_attr(node, "transB") != 0 ? 0 : 1, 0}};
}

// A multiply-add of whole vectors is about as much work as an element-wise step on one element: 32 flops.
double work_of_matmul(const Graph& graph, const Node& node) {
  const Shape& a = input_shape(graph, node);
  const int64_t k = a[number_attr(node, "transA") != 0 ? 0 : 1];
  return static_cast<double>(count_of(node.shape)) * static_cast<double>(k) / 16;
}

}  // namespace

OpList product_ops() {
  Op matmul{"matmul", 2, check_matmul, lower_matmul, blocks_matmul};
  matmul.epilogue = true;
  matmul.work = work_of_matmul;
  return {matmul};
}

}  // namespace myelin
