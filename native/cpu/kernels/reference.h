// What the plain versions of kernels share. The target "reference" (MYELIN_ISA=reference) says every kernel once more,
// as plainly as it can be said: one loop over the output, one thread, long double sums. The fast kernels of the same
// file are tested against it.
#pragma once
#include "core/call.h"
#include "math/portable.h"

MYELIN_BEGIN

template <class S>
inline S* data_of(const View& view) {
  return static_cast<S*>(view.data);
}

// Row-major index ↔ position.
inline void position_of(const View& view, int64_t element, int64_t* position) {
  for (int32_t d = view.rank - 1; d >= 0; d--) {
    position[d] = element % view.dims[d];
    element /= view.dims[d];
  }
}
inline int64_t element_at(const View& view, const int64_t* position) {
  int64_t element = 0;
  for (int32_t d = 0; d < view.rank; d++) element = element * view.dims[d] + position[d];
  return element;
}

// Index of the first largest of n elements; NaN is larger than any number.
template <class S>
inline int64_t largest(const S* p, int64_t n, int64_t stride) {
  for (int64_t i = 0; i < n; i++) {
    if (p[i * stride] != p[i * stride]) return i;
  }
  int64_t best = 0;
  for (int64_t i = 1; i < n; i++) {
    if (p[i * stride] > p[best * stride]) best = i;
  }
  return best;
}

MYELIN_END
