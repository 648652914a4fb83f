// "cumsum" over [outer, n, inner]: running sums along n, in double whatever the dtype. A row (inner 1) is one warp's, a
// column one thread's: no barriers. What a lane or a thread adds, and in which order, the shape alone says.
#include "cuda/kernels/common.cuh"
#include "cuda/kernels/kernels.h"

MYELIN_BEGIN

// Neighbouring elements a lane adds up by itself: 32 bytes of float32, what memory hands out at once.
constexpr int lane_terms = 8;

// The sum over this lane and those below it.
__device__ inline double scan_warp(double sum, int lane) {
  for (int step = 1; step < warp_lanes; step *= 2) {
    const double below = __shfl_up_sync(all_lanes, sum, step);
    if (lane >= step) sum += below;
  }
  return sum;
}

// One warp a row, in pieces of lane_terms elements a lane.
template <class S>
__global__ void __launch_bounds__(block_threads)
    sum_rows(const S* in, S* out, int64_t rows, int64_t n, int exclusive, int reverse, const uint32_t* skip) {
  if (is_skipped(skip)) return;
  const int lane = threadIdx.x % warp_lanes;
  const int64_t warps = item_step() / warp_lanes;
  // The same number of rounds for all lanes of a warp.
  for (int64_t row = first_item() / warp_lanes; row < rows; row += warps) {
    double before = 0;  // the sum of the pieces done
    for (int64_t piece = 0; piece < n; piece += lane_terms * warp_lanes) {
      const int64_t begin = piece + lane * lane_terms, end = smaller(n, begin + lane_terms);
      S x[lane_terms];
      double own = 0;
      // Unrolled, so that the terms stay in registers.
#pragma unroll
      for (int k = 0; k < lane_terms; k++) {
        const int64_t at = begin + k;
        x[k] = at < end ? in[row * n + (reverse ? n - 1 - at : at)] : S(0);
        own += static_cast<double>(x[k]);
      }
      const double upto = scan_warp(own, lane);
      // Without this lane's own terms; not by subtracting them, which infinities would spoil.
      const double below = __shfl_up_sync(all_lanes, upto, 1);
      double total = lane > 0 ? before + below : before;
#pragma unroll
      for (int k = 0; k < lane_terms; k++) {
        const int64_t at = begin + k;
        const double sum = total + static_cast<double>(x[k]);
        if (at < end) out[row * n + (reverse ? n - 1 - at : at)] = static_cast<S>(exclusive ? total : sum);
        total = sum;
      }
      before += __shfl_sync(all_lanes, upto, warp_lanes - 1);
    }
  }
}

// One thread a column: neighbours read neighbours.
template <class S>
__global__ void __launch_bounds__(block_threads)
    sum_columns(const S* in, S* out, int64_t columns, int64_t n, int64_t inner, int exclusive, int reverse,
                const uint32_t* skip) {
  if (is_skipped(skip)) return;
  for (int64_t i = first_item(); i < columns; i += item_step()) {
    const int64_t begin = i / inner * n * inner + i % inner;
    double total = 0;
    for (int64_t k = 0; k < n; k++) {
      const int64_t at = begin + (reverse ? n - 1 - k : k) * inner;
      const double sum = total + static_cast<double>(in[at]);
      out[at] = static_cast<S>(exclusive ? total : sum);
      total = sum;
    }
  }
}

template <class S>
void cumsum(const Call* call) {
  const CumsumAttrs& a = *static_cast<const CumsumAttrs*>(call->attrs);
  const S* in = static_cast<const S*>(call->in[0].data);
  S* out = static_cast<S*>(call->out[0].data);
  const int64_t lines = a.outer * a.inner;
  if (lines == 0) return;
  if (a.inner == 1) {
    launch(context_of(call), sum_rows<S>, grid_for(lines * warp_lanes), dim3(block_threads), 0, in, out, lines, a.n,
           a.exclusive, a.reverse, call->skip);
  } else {
    launch(context_of(call), sum_columns<S>, grid_for(lines), dim3(block_threads), 0, in, out, lines, a.n, a.inner,
           a.exclusive, a.reverse, call->skip);
  }
}

MYELIN_END

MYELIN_LAUNCHERS(cumsum, cumsum)
