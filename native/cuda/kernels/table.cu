// The kernels of this backend under their names. Element-wise ops exist only as steps of "fused" and in epilogues:
// their entries have names and arities, and no functions.
#include "cuda/kernels/fused/elementwise.cuh"
#include "kernels.h"

namespace myelin {
namespace cuda {
namespace {

#define MYELIN_ENTRY_absent(dtype, type, name, attrs)
#define MYELIN_ENTRY_plain(dtype, type, name, attrs) \
  {#name, DType::dtype, name##_##dtype, nullptr, nullptr, nullptr, MYELIN_ATTRS_BYTES(attrs)},
#define MYELIN_ENTRY_scratch(dtype, type, name, attrs) \
  {#name, DType::dtype, name##_##dtype, scratch_##name##_##dtype, nullptr, nullptr, MYELIN_ATTRS_BYTES(attrs)},

const KernelEntry kernel_entries[] = {
#define MYELIN_KERNEL(name, dtypes, cpu, cuda, attrs) MYELIN_EACH_##dtypes(MYELIN_ENTRY_##cuda, name, attrs)
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
