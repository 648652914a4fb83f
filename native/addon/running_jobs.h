// All jobs of the process, for the way out: process.exit() destroys no environment, so nothing else would stop their
// threads before the static objects under them are gone.
#pragma once
#include <memory>

namespace myelin::addon {

class Job;
void add_running(Job* job);     // JavaScript thread
void remove_running(Job* job);  // its thread, as its last use of the job

}  // namespace myelin::addon
