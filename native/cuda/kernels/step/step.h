// What a step does on the device besides its instructions, so that one captured step can be replayed without the host:
// the number of the step, its row of hyper values, its rows of the data, where its costs and collected fetches go.
// Everything that changes from run to run is reached through device memory, never baked into a launch.
#pragma once
#include <cuda_runtime.h>

#include "core/call.h"

namespace myelin {
namespace cuda {

struct Context;

// Lives in device memory, one per workspace. The host writes it whole before a run and reads it back between chunks.
//
// `flag` is what guards raise (View.data of their output is &block->flag) and what Call::skip points to. It is sticky:
// once a step is found not to be finite, neither that step nor any that was enqueued behind it writes anything, and
// `index` stays at the number of committed steps.
struct StepBlock {
  StepKey key;           // Call::key; begin_step sets key.step
  uint64_t first_step;   // global number of the run's first step, from 1
  int64_t index;         // steps of this run committed so far: the row of all tables below
  const double* hyper;   // [steps, n_hypers]
  const uint32_t* rows;  // [steps, batch]; null: nothing is gathered
  double* costs;         // [cost_ring, n_costs]: step i writes row i % cost_ring
  int64_t cost_ring;
  uint32_t flag;
  uint32_t padding;
};

constexpr int32_t max_costs_a_launch = 32;

// All of these enqueue on context.stream, count in context.launches and are capturable. `is_f64` is the plan's floating
// dtype. Nothing is done by any of them while block->flag is set.

// First kernel of a step: key.step = first_step + index; hypers[i] = hyper[index][i] in the plan's dtype.
void begin_step(Context& context, StepBlock* block, int32_t n_hypers, void* hypers, bool is_f64);

// to[r] = (*data)[rows[index][r]] for r < batch; a row has `row_bytes` bytes, in elements of 4 or 8. `data` is the
// device address of a pointer to the data set, so that another data set does not need another capture.
void gather_step(Context& context, const StepBlock* block, const void* const* data, void* to, int64_t batch,
                 int64_t row_bytes);

// costs[index % cost_ring][i] = *from[i] as double. `from` is host memory: addresses of n scalars.
void record_costs(Context& context, const StepBlock* block, const void* const* from, int32_t n, bool is_f64);

// (*to)[index × count …] = from[0 … count). `to` is the device address of a pointer to where step 0 of the run goes.
// Elements have 4 or 8 bytes.
void collect_step(Context& context, const StepBlock* block, const void* from, void* const* to, int64_t count,
                  int32_t element_bytes);

// Last kernel of a step: index + 1.
void end_step(Context& context, StepBlock* block);

}  // namespace cuda
}  // namespace myelin
