// The kernels of this target under their names.
#include "cpu/kernels/fused/elementwise.h"
#include "cpu/kernels/product/matmul.h"
#include "kernels.h"

#define MYELIN_TEXT_(x) #x
#define MYELIN_TEXT(x) MYELIN_TEXT_(x)
#define MYELIN_JOIN_(a, b) a##b
#define MYELIN_JOIN(a, b) MYELIN_JOIN_(a, b)

namespace myelin {
namespace MYELIN_TARGET {
namespace {

#define MYELIN_KERNEL(name) \
  { \
#name, kernel_##name##_f32, kernel_##name##_f64, nullptr, nullptr \
  }
#define MYELIN_KERNEL_WITH_SCRATCH(name) \
  { \
#name, kernel_##name##_f32, kernel_##name##_f64, scratch_##name##_f32, scratch_##name##_f64 \
  }

const KernelEntry kernels[] = {
    MYELIN_KERNEL_WITH_SCRATCH(matmul),
    MYELIN_KERNEL_WITH_SCRATCH(fused),
    MYELIN_KERNEL_WITH_SCRATCH(sum),
    MYELIN_KERNEL_WITH_SCRATCH(sumSquares),
    MYELIN_KERNEL(max),
    MYELIN_KERNEL(argmax),
    MYELIN_KERNEL(softmax),
    MYELIN_KERNEL(softmaxCrossEntropy),
    MYELIN_KERNEL(transpose),
    MYELIN_KERNEL(slice),
    MYELIN_KERNEL(pad),
    MYELIN_KERNEL(concat),
    MYELIN_KERNEL(copy),
    MYELIN_KERNEL(gather),
    MYELIN_KERNEL(randomUniform),
    MYELIN_KERNEL(guard),
    MYELIN_KERNEL(accumulate),
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
