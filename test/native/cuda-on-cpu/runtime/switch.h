// Leaving one stack for another.
#pragma once

namespace emu {

// Saves what a called function must preserve on the current stack, stores the stack pointer in *save and goes on where
// `load` was saved.
extern "C" void emu_switch_stack(void** save, void* load);

// A stack on which the first switch to it calls `entry`, which must never return. `top`: end of the memory.
void* prepare_stack(void* top, void (*entry)());

}  // namespace emu
