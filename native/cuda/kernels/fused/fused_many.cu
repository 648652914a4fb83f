// Several calls of "fused" with equal steps in one launch: each block works on a part of one call's arrays.
//
// Steps and addresses travel as parameters of the kernel, so that a captured launch owns them: a table in device memory
// would need an upload before every capture and an owner that outlives the graph. Parameters may take 32,764 bytes
// (CUDA 12.1 or newer and compute capability 7.0 or newer: less than this backend asks for). That is room for 460
// updates of Adam, which has 7 arrays of its own a weight; up to 48 take the small size, which costs a launch less.
#include "fused_many.h"

#include "cuda/kernels/kernels.h"
#include "fused_run.cuh"
#include "fused_together.h"

MYELIN_BEGIN

// Packs a thread works on, one after the other.
constexpr int32_t packs_a_thread = 4;
// A place: an index among the arrays of a call, or this + an index among those that all calls share.
constexpr uint8_t is_shared = 128;

struct SmallMany {
  static constexpr int32_t calls = 48, arrays = 332, bytes = 4096;
};
struct LargeMany {
  static constexpr int32_t calls = 460, arrays = 3280, bytes = 32764;
};

// The steps, and where each call has its arrays.
template <class S, class Size>
struct ManyCode {
  int32_t n_calls, n_instructions, n_own;  // own: arrays of a call that it does not share with all others
  uint32_t scalars;                        // one bit for every input
  uint8_t inputs[most_common_inputs], outputs[most_common_instructions];  // places
  FusedInstruction instructions[most_common_instructions];
  uint32_t end_block[Size::calls];  // of each call
  int64_t counts[Size::calls];
  S attrs[most_common_attrs];
  void* shared[most_common_inputs];
  void* own[Size::arrays];
};
template <class S, class Size>
constexpr bool fits_parameters = sizeof(ManyCode<S, Size>) + sizeof(void*) <= Size::bytes;
static_assert(fits_parameters<double, SmallMany>, "kernel parameters of the first CUDA versions end at 4 KB");
static_assert(fits_parameters<double, LargeMany>, "kernel parameters end at 32,764 bytes");

// The call that a block works on: the first that ends behind it.
template <class Code>
__device__ __forceinline__ int32_t call_of(const Code& code, uint32_t block) {
  int32_t first = 0, last = code.n_calls - 1;
  while (first < last) {
    const int32_t middle = (first + last) / 2;
    if (block < code.end_block[middle]) {
      last = middle;
    } else {
      first = middle + 1;
    }
  }
  return first;
}

template <class S, class Size>
__global__ void __launch_bounds__(most_fused_threads, least_fused_blocks)
    fused_many_kernel(const __grid_constant__ ManyCode<S, Size> code, const uint32_t* skip) {
  if (is_skipped(skip)) return;
  constexpr int count = Pack<S>::count;
  MYELIN_DYNAMIC_SHARED(Pack<S>, registers);
  Pack<S>* const mine = registers + threadIdx.x;
  const int32_t call = call_of(code, blockIdx.x);
  const uint32_t block = blockIdx.x - (call > 0 ? code.end_block[call - 1] : 0);
  const int32_t own = call * code.n_own;
  const auto array = [&](uint8_t place) {
    return static_cast<S*>(place < is_shared ? code.own[own + place] : code.shared[place - is_shared]);
  };
  const int64_t elements = code.counts[call];
  for (int32_t k = 0; k < packs_a_thread; k++) {
    const int64_t first = ((static_cast<int64_t>(block) * packs_a_thread + k) * blockDim.x + threadIdx.x) * count;
    if (first >= elements) return;
    const int n = static_cast<int>(smaller(count, elements - first));
    const auto load = [&](int32_t input) {
      const S* data = array(code.inputs[input]);
      const bool scalar = (code.scalars >> input & 1) != 0;
      if (!scalar && n == count) return load_pack(data + first);
      Pack<S> x = {};
      for (int j = 0; j < count; j++) {
        if (scalar || j < n) x.v[j] = data[scalar ? 0 : first + j];
      }
      return x;
    };
    const auto store = [&](int32_t output, const Pack<S>& x) {
      S* to = array(code.outputs[output]) + first;
      if (n == count) return store_pack(to, x);
      for (int j = 0; j < count; j++) {
        if (j < n) to[j] = x.v[j];
      }
    };
    run_instructions<S, false>(code.instructions, code.n_instructions, code.attrs, mine, load, store);
  }
}

// ---- which calls go together ------------------------------------------------------------------------------------

inline int64_t blocks_of(const Call& call, int threads, int64_t size) {
  return divide_up(call.out[0].count * size, int64_t{16} * threads * packs_a_thread);
}

