// The kernels of this backend under their names, in the order of the CPU's table. Element-wise ops exist only as steps
// of "fused" and as epilogues of "matmul": their entries have names and arities, and no functions.
#include "cuda/kernels/fused/elementwise.cuh"
#include "kernels.h"
#include "cuda/kernels/product/matmul.h"

namespace myelin {
namespace cuda {
namespace {

#define MYELIN_KERNEL(name) {#name, name##_f32, name##_f64, nullptr, nullptr},
#define MYELIN_KERNEL_WITH_SCRATCH(name) {#name, name##_f32, name##_f64, scratch_##name##_f32, scratch_##name##_f64},

const KernelEntry kernel_entries[] = {
    MYELIN_KERNEL_WITH_SCRATCH(matmul)      //
    MYELIN_KERNEL_WITH_SCRATCH(fused)       //
    MYELIN_KERNEL_WITH_SCRATCH(sum)         //
    MYELIN_KERNEL_WITH_SCRATCH(sumSquares)  //
    MYELIN_KERNEL_WITH_SCRATCH(max)         //
    MYELIN_KERNEL_WITH_SCRATCH(argmax)      //
    MYELIN_KERNEL(softmax)                  //
    MYELIN_KERNEL(softmaxCrossEntropy)      //
    MYELIN_KERNEL(transpose)                //
    MYELIN_KERNEL(slice)                    //
    MYELIN_KERNEL(pad)                      //
    MYELIN_KERNEL(concat)                   //
    MYELIN_KERNEL(copy)                     //
    MYELIN_KERNEL(gather)                   //
    MYELIN_KERNEL(randomUniform)            //
    MYELIN_KERNEL(guard)                    //
    MYELIN_KERNEL(accumulate)               //
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
