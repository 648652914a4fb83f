// RunRequest and RunResult of lib/native/contract.ts ⇄ those of core/compile/plan.h. JavaScript thread only.
#pragma once
#include <napi.h>

#include "core/compile/plan.h"

namespace myelin::addon {

// Copies everything, so that JavaScript may change or dispose what it passed at once. `function` is for messages.
RunRequest to_request(const char* function, const Napi::Value& plan, const Napi::Value& request);
Napi::Value to_result(Napi::Env env, RunResult result);

}  // namespace myelin::addon
