// The kernels of this target under their names.
#include "cpu/kernels/fused/elementwise.h"
#include "kernels.h"

#define MYELIN_TEXT_(x) #x
#define MYELIN_TEXT(x) MYELIN_TEXT_(x)
#define MYELIN_JOIN_(a, b) a##b
#define MYELIN_JOIN(a, b) MYELIN_JOIN_(a, b)

namespace myelin {
namespace MYELIN_TARGET {
namespace {

#define MYELIN_ENTRY(dtype, name, scratch, units, prepare, attrs) \
  {#name, DType::dtype, kernel_##name##_##dtype, scratch, units, prepare, MYELIN_ATTRS_BYTES(attrs)},
#define MYELIN_ENTRY_absent(dtype, type, name, attrs)
#define MYELIN_ENTRY_plain(dtype, type, name, attrs) MYELIN_ENTRY(dtype, name, nullptr, nullptr, nullptr, attrs)
#define MYELIN_ENTRY_scratch(dtype, type, name, attrs) \
  MYELIN_ENTRY(dtype, name, scratch_##name##_##dtype, nullptr, nullptr, attrs)
#define MYELIN_ENTRY_parts(dtype, type, name, attrs) \
  MYELIN_ENTRY(dtype, name, nullptr, units_##name##_##dtype, nullptr, attrs)
#define MYELIN_ENTRY_scratch_parts(dtype, type, name, attrs) \
  MYELIN_ENTRY(dtype, name, scratch_##name##_##dtype, units_##name##_##dtype, nullptr, attrs)
#define MYELIN_ENTRY_prepared(dtype, type, name, attrs) \
  MYELIN_ENTRY(dtype, name, scratch_##name##_##dtype, units_##name##_##dtype, prepare_##name##_##dtype, attrs)

const KernelEntry kernels[] = {
#define MYELIN_KERNEL(name, dtypes, cpu, cuda, attrs) MYELIN_EACH_##dtypes(MYELIN_ENTRY_##cpu, name, attrs)
#include "core/kernels.def"
};

}  // namespace
}  // namespace MYELIN_TARGET
}  // namespace myelin

extern "C" const myelin::KernelTable* MYELIN_JOIN(myelin_kernels_, MYELIN_TARGET)(void) {
  namespace target = myelin::MYELIN_TARGET;
  static const myelin::KernelTable table = {MYELIN_TEXT(MYELIN_TARGET), target::kernels,
                                            sizeof target::kernels / sizeof target::kernels[0],
                                            target::elementwise_entries(), target::elementwise_count()};
  return &table;
}
