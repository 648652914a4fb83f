// "guard", "guardSquares" and "accumulate": what a step leaves behind besides its values.
#include "cuda/kernels/common.cuh"
#include "cuda/kernels/kernels.h"

MYELIN_BEGIN

// Elements a thread looks at together.
constexpr int guard_terms = 8;

template <class S, bool squares>
__global__ void __launch_bounds__(block_threads)
    guard_kernel(const S* in, int64_t count, uint32_t* flag, const uint32_t* skip) {
  if (is_skipped(skip)) return;
  S sum = 0;
  // x − x is 0 for a number and NaN for an infinity or a NaN, which stays in the sum.
  for (int64_t i = first_item(); i < count; i += guard_terms * item_step()) {
#pragma unroll
    for (int k = 0; k < guard_terms; k++) {
      const int64_t at = i + k * item_step();
      const S value = at < count ? in[at] : S(0), x = squares ? value * value : value;
      sum += x - x;
    }
  }
  if (!(sum == S(0))) atomicOr(flag, 1u);
}

template <class S, bool squares>
void guard_values(const Call* call) {
  const int64_t count = call->in[0].count;
  if (count == 0) return;
  launch(context_of(call), guard_kernel<S, squares>, grid_for(divide_up(count, guard_terms)), dim3(block_threads), 0,
         static_cast<const S*>(call->in[0].data), count, static_cast<uint32_t*>(call->out[0].data), call->skip);
}

template <class S>
void guard(const Call* call) {
  guard_values<S, false>(call);
}

template <class S>
void guard_squares(const Call* call) {
  guard_values<S, true>(call);
}

template <class S>
__global__ void __launch_bounds__(block_threads)
    accumulate_kernel(const S* in, double* totals, int64_t count, const uint32_t* skip) {
  if (is_skipped(skip)) return;
  for (int64_t i = first_item(); i < count; i += item_step()) totals[i] += static_cast<double>(in[i]);
}

template <class S>
void accumulate(const Call* call) {
  const int64_t count = call->in[0].count;
  if (count == 0) return;
  launch(context_of(call), accumulate_kernel<S>, grid_for(count), dim3(block_threads), 0,
         static_cast<const S*>(call->in[0].data), static_cast<double*>(call->out[0].data), count, call->skip);
}

MYELIN_END

MYELIN_LAUNCHERS(guard, guard)
MYELIN_LAUNCHERS(guardSquares, guard_squares)
MYELIN_LAUNCHERS_OF(numbers, accumulate, accumulate)
