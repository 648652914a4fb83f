#include "reader.h"

#include "handles.h"

namespace myelin::addon {

namespace {

Napi::Array to_array(const Napi::Value& value, const Place& place, const char* expected) {
  if (!value.IsArray()) throw bad_argument(place, expected, value);
  return value.As<Napi::Array>();
}

}  // namespace

Reader::Reader(const char* function, const char* name, const Napi::Value& request) : function_(function), name_(name) {
  if (!request.IsObject() || request.IsArray() || request.IsFunction()) {
    throw bad_argument({function, name}, "an object", request);
  }
  object_ = request.As<Napi::Object>();
}

void Reader::buffer(const char* key, BufferPtr& out) const {
  const Napi::Value value = object_.Get(key);
  if (value.IsUndefined()) return;
  const std::string argument = named(key);
  out = to_buffer(value, {function_, argument.c_str()});
}

void Reader::buffers(const char* key, std::vector<BufferPtr>& out) const {
  const Napi::Value value = object_.Get(key);
  if (value.IsUndefined()) return;
  const std::string argument = named(key);
  const Napi::Array array = to_array(value, {function_, argument.c_str()}, "an array of buffers");
  const uint32_t length = array.Length();
  for (uint32_t i = 0; i < length; ++i) {
    const std::string element = argument + "[" + std::to_string(i) + "]";
    out.push_back(to_buffer(array.Get(i), {function_, element.c_str()}));
  }
}

void Reader::flags(const char* key, std::vector<uint8_t>& out) const {
  const Napi::Value value = object_.Get(key);
  if (value.IsUndefined()) return;
  const std::string argument = named(key);
  const Place place{function_, argument.c_str()};
  const Napi::Array array = to_array(value, place, "an array of booleans");
  const uint32_t length = array.Length();
  for (uint32_t i = 0; i < length; ++i) {
    const Napi::Value flag = array.Get(i);
    if (!flag.IsBoolean()) throw bad_argument(place, "an array of booleans only", flag);
    out.push_back(flag.As<Napi::Boolean>().Value() ? 1 : 0);
  }
}

void Reader::flag(const char* key, bool& out) const {
  const Napi::Value value = object_.Get(key);
  if (value.IsUndefined()) return;
  const std::string argument = named(key);
  if (!value.IsBoolean()) throw bad_argument({function_, argument.c_str()}, "true or false", value);
  out = value.As<Napi::Boolean>().Value();
}

void Reader::number(const char* key, double& out) const {
  const Napi::Value value = object_.Get(key);
  if (value.IsUndefined()) return;
  const std::string argument = named(key);
  if (!value.IsNumber()) throw bad_argument({function_, argument.c_str()}, "a number", value);
  out = value.As<Napi::Number>().DoubleValue();
}

void Reader::seed(const char* key, uint64_t& out) const {
  const Napi::Value value = object_.Get(key);
  if (value.IsUndefined()) return;
  const std::string argument = named(key);
  out = to_seed(value, {function_, argument.c_str()});
}

}  // namespace myelin::addon
