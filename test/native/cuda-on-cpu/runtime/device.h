// The devices, which are one but for their numbers: their lock, its limits, and errors.
#pragma once
#include <cstdint>
#include <mutex>

#include "../include/stand_in/host.h"

namespace emu {

// Held by every function of the runtime and while grids run. Recursive: what runs may be a host function.
std::recursive_mutex& device_mutex();
using Lock = std::lock_guard<std::recursive_mutex>;

// Remembers an error for cudaGetLastError of this thread, and gives it back.
cudaError_t failed(cudaError_t error);

uint64_t number_from_environment(const char* name, uint64_t otherwise);
size_t memory_limit();
cudaError_t check_device();  // is there one?

constexpr size_t shared_limit = 48 << 10;        // without asking
constexpr size_t shared_optin_limit = 99 << 10;  // with cudaFuncSetAttribute
constexpr size_t shared_per_processor = 100 << 10;
constexpr int threads_per_block = 1024, threads_per_processor = 1536;

}  // namespace emu
