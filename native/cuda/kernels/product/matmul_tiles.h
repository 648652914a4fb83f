// Every tile of the matmul and why it has its size: the one table of tuning constants.
//
// A block of threads computes rows × columns of the result, `depth` steps of the sum at a time; each of its threads
// holds thread_rows × thread_columns sums in registers. `blocks` is the number of blocks that shall fit a
// multiprocessor at once: it bounds the registers of a thread by 65536 / (threads · blocks).
//
//   registers   of a thread on 8.0, as ptxas reports them (npm run cuda:report -- --only matmul). Other architectures
//               differ by a few in float32, and take up to 32 fewer in float64 (12.0).
//   warps       that share a multiprocessor, of at most 64 (8.0, 9.0), 48 (8.6, 8.9, 12.0) and 32 (7.5).
//   intensity   flops per byte read from L2: 2·rows·columns / ((rows + columns)·size). Arithmetic binds where it is
//               above the device's own ratio, which lies between 4 (A100) and 16 (RTX 4090) in float32.
//   reads       multiply-adds per 16-byte read of shared memory by a thread. A multiprocessor serves 8 such reads while
//               it does 128 multiply-adds (64 on 7.5 and 8.0): from 16 (8) on, they keep up even without broadcasts.
//
//   float32   tile         threads  sums  registers  shared    warps: 8.0  8.6  7.5   intensity  reads
//   Large     128×128×8    256      8×8   126        16.5 KB          16   16   16    32         16
//   Medium     64×64×16    128      8×4    91        17.0 KB          20   20   12    16         10.7
//   Small      32×32×16     64      4×4    93         9.0 KB          20   20   14     8          8
//   Narrow     64×16×16     64      4×4   103        11.0 KB          18   16   10     6.4        8
//   Few        16×64×16     64      4×4   105        11.0 KB          18   16   10     6.4        8
//   float64
//   Medium     64×64×8     256      4×4   114        16.5 KB          16   16   16     8          4
//   Small      32×32×8      64      4×4   126         8.5 KB          16   16   14     4          4
//   Narrow     64×16×8      64      4×4   124        10.5 KB          16   16   12     3.2        4
//   Few        16×64×8      64      4×4   124        10.5 KB          16   16   12     3.2        4
//
// No tile asks for as many blocks as make the compiler keep values of the main loop in local memory, on any
// architecture.
//
// Large: 8×8 is the largest square of sums whose operands and next tile still fit 128 registers, so that two blocks
// hide each other's barriers. Depth 8 is one 16-byte load per thread and operand.
//
// Medium: a quarter of the area, so that products of a few hundred rows fill the machine. 8×4 keeps most of the reuse
// with half of the sums, and depth 16 has as many multiply-adds between two barriers as Large.
//
// Small: for results of some ten thousand elements, where blocks are what is missing. Bound by shared memory.
//
// Narrow, Few: a result of at most 16 columns or rows would leave most of a square tile idle. These products read one
// operand once and are bound by memory, which 4×4 sums keep up with.
//
// float64: pairs instead of fours in 16 bytes halve `reads`, but a multiprocessor does 2 (8.6 and other devices for
// graphics) to 64 (9.0) float64 multiply-adds per cycle, so that on most devices arithmetic still binds.
#pragma once

