// Devices and their memory, and the table that the core finds them by.
#include "backend.h"

#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <new>

extern "C" const myelin::KernelTable* myelin_cuda_kernels(void);

namespace myelin {
namespace cuda {

bool Outcome::ok(const char* what, cudaError_t code) {
  if (code == cudaSuccess) return true;
  cudaGetLastError();
  fail("%s failed: %s (%s)", what, cudaGetErrorString(code), cudaGetErrorName(code));
  return false;
}

void Outcome::fail(const char* format, ...) {
  if (status_ != status_ok) return;
  status_ = status_failed;
  failure_->asked = failure_->free = 0;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(failure_->text, sizeof(failure_->text), format, arguments);
  va_end(arguments);
}

namespace {

// What a further allocation could get: on the device, and below the limit.
uint64_t free_bytes(const Device& device) {
  size_t free = 0, total = 0;
  if (cudaMemGetInfo(&free, &total) != cudaSuccess) cudaGetLastError();
  uint64_t room = free;
  const uint64_t limit = device.limit, used = device.used;
  if (limit) room = limit > used ? (room < limit - used ? room : limit - used) : 0;
  return room;
}

// In the unit that leaves digits of it.
struct Amount {
  char text[32];
  explicit Amount(uint64_t bytes) {
    const double value = static_cast<double>(bytes);
    if (bytes >= 1000000) {
      snprintf(text, sizeof(text), "%.1f MB", value / 1e6);
    } else if (bytes >= 1000) {
      snprintf(text, sizeof(text), "%.1f kB", value / 1e3);
    } else {
      snprintf(text, sizeof(text), "%.0f bytes", value);
    }
  }
};

}  // namespace

void Outcome::out_of_memory(const Device& device, uint64_t asked) {
  if (status_ != status_ok) return;
  const uint64_t room = free_bytes(device), limit = device.limit;
  char limited[64] = "";
  if (limit) snprintf(limited, sizeof(limited), " within the limit of %s", Amount(limit).text);
  fail("out of memory: asked for %s, %s are free%s", Amount(asked).text, Amount(room).text, limited);
  status_ = status_out_of_memory;
  failure_->asked = asked;
  failure_->free = room;
}

bool use(const Device& device, Outcome& outcome) { return outcome.ok("cudaSetDevice", cudaSetDevice(device.index)); }

bool allocate_on(Device& device, uint64_t bytes, void** memory, Outcome& outcome) {
  if (bytes == 0) bytes = 256;
  const uint64_t limit = device.limit, used = device.used.fetch_add(bytes);
  *memory = nullptr;
  if (limit && (used > limit || bytes > limit - used)) {
    device.used.fetch_sub(bytes);
    outcome.out_of_memory(device, bytes);
    return false;
  }
  cudaError_t code = cudaErrorMemoryAllocation;
  for (int attempt = 0; attempt < 2 && code == cudaErrorMemoryAllocation; attempt++) {
    if (attempt == 1) {  // memory released a moment ago may still wait for its turn on the stream
      cudaGetLastError();
      if (cudaStreamSynchronize(device.stream) != cudaSuccess) break;
      if (device.has_pool) cudaMemPoolTrimTo(device.pool, 0);
    }
    code = device.has_pool ? cudaMallocAsync(memory, bytes, device.stream) : cudaMalloc(memory, bytes);
  }
  if (code == cudaSuccess) return true;
  device.used.fetch_sub(bytes);
  if (code == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    outcome.out_of_memory(device, bytes);
  } else {
    outcome.ok("cudaMallocAsync", code);
  }
  return false;
}

void release_on(Device& device, void* memory, uint64_t bytes) {
  if (!memory) return;
  device.used.fetch_sub(bytes == 0 ? 256 : bytes);
  // At the process's end the driver may be gone already; the memory is then, too.
  if (cudaSetDevice(device.index) != cudaSuccess ||
      (device.has_pool ? cudaFreeAsync(memory, device.stream) : cudaFree(memory)) != cudaSuccess) {
    cudaGetLastError();
  }
}

namespace {

int32_t driver_version() {
  int version = 0;
  if (cudaDriverGetVersion(&version) != cudaSuccess) {
    cudaGetLastError();
    return 0;
  }
  return version;
}

Status device_count(int32_t* count, Failure* failure) {
  Outcome outcome(failure);
  int n = 0;
  const cudaError_t code = cudaGetDeviceCount(&n);
  if (code == cudaErrorNoDevice) {
    cudaGetLastError();
    n = 0;
  } else {
    outcome.ok("cudaGetDeviceCount", code);
  }
  *count = n;
  return outcome.status();
}

Status device_info(int32_t index, DeviceInfo* info, Failure* failure) {
  Outcome outcome(failure);
  cudaDeviceProp properties;
  if (!outcome.ok("cudaGetDeviceProperties", cudaGetDeviceProperties(&properties, index))) return outcome.status();
  memset(info, 0, sizeof(*info));
  snprintf(info->name, sizeof(info->name), "%s", properties.name);
  info->total_bytes = properties.totalGlobalMem;
  info->major = properties.major;
  info->minor = properties.minor;
  info->multiprocessors = properties.multiProcessorCount;
  return outcome.status();
}

// Starting to use a device takes some memory of it: another process may hold all of it.
bool first(const char* what, cudaError_t code, Outcome& outcome) {
  if (code != cudaErrorMemoryAllocation) return outcome.ok(what, code);
  cudaGetLastError();
  outcome.fail("out of memory: other processes leave too little for one more (nvidia-smi lists them)");
  return false;
}

bool open(Device& device, Outcome& outcome) {
  if (!first("cudaSetDevice", cudaSetDevice(device.index), outcome)) return false;
  int pools = 0;
  if (!outcome.ok("cudaDeviceGetAttribute",
                  cudaDeviceGetAttribute(&device.multiprocessors, cudaDevAttrMultiProcessorCount, device.index)) ||
      !outcome.ok("cudaDeviceGetAttribute",
                  cudaDeviceGetAttribute(&pools, cudaDevAttrMemoryPoolsSupported, device.index))) {
    return false;
  }
  if (!first("cudaStreamCreateWithFlags", cudaStreamCreateWithFlags(&device.stream, cudaStreamNonBlocking), outcome)) {
    return false;
  }
  if (pools && cudaDeviceGetDefaultMemPool(&device.pool, device.index) == cudaSuccess) {
    uint64_t keep = UINT64_MAX;  // what is released is used again, not given back at every wait
    device.has_pool = cudaMemPoolSetAttribute(device.pool, cudaMemPoolAttrReleaseThreshold, &keep) == cudaSuccess;
  }
  cudaGetLastError();
  return true;
}

Status device_open(int32_t index, Device** device, Failure* failure) {
  Outcome outcome(failure);
  *device = nullptr;
  Device* made = new (std::nothrow) Device;
  if (!made) {
    outcome.fail("the system has no memory left");
    return outcome.status();
  }
  made->index = index;
  if (open(*made, outcome)) {
    *device = made;
  } else {
    delete made;
  }
  return outcome.status();
}

Status memory_info(Device* device, MemoryInfo* info, Failure* failure) {
  Outcome outcome(failure);
  if (!use(*device, outcome)) return outcome.status();
  info->free_bytes = free_bytes(*device);
  info->used_bytes = device->used;
  info->limit_bytes = device->limit;
  return outcome.status();
}

void set_limit(Device* device, uint64_t bytes) { device->limit = bytes; }

Status allocate(Device* device, uint64_t bytes, void** memory, Failure* failure) {
  Outcome outcome(failure);
  if (use(*device, outcome)) allocate_on(*device, bytes, memory, outcome);
  return outcome.status();
}

void release(Device* device, void* memory, uint64_t bytes) { release_on(*device, memory, bytes); }

// Copies between host and device end before they return: the host's memory is the caller's again.
Status transfer(Device* device, void* to, const void* from, uint64_t bytes, cudaMemcpyKind kind, Failure* failure) {
  Outcome outcome(failure);
  if (bytes == 0 || !use(*device, outcome)) return outcome.status();
  if (outcome.ok("cudaMemcpyAsync", cudaMemcpyAsync(to, from, bytes, kind, device->stream)) &&
      kind != cudaMemcpyDeviceToDevice) {
    device->waits++;
    outcome.ok("waiting for a copy", cudaStreamSynchronize(device->stream));
  }
  return outcome.status();
}

Status upload(Device* device, void* to, const void* from, uint64_t bytes, Failure* failure) {
  return transfer(device, to, from, bytes, cudaMemcpyHostToDevice, failure);
}

Status download(Device* device, void* to, const void* from, uint64_t bytes, Failure* failure) {
  return transfer(device, to, from, bytes, cudaMemcpyDeviceToHost, failure);
}

Status copy(Device* device, void* to, const void* from, uint64_t bytes, Failure* failure) {
  return transfer(device, to, from, bytes, cudaMemcpyDeviceToDevice, failure);
}

Status clear(Device* device, void* memory, uint64_t bytes, Failure* failure) {
  Outcome outcome(failure);
  if (bytes > 0 && use(*device, outcome)) {
    outcome.ok("cudaMemsetAsync", cudaMemsetAsync(memory, 0, bytes, device->stream));
  }
  return outcome.status();
}

const KernelTable* kernels() { return myelin_cuda_kernels(); }

void read_counters(Device* device, Counters* counters) {
  *counters = {device->launches, device->captures, device->graph_launches, device->waits};
}

#if defined(__NVCC__) || defined(MYELIN_CUDA_TOOLKIT)
constexpr char build_name[] = "CUDA toolkit";
#else
constexpr char build_name[] = "stand-in";
#endif

}  // namespace
}  // namespace cuda
}  // namespace myelin

MYELIN_CUDA_EXPORT const myelin::cuda::Api* myelin_cuda_api(void) {
  using namespace myelin::cuda;
  static const Api api = {
      api_version,  CUDART_VERSION, build_name,   driver_version, device_count,  device_info,
      device_open,  memory_info,    set_limit,    allocate,       release,       upload,
      download,     copy,           clear,        kernels,        loop_open,     loop_close,
      loop_handles, loop_begin,     loop_enqueue, loop_wait,      loop_launches, read_counters,
  };
  return &api;
}
