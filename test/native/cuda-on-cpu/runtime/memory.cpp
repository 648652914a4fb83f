// Device memory is memory of the host, poisoned, with guards around it that are checked when it is freed (under
// AddressSanitizer: memory of its own, which sees every access).
#include "memory.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <vector>

#include "device.h"
#include "shared_memory.h"
#include "stream.h"

using namespace emu;

namespace {

#if defined(EMU_ASAN)
constexpr size_t guard_bytes = 0;
#else
constexpr size_t guard_bytes = 256;
#endif
constexpr unsigned char guard_value = 0xfb;
constexpr size_t alignment = 256;

struct Allocation {
  size_t bytes;
  MemoryKind kind;
};
std::map<uintptr_t, Allocation>& allocations() {
  static auto& all = *new std::map<uintptr_t, Allocation>;
  return all;
}
size_t device_bytes = 0;

uintptr_t address_of(const void* memory) { return reinterpret_cast<uintptr_t>(memory); }

cudaError_t allocate(void** memory, size_t bytes, MemoryKind kind) {
  *memory = nullptr;
  if (const cudaError_t error = check_device()) return failed(error);
  if (bytes == 0) return cudaSuccess;
  if (kind == MemoryKind::device && (bytes > memory_limit() || device_bytes > memory_limit() - bytes)) {
    return failed(cudaErrorMemoryAllocation);
  }
  void* raw = nullptr;
  if (posix_memalign(&raw, alignment, bytes + 2 * guard_bytes) != 0) return failed(cudaErrorMemoryAllocation);
  char* user = static_cast<char*>(raw) + guard_bytes;
  std::memset(raw, guard_value, guard_bytes);
  std::memset(user + bytes, guard_value, guard_bytes);
  std::memset(user, poison, bytes);
  allocations()[address_of(user)] = {bytes, kind};
  if (kind == MemoryKind::device) device_bytes += bytes;
  *memory = user;
  return cudaSuccess;
}

void check_guards(const unsigned char* user, size_t bytes) {
  for (size_t i = 0; i < guard_bytes; i++) {
    const bool below = user[i - guard_bytes] != guard_value, above = user[bytes + i] != guard_value;
    if (!below && !above) continue;
    std::fprintf(stderr,
                 "stand-in CUDA runtime: something wrote %s an allocation of %zu bytes. The address sanitizer's build "
                 "of the library names the line.\n",
                 below ? "before" : "beyond the end of", bytes);
    std::abort();
  }
}

cudaError_t release(void* memory, MemoryKind kind) {
  const auto found = allocations().find(address_of(memory));
  if (found == allocations().end() || found->second.kind != kind) return failed(cudaErrorInvalidValue);
  const size_t bytes = found->second.bytes;
  unsigned char* user = static_cast<unsigned char*>(memory);
  check_guards(user, bytes);
  std::memset(user, poison, bytes);
  allocations().erase(found);
  if (kind == MemoryKind::device) device_bytes -= bytes;
  std::free(user - guard_bytes);
  return cudaSuccess;
}

// Both ends must be what the kind of the copy says, and large enough.
cudaError_t check_copy(const void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
  size_t to_left = 0, from_left = 0;
  const bool to_device = kind_of(to, &to_left) == MemoryKind::device;
  const bool from_device = kind_of(from, &from_left) == MemoryKind::device;
  if (to_left < bytes || from_left < bytes) return cudaErrorInvalidValue;
  const bool fits = kind == cudaMemcpyDefault ||
                    (to_device == (kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice) &&
                     from_device == (kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice));
  return fits ? cudaSuccess : cudaErrorInvalidValue;
}

}  // namespace

namespace emu {

MemoryKind kind_of(const void* address, size_t* bytes_left) {
  *bytes_left = SIZE_MAX;
  auto next = allocations().upper_bound(address_of(address));
  if (next == allocations().begin()) return MemoryKind::pageable;
  --next;
  const uintptr_t offset = address_of(address) - next->first;
  // An address just behind the end belongs to the allocation too: nothing fits there.
  if (offset > next->second.bytes) return MemoryKind::pageable;
  *bytes_left = next->second.bytes - offset;
  return next->second.kind;
}

}  // namespace emu

cudaError_t cudaMalloc(void** memory, size_t bytes) {
  Lock lock(device_mutex());
  if (const cudaError_t error = refuse_in_capture()) return error;
  return allocate(memory, bytes, MemoryKind::device);
}

// Waits for everything, as on a device.
cudaError_t cudaFree(void* memory) {
  Lock lock(device_mutex());
  if (!memory) return cudaSuccess;
  if (const cudaError_t error = refuse_in_capture()) return error;
  drain_all();
  return release(memory, MemoryKind::device);
}

