// For the native kernel drivers: the kernel tables of this machine, arrays, and a call made of them.
#pragma once
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

#include "core/call.h"

extern "C" {
const myelin::KernelTable* myelin_kernels_reference(void);
#if defined(__x86_64__)
const myelin::KernelTable* myelin_kernels_v2(void);
const myelin::KernelTable* myelin_kernels_v3(void);
const myelin::KernelTable* myelin_kernels_v4(void);
#elif defined(__aarch64__)
const myelin::KernelTable* myelin_kernels_aarch64(void);
#endif
}

namespace kernel_test {

using namespace myelin;

// Tables that this processor can run, the best one last. The reference is not among them.
inline std::vector<const KernelTable*> tables() {
  std::vector<const KernelTable*> found;
#if defined(__x86_64__)
  found.push_back(myelin_kernels_v2());
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) found.push_back(myelin_kernels_v3());
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl")) {
    found.push_back(myelin_kernels_v4());
  }
#elif defined(__aarch64__)
  found.push_back(myelin_kernels_aarch64());
#endif
  return found;
}

template <class S>
constexpr DType dtype_of() {
  return std::is_same<S, float>::value ? DType::f32 : std::is_same<S, double>::value ? DType::f64 : DType::i32;
}

// The kernel of this name for float, double or int32_t.
template <class S>
const KernelEntry& kernel(const KernelTable& table, const std::string& name) {
  for (int i = 0; i < table.n_kernels; i++) {
    const KernelEntry& entry = table.kernels[i];
    if (entry.dtype == dtype_of<S>() && name == entry.name) return entry;
  }
  std::fprintf(stderr, "no kernel '%s' in %s\n", name.c_str(), table.isa);
  std::exit(1);
}

inline int elementwise(const KernelTable& table, const std::string& name) {
  for (int i = 0; i < table.n_elementwise; i++) {
    if (name == table.elementwise[i].name) return i;
  }
  std::fprintf(stderr, "no element-wise op '%s' in %s\n", name.c_str(), table.isa);
  std::exit(1);
}

template <class S>
ElementwiseFn function(const ElementwiseEntry& entry) {
  return sizeof(S) == 4 ? entry.f32 : entry.f64;
}

inline const char* type_name(DType dtype) {
  return dtype == DType::f32 ? "float32" : dtype == DType::f64 ? "float64" : "int32";
}
template <class S>
const char* type_name() {
  return type_name(dtype_of<S>());
}

// The kernels of a table that checks have run, as "name dtype"; what is never here, no check looks at.
inline std::set<std::string>& called(const KernelTable& table) {
  static std::map<std::string, std::set<std::string>> by_isa;
  return by_isa[table.isa];
}
inline std::string call_name(const std::string& kernel_name, DType dtype) {
  return kernel_name + " " + type_name(dtype);
}
template <class S>
std::string call_name(const std::string& kernel_name) {
  return call_name(kernel_name, dtype_of<S>());
}

using Dims = std::vector<int64_t>;

// An array between two guard zones, at an address that is aligned for its elements only.
template <class T>
class Array {
 public:
  explicit Array(const Dims& dims, T fill = T()) : dims_(dims) {
    count_ = 1;
    for (int64_t d : dims) count_ *= d;
    memory_.assign(count_ + 2 * guard, T(77));
    for (int64_t i = 0; i < count_; i++) data()[i] = fill;
  }
  T* data() { return memory_.data() + guard; }
  int64_t count() const { return count_; }
  T& operator[](int64_t i) { return data()[i]; }
  bool intact() {
    for (int i = 0; i < guard; i++) {
      if (memory_[i] != T(77) || memory_[guard + count_ + i] != T(77)) return false;
    }
    return true;
  }
  View view() {
    View v = {};
    v.data = data();
    v.rank = static_cast<int32_t>(dims_.size());
    for (size_t d = 0; d < dims_.size(); d++) v.dims[d] = dims_[d];
    v.count = count_;
    return v;
  }

 private:
  static constexpr int guard = 17;
  Dims dims_;
  int64_t count_;
  std::vector<T> memory_;
};

// Runs tasks one after the other, from last to first, as if `workers` threads had shared them.
struct FakePool {
  explicit FakePool(int workers) : parallel{this, workers, run} {}
  Parallel parallel;
  static void run(void* self, int tasks, void (*fn)(void*, int, int), void* context) {
    const int workers = static_cast<FakePool*>(self)->parallel.workers;
    for (int t = tasks - 1; t >= 0; t--) fn(context, t, (t * 7 + 3) % workers);
  }
};

// One call. Scratch is filled with rubbish, because a kernel may find any there.
template <class S>
void call(const KernelTable& table, const std::string& name, std::vector<View> in, std::vector<View> out,
          const void* attrs, int workers = 1, StepKey key = {}) {
  const KernelEntry& entry = kernel<S>(table, name);
  called(table).insert(call_name<S>(name));
  FakePool pool(workers);
  Call c = {};
  c.in = in.data();
  c.out = out.data();
  c.n_in = static_cast<int32_t>(in.size());
  c.n_out = static_cast<int32_t>(out.size());
  c.attrs = attrs;
  c.key = &key;
  c.parallel = &pool.parallel;
  const size_t bytes = entry.scratch ? entry.scratch(&c, workers) : 0;
  void* memory = nullptr;
  if (posix_memalign(&memory, 64, bytes + 64) != 0) std::abort();
  std::memset(memory, 0xA5, bytes + 64);
  c.scratch = memory;
  entry.run(&c);
  for (size_t i = bytes; i < bytes + 64; i++) {
    if (static_cast<unsigned char*>(memory)[i] != 0xA5) {
      std::fprintf(stderr, "%s (%s) wrote beyond its scratch\n", name.c_str(), table.isa);
      std::exit(1);
    }
  }
  std::free(memory);
}

// A small generator of our own, the same on every machine.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 2654435761u + 1) {}
  double uniform(double low, double high) { return low + (high - low) * static_cast<double>(next() >> 11) * 0x1p-53; }
  int64_t below(int64_t n) { return static_cast<int64_t>(next() % static_cast<uint64_t>(n)); }
  uint64_t next() {  // splitmix64
    uint64_t z = (state_ += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }

 private:
  uint64_t state_;
};

}  // namespace kernel_test
