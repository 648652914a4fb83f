// All records, by name.
#include <unordered_map>

#include "op.h"

namespace myelin {
namespace {

const OpList& records() {
  static const OpList all = [] {
    OpList list;
    for (const auto family :
         {source_ops, elementwise_ops, movement_ops, row_ops, reduce_ops, product_ops, softmax_ops, random_ops}) {
      for (const Op& op : family()) list.push_back(op);
    }
    return list;
  }();
  return all;
}

}  // namespace

const std::vector<const Op*>& all_ops() {
  static const std::vector<const Op*> all = [] {
    std::vector<const Op*> list;
    for (const Op& op : records()) list.push_back(&op);
    return list;
  }();
  return all;
}

const Op* find_op(const std::string& name) {
  static const std::unordered_map<std::string, const Op*> by_name = [] {
    std::unordered_map<std::string, const Op*> map;
    for (const Op* op : all_ops()) map.emplace(op->name, op);
    return map;
  }();
  const auto found = by_name.find(name);
  return found == by_name.end() ? nullptr : found->second;
}

}  // namespace myelin
