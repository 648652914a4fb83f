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

// Which sums a thread holds: packs that lie `spread` apart, so that neighbours read neighbouring packs. A warp covers 8
// packs of columns and 4 of rows where the tile has them, which are few different words to read.
template <class T, class Shape>
struct SumLayout {
  static constexpr int width = Pack<T>::count;
  static constexpr int row_packs = Shape::thread_rows / width, column_packs = Shape::thread_columns / width;
  static constexpr int row_spread = Shape::rows / row_packs, column_spread = Shape::columns / column_packs;
  static constexpr int threads_across = Shape::columns / Shape::thread_columns;
  static constexpr int lanes_across = threads_across < 8 ? threads_across : 8, lanes_down = 32 / lanes_across;
  static constexpr int warps_across = threads_across / lanes_across;
  int row, column;  // of the thread's first sum within the tile

  __device__ __forceinline__ SumLayout() {
    const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    row = (warp / warps_across * lanes_down + lane / lanes_across) * width;
    column = (warp % warps_across * lanes_across + lane % lanes_across) * width;
  }
  static __device__ __forceinline__ int row_of(int i) { return i / width * row_spread + i % width; }
};

template <class T, class Shape>
__device__ __forceinline__ void finish_tile(const MatmulTask<T>& task, const BlockTile& block,
                                            const T (&sums)[Shape::thread_rows][Shape::thread_columns]) {
  typedef SumLayout<T, Shape> Layout;
  const Layout mine;
  const Targets<T> targets(task);
  const int64_t row = block.row + mine.row, column = block.column + mine.column;
#pragma unroll
  for (int j = 0; j < Layout::column_packs; j++) {
    const int64_t at = column + j * Layout::column_spread;
    const Pack<T> bias = bias_pack(task, targets.bias, at);
#pragma unroll
    for (int i = 0; i < Shape::thread_rows; i++) {
      Pack<T> sum;
#pragma unroll
      for (int w = 0; w < Layout::width; w++) sum.v[w] = sums[i][j * Layout::width + w];
      finish_pack(task, targets, row + Layout::row_of(i), at, sum, bias);
    }
  }
  if (comes_back(task)) {
#pragma unroll 1
    for (int i = 0; i < Shape::thread_rows; i++) {
#pragma unroll 1
      for (int j = 0; j < Layout::column_packs; j++) {
        finish_smooth(task, row + Layout::row_of(i), column + j * Layout::column_spread);
      }
    }
  }
}

template <class T, class Shape>
__global__ void __launch_bounds__(Shape::threads, Shape::blocks) matmul_tile(const MatmulTask<T> task) {
  typedef TileMemory<T, Shape> Memory;
  typedef SumLayout<T, Shape> Layout;
  __shared__ Memory memory;

  if (is_skipped(task.skip)) return;
  const BlockTile block = tile_of_block<Shape>(task);
  const Layout mine;
  typename Memory::A a(source_a(task), block.row, task.m, block.begin);
  typename Memory::B b(source_b(task), block.column, task.n, block.begin);
  T sums[Shape::thread_rows][Shape::thread_columns];
#pragma unroll
  for (int i = 0; i < Shape::thread_rows; i++) {
#pragma unroll
    for (int j = 0; j < Shape::thread_columns; j++) sums[i][j] = T(0);
  }

  int64_t left = block.end - block.begin;
  if (left > 0) {
    const int steps = left < Shape::depth ? static_cast<int>(left) : Shape::depth;
    a.fetch(source_a(task), steps);
    b.fetch(source_b(task), steps);
  }
  for (int turn = 0; left > 0; turn ^= 1) {
    a.stash(source_a(task), memory.a[turn]);
    b.stash(source_b(task), memory.b[turn]);
    __syncthreads();
    left -= Shape::depth;
    if (left > 0) {
      const int steps = left < Shape::depth ? static_cast<int>(left) : Shape::depth;
      a.fetch(source_a(task), steps);
      b.fetch(source_b(task), steps);
    }
    const T* from_a = memory.a[turn] + mine.row;
    const T* from_b = memory.b[turn] + mine.column;
#pragma unroll
    for (int step = 0; step < Shape::depth; step++) {
      Pack<T> x[Layout::row_packs], y[Layout::column_packs];
#pragma unroll
      for (int i = 0; i < Layout::row_packs; i++) {
        x[i] = load_pack(from_a + step * Memory::A::stride + i * Layout::row_spread);
      }
#pragma unroll
      for (int j = 0; j < Layout::column_packs; j++) {
        y[j] = load_pack(from_b + step * Memory::B::stride + j * Layout::column_spread);
      }
#pragma unroll
      for (int i = 0; i < Shape::thread_rows; i++) {
#pragma unroll
        for (int j = 0; j < Shape::thread_columns; j++) {
          sums[i][j] = Lanes<T>::mul_add(x[i / Layout::width].v[i % Layout::width],
                                         y[j / Layout::width].v[j % Layout::width], sums[i][j]);
        }
      }
    }
  }
  finish_tile<T, Shape>(task, block, sums);
}

}  // namespace
}  // namespace cuda
}  // namespace myelin
