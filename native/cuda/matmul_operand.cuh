// How one operand's tile comes from global memory into shared memory: fetch() holds the next tile in registers while the
// block computes with the current one, stash() writes it down. Both transposes end in one layout: [step of the sum][row of
// a, or column of b].
#pragma once
#include <cuda_runtime.h>

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

template <class T, class Format, int extent, int depth, int threads>
struct Operand {
  typedef typename Format::Stored Stored;
  static constexpr int width = Pack<T>::width;
  static constexpr int packs = extent * depth / (width * threads);  // per thread and tile
  static_assert(packs * width * threads == extent * depth, "every thread moves the same number of whole packs");
  // 16 bytes more than a row: packs stay aligned, and threads that write one column do not all meet in one bank.
  static constexpr int stride = extent + 16 / static_cast<int>(sizeof(Stored));

  struct alignas(8) Group {  // a pack after rounding
    Stored at[width];
  };

  const T* at;          // this thread's first pack of the next tile
  int64_t hop, spread;  // elements from tile to tile, and from one of this thread's packs to the next
  int place, step;      // of the first pack within the tile
  int extent_here;      // rows or columns that exist
  bool along_k, wide;
  Pack<T> kept[packs];

  // first: the tile's first row (of a) or column (of b); begin: the first step of the sum.
  __device__ __forceinline__ Operand(const T* data, int64_t row_stride, bool data_along_k, bool data_wide,
                                     int64_t first, int64_t total, int64_t begin)
      : along_k(data_along_k), wide(data_wide) {
    const int thread = threadIdx.x;
    const int64_t left = total - first;
    extent_here = left < extent ? static_cast<int>(left) : extent;
    if (along_k) {
      constexpr int across = depth / width;
      place = thread / across;
      step = thread % across * width;
      at = data + (first + place) * row_stride + begin + step;
      hop = depth;
      spread = threads / across * row_stride;
    } else {
      constexpr int across = extent / width;
      place = thread % across * width;
      step = thread / across;
      at = data + (begin + step) * row_stride + first + place;
      hop = depth * row_stride;
      spread = threads / across * row_stride;
    }
  }

  // steps: how many steps of the tile exist. What does not exist counts as 0.
  __device__ __forceinline__ void fetch(int steps) {
#pragma unroll
    for (int v = 0; v < packs; v++) {
      const T* from = at + v * spread;
      const int p = along_k ? place + v * (threads / (depth / width)) : place;
      const int s = along_k ? step : step + v * (threads / (extent / width));
      if (wide) {
        if (p < extent_here && s < steps) {
          kept[v] = *reinterpret_cast<const Pack<T>*>(from);
        } else {
#pragma unroll
          for (int w = 0; w < width; w++) kept[v].at[w] = T(0);
        }
      } else {
#pragma unroll
        for (int w = 0; w < width; w++) {
          const bool exists = along_k ? p < extent_here && s + w < steps : p + w < extent_here && s < steps;
          kept[v].at[w] = exists ? from[w] : T(0);
        }
      }
    }
    at += hop;
  }

  __device__ __forceinline__ void stash(Stored* tile) const {
    if (along_k) {
#pragma unroll
      for (int v = 0; v < packs; v++) {
        Stored* to = tile + step * stride + place + v * (threads / (depth / width));
#pragma unroll
        for (int w = 0; w < width; w++) to[w * stride] = Format::of(kept[v].at[w]);
      }
    } else {
#pragma unroll
      for (int v = 0; v < packs; v++) {
        Group group;
#pragma unroll
        for (int w = 0; w < width; w++) group.at[w] = Format::of(kept[v].at[w]);
        *reinterpret_cast<Group*>(tile + (step + v * (threads / (extent / width))) * stride + place) = group;
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
