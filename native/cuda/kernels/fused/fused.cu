// "fused": every thread takes all steps for a pack of neighbouring elements (16 bytes of each array) and steps
// through the array. Memory is read and written once; what several steps need waits in shared memory, where each thread
// has its own column: no barrier, no bank conflict.
#include "cuda/kernels/kernels.h"
#include "fused_run.cuh"

MYELIN_BEGIN

// The elements of an input for positions first … first + n − 1 of the output.
template <class S, class Index>
__device__ __forceinline__ Pack<S> load_input(const FusedArray<Index>& array, const Mapping<Index>* mappings,
                                              Index first, int n) {
  constexpr int count = Pack<S>::count;
  const S* data = static_cast<const S*>(array.data);
  Pack<S> x = {};
  if (array.mode == load_scalar) {
    const S value = data[0];
    for (int j = 0; j < count; j++) x.v[j] = value;
    return x;
  }
  const bool whole = array.packed && n == count;
  if (array.mode == load_full) {
    if (whole) return load_pack(data + first);
    for (int j = 0; j < count; j++) {
      if (j < n) x.v[j] = data[first + j];
    }
    return x;
  }
  if (array.mode == load_strided) {
    const Mapping<Index>& mapping = mappings[array.mapping];
    if (whole) {
      const Index at = mapping.offset(first), step = mapping.strides[mapping.rank - 1];
      for (int j = 0; j < count; j++) x.v[j] = data[at + j * step];
      return x;
    }
    for (int j = 0; j < count; j++) {
      if (j < n) x.v[j] = data[mapping.offset(first + j)];
    }
    return x;
  }
  Index quotient = array.period.divide(first);
  Index rest = first - quotient * array.period.divisor;
  const bool row = array.mode == load_row;
  if (whole && row) return load_pack(data + rest);
  for (int j = 0; j < count; j++) {
    if (j < n) x.v[j] = data[row ? rest : quotient];
    if (++rest == array.period.divisor) {
      rest = 0;
      quotient++;
    }
  }
  return x;
}

template <class S, class Index, bool large>
__global__ void __launch_bounds__(most_fused_threads, least_fused_blocks)
    fused_kernel(const FusedCode<S, Index, large> code, const uint32_t* skip) {
  if (is_skipped(skip)) return;
  constexpr int count = Pack<S>::count;
  MYELIN_DYNAMIC_SHARED(Pack<S>, registers);
  Pack<S>* const mine = registers + threadIdx.x;
  const int64_t packs = (code.count + count - 1) / count;
  for (int64_t item = first_item(); item < packs; item += item_step()) {
    const Index first = static_cast<Index>(item * count);
    const int n = static_cast<int>(smaller(count, code.count - item * count));
    const auto load = [&](int32_t input) {
      return load_input<S, Index>(code.inputs[input], large ? code.far_mappings : code.mappings, first, n);
    };
    const auto store = [&](int32_t output, const Pack<S>& x) {
      S* to = static_cast<S*>(code.outputs[output]) + first;
      if (n == count && (code.packed_outputs >> output & 1) != 0) {
        store_pack(to, x);
      } else {
        for (int j = 0; j < count; j++) {
          if (j < n) to[j] = x.v[j];
        }
      }
    };
    run_instructions<S, large>(code.instructions, code.n_instructions, code.attrs, mine, load, store);
  }
}

constexpr int32_t mappings_a_launch = 32;
template <class Index>
struct MappingBatch {
  Mapping<Index> list[mappings_a_launch];
};

template <class Index>
__global__ void store_mappings(const MappingBatch<Index> batch, int32_t count, Mapping<Index>* to) {
  for (int32_t i = 0; i < count; i++) to[i] = batch.list[i];
}

// Mappings that do not fit the parameters of the kernel go to scratch before it.
template <class Index>
void send_mappings(const Call* call, const MappingList<Index>& mappings) {
  for (int32_t first = 0; first < mappings.count; first += mappings_a_launch) {
    const int32_t count = static_cast<int32_t>(smaller(mappings_a_launch, mappings.count - first));
    MappingBatch<Index> batch = {};
    for (int32_t i = 0; i < count; i++) batch.list[i] = mappings.list[first + i];
    launch(context_of(call), store_mappings<Index>, dim3(1), dim3(1), 0, batch, count,
           static_cast<Mapping<Index>*>(call->scratch) + first);
  }
}

template <class S, class Index, bool large>
void launch_fused(const Call* call, const FusedAttrs& f, const FusedLayout& layout) {
  MappingList<Index> mappings = {};
  FusedCode<S, Index, large> code = make_code<S, Index, large>(call, f, layout, &mappings);
  if (large) {
    code.far_mappings = static_cast<const Mapping<Index>*>(call->scratch);
    send_mappings(call, mappings);
  } else {
    for (int32_t i = 0; i < mappings.count; i++) code.mappings[i] = mappings.list[i];
  }
  const int threads = fused_threads(layout);
  launch(context_of(call), fused_kernel<S, Index, large>,
         grid_for(divide_up(call->out[0].count, Pack<S>::count), threads), dim3(threads),
         register_bytes(layout, threads), code, call->skip);
}

// For the larger of the two kinds of mapping: which kind it will be depends on addresses too.
size_t scratch_fused(const Call* call) {
  const FusedAttrs& f = *static_cast<const FusedAttrs*>(call->attrs);
  size_t bytes = 0;
  for (int32_t i = 0; i < f.n_inputs; i++) bytes += f.inputs[i].mode == load_strided ? sizeof(Mapping<uint64_t>) : 0;
  return bytes;
}

template <class S>
void fused(const Call* call) {
  const FusedAttrs& f = *static_cast<const FusedAttrs*>(call->attrs);
  if (call->n_out == 0 || call->out[0].count == 0) return;
  if (f.n_slots > max_fused_slots || f.n_inputs + f.n_steps + f.n_outputs > 2 * max_fused_slots) {
    // More steps than the core puts together.
    if (context_of(call).status == cudaSuccess) context_of(call).status = cudaErrorInvalidValue;
    return;
  }
  FusedLayout layout;
  lay_out_steps(call, f, sizeof(S), &layout);
  assign_registers(&layout);
  // Packs may reach beyond the last element by less than their size.
  if (call->out[0].count > narrow_count - Pack<S>::count) {
    launch_fused<S, uint64_t, true>(call, f, layout);
  } else if (is_small(f, layout)) {
    launch_fused<S, uint32_t, false>(call, f, layout);
  } else {
    launch_fused<S, uint32_t, true>(call, f, layout);
  }
}

MYELIN_END

MYELIN_LAUNCHERS(fused, fused)

namespace myelin {
namespace cuda {
size_t scratch_fused_f32(const Call* call, int) { return scratch_fused(call); }
size_t scratch_fused_f64(const Call* call, int) { return scratch_fused(call); }
}  // namespace cuda
}  // namespace myelin
