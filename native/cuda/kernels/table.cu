// The kernels of this backend under their names. Element-wise ops exist only as steps of "fused" and in epilogues:
// their entries have names and arities, and no functions.
#include "cuda/kernels/fused/elementwise.cuh"
#include "kernels.h"

namespace myelin {
namespace cuda {
namespace {

#define MYELIN_ENTRY_absent_floats(name, attrs)
#define MYELIN_ENTRY_plain_floats(name, attrs) \
  {#name, name##_f32, name##_f64, nullptr, nullptr, MYELIN_ATTRS_BYTES(attrs)},
#define MYELIN_ENTRY_scratch_floats(name, attrs) \
  {#name, name##_f32, name##_f64, scratch_##name##_f32, scratch_##name##_f64, MYELIN_ATTRS_BYTES(attrs)},

const KernelEntry kernel_entries[] = {
#define MYELIN_KERNEL(name, dtypes, cpu, cuda, attrs) MYELIN_ENTRY_##cuda##_##dtypes(name, attrs)
#include "core/kernels.def"
};

}  // namespace
}  // namespace cuda
}  // namespace myelin

extern "C" const myelin::KernelTable* myelin_cuda_kernels(void) {
  namespace target = myelin::cuda;
  static const myelin::KernelTable table = {"cuda", target::kernel_entries,
                                            sizeof target::kernel_entries / sizeof target::kernel_entries[0],
                                            target::elementwise_table, target::op_count};
  return &table;
}
