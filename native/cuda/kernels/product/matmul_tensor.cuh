// The product by tensor cores: operands rounded to Format on their way into shared memory, sums in float32. Buffers and
// barriers are those of matmul_tile.cuh; fragments replace the sums in registers.
#pragma once
#include "fragment.h"
#include "matmul_epilogue.cuh"
#include "matmul_operand.cuh"

namespace myelin {
namespace cuda {
namespace {

#if MYELIN_TENSOR_CORES

constexpr int fragment_side = 16;
constexpr int patch_stride = fragment_side + 4;  // packs stay aligned, and rows start in different banks

template <class Format, class Shape>
struct TensorMemory {
  typedef Operand<float, Format, Shape::rows, Shape::depth, Shape::threads> A;
  typedef Operand<float, Format, Shape::columns, Shape::depth, Shape::threads> B;
  alignas(128) typename Format::Stored a[2][Shape::depth * A::stride];
  alignas(128) typename Format::Stored b[2][Shape::depth * B::stride];
  alignas(128) float patch[Shape::warps][fragment_side * patch_stride];
};

// Where a fragment keeps which element is the hardware's secret: the sums go through a patch of shared memory that
// belongs to the warp alone.
template <class Format, class Shape, int down, int across>
__device__ __forceinline__ void finish_fragments(const MatmulTask<float>& task, int64_t warp_row, int64_t warp_column,
                                                 float* patch, const SumFragment<Format> (&sums)[down][across]) {
  constexpr int width = Pack<float>::count;
  constexpr int lanes_across = fragment_side / width, rows_at_once = 32 / lanes_across;
  const int lane = threadIdx.x % 32, patch_row = lane / lanes_across, patch_column = lane % lanes_across * width;
  const int64_t row = warp_row + patch_row, column = warp_column + patch_column;
  const Targets<float> targets(task);
#pragma unroll
  for (int j = 0; j < across; j++) {
    const Pack<float> bias = bias_pack(task, targets.bias, column + j * fragment_side);
#pragma unroll
    for (int i = 0; i < down; i++) {
      sums[i][j].store(patch, patch_stride);
      __syncwarp();
#pragma unroll
      for (int r = 0; r < fragment_side; r += rows_at_once) {
        const Pack<float> sum = load_pack(patch + (patch_row + r) * patch_stride + patch_column);
        finish_pack(task, targets, row + i * fragment_side + r, column + j * fragment_side, sum, bias);
      }
      __syncwarp();
    }
  }
  if (comes_back(task)) {
#pragma unroll 1
    for (int r = 0; r < down * fragment_side; r += rows_at_once) {
#pragma unroll 1
      for (int j = 0; j < across; j++) finish_smooth(task, row + r, column + j * fragment_side);
    }
  }
}

template <class Format, class Shape>
__global__ void __launch_bounds__(Shape::threads, Shape::blocks) matmul_tensor(const MatmulTask<float> task) {
  typedef TensorMemory<Format, Shape> Memory;
  constexpr int down = Shape::warp_rows / fragment_side, across = Shape::warp_columns / fragment_side;
  constexpr int warps_across = Shape::columns / Shape::warp_columns;
  __shared__ Memory memory;

  if (is_skipped(task.skip)) return;
  const BlockTile block = tile_of_block<Shape>(task);
  const int warp = threadIdx.x / 32;
  const int my_row = warp / warps_across * Shape::warp_rows, my_column = warp % warps_across * Shape::warp_columns;
  typename Memory::A a(source_a(task), block.row, task.m, block.begin);
  typename Memory::B b(source_b(task), block.column, task.n, block.begin);
  SumFragment<Format> sums[down][across];
#pragma unroll
  for (int i = 0; i < down; i++) {
#pragma unroll
    for (int j = 0; j < across; j++) sums[i][j].clear();
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
    // Unrolled, the operands of two steps at once would not fit the registers.
#pragma unroll 1
    for (int step = 0; step < Shape::depth; step += Format::depth) {
      LeftFragment<Format> x[down];
#pragma unroll
      for (int i = 0; i < down; i++) {
        x[i].load(memory.a[turn] + step * Memory::A::stride + my_row + i * fragment_side, Memory::A::stride);
      }
#pragma unroll
      for (int j = 0; j < across; j++) {
        RightFragment<Format> y;
        y.load(memory.b[turn] + step * Memory::B::stride + my_column + j * fragment_side, Memory::B::stride);
#pragma unroll
        for (int i = 0; i < down; i++) sums[i][j].add(x[i], y);
      }
    }
  }
  finish_fragments<Format, Shape>(task, block.row + my_row, block.column + my_column, memory.patch[warp], sums);
}

#else

// Never launched: see has_tensor_cores.
template <class Format, class Shape>
__global__ void matmul_tensor(const MatmulTask<float>) {}

#endif

}  // namespace
}  // namespace cuda
}  // namespace myelin
