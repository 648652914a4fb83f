// What belongs to one environment: the main thread or one worker_threads Worker. JavaScript thread only.
#pragma once
#include <napi.h>

#include <unordered_set>

#include "handles.h"

namespace myelin::addon {

struct Environment {
  std::unordered_set<class Job*> jobs;
  HandleRing handles;
  Napi::ObjectReference failure;  // carries an error to the function that throws it
};

}  // namespace myelin::addon
