// A stand-in for CUDA's header of this name: with it, g++ compiles the kernels and the host code of native/cuda, and
// the runtime beside it (test/native/cuda-on-cpu/runtime) runs them on the CPU. It covers what this project uses.
//
// What it is good for: results in any thread order, missing barriers, missing synchronisation, reads of memory nobody
// wrote, accesses out of bounds or out of alignment, barriers that not all threads reach. What it says nothing about:
// speed, occupancy, registers, the memory model between blocks, the precision of the hardware's own functions.
//
// Environment, read whenever it matters:
//   EMU_ORDER=forward|reverse|random  order of the threads of a block and of the blocks of a grid (default forward)
//   EMU_SEED=number                   of the random order (default 1)
//   EMU_MEMORY=bytes                  device memory (default 2 GiB): what goes beyond is refused as on a device; 0: too
//                                     little even to begin with
//   EMU_DEVICES=number                of devices (default 1), which share that memory; 0: as on a machine with a driver
//                                     and without a device
//   EMU_CAPABILITY=86,61              compute capability of each device; the last one stands for all further ones
//   EMU_DRIVER=version                what cudaDriverGetVersion says, for example 12040; 0: no driver (default 13000)
#pragma once
#if defined(__CUDACC__)
#error "nvcc found the stand-in's cuda_runtime.h: take test/native/cuda-on-cpu/include out of its include path"
#endif

// The order matters: the qualifiers and types come before what uses them.
#include "stand_in/types.h"
//
#include "stand_in/device.h"
#include "stand_in/host.h"
#include "stand_in/launch.h"
#include "stand_in/math.h"
