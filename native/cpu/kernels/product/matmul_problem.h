// A matmul call, unpacked and brought to its simplest equivalent form.
#pragma once
#include <string.h>

#include "core/call.h"

namespace myelin {
namespace MYELIN_TARGET {
namespace {

template <class T>
struct Problem {
  const T* a;     // [m,k] with row stride lda, or [k,m] if trans_a
  const T* b;     // [k,n] with row stride ldb, or [n,k] if trans_b
  const T* bias;  // [n] or null
  T* sum;         // [m,n]: the product plus bias; out[1] if the caller wants it, else out[0]
  T* out;         // [m,n]: receives act(sum); the same as sum unless both are wanted
  int64_t m, n, k, lda, ldb;
  bool trans_a, trans_b;
  ElementwiseFn activation;  // or null
  double activation_attr;
};

// Shape and transposes alone: all that block sizes may depend on.
struct MatmulShape {
  int64_t m, n, k, lda, ldb;
  bool trans_a, trans_b;
};

inline MatmulShape shape_of(const Call* call) {
  const MatmulAttrs* attrs = static_cast<const MatmulAttrs*>(call->attrs);
  const View& a = call->in[0];
  const View& out = call->out[0];
  MatmulShape s;
  s.m = out.dims[0];
  s.n = out.dims[1];
  s.k = a.dims[attrs->trans_a ? 0 : 1];
  s.trans_a = attrs->trans_a != 0;
  s.trans_b = attrs->trans_b != 0;
  // A vector has no transpose. One column of B is contiguous either way: taken as [n,k] it suits the dot products.
  // One row of A likewise, taken as [m,k]. With k = 1 both operands are vectors: taken so that nothing is packed.
  if (s.m == 1) s.trans_a = false;
  if (s.n == 1) s.trans_b = true;
  if (s.k == 1) {
    s.trans_a = true;
    s.trans_b = false;
  }
  s.lda = s.trans_a ? s.m : s.k;
  s.ldb = s.trans_b ? s.k : s.n;
  return s;
}

template <class T>
Problem<T> problem_of(const Call* call, const MatmulShape& s, ElementwiseFn activation) {
  const MatmulAttrs* attrs = static_cast<const MatmulAttrs*>(call->attrs);
  Problem<T> p;
  p.a = static_cast<const T*>(call->in[0].data);
  p.b = static_cast<const T*>(call->in[1].data);
  p.bias = attrs->epilogue.has_bias ? static_cast<const T*>(call->in[2].data) : nullptr;
  p.out = static_cast<T*>(call->out[0].data);
  p.sum = call->n_out == 2 ? static_cast<T*>(call->out[1].data) : p.out;
  p.m = s.m;
  p.n = s.n;
  p.k = s.k;
  p.lda = s.lda;
  p.ldb = s.ldb;
  p.trans_a = s.trans_a;
  p.trans_b = s.trans_b;
  p.activation = activation;
  p.activation_attr = attrs->epilogue.activation_attr;
  return p;
}

// Rows [i0,i1) × columns [j0,j1) of the sum are finished: apply the activation while they are in cache. Without one,
// a caller that asked for both outputs gets two equal ones.
template <class T>
void finish_rows(const Problem<T>& p, int64_t i0, int64_t i1, int64_t j0, int64_t j1) {
  if (!p.activation) {
    if (p.out == p.sum) return;
    for (int64_t i = i0; i < i1; i++) memcpy(p.out + i * p.n + j0, p.sum + i * p.n + j0, (j1 - j0) * sizeof(T));
  } else if (j0 == 0 && j1 == p.n) {  // whole rows are one contiguous piece
    T* at = p.sum + i0 * p.n;
    p.activation(p.out + i0 * p.n, at, nullptr, nullptr, (i1 - i0) * p.n, p.activation_attr);
  } else {
    for (int64_t i = i0; i < i1; i++) {
      T* at = p.sum + i * p.n + j0;
      p.activation(p.out + i * p.n + j0, at, nullptr, nullptr, j1 - j0, p.activation_attr);
    }
  }
}

}  // namespace
}  // namespace MYELIN_TARGET
}  // namespace myelin
