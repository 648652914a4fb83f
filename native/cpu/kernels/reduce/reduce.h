// What reductions share: how lanes and blocks are put together. The order is fixed by shapes alone, so the bits of
// a result do not depend on threads.
#pragma once
#include "cpu/kernels/parallel.h"
#include "cpu/simd/simd.h"
#include "math/binary.h"

MYELIN_BEGIN

// Terms that are added up in the kernel's own precision before the sum moves to float64: few enough that float32
// keeps about six digits in the worst case, many enough that the conversion costs nothing.
constexpr int64_t block_terms = 1024;
// Terms a task adds up when one long sum is shared out.
constexpr int64_t chunk_terms = 16384;
// Rows a task adds up when long columns are shared out.
constexpr int64_t chunk_rows = 2048;
// Rows that are added up in the kernel's own precision.
constexpr int64_t block_rows = 32;

// Puts the lanes together pairwise: 0+1, 2+3, …
template <class V, class Combine>
HD typename Lanes<V>::Scalar across(V v, Combine combine) {
#if defined(__GNUC__) && !defined(__clang__)
  // Each step combines every lane with the one `step` away; lane 0 holds what the loop below gives.
  typename Lanes<V>::Int lane;
  for (int i = 0; i < Lanes<V>::count; i++) lane[i] = i;
  for (int step = 1; step < Lanes<V>::count; step *= 2) v = combine(v, __builtin_shuffle(v, lane ^ step));
  return v[0];
#else
  typename Lanes<V>::Scalar lane[Lanes<V>::count];
  memcpy(lane, &v, sizeof v);
  for (int step = 1; step < Lanes<V>::count; step *= 2) {
    for (int i = 0; i < Lanes<V>::count; i += 2 * step) lane[i] = combine(lane[i], lane[i + step]);
  }
  return lane[0];
#endif
}

struct Add {
  template <class V>
  HD V operator()(V a, V b) const {
    return a + b;
  }
};

struct Maximum {
  template <class V>
  HD V operator()(V a, V b) const {
    return math::maximum(a, b);
  }
};

// Whether loading less than a vector costs about as much as loading a whole one.
#if defined(__AVX512F__)
constexpr bool partial_loads_are_cheap = true;
#else
constexpr bool partial_loads_are_cheap = false;
#endif

MYELIN_END
