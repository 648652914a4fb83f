// "guard" and "accumulate": what a step leaves behind besides its values.
#ifndef MYELIN_REFERENCE  // reference.cpp has it

#include "cpu/kernels/kernels.h"
#include "cpu/kernels/parallel.h"
#include "cpu/simd/simd.h"

MYELIN_BEGIN

template <class S>
HD bool all_finite(const S* p, int64_t n) {
  typedef typename Vector<S>::Type V;
  typedef Lanes<V> L;
  // x − x is 0 for a number and NaN for an infinity or a NaN, which stays in the sum.
  V a = L::broadcast(0), b = a;
  int64_t i = 0;
  for (; i + 2 * L::count <= n; i += 2 * L::count) {
    const V x = L::load(p + i), y = L::load(p + i + L::count);
    a += x - x;
    b += y - y;
  }
  for (; i < n; i += L::count) {
    const V x = i + L::count <= n ? L::load(p + i) : L::load_partial(p + i, n - i, S(0));
    a += x - x;
  }
  a += b;
  S lane[L::count];
  memcpy(lane, &a, sizeof lane);
  for (int j = 0; j < L::count; j++) {
    if (!(lane[j] == 0)) return false;
  }
  return true;
}

template <class S>
void guard(const Call* call) {
  const S* in = static_cast<const S*>(call->in[0].data);
  uint32_t* flag = static_cast<uint32_t*>(call->out[0].data);
  for_ranges(call, call->in[0].count, 16384, call->in[0].count, [&](int64_t begin, int64_t end, int) {
    // Tasks may raise the flag at the same time; nobody lowers it.
    if (!all_finite(in + begin, end - begin)) __atomic_store_n(flag, 1u, __ATOMIC_RELAXED);
  });
}

template <class S>
void accumulate(const Call* call) {
  const S* in = static_cast<const S*>(call->in[0].data);
  double* out = static_cast<double*>(call->out[0].data);
  for (int64_t i = 0; i < call->in[0].count; i++) out[i] += static_cast<double>(in[i]);
}

MYELIN_END

namespace myelin {
namespace MYELIN_TARGET {

void kernel_guard_f32(const Call* call) { guard<float>(call); }
void kernel_guard_f64(const Call* call) { guard<double>(call); }
void kernel_accumulate_f32(const Call* call) { accumulate<float>(call); }
void kernel_accumulate_f64(const Call* call) { accumulate<double>(call); }

}  // namespace MYELIN_TARGET
}  // namespace myelin

#endif
