// Reductions of [outer, n, inner] over n, for any way of combining two numbers. The tree is fixed by the shape alone:
//
//   a thread takes every block_threads-th term of a chunk, a block puts its threads together pairwise;
//   where n has several chunks, their results wait in scratch and a second launch puts them together the same way.
//
// A Reducer says what is combined:
//   State               what travels between threads; first() is the result of no terms
//   combine(a, b)       two states
//   from_lane(a, lane)  the state of another lane of the warp (all lanes call it)
//   Run, empty_run(), add(run, x, index), widen(run)
//                       the state of a few neighbouring terms of a thread, perhaps in less precision
//   result(state)       the output element
#pragma once
#include "cuda/kernels/common.cuh"

MYELIN_BEGIN

// Terms a thread adds up as a Run: few enough for the kernel's own precision.
constexpr int run_terms = 8;
// Terms of a row that one block reduces, 16 a thread: long rows give the whole device work.
constexpr int64_t row_chunk = 16 * block_threads;
// Rows of this length and less are reduced by one warp each.
constexpr int64_t warp_row = 512;
// Columns of this length and less are reduced by one thread each.
constexpr int64_t thread_column = 64;
// Columns a block takes side by side, and the threads it has for each.
constexpr int column_strip = 32, column_threads = 8;
// Rows of a strip that one block reduces, 16 a thread.
constexpr int64_t column_chunk = 16 * column_threads;

template <class R, class S>
__device__ inline typename R::State reduce_terms(const S* p, int64_t begin, int64_t end, int64_t step, int64_t stride) {
  typename R::State total = R::first();
  for (int64_t i = begin; i < end; i += run_terms * step) {
    typename R::Run run = R::empty_run();
#pragma unroll
    for (int k = 0; k < run_terms; k++) {
      const int64_t at = i + k * step;
      if (at < end) R::add(run, p[at * stride], at);
    }
    total = R::combine(total, R::widen(run));
  }
  return total;
}

// All lanes end with the state of the warp.
template <class R>
__device__ inline typename R::State reduce_warp(typename R::State state) {
  for (int step = warp_lanes / 2; step > 0; step /= 2) {
    state = R::combine(state, R::from_lane(state, (threadIdx.x % warp_lanes) ^ step));
  }
  return state;
}

// Thread 0 ends with the state of the block of block_threads threads. `shared` has room for a state of each warp.
template <class R>
__device__ inline typename R::State reduce_block(typename R::State state, typename R::State* shared) {
  constexpr int warps = block_threads / warp_lanes;
  state = reduce_warp<R>(state);
  if (threadIdx.x % warp_lanes == 0) shared[threadIdx.x / warp_lanes] = state;
  __syncthreads();
  if (threadIdx.x == 0) {
    for (int w = 1; w < warps; w++) state = R::combine(state, shared[w]);
  }
  return state;
}

// One warp a row.
template <class R, class S>
__global__ void __launch_bounds__(block_threads)
    reduce_short_rows(const S* in, S* out, int64_t rows, int64_t n, const uint32_t* skip) {
  if (is_skipped(skip)) return;
  const int lane = threadIdx.x % warp_lanes;
  const int64_t warps = item_step() / warp_lanes;
  // The same number of rounds for all lanes of a warp.
  for (int64_t row = first_item() / warp_lanes; row < rows; row += warps) {
    const typename R::State state = reduce_warp<R>(reduce_terms<R>(in + row * n, lane, n, warp_lanes, 1));
    if (lane == 0) out[row] = R::result(state);
  }
}

// One block a chunk of a row. With one chunk a row, `partial` is null and the result goes out.
template <class R, class S>
__global__ void __launch_bounds__(block_threads)
    reduce_rows(const S* in, S* out, typename R::State* partial, int64_t n, int64_t chunks, const uint32_t* skip) {
  if (is_skipped(skip)) return;
  __shared__ typename R::State shared[block_threads / warp_lanes];
  const int64_t row = blockIdx.x / chunks, chunk = blockIdx.x % chunks;
  const int64_t begin = chunk * row_chunk, end = smaller(n, begin + row_chunk);
  const typename R::State state =
      reduce_block<R>(reduce_terms<R>(in + row * n, begin + threadIdx.x, end, block_threads, 1), shared);
  if (threadIdx.x != 0) return;
  if (partial != nullptr) {
    partial[blockIdx.x] = state;
  } else {
    out[row] = R::result(state);
  }
}

// One block a row: puts the chunks of reduce_rows together.
template <class R, class S>
__global__ void __launch_bounds__(block_threads)
    finish_rows(const typename R::State* partial, S* out, int64_t chunks, const uint32_t* skip) {
  if (is_skipped(skip)) return;
  __shared__ typename R::State shared[block_threads / warp_lanes];
  typename R::State state = R::first();
  for (int64_t c = threadIdx.x; c < chunks; c += block_threads) {
    state = R::combine(state, partial[blockIdx.x * chunks + c]);
  }
  state = reduce_block<R>(state, shared);
  if (threadIdx.x == 0) out[blockIdx.x] = R::result(state);
}

// One thread an output element.
template <class R, class S>
__global__ void __launch_bounds__(block_threads)
    reduce_short_columns(const S* in, S* out, int64_t count, int64_t n, int64_t inner, const uint32_t* skip) {
  if (is_skipped(skip)) return;
  for (int64_t i = first_item(); i < count; i += item_step()) {
    out[i] = R::result(reduce_terms<R>(in + i / inner * n * inner + i % inner, 0, n, 1, inner));
  }
}

