#include "request.h"

#include <cstring>
#include <string>
#include <utility>

#include "handles.h"
#include "reader.h"

namespace myelin::addon {

namespace {

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
  // Absent keys leave the default of core/compile/plan.h.
  const Reader reader(function, "request", request);
  reader.buffers("states", result.states);
  reader.buffers("inputs", result.inputs);
  reader.flags("gathered", result.gathered);
  reader.numbers("rows", napi_uint32_array, "a Uint32Array", result.rows);
  reader.integer("steps", 1, result.steps);
  reader.numbers("hyper", napi_float64_array, "a Float64Array", result.hyper);
  reader.seed("seed", result.seed);
  reader.integer("firstStep", 1, result.first_step);
  reader.buffers("collect", result.collect);
  reader.integer("collectRow", 0, result.collect_row);
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

Napi::Value to_result(Napi::Env env, CompiledPlan compiled) {
  return make_handle(env, std::move(compiled.plan), compiled.bytes);
}

}  // namespace myelin::addon
