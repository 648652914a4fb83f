// What the records of ops say about blocks (core/ops/op.h): whatever an input holds outside of the block that a block
// of the output needs, the bits of that block stay. For every record there is: examples are found by trying, with what
// the core says to a wrong one as the guide, so a new op is tested without a line here.
#include <cstring>
#include <map>
#include <set>

#include "core/ops/op.h"
#include "expect.h"

using namespace core_test;

namespace {

constexpr int wanted = 60;    // examples an op
constexpr int tries = 40000;  // to find them

struct Example {
  std::vector<Shape> inputs;
  std::set<size_t> whole;  // inputs of whole numbers
  std::map<std::string, std::vector<double>> lists;
  std::map<std::string, double> numbers;
  Shape output;

  std::vector<uint8_t> encode(const char* op) const {
    Builder g;
    std::vector<Id> ids;
    for (size_t i = 0; i < inputs.size(); i++) {
      g.dtype = whole.count(i) ? static_cast<int>(DType::i32) : Builder::float_dtype;
      ids.push_back(g.input(inputs[i]));
    }
    g.dtype = Builder::float_dtype;
    for (const auto& [key, value] : numbers) g.number(key, value);
    for (const auto& [key, values] : lists) g.list(key, values);
    g.fetches = {g.node(op, ids, output)};
    return g.encode();
  }
};

class Search {
 public:
  Search(const Op& op, uint64_t seed) : op_(op), random_{seed} {}

  // One try: false if nothing came of it.
  bool find(Example& example) {
    example = {};
    const int arity = op_.arity < 0 ? 1 + below(3) : op_.arity;
    for (int i = 0; i < arity; i++) example.inputs.push_back(i == 0 ? any_shape() : like(example.inputs[0]));
    example.output = like(example.inputs[0]);
    for (int repair = 0; repair < 10; repair++) {
      const auto bytes = example.encode(op_.name);
      try {
        decode(bytes.data(), bytes.size());
        return true;
      } catch (const GraphError& error) {
        if (!mend(example, error.what())) return false;
      }
    }
    return false;
  }

 private:
  int below(int n) { return static_cast<int>(random_.unit() * n); }

  Shape any_shape() {
    Shape shape;
    for (int rank = below(4); rank > 0; rank--) shape.push_back(1 + below(4));
    return shape;
  }

  Shape like(const Shape& shape) {
    Shape made = shape;
    switch (below(6)) {
      case 0: return any_shape();
      case 1: return {count_of(shape)};
      case 2: made.insert(made.begin(), 1 + below(3)); return made;
      case 3:
        for (int64_t& dim : made) dim = below(2) ? dim : 1 + below(4);
        return made;
      case 4:
        if (made.size() > 1) std::swap(made[0], made[1]);
        return made;
      default: return shape;
    }
  }

  bool mend(Example& example, const std::string& message) {
    const size_t other = message.find(" must be int32");
    if (other != std::string::npos) {
      return example.whole.insert(static_cast<size_t>(std::atoi(message.c_str() + other - 1))).second;
    }
    const size_t shape = message.find("its shape must be [");
    if (shape != std::string::npos) {
      example.output.clear();
      for (const char* p = message.c_str() + shape + strlen("its shape must be ["); *p && *p != ']'; p++) {
        char* end = nullptr;
        const long dim = strtol(p, &end, 10);
        if (end == p) break;
        example.output.push_back(dim);
        p = *end == ',' ? end : end - 1;
      }
      return true;
    }
    const size_t begin = message.find("attribute '"), end = message.find('\'', begin + 11);
    if (begin == std::string::npos || end == std::string::npos) return false;
    const std::string key = message.substr(begin + 11, end - begin - 11);
    if (message.find("is missing") != std::string::npos) {
      example.numbers[key] = below(3);
      return true;
    }
    if (message.find("must be a list") != std::string::npos || message.find("must have ") != std::string::npos) {
      const size_t says = message.find("must have ");
      const int n = says == std::string::npos ? below(4) : std::atoi(message.c_str() + says + 10);
      example.numbers.erase(key);
      auto& list = example.lists[key];
      list.clear();
      const int first = below(3);
      const bool ascending = below(2) == 1;
      for (int i = 0; i < n; i++) list.push_back(ascending ? first + i : below(3));
      return true;
    }
    return false;
  }

