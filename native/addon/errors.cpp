#include "errors.h"

#include <new>

#include "core/device/backend.h"
#include "core/graph/graph.h"

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

}  // namespace myelin::addon
