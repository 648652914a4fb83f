// Every constant of the matmul, and why it has its value. Measured with bench/matmul.cpp. `kc` and `dot_kc` are part of
// the result: they fix where partial sums are rounded, so they depend on the shape and the element type only.
#pragma once
#include "cpu/simd/simd.h"
#include "matmul_problem.h"

namespace myelin {
namespace MYELIN_TARGET {
namespace {

// The register tile, rows × vectors. It must hide the latency of fma (two units of latency 4: at least 8 sums) and
// fit the registers next to its operands.
#if defined(__AVX512F__)
constexpr int tile_rows =
    8;  // 8 × 2 of 32 registers: batches of 32, 64, 128 have no edge, unlike the 14 × 2 that would also fit
constexpr int thin_vectors = 8;
constexpr int dot_rows = 6;  // 6 × 4 sums of whole vectors
#elif defined(__AVX2__)
constexpr int tile_rows = 6;  // 6 × 2 of 16 registers: all that fit
constexpr int thin_vectors = 4;
constexpr int dot_rows = 3;  // 3 × 4 likewise
#elif defined(__aarch64__)
constexpr int tile_rows = 8;  // 8 × 2 of 32 registers
constexpr int thin_vectors = 8;
constexpr int dot_rows = 4;
#else
constexpr int tile_rows = 4;  // 4 × 2 of 16 registers: without fma each product needs one more
constexpr int thin_vectors = 4;
constexpr int dot_rows = 2;
#endif
constexpr int tile_vectors = 2;
constexpr int thin_rows = 2;    // products of one or two rows: a wide tile gives them enough independent sums
constexpr int dot_columns = 4;  // combine4 adds four sums at once

// Rows of one packed panel of B: 256 × 2 vectors are 32 KB with 512 bits (L1 has 32 or 48) and 16 KB with 256.
// Shorter blocks write C more often, longer ones fetch B from L2.
constexpr int kc_limit = 256;
// Blocks of the sum are multiples of this, so that only the last one has a remainder to transpose.
constexpr int kc_step = 16;
// The dot products read their operands in place and keep a block of the narrow side in L2: 16 rows × 2048 floats.
constexpr int dot_kc_limit = 2048;

// Dot products need no packing but add up lanes at the end: they pay for a narrow result whose sum is long.
constexpr int64_t dot_narrow = 24;           // columns; above, a packed panel is reused often enough
constexpr int64_t dot_few_rows = 4;          // rows; packing B for fewer would cost more than the product itself
constexpr int64_t dot_least_k_vectors = 16;  // below, adding up the lanes costs more than the products

// Rows of A per task, in bytes of one column: 384 rows × 256 floats, or 192 × 256 doubles, are 384 KB, for an L2 of 1
// or 2 MB beside the sums below. More rows read B from memory less often. A multiple of every tile_rows.
constexpr int64_t task_rows_bytes = 384 * 4;
// Columns per task: the sums that several blocks come back to are at most 384 × 256. A multiple of every tile's width.
constexpr int64_t task_columns_limit = 256;
// From this distance in bytes between the rows of C on, unfinished sums are kept side by side in scratch: at a few KB,
// above all at powers of two, the rows of C crowd into a few cache sets and would come from memory for every block.
constexpr int64_t gather_c_stride = 4096;
// Tasks for each worker, so that one that was interrupted does not keep the others waiting; the second number where
// more tasks would pack the same panels again (12 % at 128·256·128 on two workers).
constexpr int64_t tasks_per_worker = 4;
constexpr int64_t least_tasks_per_worker = 2;
// Floating-point operations below which waking workers costs more than it gains (2 µs of one core).
constexpr int64_t serial_flops = 400 * 1000;

// Packing A: only where reading in place misses the caches. A tile touches one line per row and step, and rows whose
// distance is a large power of two share the same few cache sets.
constexpr int64_t pack_a_bytes = 128 * 1024;  // smaller blocks stay in L2 whatever their stride
constexpr int64_t pack_a_stride = 2048;       // bytes from one row to the next
// Packing plain B: a copied panel is reused by every tile of the task, while one read in place misses L1 when its rows
// are 1 KB or more apart, and L2 too from about 4 KB on. 20 % faster at 128·128·256, 50 % at 20·209·12288.
constexpr int64_t pack_b_tiles = 6;
constexpr int64_t pack_b_stride = 1024;
constexpr int64_t pack_b_tiles_far = 2;
constexpr int64_t pack_b_stride_far = 4096;

}  // namespace
}  // namespace MYELIN_TARGET
}  // namespace myelin
