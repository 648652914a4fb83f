// RunRequest and RunResult of lib/native/contract.ts ⇄ those of core/compile/plan.h. JavaScript thread only.
#pragma once
#include <napi.h>

#include "core/compile/plan.h"

namespace myelin::addon {

// Copies everything, so that JavaScript may change or dispose what it passed at once. `function` is for messages.
RunRequest to_request(const char* function, const Napi::Value& plan, const Napi::Value& request);
Napi::Value to_result(Napi::Env env, RunResult result);

// A plan, and the bytes that it takes as long as it lives.
struct CompiledPlan {
  PlanPtr plan;
  int64_t bytes = 0;
};

// A handle.
Napi::Value to_result(Napi::Env env, CompiledPlan compiled);

}  // namespace myelin::addon
