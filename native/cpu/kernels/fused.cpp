// "fused": runs a straight-line program of element-wise steps tile by tile, so that temporaries live in the
// first-level cache and memory is read and written once.
#ifndef MYELIN_REFERENCE  // reference.cpp has it

#include "elementwise.h"
#include "kernels.h"
#include "parallel.h"

MYELIN_BEGIN

// 4 KB a tile: a program with a dozen live values still fits 48 KB of first-level cache.
constexpr int64_t tile_bytes = 4096;
// Programs with more slots than this do without reuse of tiles (the limit sizes an array on the stack).
constexpr int32_t most_reused_slots = 1024;

// Where a slot's values are while a tile is processed.
enum Place : int32_t {
  in_memory,   // an input or output that is used where it lies: base + element
  in_tile,     // a tile of the worker
  in_pattern,  // a short row, repeated in the worker's tiles: pattern + element % period
};

struct Slot {
  int32_t place;
  int32_t tile;  // number of its (first) tile among the worker's
  char* base;    // in_memory
};

struct Step {
  ElementwiseFn fn;
  double attr;
  int32_t dst, a, b, c;
};

HD int64_t aligned(int64_t bytes) { return (bytes + 63) & ~int64_t(63); }

HD bool is_pattern(const FusedInput& input, int64_t size) {
  return input.mode == load_row && input.period * size <= tile_bytes;
}

// Gives every slot its tiles; returns how many a worker needs. `last` (n_slots numbers of working space) may be
// null: then no tile is used twice. A step may write over an operand that it is the last to read.
int32_t assign_tiles(const FusedAttrs* f, int64_t size, int32_t* tile_of, int32_t* last) {
  int32_t tiles = 0;
  for (int32_t i = 0; i < f->n_inputs; i++) {
    const FusedInput& input = f->inputs[i];
    if (tile_of) tile_of[i] = tiles;
    if (input.mode != load_full) tiles += is_pattern(input, size) ? 2 : 1;
  }
  if (!last) {
    for (int32_t s = f->n_inputs; s < f->n_slots; s++) {
      if (tile_of) tile_of[s] = tiles;
      tiles++;
    }
    return tiles;
  }
  for (int32_t s = 0; s < f->n_slots; s++) last[s] = -1;
  for (int32_t i = 0; i < f->n_steps; i++) {
    const FusedStep& step = f->steps[i];
    const int32_t arity = elementwise_entries()[step.op].arity;
    last[step.dst] = i;
    last[step.a] = i;
    if (arity > 1) last[step.b] = i;
    if (arity > 2) last[step.c] = i;
  }
  for (int32_t i = 0; i < f->n_outputs; i++) last[f->outputs[i].slot] = f->n_steps;
  // Free tiles are a list threaded through the entries of `last` of slots that are dead: their tile is in tile_of.
  int32_t free_slot = -1;
  for (int32_t i = 0; i < f->n_steps; i++) {
    const FusedStep& step = f->steps[i];
    const int32_t arity = elementwise_entries()[step.op].arity;
    const int32_t operands[3] = {step.a, arity > 1 ? step.b : step.a, arity > 2 ? step.c : step.a};
    for (int32_t o = 0; o < 3; o++) {
      const int32_t s = operands[o];
      if (s < f->n_inputs || last[s] != i) continue;
      last[s] = -2 - free_slot;  // no longer equal to any step: the same operand is not freed twice
      free_slot = s;
    }
    if (free_slot >= 0) {
      tile_of[step.dst] = tile_of[free_slot];
      free_slot = -2 - last[free_slot];
    } else {
      tile_of[step.dst] = tiles++;
    }
    if (last[step.dst] == i) {  // never read
      last[step.dst] = -2 - free_slot;
      free_slot = step.dst;
    }
  }
  return tiles;
}

int32_t count_tiles(const FusedAttrs* f, int64_t size) {
  if (f->n_slots > most_reused_slots) return assign_tiles(f, size, nullptr, nullptr);
  int32_t tile_of[most_reused_slots], last[most_reused_slots];
  return assign_tiles(f, size, tile_of, last);
}

// Scratch: slots, steps, tile numbers, working space; then for each worker a flag, pointers, tiles.
struct Layout {
  int64_t slots, steps, tile_of, last, workers;  // offsets
  int64_t pointers, tiles, worker_bytes;         // within a worker's part
};

