// Reads the fields of a request object. Absent ones leave what is there. JavaScript thread only.
#pragma once
#include <napi.h>

#include <cstring>
#include <string>
#include <vector>

#include "arguments.h"
#include "core/device/buffer.h"

namespace myelin::addon {

class Reader {
 public:
  // `function` and `name` are for messages: "planRun", "request".
  Reader(const char* function, const char* name, const Napi::Value& request);

  bool has(const char* key) const { return !object_.Get(key).IsUndefined(); }
  Napi::Value value(const char* key) const { return object_.Get(key); }
  void buffer(const char* key, BufferPtr& out) const;
  void buffers(const char* key, std::vector<BufferPtr>& out) const;
  void flags(const char* key, std::vector<uint8_t>& out) const;
  void flag(const char* key, bool& out) const;
  void number(const char* key, double& out) const;
  void seed(const char* key, uint64_t& out) const;

  template <class T>
  void numbers(const char* key, napi_typedarray_type type, const char* expected, std::vector<T>& out) const {
    const Napi::Value value = object_.Get(key);
    if (value.IsUndefined()) return;
    const std::string argument = named(key);
    const Elements elements = to_elements(value, {function_, argument.c_str()}, type, expected);
    out.resize(elements.length);
    if (elements.length > 0) std::memcpy(out.data(), elements.data, elements.length * sizeof(T));
  }

  template <class T>
  void integer(const char* key, int64_t low, T& out, int64_t high = max_safe_integer) const {
    const Napi::Value value = object_.Get(key);
    if (value.IsUndefined()) return;
    const std::string argument = named(key);
    out = static_cast<T>(to_integer(value, {function_, argument.c_str()}, low, high));
  }

 private:
  std::string named(const char* key) const { return std::string(name_) + "." + key; }

  const char* function_;
  const char* name_;
  Napi::Object object_;
};

}  // namespace myelin::addon
