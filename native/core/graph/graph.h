// The decoded graph: what TypeScript asked for, validated. Nothing here knows about kernels.
#pragma once
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include "core/call.h"

namespace myelin {

inline size_t size_of(DType t) {
#define MYELIN_SIZE(dtype, type, name) sizeof(type),
  constexpr size_t sizes[] = {MYELIN_DTYPES(MYELIN_SIZE)};
#undef MYELIN_SIZE
  return sizes[static_cast<size_t>(t)];
}
inline const char* name_of(DType t) {
#define MYELIN_NAME(dtype, type, name) name,
  constexpr const char* names[] = {MYELIN_DTYPES(MYELIN_NAME)};
#undef MYELIN_NAME
  return names[static_cast<size_t>(t)];
}
inline bool is_floating(DType t) { return t != DType::i32; }

// What the products of a float32 graph may be computed in where a device has tensor cores for it. A permission: a
// device that has none computes them in float32. All other ops, and the sums of products, are in the dtype.
enum class Precision : uint8_t { full = 0, tf32 = 1, bf16 = 2 };

using Shape = std::vector<int64_t>;
int64_t count_of(const Shape& shape);
std::string to_text(const Shape& shape);

// A graph that is malformed, or asks for what the core does not do. Reaches JavaScript as an Error
// with code 'MYELIN_GRAPH'.
struct GraphError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

using Attr = std::variant<double, std::vector<double>, std::string>;

struct Op;  // core/ops/op.h

struct Node {
  std::string op;
  const Op* record = nullptr;    // set by validate(), which knows no node without
  std::vector<uint32_t> inputs;  // always smaller than the node's own id
  DType dtype;                   // the graph's, or int32
  Shape shape;
  std::map<std::string, Attr> attrs;
  std::string label;  // the layer or user name that errors quote
};

struct Update {
  uint32_t state;  // id of a node with op "state"
  uint32_t value;
  uint32_t rows;  // id of the row numbers that `value` has the new rows for, or all_rows
};
constexpr uint32_t all_rows = UINT32_MAX;

struct Graph {
  DType dtype;  // what it computes in: the dtype of all nodes but those of whole numbers
  Precision precision = Precision::full;
  std::vector<Node> nodes;
  uint32_t n_inputs, n_states, n_hypers;  // slots; "input", "state", "hyper" nodes carry attr slot
  std::vector<uint32_t> fetches;          // values handed back (or collected by row)
  std::vector<Update> updates;            // committed together, after every guard has passed
  std::vector<uint32_t> guards;           // must be finite, else the step is not committed
  std::vector<uint32_t> costs;            // scalars recorded per step as double
  std::vector<uint32_t> accumulators;     // added into float64 totals per step

  // By slot, filled by validate(). A slot that no node reads has no shape and takes any buffer, or none.
  struct Slot {
    bool used = false;
    DType dtype = DType::f32;
    Shape shape;
  };
  std::vector<Slot> inputs, states;
};

// The attribute of a validated node. The node is known to have it, of this type.
double number_attr(const Node& node, const char* key);
const std::vector<double>& list_attr(const Node& node, const char* key);
// A constant whose single number fills its whole shape.
bool is_fill(const Node& node);
// How errors and plan listings name a node: matmul "dense_1" [32,10].
std::string describe(const Node& node);

// Decodes and validates completely: ids, ranks, shape rules of every op, slots, one writer a state.
Graph decode(const uint8_t* bytes, size_t size);
// The second half of decode(): everything that does not concern the encoding. Fills the slots.
void validate(Graph& graph);

}  // namespace myelin