HD Layout layout_of(const FusedAttrs* f, int32_t tiles) {
  Layout l;
  l.slots = 0;
  l.steps = l.slots + aligned(f->n_slots * sizeof(Slot));
  l.tile_of = l.steps + aligned(f->n_steps * sizeof(Step));
  l.last = l.tile_of + aligned(f->n_slots * sizeof(int32_t));
  l.workers = l.last + aligned(f->n_slots * sizeof(int32_t));
  l.pointers = 64;
  l.tiles = l.pointers + aligned(f->n_slots * sizeof(char*));
  l.worker_bytes = l.tiles + tiles * tile_bytes;
  return l;
}

template <class S>
size_t scratch_fused(const Call* call, int workers) {
  const FusedAttrs* f = static_cast<const FusedAttrs*>(call->attrs);
  const Layout l = layout_of(f, count_tiles(f, sizeof(S)));
  return static_cast<size_t>(l.workers + workers * l.worker_bytes);
}

template <class S>
HD void fill(S* to, int64_t n, S value) {
  for (int64_t i = 0; i < n; i++) to[i] = value;
}

// Each element of `from` stands for `period` consecutive ones.
template <class S>
void load_columns(S* to, const S* from, int64_t period, int64_t begin, int64_t n) {
  int64_t row = begin / period;
  int64_t left = period - begin % period;
  for (int64_t i = 0; i < n; row++, left = period) {
    const int64_t run = smaller(left, n - i);
    fill(to + i, run, from[row]);
    i += run;
  }
}

// `from` repeats every `period` elements.
template <class S>
void load_rows(S* to, const S* from, int64_t period, int64_t begin, int64_t n) {
  int64_t at = begin % period;
  for (int64_t i = 0; i < n; at = 0) {
    const int64_t run = smaller(period - at, n - i);
    memcpy(to + i, from + at, run * sizeof(S));
    i += run;
  }
}

template <class S>
void load_with_strides(S* to, const S* from, const FusedInput& input, int64_t begin, int64_t n) {
  int64_t index[max_rank];
  int64_t offset = 0;
  const int32_t rank = input.rank;
  for (int32_t d = rank - 1; d >= 0; d--) {
    index[d] = begin % input.dims[d];
    begin /= input.dims[d];
    offset += index[d] * input.strides[d];
  }
  const int64_t inner = rank ? input.dims[rank - 1] : 1, stride = rank ? input.strides[rank - 1] : 0;
  for (int64_t i = 0; i < n;) {
    const int64_t run = rank ? smaller(inner - index[rank - 1], n - i) : n;
    if (stride == 0) {
      fill(to + i, run, from[offset]);
    } else {
      for (int64_t j = 0; j < run; j++) to[i + j] = from[offset + j * stride];
    }
    i += run;
    if (i == n) return;
    // To the beginning of the next innermost run.
    offset -= index[rank - 1] * stride;
    index[rank - 1] = 0;
    for (int32_t d = rank - 2; d >= 0; d--) {
      offset += input.strides[d];
      if (++index[d] < input.dims[d]) break;
      offset -= input.dims[d] * input.strides[d];
      index[d] = 0;
    }
  }
}

template <class S>
struct Program {
  const Call* call;
  const FusedAttrs* attrs;
  Layout layout;
  char* scratch;
  Slot* slots;
  Step* steps;
  int64_t count;

  static constexpr int64_t tile = tile_bytes / sizeof(S);

  // What stays the same in all tiles of a worker: tile addresses, expanded scalars and short rows.
  HD void prepare_worker(char** at, char* tiles) const {
    for (int32_t s = 0; s < attrs->n_slots; s++) at[s] = tiles + slots[s].tile * tile_bytes;
    for (int32_t s = 0; s < attrs->n_inputs; s++) {
      const S* from = static_cast<const S*>(call->in[s].data);
      const FusedInput& input = attrs->inputs[s];
      S* to = reinterpret_cast<S*>(at[s]);
      if (input.mode == load_scalar) fill(to, tile, from[0]);
      if (slots[s].place == in_pattern) load_rows(to, from, input.period, 0, 2 * tile);
    }
  }

  HD void load_inputs(char** at, char* tiles, int64_t begin, int64_t n) const {
    for (int32_t s = 0; s < attrs->n_inputs; s++) {
      const FusedInput& input = attrs->inputs[s];
      if (input.mode == load_full || input.mode == load_scalar) continue;
      const S* from = static_cast<const S*>(call->in[s].data);
      char* place = tiles + slots[s].tile * tile_bytes;
      S* to = reinterpret_cast<S*>(place);
      at[s] = place;
      if (slots[s].place == in_pattern) {
        at[s] = place + begin % input.period * sizeof(S);
      } else if (input.mode == load_row) {
        load_rows(to, from, input.period, begin, n);
      } else if (input.mode == load_column) {
        load_columns(to, from, input.period, begin, n);
      } else {
        load_with_strides(to, from, input, begin, n);
      }
    }
  }

