#include "arguments.h"

#include <cmath>

namespace myelin::addon {

namespace {

std::string text_of(const Napi::Value& value) {
  std::string text = value.ToString().Utf8Value();
  return text.size() > 40 ? text.substr(0, 40) + "…" : text;
}

const char* name_of(napi_typedarray_type type) {
  switch (type) {
    case napi_int8_array: return "Int8Array";
    case napi_uint8_array: return "Uint8Array";
    case napi_uint8_clamped_array: return "Uint8ClampedArray";
    case napi_int16_array: return "Int16Array";
    case napi_uint16_array: return "Uint16Array";
    case napi_int32_array: return "Int32Array";
    case napi_uint32_array: return "Uint32Array";
    case napi_float32_array: return "Float32Array";
    case napi_float64_array: return "Float64Array";
    case napi_bigint64_array: return "BigInt64Array";
    case napi_biguint64_array: return "BigUint64Array";
    default: return "typed array";
  }
}

}  // namespace

std::string describe(const Napi::Value& value) {
  switch (value.Type()) {
    case napi_undefined: return "undefined";
    case napi_null: return "null";
    case napi_boolean: return value.As<Napi::Boolean>().Value() ? "true" : "false";
    case napi_number: return text_of(value);
    case napi_bigint: return text_of(value) + "n";
    case napi_string: return '"' + text_of(value) + '"';
    case napi_symbol: return "a symbol";
    case napi_function: return "a function";
    case napi_external: return "a native handle of another kind";
    default: break;
  }
  if (value.IsTypedArray()) {
    const auto array = value.As<Napi::TypedArray>();
    return std::string(name_of(array.TypedArrayType())) + "(" + std::to_string(array.ElementLength()) + ")";
  }
  if (value.IsArray()) return "an array of " + std::to_string(value.As<Napi::Array>().Length());
  return "an object";
}

Napi::TypeError bad_argument(const Place& place, const char* expected, const Napi::Value& got) {
  return Napi::TypeError::New(got.Env(), place.text() + " must be " + expected + ", got " + describe(got));
}

int64_t to_integer(const Napi::Value& value, const Place& place, int64_t low, int64_t high) {
  if (value.IsNumber()) {
    const double number = value.As<Napi::Number>().DoubleValue();
    if (number >= static_cast<double>(low) && number <= static_cast<double>(high) && std::floor(number) == number) {
      return static_cast<int64_t>(number);
    }
  }
  const std::string expected = "an integer from " + std::to_string(low) + " to " + std::to_string(high);
  throw bad_argument(place, expected.c_str(), value);
}

DType to_dtype(const Napi::Value& value, const Place& place) {
  if (value.IsString()) {
    const std::string name = value.As<Napi::String>().Utf8Value();
    for (const DType dtype : {DType::f32, DType::f64, DType::i32}) {
      if (name == myelin::name_of(dtype)) return dtype;
    }
  }
  throw bad_argument(place, "'float32', 'float64' or 'int32'", value);
}

uint64_t to_seed(const Napi::Value& value, const Place& place) {
  if (value.IsBigInt()) {
    bool lossless = false;
    const uint64_t seed = value.As<Napi::BigInt>().Uint64Value(&lossless);
    if (lossless) return seed;
  }
  throw bad_argument(place, "a bigint from 0 to 2^64 - 1", value);
}

Elements to_elements(const Napi::Value& value, const Place& place, napi_typedarray_type type, const char* expected) {
  if (!value.IsTypedArray()) throw bad_argument(place, expected, value);
  napi_typedarray_type actual;
  Elements elements{nullptr, 0};
  const napi_status status =
      napi_get_typedarray_info(value.Env(), value, &actual, &elements.length, &elements.data, nullptr, nullptr);
  if (status != napi_ok || actual != type) throw bad_argument(place, expected, value);
  return elements;
}

Elements to_elements(const Napi::Value& value, const Place& place, DType dtype) {
  switch (dtype) {
    case DType::f32: return to_elements(value, place, napi_float32_array, "a Float32Array");
    case DType::f64: return to_elements(value, place, napi_float64_array, "a Float64Array");
    case DType::i32: break;
  }
  return to_elements(value, place, napi_int32_array, "an Int32Array");
}

}  // namespace myelin::addon
