// Ids in order, so that all rows of one id stand together and in their own order: what makes sums over them the same in
// every run, without atomics. A bitonic network (Batcher, Sorting networks and their applications, 1968): tiles in
// shared memory, and the steps that reach further in device memory.
#pragma once
#include "cuda/kernels/common.cuh"

MYELIN_BEGIN

// An id and the place where it stands: sorted by id, then by place. Negative ids come last.
typedef unsigned long long IdKey;
__device__ inline uint32_t id_of(IdKey key) { return static_cast<uint32_t>(key >> 32); }
__device__ inline uint32_t place_of(IdKey key) { return static_cast<uint32_t>(key); }

// Keys of a tile, which a block sorts by itself.
constexpr int tile_keys = 1024;

inline int64_t padded_count(int64_t n) {
  int64_t padded = 2;
  while (padded < n) padded *= 2;
  return padded;
}
inline size_t sorted_ids_scratch(const View& ids) {
  return static_cast<size_t>(padded_count(ids.count)) * sizeof(IdKey);
}

// Of the pairs with a distance of `step`: the first of pair number `pair`.
__device__ inline int64_t first_of_pair(int64_t pair, int64_t step) {
  return ((pair & ~(step - 1)) << 1) | (pair & (step - 1));
}

// Puts a pair into the order of its run of `size` keys: every second run falls.
__device__ inline void order_pair(IdKey* a, IdKey* b, bool rises) {
  const IdKey x = *a, y = *b;
  if ((x > y) == rises) {
    *a = y;
    *b = x;
  }
}

// The steps within tiles, for runs from `first` to `last` keys. `ids`: where keys are made of `n` of them first; what
// fills up the last tile comes behind all of them.
__global__ void __launch_bounds__(block_threads) sort_tiles_kernel(IdKey* keys, const int32_t* ids, int64_t n, int tile,
                                                                   int64_t first, int64_t last, const uint32_t* skip) {
  if (is_skipped(skip)) return;
  __shared__ IdKey held[tile_keys];
  const int64_t begin = static_cast<int64_t>(blockIdx.x) * tile;
  for (int i = threadIdx.x; i < tile; i += blockDim.x) {
    const int64_t at = begin + i;
    const IdKey made = at < n && ids ? static_cast<IdKey>(static_cast<uint32_t>(ids[at])) << 32 | at : ~IdKey(0);
    held[i] = ids ? made : keys[at];
  }
  for (int64_t size = first; size <= last; size *= 2) {
    for (int step = static_cast<int>(smaller(size, tile) / 2); step > 0; step /= 2) {
      __syncthreads();
      for (int pair = threadIdx.x; pair < tile / 2; pair += blockDim.x) {
        const int64_t i = first_of_pair(pair, step);
        order_pair(&held[i], &held[i + step], ((begin + i) & size) == 0);
      }
    }
  }
  __syncthreads();
  for (int i = threadIdx.x; i < tile; i += blockDim.x) keys[begin + i] = held[i];
}

// One step that reaches over tiles.
__global__ void __launch_bounds__(block_threads)
    sort_step_kernel(IdKey* keys, int64_t pairs, int64_t size, int64_t step, const uint32_t* skip) {
  if (is_skipped(skip)) return;
  for (int64_t pair = first_item(); pair < pairs; pair += item_step()) {
    const int64_t i = first_of_pair(pair, step);
    order_pair(&keys[i], &keys[i + step], (i & size) == 0);
  }
}

// Sorts the ids into the call's scratch.
inline const IdKey* sort_ids(const Call* call, const View& ids) {
  Context& context = context_of(call);
  IdKey* keys = static_cast<IdKey*>(call->scratch);
  const int64_t padded = padded_count(ids.count);
  const int tile = static_cast<int>(smaller(padded, tile_keys));
  const dim3 tiles(static_cast<unsigned>(padded / tile));
  launch(context, sort_tiles_kernel, tiles, dim3(block_threads), 0, keys, static_cast<const int32_t*>(ids.data),
         ids.count, tile, int64_t(2), int64_t(tile), call->skip);
  for (int64_t size = 2 * tile; size <= padded; size *= 2) {
    for (int64_t step = size / 2; step >= tile; step /= 2) {
      launch(context, sort_step_kernel, grid_for(padded / 2), dim3(block_threads), 0, keys, padded / 2, size, step,
             call->skip);
    }
    launch(context, sort_tiles_kernel, tiles, dim3(block_threads), 0, keys, static_cast<const int32_t*>(nullptr),
           ids.count, tile, size, size, call->skip);
  }
  return keys;
}

// Does the id at `at` stand there first, and its rows begin?
__device__ inline bool begins(const IdKey* keys, int64_t at) {
  return at == 0 || id_of(keys[at - 1]) != id_of(keys[at]);
}

// Launches over `count` items in rows of `width`, with the kernel of the index that is wide enough.
template <class Narrow, class Wide, class... A>
void launch_rows(const Call* call, Narrow narrow, Wide wide, int64_t count, int64_t width, A... arguments) {
  if (count <= narrow_count) {
    Divider<uint32_t> divider;
    set_divisor(&divider, width);
    launch(context_of(call), narrow, grid_for(count), dim3(block_threads), 0, arguments..., count, divider, call->skip);
  } else {
    Divider<uint64_t> divider;
    set_divisor(&divider, width);
    launch(context_of(call), wide, grid_for(count), dim3(block_threads), 0, arguments..., count, divider, call->skip);
  }
}

MYELIN_END
