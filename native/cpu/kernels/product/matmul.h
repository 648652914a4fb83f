// out[0] = act(op(in[0])·op(in[1]) + in[2]); attributes and shapes: MatmulAttrs in core/call.h.
//
// The bits of an element depend on m, n, k, the two transposes and the instruction set only: threads split output
// elements, the sum over k has one fixed order, and edges of tiles run the same arithmetic as their middles.
#pragma once
#include "core/call.h"

namespace myelin {
namespace MYELIN_TARGET {

void kernel_matmul_f32(const Call* call);
void kernel_matmul_f64(const Call* call);
size_t scratch_matmul_f32(const Call* call, int workers);
size_t scratch_matmul_f64(const Call* call, int workers);

}  // namespace MYELIN_TARGET
}  // namespace myelin
