// The register tile: C[R rows × V vectors] (+)= A·B over one block of the sum, everything in registers.
#pragma once
#include "matmul_tuning.h"

namespace myelin {
namespace MYELIN_TARGET {
namespace {

// How a finished tile goes to memory.
template <class T>
struct Store {
  T* c;
  int64_t ldc;
  const T* earlier;  // sums of earlier blocks, to be added; null in the first block
  int64_t ld_earlier;
  const T* bias;  // of the tile's first column; null if none, or if this is not the last block of the sum
  int tail;       // columns in the last vector, 1…W
};

template <class T>
using TileFn = void (*)(const T* const* a, int64_t lda, const T* b, int64_t ldb, int64_t k, const Store<T>& to);

// ByRows: a[r][p], else a[0][p·lda + r]. b[p·ldb + column] holds whole vectors. Each element is one chain of fma over
// ascending p, whatever R and V are.
template <class T, bool ByRows, int R, int V>
void tile(const T* const* a, int64_t lda, const T* b, int64_t ldb, int64_t k, const Store<T>& to) {
  typedef typename Vector<T>::Type Register;
  typedef Lanes<Register> X;
  Register sum[R][V];
#pragma GCC unroll 16
  for (int r = 0; r < R; r++) {
#pragma GCC unroll 16
    for (int v = 0; v < V; v++) sum[r][v] = Register{};
  }
  const T* row[R];
#pragma GCC unroll 16
  for (int r = 0; r < R; r++) row[r] = ByRows ? a[r] : nullptr;
  const T* column = a[0];
  for (int64_t p = 0; p < k; p++) {
    Register bv[V];
#pragma GCC unroll 16
    for (int v = 0; v < V; v++) bv[v] = X::load(b + v * X::count);
#pragma GCC unroll 16
    for (int r = 0; r < R; r++) {
      const Register av = X::broadcast(ByRows ? row[r][p] : column[r]);
#pragma GCC unroll 16
      for (int v = 0; v < V; v++) sum[r][v] = X::mul_add(av, bv[v], sum[r][v]);
    }
    b += ldb;
    if (!ByRows) column += lda;
  }
  T* c = to.c;
  const T* earlier = to.earlier;
  const bool whole = to.tail == X::count;
#pragma GCC unroll 16
  for (int r = 0; r < R; r++) {
#pragma GCC unroll 16
    for (int v = 0; v < V; v++) {
      T* at = c + v * X::count;
      Register x = sum[r][v];
      if (v < V - 1 || whole) {
        if (earlier) x = X::load(earlier + v * X::count) + x;
        if (to.bias) x = x + X::load(to.bias + v * X::count);
        X::store(at, x);
      } else {
        if (earlier) x = X::load_partial(earlier + v * X::count, to.tail) + x;
        if (to.bias) x = x + X::load_partial(to.bias + v * X::count, to.tail);
        X::store_partial(at, x, to.tail);
      }
    }
    c += to.ldc;
    if (earlier) earlier += to.ld_earlier;
  }
}

// A tile by its number of rows: edges at the bottom run the same code with fewer rows.
template <class T, bool ByRows, int V>
TileFn<T> tile_of(int rows) {
  switch (rows) {
    case 1: return tile<T, ByRows, 1, V>;
    case 2: return tile<T, ByRows, 2, V>;
#define MATMUL_TILE(R) \
  case R: \
    if constexpr (R <= tile_rows && V <= tile_vectors) { \
      return tile<T, ByRows, R, V>; \
    } \
    return nullptr;
      MATMUL_TILE(3)
      MATMUL_TILE(4)
      MATMUL_TILE(5)
      MATMUL_TILE(6)
      MATMUL_TILE(7)
      MATMUL_TILE(8)
#undef MATMUL_TILE
  }
  return nullptr;
}

// The tile of a layout, a height and a width; widths are 1, 2 and, for at most thin_rows rows, thin_vectors.
template <class T>
TileFn<T> tile_for(bool by_rows, int rows, int vectors) {
  switch (vectors) {
    case 1: return by_rows ? tile_of<T, true, 1>(rows) : tile_of<T, false, 1>(rows);
    case 2: return by_rows ? tile_of<T, true, 2>(rows) : tile_of<T, false, 2>(rows);
    default: return by_rows ? tile_of<T, true, thin_vectors>(rows) : tile_of<T, false, thin_vectors>(rows);
  }
}

}  // namespace
}  // namespace MYELIN_TARGET
}  // namespace myelin
