// How outputs fall into pieces that are computed by themselves: the usual answers for MYELIN_DEFINE_UNITS.
#pragma once
#include "core/call.h"
#include "math/portable.h"

MYELIN_BEGIN

// The plain versions compute everything or nothing.
#ifdef MYELIN_REFERENCE
constexpr bool has_parts = false;
#else
constexpr bool has_parts = true;
#endif
HD int64_t whole_units(int64_t units) { return has_parts ? units : 0; }

HD int64_t element_units(const Call* call) { return whole_units(call->n_out > 0 ? call->out[0].count : 0); }
// Where the output is one flag for all of the input.
HD int64_t input_units(const Call* call) { return whole_units(call->in[0].count); }
// Rows of the last axis of in[0].
HD int64_t row_units(const Call* call) {
  const View& z = call->in[0];
  const int64_t n = z.rank > 0 ? z.dims[z.rank - 1] : 1;
  return whole_units(n > 0 ? z.count / n : 0);
}
// Of reductions: what stands before the axis.
HD int64_t outer_units(const Call* call) { return whole_units(static_cast<const ReduceAttrs*>(call->attrs)->outer); }

MYELIN_END
