// One call of a kernel of the CUDA library under the stand-in runtime, on arrays of the host.
#pragma once
#include "../../kernels/support.h"
#include "cuda/kernels/context.h"

extern "C" const myelin::KernelTable* myelin_cuda_kernels(void);

namespace kernel_test {

inline void cuda_ok(cudaError_t error, const char* what) {
  if (error == cudaSuccess) return;
  std::fprintf(stderr, "%s: %s\n", what, cudaGetErrorString(error));
  std::exit(1);
}

// Device memory of exactly the size asked for: what lies beyond is guarded by the runtime.
class DeviceBytes {
 public:
  explicit DeviceBytes(size_t bytes) : bytes_(bytes) { cuda_ok(cudaMalloc(&data_, bytes), "allocating"); }
  DeviceBytes(const void* from, size_t bytes) : DeviceBytes(bytes) {
    if (bytes > 0) cuda_ok(cudaMemcpy(data_, from, bytes, cudaMemcpyHostToDevice), "uploading");
  }
  DeviceBytes(DeviceBytes&& other) noexcept : data_(other.data_), bytes_(other.bytes_) { other.data_ = nullptr; }
  ~DeviceBytes() { cuda_ok(cudaFree(data_), "freeing"); }
  void* data() const { return data_; }
  std::vector<unsigned char> read() const {
    std::vector<unsigned char> bytes(bytes_);
    if (bytes_ > 0) cuda_ok(cudaMemcpy(bytes.data(), data_, bytes_, cudaMemcpyDeviceToHost), "downloading");
    return bytes;
  }

 private:
  void* data_ = nullptr;
  size_t bytes_;
};

// A value of a call: its shape, the size of an element and what it holds before (nothing: poison).
struct Operand {
  Dims dims;
  size_t size;
  std::vector<unsigned char> bytes;
  int64_t count() const {
    int64_t n = 1;
    for (int64_t d : dims) n *= d;
    return n;
  }
  View view(void* data) const {
    View v = {};
    v.data = data;
    v.rank = static_cast<int32_t>(dims.size());
    for (size_t d = 0; d < dims.size(); d++) v.dims[d] = dims[d];
    v.count = count();
    return v;
  }
};

template <class T>
Operand operand(const Dims& dims, const std::vector<T>& values) {
  const unsigned char* bytes = reinterpret_cast<const unsigned char*>(values.data());
  return {dims, sizeof(T), {bytes, bytes + values.size() * sizeof(T)}};
}
template <class T>
Operand unwritten(const Dims& dims) {
  return {dims, sizeof(T), {}};
}

struct DeviceResult {
  std::vector<std::vector<unsigned char>> out;
  int64_t launches;
};

// `over`: output 0 takes the memory of this input (−1: its own). `skip`: the step is not to be committed.
template <class S>
DeviceResult call_device(const std::string& name, const std::vector<Operand>& in, const std::vector<Operand>& out,
                         const void* attrs, StepKey key = {}, int precision = 0, int over = -1, bool skip = false) {
  const KernelEntry& entry = kernel<S>(*myelin_cuda_kernels(), name);
  called(*myelin_cuda_kernels()).insert(call_name<S>(name));
  std::vector<DeviceBytes> memory;
  std::vector<View> in_views, out_views;
  for (const Operand& o : in) {
    memory.emplace_back(o.bytes.data(), o.bytes.size());
    in_views.push_back(o.view(nullptr));
  }
  for (const Operand& o : out) {
    if (o.bytes.empty()) {
      memory.emplace_back(o.count() * o.size);
    } else {
      memory.emplace_back(o.bytes.data(), o.bytes.size());
    }
    out_views.push_back(o.view(nullptr));
  }
  cudaStream_t stream;
  cuda_ok(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "creating a stream");
  cuda::Context context = {};
  context.stream = stream;
  context.multiprocessors = 4;
  context.precision = precision;
  const Parallel parallel = {&context, 1, nullptr};
  const uint32_t flag = skip;
  const DeviceBytes device_key(&key, sizeof key), device_flag(&flag, sizeof flag);
  Call c = {};
  c.in = in_views.data();
  c.out = out_views.data();
  c.n_in = static_cast<int32_t>(in.size());
  c.n_out = static_cast<int32_t>(out.size());
  c.attrs = attrs;
  c.parallel = &parallel;
  const DeviceBytes scratch_memory(entry.scratch ? entry.scratch(&c, 1) : 0);
  for (size_t i = 0; i < in.size(); i++) in_views[i].data = memory[i].data();
  for (size_t i = 0; i < out.size(); i++) out_views[i].data = memory[in.size() + i].data();
  if (over >= 0) out_views[0].data = in_views[over].data;
  c.key = static_cast<const StepKey*>(device_key.data());
  c.scratch = scratch_memory.data();
  c.skip = static_cast<const uint32_t*>(device_flag.data());
  entry.run(&c);
  cuda_ok(context.status, "launching");
  cuda_ok(cudaStreamSynchronize(stream), "running");
  cuda_ok(cudaStreamDestroy(stream), "destroying a stream");
  DeviceResult result = {{}, context.launches};
  for (size_t i = 0; i < out.size(); i++) {
    result.out.push_back(memory[over >= 0 && i == 0 ? static_cast<size_t>(over) : in.size() + i].read());
  }
  for (size_t i = 0; i < in.size(); i++) {
    if (static_cast<int>(i) != over && memory[i].read() != in[i].bytes) {
      std::printf("FAILED %s: changed its input %zu\n", name.c_str(), i);
      std::exit(1);
    }
  }
  return result;
}

}  // namespace kernel_test
