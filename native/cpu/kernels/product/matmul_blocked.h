// Packed panels and register tiles: a task computes some rows and columns of C, block by block of the sum. For each
// panel of B (packed into L1 just before use) all rows of the task pass by.
#pragma once
#include "matmul_pack.h"
#include "matmul_tile.h"
#include "matmul_tiling.h"

namespace myelin {
namespace MYELIN_TARGET {
namespace {

// A block of A as tiles see it: in place or packed. Its rows begin with row i0 of the product.
template <class T>
struct BlockA {
  const Problem<T>& p;
  const T* data;  // packed, or transposed in place; null: rows in place
  int64_t i0, k0;
  int64_t ld;       // as the tile takes it
  int64_t advance;  // from one tile's rows to the next

  // Where the rows of the tile that begins with row i are.
  void point(int64_t i, int rows, const T** at) const {
    if (p.trans_a) {
      at[0] = data + (i - i0) / tile_rows * advance;
      return;
    }
    for (int r = 0; r < rows; r++) at[r] = data ? data + (i - i0 + r) * ld : p.row_of_a(i + r) + k0;
  }
};

template <class T>
BlockA<T> block_of_a(const Problem<T>& p, bool pack, int64_t i0, int64_t rows, int64_t k0, int64_t k, T* packed) {
  const T* a = p.trans_a ? p.a + k0 * p.lda + i0 : nullptr;
  if (!pack) return {p, a, i0, k0, p.lda, tile_rows};
  if (p.trans_a) {
    pack_a_panels(a, p.lda, rows, k, packed);
    return {p, packed, i0, k0, tile_rows, tile_rows * k};
  }
  const int64_t ld = k + kc_step;  // not a power of two: rows spread over the cache sets
  pack_a_rows(p, i0, rows, k0, k, packed, ld);
  return {p, packed, i0, k0, ld, 0};
}

template <class T>
void blocked_task(const Problem<T>& p, const MatmulTiling& tiling, int64_t i0, int64_t i1, int64_t j0, int64_t j1,
                  char* scratch) {
  typedef Lanes<typename Vector<T>::Type> X;
  T* packed_a = reinterpret_cast<T*>(scratch);
  T* packed_b = reinterpret_cast<T*>(scratch + tiling.a_bytes);
  T* gathered = reinterpret_cast<T*>(scratch + tiling.a_bytes + tiling.b_bytes);
  const int64_t ld_gathered = gathered_stride(j1 - j0);
  for (int64_t k0 = 0; k0 < p.k; k0 += tiling.kc) {
    const int64_t k = smaller(tiling.kc, p.k - k0);
    const BlockA<T> a = block_of_a(p, tiling.pack_a, i0, i1 - i0, k0, k, packed_a);
    int64_t columns;
    for (int64_t j = j0; j < j1; j += columns) {
      int vectors = tile_vectors;
      if (i1 - i0 <= thin_rows && !tiling.pack_b && !p.rows_b && j1 - j >= thin_vectors * X::count)
        vectors = thin_vectors;
      columns = smaller(vectors * X::count, j1 - j);
      vectors = static_cast<int>(divide_up(columns, X::count));
      const int tail = static_cast<int>(columns - (vectors - 1) * X::count);
      const T* b = p.trans_b ? p.b + j * p.ldb + k0 : p.b + k0 * p.ldb + j;
      int64_t ldb = p.ldb;
      if (tiling.pack_b || p.rows_b || tail != X::count) {
        if (p.trans_b)
          pack_b_transposed(b, ldb, k, static_cast<int>(columns), packed_b);
        else
          pack_b_plain(p, k0, k, j, static_cast<int>(columns), packed_b);
        b = packed_b;
        ldb = vectors * X::count;
      }
      Store<T> to;
      const bool last = k0 + k == p.k;
      T* unfinished = tiling.gather_c ? gathered + (j - j0) : p.sum + i0 * p.n + j;
      to.ld_earlier = tiling.gather_c ? ld_gathered : p.n;
      to.earlier = k0 ? unfinished : nullptr;
      to.c = last ? p.sum + i0 * p.n + j : unfinished;
      to.ldc = last ? p.n : to.ld_earlier;
      to.bias = last && p.bias ? p.bias + j : nullptr;
      to.tail = tail;
      const TileFn<T> whole = tile_for<T>(!p.trans_a, tile_rows, vectors);
      const T* rows[tile_rows];
      int64_t i = i0;
      for (; i + tile_rows <= i1; i += tile_rows) {
        a.point(i, tile_rows, rows);
        whole(rows, a.ld, b, ldb, k, to);
        to.c += tile_rows * to.ldc;
        if (to.earlier) to.earlier += tile_rows * to.ld_earlier;
      }
      if (i == i1) continue;
      const int left = static_cast<int>(i1 - i);
      a.point(i, left, rows);
      tile_for<T>(!p.trans_a, left, vectors)(rows, a.ld, b, ldb, k, to);
    }
  }
  finish_rows(p, i0, i1, j0, j1);
}

}  // namespace
}  // namespace MYELIN_TARGET
}  // namespace myelin
