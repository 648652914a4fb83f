// What the records of ops check their nodes with.
#pragma once
#include <cmath>

#include "op.h"

namespace myelin {

// One node under examination. The functions throw GraphError, with the node's place and label.
struct Check {
  Graph& graph;
  const size_t id;
  const Node& node;

  [[noreturn]] void fail(const std::string& message) const {
    throw GraphError("graph node " + std::to_string(id) + " (" + node.op +
                     (node.label.empty() ? "" : ", \"" + node.label + "\"") + "): " + message);
  }
  const Shape& in(size_t i) const { return graph.nodes[node.inputs[i]].shape; }
  size_t rank() const { return node.shape.size(); }

  void shape(const Shape& expected) const {
    if (node.shape != expected) {
      fail("its shape must be " + to_text(expected) + ", the graph says " + to_text(node.shape));
    }
  }
  // Throws unless a dtype, which is `what`'s ("input 1"), is the expected one.
  void dtype(const std::string& what, DType found, DType expected) const {
    if (found != expected) {
      fail(what + " must be " + std::string(name_of(expected)) + ", the graph says " + name_of(found));
    }
  }
  void in_dtype(size_t i, DType expected) const {
    dtype("input " + std::to_string(i), graph.nodes[node.inputs[i]].dtype, expected);
  }
  void out_dtype(DType expected) const { dtype("the result", node.dtype, expected); }
  // The rule of most ops.
  void floating() const {
    for (size_t i = 0; i < node.inputs.size(); i++) in_dtype(i, graph.dtype);
    out_dtype(graph.dtype);
  }
  // Of ops that only move elements: all alike, of either kind.
  void alike() const {
    for (size_t i = 0; i < node.inputs.size(); i++) in_dtype(i, node.dtype);
    if (node.dtype != DType::i32) out_dtype(graph.dtype);
  }
  void attrs(std::initializer_list<const char*> keys) const {
    for (const char* key : keys) {
      if (!node.attrs.count(key)) fail("attribute '" + std::string(key) + "' is missing");
    }
    for (const auto& entry : node.attrs) {
      bool known = false;
      for (const char* key : keys) known = known || entry.first == key;
      if (!known) fail("unknown attribute '" + entry.first + "'");
    }
  }
  double number(const char* key) const {
    const Attr& attr = node.attrs.at(key);
    if (!std::holds_alternative<double>(attr)) fail("attribute '" + std::string(key) + "' must be a number");
    const double value = std::get<double>(attr);
    if (!std::isfinite(value)) fail("attribute '" + std::string(key) + "' must be finite");
    return value;
  }
  int64_t whole(const char* key, double value, int64_t low, int64_t high) const {
    if (!(value >= static_cast<double>(low) && value <= static_cast<double>(high)) || value != std::floor(value)) {
      fail("attribute '" + std::string(key) + "' must be a whole number from " + std::to_string(low) + " to " +
           std::to_string(high) + ", not " + std::to_string(value));
    }
    return static_cast<int64_t>(value);
  }
  int64_t whole(const char* key, int64_t low, int64_t high) const { return whole(key, number(key), low, high); }
  bool flag(const char* key) const { return whole(key, 0, 1) == 1; }
  // A list of whole numbers from 0 to `high`, of the given length (any length if negative).
  std::vector<int64_t> wholes(const char* key, int64_t length, int64_t high) const {
    const Attr& attr = node.attrs.at(key);
    if (!std::holds_alternative<std::vector<double>>(attr)) fail("attribute '" + std::string(key) + "' must be a list");
    const auto& list = std::get<std::vector<double>>(attr);
    if (length >= 0 && static_cast<int64_t>(list.size()) != length) {
      fail("attribute '" + std::string(key) + "' must have " + std::to_string(length) + " entries, it has " +
           std::to_string(list.size()));
    }
    std::vector<int64_t> values;
    for (const double value : list) values.push_back(whole(key, value, 0, high));
    return values;
  }
};

}  // namespace myelin
