// What the measurements of peaks.cu share: the device, arrays on it, clocks, and how a result is told.
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "cuda/kernels/launch.h"
#include "lines.h"

using myelin::cuda::Context;
using myelin::cuda::launch;

namespace {

void need(cudaError_t code, const char* what) {
  if (code == cudaSuccess) return;
  cudaGetLastError();
  throw std::runtime_error(std::string(what) + " failed: " + cudaGetErrorString(code));
}

struct Machine {
  Context context{};
  cudaDeviceProp properties{};
  bool tiny = false;

  bool has_tensor_cores() const { return properties.major >= 8; }  // for TF32 and bf16
  unsigned blocks(int per_multiprocessor) const {
    return tiny ? 2 : static_cast<unsigned>(properties.multiProcessorCount * per_multiprocessor);
  }
  void wait(const char* what) {
    need(context.status, what);
    need(cudaStreamSynchronize(context.stream), what);
  }
};

template <class T>
class Array {
 public:
  explicit Array(size_t count) : count_(count) { need(cudaMalloc(&data_, count * sizeof(T)), "cudaMalloc"); }
  ~Array() { cudaFree(data_); }
  Array(const Array&) = delete;
  Array& operator=(const Array&) = delete;
  T* data() const { return data_; }
  // Before it returns: the stream of the kernels does not wait for others.
  void fill_bytes(int value) {
    need(cudaMemset(data_, value, count_ * sizeof(T)), "cudaMemset");
    need(cudaDeviceSynchronize(), "cudaMemset");
  }
  std::vector<T> read() const {
    std::vector<T> values(count_);
    need(cudaMemcpy(values.data(), data_, count_ * sizeof(T), cudaMemcpyDeviceToHost), "cudaMemcpy");
    return values;
  }

 private:
  size_t count_;
  T* data_ = nullptr;
};

class Event {
 public:
  Event() { need(cudaEventCreate(&event_), "cudaEventCreate"); }
  ~Event() { cudaEventDestroy(event_); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  cudaEvent_t get() const { return event_; }

 private:
  cudaEvent_t event_ = nullptr;
};

// Seconds between two events around `repeats` calls.
template <class Work>
double seconds_of(Machine& machine, int64_t repeats, Work work) {
  const Event begin, end;
  need(cudaEventRecord(begin.get(), machine.context.stream), "cudaEventRecord");
  for (int64_t i = 0; i < repeats; i++) work();
  need(cudaEventRecord(end.get(), machine.context.stream), "cudaEventRecord");
  machine.wait("a kernel");
  float milliseconds = 0;
  need(cudaEventElapsedTime(&milliseconds, begin.get(), end.get()), "cudaEventElapsedTime");
  return milliseconds / 1e3;
}

// Seconds of one call: the best of nine windows of about 20 ms, after one to warm up.
template <class Work>
double best_seconds(Machine& machine, Work work) {
  const double once = seconds_of(machine, 1, work);
  const int64_t repeats = machine.tiny ? 1 : std::clamp<int64_t>(static_cast<int64_t>(0.02 / (once + 1e-9)), 1, 10000);
  double best = 0;
  for (int round = 0; round < (machine.tiny ? 2 : 10); round++) {
    const double seconds = seconds_of(machine, repeats, work) / static_cast<double>(repeats);
    if (round == 1 || (round > 1 && seconds < best)) best = seconds;
  }
  if (!(best > 0)) throw std::runtime_error("the clock of the device did not move");
  return best;
}

void report(const char* name, double value, const char* unit) {
  char fields[96];
  std::snprintf(fields, sizeof fields, "\"value\": %.6g, \"unit\": \"%s\"", value, unit);
  lines::result(name, fields);
}

}  // namespace
