// Turns fused steps (core/call.h) into what the kernel interprets: instructions over an accumulator, a few
// registers (shared out by live ranges) and the input arrays. Host code.
#pragma once
#include "elementwise.cuh"

MYELIN_BEGIN

// An operand is a register (its number), the result of the instruction before, or an input (+ its number).
constexpr int32_t from_previous = 64;
constexpr int32_t from_input = 128;
constexpr int32_t nowhere = 255;
static_assert(max_fused_slots <= from_previous && from_input + max_fused_slots <= nowhere, "an operand is one byte");

struct FusedInstruction {
  uint8_t op, arity;
  uint8_t a, b, c;  // operands
  uint8_t keep;     // register that keeps the result, or nowhere
  uint8_t out;      // output that takes the result, or nowhere
  uint8_t attr;     // number in the list of attributes
};

template <class Index>
struct FusedArray {
  const void* data;
  uint8_t mode;
  uint8_t packed;         // a pack lies in 16 aligned bytes; or, for columns and strides, within one innermost run
  uint8_t mapping;        // load_strided
  Divider<Index> period;  // load_row, load_column
};

// Travels as a kernel parameter, so that a captured launch owns its code; parameters end at 4 KB. The small size
// covers what networks have, the large one everything the core makes: there, mappings wait in scratch, and ops may call
// library functions.
template <class S, class Index, bool large>
struct FusedCode {
  static constexpr int32_t most_instructions = large ? 2 * max_fused_slots : 32,
                           most_inputs = large ? max_fused_slots : 16, most_outputs = large ? max_fused_slots : 8,
                           most_attrs = large ? max_fused_slots : 4, most_mappings = large ? 1 : 4;
  int64_t count;
  int32_t n_instructions;
  uint64_t packed_outputs;  // one bit each
  const Mapping<Index>* far_mappings;
  FusedInstruction instructions[most_instructions];
  FusedArray<Index> inputs[most_inputs];
  void* outputs[most_outputs];
  S attrs[most_attrs];
  Mapping<Index> mappings[most_mappings];
};
static_assert(sizeof(FusedCode<double, uint64_t, true>) + sizeof(void*) <= 4096, "kernel parameters end at 4 KB");
static_assert(sizeof(FusedCode<double, uint32_t, true>) + sizeof(void*) <= 4096, "kernel parameters end at 4 KB");

// A step, or the copy of an input into a register, or the write of an output; operands are slots.
struct LayoutStep {
  int32_t op, arity, slot[3], dst, out;
  double attr;
};

struct FusedLayout {
  LayoutStep steps[3 * max_fused_slots];
  int32_t n_steps;
  int32_t register_of[max_fused_slots];  // of slots; nowhere: needs none
  int32_t n_registers;
};

HD bool overlap(const View& a, const View& b, int64_t size) {
  const char *x = static_cast<const char*>(a.data), *y = static_cast<const char*>(b.data);
  return x < y + b.count * size && y < x + a.count * size;
}

// Steps from `from` on read an input that lies where output `index` is written?
inline bool is_read_later(const Call* call, const FusedLayout& layout, int32_t from, int32_t n_inputs, int32_t index,
                          int64_t size) {
  for (int32_t i = from; i < layout.n_steps; i++) {
    for (int32_t o = 0; o < layout.steps[i].arity; o++) {
      const int32_t slot = layout.steps[i].slot[o];
      if (slot < n_inputs && overlap(call->in[slot], call->out[index], size)) return true;
    }
  }
  return false;
}

