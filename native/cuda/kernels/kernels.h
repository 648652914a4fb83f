// The launchers of this backend: declared from the list core/kernels.def, which says what each does. View.data,
// Call::key, Call::skip and Call::scratch are device addresses, attributes host memory.
#pragma once
#include "core/call.h"

namespace myelin {
namespace cuda {

#define MYELIN_DECLARE_absent_floats(name)
#define MYELIN_DECLARE_plain_floats(name) \
  void name##_f32(const Call* call); \
  void name##_f64(const Call* call);
#define MYELIN_DECLARE_scratch_floats(name) \
  MYELIN_DECLARE_plain_floats(name) size_t scratch_##name##_f32(const Call* call, int workers); \
  size_t scratch_##name##_f64(const Call* call, int workers);
#define MYELIN_KERNEL(name, dtypes, cpu, cuda, attrs) MYELIN_DECLARE_##cuda##_##dtypes(name)
#include "core/kernels.def"
#undef MYELIN_DECLARE_absent_floats
#undef MYELIN_DECLARE_plain_floats
#undef MYELIN_DECLARE_scratch_floats

}  // namespace cuda
}  // namespace myelin
