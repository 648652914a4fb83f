// The process-wide worker pool that all running plans share. A job leads the pool from its own thread; when
// another job holds it, the work runs on the caller alone (results never depend on the number of threads).
#pragma once
#include "core/call.h"

namespace myelin {

void set_threads(int threads);  // 1…256 (clamped); waits for the kernel that is running
int get_threads();              // default: MYELIN_THREADS, else the number of usable cores

// The system has refused to make a thread, here or for whoever noted it. Any thread.
bool threads_refused();
void note_refused_thread();

// The pool for one run, with a fixed number of workers (scratch memory is sized for them). Stays valid when the number
// of threads changes: a later set_threads may only take workers away from it.
Parallel pool_view();

// Calls fn(context, stage, task, worker) for the tasks [0, tasks[stage]) of each stage, on at most `workers` threads,
// those of one stage in any order and at the same time; a stage begins when the one before is done. When someone else
// leads the pool, everything runs here. The order within a stage is that of the tasks, as far as they are taken.
void run_stages(int workers, int stages, const int* tasks, void (*fn)(void* context, int stage, int task, int worker),
                void* context);

}  // namespace myelin
