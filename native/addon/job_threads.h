// Threads that lead running plans. Not libuv's pool: four long fits would stop the process's file access there.
#pragma once
#include <functional>

namespace myelin::addon {

// Runs `work` on a thread that does nothing else meanwhile. Finished threads wait for the next work; a few are kept.
// When the system gives no more threads, it runs after the work of another; without any thread, it has run when this
// returns. `work` must not throw. May be called from any thread.
void on_job_thread(std::function<void()> work);

}  // namespace myelin::addon
