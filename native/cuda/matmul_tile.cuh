// The register-blocked product. Two tiles of each operand stand in shared memory: while a block computes with one, its
// threads already hold the next in registers and write it into the other, so that one barrier a tile is enough: whoever
// writes tile t + 1 has passed the barrier of tile t, and by then all have done with tile t - 1, whose place it takes.
#pragma once
#include "matmul_epilogue.cuh"
#include "matmul_operand.cuh"

namespace myelin {
namespace cuda {
namespace {

template <class T, class Shape>
struct TileMemory {
  typedef Operand<T, AsItIs<T>, Shape::rows, Shape::depth, Shape::threads> A;
  typedef Operand<T, AsItIs<T>, Shape::columns, Shape::depth, Shape::threads> B;
  alignas(16) T a[2][Shape::depth * A::stride];
  alignas(16) T b[2][Shape::depth * B::stride];
};

template <class T, class Shape>
__global__ void __launch_bounds__(Shape::threads, Shape::blocks) matmul_tile(MatmulTask<T> task) {
  typedef TileMemory<T, Shape> Memory;
  constexpr int width = Pack<T>::width;
  constexpr int row_packs = Shape::thread_rows / width, column_packs = Shape::thread_columns / width;
  // A thread's sums stand in packs that lie this far apart, so that neighbours read neighbouring packs.
  constexpr int row_spread = Shape::rows / row_packs, column_spread = Shape::columns / column_packs;
  // A warp covers 8 packs of columns and 4 of rows where the tile has them: few different words to read.
  constexpr int threads_across = Shape::columns / Shape::thread_columns;
  constexpr int lanes_across = threads_across < 8 ? threads_across : 8, lanes_down = 32 / lanes_across;
  constexpr int warps_across = threads_across / lanes_across;
  __shared__ Memory memory;

  if (skipped(task)) return;
  const BlockTile block = tile_of_block<Shape>(task);
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  const int my_row = (warp / warps_across * lanes_down + lane / lanes_across) * width;
  const int my_column = (warp % warps_across * lanes_across + lane % lanes_across) * width;

  typename Memory::A a(task.a, task.stride_a(), task.a_along_k, task.wide_a, block.row, task.m, block.begin);
  typename Memory::B b(task.b, task.stride_b(), task.b_along_k, task.wide_b, block.column, task.n, block.begin);
  T sums[Shape::thread_rows][Shape::thread_columns];
#pragma unroll
  for (int i = 0; i < Shape::thread_rows; i++) {
#pragma unroll
    for (int j = 0; j < Shape::thread_columns; j++) sums[i][j] = T(0);
  }

  int64_t left = block.end - block.begin;
  if (left > 0) {
    const int steps = left < Shape::depth ? static_cast<int>(left) : Shape::depth;
    a.fetch(steps);
    b.fetch(steps);
  }
  for (int turn = 0; left > 0; turn ^= 1) {
    a.stash(memory.a[turn]);
    b.stash(memory.b[turn]);
    __syncthreads();
    left -= Shape::depth;
    if (left > 0) {
      const int steps = left < Shape::depth ? static_cast<int>(left) : Shape::depth;
      a.fetch(steps);
      b.fetch(steps);
    }
    const T* from_a = memory.a[turn] + my_row;
    const T* from_b = memory.b[turn] + my_column;
#pragma unroll
    for (int step = 0; step < Shape::depth; step++) {
      Pack<T> x[row_packs], y[column_packs];
#pragma unroll
      for (int i = 0; i < row_packs; i++) {
        x[i] = *reinterpret_cast<const Pack<T>*>(from_a + step * Memory::A::stride + i * row_spread);
      }
#pragma unroll
      for (int j = 0; j < column_packs; j++) {
        y[j] = *reinterpret_cast<const Pack<T>*>(from_b + step * Memory::B::stride + j * column_spread);
      }
#pragma unroll
      for (int i = 0; i < Shape::thread_rows; i++) {
#pragma unroll
        for (int j = 0; j < Shape::thread_columns; j++) {
          sums[i][j] = MYELIN_TARGET::Lanes<T>::mul_add(x[i / width].at[i % width], y[j / width].at[j % width],
                                                        sums[i][j]);
        }
      }
    }
  }

  const int64_t row = block.row + my_row, column = block.column + my_column;
#pragma unroll
  for (int i = 0; i < Shape::thread_rows; i++) {
#pragma unroll
    for (int j = 0; j < column_packs; j++) {
      Pack<T> sum;
#pragma unroll
      for (int w = 0; w < width; w++) sum.at[w] = sums[i][j * width + w];
      finish_pack(task, row + i / width * row_spread + i % width, column + j * column_spread, sum);
    }
  }
  if (needs_finish_smooth(task)) {
#pragma unroll 1
    for (int at = 0; at < Shape::thread_rows * column_packs; at++) {
      const int i = at / column_packs, j = at % column_packs;
      finish_smooth(task, row + i / width * row_spread + i % width, column + j * column_spread);
    }
  }
}

}  // namespace
}  // namespace cuda
}  // namespace myelin