namespace myelin {
namespace cuda {

template <int rows_, int columns_, int depth_, int thread_rows_, int thread_columns_, int blocks_>
struct Tile {
  static constexpr int rows = rows_, columns = columns_, depth = depth_;
  static constexpr int thread_rows = thread_rows_, thread_columns = thread_columns_;
  static constexpr int blocks = blocks_;
  static constexpr int threads = rows / thread_rows * (columns / thread_columns);
};

template <class T>
struct Tiles;
template <>
struct Tiles<float> {
  typedef Tile<128, 128, 8, 8, 8, 2> Large;
  typedef Tile<64, 64, 16, 8, 4, 5> Medium;
  typedef Tile<32, 32, 16, 4, 4, 10> Small;
  typedef Tile<64, 16, 16, 4, 4, 8> Narrow;
  typedef Tile<16, 64, 16, 4, 4, 8> Few;
};
template <>
struct Tiles<double> {
  typedef Tile<64, 64, 8, 4, 4, 2> Medium;
  typedef Medium Large;  // 8×8 sums of two registers each would leave none for the operands
  typedef Tile<32, 32, 8, 4, 4, 8> Small;
  typedef Tile<64, 16, 8, 4, 4, 8> Narrow;
  typedef Tile<16, 64, 8, 4, 4, 8> Few;
};

// Tensor cores: a warp computes warp_rows × warp_columns by fragments of 16×16. Operands are read as float32.
//
//                tile         threads  warp    registers  shared    warps: 8.0  8.6   intensity
//   TF32 Large   128×128×16   256      32×64   128        43.0 KB          16   16    32
//   TF32 Medium   64×64×16    128      32×32   122        22.0 KB          16   16    16
//   bf16 Large   128×128×16   256      32×64   127        27.0 KB          16   16    32
//   bf16 Medium   64×64×16    128      32×32   107        14.0 KB          16   16    16
//
// 32×64 reads 6 fragments of operands for 8 products, the best ratio whose sums (64 registers) still let two blocks
// share a multiprocessor; a depth of 32 would spill. Tensor cores do more than 32 flops in the time in which L2
// delivers a byte (A100: about 30 in TF32, 60 in bf16), so that in bf16 L2 is what binds.
template <int rows_, int columns_, int depth_, int warp_rows_, int warp_columns_, int blocks_>
struct TensorTile {
  static constexpr int rows = rows_, columns = columns_, depth = depth_;
  static constexpr int warp_rows = warp_rows_, warp_columns = warp_columns_;
  static constexpr int blocks = blocks_;
  static constexpr int warps = rows / warp_rows * (columns / warp_columns), threads = 32 * warps;
};
struct Tf32Tiles {
  typedef TensorTile<128, 128, 16, 32, 64, 2> Large;
  typedef TensorTile<64, 64, 16, 32, 32, 4> Medium;
};
struct Bf16Tiles {
  typedef TensorTile<128, 128, 16, 32, 64, 2> Large;
  typedef TensorTile<64, 64, 16, 32, 32, 4> Medium;
};

// The tensor kernels of both formats cover the same tiles: a tiling does not ask which it is.
static_assert(Tf32Tiles::Large::rows == Bf16Tiles::Large::rows &&
                  Tf32Tiles::Large::columns == Bf16Tiles::Large::columns,
              "large tiles differ");
static_assert(Tf32Tiles::Medium::rows == Bf16Tiles::Medium::rows &&
                  Tf32Tiles::Medium::columns == Bf16Tiles::Medium::columns,
              "medium tiles differ");

// Blocks that fill a GPU: about one for each of 132 multiprocessors (H100; 128 on an RTX 4090), rounded to a power of
// two. A constant and not the device's own number, so that a result does not depend on the GPU's size.
constexpr long long full_grid = 128;
// At most this many rows or columns make a result few-rowed or narrow.
constexpr long long narrow_limit = 16;
// A sum is cut into chunks of at least this many steps. Shorter ones cost more for writing and adding the partial sums
// than they gain; in a matrix-vector product nothing is reused and a step is cheaper, hence the longer chunk.
constexpr long long least_chunk = 128;
constexpr long long least_vector_chunk = 256;
// Partial sums are read one after the other by one thread each; more than this many would be a long chain.
constexpr long long most_splits = 64;
// Chunks are multiples of this: whole tiles of any depth and whole packs of any type.
constexpr long long chunk_step = 32;
// Neighbouring blocks share rows of tiles in groups of this height, so that what runs at the same time reads a compact
// part of both operands: 8 × 16 tiles read 24 strips where one row of 128 tiles would read 129.
constexpr int group_rows = 8;
// Matrix-vector kernels: outputs and threads of a block. The matrix is read once: 0.5 flops a byte in float32, 0.25 in
// float64, so that memory binds everywhere, and enough warps must have reads on their way. On 8.0, dot's 38 registers
// let 48 share a multiprocessor; columns and combine take at most 32 and fill it with 64.
constexpr int dot_warps = 4;          // a warp for each output: few per block, so that short results still spread
constexpr int column_outputs = 32;    // a warp reads 32 neighbours: one line of 128 bytes in float32
constexpr int column_groups = 8;      // warps that share the steps of the sum
constexpr int combine_threads = 256;  // one element each

}  // namespace cuda
}  // namespace myelin
