// What the drivers of the core share: expectations, plans, and requests that fit them.
#pragma once
#include <cmath>
#include <cstdio>
#include <functional>

#include "graphs.h"

namespace core_test {

using namespace myelin;
using graphs::Builder;
using graphs::Id;

inline int failures = 0;

inline void expect(bool ok, const std::string& what) {
  if (ok) return;
  failures++;
  printf("FAILED  %s\n", what.c_str());
}

inline void expect_error(const std::function<void()>& action, const std::string& part, const std::string& what) {
  try {
    action();
    expect(false, what + ": no error");
  } catch (const GraphError& error) {
    expect(std::string(error.what()).find(part) != std::string::npos, what + ": the message is: " + error.what());
  }
}

inline PlanPtr compiled(const Builder& g, PlanMode mode = PlanMode::fused) {
  const auto bytes = g.encode();
  return compile(bytes.data(), bytes.size(), mode, cpu_backend());
}

inline BufferPtr buffer(DType dtype, const std::vector<double>& values) {
  auto made = std::make_shared<Buffer>(cpu_backend(), dtype, static_cast<int64_t>(values.size()));
  for (size_t i = 0; i < values.size(); i++) {
    switch (dtype) {
      case DType::f32: static_cast<float*>(made->data)[i] = static_cast<float>(values[i]); break;
      case DType::f64: static_cast<double*>(made->data)[i] = values[i]; break;
      case DType::i32: static_cast<int32_t*>(made->data)[i] = static_cast<int32_t>(values[i]); break;
    }
  }
  return made;
}

inline std::vector<double> read(const BufferPtr& from) {
  std::vector<double> values;
  for (int64_t i = 0; i < from->count; i++) {
    switch (from->dtype) {
      case DType::f32: values.push_back(static_cast<float*>(from->data)[i]); break;
      case DType::f64: values.push_back(static_cast<double*>(from->data)[i]); break;
      case DType::i32: values.push_back(static_cast<int32_t*>(from->data)[i]); break;
    }
  }
  return values;
}

inline std::vector<double> noise(int64_t n, uint64_t seed, double low = -0.4) {
  graphs::Random random{seed};
  std::vector<double> values;
  for (int64_t i = 0; i < n; i++) values.push_back(low + random.unit());
  return values;
}

// States, inputs and hyper values that fit, filled with noise.
inline RunRequest request_for(const PlanPtr& plan, int64_t steps, uint64_t seed = 1) {
  const PlanInfo& i = info(*plan);
  RunRequest request;
  request.plan = plan;
  request.steps = steps;
  for (size_t slot = 0; slot < i.states.size(); slot++) {  // Adam's squares are not negative
    request.states.push_back(buffer(i.state_dtypes[slot], noise(count_of(i.states[slot]), ++seed, 0.01)));
  }
  for (size_t slot = 0; slot < i.inputs.size(); slot++) {
    request.inputs.push_back(buffer(i.input_dtypes[slot], noise(count_of(i.inputs[slot]), ++seed)));
  }
  request.hyper.assign(static_cast<size_t>(steps) * i.n_hypers, 0.01);
  return request;
}

inline bool same(const std::vector<double>& a, const std::vector<double>& b, double tolerance = 0) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); i++) {
    if (!(std::fabs(a[i] - b[i]) <= tolerance * std::fmax(1, std::fabs(b[i])))) return false;
  }
  return true;
}

// All that a run leaves behind.
inline std::vector<double> outcome(const RunRequest& request, const RunResult& result) {
  std::vector<double> all = result.costs;
  all.insert(all.end(), result.accumulators.begin(), result.accumulators.end());
  for (const auto* buffers : {&result.fetches, &request.states}) {
    for (const BufferPtr& one : *buffers) {
      const auto values = read(one);
      all.insert(all.end(), values.begin(), values.end());
    }
  }
  return all;
}

inline bool same_outcome(const RunRequest& request, const std::vector<double>& expected) {
  const RunResult result = run(request, nullptr, nullptr);  // before the states are read
  return same(outcome(request, result), expected);
}

inline std::string listing(const PlanPtr& plan) {
  std::string all;
  for (size_t i = 0; i < info(*plan).instructions.size(); i++) {
    all += "\n    " + std::to_string(info(*plan).regions[i]) + ": " + info(*plan).instructions[i];
  }
  return all;
}

// The last words; what the program ends with.
inline int verdict() {
  printf(failures ? "%d failures\n" : "all passed\n", failures);
  return failures ? 1 : 0;
}

}  // namespace core_test
