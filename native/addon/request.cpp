#include "request.h"

#include <cstring>
#include <string>
#include <utility>

#include "arguments.h"
#include "handles.h"

namespace myelin::addon {

namespace {

Napi::Array to_array(const Napi::Value& value, const Place& place, const char* expected) {
  if (!value.IsArray()) throw bad_argument(place, expected, value);
  return value.As<Napi::Array>();
}

// Absent keys leave the default of core/plan.h.
class Reader {
 public:
  Reader(const char* function, const Napi::Value& request) : function_(function) {
    if (!request.IsObject() || request.IsArray() || request.IsFunction()) {
      throw bad_argument({function, "request"}, "an object", request);
    }
    object_ = request.As<Napi::Object>();
  }

  void buffers(const char* key, const char* argument, std::vector<BufferPtr>& out) const {
    const Napi::Value value = object_.Get(key);
    if (value.IsUndefined()) return;
    const Place place{function_, argument};
    const Napi::Array array = to_array(value, place, "an array of buffers");
    const uint32_t length = array.Length();
    for (uint32_t i = 0; i < length; ++i) {
      const std::string element = std::string(argument) + "[" + std::to_string(i) + "]";
      out.push_back(to_buffer(array.Get(i), {function_, element.c_str()}));
    }
  }

  void flags(const char* key, const char* argument, std::vector<uint8_t>& out) const {
    const Napi::Value value = object_.Get(key);
    if (value.IsUndefined()) return;
    const Place place{function_, argument};
    const Napi::Array array = to_array(value, place, "an array of booleans");
    const uint32_t length = array.Length();
    for (uint32_t i = 0; i < length; ++i) {
      const Napi::Value flag = array.Get(i);
      if (!flag.IsBoolean()) throw bad_argument(place, "an array of booleans only", flag);
      out.push_back(flag.As<Napi::Boolean>().Value() ? 1 : 0);
    }
  }

  template <class T>
  void numbers(const char* key, const char* argument, napi_typedarray_type type, const char* expected,
               std::vector<T>& out) const {
    const Napi::Value value = object_.Get(key);
    if (value.IsUndefined()) return;
    const Elements elements = to_elements(value, {function_, argument}, type, expected);
    out.resize(elements.length);
    if (elements.length > 0) std::memcpy(out.data(), elements.data, elements.length * sizeof(T));
  }

  template <class T>
  void integer(const char* key, const char* argument, int64_t low, T& out) const {
    const Napi::Value value = object_.Get(key);
    if (!value.IsUndefined()) {
      out = static_cast<T>(to_integer(value, {function_, argument}, low, max_safe_integer));
    }
  }

  void seed(uint64_t& out) const {
    const Napi::Value value = object_.Get("seed");
    if (!value.IsUndefined()) out = to_seed(value, {function_, "request.seed"});
  }

 private:
  const char* function_;
  Napi::Object object_;
};

Napi::Value to_float64_array(Napi::Env env, const std::vector<double>& values) {
  Napi::Float64Array array = Napi::Float64Array::New(env, values.size());
  if (!values.empty()) std::memcpy(array.Data(), values.data(), values.size() * sizeof(double));
  return array;
}

const char* name_of(RunStatus status) {
  switch (status) {
    case RunStatus::done: return "done";
    case RunStatus::cancelled: return "cancelled";
    case RunStatus::non_finite: return "nonFinite";
  }
  return "done";
}

}  // namespace

RunRequest to_request(const char* function, const Napi::Value& plan, const Napi::Value& request) {
  RunRequest result;
  result.plan = to_plan(plan, {function, "plan"});
  const Reader reader(function, request);
  reader.buffers("states", "request.states", result.states);
  reader.buffers("inputs", "request.inputs", result.inputs);
  reader.flags("gathered", "request.gathered", result.gathered);
  reader.numbers("rows", "request.rows", napi_uint32_array, "a Uint32Array", result.rows);
  reader.integer("steps", "request.steps", 1, result.steps);
  reader.numbers("hyper", "request.hyper", napi_float64_array, "a Float64Array", result.hyper);
  reader.seed(result.seed);
  reader.integer("firstStep", "request.firstStep", 1, result.first_step);
  reader.buffers("collect", "request.collect", result.collect);
  reader.integer("collectRow", "request.collectRow", 0, result.collect_row);
  return result;
}

Napi::Value to_result(Napi::Env env, RunResult result) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("status", name_of(result.status));
  object.Set("stepsDone", static_cast<double>(result.steps_done));
  object.Set("costs", to_float64_array(env, result.costs));
  object.Set("accumulators", to_float64_array(env, result.accumulators));
  Napi::Array fetches = Napi::Array::New(env, result.fetches.size());
  for (size_t i = 0; i < result.fetches.size(); ++i) {
    fetches.Set(static_cast<uint32_t>(i), make_handle(env, std::move(result.fetches[i])));
  }
  object.Set("fetches", fetches);
  object.Set("label", result.label);
  object.Set("value", result.value);
  return object;
}

}  // namespace myelin::addon
