// GPUs: found, opened and used through the table that the CUDA library exports (native/cuda/api.h). The library is
// opened when a device is first asked for, never before.
#pragma once
#include <vector>

#include "backend.h"
#include "cuda/api.h"

namespace myelin {

// Thread ownership: any thread. Lives until the process ends.
class DeviceBackend : public Backend {
 public:
  DeviceBackend(const cuda::Api& table, std::string device_name, std::string title, cuda::Device* opened);

  const char* name() const override { return name_.c_str(); }
  std::string describe() const override { return title_; }
  void* allocate(size_t bytes) override;
  void release(void* memory, size_t bytes) override;
  void upload(void* to, const void* host, size_t bytes) override;
  void download(void* host, const void* from, size_t bytes) override;
  void copy(void* to, const void* from, size_t bytes) override;
  void clear(void* memory, size_t bytes) override;
  const KernelTable& kernels() const override { return *api.kernels(); }
  DeviceBackend* device() override { return this; }

  cuda::MemoryInfo memory() const;
  cuda::Counters counters() const;
  // Throws what a failed call of the table means.
  void check(cuda::Status status, const cuda::Failure& failure) const;

  const cuda::Api& api;
  cuda::Device* const handle;

 private:
  const std::string name_, title_;
};

// The device's side of a workspace. Thread ownership: that of the workspace.
class DeviceLoop {
 public:
  DeviceLoop(DeviceBackend& backend, size_t max_gathers, size_t max_collects, size_t max_costs);
  ~DeviceLoop();
  DeviceLoop(const DeviceLoop&) = delete;
  DeviceLoop& operator=(const DeviceLoop&) = delete;

  cuda::Handles handles() const { return backend_.api.loop_handles(loop_); }
  void begin(const cuda::Step& step, const cuda::Run& run);
  void enqueue(int64_t steps);
  cuda::Progress wait();
  std::vector<int64_t> launches(size_t kernels) const;

 private:
  DeviceBackend& backend_;
  cuda::Loop* loop_ = nullptr;
};

struct GpuInfo {
  std::string name;   // "cuda:0"
  std::string title;  // "NVIDIA H100"
  uint64_t total_bytes;
  std::string capability;  // "9.0"
  std::string driver;      // the newest CUDA version the driver knows: "13.0"
};

// The GPUs that are new enough, with a driver that is; whether there is memory left shows when one is opened. Empty
// where there is none.
std::vector<GpuInfo> gpus();
// Empty where the first of gpus() can be used. A reason that may pass (no memory left) is looked at again each time.
std::string why_no_gpu();
// "cpu", "cuda" (the first GPU), "cuda:1". Throws DeviceFailure for one that is missing or cannot be opened.
Backend& backend_named(const std::string& name);

}  // namespace myelin
