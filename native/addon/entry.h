// The frame around every function that JavaScript calls. JavaScript thread only.
#pragma once
#include <napi.h>

#include <atomic>
#include <cstdint>

#include "errors.h"

namespace myelin::addon {

// Native entries and callbacks of the whole process, for Native.crossings().
std::atomic<uint64_t>& crossings();

// Counts the entry and turns every C++ exception into a JavaScript one: none may pass into V8. It is handed to the
// thrower rather than thrown here: while Node-API throws, a garbage collection that runs finalizers would take the
// exception for theirs, and Node.js 20 and 22 end the process then.
template <Napi::Value (*function)(const Napi::CallbackInfo&)>
Napi::Value entry(const Napi::CallbackInfo& info) {
  crossings().fetch_add(1, std::memory_order_relaxed);
  try {
    try {
      return function(info);
    } catch (const Napi::Error&) {
      throw;
    } catch (...) {
      throw to_error(info.Env(), std::current_exception());
    }
  } catch (const Napi::Error& error) {
    return to_thrower(info.Env(), error);
  }
}

template <Napi::Value (*function)(const Napi::CallbackInfo&)>
void add_entry(Napi::Object exports, const char* name) {
  exports.Set(name, with_thrower(Napi::Function::New<entry<function>>(exports.Env(), name)));
}

// Each file adds its functions of lib/native/contract.ts.
void add_buffer_entries(Napi::Object exports);
void add_device_entries(Napi::Object exports);
void add_plan_entries(Napi::Object exports);
void add_job_entries(Napi::Object exports);
void add_augment_entries(Napi::Object exports);

}  // namespace myelin::addon
