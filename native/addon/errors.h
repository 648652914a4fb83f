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

}  // namespace myelin::addon
