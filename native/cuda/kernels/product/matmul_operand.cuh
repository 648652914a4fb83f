// How one operand's tile comes from global memory into shared memory: fetch() holds the next tile in registers while
// the block computes with the current one, stash() writes it down. Both transposes end in one layout: [step of the
// sum][row of a, or column of b].
#pragma once
#include "cuda/kernels/common.cuh"
#include "matmul_task.h"
#include "matmul_tiles.h"

namespace myelin {
namespace cuda {
namespace {

// What shared memory holds is T itself; tensor cores want it rounded to another format first.
template <class T>
struct AsItIs {
  typedef T Stored;
  static __device__ __forceinline__ T of(T x) { return x; }
};

// The array of an operand. Read from the kernel's parameters wherever it is needed, which costs no registers.
template <class T>
struct Source {
  const T* data;
  int64_t stride;
  bool along_k, wide;
};
template <class T>
__device__ __forceinline__ Source<T> source_a(const MatmulTask<T>& task) {
  return {task.a, task.stride_a, task.a_along_k, task.wide_a};
}
template <class T>
__device__ __forceinline__ Source<T> source_b(const MatmulTask<T>& task) {
  return {task.b, task.stride_b, task.b_along_k, task.wide_b};
}

template <class T, class Format, int extent, int depth, int threads>
struct Operand {
  typedef typename Format::Stored Stored;
  static constexpr int width = Pack<T>::count;
  static constexpr int packs = extent * depth / (width * threads);  // per thread and tile
  static_assert(packs * width * threads == extent * depth, "every thread moves the same number of whole packs");
  // 16 bytes more than a row: packs stay aligned, and threads that write one column do not all meet in one bank.
  static constexpr int stride = extent + 16 / static_cast<int>(sizeof(Stored));
  // A thread's packs lie this far apart: rows of [m,k] in the first case, steps of [k,m] in the second.
  static constexpr int spread_along = threads / (depth / width), spread_across = threads / (extent / width);

  struct alignas(sizeof(Stored) * width) Group {  // a pack after rounding
    Stored v[width];
  };

  const T* at;  // this thread's first pack of the next tile
  int slot;     // and its place in shared memory
  int left;     // rows or columns that exist, from this thread's first on
  int step;     // of this thread's first pack
  Pack<T> kept[packs];

  // first: the tile's first row (of a) or column (of b), of `total`; begin: the first step of the sum.
  __device__ __forceinline__ Operand(const Source<T>& source, int64_t first, int64_t total, int64_t begin) {
    const int thread = threadIdx.x;
    int place;
    if (source.along_k) {
      place = thread / (depth / width);
      step = thread % (depth / width) * width;
      at = source.data + (first + place) * source.stride + begin + step;
    } else {
      place = thread % (extent / width) * width;
      step = thread / (extent / width);
      at = source.data + (begin + step) * source.stride + first + place;
    }
    slot = step * stride + place;
    const int64_t here = total - first - place;
    left = here < extent ? static_cast<int>(here) : extent;
  }

  // steps: how many steps of the tile exist. What does not exist counts as 0.
  __device__ __forceinline__ void fetch(const Source<T>& source, int steps) {
    if (source.along_k) {
#pragma unroll
      for (int v = 0; v < packs; v++) {
        fetch_pack(kept[v], at + v * spread_along * source.stride, source.wide, v * spread_along < left, steps - step);
      }
      at += depth;
    } else {
#pragma unroll
      for (int v = 0; v < packs; v++) {
        fetch_pack(kept[v], at + v * spread_across * source.stride, source.wide, step + v * spread_across < steps,
                   left);
      }
      at += depth * source.stride;
    }
  }

  __device__ __forceinline__ void stash(const Source<T>& source, Stored* tile) const {
    if (source.along_k) {
#pragma unroll
      for (int v = 0; v < packs; v++) {
#pragma unroll
        for (int w = 0; w < width; w++) tile[slot + v * spread_along + w * stride] = Format::of(kept[v].v[w]);
      }
    } else {
#pragma unroll
      for (int v = 0; v < packs; v++) {
        Group group;
#pragma unroll
        for (int w = 0; w < width; w++) group.v[w] = Format::of(kept[v].v[w]);
        *reinterpret_cast<Group*>(tile + slot + v * spread_across * stride) = group;
      }
    }
  }

 private:
  // The first `count` of the pack's elements exist, if any; with wide accesses, all of them or none.
  static __device__ __forceinline__ void fetch_pack(Pack<T>& pack, const T* from, bool wide, bool any, int count) {
#pragma unroll
    for (int w = 0; w < width; w++) pack.v[w] = T(0);
    if (wide) {
      if (any && count > 0) pack = load_pack(from);
    } else {
#pragma unroll
      for (int w = 0; w < width; w++) {
        if (any && w < count) pack.v[w] = from[w];
      }
    }
  }
};

// The tile of a block, and its part of the sum.
struct BlockTile {
  int64_t row, column, begin, end;
};

template <class Tile, class T>
__device__ __forceinline__ BlockTile tile_of_block(const MatmulTask<T>& task) {
  const unsigned down = static_cast<unsigned>((task.m + Tile::rows - 1) / Tile::rows);
  const unsigned across = static_cast<unsigned>((task.n + Tile::columns - 1) / Tile::columns);
  const unsigned first = blockIdx.x / (group_rows * across) * group_rows, within = blockIdx.x % (group_rows * across);
  const unsigned height = down - first < group_rows ? down - first : group_rows;
  BlockTile block;
  block.row = static_cast<int64_t>(first + within % height) * Tile::rows;
  block.column = static_cast<int64_t>(within / height) * Tile::columns;
  block.begin = blockIdx.y * task.chunk;
  block.end = block.begin + task.chunk < task.k ? block.begin + task.chunk : task.k;
  return block;
}

}  // namespace
}  // namespace cuda
}  // namespace myelin
