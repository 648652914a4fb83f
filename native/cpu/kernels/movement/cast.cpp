// "cast": whole numbers to floating ones and back.
#include "cpu/kernels/kernels.h"
#include "cpu/kernels/units.h"
#ifdef MYELIN_REFERENCE
#include "cpu/kernels/reference.h"
#else
#include "cpu/kernels/parallel.h"
#endif

MYELIN_BEGIN

constexpr int32_t smallest = INT32_MIN, largest_int32 = INT32_MAX;

// The first number of S beyond int32 is exact in both dtypes.
template <class S>
inline int32_t to_int32(S x) {
  if (x != x) return 0;
  if (x >= S(0x1p31)) return largest_int32;
  return x <= S(-0x1p31) ? smallest : static_cast<int32_t>(x);
}

// Without shifts of negative numbers, which C++17 leaves to the compiler.
inline int32_t high_half(int32_t x) { return static_cast<int32_t>((static_cast<int64_t>(x) - (x & 0xFFFF)) / 65536); }

#ifdef MYELIN_REFERENCE

template <class S>
void cast(const Call* call) {
  const CastAttrs& how = *static_cast<const CastAttrs*>(call->attrs);
  const View &in = call->in[0], &out = call->out[0];
  for (int64_t i = 0; i < out.count; i++) {
    if (how.to_int32) {
      data_of<int32_t>(out)[i] = to_int32(data_of<S>(in)[i]);
    } else {
      const int32_t x = data_of<int32_t>(in)[i];
      data_of<S>(out)[i] = static_cast<S>(how.float_part == 0 ? x : how.float_part == 1 ? high_half(x) : x & 0xFFFF);
    }
  }
}

#else

// Numbers that a task converts at least.
constexpr int64_t cast_elements = 16384;

template <class From, class To, class Convert>
HD void convert(const Call* call, const Convert& one) {
  const From* from = static_cast<const From*>(call->in[0].data);
  To* to = static_cast<To*>(call->out[0].data);
  for_part(call, call->out[0].count, cast_elements, call->out[0].count, [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; i++) to[i] = one(from[i]);
  });
}

template <class S>
void cast(const Call* call) {
  const CastAttrs& how = *static_cast<const CastAttrs*>(call->attrs);
  if (how.to_int32) {
    convert<S, int32_t>(call, [](S x) { return to_int32(x); });
  } else if (how.float_part == 0) {
    convert<int32_t, S>(call, [](int32_t x) { return static_cast<S>(x); });
  } else if (how.float_part == 1) {
    convert<int32_t, S>(call, [](int32_t x) { return static_cast<S>(high_half(x)); });
  } else {
    convert<int32_t, S>(call, [](int32_t x) { return static_cast<S>(x & 0xFFFF); });
  }
}

#endif

MYELIN_END

MYELIN_DEFINE_KERNEL(cast, cast)
MYELIN_DEFINE_UNITS(cast, element_units)
