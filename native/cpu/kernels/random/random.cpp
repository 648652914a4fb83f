// "randomUniform": every element is a function of (seed, step, stream, its index) alone.
#include "cpu/kernels/kernels.h"
#include "cpu/kernels/units.h"
#include "math/philox.h"
#ifdef MYELIN_REFERENCE
#include "cpu/kernels/reference.h"
#else
#include "cpu/kernels/parallel.h"
#include "cpu/simd/simd.h"
#endif

MYELIN_BEGIN

#ifdef MYELIN_REFERENCE

template <class S>
void random_uniform(const Call* call) {
  const StepKey& key = *call->key;
  const uint32_t stream = static_cast<const RandomAttrs*>(call->attrs)->stream;
  const PhiloxKey philox_key = {static_cast<uint32_t>(key.seed), static_cast<uint32_t>(key.seed >> 32)};
  for (int64_t i = 0; i < call->out[0].count; i++) {
    const uint64_t counter = static_cast<uint64_t>(i) / 4;
    uint64_t words[4] = {counter & 0xFFFFFFFFu, (counter >> 32) ^ (key.step >> 32), key.step & 0xFFFFFFFFu, stream};
    philox(words, philox_key);
    data_of<S>(call->out[0])[i] = static_cast<S>(static_cast<uint32_t>(words[i % 4]) >> 8) * S(0x1p-24);
  }
}

#else

// 24 random bits as a number in [0, 1). Through int32, for which every target has a conversion.
HD float to_unit(uint32_t word, float) { return static_cast<float>(static_cast<int32_t>(word >> 8)) * 0x1p-24f; }
HD double to_unit(uint32_t word, double) { return static_cast<double>(static_cast<int32_t>(word >> 8)) * 0x1p-24; }

// One Philox call gives four numbers; a vector of U64 holds this many counters.
constexpr int64_t counters = sizeof(U64) / sizeof(uint64_t);

// The elements [from, to) of `out`, which belong to the counters [first, last).
template <class S>
HD void random_range(S* out, int64_t from, int64_t to, int64_t first, int64_t last, const StepKey& key,
                     uint32_t stream) {
  const PhiloxKey philox_key = {static_cast<uint32_t>(key.seed), static_cast<uint32_t>(key.seed >> 32)};
  const U64 zero = {};
  U64 lane = {};
  for (int64_t i = 0; i < counters; i++) lane[i] = i;
  for (int64_t block = first; block < last; block += counters) {
    const U64 index = lane + static_cast<uint64_t>(block);
    U64 c[4] = {index, (index >> 32) ^ (key.step >> 32), zero + (key.step & 0xFFFFFFFFu), zero + uint64_t(stream)};
    philox(c, philox_key);
    uint64_t word[4][counters];
    memcpy(word, c, sizeof word);
    S value[4 * counters];
    for (int64_t i = 0; i < counters; i++) {
      for (int64_t w = 0; w < 4; w++) value[4 * i + w] = to_unit(static_cast<uint32_t>(word[w][i]), S());
    }
    const int64_t begin = 4 * block;
    if (from <= begin && begin + 4 * counters <= to) {
      memcpy(out + begin, value, sizeof value);
    } else {
      const int64_t end = smaller(begin + 4 * counters, to);
      for (int64_t i = larger(begin, from); i < end; i++) out[i] = value[i - begin];
    }
  }
}

// Element-wise steps that a random number costs about.
constexpr int64_t random_steps = 4;

template <class S>
void random_uniform(const Call* call) {
  S* out = static_cast<S*>(call->out[0].data);
  const int64_t n = call->out[0].count;
  const uint32_t stream = static_cast<const RandomAttrs*>(call->attrs)->stream;
  const UnitRange part = part_of(call, n);
  // Ranges are counted in vectors of counters, so that only the first and the last one are cut short.
  const int64_t numbers = 4 * counters, skipped = part.begin / numbers;
  for_ranges(call, divide_up(part.end, numbers) - skipped, 64, n * random_steps, [&](int64_t begin, int64_t end, int) {
    random_range(out, part.begin, part.end, (skipped + begin) * counters, (skipped + end) * counters, *call->key,
                 stream);
  });
}

#endif

MYELIN_END

MYELIN_DEFINE_KERNEL(randomUniform, random_uniform)
MYELIN_DEFINE_UNITS(randomUniform, element_units)
