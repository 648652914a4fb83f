// The epilogue of core/call.h, for every kernel that has one: where its sums go and what becomes of them.
#pragma once
#include <string.h>

#include "cpu/kernels/fused/elementwise.h"

MYELIN_BEGIN

// Both arrays have rows of n elements, one after the other.
template <class T>
struct Finish {
  const T* bias;  // [n] or null
  T* sum;         // the result plus bias; out[1] if the caller wants it, else out[0]
  T* out;         // receives act(sum); the same as sum unless both are wanted
  int64_t n;
  ElementwiseFn activation;  // or null
  double activation_attr;
};

template <class T>
HD Finish<T> finish_of(const Call* call, const Epilogue& epilogue) {
  Finish<T> f;
  f.bias = epilogue.has_bias ? static_cast<const T*>(call->in[call->n_in - 1].data) : nullptr;
  f.out = static_cast<T*>(call->out[0].data);
  f.sum = call->n_out == 2 ? static_cast<T*>(call->out[1].data) : f.out;
  f.n = call->out[0].dims[call->out[0].rank - 1];
  f.activation = nullptr;
  if (epilogue.activation >= 0) {
    const ElementwiseEntry& entry = elementwise_entries()[epilogue.activation];
    f.activation = sizeof(T) == 4 ? entry.f32 : entry.f64;
  }
  f.activation_attr = epilogue.activation_attr;
  return f;
}

// Rows [i0,i1) × columns [j0,j1) of the sum are finished: apply the activation while they are in cache. Without one,
// a caller that asked for both outputs gets two equal ones.
template <class T>
inline void finish_rows(const Finish<T>& f, int64_t i0, int64_t i1, int64_t j0, int64_t j1) {
  if (!f.activation) {
    if (f.out == f.sum) return;
    for (int64_t i = i0; i < i1; i++) memcpy(f.out + i * f.n + j0, f.sum + i * f.n + j0, (j1 - j0) * sizeof(T));
  } else if (j0 == 0 && j1 == f.n) {  // whole rows are one contiguous piece
    T* at = f.sum + i0 * f.n;
    f.activation(f.out + i0 * f.n, at, nullptr, nullptr, (i1 - i0) * f.n, f.activation_attr);
  } else {
    for (int64_t i = i0; i < i1; i++) {
      T* at = f.sum + i * f.n + j0;
      f.activation(f.out + i * f.n + j0, at, nullptr, nullptr, j1 - j0, f.activation_attr);
    }
  }
}

MYELIN_END
