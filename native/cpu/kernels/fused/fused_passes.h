// Before fused steps run: joins them into chains and gives every value its tile.
#pragma once
#include "cpu/kernels/parallel.h"
#include "elementwise.h"
#include "fused_chain.h"

MYELIN_BEGIN

// 4 KB a tile: steps with a dozen live values still fits 48 KB of first-level cache.
constexpr int64_t most_tile_bytes = 4096;
// More steps run as they stand, every value in a tile of its own: joining needs arrays on the stack.
constexpr int32_t most_joined_slots = 512;

// One pass over a tile: an element-wise function, or a chain.
struct Pass {
  ElementwiseFn fn;  // null: chain
  ChainFn chain;
  double attr;
  int32_t dst, n_operands;
  int32_t operand[4];  // slots; repeated up to the third for `fn`
  int32_t op;          // ChainOp of a single step
};

HD bool is_pattern(const FusedInput& input, int64_t size) {
  return input.mode == load_row && input.period * size <= most_tile_bytes;
}

// Arrays smaller than a tile get tiles of their own size (whole vectors), to stay close together.
HD int64_t tile_bytes_for(int64_t count, int64_t size) {
  return smaller(most_tile_bytes, divide_up(larger(count, 1) * size, 64) * 64);
}

HD int32_t chain_op_of(int32_t op) {
  switch (op) {
    case op_index_add: return chain_add;
    case op_index_sub: return chain_sub;
    case op_index_mul: return chain_mul;
    case op_index_div: return chain_div;
    case op_index_sqrt: return chain_sqrt;
    default: return chain_none;
  }
}

template <class S>
HD Pass single_pass(const FusedStep& step) {
  const ElementwiseEntry& entry = elementwise_entries()[step.op];
  Pass pass = {};
  pass.fn = sizeof(S) == 4 ? entry.f32 : entry.f64;
  pass.attr = step.attr;
  pass.dst = step.dst;
  pass.n_operands = entry.arity;
  pass.operand[0] = step.a;
  pass.operand[1] = entry.arity > 1 ? step.b : step.a;
  pass.operand[2] = entry.arity > 2 ? step.c : step.a;
  pass.op = chain_op_of(step.op);
  return pass;
}

// Whether a pass is a chainable single step whose value nobody else reads.
HD bool can_join(const Pass* passes, int32_t index, const int32_t* uses) {
  return index >= 0 && passes[index].fn && passes[index].op != chain_none && uses[passes[index].dst] == 1;
}

// Joins the pass `p` with the passes that make its operands. `made_by`: pass that writes a slot, or −1.
template <class S>
HD void join(Pass* passes, Pass* p, const int32_t* uses, const int32_t* made_by) {
  if (p->op == chain_none) return;
  const int32_t x = made_by[p->operand[0]], y = p->n_operands > 1 ? made_by[p->operand[1]] : -1;
  const bool join_x = can_join(passes, x, uses), join_y = can_join(passes, y, uses);
  if (!join_x && !join_y) return;
  const bool products = join_x && join_y && passes[x].op == chain_mul && passes[y].op == chain_mul;
  if (products && (p->op == chain_add || p->op == chain_sub)) {
    p->chain = p->op == chain_add ? chain_products<S, chain_add> : chain_products<S, chain_sub>;
    for (int32_t i = 0; i < 2; i++) {
      p->operand[i] = passes[x].operand[i];
      p->operand[2 + i] = passes[y].operand[i];
    }
    p->n_operands = 4;
    passes[x].dst = passes[y].dst = -1;
  } else {
    const bool flipped = !join_x;
    Pass* inner = passes + (flipped ? y : x);
    const int32_t outer = p->operand[flipped ? 0 : 1], outer_operands = p->n_operands - 1;
    p->chain = flipped ? find_chain_two<S, true>(inner->op, p->op) : find_chain_two<S, false>(inner->op, p->op);
    p->n_operands = inner->n_operands + outer_operands;
    p->operand[0] = inner->operand[0];
    p->operand[1] = inner->operand[1];
    if (outer_operands > 0) p->operand[inner->n_operands] = outer;
    inner->dst = -1;
  }
  p->fn = nullptr;
}

