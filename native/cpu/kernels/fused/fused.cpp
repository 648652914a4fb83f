// "fused": takes element-wise steps tile by tile, so that temporaries live in the
// first-level cache and memory is read and written once.
#include "cpu/kernels/kernels.h"
#include "cpu/kernels/units.h"
#include "elementwise.h"
#ifdef MYELIN_REFERENCE
#include "cpu/kernels/reference.h"
#else
#include "fused_load.h"
#include "fused_passes.h"
#endif

MYELIN_BEGIN

#ifdef MYELIN_REFERENCE

int64_t source_element(const FusedInput& input, int64_t i) {
  switch (input.mode) {
    case load_full: return i;
    case load_scalar: return 0;
    case load_row: return i % input.period;
    case load_column: return i / input.period;
    default: {
      int64_t offset = 0;
      for (int32_t d = input.rank - 1; d >= 0; d--) {
        offset += i % input.dims[d] * input.strides[d];
        i /= input.dims[d];
      }
      return offset;
    }
  }
}

template <class S>
void fused(const Call* call) {
  const FusedAttrs* f = static_cast<const FusedAttrs*>(call->attrs);
  S* slot = static_cast<S*>(call->scratch);
  for (int64_t i = 0; i < call->out[0].count; i++) {
    for (int32_t s = 0; s < f->n_inputs; s++) slot[s] = data_of<S>(call->in[s])[source_element(f->inputs[s], i)];
    for (int32_t n = 0; n < f->n_steps; n++) {
      const FusedStep& step = f->steps[n];
      const ElementwiseEntry& entry = elementwise_entries()[step.op];
      const S* b = entry.arity > 1 ? slot + step.b : nullptr;
      const S* c = entry.arity > 2 ? slot + step.c : nullptr;
      (sizeof(S) == 4 ? entry.f32 : entry.f64)(slot + step.dst, slot + step.a, b, c, 1, step.attr);
    }
    for (int32_t o = 0; o < f->n_outputs; o++) data_of<S>(call->out[o])[i] = slot[f->outputs[o].slot];
  }
}

template <class S>
size_t scratch_fused(const Call* call, int) {
  return static_cast<const FusedAttrs*>(call->attrs)->n_slots * sizeof(S);
}

template <class S>
size_t prepare_fused(const Call*, void*) {
  return 0;
}

#else

// Where a slot's values are while a tile is processed.
enum Place : int32_t {
  in_tile,     // a tile of the worker
  in_pattern,  // a short row, repeated in two tiles of the worker: pattern + element % period
  on_input,    // used where it lies: element of the input `number` …
  on_output,   // … or of this output
};

struct Slot {
  int32_t place;
  int32_t number;   // tile: number of its (first) tile among the worker's
  int32_t is_wide;  // of scalars: a pass reads a whole tile of them, not a vector
};

// What is the same for all calls of a shape; after it the slots and the passes.
struct Prepared {
  int32_t n_passes, n_tiles;
  int64_t tile_bytes;
};

HD int64_t aligned(int64_t bytes) { return (bytes + 63) & ~int64_t(63); }

HD int64_t slots_at() { return aligned(sizeof(Prepared)); }
HD int64_t passes_at(const FusedAttrs* f) { return slots_at() + aligned(f->n_slots * sizeof(Slot)); }
HD int64_t prepared_bytes(const FusedAttrs* f) { return passes_at(f) + aligned(f->n_steps * sizeof(Pass)); }
// Numbers that preparing needs for itself.
HD int64_t working_bytes(const FusedAttrs* f) { return 2 * aligned(f->n_slots * sizeof(int32_t)); }
// A worker's part of the scratch: a flag, pointers, tiles.
HD int64_t pointers_at() { return 64; }
HD int64_t tiles_at(const FusedAttrs* f) { return pointers_at() + aligned(f->n_slots * sizeof(char*)); }

HD int64_t count_of(const Call* call) { return call->n_out > 0 ? call->out[0].count : 0; }

HD bool is_scalar(const FusedAttrs* f, int32_t slot) {
  return slot < f->n_inputs && f->inputs[slot].mode == load_scalar;
}

// Whether output `index` may be written by its pass although it has an input's memory: nobody reads that input later.
HD bool is_free_to_write(const FusedAttrs* f, int32_t index, const Pass* passes, int32_t n_passes) {
  const FusedOutput& output = f->outputs[index];
  if (output.deferred < 0) return false;
  const int32_t input = output.deferred - 1;
  bool written = false;
  for (int32_t i = 0; i < n_passes; i++) {
    for (int32_t o = 0; written && o < passes[i].n_operands; o++) {
      if (passes[i].operand[o] == input) return false;
    }
    written |= passes[i].dst == output.slot;
  }
  for (int32_t o = 0; o < f->n_outputs; o++) {
    if (f->outputs[o].slot == input) return false;
  }
  return true;
}

