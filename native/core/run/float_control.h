// Denormal numbers cost a hundred times more than others and carry nothing a network needs.
#pragma once
#include <cstdint>

namespace myelin {

// While it lives, the calling thread rounds to nearest, traps nothing and flushes denormals to zero; the control word
// that was there before comes back at the end. Belongs to the thread that made it.
class FlushToZero {
 public:
#if defined(__x86_64__)
  FlushToZero() : before_(__builtin_ia32_stmxcsr()) { __builtin_ia32_ldmxcsr(0x1f80 | 0x8040); }
  ~FlushToZero() { __builtin_ia32_ldmxcsr(before_); }

 private:
  uint32_t before_;
#elif defined(__aarch64__)
  FlushToZero() {
    asm volatile("mrs %0, fpcr" : "=r"(before_));
    asm volatile("msr fpcr, %0" : : "r"(uint64_t{1} << 24));
  }
  ~FlushToZero() { asm volatile("msr fpcr, %0" : : "r"(before_)); }

 private:
  uint64_t before_;
#else
  FlushToZero() {}
  ~FlushToZero() {}

 private:
#endif
  FlushToZero(const FlushToZero&) = delete;
  FlushToZero& operator=(const FlushToZero&) = delete;
};

}  // namespace myelin
