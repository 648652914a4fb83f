// The interpreter of fused steps: what one thread does for one pack of elements.
#pragma once
#include "fused_code.h"

MYELIN_BEGIN

constexpr int most_fused_threads = 128;
// Leaves each thread 64 registers, which no steps need all of, and multiprocessors half full at least.
constexpr int least_fused_blocks = 8;
// Shared memory that every architecture gives a block without being asked.
constexpr int64_t most_shared_bytes = 48 * 1024;

// `mine`: the thread's column of the registers, which are blockDim.x packs apart. load(input) gives the elements of an
// input, store(output, pack) writes those of an output. `library`: there may be ops from first_library_op on.
template <class S, bool library, class Load, class Store>
__device__ __forceinline__ void run_instructions(const FusedInstruction* instructions, int32_t n, const S* attrs,
                                                 Pack<S>* mine, const Load& load, const Store& store) {
  Pack<S> previous = {};
  const auto operand = [&](int32_t from) {
    if (from == from_previous) return previous;
    if (from < from_previous) return mine[from * blockDim.x];
    return load(from - from_input);
  };
  for (int32_t i = 0; i < n; i++) {
    const FusedInstruction step = instructions[i];
    const Pack<S> a = operand(step.a);
    Pack<S> b = a, c = a;
    if (step.arity > 1) b = operand(step.b);
    if (step.arity > 2) c = operand(step.c);
    previous = apply_op<S, library>(step.op, a, b, c, attrs[step.attr]);
    if (step.keep != nowhere) mine[step.keep * blockDim.x] = previous;
    if (step.out != nowhere) store(step.out, previous);
  }
}

// Threads of a block: as many as leave room for everybody's registers. 64 registers fit one warp.
inline int fused_threads(const FusedLayout& layout) {
  int threads = most_fused_threads;
  while (threads > warp_lanes && layout.n_registers * threads * 16 > most_shared_bytes) threads /= 2;
  return threads;
}
inline size_t register_bytes(const FusedLayout& layout, int threads) {
  return static_cast<size_t>(layout.n_registers) * static_cast<size_t>(threads) * 16;
}

MYELIN_END
