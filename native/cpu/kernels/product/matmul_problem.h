// A matmul call, unpacked and brought to its simplest equivalent form.
#pragma once
#include "cpu/kernels/epilogue.h"

namespace myelin {
namespace MYELIN_TARGET {
namespace {

template <class T>
struct Problem : Finish<T> {  // sum and out are [m,n]
  const T* a;                 // [m,k] with row stride lda, or [k,m] if trans_a
  const T* b;                 // [k,n] with row stride ldb, or [n,k] if trans_b
  int64_t m, k, lda, ldb;
  bool trans_a, trans_b;
  const uint32_t *rows_a, *rows_b;  // where the rows of a plain operand are; null: one after the other

  const T* row_of_a(int64_t i) const { return a + (rows_a ? rows_a[i] : i) * lda; }
  const T* row_of_b(int64_t p) const { return b + (rows_b ? rows_b[p] : p) * ldb; }
};

// Shape and transposes alone: all that block sizes may depend on.
struct MatmulShape {
  int64_t m, n, k, lda, ldb;
  bool trans_a, trans_b;
  bool by_rows_a, by_rows_b;  // whether the rows of an operand may be elsewhere
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
  s.by_rows_a = (attrs->by_rows & 1) != 0;
  s.by_rows_b = (attrs->by_rows & 2) != 0;
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
Problem<T> problem_of(const Call* call, const MatmulShape& s) {
  Problem<T> p;
  static_cast<Finish<T>&>(p) = finish_of<T>(call, static_cast<const MatmulAttrs*>(call->attrs)->epilogue);
  p.a = static_cast<const T*>(call->in[0].data);
  p.b = static_cast<const T*>(call->in[1].data);
  p.m = s.m;
  p.k = s.k;
  p.lda = s.lda;
  p.ldb = s.ldb;
  p.trans_a = s.trans_a;
  p.trans_b = s.trans_b;
  p.rows_a = s.by_rows_a ? call->in[0].rows : nullptr;
  p.rows_b = s.by_rows_b ? call->in[1].rows : nullptr;
  return p;
}

}  // namespace
}  // namespace MYELIN_TARGET
}  // namespace myelin
