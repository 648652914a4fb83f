// What a step finds: batches of data, states, numbers of the step, constants.
#include "check.h"

namespace myelin {
namespace {

void take_slot(const Check& c, std::vector<Graph::Slot>& slots) {
  c.attrs({"slot"});
  if (slots.empty()) c.fail("the graph declares no slots of this kind");
  Graph::Slot& slot = slots[c.whole("slot", 0, static_cast<int64_t>(slots.size()) - 1)];
  if (slot.used && slot.dtype != c.node.dtype) {
    c.fail("another node gives this slot the dtype " + std::string(name_of(slot.dtype)) + ", this one " +
           name_of(c.node.dtype));
  }
  if (slot.used && slot.shape != c.node.shape) {
    c.fail("another node gives this slot the shape " + to_text(slot.shape) + ", this one " + to_text(c.node.shape));
  }
  slot.used = true;
  slot.dtype = c.node.dtype;
  slot.shape = c.node.shape;
}

void check_input(const Check& c) { take_slot(c, c.graph.inputs); }
void check_state(const Check& c) { take_slot(c, c.graph.states); }
void check_hyper(const Check& c) {
  c.attrs({"slot"});
  if (!c.graph.n_hypers) c.fail("the graph declares no hyper slots");
  c.whole("slot", 0, static_cast<int64_t>(c.graph.n_hypers) - 1);
  c.shape({});
}
void check_constant(const Check& c) {
  c.attrs({"value"});
  const Attr& value = c.node.attrs.at("value");
  if (std::holds_alternative<std::string>(value)) c.fail("attribute 'value' must be a number or a list of numbers");
  if (std::holds_alternative<double>(value)) return;
  const int64_t n = static_cast<int64_t>(std::get<std::vector<double>>(value).size());
  if (n != 1 && n != count_of(c.node.shape)) {
    c.fail("it has " + std::to_string(n) + " values; its shape " + to_text(c.node.shape) + " takes 1 or " +
           std::to_string(count_of(c.node.shape)));
  }
}

}  // namespace

OpList source_ops() {
  const auto source = [](const char* name, void (*check)(const Check&), Source from) {
    Op op{name, 0, check};
    op.source = from;
    return op;
  };
  OpList ops = {source("input", check_input, Source::input), source("state", check_state, Source::state),
                source("hyper", check_hyper, Source::hyper), source("constant", check_constant, Source::constant)};
  for (Op& op : ops) {  // what comes from outside may be whole numbers
    if (op.source == Source::input || op.source == Source::state) op.dtypes = [](const Check& c) { c.alike(); };
  }
  return ops;
}

}  // namespace myelin
