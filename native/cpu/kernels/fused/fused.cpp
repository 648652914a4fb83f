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

#else

// Where a slot's values are while a tile is processed.
enum Place : int32_t {
  in_memory,   // an input or output that is used where it lies: base + element
  in_tile,     // a tile of the worker
  in_pattern,  // a short row, repeated in two tiles of the worker: pattern + element % period
};

struct Slot {
  int32_t place;
  int32_t tile;  // number of its (first) tile among the worker's
  char* base;    // in_memory
};

// Scratch: slots, passes, tile numbers, working space; then for each worker a flag, pointers, tiles.
struct Layout {
  int64_t slots, passes, tile_of, work, workers;      // offsets
  int64_t pointers, tiles, tile_bytes, worker_bytes;  // within a worker's part
};

HD int64_t aligned(int64_t bytes) { return (bytes + 63) & ~int64_t(63); }

HD Layout layout_of(const FusedAttrs* f) {
  Layout l = {};
  l.passes = l.slots + aligned(f->n_slots * sizeof(Slot));
  l.tile_of = l.passes + aligned(f->n_steps * sizeof(Pass));
  l.work = l.tile_of + aligned(f->n_slots * sizeof(int32_t));
  l.workers = l.work + aligned(f->n_slots * sizeof(int32_t));
  l.pointers = 64;
  l.tiles = l.pointers + aligned(f->n_slots * sizeof(char*));
  return l;
}

HD void add_tiles(Layout* l, int32_t tiles, int64_t tile_bytes) {
  l->tile_bytes = tile_bytes;
  l->worker_bytes = l->tiles + tiles * tile_bytes;
}

HD int64_t count_of(const Call* call) { return call->n_out > 0 ? call->out[0].count : 0; }

template <class S>
size_t scratch_fused(const Call* call, int workers) {
  const FusedAttrs* f = static_cast<const FusedAttrs*>(call->attrs);
  Layout l = layout_of(f);
  add_tiles(&l, count_tiles<S>(f), tile_bytes_for(count_of(call), sizeof(S)));
  return static_cast<size_t>(l.workers + workers * l.worker_bytes);
}

template <class S>
struct FusedRun {
  const Call* call;
  const FusedAttrs* attrs;
  Layout layout;
  char* scratch;
  Slot* slots;
  Pass* passes;
  int32_t n_passes;
  int64_t count;

  static constexpr int64_t tile = most_tile_bytes / sizeof(S);
  static constexpr int64_t lanes = Lanes<typename Vector<S>::Type>::count;

  HD bool is_scalar(int32_t slot) const { return slot < attrs->n_inputs && attrs->inputs[slot].mode == load_scalar; }

  // What stays the same in all tiles of a worker: tile addresses, expanded scalars and short rows.
  HD void prepare_worker(char** at, char* tiles) const {
    // No more than a tile of this call holds, but a whole vector, which is how chains read scalars.
    const int64_t used = smaller(tile, larger(count, lanes));
    for (int32_t s = 0; s < attrs->n_slots; s++) at[s] = tiles + slots[s].tile * layout.tile_bytes;
    for (int32_t s = 0; s < attrs->n_inputs; s++) {
      const S* from = static_cast<const S*>(call->in[s].data);
      const FusedInput& input = attrs->inputs[s];
      S* to = reinterpret_cast<S*>(at[s]);
      if (input.mode == load_scalar) fill(to, used, from[0]);
      if (slots[s].place == in_pattern) load_rows(to, from, input.period, 0, smaller(2 * tile, used + input.period));
    }
  }

  HD void load_inputs(char** at, char* tiles, int64_t begin, int64_t n) const {
    for (int32_t s = 0; s < attrs->n_inputs; s++) {
      const FusedInput& input = attrs->inputs[s];
      if (input.mode == load_full || input.mode == load_scalar) continue;
      const S* from = static_cast<const S*>(call->in[s].data);
      char* place = tiles + slots[s].tile * layout.tile_bytes;
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
      in.mask[o] = is_scalar(pass.operand[o]) ? 0 : -1;
    }
    pass.chain(at[pass.dst], in, n);
  }