template <class S>
void prepare_into(const Call* call, char* memory, char* working) {
  const FusedAttrs* f = static_cast<const FusedAttrs*>(call->attrs);
  Prepared* prepared = reinterpret_cast<Prepared*>(memory);
  Slot* slots = reinterpret_cast<Slot*>(memory + slots_at());
  Pass* passes = reinterpret_cast<Pass*>(memory + passes_at(f));
  int32_t* tile_of = reinterpret_cast<int32_t*>(working);
  int32_t* work = reinterpret_cast<int32_t*>(working + working_bytes(f) / 2);
  const bool joined = f->n_slots <= most_joined_slots;
  const int32_t n_passes = make_passes<S>(f, passes, joined ? tile_of : nullptr, work);
  prepared->n_passes = n_passes;
  prepared->n_tiles = assign_tiles(f, sizeof(S), passes, n_passes, tile_of, joined ? work : nullptr);
  prepared->tile_bytes = tile_bytes_for(count_of(call), sizeof(S));
  for (int32_t s = 0; s < f->n_slots; s++) {
    slots[s] = Slot{in_tile, tile_of[s], 0};
    if (s >= f->n_inputs) continue;
    if (f->inputs[s].mode == load_full) slots[s] = Slot{on_input, s, 0};
    if (is_pattern(f->inputs[s], sizeof(S))) slots[s].place = in_pattern;
  }
  for (int32_t i = 0; i < n_passes; i++) {
    for (int32_t o = 0; passes[i].fn && o < 3; o++) slots[passes[i].operand[o]].is_wide = 1;
  }
  for (int32_t i = 0; i < f->n_outputs; i++) {
    const FusedOutput& output = f->outputs[i];
    Slot* slot = slots + output.slot;
    if (output.slot < f->n_inputs) slot->is_wide = 1;  // copied as it is
    // A computed value goes straight to its output, unless that memory is still being read as an input.
    if (output.slot < f->n_inputs || slot->place != in_tile) continue;
    if (!output.deferred || is_free_to_write(f, i, passes, n_passes)) *slot = Slot{on_output, i, 0};
  }
}

template <class S>
size_t prepare_fused(const Call* call, void* memory) {
  const FusedAttrs* f = static_cast<const FusedAttrs*>(call->attrs);
  char* at = static_cast<char*>(memory);
  if (at) prepare_into<S>(call, at, at + prepared_bytes(f));
  return static_cast<size_t>(prepared_bytes(f) + working_bytes(f));
}

template <class S>
int64_t worker_bytes(const FusedAttrs* f, int64_t count) {
  return tiles_at(f) + count_tiles<S>(f) * tile_bytes_for(count, sizeof(S));
}

// Scratch: what is prepared, for calls that bring none; then each worker's part.
template <class S>
size_t scratch_fused(const Call* call, int workers) {
  const FusedAttrs* f = static_cast<const FusedAttrs*>(call->attrs);
  return static_cast<size_t>(prepared_bytes(f) + working_bytes(f) + workers * worker_bytes<S>(f, count_of(call)));
}

template <class S>
struct FusedRun {
  const Call* call;
  const FusedAttrs* attrs;
  const Slot* slots;
  const Pass* passes;
  char* workers;  // their parts of the scratch
  int32_t n_passes;
  int64_t tile_bytes, worker_bytes;
  int64_t count;  // of elements that are computed

  static constexpr int64_t tile = most_tile_bytes / sizeof(S);
  static constexpr int64_t lanes = Lanes<typename Vector<S>::Type>::count;

  // What stays the same in all tiles of a worker: tile addresses, expanded scalars and short rows.
  HD void prepare_worker(char** at, char* tiles) const {
    // No more than a tile of this call holds, but a whole vector, which is how chains read scalars.
    const int64_t used = smaller(tile, larger(count, lanes));
    for (int32_t s = 0; s < attrs->n_slots; s++) at[s] = tiles + slots[s].number * tile_bytes;
    for (int32_t s = 0; s < attrs->n_inputs; s++) {
      const S* from = static_cast<const S*>(call->in[s].data);
      const FusedInput& input = attrs->inputs[s];
      S* to = reinterpret_cast<S*>(at[s]);
      if (input.mode == load_scalar) fill(to, slots[s].is_wide ? used : lanes, from[0]);
      if (slots[s].place == in_pattern) load_rows(to, from, input.period, 0, smaller(2 * tile, used + input.period));
    }
  }

