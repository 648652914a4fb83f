// What the drivers of this folder that count their checks share. One program includes it once.
#pragma once
#include "device_call.h"

namespace kernel_test {

inline int failures = 0, checks = 0;

inline void expect(bool holds, const std::string& what) {
  checks++;
  if (!holds && ++failures <= 20) std::printf("FAILED %s\n", what.c_str());
}

template <class T>
class DeviceArray {
 public:
  explicit DeviceArray(const std::vector<T>& values) : bytes_(values.data(), values.size() * sizeof(T)) {}
  T* data() const { return static_cast<T*>(bytes_.data()); }
  std::vector<T> read() const {
    const std::vector<unsigned char> bytes = bytes_.read();
    std::vector<T> values(bytes.size() / sizeof(T));
    std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  }
  void write(const std::vector<T>& values) {
    cuda_ok(cudaMemcpy(data(), values.data(), values.size() * sizeof(T), cudaMemcpyHostToDevice), "uploading");
  }

 private:
  DeviceBytes bytes_;
};

struct Stream {
  cuda::Context context = {};
  Parallel parallel = {&context, 1, nullptr};
  Stream() { cuda_ok(cudaStreamCreateWithFlags(&context.stream, cudaStreamNonBlocking), "creating a stream"); }
  ~Stream() { cuda_ok(cudaStreamDestroy(context.stream), "destroying a stream"); }
  void finish() {
    cuda_ok(context.status, "launching");
    cuda_ok(cudaStreamSynchronize(context.stream), "running");
  }
};

template <class S>
std::vector<S> numbers(int64_t n, Random& random) {
  std::vector<S> values(n);
  for (S& x : values) x = static_cast<S>(random.uniform(-1, 1));
  return values;
}

template <class S>
View whole(const DeviceArray<S>& array, int64_t count) {
  View v = {};
  v.data = array.data();
  v.rank = 1;
  v.dims[0] = v.count = count;
  return v;
}

// Runs the checks in every order of threads and blocks: the exit status.
inline int in_every_order(const char* name, void (*run)()) {
  for (const char* order : {"forward", "reverse", "random"}) {
    setenv("EMU_ORDER", order, 1);
    run();
  }
  std::printf("%s: %d checks, %d failed\n", name, checks, failures);
  return failures ? 1 : 0;
}

}  // namespace kernel_test
