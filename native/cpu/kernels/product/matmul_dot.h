// Both operands read in place along the sum: for narrow results and few rows, where packing would cost more than it
// saves. Each element sums in the lanes of one vector; combine4 adds the lanes.
#pragma once
#include "matmul_tuning.h"

namespace myelin {
namespace MYELIN_TARGET {
namespace {

// out[r·4 + c] = a[r]·b[c] over k.
template <class T, int R, int C>
void dot_sums(const T* const* a, const T* const* b, int64_t k, T* out) {
  typedef typename Vector<T>::Type Register;
  typedef Lanes<Register> X;
  Register sum[R][4];
#pragma GCC unroll 8
  for (int r = 0; r < R; r++) {
#pragma GCC unroll 4
    for (int c = 0; c < 4; c++) sum[r][c] = Register{};
  }
  int64_t p = 0;
  for (; p + X::count <= k; p += X::count) {
    Register bv[C];
#pragma GCC unroll 4
    for (int c = 0; c < C; c++) bv[c] = X::load(b[c] + p);
#pragma GCC unroll 8
    for (int r = 0; r < R; r++) {
      const Register av = X::load(a[r] + p);
#pragma GCC unroll 4
      for (int c = 0; c < C; c++) sum[r][c] = X::mul_add(av, bv[c], sum[r][c]);
    }
  }
  if (p < k) {
    const int count = static_cast<int>(k - p);
    Register bv[C];
#pragma GCC unroll 4
    for (int c = 0; c < C; c++) bv[c] = X::load_partial(b[c] + p, count);
#pragma GCC unroll 8
    for (int r = 0; r < R; r++) {
      const Register av = X::load_partial(a[r] + p, count);
#pragma GCC unroll 4
      for (int c = 0; c < C; c++) sum[r][c] = X::mul_add(av, bv[c], sum[r][c]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; r++) X::combine4(sum[r], out + 4 * r);
}

template <class T>
using DotFn = void (*)(const T* const* a, const T* const* b, int64_t k, T* out);

template <class T, int R>
DotFn<T> dot_of(int columns) {
  switch (columns) {
    case 1: return dot_sums<T, R, 1>;
    case 2: return dot_sums<T, R, 2>;
    case 3: return dot_sums<T, R, 3>;
    default: return dot_sums<T, R, 4>;
  }
}

template <class T>
DotFn<T> dot_for(int rows, int columns) {
  return rows == 1 ? dot_of<T, 1>(columns) : rows == 2 ? dot_of<T, 2>(columns) : dot_of<T, dot_rows>(columns);
}

// Rows [i0,i1) × columns [j0,j1) of a product with plain A and transposed B. The lines of the narrow side of a block of
// the sum stay in cache while the other side passes once.
template <class T>
void dot_task(const Problem<T>& p, int64_t kc, int64_t i0, int64_t i1, int64_t j0, int64_t j1) {
  const int64_t groups = (j1 - j0 + dot_columns - 1) / dot_columns;
  const int64_t base = (j1 - j0) / groups, wider = (j1 - j0) % groups;  // columns per group differ by at most one
  for (int64_t k0 = 0; k0 < p.k; k0 += kc) {
    const int64_t length = p.k - k0 < kc ? p.k - k0 : kc;
    const T* bias = k0 + length == p.k ? p.bias : nullptr;
    for (int64_t i = i0; i < i1; i += dot_rows) {
      const int rows = static_cast<int>(i1 - i < dot_rows ? i1 - i : dot_rows);
      const T* a[dot_rows];  // missing rows repeat the last one
      for (int r = 0; r < dot_rows; r++) a[r] = p.row_of_a(i + (r < rows ? r : rows - 1)) + k0;
      int64_t j = j0;
      for (int64_t g = 0; g < groups; g++) {
        const int columns = static_cast<int>(base + (g < wider));
        const T* b[dot_columns];
        for (int c = 0; c < columns; c++) b[c] = p.b + (j + c) * p.ldb + k0;
        T sums[dot_rows * 4];
        dot_for<T>(rows, columns)(a, b, length, sums);
        for (int r = 0; r < rows; r++) {
          T* to = p.sum + (i + r) * p.n + j;
          for (int c = 0; c < columns; c++) {
            T x = sums[4 * r + c];
            if (k0) x = to[c] + x;
            if (bias) x = x + bias[j + c];
            to[c] = x;
          }
        }
        j += columns;
      }
    }
  }
  finish_rows(p, i0, i1, j0, j1);
}

}  // namespace
}  // namespace MYELIN_TARGET
}  // namespace myelin
