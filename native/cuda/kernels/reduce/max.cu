// "max" and "argmax" over [outer, n, inner]. A NaN counts as larger than any number.
#include "cuda/kernels/kernels.h"
#include "reduce.cuh"
// After reduce.cuh, which names the target.
#include "math/binary.h"

MYELIN_BEGIN

template <class S>
struct Largest {
  typedef S State;
  typedef S Run;
  __device__ static State first() { return -Format<S>::infinity; }
  __device__ static State combine(State a, State b) { return math::maximum(a, b); }
  __device__ static State from_lane(State a, int lane) { return __shfl_sync(all_lanes, a, lane); }
  __device__ static Run empty_run() { return first(); }
  __device__ static void add(Run& run, S x, int64_t) { run = math::maximum(run, x); }
  __device__ static State widen(Run run) { return run; }
  __device__ static S result(State state) { return state; }
};

template <class S>
struct Candidate {
  S value;
  int64_t index;
};

// The first of equals, and the first NaN, whatever order candidates are compared in.
template <class S>
struct IndexOfLargest {
  typedef Candidate<S> State;
  typedef State Run;
  // Behind every real candidate, −∞ included.
  __device__ static State first() { return {-Format<S>::infinity, INT64_MAX}; }
  __device__ static State combine(State a, State b) {
    const bool a_bad = a.value != a.value, b_bad = b.value != b.value;
    if (a_bad != b_bad) return a_bad ? a : b;
    if (!a_bad && a.value != b.value) return a.value > b.value ? a : b;
    return a.index < b.index ? a : b;
  }
  __device__ static State from_lane(State a, int lane) {
    return {__shfl_sync(all_lanes, a.value, lane),
            static_cast<int64_t>(__shfl_sync(all_lanes, static_cast<long long>(a.index), lane))};
  }
  __device__ static Run empty_run() { return first(); }
  __device__ static void add(Run& run, S x, int64_t index) { run = combine(run, {x, index}); }
  __device__ static State widen(Run run) { return run; }
  __device__ static S result(State state) { return state.index == INT64_MAX ? S(0) : static_cast<S>(state.index); }
};

inline const ReduceAttrs& reduced_axis(const Call* call) { return *static_cast<const ReduceAttrs*>(call->attrs); }

MYELIN_END

MYELIN_REDUCTION(max, reduce, Largest, reduced_axis)
MYELIN_REDUCTION(argmax, reduce, IndexOfLargest, reduced_axis)
