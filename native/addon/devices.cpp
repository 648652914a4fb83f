// devices, whyNoGpu, setMemoryLimit, deviceCounters.
#include "core/device/device.h"

#include <string>

#include "arguments.h"
#include "core/run/session.h"
#include "entry.h"
#include "handles.h"

namespace myelin::addon {

namespace {

Napi::Value list(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::vector<GpuInfo> all = gpus();
  Napi::Array array = Napi::Array::New(env, all.size());
  for (size_t i = 0; i < all.size(); ++i) {
    Napi::Object gpu = Napi::Object::New(env);
    gpu.Set("name", all[i].name);
    gpu.Set("title", all[i].title);
    gpu.Set("memoryBytes", static_cast<double>(all[i].total_bytes));
    gpu.Set("computeCapability", all[i].capability);
    gpu.Set("driver", all[i].driver);
    array.Set(static_cast<uint32_t>(i), gpu);
  }
  return array;
}

Napi::Value why_not(const Napi::CallbackInfo& info) {
  const std::string reason = why_no_gpu();
  return reason.empty() ? info.Env().Null() : Napi::Value(Napi::String::New(info.Env(), reason));
}

DeviceBackend& to_device(const Napi::Value& value, const Place& place) {
  DeviceBackend* device = to_backend(value, place).device();
  if (!device) throw bad_argument(place, "'cuda' or 'cuda:<number>'", value);
  return *device;
}

Napi::Value limit(const Napi::CallbackInfo& info) {
  DeviceBackend& device = to_device(info[0], {"setMemoryLimit", "device"});
  const int64_t bytes = to_integer(info[1], {"setMemoryLimit", "bytes"}, 0, max_safe_integer);
  device.api.set_limit(device.handle, static_cast<uint64_t>(bytes));
  return info.Env().Undefined();
}

Napi::Value counters(const Napi::CallbackInfo& info) {
  DeviceBackend& device = to_device(info[0], {"deviceCounters", "device"});
  const cuda::Counters counted = device.counters();
  const cuda::MemoryInfo memory = device.memory();
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("launches", static_cast<double>(counted.launches));
  result.Set("captures", static_cast<double>(counted.captures));
  result.Set("graphLaunches", static_cast<double>(counted.graph_launches));
  result.Set("waits", static_cast<double>(counted.waits));
  result.Set("usedBytes", static_cast<double>(memory.used_bytes));
  result.Set("freeBytes", static_cast<double>(memory.free_bytes));
  result.Set("hostKernelCalls", static_cast<double>(host_kernel_calls()));
  return result;
}

}  // namespace

void add_device_entries(Napi::Object exports) {
  add_entry<list>(exports, "devices");
  add_entry<why_not>(exports, "whyNoGpu");
  add_entry<limit>(exports, "setMemoryLimit");
  add_entry<counters>(exports, "deviceCounters");
}

}  // namespace myelin::addon
