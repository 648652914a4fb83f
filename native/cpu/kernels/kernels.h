// The kernels of one target: declared from the list core/kernels.def, which says what each does.
#pragma once
#include "core/call.h"

namespace myelin {
namespace MYELIN_TARGET {

#define MYELIN_DECLARE_absent_floats(name)
#define MYELIN_DECLARE_plain_floats(name) \
  void kernel_##name##_f32(const Call* call); \
  void kernel_##name##_f64(const Call* call);
#define MYELIN_DECLARE_scratch_floats(name) \
  MYELIN_DECLARE_plain_floats(name) size_t scratch_##name##_f32(const Call* call, int workers); \
  size_t scratch_##name##_f64(const Call* call, int workers);
#define MYELIN_KERNEL(name, dtypes, cpu, cuda, attrs) MYELIN_DECLARE_##cpu##_##dtypes(name)
#include "core/kernels.def"
#undef MYELIN_DECLARE_absent_floats
#undef MYELIN_DECLARE_plain_floats
#undef MYELIN_DECLARE_scratch_floats

}  // namespace MYELIN_TARGET
}  // namespace myelin

// Defines a kernel, and the function that sizes its scratch, from function templates over float and double.
#define MYELIN_DEFINE_KERNEL(name, function) \
  namespace myelin { \
  namespace MYELIN_TARGET { \
  void kernel_##name##_f32(const Call* call) { function<float>(call); } \
  void kernel_##name##_f64(const Call* call) { function<double>(call); } \
  } \
  }
#define MYELIN_DEFINE_SCRATCH(name, function) \
  namespace myelin { \
  namespace MYELIN_TARGET { \
  size_t scratch_##name##_f32(const Call* call, int workers) { return function<float>(call, workers); } \
  size_t scratch_##name##_f64(const Call* call, int workers) { return function<double>(call, workers); } \
  } \
  }
