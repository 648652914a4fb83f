// Asked of the processor itself (CPUID; Intel's manual, volume 2), because the compiler's __builtin_cpu_supports needs
// a run-time library that not every C++ toolchain has, and leaves out parts of the levels, such as LZCNT and MOVBE.
#include "processor.h"

#if defined(__x86_64__)

#include <cpuid.h>

#include <cstdint>

namespace myelin {
namespace {

constexpr uint32_t bit(int n) { return uint32_t{1} << n; }
bool all(uint32_t word, uint32_t wanted) { return (word & wanted) == wanted; }

// SSE3, SSSE3, CMPXCHG16B, SSE4.1, SSE4.2, POPCNT in ECX of leaf 1; LAHF in ECX of leaf 0x80000001.
constexpr uint32_t v2_basic = bit(0) | bit(9) | bit(13) | bit(19) | bit(20) | bit(23);
constexpr uint32_t v2_extended = bit(0);
// FMA, MOVBE, OSXSAVE, AVX, F16C; LZCNT; and in EBX of leaf 7: BMI1, AVX2, BMI2.
constexpr uint32_t v3_basic = bit(12) | bit(22) | bit(27) | bit(28) | bit(29);
constexpr uint32_t v3_extended = bit(5);
constexpr uint32_t v3_seven = bit(3) | bit(5) | bit(8);
// AVX512F, DQ, CD, BW, VL.
constexpr uint32_t v4_seven = bit(16) | bit(17) | bit(28) | bit(30) | bit(31);
// What the system keeps when it switches threads (XCR0): XMM and YMM registers; masks and both parts of the ZMM
// registers.
constexpr uint32_t v3_state = bit(1) | bit(2);
constexpr uint32_t v4_state = v3_state | bit(5) | bit(6) | bit(7);

uint32_t kept_by_system() {
  uint32_t low = 0, high = 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

}  // namespace

int x86_64_level() {
  uint32_t a = 0, b = 0, basic = 0, d = 0, seven = 0, extended = 0, unused = 0;
  if (!__get_cpuid(1, &a, &b, &basic, &d)) return 1;
  __get_cpuid_count(7, 0, &a, &seven, &unused, &d);
  __get_cpuid(0x80000001, &a, &b, &extended, &d);
  if (!all(basic, v2_basic) || !all(extended, v2_extended)) return 1;
  if (!all(basic, v3_basic) || !all(extended, v3_extended) || !all(seven, v3_seven)) return 2;
  const uint32_t kept = kept_by_system();  // there is OSXSAVE, so it can be asked
  if (!all(kept, v3_state)) return 2;
  return all(seven, v4_seven) && all(kept, v4_state) ? 4 : 3;
}

}  // namespace myelin

#else

namespace myelin {
int x86_64_level() { return 0; }
}  // namespace myelin

#endif
