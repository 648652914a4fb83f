// The record of an op: all that the core knows about it. One record an op, in the file of its family; the rest of the
// core asks records and never compares names. What is not in a record: the kernel (core/kernels.def) and the formula of
// an element-wise op (native/math).
#pragma once
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "core/call.h"
#include "core/graph/graph.h"

namespace myelin {

struct Check;  // check.h

// What a node finds instead of computing it.
enum class Source : uint8_t { none, input, state, hyper, constant };

// What an element-wise op may become behind an op that has an epilogue.
enum class InEpilogue : uint8_t { nothing, bias, activation };

// ---- blocks -----------------------------------------------------------------------------------

// A block of an array is a range on each of its axes. For one input of a node, by axis of the output: the axis of the
// input on which the output's range, moved by `shift` and cut to what the input has, is enough. `no_axis` means that
// the range on this axis of the output narrows nothing. An axis of the input that no axis of the output names is needed
// from end to end.
//
// So a matrix product needs of a its rows, of b its columns; softmax its rows; a transpose the block with its axes
// changed. A scheduler may compute a block as soon as these blocks are there, and shards of one axis need nothing
// from each other where every input either follows that axis or is the same for all.
struct AxisNeed {
  int axis;
  int64_t shift;
};
constexpr int no_axis = -1;
using BlockNeed = std::vector<AxisNeed>;

// ---- lowering ---------------------------------------------------------------------------------

// A node as a call of one kernel. The core hands the attributes on without looking at them; which struct a kernel
// takes, core/kernels.def says.
struct Lowered {
  const char* kernel;
  std::vector<uint8_t> attrs;
  std::string operands = {};  // for the listing of a plan; empty: the shapes of the inputs and of the output
  // Operands that the kernel can read by row numbers, one bit each, and where in the attributes the int32 stands that
  // says which of them have any.
  int32_t by_rows = 0;
  size_t by_rows_at = 0;
};

template <class Attrs>
std::vector<uint8_t> to_bytes(const Attrs& attrs) {
  static_assert(std::is_trivially_copyable<Attrs>::value, "a kernel's attributes are plain data");
  std::vector<uint8_t> bytes(sizeof attrs);
  memcpy(bytes.data(), &attrs, sizeof attrs);
  return bytes;
}

// ---- the record -------------------------------------------------------------------------------

struct Op {
  const char* name;
  int arity;                      // -1: one or more
  void (*check)(const Check& c);  // shape rule and attributes; throws GraphError
  // Null: the kernel of the op's name, without attributes. `epilogue` is what the core found to follow the node.
  Lowered (*lower)(const Graph& graph, const Node& node, const Epilogue& epilogue) = nullptr;
  // What a block of the output needs of the input with this number. Null: of every input everything.
  BlockNeed (*blocks)(const Graph& graph, const Node& node, size_t input) = nullptr;

  // About how many element-wise steps it costs. Null: as many as it has operands and results.
  double (*work)(const Graph& graph, const Node& node) = nullptr;

  // Which dtypes operands and result may have; throws GraphError. Null: all are in the graph's floating dtype.
  void (*dtypes)(const Check& c) = nullptr;
  // The dtype of the kernel. Null: that of the result.
  DType (*computes_in)(const Graph& graph, const Node& node) = nullptr;

  // The kernel takes a bias along the last axis and an activation, and hands out the value between (z): see Epilogue.
  bool epilogue = false;
  // Whether the output has the input's elements in the input's order, so that no instruction is needed. Null: never.
  bool (*moves_nothing)(const Graph& graph, const Node& node) = nullptr;

  Source source = Source::none;

  // Of element-wise ops only: their entry in the backend's element-wise table …
  const char* element = nullptr;
  const char* number = nullptr;  // … the attribute that is the entry's number, if it takes one …
  InEpilogue in_epilogue = InEpilogue::nothing;
  bool sees_through = false;  // … and whether readers may read the input instead, element by element
};

// Null: there is no op of this name.
const Op* find_op(const std::string& name);
const std::vector<const Op*>& all_ops();

inline const Shape& input_shape(const Graph& graph, const Node& node, size_t input = 0) {
  return graph.nodes[node.inputs[input]].shape;
}

// What a block of the output needs of an input: what regions go by (core/compile/regions.cpp). The driver
// test/native/core/blocks.cpp checks that the records tell the truth.
inline BlockNeed needs_of(const Graph& graph, const Node& node, size_t input) {
  return node.record->blocks ? node.record->blocks(graph, node, input)
                             : BlockNeed(node.shape.size(), AxisNeed{no_axis, 0});
}

// The number that an element-wise node hands to its entry of the table.
inline double number_of(const Node& node) { return node.record->number ? number_attr(node, node.record->number) : 0; }

// The families, each in a file of its own.
using OpList = std::vector<Op>;
OpList source_ops();
OpList elementwise_ops();
OpList movement_ops();
OpList row_ops();
OpList reduce_ops();
OpList product_ops();
OpList softmax_ops();
OpList random_ops();

}  // namespace myelin
