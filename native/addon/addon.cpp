// The addon's front door: one Environment per JavaScript thread that loads it, and the functions that belong to no
// object. lib/native/contract.ts is the typed contract.
#include <napi.h>

#include <string>

#include "arguments.h"
#include "core/device/backend.h"
#include "core/run/pool.h"
#include "entry.h"
#include "handles.h"
#include "job.h"

#ifdef _WIN32
#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>
#else
#include <dlfcn.h>
#endif

namespace myelin::addon {

std::atomic<uint64_t>& crossings() {
  static std::atomic<uint64_t> count{0};
  return count;
}

namespace {

Napi::Value threads_set(const Napi::CallbackInfo& info) {
  set_threads(static_cast<int>(to_integer(info[0], {"setThreads", "threads"}, 1, 256)));
  return info.Env().Undefined();
}

Napi::Value threads_get(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), get_threads()); }

template <class Entry>
Napi::Array names_of(Napi::Env env, const Entry* entries, int32_t n) {
  Napi::Array array = Napi::Array::New(env, static_cast<size_t>(n));
  for (int32_t i = 0; i < n; ++i) array.Set(static_cast<uint32_t>(i), entries[i].name);
  return array;
}

Napi::Value kernel_names(const Napi::CallbackInfo& info) {
  const KernelTable& table = to_backend(info[0], {"kernelNames", "device"}).kernels();
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("kernels", names_of(info.Env(), table.kernels, table.n_kernels));
  result.Set("elementwise", names_of(info.Env(), table.elementwise, table.n_elementwise));
  Napi::Array arities = Napi::Array::New(info.Env(), static_cast<size_t>(table.n_elementwise));
  for (int32_t i = 0; i < table.n_elementwise; ++i) arities.Set(static_cast<uint32_t>(i), table.elementwise[i].arity);
  result.Set("arities", arities);
  Napi::Array incomplete = Napi::Array::New(info.Env());
  for (int32_t i = 0; i < table.n_kernels; ++i) {
    const KernelEntry& entry = table.kernels[i];
    if (!entry.f32 || !entry.f64) incomplete.Set(incomplete.Length(), entry.name);
  }
  result.Set("incomplete", incomplete);
  return result;
}

Napi::Value about(const Napi::CallbackInfo& info) {
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("isa", cpu_backend().kernels().isa);
  result.Set("version", MYELIN_VERSION);
  return result;
}

// Does not count itself: reading the counter twice shows no difference.
Napi::Value count_crossings(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(crossings().load(std::memory_order_relaxed)));
}

// Node unloads an addon with the last worker that used it, but pool and job threads live as long as the process:
// one more reference keeps their code where it is.
void stay_loaded() {
#ifdef _WIN32
  HMODULE self = nullptr;
  GetModuleHandleExA(GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS,
                     reinterpret_cast<LPCSTR>(&stay_loaded), &self);
#else
  Dl_info self;
  if (dladdr(reinterpret_cast<void*>(&stay_loaded), &self) != 0 && self.dli_fname != nullptr) {
    dlopen(self.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
  }
#endif
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  stay_loaded();
  env.SetInstanceData(new Environment);
  add_buffer_entries(exports);
  add_device_entries(exports);
  add_plan_entries(exports);
  add_job_entries(exports);
  add_augment_entries(exports);
  add_entry<threads_set>(exports, "setThreads");
  add_entry<threads_get>(exports, "getThreads");
  add_entry<kernel_names>(exports, "kernelNames");
  add_entry<about>(exports, "info");
  exports.Set("crossings", Napi::Function::New<count_crossings>(env, "crossings"));
  return exports;
}

}  // namespace

}  // namespace myelin::addon

static Napi::Object init_myelin(Napi::Env env, Napi::Object exports) { return myelin::addon::init(env, exports); }
NODE_API_MODULE(myelin, init_myelin)
