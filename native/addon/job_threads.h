// Threads that lead running plans. Not libuv's pool: four long fits would stop the process's file access there.
#pragma once
#include <functional>

namespace myelin::addon {

// Runs `work` on a thread that does nothing else meanwhile. Finished threads wait for the next work; a few are kept.
// `work` must not throw. May be called from any thread; throws std::system_error when the system gives no thread.
void on_job_thread(std::function<void()> work);

}  // namespace myelin::addon
