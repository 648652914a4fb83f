#include "device.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <mutex>

#if defined(__linux__)
#include <dlfcn.h>
#include <sys/stat.h>
#endif

namespace myelin {

DeviceBackend::DeviceBackend(const cuda::Api& table, std::string device_name, std::string title, cuda::Device* opened)
    : api(table), handle(opened), name_(std::move(device_name)), title_(std::move(title)) {}

void DeviceBackend::check(cuda::Status status, const cuda::Failure& failure) const {
  if (status == cuda::status_ok) return;
  const std::string text = name_ + ": " + failure.text;
  if (status == cuda::status_out_of_memory) {
    throw DeviceOutOfMemory(failure.asked, failure.free,
                            text + "; use smaller batches, dispose of models and tensors, or use device 'cpu'");
  }
  throw DeviceFailure(text + "; the process has to start anew before the GPU can be used again");
}

void* DeviceBackend::allocate(size_t bytes) {
  cuda::Failure failure;
  void* memory = nullptr;
  check(api.allocate(handle, bytes, &memory, &failure), failure);
  return memory;
}

void DeviceBackend::release(void* memory, size_t bytes) { api.release(handle, memory, bytes); }

void DeviceBackend::upload(void* to, const void* host, size_t bytes) {
  cuda::Failure failure;
  check(api.upload(handle, to, host, bytes, &failure), failure);
}

void DeviceBackend::download(void* host, const void* from, size_t bytes) {
  cuda::Failure failure;
  check(api.download(handle, host, from, bytes, &failure), failure);
}

void DeviceBackend::copy(void* to, const void* from, size_t bytes) {
  cuda::Failure failure;
  check(api.copy(handle, to, from, bytes, &failure), failure);
}

void DeviceBackend::clear(void* memory, size_t bytes) {
  cuda::Failure failure;
  check(api.clear(handle, memory, bytes, &failure), failure);
}

cuda::MemoryInfo DeviceBackend::memory() const {
  cuda::Failure failure;
  cuda::MemoryInfo info{};
  check(api.memory_info(handle, &info, &failure), failure);
  return info;
}

cuda::Counters DeviceBackend::counters() const {
  cuda::Counters counters{};
  api.counters(handle, &counters);
  return counters;
}

DeviceLoop::DeviceLoop(DeviceBackend& backend, size_t max_gathers, size_t max_collects, size_t max_costs)
    : backend_(backend) {
  cuda::Failure failure;
  backend.check(
      backend.api.loop_open(backend.handle, static_cast<int32_t>(max_gathers), static_cast<int32_t>(max_collects),
                            static_cast<int32_t>(max_costs), &loop_, &failure),
      failure);
}

DeviceLoop::~DeviceLoop() { backend_.api.loop_close(loop_); }

void DeviceLoop::begin(const cuda::Step& step, const cuda::Run& run) {
  cuda::Failure failure;
  backend_.check(backend_.api.loop_begin(loop_, &step, &run, &failure), failure);
}

void DeviceLoop::enqueue(int64_t steps) {
  cuda::Failure failure;
  backend_.check(backend_.api.loop_enqueue(loop_, steps, &failure), failure);
}

cuda::Progress DeviceLoop::wait() {
  cuda::Failure failure;
  cuda::Progress progress{};
  backend_.check(backend_.api.loop_wait(loop_, &progress, &failure), failure);
  return progress;
}

std::vector<int64_t> DeviceLoop::launches(size_t kernels) const {
  std::vector<int64_t> all(kernels, 0);
  backend_.api.loop_launches(loop_, all.data());
  return all;
}

namespace {

constexpr char library_name[] = "libmyelin_cuda.so";
constexpr int minimum_capability = 75;  // compute capability 7.5, the oldest that CUDA 13 compiles for

std::string version_text(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

// The driver that a CUDA version came with: what users see in nvidia-smi.
std::string driver_needed(int runtime_version) {
  const char* driver = runtime_version >= 13000 ? "580" : "525";
  return "CUDA " + version_text(runtime_version) + " (NVIDIA driver " + driver + ") or newer";
}

// Thread ownership: shared; the mutex guards everything. Never destroyed.
class Gpus {
 public:
  std::vector<GpuInfo> list() {
    std::lock_guard<std::mutex> lock(mutex_);
    find();
    return infos_;
  }

  std::string why_not() {
    std::lock_guard<std::mutex> lock(mutex_);
    find();
    if (!reason_.empty()) return reason_;
    try {
      open(0);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "";
  }

  DeviceBackend& get(const std::string& name) {
    std::lock_guard<std::mutex> lock(mutex_);
    find();
    if (!reason_.empty()) throw DeviceFailure(reason_);
    const std::string full = name == "cuda" ? infos_[0].name : name;
    for (size_t i = 0; i < infos_.size(); i++) {
      if (infos_[i].name == full) return open(i);
    }
    std::string known;
    for (const GpuInfo& gpu : infos_) known += (known.empty() ? "'" : ", '") + gpu.name + "'";
    throw DeviceFailure("there is no '" + full + "'; this machine has " + known);
  }

 private:
  // Fills infos_ or reason_, once: what a process has found does not change any more.
  void find() {
    if (api_ || !reason_.empty()) return;
    const cuda::Api* table = load();
    if (!table) return;
    const int driver = table->driver_version();
    if (driver == 0) {
      reason_ = "There is no NVIDIA driver on this machine (or none that this process may use). A GPU needs one for " +
                driver_needed(table->runtime_version) + ".";
      return;
    }
    if (driver / 1000 < table->runtime_version / 1000) {
      reason_ = "The NVIDIA driver is too old: it knows CUDA " + version_text(driver) + ", Myelin needs one for " +
                driver_needed(table->runtime_version) + ". Update the driver.";
      return;
    }
    int32_t n = 0;
    cuda::Failure failure;
    if (table->device_count(&n, &failure) != cuda::status_ok) {
      reason_ = std::string("The NVIDIA driver does not answer: ") + failure.text + ".";
      return;
    }
    std::vector<GpuInfo> found;
    for (int32_t i = 0; i < n; i++) {
      cuda::DeviceInfo info;
      if (table->device_info(i, &info, &failure) != cuda::status_ok) {
        reason_ = std::string("The GPU cannot be asked about: ") + failure.text + ".";
        return;
      }
      const std::string capability = std::to_string(info.major) + "." + std::to_string(info.minor);
      if (info.major * 10 + info.minor < minimum_capability) {
        reason_ = std::string("The GPU ") + info.name + " has compute capability " + capability +
                  "; Myelin needs 7.5 or newer.";
        continue;
      }
      // The index of CUDA stays in the name, also behind a GPU that is too old.
      found.push_back({"cuda:" + std::to_string(i), info.name, info.total_bytes, capability, version_text(driver)});
    }
    if (found.empty()) {
      if (reason_.empty()) reason_ = "The NVIDIA driver finds no GPU (CUDA_VISIBLE_DEVICES may hide it).";
      return;
    }
    reason_.clear();
    infos_ = std::move(found);
    api_ = table;
  }

  DeviceBackend& open(size_t i) {
    const GpuInfo& gpu = infos_[i];
    auto& backend = backends_[gpu.name];
    if (backend) return *backend;
    cuda::Device* handle = nullptr;
    cuda::Failure failure;
    if (api_->device_open(std::atoi(gpu.name.c_str() + 5), &handle, &failure) != cuda::status_ok) {
      throw DeviceFailure("The GPU " + gpu.name + " (" + gpu.title + ") cannot be used: " + failure.text + ".");
    }
    backend = std::make_unique<DeviceBackend>(*api_, gpu.name, gpu.name + " (" + gpu.title + ")", handle);
    return *backend;
  }

  const cuda::Api* load() {
#if defined(__linux__)
    const char* named = std::getenv("MYELIN_CUDA_LIBRARY");
    const bool is_named = named && *named;
#if !defined(__GLIBC__)
    if (!is_named) {
      reason_ = "Myelin uses NVIDIA GPUs on Linux with glibc only, for which CUDA is made; this system has musl.";
      return nullptr;
    }
#endif
    const std::string path = is_named ? named : folder_of_this_library() + library_name;
    if (!exists(path)) {
      reason_ = "The CUDA library is missing: there is no " + path +
                (is_named ? " (MYELIN_CUDA_LIBRARY names it)."
                          : ". " + build_command() + " builds it where the CUDA toolkit is installed.");
      return nullptr;
    }
    void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!library) {
      const char* error = dlerror();
      reason_ = "The CUDA library cannot be opened: " + std::string(error ? error : path) + ".";
      return nullptr;
    }
    const auto entry = reinterpret_cast<MyelinCudaApi>(dlsym(library, "myelin_cuda_api"));
    const cuda::Api* table = entry ? entry() : nullptr;
    if (!table || table->version != cuda::api_version) {
      reason_ = "The CUDA library " + path + " belongs to another version of Myelin. Build it again.";
      return nullptr;
    }
    return table;
#else
    reason_ = "Myelin uses NVIDIA GPUs on Linux only.";
    return nullptr;
#endif
  }

#if defined(__linux__)
  static bool exists(const std::string& path) {
    struct stat file;
    return stat(path.c_str(), &file) == 0;
  }

  // With the slash at its end.
  static std::string folder_of_this_library() {
    Dl_info here;
    std::string path;
    if (dladdr(reinterpret_cast<void*>(&folder_of_this_library), &here) && here.dli_fname) path = here.dli_fname;
    return path.substr(0, path.rfind('/') + 1);
  }

  // In a clone there is a script for it; in an installed package it is one file. Both hold this library two folders
  // down, in build/Release or prebuilds/<platform>.
  static std::string build_command() {
    std::string root = folder_of_this_library();
    for (int i = 0; i < 3 && !root.empty(); i++)
      root.resize(root.rfind('/') == std::string::npos ? 0 : root.rfind('/'));
    const std::string script = root + "/scripts/build-cuda.js";
    if (exists(script) && !exists(root + "/lib/index.ts")) return "`node \"" + script + "\"`";
    return "`npm run build:cuda`";
  }
#endif

  std::mutex mutex_;
  std::string reason_;
  const cuda::Api* api_ = nullptr;
  std::vector<GpuInfo> infos_;
  std::map<std::string, std::unique_ptr<DeviceBackend>> backends_;
};

Gpus& all_gpus() {
  static Gpus* instance = new Gpus;
  return *instance;
}

}  // namespace

std::vector<GpuInfo> gpus() { return all_gpus().list(); }
std::string why_no_gpu() { return all_gpus().why_not(); }

Backend& backend_named(const std::string& name) {
  if (name == "cpu") return cpu_backend();
  return all_gpus().get(name);
}

}  // namespace myelin
