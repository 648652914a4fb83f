// What the checks of kernel_check.cpp share: a call on the device against one of the plain kernels of the CPU.
#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "device_call.h"

namespace kernel_test {

inline int checks = 0;
inline std::map<std::string, std::vector<std::vector<unsigned char>>> first_results;  // by case, of the first order

// The first failure ends the program: one is enough to reject a build.
[[noreturn]] inline void fail(const std::string& what) {
  std::printf("FAILED %s\n", what.c_str());
  std::exit(1);
}

template <class S>
double epsilon() {
  return std::numeric_limits<S>::epsilon();
}
inline std::string text(const Dims& dims) {
  std::string s = "[";
  for (size_t i = 0; i < dims.size(); i++) s += (i ? "," : "") + std::to_string(dims[i]);
  return s + "]";
}
inline int64_t product(const Dims& dims) {
  int64_t n = 1;
  for (int64_t d : dims) n *= d;
  return n;
}

template <class S>
Operand random_operand(const Dims& dims, Random& random, double low = -2, double high = 2, bool whole = false) {
  std::vector<S> values(product(dims));
  for (S& x : values) {
    x = static_cast<S>(random.uniform(low, high));
    if (whole) x = std::floor(x);
  }
  return operand(dims, values);
}

struct Expected {
  double tolerance;  // relative to max(scale, |expected|)
  double scale = 0;
  StepKey key = {};
  int precision = 0;
  bool exact = false;
};
constexpr Expected exactly = {0, 0, {}, 0, true};

// One call of a kernel of S on the device and one of the reference. Outputs of another size, and `exact` ones, must
// have the reference's bits.
template <class S>
void compare(const std::string& name, const std::string& what, const std::vector<Operand>& in,
             const std::vector<Operand>& out, const void* attrs, const Expected& expected,
             const void* reference_attrs = nullptr, int over = -1) {
  const std::string label = name + " " + type_name<S>() + " " + what;
  const DeviceResult got = call_device<S>(name, in, out, attrs, expected.key, expected.precision, over);
  checks++;
  auto& first = first_results[label];
  if (!first.empty()) {
    if (first != got.out) fail(label + ": bits depend on the order of the threads");
    return;
  }
  first = got.out;
  // Nothing is written where the step is not to be committed.
  const DeviceResult skipped = call_device<S>(name, in, out, attrs, expected.key, expected.precision, over, true);
  for (size_t o = 0; o < out.size(); o++) {
    const std::vector<unsigned char>& before = over >= 0 && o == 0 ? in[over].bytes : out[o].bytes;
    for (size_t i = 0; i < skipped.out[o].size(); i++) {
      if (skipped.out[o][i] != (before.empty() ? 0xff : before[i]))
        fail(label + ": writes although the step is skipped");
    }
  }
  std::vector<View> in_views, out_views;
  std::vector<std::vector<unsigned char>> in_bytes, out_bytes;
  for (const Operand& o : in) in_bytes.push_back(o.bytes);
  for (const Operand& o : out) {
    out_bytes.push_back(o.bytes);
    out_bytes.back().resize(o.count() * o.size);
  }
  for (size_t i = 0; i < in.size(); i++) in_views.push_back(in[i].view(in_bytes[i].data()));
  for (size_t i = 0; i < out.size(); i++) out_views.push_back(out[i].view(out_bytes[i].data()));
  call<S>(*myelin_kernels_reference(), name, in_views, out_views, reference_attrs ? reference_attrs : attrs, 1,
          expected.key);
  for (size_t o = 0; o < out.size(); o++) {
    if (out[o].size != sizeof(S) || expected.exact) {  // flags and totals: exact
      if (out_bytes[o] != got.out[o]) fail(label + ": another result than the reference");
      continue;
    }
    const S* want = reinterpret_cast<const S*>(out_bytes[o].data());
    const S* have = reinterpret_cast<const S*>(got.out[o].data());
    for (int64_t i = 0; i < out[o].count(); i++) {
      const bool same =
          std::isnan(want[i]) ? std::isnan(have[i])
          : std::isinf(want[i])
              ? have[i] == want[i]
              : std::fabs(static_cast<double>(have[i]) - static_cast<double>(want[i])) <=
                    expected.tolerance * std::max(expected.scale, std::fabs(static_cast<double>(want[i])));
      if (same) continue;
      fail(label + ": output " + std::to_string(o) + " element " + std::to_string(i) + " is " +
           std::to_string(have[i]) + ", expected " + std::to_string(want[i]));
    }
  }
}

}  // namespace kernel_test
