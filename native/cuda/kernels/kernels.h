// The launchers of this backend: declared from the list core/kernels.def, which says what each does. View.data,
// Call::key, Call::skip and Call::scratch are device addresses, attributes host memory.
#pragma once
#include "core/call.h"

namespace myelin {
namespace cuda {

#define MYELIN_DECLARE_absent(dtype, type, name)
#define MYELIN_DECLARE_plain(dtype, type, name) void name##_##dtype(const Call* call);
#define MYELIN_DECLARE_scratch(dtype, type, name) \
  MYELIN_DECLARE_plain(dtype, type, name) size_t scratch_##name##_##dtype(const Call* call, int workers);
#define MYELIN_KERNEL(name, dtypes, cpu, cuda, attrs) MYELIN_EACH_##dtypes(MYELIN_DECLARE_##cuda, name)
#include "core/kernels.def"
#undef MYELIN_DECLARE_absent
#undef MYELIN_DECLARE_plain
#undef MYELIN_DECLARE_scratch

}  // namespace cuda
}  // namespace myelin
