// "softmax" and "softmaxCrossEntropy" over the last axis. Short rows share a warp, long ones have a block each.
#include "cuda/kernels/common.cuh"
#include "cuda/kernels/kernels.h"
#include "math/binary.h"

MYELIN_BEGIN

// Rows of this length and less belong to a warp or a part of it.
constexpr int64_t most_warp_columns = 1024;

// Threads that work on a row together: `count` neighbouring lanes of a warp.
struct LaneTeam {
  int lane, count;
  template <class T>
  __device__ T sum(T x) const {
    for (int step = count / 2; step > 0; step /= 2) x += __shfl_xor_sync(all_lanes, x, step);
    return x;
  }
  template <class T>
  __device__ T largest(T x) const {
    for (int step = count / 2; step > 0; step /= 2) x = math::maximum(x, __shfl_xor_sync(all_lanes, x, step));
    return x;
  }
};

// … or a whole block, with room for a number of each warp.
template <class S>
struct BlockTeam {
  int lane, count;
  double* sums;
  S* maxima;
  __device__ double sum(double x) const {
    const LaneTeam warp = {lane % warp_lanes, warp_lanes};
    x = warp.sum(x);
    __syncthreads();  // the numbers of the sum before have been read
    if (warp.lane == 0) sums[lane / warp_lanes] = x;
    __syncthreads();
    x = sums[0];
    for (int w = 1; w < block_threads / warp_lanes; w++) x += sums[w];
    return x;
  }
  __device__ S largest(S x) const {
    const LaneTeam warp = {lane % warp_lanes, warp_lanes};
    x = warp.largest(x);
    // The barriers of sum() lie between the rows: the maxima of the row before have been read.
    if (warp.lane == 0) maxima[lane / warp_lanes] = x;
    __syncthreads();
    x = maxima[0];
    for (int w = 1; w < block_threads / warp_lanes; w++) x = math::maximum(x, maxima[w]);
    return x;
  }
};

// The largest number of a row and Σ e^(z − largest), known to all threads of the team. Of a row of −∞ they are 0 and 1,
// so that no class has a share.
template <class S>
struct RowScale {
  S largest;
  double sum;
};
template <class S, class Team>
__device__ RowScale<S> scale_of(const S* z, int64_t n, const Team& team) {
  RowScale<S> scale = {-Format<S>::infinity, 0};
  for (int64_t i = team.lane; i < n; i += team.count) scale.largest = math::maximum(scale.largest, z[i]);
  scale.largest = team.largest(scale.largest);
  if (scale.largest == -Format<S>::infinity) scale.largest = 0;
    // Not unrolled: several exponentials at a time take more registers than they save time.
#pragma unroll 1
  for (int64_t i = team.lane; i < n; i += team.count) {
    scale.sum += static_cast<double>(math::exp(z[i] - scale.largest));
  }
  scale.sum = team.sum(scale.sum);
  if (scale.sum == 0) scale.sum = 1;
  return scale;
}

template <class S>
struct Softmax {
  const S* z;
  S* out;
  template <class Team>
  __device__ void row(int64_t r, int64_t n, const Team& team, bool write) const {
    const S* from = z + r * n;
    const RowScale<S> scale = scale_of(from, n, team);
    const S divisor = static_cast<S>(scale.sum);
#pragma unroll 1
    for (int64_t i = team.lane; write && i < n; i += team.count) {
      out[r * n + i] = math::exp(from[i] - scale.largest) / divisor;
    }
  }
};

// Σ y·(ln Σe^(z−max) − (z − max)), in which 0·∞ is 0.
template <class S>
struct CrossEntropy {
  const S* z;
  const S* y;
  S* out;
  template <class Team>
  __device__ void row(int64_t r, int64_t n, const Team& team, bool write) const {
    const S *logits = z + r * n, *labels = y + r * n;
    const RowScale<S> scale = scale_of(logits, n, team);
    const S log_sum = static_cast<S>(math::log(scale.sum));
    double total = 0;
    for (int64_t i = team.lane; i < n; i += team.count) {
      const S cost = log_sum - (logits[i] - scale.largest);
      const bool is_free = labels[i] == 0 && cost == Format<S>::infinity;
      if (!is_free) total += static_cast<double>(labels[i] * cost);
    }
    total = team.sum(total);
    if (write && team.lane == 0) out[r] = static_cast<S>(total);
  }
};

template <class Rows>
__global__ void __launch_bounds__(block_threads)
    rows_by_warps(const Rows work, int64_t rows, int64_t n, int lanes, const uint32_t* skip) {
  if (is_skipped(skip)) return;
  const LaneTeam team = {static_cast<int>(threadIdx.x) % lanes, lanes};
  const int64_t teams = item_step() / lanes, rounds = (rows + teams - 1) / teams;
  for (int64_t round = 0; round < rounds; round++) {
    // All lanes of a warp take part in its exchanges: teams without a row repeat the last one.
    const int64_t row = round * teams + first_item() / lanes;
    work.row(smaller(row, rows - 1), n, team, row < rows);
  }
}

template <class Rows, class S>
__global__ void __launch_bounds__(block_threads)
    rows_by_blocks(const Rows work, int64_t rows, int64_t n, const uint32_t* skip) {
  if (is_skipped(skip)) return;
  __shared__ double sums[block_threads / warp_lanes];
  __shared__ S maxima[block_threads / warp_lanes];
  const BlockTeam<S> team = {static_cast<int>(threadIdx.x), block_threads, sums, maxima};
  for (int64_t row = blockIdx.x; row < rows; row += gridDim.x) work.row(row, n, team, true);
}

template <class S, class Rows>
void launch_rows(const Call* call, const Rows& work) {
  const View& z = call->in[0];
  const int64_t n = z.rank > 0 ? z.dims[z.rank - 1] : 1, rows = n > 0 ? z.count / n : 0;
  if (rows == 0) return;
  if (n > most_warp_columns) {
    launch(context_of(call), rows_by_blocks<Rows, S>, grid_for(rows, 1), dim3(block_threads), 0, work, rows, n,
           call->skip);
    return;
  }
  int lanes = 4;
  while (lanes < warp_lanes && lanes < n) lanes *= 2;
  launch(context_of(call), rows_by_warps<Rows>, grid_for(rows * lanes), dim3(block_threads), 0, work, rows, n, lanes,
         call->skip);
}

template <class S>
void softmax(const Call* call) {
  const Softmax<S> work = {static_cast<const S*>(call->in[0].data), static_cast<S*>(call->out[0].data)};
  launch_rows<S>(call, work);
}

template <class S>
void cross_entropy(const Call* call) {
  const CrossEntropy<S> work = {static_cast<const S*>(call->in[0].data), static_cast<const S*>(call->in[1].data),
                                static_cast<S*>(call->out[0].data)};
  launch_rows<S>(call, work);
}

MYELIN_END

MYELIN_LAUNCHERS(softmax, softmax)
MYELIN_LAUNCHERS(softmaxCrossEntropy, cross_entropy)
