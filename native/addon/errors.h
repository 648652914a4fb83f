// How failures of the core become JavaScript errors. JavaScript thread only.
#pragma once
#include <napi.h>

#include <exception>
#include <string>

namespace myelin::addon {

// An Error with a `code` that lib/ maps to its classes.
Napi::Error coded_error(Napi::Env env, const char* code, const std::string& message);

// GraphError → 'MYELIN_GRAPH', OutOfMemory and bad_alloc → 'MYELIN_MEMORY', anything else → 'MYELIN_INTERNAL'.
Napi::Error to_error(Napi::Env env, std::exception_ptr failure);

// The same function, which throws what it handed to `to_thrower`. For functions of up to four arguments.
Napi::Value with_thrower(const Napi::Function& function);

// What a function returns that wants `error` thrown. Without effect in an environment that is ending, where no
// JavaScript runs any more.
Napi::Value to_thrower(Napi::Env env, const Napi::Error& error);

}  // namespace myelin::addon
