// Copies of blocks of A and B in the order in which tiles read them.
#pragma once
#include "matmul_tuning.h"

namespace myelin {
namespace MYELIN_TARGET {
namespace {

// A panel of plain B: rows [k0,k0+k), `columns` ≤ V·W columns from j on, to out[p·width + column].
template <class T>
void pack_b_plain(const Problem<T>& problem, int64_t k0, int64_t k, int64_t j, int columns, T* out) {
  typedef Lanes<typename Vector<T>::Type> X;
  const int vectors = (columns + X::count - 1) / X::count;
  const int tail = columns - (vectors - 1) * X::count;
  const int64_t width = vectors * X::count;
  for (int64_t p = 0; p < k; p++, out += width) {
    const T* b = problem.row_of_b(k0 + p) + j;
    for (int v = 0; v < vectors - 1; v++) X::store(out + v * X::count, X::load(b + v * X::count));
    const int v = vectors - 1;
    X::store(out + v * X::count,
             tail == X::count ? X::load(b + v * X::count) : X::load_partial(b + v * X::count, tail));
  }
}

// A panel of transposed B (`columns` rows of length k, ldb apart), to out[p·width + column]. Missing columns repeat the
// last one: their sums are never stored.
template <class T>
void pack_b_transposed(const T* b, int64_t ldb, int64_t k, int columns, T* out) {
  typedef Lanes<typename Vector<T>::Type> X;
  const int vectors = (columns + X::count - 1) / X::count;
  const int64_t width = vectors * X::count;
  for (int v = 0; v < vectors; v++) {
    const T* rows[X::count];
    for (int c = 0; c < X::count; c++) {
      const int column = v * X::count + c;
      rows[c] = b + (column < columns ? column : columns - 1) * ldb;
    }
    T* to = out + v * X::count;
    int64_t p = 0;
    for (; p + X::count <= k; p += X::count) {
      X::transpose(rows, to + p * width, width);
      for (int c = 0; c < X::count; c++) rows[c] += X::count;
    }
    for (int64_t i = 0; p + i < k; i++) {
      for (int c = 0; c < X::count; c++) to[(p + i) * width + c] = rows[c][i];
    }
  }
}

// Rows [i0,i0+rows) of plain A side by side, k elements of each from k0 on, to out[r·ld + p].
template <class T>
void pack_a_rows(const Problem<T>& problem, int64_t i0, int64_t rows, int64_t k0, int64_t k, T* out, int64_t ld) {
  for (int64_t r = 0; r < rows; r++) memcpy(out + r * ld, problem.row_of_a(i0 + r) + k0, k * sizeof(T));
}

// Transposed A as panels of tile_rows columns each: out[panel·k·tile_rows + p·tile_rows + r]. A last panel of fewer
// columns leaves the rest of its places unwritten and unread.
template <class T>
void pack_a_panels(const T* a, int64_t lda, int64_t rows, int64_t k, T* out) {
  for (int64_t p = 0; p < k; p++, a += lda) {
    T* to = out + p * tile_rows;
    int64_t r = 0;
    for (; r + tile_rows <= rows; r += tile_rows, to += k * tile_rows) memcpy(to, a + r, tile_rows * sizeof(T));
    for (int64_t i = 0; r + i < rows; i++) to[i] = a[r + i];
  }
}

}  // namespace
}  // namespace MYELIN_TARGET
}  // namespace myelin
