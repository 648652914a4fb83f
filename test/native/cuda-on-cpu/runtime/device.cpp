#include "device.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <thread>

#include "memory.h"
#include "stream.h"

namespace emu {

std::recursive_mutex& device_mutex() {
  static auto& mutex = *new std::recursive_mutex;
  return mutex;
}

namespace {
// By thread; a thread_local would be taken for shared memory.
cudaError_t& last_error() {
  static auto& errors = *new std::map<std::thread::id, cudaError_t>;
  return errors[std::this_thread::get_id()];
}
int& current_device() {
  static auto& devices = *new std::map<std::thread::id, int>;
  return devices[std::this_thread::get_id()];
}
}  // namespace

cudaError_t failed(cudaError_t error) {
  Lock lock(device_mutex());
  if (error != cudaSuccess) last_error() = error;
  return error;
}

uint64_t number_from_environment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  if (!text || !*text) return otherwise;
  char* end = nullptr;
  const unsigned long long value = std::strtoull(text, &end, 10);
  if (*end) {
    std::fprintf(stderr, "stand-in CUDA runtime: %s is '%s', which is not a number\n", name, text);
    std::abort();
  }
  return value;
}

static int device_count() { return static_cast<int>(number_from_environment("EMU_DEVICES", 1)); }

static int capability_of(int device) {
  const char* text = std::getenv("EMU_CAPABILITY");
  if (!text || !*text) return 86;
  for (const char* comma; device > 0 && (comma = std::strchr(text, ',')); device--) text = comma + 1;
  return std::atoi(text);
}

size_t memory_limit() { return number_from_environment("EMU_MEMORY", uint64_t{2} << 30); }

cudaError_t check_device() {
  int version = 0;
  cudaDriverGetVersion(&version);
  if (version < CUDART_VERSION) return cudaErrorInsufficientDriver;
  return device_count() == 0 ? cudaErrorNoDevice : cudaSuccess;
}

}  // namespace emu

using namespace emu;

cudaError_t cudaDriverGetVersion(int* version) {
  *version = static_cast<int>(number_from_environment("EMU_DRIVER", CUDART_VERSION));
  return cudaSuccess;
}
cudaError_t cudaRuntimeGetVersion(int* version) {
  *version = CUDART_VERSION;
  return cudaSuccess;
}

cudaError_t cudaGetDeviceCount(int* count) {
  const cudaError_t error = check_device();
  *count = error == cudaSuccess ? device_count() : 0;
  return failed(error);
}

static cudaError_t check_device(int device) {
  const cudaError_t error = emu::check_device();
  if (error != cudaSuccess) return error;
  return device >= 0 && device < device_count() ? cudaSuccess : cudaErrorInvalidDevice;
}
cudaError_t cudaSetDevice(int device) {
  Lock lock(device_mutex());
  if (const cudaError_t error = check_device(device)) return failed(error);
  if (memory_limit() == 0) return failed(cudaErrorMemoryAllocation);
  current_device() = device;
  return cudaSuccess;
}
cudaError_t cudaInitDevice(int device, unsigned, unsigned) { return failed(check_device(device)); }
cudaError_t cudaSetDeviceFlags(unsigned) { return cudaSuccess; }
cudaError_t cudaGetDevice(int* device) {
  Lock lock(device_mutex());
  *device = current_device();
  return failed(check_device(*device));
}

