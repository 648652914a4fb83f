// Random numbers: every element by itself, from the run's seed, the step and the stream.
#include "check.h"

namespace myelin {
namespace {

void check_random(const Check& c) {
  c.attrs({"stream"});
  c.whole("stream", 0, UINT32_MAX);
}

Lowered lower_random(const Graph&, const Node& node, const Epilogue&) {
  return {node.op.c_str(), to_bytes(RandomAttrs{static_cast<uint32_t>(number_attr(node, "stream"))}), {}};
}

}  // namespace

OpList random_ops() { return {{"randomUniform", 0, check_random, lower_random}}; }

}  // namespace myelin