cudaError_t cudaMallocAsync(void** memory, size_t bytes, cudaStream_t stream) {
  Lock lock(device_mutex());
  if (is_capturing(stream)) return failed(cudaErrorNotSupported);  // memory nodes of graphs are not emulated
  cudaError_t error = allocate(memory, bytes, MemoryKind::device);
  if (error == cudaErrorMemoryAllocation) {  // what waits may free some
    drain_all();
    error = allocate(memory, bytes, MemoryKind::device);
    if (error == cudaSuccess) cudaGetLastError();
  }
  return error;
}

cudaError_t cudaFreeAsync(void* memory, cudaStream_t stream) {
  Lock lock(device_mutex());
  if (!memory) return cudaSuccess;
  if (is_capturing(stream)) return failed(cudaErrorNotSupported);
  const auto found = allocations().find(address_of(memory));
  if (found == allocations().end() || found->second.kind != MemoryKind::device) return failed(cudaErrorInvalidValue);
  return submit(stream, [memory] { release(memory, MemoryKind::device); });
}

cudaError_t cudaMallocHost(void** memory, size_t bytes, unsigned) {
  Lock lock(device_mutex());
  if (const cudaError_t error = refuse_in_capture()) return error;
  return allocate(memory, bytes, MemoryKind::pinned);
}
cudaError_t cudaHostAlloc(void** memory, size_t bytes, unsigned flags) { return cudaMallocHost(memory, bytes, flags); }
cudaError_t cudaFreeHost(void* memory) {
  Lock lock(device_mutex());
  if (!memory) return cudaSuccess;
  drain_all();
  return release(memory, MemoryKind::pinned);
}
cudaError_t cudaHostGetDevicePointer(void** device, void* host, unsigned) {
  Lock lock(device_mutex());
  size_t left;
  if (kind_of(host, &left) != MemoryKind::pinned) return failed(cudaErrorInvalidValue);
  *device = host;
  return cudaSuccess;
}

cudaError_t cudaMemGetInfo(size_t* free_bytes, size_t* total) {
  Lock lock(device_mutex());
  if (const cudaError_t error = check_device()) return failed(error);
  *total = memory_limit();
  *free_bytes = *total > device_bytes ? *total - device_bytes : 0;
  return cudaSuccess;
}

cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void* memory) {
  Lock lock(device_mutex());
  size_t left;
  const MemoryKind kind = kind_of(memory, &left);
  void* address = const_cast<void*>(memory);
  *attributes = {kind == MemoryKind::device   ? cudaMemoryTypeDevice
                 : kind == MemoryKind::pinned ? cudaMemoryTypeHost
                                              : cudaMemoryTypeUnregistered,
                 0, kind == MemoryKind::pageable ? nullptr : address, kind == MemoryKind::device ? nullptr : address};
  return cudaSuccess;
}

cudaError_t cudaMemcpy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
  Lock lock(device_mutex());
  if (const cudaError_t error = refuse_in_capture()) return error;
  if (const cudaError_t error = check_copy(to, from, bytes, kind)) return failed(error);
  drain_blocking();
  std::memmove(to, from, bytes);
  return cudaSuccess;
}

// Pageable memory as on a device: its contents are taken before the call returns, and it is filled before the call
// returns. Pinned memory is read and written when the copy runs.
cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
  Lock lock(device_mutex());
  if (const cudaError_t error = check_copy(to, from, bytes, kind)) return failed(error);
  size_t left;
  const bool from_pageable = kind_of(from, &left) == MemoryKind::pageable;
  const bool to_pageable = kind_of(to, &left) == MemoryKind::pageable;
  if (is_capturing(stream) || !from_pageable) {
    const cudaError_t error = submit(stream, [=] { std::memmove(to, from, bytes); });
    if (error == cudaSuccess && to_pageable && !is_capturing(stream)) drain(stream);
    return error;
  }
  const auto staged =
      std::make_shared<std::vector<char>>(static_cast<const char*>(from), static_cast<const char*>(from) + bytes);
  const cudaError_t error = submit(stream, [=] { std::memcpy(to, staged->data(), bytes); });
  if (error == cudaSuccess && to_pageable) drain(stream);
  return error;
}

cudaError_t cudaMemsetAsync(void* memory, int value, size_t bytes, cudaStream_t stream) {
  Lock lock(device_mutex());
  size_t left;
  if (kind_of(memory, &left) == MemoryKind::pageable || left < bytes) return failed(cudaErrorInvalidValue);
  return submit(stream, [=] { std::memset(memory, value, bytes); });
}
// On the default stream; the host does not wait for it.
cudaError_t cudaMemset(void* memory, int value, size_t bytes) {
  Lock lock(device_mutex());
  if (const cudaError_t error = refuse_in_capture()) return error;
  return cudaMemsetAsync(memory, value, bytes, nullptr);
}

cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t* pool, int) {
  *pool = nullptr;
  return failed(check_device());
}
cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t, cudaMemPoolAttr, void*) { return cudaSuccess; }
cudaError_t cudaMemPoolTrimTo(cudaMemPool_t, size_t) { return cudaSuccess; }