  const Op& op_;
  graphs::Random random_;
};

// Visits every position of a shape; `element` counts.
template <class Fn>
void each_position(const Shape& shape, Fn fn) {
  std::vector<int64_t> position(shape.size(), 0);
  for (int64_t element = 0; element < count_of(shape); element++) {
    fn(position, element);
    for (size_t d = shape.size(); d-- > 0;) {
      if (++position[d] < shape[d]) break;
      position[d] = 0;
    }
  }
}

struct Range {
  int64_t begin, end;
  bool has(int64_t i) const { return i >= begin && i < end; }
};
using Block = std::vector<Range>;

bool has(const Block& block, const std::vector<int64_t>& position) {
  for (size_t d = 0; d < block.size(); d++) {
    if (!block[d].has(position[d])) return false;
  }
  return true;
}

// By the record.
Block needed(const BlockNeed& need, const Block& of_output, const Shape& input, const std::string& what) {
  expect(need.size() == of_output.size(), what + ": one entry for each axis of the output");
  Block block;
  for (const int64_t dim : input) block.push_back({0, dim});
  std::set<int> named;
  for (size_t d = 0; d < need.size(); d++) {
    if (need[d].axis == no_axis) continue;
    const bool valid = need[d].axis >= 0 && need[d].axis < static_cast<int>(input.size());
    expect(valid && named.insert(need[d].axis).second, what + ": names axes of the input, each once");
    if (!valid) continue;
    block[need[d].axis] = {of_output[d].begin + need[d].shift, of_output[d].end + need[d].shift};
  }
  return block;
}

std::vector<double> result(const PlanPtr& plan, const std::vector<std::vector<double>>& inputs) {
  RunRequest request = request_for(plan, 1);
  for (size_t i = 0; i < inputs.size(); i++) {
    request.inputs[i] = buffer(info(*plan).input_dtypes[i], inputs[i]);
  }
  return read(run(request, nullptr, nullptr).fetches[0]);
}

void check_op(const Op& op) {
  Search search(op, 17);
  graphs::Random random{23};
  int found = 0, narrowed = 0, changed = 0;
  for (int i = 0; i < tries && found < wanted; i++) {
    Example example;
    if (!search.find(example)) continue;
    found++;
    const auto bytes = example.encode(op.name);
    const Graph graph = decode(bytes.data(), bytes.size());
    const Node& node = graph.nodes.back();
    const PlanPtr plan = compile(bytes.data(), bytes.size(), PlanMode::fused, cpu_backend());
    std::vector<std::vector<double>> inputs, outside;
    Block block;
    for (const int64_t dim : node.shape) {
      const int64_t begin = static_cast<int64_t>(random.unit() * static_cast<double>(dim));
      block.push_back({begin, begin + 1 + static_cast<int64_t>(random.unit() * static_cast<double>(dim - begin))});
    }
    const std::string what = describe(node) + " of " + std::to_string(node.inputs.size()) + " inputs";
    for (size_t k = 0; k < node.inputs.size(); k++) {
      const Shape& shape = example.inputs[k];
      // Half of the examples have equal numbers in their inputs, for what compares them.
      inputs.push_back(noise(count_of(shape), static_cast<uint64_t>(i) + k * static_cast<size_t>(i % 2)));
      const bool is_whole = example.whole.count(k) != 0;
      for (double& x : inputs.back()) x = is_whole ? static_cast<double>(random.below(3)) : x;
      outside.push_back(inputs.back());
      const Block need = needed(needs_of(graph, node, k), block, shape, what);
      each_position(shape, [&](const std::vector<int64_t>& position, int64_t element) {
        if (has(need, position)) return;
        outside[k][element] = is_whole ? 1 - inputs[k][element] : std::nan("");  // no whole number is poison
        narrowed++;
      });
    }
    const auto before = result(plan, inputs), after = result(plan, outside);
    bool same_bits = true;
    each_position(node.shape, [&](const std::vector<int64_t>& position, int64_t element) {
      if (has(block, position)) same_bits = same_bits && !memcmp(&before[element], &after[element], sizeof(double));
      if (!has(block, position)) changed += memcmp(&before[element], &after[element], sizeof(double)) != 0;
    });
    expect(same_bits, what + ": a block of the output changes with what it does not need" + listing(plan));
  }
  expect(found >= 10, std::string(op.name) + ": " + std::to_string(found) + " examples were found");
  if (op.blocks) {
    expect(narrowed > 0, std::string(op.name) + ": its record leaves out nothing in any example");
    expect(changed > 0, std::string(op.name) + ": nothing outside changes either, so the examples show nothing");
  }
}

}  // namespace

int main() {
  for (const Op* op : all_ops()) {
    if (op->arity != 0) check_op(*op);
  }
  return verdict();
}
