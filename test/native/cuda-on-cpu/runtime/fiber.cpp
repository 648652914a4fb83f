#include "fiber.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "sanitizers.h"
#include "switch.h"

namespace emu {

namespace {

#if defined(EMU_ASAN) || defined(EMU_TSAN)
constexpr size_t stack_bytes = 512 << 10;
#else
constexpr size_t stack_bytes = 128 << 10;
#endif

// One grid runs at a time, on one thread of the host: the lock of the device is held.
Fiber* running = nullptr;
void* scheduler_sp = nullptr;
#if defined(EMU_ASAN)
void* scheduler_fake_stack = nullptr;
const void* scheduler_bottom = nullptr;
size_t scheduler_size = 0;
#endif
#if defined(EMU_TSAN)
void* scheduler_tsan = nullptr;
#endif

// With a page below it that ends the program when the stack overflows.
char* new_stack() {
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  void* memory = mmap(nullptr, stack_bytes + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED || mprotect(memory, page, PROT_NONE) != 0) {
    std::perror("stand-in CUDA runtime: no memory for the stack of a thread");
    std::abort();
  }
  return static_cast<char*>(memory) + page;
}

}  // namespace

Fiber::Fiber(void (*body)()) : body_(body) {
  char* stack = new_stack();
  stack_ = stack;
  sp_ = prepare_stack(stack + stack_bytes, enter);
#if defined(EMU_TSAN)
  tsan_ = __tsan_create_fiber(0);
#endif
}

void Fiber::resume() {
  running = this;
#if defined(EMU_ASAN)
  __sanitizer_start_switch_fiber(&scheduler_fake_stack, stack_, stack_bytes);
#endif
#if defined(EMU_TSAN)
  scheduler_tsan = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(tsan_, 1);  // 1: this orders nothing
#endif
  emu_switch_stack(&scheduler_sp, sp_);
#if defined(EMU_ASAN)
  __sanitizer_finish_switch_fiber(scheduler_fake_stack, nullptr, nullptr);
#endif
}

void Fiber::leave() {
#if defined(EMU_ASAN)
  __sanitizer_start_switch_fiber(&fake_stack_, scheduler_bottom, scheduler_size);
#endif
#if defined(EMU_TSAN)
  __tsan_switch_to_fiber(scheduler_tsan, 1);
#endif
  emu_switch_stack(&sp_, scheduler_sp);
#if defined(EMU_ASAN)
  __sanitizer_finish_switch_fiber(fake_stack_, &scheduler_bottom, &scheduler_size);
#endif
}

void Fiber::pause() { running->leave(); }

void Fiber::enter() {
#if defined(EMU_ASAN)
  __sanitizer_finish_switch_fiber(nullptr, &scheduler_bottom, &scheduler_size);
#endif
  // Never ends: the stack serves the next block.
  for (;;) {
    running->body_();
    running->leave();
  }
}

}  // namespace emu