  HD void run_tile(char** at, char* tiles, int64_t begin, int64_t n) const {
    for (int32_t s = 0; s < attrs->n_slots; s++) {
      if (slots[s].place == in_memory) at[s] = slots[s].base + begin * sizeof(S);
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
    char* mine = scratch + layout.workers + worker * layout.worker_bytes;
    int32_t* ready = reinterpret_cast<int32_t*>(mine);
    char** at = reinterpret_cast<char**>(mine + layout.pointers);
    char* tiles = mine + layout.tiles;
    if (!*ready) prepare_worker(at, tiles);
    *ready = 1;
    for (int64_t t = first; t < end; t++) {
      const int64_t begin = from + t * tile;
      run_tile(at, tiles, begin, smaller(tile, to - begin));
    }
  }

  // Whether output `index` may be written by its pass although it lies on an input: nobody reads that input later.
  HD bool is_free_to_write(int32_t index) const {
    const View& out = call->out[index];
    const char *begin = static_cast<char*>(out.data), *end = begin + out.count * sizeof(S);
    for (int32_t s = 0; s < attrs->n_inputs; s++) {
      const char *from = static_cast<char*>(call->in[s].data), *to = from + call->in[s].count * sizeof(S);
      if (to <= begin || end <= from) continue;
      if (from != begin || attrs->inputs[s].mode != load_full) return false;
      bool written = false;
      for (int32_t i = 0; i < n_passes; i++) {
        for (int32_t o = 0; written && o < passes[i].n_operands; o++) {
          if (passes[i].operand[o] == s) return false;
        }
        written |= passes[i].dst == attrs->outputs[index].slot;
      }
      for (int32_t o = 0; o < attrs->n_outputs; o++) {
        if (attrs->outputs[o].slot == s) return false;
      }
    }
    return true;
  }

  HD void prepare() {
    int32_t* tile_of = reinterpret_cast<int32_t*>(scratch + layout.tile_of);
    int32_t* work = reinterpret_cast<int32_t*>(scratch + layout.work);
    const bool joined = attrs->n_slots <= most_joined_slots;
    n_passes = make_passes<S>(attrs, passes, joined ? tile_of : nullptr, work);
    const int32_t tiles = assign_tiles(attrs, sizeof(S), passes, n_passes, tile_of, joined ? work : nullptr);
    add_tiles(&layout, tiles, tile_bytes_for(count, sizeof(S)));
    for (int32_t s = 0; s < attrs->n_slots; s++) {
      slots[s] = Slot{in_tile, tile_of[s], nullptr};
      if (s >= attrs->n_inputs) continue;
      if (attrs->inputs[s].mode == load_full) slots[s] = Slot{in_memory, 0, static_cast<char*>(call->in[s].data)};
      if (is_pattern(attrs->inputs[s], sizeof(S))) slots[s].place = in_pattern;
    }
    for (int32_t i = 0; i < attrs->n_outputs; i++) {
      const FusedOutput& output = attrs->outputs[i];
      Slot* slot = slots + output.slot;
      // A computed value goes straight to its output, unless that memory is still being read as an input.
      if (output.slot < attrs->n_inputs || slot->place != in_tile) continue;
      if (!output.deferred || is_free_to_write(i)) *slot = Slot{in_memory, 0, static_cast<char*>(call->out[i].data)};
    }
  }
};

template <class S>
void fused(const Call* call) {
  FusedRun<S> p;
  p.call = call;
  p.attrs = static_cast<const FusedAttrs*>(call->attrs);
  p.scratch = static_cast<char*>(call->scratch);
  p.layout = layout_of(p.attrs);
  p.slots = reinterpret_cast<Slot*>(p.scratch + p.layout.slots);
  p.passes = reinterpret_cast<Pass*>(p.scratch + p.layout.passes);
  p.count = count_of(call);
  if (p.count == 0) return;
  p.prepare();
  const int workers = worker_count(call);
  for (int w = 0; w < workers; w++) {
    *reinterpret_cast<int32_t*>(p.scratch + p.layout.workers + w * p.layout.worker_bytes) = 0;
  }
  const UnitRange part = part_of(call, p.count);
  for_ranges(
      call, divide_up(part.end - part.begin, FusedRun<S>::tile), 1, p.count * p.attrs->n_steps,
      [&](int64_t first, int64_t end, int worker) { p.run_tiles(part.begin, part.end, first, end, worker); });
}

#endif

MYELIN_END

MYELIN_DEFINE_KERNEL(fused, fused)
MYELIN_DEFINE_SCRATCH(fused, scratch_fused)
MYELIN_DEFINE_UNITS(fused, element_units)
