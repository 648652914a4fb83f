// Device memory and pinned memory, as the runtime knows them. Internal; the device's lock is held by every caller.
#pragma once
#include <cstddef>

namespace emu {

enum class MemoryKind { pageable, pinned, device };

// The kind of the memory at `address`, and how many bytes there are from there to its end (all there are, if pageable).
MemoryKind kind_of(const void* address, size_t* bytes_left);

}  // namespace emu
