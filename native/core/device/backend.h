// The contract between the core and where it computes. A backend, the CPU or a device (a GPU), owns memory and
// kernels; it knows nothing about graphs, models or JavaScript.
#pragma once
#include <cstddef>
#include <memory>
#include <string>

#include "core/call.h"
#include "core/graph/graph.h"

namespace myelin {

class DeviceBackend;

class Backend {
 public:
  virtual ~Backend() = default;
  virtual const char* name() const = 0;      // "cpu", "cuda:0"
  virtual std::string describe() const = 0;  // "cpu (x86-64-v4)"
  virtual void* allocate(size_t bytes) = 0;  // 64-byte aligned; throws OutOfMemory
  virtual void release(void* memory, size_t bytes) = 0;
  virtual void upload(void* to, const void* host, size_t bytes) = 0;
  virtual void download(void* host, const void* from, size_t bytes) = 0;
  virtual void copy(void* to, const void* from, size_t bytes) = 0;  // both in this backend's memory
  virtual void clear(void* memory, size_t bytes) = 0;
  virtual const KernelTable& kernels() const = 0;
  // Not null where steps run by themselves and only the device can reach its memory (device.h). Null: kernels are
  // called one by one by the thread that runs the plan.
  virtual DeviceBackend* device() { return nullptr; }
};

struct OutOfMemory : std::runtime_error {
  size_t asked;
  OutOfMemory(size_t asked_bytes, const std::string& message) : std::runtime_error(message), asked(asked_bytes) {}
};

// A device that is missing or has failed. Reaches JavaScript as a DeviceError.
struct DeviceFailure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A device without enough memory. Everything that is there stays usable.
struct DeviceOutOfMemory : OutOfMemory {
  size_t free;
  DeviceOutOfMemory(size_t asked_bytes, size_t free_bytes, const std::string& message)
      : OutOfMemory(asked_bytes, message), free(free_bytes) {}
};

// The CPU backend for the best instruction set of this machine, or the one MYELIN_ISA names
// ("x86-64-v2", "x86-64-v3", "x86-64-v4", "aarch64"; "reference" for scalar code). Throws on an unknown or
// unsupported name.
Backend& cpu_backend();

}  // namespace myelin