// The order of work. Inputs that several steps read are loaded once (a scalar stays in the cache). A value goes to its
// output at once, unless that memory is still to be read as an input: then at the end.
inline void lay_out_steps(const Call* call, const FusedAttrs& f, int64_t size, FusedLayout* layout) {
  int32_t reads[max_fused_slots] = {};
  for (int32_t i = 0; i < f.n_steps; i++) {
    const FusedStep& step = f.steps[i];
    const int32_t operands[3] = {step.a, step.b, step.c};
    for (int32_t o = 0; o < elementwise_table[step.op].arity; o++) reads[operands[o]]++;
  }
  layout->n_steps = 0;
  bool loaded[max_fused_slots] = {};
  for (int32_t i = 0; i < f.n_steps; i++) {
    const FusedStep& step = f.steps[i];
    LayoutStep next = {step.op,  elementwise_table[step.op].arity, {step.a, step.b, step.c}, step.dst, nowhere,
                       step.attr};
    for (int32_t o = 0; o < next.arity; o++) {
      const int32_t slot = next.slot[o];
      if (slot >= f.n_inputs || f.inputs[slot].mode == load_scalar || reads[slot] < 2 || loaded[slot]) continue;
      loaded[slot] = true;
      layout->steps[layout->n_steps++] = {op_index_identity, 1, {slot, slot, slot}, slot, nowhere, 0};
    }
    layout->steps[layout->n_steps++] = next;
  }
  const int32_t computed = layout->n_steps;
  for (int32_t o = 0; o < f.n_outputs; o++) {
    const int32_t slot = f.outputs[o].slot;
    int32_t made = -1;
    for (int32_t i = 0; i < computed; i++) {
      if (layout->steps[i].dst == slot) made = i;
    }
    const bool direct = slot >= f.n_inputs && made >= 0 && layout->steps[made].out == nowhere;
    if (direct && !is_read_later(call, *layout, made + 1, f.n_inputs, o, size)) {
      layout->steps[made].out = o;
    } else {
      layout->steps[layout->n_steps++] = {op_index_identity, 1, {slot, slot, slot}, -1, o, 0};
    }
  }
}

// A slot needs a register from the step that makes it to its last reader, unless its only reader is the next step.
inline void assign_registers(FusedLayout* layout) {
  int32_t last[max_fused_slots];
  bool kept[max_fused_slots];
  int32_t made[max_fused_slots];
  for (int32_t s = 0; s < max_fused_slots; s++) {
    last[s] = made[s] = -1;
    kept[s] = false;
    layout->register_of[s] = nowhere;
  }
  for (int32_t i = 0; i < layout->n_steps; i++) {
    const LayoutStep& step = layout->steps[i];
    for (int32_t o = 0; o < step.arity; o++) {
      const int32_t slot = step.slot[o];
      if (made[slot] < 0) continue;  // an input that is read where it lies
      last[slot] = i;
      kept[slot] |= made[slot] != i - 1;
    }
    if (step.dst >= 0) made[step.dst] = i;
  }
  bool busy[max_fused_slots] = {};
  layout->n_registers = 0;
  for (int32_t i = 0; i < layout->n_steps; i++) {
    const LayoutStep& step = layout->steps[i];
    for (int32_t o = 0; o < step.arity; o++) {
      const int32_t slot = step.slot[o];
      if (last[slot] == i && layout->register_of[slot] != nowhere) busy[layout->register_of[slot]] = false;
    }
    if (step.dst < 0 || !kept[step.dst]) continue;
    int32_t number = 0;
    while (busy[number]) number++;
    busy[number] = true;
    layout->register_of[step.dst] = number;
    if (number >= layout->n_registers) layout->n_registers = number + 1;
  }
}

// The distinct mappings of the inputs.
template <class Index>
struct MappingList {
  Mapping<Index> list[max_fused_slots];
  int32_t count;

  uint8_t find_or_add(const FusedInput& input) {
    const Mapping<Index> wanted = make_mapping<Index>(input.rank, input.dims, input.strides, 0);
    int32_t i = 0;
    while (i < count && !same(list[i], wanted)) i++;
    if (i == count) list[count++] = wanted;
    return static_cast<uint8_t>(i);
  }
  static bool same(const Mapping<Index>& a, const Mapping<Index>& b) {
    if (a.rank != b.rank) return false;
    for (int32_t d = 0; d < a.rank; d++) {
      if (a.dims[d].divisor != b.dims[d].divisor || a.strides[d] != b.strides[d]) return false;
    }
    return true;
  }
};

