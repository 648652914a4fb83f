// planCompile, planCompileSync, planInfo, planDispose, planRunSync, stepProfile.
#include "core/compile/plan.h"
#include "core/run/profile.h"

#include <string>
#include <vector>

#include "arguments.h"
#include "entry.h"
#include "handles.h"
#include "job.h"
#include "request.h"

namespace myelin::addon {

namespace {

// A call of planCompile or planCompileSync.
struct CompileRequest {
  std::vector<uint8_t> graph;
  PlanMode mode;
  Backend* backend;
};

CompileRequest to_compile_request(const char* function, const Napi::CallbackInfo& info) {
  const Elements graph = to_elements(info[0], {function, "graph"}, napi_uint8_array, "a Uint8Array");
  const std::string mode = info[1].IsString() ? info[1].As<Napi::String>().Utf8Value() : "";
  if (mode != "fused" && mode != "plain") throw bad_argument({function, "mode"}, "'fused' or 'plain'", info[1]);
  const auto* bytes = static_cast<const uint8_t*>(graph.data);
  return {{bytes, bytes + graph.length},
          mode == "plain" ? PlanMode::plain : PlanMode::fused,
          &to_backend(info[2], {function, "device"})};
}

CompiledPlan compiled(const CompileRequest& request) {
  PlanPtr plan = compile(request.graph.data(), request.graph.size(), request.mode, *request.backend);
  const auto bytes = static_cast<int64_t>(myelin::info(*plan).arena_bytes + request.graph.size());
  return {std::move(plan), bytes};
}

Napi::Value compile_async(const Napi::CallbackInfo& info) {
  auto work = [request = to_compile_request("planCompile", info)](const std::atomic<bool>*, const Progress*) {
    return compiled(request);
  };
  return Job::start(info.Env(), *info.Env().GetInstanceData<Environment>(), std::move(work), info.Env().Null());
}

Napi::Value compile_sync(const Napi::CallbackInfo& info) {
  return to_result(info.Env(), compiled(to_compile_request("planCompileSync", info)));
}

Napi::Value plan_info(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const PlanPtr& handle = to_plan(info[0], {"planInfo", "plan"});
  const PlanInfo& plan = myelin::info(*handle);
  Napi::Array instructions = Napi::Array::New(env, plan.instructions.size());
  for (size_t i = 0; i < plan.instructions.size(); ++i) {
    instructions.Set(static_cast<uint32_t>(i), Napi::String::New(env, plan.instructions[i]));
  }
  Napi::Object result = Napi::Object::New(env);
  result.Set("dtype", name_of(plan.dtype));
  result.Set("instructions", instructions);
  result.Set("arenaBytes", static_cast<double>(plan.arena_bytes));
  result.Set("device", backend_of(*handle).name());
  const std::vector<int64_t> launches = launches_of(*handle);
  Napi::Array counts = Napi::Array::New(env, launches.size());
  for (size_t i = 0; i < launches.size(); ++i) counts.Set(static_cast<uint32_t>(i), static_cast<double>(launches[i]));
  result.Set("launches", counts);
  return result;
}

Napi::Value dispose(const Napi::CallbackInfo& info) {
  dispose_plan(info[0], {"planDispose", "plan"});
  return info.Env().Undefined();
}

Napi::Value run_sync(const Napi::CallbackInfo& info) {
  RunRequest request = to_request("planRunSync", info[0], info[1]);
  // Plans of eager ops are many and kept for long: their idle memory would never be freed. A device runs models only,
  // whose plans are few, and its working memory is dear to make.
  request.keep_memory = backend_of(*request.plan).device() != nullptr;
  return to_result(info.Env(), run(request, nullptr, nullptr));
}

Napi::Value profile(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsBoolean()) throw bad_argument({"stepProfile", "on"}, "a boolean", info[0]);
  const StepProfile last = last_profile();
  set_profiling(info[0].As<Napi::Boolean>());
  leave_profile({});
  if (last.steps == 0) return env.Null();
  Napi::Array instructions = Napi::Array::New(env), busy = Napi::Array::New(env);
  for (uint32_t i = 0; i < last.instructions.size(); ++i) {
    instructions.Set(i, Napi::String::New(env, last.instructions[i]));
    busy.Set(i, last.busy[i]);
  }
  Napi::Object result = Napi::Object::New(env);
  result.Set("steps", static_cast<double>(last.steps));
  result.Set("workers", last.workers);
  result.Set("nanoseconds", last.nanoseconds);
  result.Set("instructions", instructions);
  result.Set("busy", busy);
  return result;
}

}  // namespace

void add_plan_entries(Napi::Object exports) {
  add_entry<compile_async>(exports, "planCompile");
  add_entry<compile_sync>(exports, "planCompileSync");
  add_entry<plan_info>(exports, "planInfo");
  add_entry<dispose>(exports, "planDispose");
  add_entry<run_sync>(exports, "planRunSync");
  add_entry<profile>(exports, "stepProfile");
}

}  // namespace myelin::addon
