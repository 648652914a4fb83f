// out[0] = act(op(in[0])·op(in[1]) + in[2]); attributes and shapes: MatmulAttrs in core/call.h.
//
// The bits of an element depend on m, n, k, the transposes, the precision and whether the device has tensor cores for
// it: tiles and the cut of the sum come from shapes alone, every element is summed in one fixed order, and no atomics
// are used. Alignment decides between wide and narrow memory accesses, never about arithmetic.
#pragma once
#include <stddef.h>

#include "core/call.h"

namespace myelin {
namespace cuda {

// Context::precision 1 and 2 send float32 products of more than 16 rows and columns through tensor cores, with operands
// rounded to TF32 (10 bits of fraction) or bf16 (7 bits) and sums in float32.
void matmul_f32(const Call* call);
void matmul_f64(const Call* call);
// Bytes for the partial sums of a product whose sum is cut; 0 for all others.
size_t scratch_matmul_f32(const Call* call, int workers);
size_t scratch_matmul_f64(const Call* call, int workers);

}  // namespace cuda
}  // namespace myelin