template <class S, class Index>
FusedArray<Index> describe_input(const View& view, const FusedInput& input, MappingList<Index>* mappings) {
  constexpr int count = Pack<S>::count;
  FusedArray<Index> array = {};
  array.data = view.data;
  array.mode = static_cast<uint8_t>(input.mode);
  set_divisor(&array.period, larger(input.period, 1));
  const bool whole_periods = input.period % count == 0;
  if (input.mode == load_full) array.packed = is_aligned(view.data);
  if (input.mode == load_row) array.packed = whole_periods && is_aligned(view.data);
  if (input.mode == load_column) array.packed = whole_periods;
  if (input.mode == load_strided) {
    array.packed = input.rank > 0 && input.dims[input.rank - 1] % count == 0;
    array.mapping = mappings->find_or_add(input);
  }
  return array;
}

inline uint8_t operand_code(const FusedLayout& layout, int32_t index, int32_t slot) {
  if (index > 0 && layout.steps[index - 1].dst == slot) return from_previous;
  const int32_t number = layout.register_of[slot];
  if (number == nowhere) return static_cast<uint8_t>(from_input + slot);
  return static_cast<uint8_t>(number);
}

// Everything but the mappings.
template <class S, class Index, bool large>
FusedCode<S, Index, large> make_code(const Call* call, const FusedAttrs& f, const FusedLayout& layout,
                                     MappingList<Index>* mappings) {
  FusedCode<S, Index, large> code = {};
  code.count = call->out[0].count;
  code.n_instructions = layout.n_steps;
  bool readable[max_fused_slots] = {};  // slots whose register holds them by now
  uint8_t n_attrs = 1;                  // the first is 0
  for (int32_t i = 0; i < layout.n_steps; i++) {
    const LayoutStep& step = layout.steps[i];
    FusedInstruction& to = code.instructions[i];
    uint8_t operand[3] = {};
    for (int32_t o = 0; o < step.arity; o++) {
      const int32_t slot = step.slot[o];
      // The load of an input reads the array although a register waits for it.
      const bool load = slot < f.n_inputs && !readable[slot];
      operand[o] = load ? static_cast<uint8_t>(from_input + slot) : operand_code(layout, i, slot);
    }
    if (step.dst >= 0) readable[step.dst] = true;
    to.op = static_cast<uint8_t>(step.op);
    to.arity = static_cast<uint8_t>(step.arity);
    to.a = operand[0];
    to.b = operand[1];
    to.c = operand[2];
    to.keep = static_cast<uint8_t>(step.dst >= 0 ? layout.register_of[step.dst] : nowhere);
    to.out = static_cast<uint8_t>(step.out);
    if (step.attr == 0) continue;
    to.attr = n_attrs;
    code.attrs[n_attrs++] = static_cast<S>(step.attr);
  }
  for (int32_t i = 0; i < f.n_inputs; i++) {
    code.inputs[i] = describe_input<S>(call->in[i], f.inputs[i], mappings);
  }
  for (int32_t o = 0; o < f.n_outputs; o++) {
    code.outputs[o] = call->out[o].data;
    if (is_aligned(call->out[o].data)) code.packed_outputs |= uint64_t(1) << o;
  }
  return code;
}

// Whether the code fits the small size.
inline bool is_small(const FusedAttrs& f, const FusedLayout& layout) {
  typedef FusedCode<double, uint32_t, false> Small;
  int32_t n_attrs = 1;
  for (int32_t i = 0; i < f.n_steps; i++) {
    if (f.steps[i].op >= first_library_op) return false;
    n_attrs += f.steps[i].attr != 0;
  }
  MappingList<uint32_t> mappings = {};
  for (int32_t i = 0; i < f.n_inputs; i++) {
    if (f.inputs[i].mode == load_strided) mappings.find_or_add(f.inputs[i]);
  }
  return layout.n_steps <= Small::most_instructions && f.n_inputs <= Small::most_inputs &&
         f.n_outputs <= Small::most_outputs && n_attrs <= Small::most_attrs && mappings.count <= Small::most_mappings;
}

MYELIN_END