// Writes the passes; returns their number. `uses` and `made_by` are working space of n_slots numbers
// each, or null: then nothing is joined.
template <class S>
int32_t make_passes(const FusedAttrs* f, Pass* passes, int32_t* uses, int32_t* made_by) {
  for (int32_t i = 0; i < f->n_steps; i++) passes[i] = single_pass<S>(f->steps[i]);
  if (!uses) return f->n_steps;
  for (int32_t s = 0; s < f->n_slots; s++) {
    uses[s] = 0;
    made_by[s] = -1;
  }
  for (int32_t i = 0; i < f->n_steps; i++) {
    for (int32_t o = 0; o < passes[i].n_operands; o++) uses[passes[i].operand[o]]++;
  }
  for (int32_t i = 0; i < f->n_outputs; i++) uses[f->outputs[i].slot] += 2;  // never joined away
  for (int32_t i = 0; i < f->n_steps; i++) {
    join<S>(passes, passes + i, uses, made_by);
    made_by[passes[i].dst] = i;
  }
  int32_t kept = 0;
  for (int32_t i = 0; i < f->n_steps; i++) {
    if (passes[i].dst >= 0) passes[kept++] = passes[i];
  }
  // A single step with a scalar operand is cheaper as a chain of one.
  for (int32_t i = 0; i < kept; i++) {
    Pass* p = passes + i;
    if (!p->fn || p->op == chain_none) continue;
    for (int32_t o = 0; o < p->n_operands; o++) {
      const int32_t s = p->operand[o];
      if (s < f->n_inputs && f->inputs[s].mode == load_scalar) p->chain = find_chain_one<S>(p->op);
    }
    if (p->chain) p->fn = nullptr;
  }
  return kept;
}

// Gives every slot its (first) tile; returns how many a worker needs. `last` (working space) null: no tile is used
// twice. A pass may write over an operand that it is the last to read.
HD int32_t assign_tiles(const FusedAttrs* f, int64_t size, const Pass* passes, int32_t n_passes, int32_t* tile_of,
                        int32_t* last) {
  int32_t tiles = 0;
  for (int32_t i = 0; i < f->n_inputs; i++) {
    tile_of[i] = tiles;
    if (f->inputs[i].mode != load_full) tiles += is_pattern(f->inputs[i], size) ? 2 : 1;
  }
  for (int32_t s = f->n_inputs; s < f->n_slots; s++) tile_of[s] = last ? 0 : tiles++;
  if (!last) return tiles;
  for (int32_t s = 0; s < f->n_slots; s++) last[s] = -1;
  for (int32_t i = 0; i < n_passes; i++) {
    last[passes[i].dst] = i;
    for (int32_t o = 0; o < passes[i].n_operands; o++) last[passes[i].operand[o]] = i;
  }
  for (int32_t i = 0; i < f->n_outputs; i++) last[f->outputs[i].slot] = n_passes;
  // Dead slots whose tile is free form a list through their entries of `last`, as −2 − (next slot); −1 ends it.
  int32_t free_slot = -1;
  for (int32_t i = 0; i < n_passes; i++) {
    const Pass& pass = passes[i];
    for (int32_t o = 0; o < pass.n_operands; o++) {
      const int32_t s = pass.operand[o];
      if (s < f->n_inputs || last[s] != i) continue;
      last[s] = -2 - free_slot;  // no step's number: an operand that comes twice is freed once
      free_slot = s;
    }
    if (free_slot >= 0) {
      tile_of[pass.dst] = tile_of[free_slot];
      free_slot = -2 - last[free_slot];
    } else {
      tile_of[pass.dst] = tiles++;
    }
    if (last[pass.dst] == i) {  // never read
      last[pass.dst] = -2 - free_slot;
      free_slot = pass.dst;
    }
  }
  return tiles;
}

template <class S>
int32_t count_tiles(const FusedAttrs* f) {
  Pass passes[most_joined_slots];
  int32_t a[most_joined_slots], b[most_joined_slots];
  if (f->n_slots > most_joined_slots) {
    int32_t tiles = f->n_slots;
    for (int32_t i = 0; i < f->n_inputs; i++) tiles += is_pattern(f->inputs[i], sizeof(S)) ? 1 : 0;
    return tiles;
  }
  const int32_t n_passes = make_passes<S>(f, passes, a, b);
  return assign_tiles(f, sizeof(S), passes, n_passes, a, b);
}

MYELIN_END
