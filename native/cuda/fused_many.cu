// Several calls of "fused" with equal programs in one launch: each block works on a part of one call's arrays.
#include "fused_many.h"

#include "fused_run.cuh"
#include "kernels.h"

MYELIN_BEGIN

constexpr int32_t most_calls = 32, most_arrays = 360, most_common_instructions = 32, most_common_attrs = 4;
// Packs a thread works on, one after the other.
constexpr int32_t packs_a_thread = 4;

// One program and the arrays of each call: inputs, then outputs. Fits 4 KB of parameters.
template <class S>
struct ManyCode {
  int32_t n_calls, n_instructions, n_inputs, n_arrays;  // arrays of a call
  uint32_t scalars;                                     // one bit for every input
  uint32_t end_block[most_calls];                       // of each call
  int64_t counts[most_calls];
  FusedInstruction instructions[most_common_instructions];
  S attrs[most_common_attrs];
  void* arrays[most_arrays];
};
static_assert(sizeof(ManyCode<double>) + sizeof(void*) <= 4096, "kernel parameters end at 4 KB");

template <class S>
__global__ void __launch_bounds__(most_fused_threads, least_fused_blocks)
    fused_many_kernel(const ManyCode<S> code, const uint32_t* skip) {
  if (is_skipped(skip)) return;
  constexpr int count = Pack<S>::count;
  MYELIN_DYNAMIC_SHARED(Pack<S>, registers);
  Pack<S>* const mine = registers + threadIdx.x;
  int32_t call = 0;
  while (blockIdx.x >= code.end_block[call]) call++;
  const uint32_t block = blockIdx.x - (call > 0 ? code.end_block[call - 1] : 0);
  const int32_t arrays = call * code.n_arrays;
  const int64_t elements = code.counts[call];
  for (int32_t k = 0; k < packs_a_thread; k++) {
    const int64_t first = ((static_cast<int64_t>(block) * packs_a_thread + k) * blockDim.x + threadIdx.x) * count;
    if (first >= elements) return;
    const int n = static_cast<int>(smaller(count, elements - first));
    const auto load = [&](int32_t input) {
      const S* data = static_cast<const S*>(code.arrays[arrays + input]);
      const bool scalar = (code.scalars >> input & 1) != 0;
      if (!scalar && n == count) return load_pack(data + first);
      Pack<S> x = {};
      for (int j = 0; j < count; j++) {
        if (scalar || j < n) x.v[j] = data[scalar ? 0 : first + j];
      }
      return x;
    };
    const auto store = [&](int32_t output, const Pack<S>& x) {
      S* to = static_cast<S*>(code.arrays[arrays + code.n_inputs + output]) + first;
      if (n == count) return store_pack(to, x);
      for (int j = 0; j < count; j++) {
        if (j < n) to[j] = x.v[j];
      }
    };
    run_instructions<S, false>(code.instructions, code.n_instructions, code.attrs, mine, load, store);
  }
}

inline const FusedAttrs& program_of(const Call& call) { return *static_cast<const FusedAttrs*>(call.attrs); }

// Whole arrays, aligned, and scalars only; few enough of everything for a ManyCode, and no library functions.
inline bool is_plain(const Call& call, int64_t size) {
  const FusedAttrs& f = program_of(call);
  if (call.n_out == 0 || call.out[0].count == 0 || f.n_inputs + f.n_steps + f.n_outputs > most_common_instructions) {
    return false;
  }
  int32_t n_attrs = 1;
  for (int32_t i = 0; i < f.n_steps; i++) {
    if (f.steps[i].op >= first_library_op) return false;
    n_attrs += f.steps[i].attr != 0;
  }
  for (int32_t i = 0; i < f.n_inputs; i++) {
    if (f.inputs[i].mode == load_scalar) continue;
    if (f.inputs[i].mode != load_full || !is_aligned(call.in[i].data)) return false;
  }
  for (int32_t o = 0; o < f.n_outputs; o++) {
    if (!is_aligned(call.out[o].data)) return false;
    // A scalar that the program writes changes under the threads that still read it.
    for (int32_t i = 0; i < f.n_inputs; i++) {
      if (f.inputs[i].mode == load_scalar && overlap(call.in[i], call.out[o], size)) return false;
    }
  }
  return n_attrs <= most_common_attrs;
}

