// What the drivers of the kernels share: comparing a kernel with the reference, and counting.
#pragma once
#include <algorithm>
#include <cmath>
#include <limits>

#include "support.h"

namespace kernel_test {

inline int failures = 0;
inline int checks = 0;

inline void fail(const std::string& what) {
  failures++;
  if (failures <= 40) std::printf("FAILED %s\n", what.c_str());
}

inline std::string text(const Dims& dims) {
  std::string s = "[";
  for (size_t i = 0; i < dims.size(); i++) s += (i ? "," : "") + std::to_string(dims[i]);
  return s + "]";
}

template <class S>
bool same_bits(S a, S b) {
  return std::memcmp(&a, &b, sizeof a) == 0 || (a != a && b != b);
}

// |a − b| ≤ tolerance · max(scale, |b|), equal infinities, both NaN.
inline bool close(double a, double b, double tolerance, double scale) {
  if (std::isnan(b) || std::isnan(a)) return std::isnan(a) && std::isnan(b);
  if (std::isinf(b) || std::isinf(a)) return a == b;
  return std::fabs(a - b) <= tolerance * std::max(scale, std::fabs(b));
}

template <class S>
Array<S> random_array(const Dims& dims, Random& random, double low = -2, double high = 2) {
  Array<S> a(dims);
  for (int64_t i = 0; i < a.count(); i++) a[i] = static_cast<S>(random.uniform(low, high));
  return a;
}

// Runs a kernel of S with one output on `table` with 1 and 3 workers, and on the reference; compares.
template <class S, class Out = S>
void compare(const KernelTable& table, const std::string& name, const std::string& what, std::vector<View> in,
             const Dims& out_dims, const void* attrs, double tolerance, double scale = 0, StepKey key = {}) {
  Array<Out> expected(out_dims), one(out_dims), three(out_dims);
  call<S>(*myelin_kernels_reference(), name, in, {expected.view()}, attrs, 1, key);
  call<S>(table, name, in, {one.view()}, attrs, 1, key);
  call<S>(table, name, in, {three.view()}, attrs, 3, key);
  const std::string label = std::string(table.isa) + " " + name + " " + type_name<S>() + " " + what;
  checks++;
  if (!one.intact() || !three.intact()) return fail(label + ": wrote outside the output");
  for (int64_t i = 0; i < one.count(); i++) {
    if (!same_bits(one[i], three[i]))
      return fail(label + ": bits differ between 1 and 3 workers at " + std::to_string(i));
    if (!close(one[i], expected[i], tolerance, scale)) {
      return fail(label + ": element " + std::to_string(i) + " is " + std::to_string(one[i]) + ", expected " +
                  std::to_string(expected[i]));
    }
  }
}

template <class S>
double epsilon() {
  return std::numeric_limits<S>::epsilon();
}

// Runs `check` with the kernels of every instruction set of this machine; what the program ends with.
template <class Check>
int check_all(const char* what, Check check) {
  for (const KernelTable* table : tables()) {
    check(*table);
    std::printf("%s: %d checks so far\n", table->isa, checks);
  }
  std::printf(failures ? "%s: %d FAILED\n" : "%s: all agree with the reference\n", what, failures);
  return failures ? 1 : 0;
}

}  // namespace kernel_test
