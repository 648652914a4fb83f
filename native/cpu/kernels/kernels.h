// The kernels of one target: declared from the list core/kernels.def, which says what each does.
#pragma once
#include "core/call.h"

namespace myelin {
namespace MYELIN_TARGET {

#define MYELIN_DECLARE_absent(dtype, type, name)
#define MYELIN_DECLARE_plain(dtype, type, name) void kernel_##name##_##dtype(const Call* call);
#define MYELIN_DECLARE_scratch(dtype, type, name) \
  MYELIN_DECLARE_plain(dtype, type, name) size_t scratch_##name##_##dtype(const Call* call, int workers);
#define MYELIN_DECLARE_parts(dtype, type, name) \
  MYELIN_DECLARE_plain(dtype, type, name) int64_t units_##name##_##dtype(const Call* call);
#define MYELIN_DECLARE_scratch_parts(dtype, type, name) \
  MYELIN_DECLARE_scratch(dtype, type, name) int64_t units_##name##_##dtype(const Call* call);
#define MYELIN_DECLARE_prepared(dtype, type, name) \
  MYELIN_DECLARE_scratch_parts(dtype, type, name) size_t prepare_##name##_##dtype(const Call* call, void* memory);
#define MYELIN_KERNEL(name, dtypes, cpu, cuda, attrs) MYELIN_EACH_##dtypes(MYELIN_DECLARE_##cpu, name)
#include "core/kernels.def"
#undef MYELIN_DECLARE_absent
#undef MYELIN_DECLARE_plain
#undef MYELIN_DECLARE_scratch
#undef MYELIN_DECLARE_parts
#undef MYELIN_DECLARE_scratch_parts
#undef MYELIN_DECLARE_prepared

}  // namespace MYELIN_TARGET
}  // namespace myelin

// Defines a kernel of these dtypes (the column of kernels.def), and the function that sizes its scratch, from function
// templates over the C type.
#define MYELIN_KERNEL_OF_(dtype, type, name, function) \
  void kernel_##name##_##dtype(const Call* call) { function<type>(call); }
#define MYELIN_SCRATCH_OF_(dtype, type, name, function) \
  size_t scratch_##name##_##dtype(const Call* call, int workers) { return function<type>(call, workers); }
#define MYELIN_UNITS_OF_(dtype, type, name, function) \
  int64_t units_##name##_##dtype(const Call* call) { return function(call); }
#define MYELIN_DEFINE_KERNEL_OF(dtypes, name, function) \
  namespace myelin { \
  namespace MYELIN_TARGET { \
  MYELIN_EACH_##dtypes(MYELIN_KERNEL_OF_, name, function) \
  } \
  }
#define MYELIN_DEFINE_SCRATCH_OF(dtypes, name, function) \
  namespace myelin { \
  namespace MYELIN_TARGET { \
  MYELIN_EACH_##dtypes(MYELIN_SCRATCH_OF_, name, function) \
  } \
  }
#define MYELIN_PREPARE_OF_(dtype, type, name, function) \
  size_t prepare_##name##_##dtype(const Call* call, void* memory) { return function<type>(call, memory); }
#define MYELIN_DEFINE_PREPARE(name, function) \
  namespace myelin { \
  namespace MYELIN_TARGET { \
  MYELIN_EACH_floats(MYELIN_PREPARE_OF_, name, function) \
  } \
  }
// Of any dtype alike: `function` is a plain function.
#define MYELIN_DEFINE_UNITS_OF(dtypes, name, function) \
  namespace myelin { \
  namespace MYELIN_TARGET { \
  MYELIN_EACH_##dtypes(MYELIN_UNITS_OF_, name, function) \
  } \
  }
#define MYELIN_DEFINE_UNITS(name, function) MYELIN_DEFINE_UNITS_OF(floats, name, function)
#define MYELIN_DEFINE_KERNEL(name, function) MYELIN_DEFINE_KERNEL_OF(floats, name, function)
#define MYELIN_DEFINE_SCRATCH(name, function) MYELIN_DEFINE_SCRATCH_OF(floats, name, function)
