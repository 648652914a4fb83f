// "fused": every thread runs the whole program on a pack of neighbouring elements (16 bytes of each array) and steps
// through the array. Memory is read and written once; what several steps need waits in shared memory, where each thread
// has its own column: no barrier, no bank conflict.
#include "fused_program.h"
#include "kernels.h"

MYELIN_BEGIN

constexpr int most_fused_threads = 128;
// Shared memory that every architecture gives a block without being asked.
constexpr int64_t most_shared_bytes = 48 * 1024;

// The elements of an input for positions first … first + n − 1 of the output.
template <class S, class Index>
__device__ __forceinline__ Pack<S> load_input(const FusedArray<Index>& array, const Mapping<Index>* strided,
                                              Index first, int n) {
  constexpr int count = Pack<S>::count;
  const S* data = static_cast<const S*>(array.data);
  Pack<S> x = {};
  if (array.mode == load_scalar) {
    const S value = data[0];
    for (int j = 0; j < count; j++) x.v[j] = value;
    return x;
  }
  const bool whole = array.packed && n == count;
  if (array.mode == load_full) {
    if (whole) return load_pack(data + first);
    for (int j = 0; j < count; j++) {
      if (j < n) x.v[j] = data[first + j];
    }
    return x;
  }
  if (array.mode == load_strided) {
    const Mapping<Index>& mapping = strided[array.strides];
    if (whole) {
      const Index at = mapping.offset(first), step = mapping.strides[mapping.rank - 1];
      for (int j = 0; j < count; j++) x.v[j] = data[at + j * step];
      return x;
    }
    for (int j = 0; j < count; j++) {
      if (j < n) x.v[j] = data[mapping.offset(first + j)];
    }
    return x;
  }
  Index quotient = array.period.divide(first);
  Index rest = first - quotient * array.period.divisor;
  const bool row = array.mode == load_row;
  if (whole && row) return load_pack(data + rest);
  for (int j = 0; j < count; j++) {
    if (j < n) x.v[j] = data[row ? rest : quotient];
    if (++rest == array.period.divisor) {
      rest = 0;
      quotient++;
    }
  }
  return x;
}

template <class S, class Index, bool large>
__global__ void __launch_bounds__(most_fused_threads)
    fused_kernel(const FusedCode<S, Index, large> code, const uint32_t* skip) {
  if (is_skipped(skip)) return;
  constexpr int count = Pack<S>::count;
  MYELIN_DYNAMIC_SHARED(Pack<S>, registers);
  Pack<S>* const mine = registers + threadIdx.x;
  const int64_t packs = (code.count + count - 1) / count;
  for (int64_t item = first_item(); item < packs; item += item_step()) {
    const Index first = static_cast<Index>(item * count);
    const int n = static_cast<int>(smaller(count, code.count - item * count));
    Pack<S> previous = {};
    const auto operand = [&](int32_t from) {
      if (from == from_previous) return previous;
      if (from < from_previous) return mine[from * blockDim.x];
      return load_input<S, Index>(code.inputs[from - from_input], code.strided, first, n);
    };
    for (int32_t i = 0; i < code.n_instructions; i++) {
      const FusedInstruction<S>& step = code.instructions[i];
      const Pack<S> a = operand(step.a);
      Pack<S> b = a, c = a;
      if (step.arity > 1) b = operand(step.b);
      if (step.arity > 2) c = operand(step.c);
      previous = apply_op<S>(step.op, a, b, c, step.attr);
      if (step.keep != nowhere) mine[step.keep * blockDim.x] = previous;
      if (step.out == nowhere) continue;
      S* to = static_cast<S*>(code.outputs[step.out].data) + first;
      if (code.outputs[step.out].packed && n == count) {
        store_pack(to, previous);
      } else {
        for (int j = 0; j < count; j++) {
          if (j < n) to[j] = previous.v[j];
        }
      }
    }
  }
}

template <class S, class Index, bool large>
void launch_fused(const Call* call, const FusedAttrs& f, const FusedPlan& plan) {
  int threads = most_fused_threads;
  const int64_t bytes = plan.n_registers * static_cast<int64_t>(sizeof(Pack<S>));  // 64 registers fit one warp
  while (threads > warp_lanes && threads * bytes > most_shared_bytes) threads /= 2;
  launch(context_of(call), fused_kernel<S, Index, large>,
         grid_for(divide_up(call->out[0].count, Pack<S>::count), threads), dim3(threads),
         static_cast<size_t>(threads * bytes), make_code<S, Index, large>(call, f, plan), call->skip);
}

template <class S>
bool is_small(const FusedAttrs& f, const FusedPlan& plan) {
  typedef FusedCode<S, uint32_t, false> Small;
  int32_t n_strided = 0;
  for (int32_t i = 0; i < f.n_inputs; i++) n_strided += f.inputs[i].mode == load_strided;
  return plan.n_steps <= Small::most_instructions && f.n_inputs <= Small::most_inputs &&
         n_strided <= Small::most_strided && f.n_outputs <= Small::most_outputs;
}

template <class S>
void fused(const Call* call) {
  const FusedAttrs& f = *static_cast<const FusedAttrs*>(call->attrs);
  if (call->n_out == 0 || call->out[0].count == 0) return;
  if (f.n_slots > most_slots || f.n_inputs + f.n_steps + f.n_outputs > 2 * most_slots) {
    // Longer than any program of the core.
    if (context_of(call).status == cudaSuccess) context_of(call).status = cudaErrorInvalidValue;
    return;
  }
  FusedPlan plan;
  plan_steps(call, f, sizeof(S), &plan);
  assign_registers(&plan);
  // Packs may reach beyond the last element by less than their size.
  if (call->out[0].count > narrow_count - Pack<S>::count) {
    launch_fused<S, uint64_t, true>(call, f, plan);
  } else if (is_small<S>(f, plan)) {
    launch_fused<S, uint32_t, false>(call, f, plan);
  } else {
    launch_fused<S, uint32_t, true>(call, f, plan);
  }
}

MYELIN_END

MYELIN_LAUNCHERS(fused, fused)
