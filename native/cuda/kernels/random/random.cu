// "randomUniform": every element is a function of (seed, step, stream, its index) alone; the same bits as on the CPU.
#include "cuda/kernels/common.cuh"
#include "cuda/kernels/kernels.h"
#include "math/philox.h"

MYELIN_BEGIN

// One thread a counter: four numbers.
template <class S>
__global__ void __launch_bounds__(block_threads)
    random_kernel(S* out, int64_t count, bool packed, const StepKey* key, uint32_t stream, const uint32_t* skip) {
  if (is_skipped(skip)) return;
  const uint64_t seed = key->seed, step = key->step;
  const PhiloxKey philox_key = {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)};
  const int64_t counters = (count + 3) / 4;
  for (int64_t i = first_item(); i < counters; i += item_step()) {
    const uint64_t index = static_cast<uint64_t>(i);
    uint64_t words[4] = {index, (index >> 32) ^ (step >> 32), step & 0xFFFFFFFFu, stream};
    philox(words, philox_key);
    S numbers[4];
    for (int w = 0; w < 4; w++) {
      numbers[w] = static_cast<S>(static_cast<uint32_t>(words[w]) >> 8) * static_cast<S>(1.0 / 16777216.0);
    }
    S* to = out + 4 * i;
    if (packed && 4 * i + 4 <= count) {
      constexpr int at_once = Pack<S>::count;
      for (int w = 0; w < 4; w += at_once) {
        Pack<S> pack;
        for (int j = 0; j < at_once; j++) pack.v[j] = numbers[w + j];
        store_pack(to + w, pack);
      }
    } else {
      for (int w = 0; w < 4; w++) {
        if (4 * i + w < count) to[w] = numbers[w];
      }
    }
  }
}

template <class S>
void random_uniform(const Call* call) {
  const View& out = call->out[0];
  if (out.count == 0) return;
  launch(context_of(call), random_kernel<S>, grid_for(divide_up(out.count, 4)), dim3(block_threads), 0,
         static_cast<S*>(out.data), out.count, is_aligned(out.data), call->key,
         static_cast<const RandomAttrs*>(call->attrs)->stream, call->skip);
}

MYELIN_END

MYELIN_LAUNCHERS(randomUniform, random_uniform)
