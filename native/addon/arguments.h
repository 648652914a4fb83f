// Strict reading of JavaScript arguments: anything unexpected is a TypeError that names the function, the
// argument, what it expected and what it got. JavaScript thread only.
#pragma once
#include <napi.h>

#include <cstdint>
#include <string>

#include "core/graph/graph.h"

namespace myelin::addon {

// "planRun: request.rows": who is asking and for what.
struct Place {
  const char* function;
  const char* argument;
  std::string text() const { return std::string(function) + ": " + argument; }
};

// Short text for error messages: `"abc"`, `-1`, `Float32Array(3)`, `undefined`.
std::string describe(const Napi::Value& value);
Napi::TypeError bad_argument(const Place& place, const char* expected, const Napi::Value& got);

// A number that is an integer in [low, high]; both must be at most 2^53 - 1.
int64_t to_integer(const Napi::Value& value, const Place& place, int64_t low, int64_t high);
DType to_dtype(const Napi::Value& value, const Place& place);
uint64_t to_seed(const Napi::Value& value, const Place& place);  // a bigint in [0, 2^64)

// Elements of a typed array of exactly this type. The pointer is good until JavaScript runs again.
struct Elements {
  void* data;
  size_t length;
};
Elements to_elements(const Napi::Value& value, const Place& place, napi_typedarray_type type, const char* expected);
// Float32Array, Float64Array or Int32Array, as the dtype asks.
Elements to_elements(const Napi::Value& value, const Place& place, DType dtype);

constexpr int64_t max_safe_integer = (int64_t{1} << 53) - 1;

}  // namespace myelin::addon
