// Binary decoding of a graph. Every read is bounded; what the numbers mean is checked in validate.cpp.
#include <cstring>

#include "graph.h"

namespace myelin {
namespace {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the encoding is little endian");

constexpr uint32_t graph_magic = 0x3347594D;  // "MYG3"
constexpr uint32_t max_nodes = 1u << 20;
constexpr int64_t max_elements = int64_t{1} << 40;

class Reader {
 public:
  Reader(const uint8_t* bytes, size_t size) : begin_(bytes), at_(bytes), end_(bytes + size) {}

  template <class T>
  T read(const char* what) {
    need(sizeof(T), what);
    T value;
    memcpy(&value, at_, sizeof(T));
    at_ += sizeof(T);
    return value;
  }

  // A count of things that take at least `each` bytes: refused before anything is allocated for it.
  size_t count(size_t n, size_t each, const char* what) {
    if (n > remaining() / each) fail(what);
    return n;
  }

  std::string text(const char* what) {
    const size_t length = count(read<uint16_t>(what), 1, what);
    std::string value(reinterpret_cast<const char*>(at_), length);
    at_ += length;
    return value;
  }

  std::vector<uint32_t> ids(size_t n, const char* what) {
    std::vector<uint32_t> values(count(n, sizeof(uint32_t), what));
    if (n) memcpy(values.data(), at_, n * sizeof(uint32_t));
    at_ += n * sizeof(uint32_t);
    return values;
  }

  std::vector<double> numbers(size_t n, const char* what) {
    std::vector<double> values(count(n, sizeof(double), what));
    if (n) memcpy(values.data(), at_, n * sizeof(double));
    at_ += n * sizeof(double);
    return values;
  }

  size_t remaining() const { return static_cast<size_t>(end_ - at_); }

 private:
  void need(size_t n, const char* what) {
    if (n > remaining()) fail(what);
  }
  [[noreturn]] void fail(const char* what) const {
    throw GraphError("encoded graph: the data ends inside " + std::string(what) + " (at byte " +
                     std::to_string(at_ - begin_) + " of " + std::to_string(end_ - begin_) + ")");
  }

  const uint8_t *begin_, *at_, *end_;
};

[[noreturn]] void fail_node(size_t id, const Node& node, const std::string& message) {
  throw GraphError("graph node " + std::to_string(id) + " (" + node.op +
                   (node.label.empty() ? "" : ", \"" + node.label + "\"") + "): " + message);
}

Attr read_attr(Reader& reader, size_t id, const Node& node, const std::string& key) {
  const uint8_t type = reader.read<uint8_t>("an attribute");
  if (type == 0) return reader.read<double>("a number attribute");
  if (type == 1) return reader.numbers(reader.read<uint32_t>("a list attribute"), "a list attribute");
  if (type == 2) return reader.text("a text attribute");
  fail_node(id, node, "attribute '" + key + "' has unknown type " + std::to_string(type));
}

Node read_node(Reader& reader, size_t id) {
  Node node;
  node.op = reader.text("the name of an op");
  node.label = reader.text("a label");
  const uint8_t dtype = reader.read<uint8_t>("a dtype");
  if (dtype > static_cast<uint8_t>(DType::i32)) {
    fail_node(id, node, "unknown dtype " + std::to_string(dtype) + " (0 float32, 1 float64, 2 int32)");
  }
  node.dtype = static_cast<DType>(dtype);
  const int rank = reader.read<uint8_t>("a rank");
  if (rank > max_rank) {
    fail_node(id, node, "rank " + std::to_string(rank) + "; at most " + std::to_string(max_rank) + " is supported");
  }
  int64_t count = 1;
  for (int i = 0; i < rank; i++) {
    const int64_t dim = reader.read<uint32_t>("a shape");
    if (dim == 0) fail_node(id, node, "dimension " + std::to_string(i) + " is 0; empty arrays are not supported");
    if (count > max_elements / dim) {
      fail_node(id, node, "the shape has more than 2^40 elements");
    }
    count *= dim;
    node.shape.push_back(dim);
  }
  node.inputs = reader.ids(reader.read<uint16_t>("a list of inputs"), "a list of inputs");
  for (const uint32_t input : node.inputs) {
    if (input >= id) {
      fail_node(id, node, "reads node " + std::to_string(input) + ", which does not come before it");
    }
  }
  const int n_attrs = reader.read<uint8_t>("the attributes");
  for (int i = 0; i < n_attrs; i++) {
    std::string key = reader.text("the name of an attribute");
    Attr value = read_attr(reader, id, node, key);
    if (!node.attrs.emplace(key, std::move(value)).second) fail_node(id, node, "attribute '" + key + "' stands twice");
  }
  return node;
}

}  // namespace

Graph decode(const uint8_t* bytes, size_t size) {
  Reader reader(bytes, size);
  Graph graph;
  if (reader.read<uint32_t>("the header") != graph_magic) {
    throw GraphError("encoded graph: it does not start with MYG3; encode it with the same version of the library");
  }
  const uint8_t dtype = reader.read<uint8_t>("the header");
  if (dtype > 1) throw GraphError("encoded graph: unknown dtype " + std::to_string(dtype) + " (0 float32, 1 float64)");
  graph.dtype = static_cast<DType>(dtype);
  const uint8_t precision = reader.read<uint8_t>("the header");
  if (precision > 2) {
    throw GraphError("encoded graph: unknown precision " + std::to_string(precision) +
                     " (0 that of the dtype, 1 TF32, 2 bf16)");
  }
  graph.precision = static_cast<Precision>(precision);
  if (graph.precision != Precision::full && graph.dtype != DType::f32) {
    throw GraphError("encoded graph: only products of float32 can be computed in TF32 or bf16; this graph is float64");
  }
  graph.n_inputs = reader.read<uint32_t>("the header");
  graph.n_states = reader.read<uint32_t>("the header");
  graph.n_hypers = reader.read<uint32_t>("the header");
  if (graph.n_inputs > max_nodes || graph.n_states > max_nodes || graph.n_hypers > max_nodes) {
    throw GraphError("encoded graph: more than 2^20 slots of one kind");
  }

  constexpr size_t smallest_node = 2 + 2 + 1 + 1 + 2 + 1;
  const size_t n_nodes = reader.count(reader.read<uint32_t>("the header"), smallest_node, "the list of nodes");
  if (n_nodes > max_nodes) throw GraphError("encoded graph: more than 2^20 nodes");
  graph.nodes.reserve(n_nodes);
  for (size_t id = 0; id < n_nodes; id++) graph.nodes.push_back(read_node(reader, id));

  graph.fetches = reader.ids(reader.read<uint32_t>("the fetches"), "the fetches");
  const size_t n_updates = reader.count(reader.read<uint32_t>("the updates"), 12, "the updates");
  for (size_t i = 0; i < n_updates; i++) {
    const uint32_t state = reader.read<uint32_t>("the updates");
    const uint32_t value = reader.read<uint32_t>("the updates");
    graph.updates.push_back({state, value, reader.read<uint32_t>("the updates")});
  }
  graph.guards = reader.ids(reader.read<uint32_t>("the guards"), "the guards");
  graph.costs = reader.ids(reader.read<uint32_t>("the costs"), "the costs");
  graph.accumulators = reader.ids(reader.read<uint32_t>("the accumulators"), "the accumulators");
  if (reader.remaining()) {
    throw GraphError("encoded graph: " + std::to_string(reader.remaining()) + " bytes stand after its end");
  }
  validate(graph);
  return graph;
}

}  // namespace myelin
