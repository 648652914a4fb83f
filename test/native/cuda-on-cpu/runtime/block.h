// One block: its threads take turns until all have returned.
#pragma once
#include <cstdint>

#include "../include/stand_in/launch.h"
#include "order.h"

namespace emu {

// `shared`: the dynamic shared memory. Ends the program, saying where the threads stand, when they cannot all go on.
void run_block(const Grid& grid, uint3 index, void* shared, Order& order);

}  // namespace emu
