// "sum" over [outer, n, inner] and "sumSquares" of everything. Totals are kept in float64, as on the CPU.
#include "cuda/kernels/kernels.h"
#include "reduce.cuh"

MYELIN_BEGIN

template <class S>
struct Total {
  typedef double State;
  typedef S Run;
  __device__ static State first() { return 0; }
  __device__ static State combine(State a, State b) { return a + b; }
  __device__ static State from_lane(State a, int lane) { return __shfl_sync(all_lanes, a, lane); }
  __device__ static Run empty_run() { return 0; }
  __device__ static void add(Run& run, S x, int64_t) { run += x; }
  __device__ static State widen(Run run) { return static_cast<State>(run); }
  __device__ static S result(State state) { return static_cast<S>(state); }
};

// Squares are formed in float64 too: their range is twice that of the numbers.
template <class S>
struct SquareTotal : Total<S> {
  typedef double Run;
  __device__ static Run empty_run() { return 0; }
  __device__ static void add(Run& run, S x, int64_t) { run += static_cast<double>(x) * static_cast<double>(x); }
  __device__ static double widen(Run run) { return run; }
};

inline const ReduceAttrs& reduced_axis(const Call* call) { return *static_cast<const ReduceAttrs*>(call->attrs); }
inline ReduceAttrs everything(const Call* call) { return {1, call->in[0].count, 1}; }

MYELIN_END

MYELIN_REDUCTION(sum, reduce, Total, reduced_axis)
MYELIN_REDUCTION(sumSquares, reduce_contiguous, SquareTotal, everything)
