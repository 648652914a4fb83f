// Which calls of "fused" one launch may take: equal steps on memory that is apart. Host code.
#pragma once
#include <map>

#include "fused_code.h"

MYELIN_BEGIN

constexpr int32_t most_common_instructions = 48, most_common_attrs = 8, most_common_inputs = 32;

inline const FusedAttrs& program_of(const Call& call) { return *static_cast<const FusedAttrs*>(call.attrs); }

// Steps whose inputs are whole arrays and scalars, small enough and without library functions.
inline bool is_common(const FusedAttrs& f) {
  if (f.n_inputs > most_common_inputs || f.n_steps > most_common_instructions) return false;
  int32_t n_attrs = 1;
  for (int32_t i = 0; i < f.n_steps; i++) {
    if (f.steps[i].op >= first_library_op) return false;
    n_attrs += f.steps[i].attr != 0;
  }
  for (int32_t i = 0; i < f.n_inputs; i++) {
    if (f.inputs[i].mode != load_scalar && f.inputs[i].mode != load_full) return false;
  }
  return n_attrs <= most_common_attrs && f.n_slots <= max_fused_slots;
}

inline bool same_steps(const FusedAttrs& f, const FusedAttrs& g) {
  if (f.n_inputs != g.n_inputs || f.n_steps != g.n_steps || f.n_outputs != g.n_outputs) return false;
  for (int32_t i = 0; i < f.n_steps; i++) {
    const FusedStep &a = f.steps[i], &b = g.steps[i];
    if (a.op != b.op || a.dst != b.dst || a.a != b.a || a.attr != b.attr) return false;
    const int32_t arity = elementwise_table[a.op].arity;
    if ((arity > 1 && a.b != b.b) || (arity > 2 && a.c != b.c)) return false;
  }
  for (int32_t o = 0; o < f.n_outputs; o++) {
    if (f.outputs[o].slot != g.outputs[o].slot) return false;
  }
  return true;
}

inline bool same_inputs(const FusedAttrs& f, const FusedAttrs& g) {
  for (int32_t i = 0; i < f.n_inputs; i++) {
    if (f.inputs[i].mode != g.inputs[i].mode) return false;
  }
  return true;
}

// When values are written depends on which arrays share memory.
inline bool same_layout(const FusedLayout& a, const FusedLayout& b) {
  if (a.n_steps != b.n_steps) return false;
  for (int32_t i = 0; i < a.n_steps; i++) {
    if (a.steps[i].dst != b.steps[i].dst || a.steps[i].out != b.steps[i].out) return false;
  }
  return true;
}

// What all calls of a launch do, as its model does it.
struct Pattern {
  const FusedAttrs* attrs;
  FusedLayout layout;
};

template <class S>
Pattern pattern_of(const Call& model) {
  Pattern pattern = {&program_of(model), {}};
  lay_out_steps(&model, *pattern.attrs, sizeof(S), &pattern.layout);
  assign_registers(&pattern.layout);
  return pattern;
}

// A call on one element may read whole arrays as scalars and scalars as whole arrays. So the model is the first call on
// several, if there is one.
inline int32_t find_model(const Call* calls, int32_t n) {
  for (int32_t i = 0; i < n && same_steps(program_of(calls[0]), program_of(calls[i])); i++) {
    if (calls[i].n_out > 0 && calls[i].out[0].count > 1) return i;
  }
  return 0;
}

// Can the call run as the pattern does: its arrays aligned, its outputs apart from the scalars that other threads read?
template <class S>
bool follows(const Call& call, const Pattern& pattern) {
  const FusedAttrs& f = *pattern.attrs;
  if (call.n_out == 0 || call.out[0].count == 0 || !same_steps(f, program_of(call))) return false;
  const int64_t elements = call.out[0].count;
  if (elements > 1 && !same_inputs(f, program_of(call))) return false;
  const bool packs = elements >= Pack<S>::count;
  for (int32_t i = 0; i < f.n_inputs; i++) {
    if (f.inputs[i].mode == load_full && packs && !is_aligned(call.in[i].data)) return false;
  }
  for (int32_t o = 0; o < f.n_outputs; o++) {
    if (packs && !is_aligned(call.out[o].data)) return false;
    for (int32_t i = 0; i < f.n_inputs; i++) {
      if (f.inputs[i].mode == load_scalar && overlap(call.in[i], call.out[o], sizeof(S))) return false;
    }
  }
  FusedLayout layout;
  lay_out_steps(&call, f, sizeof(S), &layout);
  return layout.n_steps <= most_common_instructions && same_layout(pattern.layout, layout);
}

// Stretches of memory; those that overlap are one.
class Stretches {
 public:
  bool touch(const char* begin, const char* end) const {
    auto at = ends_.lower_bound(end);
    return at != ends_.begin() && (--at)->second > begin;
  }
  void add(const char* begin, const char* end) {
    while (touch(begin, end)) {
      const auto at = --ends_.lower_bound(end);
      begin = at->first < begin ? at->first : begin;
      end = at->second > end ? at->second : end;
      ends_.erase(at);
    }
    ends_[begin] = end;
  }

 private:
  std::map<const char*, const char*> ends_;  // by their beginning
};

// What the calls of a launch read and write so far.
class Traffic {
 public:
  explicit Traffic(int64_t size) : size_(size) {}
  // Takes a call in, unless it writes what another one reads or writes, or reads what another one writes.
  bool take(const Call& call) {
    for (int32_t i = 0; i < call.n_in; i++) {
      if (written_.touch(begin(call.in[i]), end(call.in[i]))) return false;
    }
    for (int32_t o = 0; o < call.n_out; o++) {
      const char *from = begin(call.out[o]), *to = end(call.out[o]);
      if (written_.touch(from, to) || read_.touch(from, to)) return false;
    }
    for (int32_t i = 0; i < call.n_in; i++) read_.add(begin(call.in[i]), end(call.in[i]));
    for (int32_t o = 0; o < call.n_out; o++) written_.add(begin(call.out[o]), end(call.out[o]));
    return true;
  }

 private:
  static const char* begin(const View& view) { return static_cast<const char*>(view.data); }
  const char* end(const View& view) const { return begin(view) + view.count * size_; }
  Stretches read_, written_;
  const int64_t size_;
};

// The inputs that lie in the same place in all calls.
struct SharedInputs {
  bool is[most_common_inputs];
  int32_t count;

  explicit SharedInputs(const FusedAttrs& f) : count(f.n_inputs) {
    for (int32_t i = 0; i < f.n_inputs; i++) is[i] = true;
  }
  void keep(const Call& first, const Call& next) {
    for (int32_t i = 0; i < first.n_in; i++) {
      count -= is[i] && first.in[i].data != next.in[i].data;
      is[i] = is[i] && first.in[i].data == next.in[i].data;
    }
  }
};

MYELIN_END
