// Loads and stores of fewer elements than a vector has, for targets without cheap masks.
#pragma once
#include "simd.h"

MYELIN_BEGIN

template <class V, class S>
HD V load_partial_by_copy(const S* p, int64_t n, S fill) {
  constexpr int count = sizeof(V) / sizeof(S);
  V v;
  S lanes[count];
  for (int i = 0; i < count; i++) lanes[i] = i < n ? p[i] : fill;
  memcpy(&v, lanes, sizeof v);
  return v;
}

template <class V, class S>
HD void store_partial_by_copy(S* p, V v, int64_t n) {
  constexpr int count = sizeof(V) / sizeof(S);
  S lanes[count];
  memcpy(lanes, &v, sizeof v);
  for (int i = 0; i < count; i++) {
    if (i < n) p[i] = lanes[i];
  }
}

MYELIN_END
