// Splitting a kernel into tasks, and the sizes at which that pays.
#pragma once
#include "core/call.h"
#include "math/portable.h"

MYELIN_BEGIN

// Elements × steps below which a kernel stays on its own thread: waking the pool costs a few microseconds,
// about what one core needs for this much element-wise work in cache.
constexpr int64_t parallel_work = 32768;

HD int worker_count(const Call* call) { return call->parallel ? call->parallel->workers : 1; }

// Calls body(task, worker) for every task in [0, tasks): on the pool if `work` is large, else here as worker 0.
// What a task computes must not depend on the number of workers.
template <class Body>
HD void for_tasks(const Call* call, int64_t tasks, int64_t work, const Body& body) {
  if (tasks > 1 && work >= parallel_work && worker_count(call) > 1) {
    struct Trampoline {
      static void run(void* context, int task, int worker) { (*static_cast<const Body*>(context))(task, worker); }
    };
    call->parallel->run(call->parallel->self, static_cast<int>(tasks), Trampoline::run, const_cast<Body*>(&body));
    return;
  }
  for (int64_t task = 0; task < tasks; task++) body(static_cast<int>(task), 0);
}

// Splits [0, n) into runs of at least `least` and calls body(begin, end, worker). For work where every element is
// computed by itself, so that the split, which follows the number of workers, cannot change a bit.
template <class Body>
HD void for_ranges(const Call* call, int64_t n, int64_t least, int64_t work, const Body& body) {
  // Four runs a worker even out what other processes take from one of them.
  const int64_t wanted = worker_count(call) > 1 ? 4 * static_cast<int64_t>(worker_count(call)) : 1;
  const int64_t run = larger(larger(least, 1), divide_up(n, wanted));
  for_tasks(call, divide_up(n, run), work,
            [&](int task, int worker) { body(task * run, smaller(n, (task + 1) * run), worker); });
}

// The units [begin, end) that a call computes, of `units` in all.
struct UnitRange {
  int64_t begin, end;
};
HD UnitRange part_of(const Call* call, int64_t units) {
  if (!call->parts) return {0, units};
  const int64_t size = units / call->parts;
  return {call->first * size, call->end * size};
}

// for_ranges over the units that a call computes; `work` is that of all units.
template <class Body>
HD void for_part(const Call* call, int64_t units, int64_t least, int64_t work, const Body& body) {
  const UnitRange part = part_of(call, units);
  for_ranges(call, part.end - part.begin, least, work,
             [&](int64_t begin, int64_t end, int worker) { body(part.begin + begin, part.begin + end, worker); });
}

MYELIN_END
