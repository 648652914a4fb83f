// What AddressSanitizer and ThreadSanitizer must be told about fibers; nothing in a plain build. The runtime itself is
// never instrumented (it changes stacks under its own feet): EMU_ASAN and EMU_TSAN say what the kernels are built with.
#pragma once
#include <cstddef>

#if defined(EMU_ASAN)
extern "C" {
void __sanitizer_start_switch_fiber(void** fake_stack, const void* bottom, size_t size);
void __sanitizer_finish_switch_fiber(void* fake_stack, const void** old_bottom, size_t* old_size);
}
#endif
#if defined(EMU_TSAN)
extern "C" {
void* __tsan_get_current_fiber(void);
void* __tsan_create_fiber(unsigned flags);
void __tsan_switch_to_fiber(void* fiber, unsigned flags);
void __tsan_acquire(void* address);
void __tsan_release(void* address);
}
#endif

namespace emu {

#if defined(EMU_TSAN)
// Everything the caller did before comes before what follows an acquire() of the same key.
inline void release(void* key) { __tsan_release(key); }
inline void acquire(void* key) { __tsan_acquire(key); }
constexpr bool watches_races = true;
#else
inline void release(void*) {}
inline void acquire(void*) {}
constexpr bool watches_races = false;
#endif

}  // namespace emu