inline int32_t own_arrays(const FusedAttrs& f, const SharedInputs& shared) {
  return f.n_inputs - shared.count + f.n_outputs;
}

template <class Size>
bool has_room(int32_t n_calls, int32_t n_own) {
  return n_calls <= Size::calls && n_calls * n_own <= Size::arrays;
}

template <class S>
int32_t count_calls(const Call* calls, int32_t n) {
  const int32_t model = find_model(calls, n);
  if (!is_common(program_of(calls[model]))) return 1;
  const Pattern pattern = pattern_of<S>(calls[model]);
  const int threads = fused_threads(pattern.layout);
  SharedInputs shared(*pattern.attrs);
  Traffic traffic(sizeof(S));
  int64_t blocks = 0;
  int32_t count = 0;
  for (; count < n; count++) {
    const Call& next = calls[count];
    if (next.skip != calls[0].skip || !follows<S>(next, pattern)) break;
    shared.keep(calls[0], next);
    blocks += blocks_of(next, threads, sizeof(S));
    if (!has_room<LargeMany>(count + 1, own_arrays(*pattern.attrs, shared)) || blocks > INT32_MAX) break;
    if (!traffic.take(next)) break;
  }
  // The launch finds its model among those it takes.
  if (model >= count && count > 1) return count_calls<S>(calls, count);
  return static_cast<int32_t>(larger(count, 1));
}

// ---- the launch -------------------------------------------------------------------------------------------------

template <class S, class Size>
void launch_many(const Call* calls, int32_t n, const Call& model, const Pattern& pattern, const SharedInputs& shared) {
  const FusedAttrs& f = *pattern.attrs;
  const int threads = fused_threads(pattern.layout);
  MappingList<uint32_t> no_mappings = {};
  const auto common = make_code<S, uint32_t, true>(&model, f, pattern.layout, &no_mappings);
  ManyCode<S, Size> code = {};
  code.n_calls = n;
  code.n_instructions = common.n_instructions;
  code.n_own = own_arrays(f, shared);
  for (int32_t i = 0; i < common.n_instructions; i++) code.instructions[i] = common.instructions[i];
  for (int32_t i = 0; i < most_common_attrs; i++) code.attrs[i] = common.attrs[i];
  uint8_t n_own = 0, n_shared = 0;
  for (int32_t i = 0; i < f.n_inputs; i++) {
    if (f.inputs[i].mode == load_scalar) code.scalars |= 1u << i;
    code.inputs[i] = shared.is[i] ? static_cast<uint8_t>(is_shared + n_shared) : n_own++;
    if (shared.is[i]) code.shared[n_shared++] = calls[0].in[i].data;
  }
  for (int32_t o = 0; o < f.n_outputs; o++) code.outputs[o] = n_own++;
  uint32_t blocks = 0;
  for (int32_t c = 0; c < n; c++) {
    blocks += static_cast<uint32_t>(blocks_of(calls[c], threads, sizeof(S)));
    code.end_block[c] = blocks;
    code.counts[c] = calls[c].out[0].count;
    void** own = code.own + c * code.n_own;
    for (int32_t i = 0; i < f.n_inputs; i++) {
      if (!shared.is[i]) own[code.inputs[i]] = calls[c].in[i].data;
    }
    for (int32_t o = 0; o < f.n_outputs; o++) own[code.outputs[o]] = calls[c].out[o].data;
  }
  launch(context_of(&calls[0]), fused_many_kernel<S, Size>, dim3(blocks), dim3(threads),
         register_bytes(pattern.layout, threads), code, calls[0].skip);
}

template <class S>
void launch_calls(const Call* calls, int32_t n) {
  const Call& model = calls[find_model(calls, n)];
  const Pattern pattern = pattern_of<S>(model);
  SharedInputs shared(*pattern.attrs);
  for (int32_t c = 1; c < n; c++) shared.keep(calls[0], calls[c]);
  if (has_room<SmallMany>(n, own_arrays(*pattern.attrs, shared))) {
    launch_many<S, SmallMany>(calls, n, model, pattern, shared);
  } else {
    launch_many<S, LargeMany>(calls, n, model, pattern, shared);
  }
}

MYELIN_END

namespace myelin {
namespace cuda {

int32_t count_together(const Call* calls, int32_t n, bool is_f64) {
  return is_f64 ? count_calls<double>(calls, n) : count_calls<float>(calls, n);
}

void fused_together(const Call* calls, int32_t n, bool is_f64) {
  if (n == 1) return is_f64 ? fused_f64(calls) : fused_f32(calls);
  is_f64 ? launch_calls<double>(calls, n) : launch_calls<float>(calls, n);
}

}  // namespace cuda
}  // namespace myelin
