// Several calls of "fused" in one launch: the updates of an optimiser are the same steps on different arrays.
#pragma once
#include "core/call.h"

namespace myelin {
namespace cuda {

// How many of the n ≥ 1 calls of "fused" from the first on can go together, at least 1: the same steps on whole arrays
// and scalars, sizes may differ; none of them reads or writes what another one writes. Depends on addresses.
int32_t count_together(const Call* calls, int32_t n, bool is_f64);

// Runs as many calls as count_together gave, with the bits that each gives by itself. Counts as one launch.
void fused_together(const Call* calls, int32_t n, bool is_f64);

}  // namespace cuda
}  // namespace myelin