inline bool same_program(const FusedAttrs& f, const FusedAttrs& g) {
  if (f.n_inputs != g.n_inputs || f.n_steps != g.n_steps || f.n_outputs != g.n_outputs) return false;
  for (int32_t i = 0; i < f.n_inputs; i++) {
    if (f.inputs[i].mode != g.inputs[i].mode) return false;
  }
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

// When values are written depends on which arrays share memory.
inline bool same_plan(const FusedPlan& a, const FusedPlan& b) {
  if (a.n_steps != b.n_steps) return false;
  for (int32_t i = 0; i < a.n_steps; i++) {
    if (a.steps[i].dst != b.steps[i].dst || a.steps[i].out != b.steps[i].out) return false;
  }
  return true;
}

// Does one call write what the other reads or writes?
inline bool writes_into(const Call& a, const Call& b, int64_t size) {
  for (int32_t o = 0; o < a.n_out; o++) {
    for (int32_t i = 0; i < b.n_in; i++) {
      if (overlap(a.out[o], b.in[i], size)) return true;
    }
    for (int32_t i = 0; i < b.n_out; i++) {
      if (overlap(a.out[o], b.out[i], size)) return true;
    }
  }
  return false;
}

inline int64_t blocks_of(const Call& call, int threads, int64_t size) {
  return divide_up(call.out[0].count * size, int64_t{16} * threads * packs_a_thread);
}

template <class S>
int32_t count_calls(const Call* calls, int32_t n) {
  if (!is_plain(calls[0], sizeof(S))) return 1;
  const FusedAttrs& f = program_of(calls[0]);
  const int32_t most = static_cast<int32_t>(smaller(most_calls, most_arrays / (f.n_inputs + f.n_outputs)));
  FusedPlan first, other;
  plan_steps(&calls[0], f, sizeof(S), &first);
  assign_registers(&first);
  int64_t blocks = blocks_of(calls[0], fused_threads(first), sizeof(S));
  int32_t count = 1;
  for (; count < n && count < most; count++) {
    const Call& next = calls[count];
    if (next.skip != calls[0].skip || !is_plain(next, sizeof(S)) || !same_program(f, program_of(next))) break;
    plan_steps(&next, program_of(next), sizeof(S), &other);
    if (!same_plan(first, other)) break;
    bool apart = true;
    for (int32_t i = 0; i < count && apart; i++) {
      apart = !writes_into(calls[i], next, sizeof(S)) && !writes_into(next, calls[i], sizeof(S));
    }
    blocks += blocks_of(next, fused_threads(first), sizeof(S));
    if (!apart || blocks > INT32_MAX) break;
  }
  return count;
}

template <class S>
void launch_many(const Call* calls, int32_t n) {
  const FusedAttrs& f = program_of(calls[0]);
  FusedPlan plan;
  plan_steps(&calls[0], f, sizeof(S), &plan);
  assign_registers(&plan);
  const int threads = fused_threads(plan);
  MappingList<uint32_t> no_mappings = {};
  const FusedCode<S, uint32_t, false> common = make_code<S, uint32_t, false>(&calls[0], f, plan, &no_mappings);
  ManyCode<S> code = {};
  code.n_calls = n;
  code.n_instructions = common.n_instructions;
  code.n_inputs = f.n_inputs;
  code.n_arrays = f.n_inputs + f.n_outputs;
  for (int32_t i = 0; i < common.n_instructions; i++) code.instructions[i] = common.instructions[i];
  for (int32_t i = 0; i < most_common_attrs; i++) code.attrs[i] = common.attrs[i];
  for (int32_t i = 0; i < f.n_inputs; i++) {
    if (f.inputs[i].mode == load_scalar) code.scalars |= 1u << i;
  }
  uint32_t blocks = 0;
  for (int32_t c = 0; c < n; c++) {
    blocks += static_cast<uint32_t>(blocks_of(calls[c], threads, sizeof(S)));
    code.end_block[c] = blocks;
    code.counts[c] = calls[c].out[0].count;
    void** arrays = code.arrays + c * code.n_arrays;
    for (int32_t i = 0; i < f.n_inputs; i++) arrays[i] = calls[c].in[i].data;
    for (int32_t o = 0; o < f.n_outputs; o++) arrays[f.n_inputs + o] = calls[c].out[o].data;
  }
  launch(context_of(&calls[0]), fused_many_kernel<S>, dim3(blocks), dim3(threads), register_bytes(plan, threads), code,
         calls[0].skip);
}

MYELIN_END

namespace myelin {
namespace cuda {

int32_t count_together(const Call* calls, int32_t n, bool is_f64) {
  return is_f64 ? count_calls<double>(calls, n) : count_calls<float>(calls, n);
}

void fused_together(const Call* calls, int32_t n, bool is_f64) {
  if (n == 1) return is_f64 ? fused_f64(calls) : fused_f32(calls);
  is_f64 ? launch_many<double>(calls, n) : launch_many<float>(calls, n);
}

}  // namespace cuda
}  // namespace myelin
