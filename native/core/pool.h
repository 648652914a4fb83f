// The process-wide worker pool that all running plans share. A job leads the pool from its own thread; when
// another job holds it, the work runs on the caller alone (results never depend on the number of threads).
#pragma once
#include "call.h"

namespace myelin {

void set_threads(int threads);  // 1…256; waits for running work
int get_threads();              // default: MYELIN_THREADS, else the number of usable cores
// Fills `parallel` for use by the calling thread; valid until the next set_threads.
Parallel pool_view();

}  // namespace myelin