// One block a chunk of rows of a strip of columns: threads are (column, part of the rows).
template <class R, class S>
__global__ void __launch_bounds__(column_strip* column_threads)
    reduce_columns(const S* in, S* out, typename R::State* partial, int64_t n, int64_t inner, int64_t chunks,
                   const uint32_t* skip) {
  if (is_skipped(skip)) return;
  __shared__ typename R::State shared[column_threads * column_strip];
  const int64_t strips = (inner + column_strip - 1) / column_strip;
  const int64_t strip = blockIdx.x % strips, part = blockIdx.x / strips;
  const int64_t outer = part / chunks, chunk = part % chunks;
  const int64_t column = strip * column_strip + threadIdx.x;
  const int64_t begin = chunk * column_chunk, end = smaller(n, begin + column_chunk);
  typename R::State state = R::first();
  if (column < inner) {
    state = reduce_terms<R>(in + outer * n * inner + column, begin + threadIdx.y, end, column_threads, inner);
  }
  shared[threadIdx.y * column_strip + threadIdx.x] = state;
  __syncthreads();
  if (threadIdx.y != 0 || column >= inner) return;
  for (int y = 1; y < column_threads; y++) state = R::combine(state, shared[y * column_strip + threadIdx.x]);
  if (partial != nullptr) {
    partial[part * inner + column] = state;
  } else {
    out[outer * inner + column] = R::result(state);
  }
}

// One thread an output element: puts the chunks of reduce_columns together.
template <class R, class S>
__global__ void __launch_bounds__(block_threads) finish_columns(const typename R::State* partial, S* out, int64_t count,
                                                                int64_t inner, int64_t chunks, const uint32_t* skip) {
  if (is_skipped(skip)) return;
  for (int64_t i = first_item(); i < count; i += item_step()) {
    const int64_t outer = i / inner, column = i % inner;
    typename R::State state = R::first();
    for (int64_t c = 0; c < chunks; c++) state = R::combine(state, partial[(outer * chunks + c) * inner + column]);
    out[i] = R::result(state);
  }
}

HD int64_t chunks_of(const ReduceAttrs& r) {
  if (r.inner == 1) return larger(1, divide_up(r.n, row_chunk));
  return r.n <= thread_column ? 1 : divide_up(r.n, column_chunk);
}

template <class R>
size_t reduce_scratch(const ReduceAttrs& r) {
  const int64_t chunks = chunks_of(r);
  return chunks > 1 ? static_cast<size_t>(r.outer * chunks * r.inner) * sizeof(typename R::State) : 0;
}

// [outer, n]
template <class R, class S>
void reduce_contiguous(const Call* call, const ReduceAttrs& r) {
  const S* in = static_cast<const S*>(call->in[0].data);
  S* out = static_cast<S*>(call->out[0].data);
  const int64_t chunks = chunks_of(r);
  typename R::State* partial = chunks > 1 ? static_cast<typename R::State*>(call->scratch) : nullptr;
  Context& context = context_of(call);
  if (r.outer == 0) return;
  if (r.n <= warp_row) {
    launch(context, reduce_short_rows<R, S>, grid_for(r.outer * warp_lanes), dim3(block_threads), 0, in, out, r.outer,
           r.n, call->skip);
    return;
  }
  launch(context, reduce_rows<R, S>, dim3(static_cast<unsigned>(r.outer * chunks)), dim3(block_threads), 0, in, out,
         partial, r.n, chunks, call->skip);
  if (partial == nullptr) return;
  launch(context, finish_rows<R, S>, dim3(static_cast<unsigned>(r.outer)), dim3(block_threads), 0, partial, out, chunks,
         call->skip);
}

// [outer, n, inner]
template <class R, class S>
void reduce(const Call* call, const ReduceAttrs& r) {
  if (r.inner == 1) return reduce_contiguous<R, S>(call, r);
  const S* in = static_cast<const S*>(call->in[0].data);
  S* out = static_cast<S*>(call->out[0].data);
  const int64_t count = r.outer * r.inner, chunks = chunks_of(r);
  typename R::State* partial = chunks > 1 ? static_cast<typename R::State*>(call->scratch) : nullptr;
  Context& context = context_of(call);
  if (count == 0) return;
  if (r.n <= thread_column) {
    launch(context, reduce_short_columns<R, S>, grid_for(count), dim3(block_threads), 0, in, out, count, r.n, r.inner,
           call->skip);
    return;
  }
  const int64_t strips = divide_up(r.inner, column_strip);
  launch(context, reduce_columns<R, S>, dim3(static_cast<unsigned>(r.outer * chunks * strips)),
         dim3(column_strip, column_threads), 0, in, out, partial, r.n, r.inner, chunks, call->skip);
  if (partial == nullptr) return;
  launch(context, finish_columns<R, S>, grid_for(count), dim3(block_threads), 0, partial, out, count, r.inner, chunks,
         call->skip);
}

MYELIN_END

// Defines the launchers and scratch functions of a reduction; by `reduction`, one of the two above.
#define MYELIN_REDUCTION(name, reduction, reducer, attrs_of) \
  namespace myelin { \
  namespace cuda { \
  void name##_f32(const Call* call) { reduction<reducer<float>, float>(call, attrs_of(call)); } \
  void name##_f64(const Call* call) { reduction<reducer<double>, double>(call, attrs_of(call)); } \
  size_t scratch_##name##_f32(const Call* call, int) { return reduce_scratch<reducer<float>>(attrs_of(call)); } \
  size_t scratch_##name##_f64(const Call* call, int) { return reduce_scratch<reducer<double>>(attrs_of(call)); } \
  } \
  }
