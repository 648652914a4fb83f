// What a shape decides: which kernel, and how the sum is cut. Host code; knows nothing of devices.
#pragma once
#include <stdint.h>

#include "cuda/kernels/target.h"
#include "matmul_tiles.h"

namespace myelin {
namespace cuda {

enum class MatmulKernel : int32_t {
  large,
  medium,
  small,
  narrow,
  few,
  dot,      // a vector as result, the matrix contiguous along the sum
  columns,  // a vector as result, the matrix contiguous along the result
  tensor_large,
  tensor_medium,
};

struct MatmulShape {
  int64_t m, n, k;
  bool a_along_k, b_along_k;  // see MatmulTask
};

struct MatmulTiling {
  MatmulKernel kernel;
  int64_t blocks;  // that cover the result once
  int64_t splits;  // of the sum; with more than one, partial sums wait in scratch
  int64_t chunk;   // steps of each
};

// A vector has no transpose: what has one row or column is taken as its kernel likes it best.
inline MatmulShape simplest(MatmulShape s) {
  if (s.m == 1) s.a_along_k = true;
  if (s.n == 1) s.b_along_k = true;
  if (s.k == 1 && s.m > 1 && s.n > 1) s.a_along_k = s.b_along_k = false;
  return s;
}

// Cuts the sum so that the blocks fill a GPU, into equal chunks that are long enough to be worth it.
inline MatmulTiling cut(MatmulKernel kernel, int64_t blocks, int64_t k, int64_t least_steps) {
  const int64_t wanted = blocks > 0 ? full_grid / blocks : 1;
  const int64_t splits = larger(1, smaller(smaller(wanted, k / least_steps), most_splits));
  MatmulTiling tiling;
  tiling.kernel = kernel;
  tiling.blocks = blocks;
  tiling.chunk = larger(1, divide_up(divide_up(k, splits), chunk_step)) * chunk_step;
  tiling.splits = larger(1, divide_up(k, tiling.chunk));
  return tiling;
}

template <class Shape>
int64_t tiles_of(const MatmulShape& s) {
  return divide_up(s.m, Shape::rows) * divide_up(s.n, Shape::columns);
}

// The tiling for one kernel, whether or not it suits the shape: tests run all of them on all shapes.
template <class T>
MatmulTiling tiling_with(MatmulKernel kernel, const MatmulShape& s) {
  switch (kernel) {
    case MatmulKernel::large: return cut(kernel, tiles_of<typename Tiles<T>::Large>(s), s.k, least_chunk);
    case MatmulKernel::medium: return cut(kernel, tiles_of<typename Tiles<T>::Medium>(s), s.k, least_chunk);
    case MatmulKernel::small: return cut(kernel, tiles_of<typename Tiles<T>::Small>(s), s.k, least_chunk);
    case MatmulKernel::narrow: return cut(kernel, tiles_of<typename Tiles<T>::Narrow>(s), s.k, least_chunk);
    case MatmulKernel::few: return cut(kernel, tiles_of<typename Tiles<T>::Few>(s), s.k, least_chunk);
    case MatmulKernel::dot: return cut(kernel, divide_up(s.m * s.n, dot_warps), s.k, least_vector_chunk);
    case MatmulKernel::columns: return cut(kernel, divide_up(s.m * s.n, column_outputs), s.k, least_vector_chunk);
    case MatmulKernel::tensor_large: return cut(kernel, tiles_of<Tf32Tiles::Large>(s), s.k, least_chunk);
    case MatmulKernel::tensor_medium: break;
  }
  return cut(MatmulKernel::tensor_medium, tiles_of<Tf32Tiles::Medium>(s), s.k, least_chunk);
}

// The largest tile that still fills the GPU, cutting the sum where that takes it; else the smallest tile.
template <class T>
MatmulTiling tiling_for(const MatmulShape& s, bool tensor_cores) {
  if (s.m == 1 || s.n == 1) {
    const bool along = s.m == 1 ? s.b_along_k : s.a_along_k;
    return tiling_with<T>(along ? MatmulKernel::dot : MatmulKernel::columns, s);
  }
  if (s.n <= narrow_limit && s.n < s.m) return tiling_with<T>(MatmulKernel::narrow, s);
  if (s.m <= narrow_limit && s.m < s.n) return tiling_with<T>(MatmulKernel::few, s);
  if (tensor_cores && s.m > narrow_limit && s.n > narrow_limit) {
    const MatmulTiling large = tiling_with<T>(MatmulKernel::tensor_large, s);
    return large.blocks >= full_grid ? large : tiling_with<T>(MatmulKernel::tensor_medium, s);
  }
  const MatmulTiling large = tiling_with<T>(MatmulKernel::large, s);
  if (large.blocks >= full_grid) return large;
  const MatmulTiling medium = tiling_with<T>(MatmulKernel::medium, s);
  if (medium.blocks * medium.splits >= full_grid / 2) return medium;
  return tiling_with<T>(MatmulKernel::small, s);
}

}  // namespace cuda
}  // namespace myelin