  HD void run_tile(char** at, char* tiles, int64_t begin, int64_t n) const {
    for (int32_t s = 0; s < attrs->n_slots; s++) {
      if (slots[s].place == in_memory) at[s] = slots[s].base + begin * sizeof(S);
    }
    load_inputs(at, tiles, begin, n);
    for (int32_t i = 0; i < attrs->n_steps; i++) {
      const Step& step = steps[i];
      step.fn(at[step.dst], at[step.a], at[step.b], at[step.c], n, step.attr);
    }
    for (int32_t i = 0; i < attrs->n_outputs; i++) {
      char* to = static_cast<char*>(call->out[i].data) + begin * sizeof(S);
      const char* from = at[attrs->outputs[i].slot];
      if (to != from) memcpy(to, from, n * sizeof(S));
    }
  }

  HD void run_tiles(int64_t first, int64_t end, int worker) const {
    char* mine = scratch + layout.workers + worker * layout.worker_bytes;
    int32_t* ready = reinterpret_cast<int32_t*>(mine);
    char** at = reinterpret_cast<char**>(mine + layout.pointers);
    char* tiles = mine + layout.tiles;
    if (!*ready) prepare_worker(at, tiles);
    *ready = 1;
    for (int64_t t = first; t < end; t++) run_tile(at, tiles, t * tile, smaller(tile, count - t * tile));
  }
};

template <class S>
HD void prepare(Program<S>* p) {
  const FusedAttrs* f = p->attrs;
  const Call* call = p->call;
  int32_t* tile_of = reinterpret_cast<int32_t*>(p->scratch + p->layout.tile_of);
  int32_t* last = reinterpret_cast<int32_t*>(p->scratch + p->layout.last);
  assign_tiles(f, sizeof(S), tile_of, f->n_slots > most_reused_slots ? nullptr : last);
  for (int32_t s = 0; s < f->n_slots; s++) {
    p->slots[s] = Slot{in_tile, tile_of[s], nullptr};
    if (s >= f->n_inputs) continue;
    if (f->inputs[s].mode == load_full) p->slots[s] = Slot{in_memory, 0, static_cast<char*>(call->in[s].data)};
    if (is_pattern(f->inputs[s], sizeof(S))) p->slots[s].place = in_pattern;
  }
  for (int32_t i = 0; i < f->n_outputs; i++) {
    const FusedOutput& output = f->outputs[i];
    Slot* slot = &p->slots[output.slot];
    // A computed value goes straight to its output, unless that memory is still being read as an input.
    if (output.slot >= f->n_inputs && slot->place == in_tile && !output.deferred) {
      *slot = Slot{in_memory, 0, static_cast<char*>(call->out[i].data)};
    }
  }
  for (int32_t i = 0; i < f->n_steps; i++) {
    const FusedStep& step = f->steps[i];
    const ElementwiseEntry& entry = elementwise_entries()[step.op];
    p->steps[i] =
        Step{sizeof(S) == 4 ? entry.f32 : entry.f64, step.attr, step.dst, step.a, entry.arity > 1 ? step.b : step.a,
             entry.arity > 2 ? step.c : step.a};
  }
}

template <class S>
void fused(const Call* call) {
  Program<S> p;
  p.call = call;
  p.attrs = static_cast<const FusedAttrs*>(call->attrs);
  p.scratch = static_cast<char*>(call->scratch);
  p.layout = layout_of(p.attrs, count_tiles(p.attrs, sizeof(S)));
  p.slots = reinterpret_cast<Slot*>(p.scratch + p.layout.slots);
  p.steps = reinterpret_cast<Step*>(p.scratch + p.layout.steps);
  p.count = call->n_out > 0 ? call->out[0].count : 0;
  prepare(&p);
  const int workers = worker_count(call);
  for (int w = 0; w < workers; w++) {
    *reinterpret_cast<int32_t*>(p.scratch + p.layout.workers + w * p.layout.worker_bytes) = 0;
  }
  for_ranges(call, divide_up(p.count, Program<S>::tile), 1, p.count * p.attrs->n_steps,
             [&](int64_t first, int64_t end, int worker) { p.run_tiles(first, end, worker); });
}

MYELIN_END

namespace myelin {
namespace MYELIN_TARGET {

void kernel_fused_f32(const Call* call) { fused<float>(call); }
void kernel_fused_f64(const Call* call) { fused<double>(call); }
size_t scratch_fused_f32(const Call* call, int workers) { return scratch_fused<float>(call, workers); }
size_t scratch_fused_f64(const Call* call, int workers) { return scratch_fused<double>(call, workers); }

}  // namespace MYELIN_TARGET
}  // namespace myelin

#endif
