// Rows of tables by number, and the casts that make numbers of rows.
#include "check.h"

namespace myelin {
namespace {

// Places of ids are int32 in the kernels.
constexpr int64_t max_ids = INT32_MAX;

void check_ids(const Check& c, size_t input) {
  if (count_of(c.in(input)) > max_ids) c.fail("more than 2^31 - 1 row numbers are not supported");
}

Shape joined(const Shape& ids, const Shape& row) {
  Shape shape = ids;
  shape.insert(shape.end(), row.begin(), row.end());
  return shape;
}

// ---- cast -------------------------------------------------------------------------------------

bool to_int32(const Node& node) { return node.dtype == DType::i32; }

void dtypes_cast(const Check& c) {
  c.in_dtype(0, to_int32(c.node) ? c.graph.dtype : DType::i32);
  if (!to_int32(c.node)) c.out_dtype(c.graph.dtype);
}
void check_cast(const Check& c) {
  c.attrs({"part"});
  c.whole("part", 0, to_int32(c.node) ? 0 : 2);
  c.shape(c.in(0));
}
Lowered lower_cast(const Graph&, const Node& node, const Epilogue&) {
  return {node.op.c_str(), to_bytes(CastAttrs{to_int32(node), static_cast<int32_t>(number_attr(node, "part"))}), {}};
}
BlockNeed blocks_cast(const Graph&, const Node& node, size_t) {
  BlockNeed need;
  for (size_t d = 0; d < node.shape.size(); d++) need.push_back({static_cast<int>(d), 0});
  return need;
}

// ---- rows -------------------------------------------------------------------------------------

void dtypes_take(const Check& c) {
  c.in_dtype(0, c.graph.dtype);
  c.in_dtype(1, DType::i32);
  c.out_dtype(c.graph.dtype);
}
void check_take(const Check& c) {
  c.attrs({});
  const Shape &table = c.in(0), &ids = c.in(1);
  if (table.empty()) c.fail("needs a table of at least one dimension, not a scalar");
  if (ids.size() + table.size() - 1 > max_rank) c.fail("its result has more than 6 dimensions");
  check_ids(c, 1);
  c.shape(joined(ids, Shape(table.begin() + 1, table.end())));
}

// The same axes of the ids; of the table all rows, and the block's columns.
BlockNeed blocks_take(const Graph& graph, const Node& node, size_t input) {
  const size_t before = input_shape(graph, node, 1).size();
  BlockNeed need;
  for (size_t d = 0; d < node.shape.size(); d++) {
    const bool of_ids = d < before;
    const int axis = static_cast<int>(input == 1 ? d : d - before + 1);
    need.push_back({of_ids == (input == 1) ? axis : no_axis, 0});
  }
  return need;
}

void dtypes_ids_rows(const Check& c) {
  c.in_dtype(0, DType::i32);
  c.in_dtype(1, c.graph.dtype);
  c.out_dtype(c.graph.dtype);
}

void check_scatter_add(const Check& c) {
  c.attrs({"count"});
  const int64_t count = c.whole("count", 1, UINT32_MAX);
  const Shape &ids = c.in(0), &rows = c.in(1);
  bool fits = ids.size() <= rows.size();
  for (size_t d = 0; fits && d < ids.size(); d++) fits = ids[d] == rows[d];
  if (!fits) c.fail("needs a row for each id, not " + to_text(ids) + " and " + to_text(rows));
  check_ids(c, 0);
  c.shape(joined({count}, Shape(rows.begin() + static_cast<std::ptrdiff_t>(ids.size()), rows.end())));
}
Lowered lower_scatter_add(const Graph&, const Node& node, const Epilogue&) { return {node.op.c_str(), {}, {}}; }

// All ids; of the rows all, and the block's columns.
BlockNeed blocks_scatter_add(const Graph& graph, const Node& node, size_t input) {
  const size_t before = input_shape(graph, node, 0).size();
  BlockNeed need = {{no_axis, 0}};
  for (size_t d = 1; d < node.shape.size(); d++) {
    need.push_back({input == 1 ? static_cast<int>(before + d - 1) : no_axis, 0});
  }
  return need;
}

void check_sum_duplicates(const Check& c) {
  c.attrs({});
  const Shape &ids = c.in(0), &rows = c.in(1);
  if (ids.size() != 1 || rows.empty() || rows[0] != ids[0]) {
    c.fail("needs ids [n] and a row for each, not " + to_text(ids) + " and " + to_text(rows));
  }
  check_ids(c, 0);
  c.shape(rows);
}
// All ids; of the rows all, and the block's columns.
BlockNeed blocks_sum_duplicates(const Graph&, const Node& node, size_t input) {
  BlockNeed need = {{no_axis, 0}};
  for (size_t d = 1; d < node.shape.size(); d++) need.push_back({input == 1 ? static_cast<int>(d) : no_axis, 0});
  return need;
}

}  // namespace

OpList row_ops() {
  Op cast{"cast", 1, check_cast, lower_cast, blocks_cast};
  cast.dtypes = dtypes_cast;
  cast.computes_in = [](const Graph& graph, const Node&) { return graph.dtype; };
  Op take{"take", 2, check_take, nullptr, blocks_take};
  take.dtypes = dtypes_take;
  Op scatter_add{"scatterAdd", 2, check_scatter_add, lower_scatter_add, blocks_scatter_add};
  scatter_add.dtypes = dtypes_ids_rows;
  Op sum_duplicates{"sumDuplicates", 2, check_sum_duplicates, nullptr, blocks_sum_duplicates};
  sum_duplicates.dtypes = dtypes_ids_rows;
  return {cast, take, scatter_add, sum_duplicates};
}

}  // namespace myelin
