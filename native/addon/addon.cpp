// The addon's front door: one Environment per JavaScript thread that loads it, and the functions that belong to no
// object. lib/native/contract.ts is the typed contract.
#include <napi.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "arguments.h"
#include "core/device/backend.h"
#include "core/run/pool.h"
#include "entry.h"
#include "environment.h"
#include "handles.h"

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

Napi::Value threads_were_refused(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), threads_refused());
}

template <class Names>
Napi::Array to_array(Napi::Env env, const Names& names) {
  Napi::Array array = Napi::Array::New(env, names.size());
  for (const auto& name : names) array.Set(array.Length(), name);
  return array;
}

Napi::Value kernel_names(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const KernelTable& table = to_backend(info[0], {"kernelNames", "device"}).kernels();
  std::set<std::string> kernels, incomplete;
  std::set<std::pair<std::string, DType>> entries;
  for (int32_t i = 0; i < table.n_kernels; ++i) {
    kernels.insert(table.kernels[i].name);
    entries.insert({table.kernels[i].name, table.kernels[i].dtype});
  }
  for (const std::string& name : kernels) {
    if (!entries.count({name, DType::f32}) || !entries.count({name, DType::f64})) incomplete.insert(name);
  }
  std::vector<std::string> elementwise;
  std::vector<int32_t> arities;
  for (int32_t i = 0; i < table.n_elementwise; ++i) {
    elementwise.push_back(table.elementwise[i].name);
    arities.push_back(table.elementwise[i].arity);
  }
  Napi::Object result = Napi::Object::New(env);
  result.Set("kernels", to_array(env, kernels));
  result.Set("elementwise", to_array(env, elementwise));
  result.Set("arities", to_array(env, arities));
  result.Set("incomplete", to_array(env, incomplete));
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
  add_entry<threads_were_refused>(exports, "threadsRefused");
  add_entry<kernel_names>(exports, "kernelNames");
  add_entry<about>(exports, "info");
  exports.Set("crossings", Napi::Function::New<count_crossings>(env, "crossings"));
  return exports;
}

}  // namespace

}  // namespace myelin::addon

extern "C" {

// The functions of version 9 are all that is used. Saying "experimental" asks for one thing more: that the garbage
// collector runs finalizers itself. Those of other addons wait for a turn of the event loop, and a loop without turns
// would keep every tensor it made. In return, finalizers may not touch JavaScript (handles.cpp).
NAPI_MODULE_EXPORT int32_t NODE_API_MODULE_GET_API_VERSION() { return NAPI_VERSION_EXPERIMENTAL; }

NAPI_MODULE_EXPORT napi_value NAPI_MODULE_INITIALIZER(napi_env env, napi_value exports) {
  return Napi::RegisterModule(env, exports, myelin::addon::init);
}

}  // extern "C"
