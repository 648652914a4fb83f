#include "errors.h"

#include <new>

#include "core/device/backend.h"
#include "core/graph/graph.h"
#include "environment.h"

namespace myelin::addon {

Napi::Error coded_error(Napi::Env env, const char* code, const std::string& message) {
  Napi::Error error = Napi::Error::New(env, message);
  error.Set("code", Napi::String::New(env, code));
  return error;
}

Napi::Error to_error(Napi::Env env, std::exception_ptr failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const GraphError& error) {
    return coded_error(env, "MYELIN_GRAPH", error.what());
  } catch (const DeviceFailure& error) {
    return coded_error(env, "MYELIN_DEVICE", error.what());
  } catch (const DeviceOutOfMemory& error) {
    return coded_error(env, "MYELIN_DEVICE", error.what());
  } catch (const OutOfMemory& error) {
    return coded_error(env, "MYELIN_MEMORY", error.what());
  } catch (const std::bad_alloc&) {
    return coded_error(env, "MYELIN_MEMORY",
                       "the system refused memory for a native structure; free tensors or models");
  } catch (const std::exception& error) {
    return coded_error(env, "MYELIN_INTERNAL", error.what());
  } catch (...) {
    return coded_error(env, "MYELIN_INTERNAL", "unknown failure in the native core");
  }
}

Napi::Value with_thrower(const Napi::Function& function) {
  const Napi::Env env = function.Env();
  Environment& environment = *env.GetInstanceData<Environment>();
  if (environment.failure.IsEmpty()) environment.failure = Napi::Persistent(Napi::Object::New(env));
  const auto wrap = env.RunScript(R"((call, failure) => (a, b, c, d) => {
    const result = call(a, b, c, d)
    if (result !== failure) return result
    const { error } = failure
    failure.error = undefined
    throw error
  })");
  return wrap.As<Napi::Function>().Call({function, environment.failure.Value()});
}

Napi::Value to_thrower(Napi::Env env, const Napi::Error& error) {
  try {
    const Napi::Object failure = env.GetInstanceData<Environment>()->failure.Value();
    failure.Set("error", error.Value());
    return failure;
  } catch (const Napi::Error&) {
    return {};
  }
}

}  // namespace myelin::addon
