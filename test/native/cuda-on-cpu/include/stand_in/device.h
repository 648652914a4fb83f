// What kernels call: indices, barriers, warp operations, atomics, dynamic shared memory.
#pragma once
#include <cstring>

#include "types.h"

extern uint3 threadIdx, blockIdx;
extern dim3 blockDim, gridDim;
constexpr int warpSize = 32;

namespace emu {

enum class Vote { none, count, every, any };
enum class WarpOp { sync, shuffle, up, down, exchange, ballot, match };

// Waits for every thread of the block; gives what the vote found.
int barrier(Vote vote, int predicate, const char* file, int line);
// Waits for the lanes of `mask`; gives this lane's result.
uint64_t warp(WarpOp op, unsigned mask, uint64_t value, int argument, int width, const char* file, int line);
unsigned live_lanes();
void* dynamic_shared();

template <class To, class From>
To bits_as(From from) {
  static_assert(sizeof(From) <= sizeof(To), "shuffles move values of at most 8 bytes");
  To to = {};
  std::memcpy(&to, &from, sizeof from);
  return to;
}
template <class T>
T warp_value(WarpOp op, unsigned mask, T value, int argument, int width, const char* file, int line) {
  const uint64_t result = warp(op, mask, bits_as<uint64_t>(value), argument, width, file, line);
  std::memcpy(&value, &result, sizeof value);
  return value;
}

}  // namespace emu

#define MYELIN_DYNAMIC_SHARED(T, name) T* name = static_cast<T*>(emu::dynamic_shared())

// The place of the call, for the messages.
#define EMU_PLACE const char *file = __builtin_FILE(), int line = __builtin_LINE()

inline void __syncthreads(EMU_PLACE) { emu::barrier(emu::Vote::none, 0, file, line); }
inline int __syncthreads_count(int predicate, EMU_PLACE) {
  return emu::barrier(emu::Vote::count, predicate, file, line);
}
inline int __syncthreads_and(int predicate, EMU_PLACE) { return emu::barrier(emu::Vote::every, predicate, file, line); }
inline int __syncthreads_or(int predicate, EMU_PLACE) { return emu::barrier(emu::Vote::any, predicate, file, line); }

inline void __syncwarp(unsigned mask = 0xffffffffu, EMU_PLACE) {
  emu::warp(emu::WarpOp::sync, mask, 0, 0, 32, file, line);
}
template <class T>
T __shfl_sync(unsigned mask, T value, int lane, int width = 32, EMU_PLACE) {
  return emu::warp_value(emu::WarpOp::shuffle, mask, value, lane, width, file, line);
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32, EMU_PLACE) {
  return emu::warp_value(emu::WarpOp::up, mask, value, static_cast<int>(delta), width, file, line);
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32, EMU_PLACE) {
  return emu::warp_value(emu::WarpOp::down, mask, value, static_cast<int>(delta), width, file, line);
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int lane_mask, int width = 32, EMU_PLACE) {
  return emu::warp_value(emu::WarpOp::exchange, mask, value, lane_mask, width, file, line);
}
inline unsigned __ballot_sync(unsigned mask, int predicate, EMU_PLACE) {
  return static_cast<unsigned>(emu::warp(emu::WarpOp::ballot, mask, predicate != 0, 0, 32, file, line));
}
inline int __any_sync(unsigned mask, int predicate, EMU_PLACE) {
  return __ballot_sync(mask, predicate, file, line) != 0;
}
inline int __all_sync(unsigned mask, int predicate, EMU_PLACE) {
  return __ballot_sync(mask, !predicate, file, line) == 0;
}
template <class T>
unsigned __match_any_sync(unsigned mask, T value, EMU_PLACE) {
  return static_cast<unsigned>(emu::warp(emu::WarpOp::match, mask, emu::bits_as<uint64_t>(value), 0, 32, file, line));
}
inline unsigned __activemask() { return emu::live_lanes(); }
#undef EMU_PLACE

// Threads take turns on one processor thread, so a fence has nothing to do but hold the compiler back.
inline void __threadfence() { __atomic_signal_fence(__ATOMIC_SEQ_CST); }
inline void __threadfence_block() { __threadfence(); }
inline void __threadfence_system() { __threadfence(); }

// A kernel that gives up ends the program, as it ends a context on a device.
[[noreturn]] inline void __trap() { __builtin_trap(); }

// clang-format off
#define EMU_ATOMICS(T) \
  inline T atomicAdd(T* p, T v) { return __atomic_fetch_add(p, v, __ATOMIC_RELAXED); } \
  inline T atomicSub(T* p, T v) { return __atomic_fetch_sub(p, v, __ATOMIC_RELAXED); } \
  inline T atomicOr(T* p, T v) { return __atomic_fetch_or(p, v, __ATOMIC_RELAXED); } \
  inline T atomicAnd(T* p, T v) { return __atomic_fetch_and(p, v, __ATOMIC_RELAXED); } \
  inline T atomicXor(T* p, T v) { return __atomic_fetch_xor(p, v, __ATOMIC_RELAXED); } \
  inline T atomicExch(T* p, T v) { return __atomic_exchange_n(p, v, __ATOMIC_RELAXED); } \
  inline T atomicCAS(T* p, T expected, T v) { \
    __atomic_compare_exchange_n(p, &expected, v, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED); \
    return expected; \
  } \
  inline T atomicMax(T* p, T v) { \
    T old = __atomic_load_n(p, __ATOMIC_RELAXED); \
    while (old < v && !__atomic_compare_exchange_n(p, &old, v, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {} \
    return old; \
  } \
  inline T atomicMin(T* p, T v) { \
    T old = __atomic_load_n(p, __ATOMIC_RELAXED); \
    while (v < old && !__atomic_compare_exchange_n(p, &old, v, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {} \
    return old; \
  }
EMU_ATOMICS(int)
EMU_ATOMICS(unsigned)
EMU_ATOMICS(long long)
EMU_ATOMICS(unsigned long long)
EMU_ATOMICS(unsigned long)
#undef EMU_ATOMICS

#define EMU_ATOMIC_SUM(T, Bits) \
  inline T atomicAdd(T* p, T v) { \
    Bits* memory = reinterpret_cast<Bits*>(p); \
    Bits old = __atomic_load_n(memory, __ATOMIC_RELAXED), sum; \
    T value; \
    do { \
      std::memcpy(&value, &old, sizeof value); \
      const T total = value + v; \
      std::memcpy(&sum, &total, sizeof sum); \
    } while (!__atomic_compare_exchange_n(memory, &old, sum, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)); \
    return value; \
  }
EMU_ATOMIC_SUM(float, uint32_t)
EMU_ATOMIC_SUM(double, uint64_t)
#undef EMU_ATOMIC_SUM
// clang-format on

// Cache hints.
template <class T>
T __ldg(const T* p) {
  return *p;
}
template <class T>
T __ldca(const T* p) {
  return *p;
}
template <class T>
T __ldcg(const T* p) {
  return *p;
}
template <class T>
T __ldcs(const T* p) {
  return *p;
}
template <class T>
void __stcg(T* p, T value) {
  *p = value;
}
template <class T>
void __stcs(T* p, T value) {
  *p = value;
}