// As a small device, by default of compute capability 8.6.
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  if (const cudaError_t error = check_device(device)) return failed(error);
  cudaDeviceProp p = {};
  std::snprintf(p.name, sizeof p.name, "stand-in on the CPU");
  std::memcpy(p.uuid.bytes, "stand-in-device", 16);
  p.totalGlobalMem = memory_limit();
  p.sharedMemPerBlock = shared_limit;
  p.sharedMemPerBlockOptin = shared_optin_limit;
  p.sharedMemPerMultiprocessor = shared_per_processor;
  p.regsPerBlock = p.regsPerMultiprocessor = 65536;
  p.warpSize = 32;
  p.maxThreadsPerBlock = threads_per_block;
  p.maxThreadsPerMultiProcessor = threads_per_processor;
  p.maxThreadsDim[0] = p.maxThreadsDim[1] = threads_per_block;
  p.maxThreadsDim[2] = 64;
  p.maxGridSize[0] = 0x7fffffff;
  p.maxGridSize[1] = p.maxGridSize[2] = 65535;
  p.major = capability_of(device) / 10;
  p.minor = capability_of(device) % 10;
  p.multiProcessorCount = 4;
  p.l2CacheSize = 4 << 20;
  p.memoryBusWidth = 128;
  p.concurrentKernels = p.unifiedAddressing = p.memoryPoolsSupported = 1;
  *properties = p;
  return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
  cudaDeviceProp p;
  if (const cudaError_t error = cudaGetDeviceProperties(&p, device)) return error;
  switch (attribute) {
    case cudaDevAttrMaxThreadsPerBlock: *value = p.maxThreadsPerBlock; break;
    case cudaDevAttrMaxSharedMemoryPerBlock: *value = static_cast<int>(p.sharedMemPerBlock); break;
    case cudaDevAttrWarpSize: *value = p.warpSize; break;
    case cudaDevAttrClockRate: *value = 1000000; break;
    case cudaDevAttrMultiProcessorCount: *value = p.multiProcessorCount; break;
    case cudaDevAttrMemoryClockRate: *value = 1000000; break;
    case cudaDevAttrGlobalMemoryBusWidth: *value = p.memoryBusWidth; break;
    case cudaDevAttrL2CacheSize: *value = p.l2CacheSize; break;
    case cudaDevAttrMaxThreadsPerMultiProcessor: *value = p.maxThreadsPerMultiProcessor; break;
    case cudaDevAttrComputeCapabilityMajor: *value = p.major; break;
    case cudaDevAttrComputeCapabilityMinor: *value = p.minor; break;
    case cudaDevAttrMaxSharedMemoryPerMultiprocessor: *value = static_cast<int>(p.sharedMemPerMultiprocessor); break;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin: *value = static_cast<int>(p.sharedMemPerBlockOptin); break;
    case cudaDevAttrMemoryPoolsSupported: *value = 1; break;
    default: return failed(cudaErrorInvalidValue);
  }
  return cudaSuccess;
}

cudaError_t cudaGetLastError() {
  Lock lock(device_mutex());
  const cudaError_t error = last_error();
  last_error() = cudaSuccess;
  return error;
}
cudaError_t cudaPeekAtLastError() {
  Lock lock(device_mutex());
  return last_error();
}

namespace {
const struct {
  cudaError_t error;
  const char *name, *text;
} errors[] = {
    {cudaSuccess, "cudaSuccess", "no error"},
    {cudaErrorInvalidValue, "cudaErrorInvalidValue", "invalid argument"},
    {cudaErrorMemoryAllocation, "cudaErrorMemoryAllocation", "out of memory"},
    {cudaErrorInvalidConfiguration, "cudaErrorInvalidConfiguration", "invalid configuration argument"},
    {cudaErrorInvalidDevicePointer, "cudaErrorInvalidDevicePointer", "invalid device pointer"},
    {cudaErrorInsufficientDriver, "cudaErrorInsufficientDriver",
     "CUDA driver version is insufficient for CUDA runtime version"},
    {cudaErrorNoDevice, "cudaErrorNoDevice", "no CUDA-capable device is detected"},
    {cudaErrorInvalidDevice, "cudaErrorInvalidDevice", "invalid device ordinal"},
    {cudaErrorInvalidResourceHandle, "cudaErrorInvalidResourceHandle", "invalid resource handle"},
    {cudaErrorIllegalState, "cudaErrorIllegalState", "the operation cannot be performed in the present state"},
    {cudaErrorNotReady, "cudaErrorNotReady", "device not ready"},
    {cudaErrorStreamCaptureUnsupported, "cudaErrorStreamCaptureUnsupported",
     "operation not permitted when stream is capturing"},
    {cudaErrorStreamCaptureInvalidated, "cudaErrorStreamCaptureInvalidated",
     "operation failed due to a previous error during capture"},
    {cudaErrorStreamCaptureMerge, "cudaErrorStreamCaptureMerge", "operation would result in a merge of captures"},
    {cudaErrorStreamCaptureUnmatched, "cudaErrorStreamCaptureUnmatched", "capture was not initiated in this stream"},
    {cudaErrorStreamCaptureUnjoined, "cudaErrorStreamCaptureUnjoined",
     "capturing stream has unjoined work: a stream that joined the capture was not waited for"},
    {cudaErrorCapturedEvent, "cudaErrorCapturedEvent",
     "operation not permitted on an event last recorded in a capture"},
};
}  // namespace

const char* cudaGetErrorName(cudaError_t error) {
  for (const auto& e : errors) {
    if (e.error == error) return e.name;
  }
  return "cudaErrorUnknown";
}
const char* cudaGetErrorString(cudaError_t error) {
  for (const auto& e : errors) {
    if (e.error == error) return e.text;
  }
  return "unknown error";
}

cudaError_t cudaDeviceSynchronize() {
  Lock lock(device_mutex());
  if (const cudaError_t error = refuse_in_capture()) return error;
  drain_all();
  return cudaSuccess;
}
cudaError_t cudaDeviceReset() { return cudaDeviceSynchronize(); }