  HD void load_inputs(char** at, char* tiles, int64_t begin, int64_t n) const {
    for (int32_t s = 0; s < attrs->n_inputs; s++) {
      const FusedInput& input = attrs->inputs[s];
      if (input.mode == load_full || input.mode == load_scalar) continue;
      const S* from = static_cast<const S*>(call->in[s].data);
      char* place = tiles + slots[s].number * tile_bytes;
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

  HD void run_pass(char** at, const Pass& pass, int64_t n) const {
    if (pass.fn) {
      pass.fn(at[pass.dst], at[pass.operand[0]], at[pass.operand[1]], at[pass.operand[2]], n, pass.attr);
      return;
    }
    ChainOperands in;
    for (int32_t o = 0; o < pass.n_operands; o++) {
      in.data[o] = at[pass.operand[o]];
      in.mask[o] = is_scalar(attrs, pass.operand[o]) ? 0 : -1;
    }
    pass.chain(at[pass.dst], in, n);
  }

  HD void run_tile(char** at, char* tiles, int64_t begin, int64_t n) const {
    for (int32_t s = 0; s < attrs->n_slots; s++) {
      const Slot& slot = slots[s];
      if (slot.place == on_input) at[s] = static_cast<char*>(call->in[slot.number].data) + begin * sizeof(S);
      if (slot.place == on_output) at[s] = static_cast<char*>(call->out[slot.number].data) + begin * sizeof(S);
    }
    load_inputs(at, tiles, begin, n);
    for (int32_t i = 0; i < n_passes; i++) run_pass(at, passes[i], n);
    for (int32_t i = 0; i < attrs->n_outputs; i++) {
      char* to = static_cast<char*>(call->out[i].data) + begin * sizeof(S);
      const char* from = at[attrs->outputs[i].slot];
      if (to != from) memcpy(to, from, n * sizeof(S));
    }
  }

  // Tiles [first, end) of the elements [from, to), a tile's length apart.
  HD void run_tiles(int64_t from, int64_t to, int64_t first, int64_t end, int worker) const {
    char* mine = workers + worker * worker_bytes;
    int32_t* ready = reinterpret_cast<int32_t*>(mine);
    char** at = reinterpret_cast<char**>(mine + pointers_at());
    char* tiles = mine + tiles_at(attrs);
    if (!*ready) prepare_worker(at, tiles);
    *ready = 1;
    for (int64_t t = first; t < end; t++) {
      const int64_t begin = from + t * tile;
      run_tile(at, tiles, begin, smaller(tile, to - begin));
    }
  }
};

template <class S>
void fused(const Call* call) {
  const int64_t count = count_of(call);
  if (count == 0) return;
  FusedRun<S> p;
  p.call = call;
  p.attrs = static_cast<const FusedAttrs*>(call->attrs);
  char* scratch = static_cast<char*>(call->scratch);
  p.workers = scratch + prepared_bytes(p.attrs) + working_bytes(p.attrs);
  const char* prepared = static_cast<const char*>(call->prepared);
  if (!prepared) {
    prepare_fused<S>(call, scratch);
    prepared = scratch;
  }
  const Prepared& ready = *reinterpret_cast<const Prepared*>(prepared);
  p.slots = reinterpret_cast<const Slot*>(prepared + slots_at());
  p.passes = reinterpret_cast<const Pass*>(prepared + passes_at(p.attrs));
  p.n_passes = ready.n_passes;
  p.tile_bytes = ready.tile_bytes;
  p.worker_bytes = tiles_at(p.attrs) + ready.n_tiles * ready.tile_bytes;
  const UnitRange part = part_of(call, count);
  p.count = part.end - part.begin;
  const int workers = worker_count(call);
  for (int w = 0; w < workers; w++) *reinterpret_cast<int32_t*>(p.workers + w * p.worker_bytes) = 0;
  for_ranges(call, divide_up(p.count, FusedRun<S>::tile), 1, count * p.attrs->n_steps,
             [&](int64_t first, int64_t end, int worker) { p.run_tiles(part.begin, part.end, first, end, worker); });
}

#endif

MYELIN_END

MYELIN_DEFINE_KERNEL(fused, fused)
MYELIN_DEFINE_SCRATCH(fused, scratch_fused)
MYELIN_DEFINE_UNITS(fused, element_units)
MYELIN_DEFINE_PREPARE(fused, prepare_fused)
