// What the kernels of this folder share: the skip flag, sizes of grids, 16-byte accesses, division by numbers known
// at launch. Everything stands in an anonymous namespace: each file is compiled by itself.
#pragma once
#include "cuda/kernels/launch.h"
#include "target.h"

MYELIN_BEGIN

constexpr int warp_lanes = 32;
constexpr unsigned all_lanes = 0xFFFFFFFFu;
// Threads of a block where nothing speaks for another number: divides every limit of every architecture.
constexpr int block_threads = 256;

// Whether the step must not be committed. The same for all threads of a launch: nobody changes the flag while a kernel
// that has barriers runs.
__device__ inline bool is_skipped(const uint32_t* skip) { return skip != nullptr && *skip != 0; }

// Blocks for `n` items of work, one a thread; kernels step through what exceeds the grid.
inline dim3 grid_for(int64_t n, int threads = block_threads) {
  return dim3(static_cast<unsigned>(smaller(divide_up(n, threads), int64_t(1) << 22)));
}
__device__ inline int64_t first_item() { return static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; }
__device__ inline int64_t item_step() { return static_cast<int64_t>(gridDim.x) * blockDim.x; }

// ---- 16 bytes at a time -----------------------------------------------------------------------------------------

// Elements of 16 bytes, for what only moves them.
template <class S>
constexpr int pack_elements = 16 / sizeof(S);

template <class S>
struct Pack;
template <>
struct alignas(16) Pack<float> {
  static constexpr int count = 4;
  float v[4];
};
template <>
struct alignas(16) Pack<double> {
  static constexpr int count = 2;
  double v[2];
};

__device__ inline Pack<float> load_pack(const float* p) {
  const float4 x = *reinterpret_cast<const float4*>(p);
  return {{x.x, x.y, x.z, x.w}};
}
__device__ inline Pack<double> load_pack(const double* p) {
  const double2 x = *reinterpret_cast<const double2*>(p);
  return {{x.x, x.y}};
}
__device__ inline void store_pack(float* p, const Pack<float>& x) {
  *reinterpret_cast<float4*>(p) = make_float4(x.v[0], x.v[1], x.v[2], x.v[3]);
}
__device__ inline void store_pack(double* p, const Pack<double>& x) {
  *reinterpret_cast<double2*>(p) = make_double2(x.v[0], x.v[1]);
}

inline bool is_aligned(const void* p) { return reinterpret_cast<uintptr_t>(p) % 16 == 0; }

// ---- positions --------------------------------------------------------------------------------------------------

// Elements up to which positions are 32-bit numbers, which the hardware divides by in two instructions.
constexpr int64_t narrow_count = INT32_MAX;

// Division by a number that is known at launch.
template <class Index>
struct Divider;

template <>
struct Divider<uint64_t> {
  uint64_t divisor;
  HD uint64_t divide(uint64_t n) const { return n / divisor; }
};
inline void set_divisor(Divider<uint64_t>* d, int64_t divisor) { d->divisor = static_cast<uint64_t>(divisor); }

// n / d = (n + ⌊n·m / 2^32⌋) / 2^s with 2^s ≥ d and m = ⌊2^32·(2^s − d) / d⌋ + 1: exact for n < 2^31
// (Granlund, Montgomery: Division by invariant integers using multiplication; PLDI 1994).
template <>
struct Divider<uint32_t> {
  uint32_t divisor, multiplier, shift;
  HD uint32_t divide(uint32_t n) const {
    return (n + static_cast<uint32_t>((static_cast<uint64_t>(n) * multiplier) >> 32)) >> shift;
  }
};
inline void set_divisor(Divider<uint32_t>* d, int64_t divisor) {
  d->divisor = static_cast<uint32_t>(divisor);
  d->shift = 0;
  while ((int64_t(1) << d->shift) < divisor) d->shift++;
  const uint64_t excess = (uint64_t(1) << d->shift) - static_cast<uint64_t>(divisor);
  d->multiplier = static_cast<uint32_t>((excess << 32) / static_cast<uint64_t>(divisor) + 1);
}

// Where element i of a dense row-major array lies in an array with the same dimensions and other strides.
template <class Index>
struct Mapping {
  int32_t rank;
  Divider<Index> dims[max_rank];
  Index strides[max_rank];
  Index begin;  // offset of element 0

  __device__ inline Index offset(Index i) const {
    Index at = begin;
    // Unrolled, so that every array below is indexed by constants and stays in constant memory.
#pragma unroll
    for (int d = max_rank - 1; d > 0; d--) {
      if (d >= rank) continue;
      const Index next = dims[d].divide(i);
      at += (i - next * dims[d].divisor) * strides[d];
      i = next;
    }
    return rank > 0 ? at + i * strides[0] : at;
  }
};

// Axes of size 1 vanish; neighbours that one stride covers become one.
template <class Index>
inline Mapping<Index> make_mapping(int32_t rank, const int64_t* dims, const int64_t* strides, int64_t begin) {
  int64_t size[max_rank], step[max_rank];
  int32_t n = 0;
  for (int32_t d = 0; d < rank; d++) {
    if (dims[d] == 1) continue;
    if (n > 0 && step[n - 1] == dims[d] * strides[d]) {
      size[n - 1] *= dims[d];
      step[n - 1] = strides[d];
    } else {
      size[n] = dims[d];
      step[n++] = strides[d];
    }
  }
  Mapping<Index> m = {};
  m.rank = n;
  m.begin = static_cast<Index>(begin);
  for (int32_t d = 0; d < n; d++) {
    set_divisor(&m.dims[d], size[d]);
    m.strides[d] = static_cast<Index>(step[d]);
  }
  return m;
}

inline void dense_strides(const View& view, int64_t* strides) {
  int64_t stride = 1;
  for (int32_t d = view.rank - 1; d >= 0; d--) {
    strides[d] = stride;
    stride *= view.dims[d];
  }
}

MYELIN_END

// Defines the launchers of a kernel of these dtypes (the column of kernels.def) from a function template over the C
// type.
#define MYELIN_LAUNCHER_(dtype, type, name, function) \
  void name##_##dtype(const Call* call) { function<type>(call); }
#define MYELIN_LAUNCHERS_OF(dtypes, name, function) \
  namespace myelin { \
  namespace cuda { \
  MYELIN_EACH_##dtypes(MYELIN_LAUNCHER_, name, function) \
  } \
  }
// The same for the functions that size their scratch.
#define MYELIN_SCRATCH_(dtype, type, name, function) \
  size_t scratch_##name##_##dtype(const Call* call, int workers) { return function<type>(call, workers); }
#define MYELIN_SCRATCHES_OF(dtypes, name, function) \
  namespace myelin { \
  namespace cuda { \
  MYELIN_EACH_##dtypes(MYELIN_SCRATCH_, name, function) \
  } \
  }
#define MYELIN_LAUNCHERS(name, function) MYELIN_LAUNCHERS_OF(floats, name, function)
