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
// Aligned memory for a kernel, full of rubbish, and with more behind it: what a kernel must not touch.
class Memory {
 public:
  explicit Memory(size_t bytes) : bytes_(bytes) {
    if (posix_memalign(&data_, 64, bytes + 64) != 0) std::abort();
    std::memset(data_, 0xA5, bytes + 64);
  }
  ~Memory() { std::free(data_); }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  char* data() const { return static_cast<char*>(data_); }
  bool intact() const {
    for (size_t i = bytes_; i < bytes_ + 64; i++) {
      if (static_cast<unsigned char*>(data_)[i] != 0xA5) return false;
    }
    return true;
  }

 private:
  void* data_ = nullptr;
  size_t bytes_;
};

// The bytes of an output: that of casts and guards has elements of another type than the kernel.
template <class S>
size_t bytes_of_output(const std::string& name, const View& view, const void* attrs) {
  if (name == "guard" || name == "guardSquares") return sizeof(uint32_t);
  const bool to_int32 = name == "cast" && static_cast<const CastAttrs*>(attrs)->to_int32;
  return static_cast<size_t>(view.count) * (to_int32 ? sizeof(int32_t) : sizeof(S));
}

// What a whole call gave must come of its parts, too, the last part first; `before`: the outputs as they were.
template <class S>
void check_parts(const KernelEntry& entry, const std::string& isa, Call c, const std::vector<std::string>& before) {
  const std::string name = entry.name;
  const auto bytes = [&](int32_t o) { return bytes_of_output<S>(name, c.out[o], c.attrs); };
  std::vector<std::string> whole;
  for (int32_t o = 0; o < c.n_out; o++) whole.emplace_back(static_cast<char*>(c.out[o].data), bytes(o));
  c.parallel = nullptr;
  Memory scratch(entry.scratch ? entry.scratch(&c, 1) : 0), prepared(entry.prepare ? entry.prepare(&c, nullptr) : 0);
  c.scratch = scratch.data();
  if (entry.prepare) entry.prepare(&c, prepared.data());
  if (entry.prepare) c.prepared = prepared.data();
  const int64_t units = entry.units(&c);
  for (const int64_t parts : {int64_t(1), int64_t(2), int64_t(3), int64_t(5), int64_t(7), units}) {
    if (units <= 0 || units % parts != 0 || parts > 300) continue;
    for (int32_t o = 0; o < c.n_out; o++) std::memcpy(c.out[o].data, before[o].data(), before[o].size());
    c.parts = parts;
    for (int64_t end = parts; end > 0;) {
      const int64_t first = end - 1 - (parts > 2 ? end % 2 : 0);  // one or two at a time
      c.first = first < 0 ? 0 : first;
      c.end = end;
      end = c.first;
      entry.run(&c);
    }
    for (int32_t o = 0; o < c.n_out; o++) {
      if (std::memcmp(c.out[o].data, whole[o].data(), whole[o].size()) == 0) continue;
      std::fprintf(stderr, "%s (%s): output %d in %lld parts differs from the whole\n", name.c_str(), isa.c_str(), o,
                   static_cast<long long>(parts));
      std::exit(1);
    }
  }
  if (!scratch.intact() || !prepared.intact()) {
    std::fprintf(stderr, "%s (%s) wrote beyond its memory\n", name.c_str(), isa.c_str());
    std::exit(1);
  }
}

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
  Memory scratch(entry.scratch ? entry.scratch(&c, workers) : 0);
  c.scratch = scratch.data();
  std::vector<std::string> before;
  for (const View& view : out) {
    before.emplace_back(static_cast<char*>(view.data), bytes_of_output<S>(name, view, attrs));
  }
  entry.run(&c);
  if (!scratch.intact()) {
    std::fprintf(stderr, "%s (%s) wrote beyond its scratch\n", name.c_str(), table.isa);
    std::exit(1);
  }
  if (!entry.units) return;
  check_parts<S>(entry, table.isa, c, before);
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
