// Proves the stand-in runtime with kernels of its own. `self_test` runs all checks of results; `self_test <fault>` runs
// one kernel that does something forbidden and must end the program; `self_test kernels [n]` compares results only,
// without the n-th barrier. Prints what failed; ends with 1 if something did.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "kernels.h"

using namespace self_test;

int removed_barrier = 0;

namespace {

int failures = 0;
void check(bool good, const char* what) {
  if (good) return;
  failures++;
  std::printf("FAILED %s\n", what);
}
void ok(cudaError_t error) {
  if (error == cudaSuccess) return;
  std::printf("FAILED with %s: %s\n", cudaGetErrorName(error), cudaGetErrorString(error));
  std::exit(1);
}

template <class T>
struct OnDevice {
  T* data = nullptr;
  size_t count;
  explicit OnDevice(size_t n) : count(n) { ok(cudaMalloc(&data, n * sizeof(T))); }
  explicit OnDevice(const std::vector<T>& values) : OnDevice(values.size()) {
    ok(cudaMemcpy(data, values.data(), count * sizeof(T), cudaMemcpyHostToDevice));
  }
  ~OnDevice() { ok(cudaFree(data)); }
  std::vector<T> read() const {
    std::vector<T> values(count);
    ok(cudaMemcpy(values.data(), data, count * sizeof(T), cudaMemcpyDeviceToHost));
    return values;
  }
};

template <class T>
void check_matmul(int m, int k, int n, const char* what) {
  std::vector<T> a(m * k), b(k * n);
  for (int i = 0; i < m * k; i++) a[i] = static_cast<T>(i * 7 % 13 - 6);
  for (int i = 0; i < k * n; i++) b[i] = static_cast<T>(i * 5 % 11 - 5);
  OnDevice<T> da(a), db(b), dc(m * n);
  constexpr int tile = 8;
  emu::launch(matmul<T, tile>, dim3((n + tile - 1) / tile, (m + tile - 1) / tile), dim3(tile, tile), 0, nullptr,
              da.data, db.data, dc.data, m, k, n);
  const std::vector<T> c = dc.read();
  bool good = true;
  for (int i = 0; i < m * n; i++) {
    T sum = 0;
    for (int j = 0; j < k; j++) sum += a[i / n * k + j] * b[j * n + i % n];
    good = good && c[i] == sum;  // small whole numbers: exact in any order
  }
  check(good, what);
}

void check_kernels() {
  check_matmul<float>(19, 21, 10, "matmul of floats");
  check_matmul<double>(8, 17, 9, "matmul of doubles");

  std::vector<float> values(1000);
  float total = 0;
  for (int i = 0; i < 1000; i++) total += values[i] = static_cast<float>(i % 17);
  OnDevice<float> in(values), out(1);
  emu::launch(reduce, dim3(1), dim3(256), 8 * sizeof(float), nullptr, in.data, out.data, 1000);
  check(out.read()[0] == total, "reduction");

  std::vector<int> ones(256, 1);
  OnDevice<int> line(ones);
  emu::launch(scan, dim3(1), dim3(256), 0, nullptr, line.data);
  const std::vector<int> sums = line.read();
  bool good = true;
  for (int i = 0; i < 256; i++) good = good && sums[i] == i + 1;
  check(good, "scan");

  std::vector<int> numbers(64);
  for (int i = 0; i < 64; i++) numbers[i] = i;
  OnDevice<int> forth(numbers), back(64);
  emu::launch(reverse, dim3(1), dim3(64), 0, nullptr, forth.data, back.data);
  const std::vector<int> reversed = back.read();
  good = true;
  for (int i = 0; i < 64; i++) good = good && reversed[i] == (i ^ 31);
  check(good, "reversal within warps");
}

void check_poison() {
  OnDevice<float> fresh(5), out(40);
  bool poisoned = true;
  for (float x : fresh.read()) poisoned = poisoned && std::isnan(x);
  check(poisoned, "new device memory is NaN");
  emu::launch(unwritten, dim3(40), dim3(1), 0, nullptr, out.data);
  const std::vector<float> values = out.read();
  poisoned = values[0] == 1;
  for (int i = 1; i < 40; i++) poisoned = poisoned && std::isnan(values[i]);
  check(poisoned, "no block finds the shared memory of another");
}

void check_streams() {
  cudaStream_t a, b;
  ok(cudaStreamCreateWithFlags(&a, cudaStreamNonBlocking));
  ok(cudaStreamCreateWithFlags(&b, cudaStreamNonBlocking));
  OnDevice<int> value(std::vector<int>{0});
  int* host;
  ok(cudaHostAlloc(&host, sizeof(int), cudaHostAllocDefault));
  *host = 100;
  emu::launch(increment, dim3(1), dim3(32), 0, a, value.data, 7);
  ok(cudaMemcpyAsync(host, value.data, sizeof(int), cudaMemcpyDeviceToHost, a));
  check(*host == 100, "nothing runs before it is waited for");
  ok(cudaStreamSynchronize(a));
  check(*host == 7, "a synchronised stream has run");

  // b waits for what a had when the event was recorded, and a's later work is not touched.
  cudaEvent_t event, other;
  ok(cudaEventCreate(&event));
  ok(cudaEventCreate(&other));
  emu::launch(increment, dim3(1), dim3(32), 0, a, value.data, 1);
  ok(cudaEventRecord(event, a));
  emu::launch(increment, dim3(1), dim3(32), 0, a, value.data, 1000);
  ok(cudaStreamWaitEvent(b, event));
  ok(cudaMemcpyAsync(host, value.data, sizeof(int), cudaMemcpyDeviceToHost, b));
  ok(cudaStreamSynchronize(b));
  check(*host == 8, "an event orders two streams and no more");
  ok(cudaEventRecord(other, a));
  check(cudaStreamQuery(a) == cudaSuccess || cudaStreamQuery(a) == cudaErrorNotReady, "a query says how it is");
  while (cudaEventQuery(other) == cudaErrorNotReady) {
  }
  check(value.read()[0] == 1008, "polling an event gets there");
  float milliseconds = -1;
  ok(cudaEventElapsedTime(&milliseconds, event, other));
  check(milliseconds >= 0, "time between events");
  ok(cudaEventDestroy(event));
  ok(cudaEventDestroy(other));
  ok(cudaFreeHost(host));
  ok(cudaStreamDestroy(a));
  ok(cudaStreamDestroy(b));
  check(cudaStreamSynchronize(a) == cudaErrorInvalidResourceHandle, "a destroyed stream is refused");
}

void check_graphs() {
  cudaStream_t stream, side;
  ok(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  ok(cudaStreamCreateWithFlags(&side, cudaStreamNonBlocking));
  cudaEvent_t fork, join;
  ok(cudaEventCreateWithFlags(&fork, cudaEventDisableTiming));
  ok(cudaEventCreateWithFlags(&join, cudaEventDisableTiming));
  OnDevice<int> value(std::vector<int>{0});
  cudaGraph_t graph;
  cudaGraphExec_t exec;
  ok(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
  emu::launch(increment, dim3(1), dim3(32), 0, stream, value.data, 3);
  ok(cudaEventRecord(fork, stream));
  ok(cudaStreamWaitEvent(side, fork));
  emu::launch(increment, dim3(1), dim3(32), 0, side, value.data, 4);
  ok(cudaEventRecord(join, side));
  ok(cudaStreamWaitEvent(stream, join));
  ok(cudaStreamEndCapture(stream, &graph));
  size_t nodes = 0;
  ok(cudaGraphGetNodes(graph, nullptr, &nodes));
  check(nodes == 2, "a graph holds what was captured, from both streams");
  check(value.read()[0] == 0, "capturing runs nothing");
  ok(cudaGraphInstantiate(&exec, graph));
  ok(cudaGraphDestroy(graph));
  for (int i = 0; i < 5; i++) ok(cudaGraphLaunch(exec, stream));
  check(value.read()[0] == 0, "a launched graph waits like anything else");
  ok(cudaStreamSynchronize(stream));
  check(value.read()[0] == 35, "a graph is replayed");
  ok(cudaGraphExecDestroy(exec));

  ok(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
  int* memory = nullptr;
  check(cudaMalloc(&memory, 4) == cudaErrorStreamCaptureUnsupported, "no allocation in a capture");
  check(cudaStreamEndCapture(stream, &graph) == cudaErrorStreamCaptureInvalidated, "a broken capture gives no graph");
  cudaGetLastError();
  ok(cudaEventDestroy(fork));
  ok(cudaEventDestroy(join));
  ok(cudaStreamDestroy(stream));
  ok(cudaStreamDestroy(side));
}

void check_limits() {
  setenv("EMU_MEMORY", "1000", 1);
  float *a = nullptr, *b = nullptr;
  ok(cudaMalloc(&a, 600));
  size_t left = 0, total = 0;
  ok(cudaMemGetInfo(&left, &total));
  check(left == 400 && total == 1000, "free memory");
  check(cudaMalloc(&b, 600) == cudaErrorMemoryAllocation && !b, "out of memory");
  check(cudaGetLastError() == cudaErrorMemoryAllocation && cudaGetLastError() == cudaSuccess, "the last error, once");
  ok(cudaFree(a));
  ok(cudaMalloc(&b, 600));
  check(cudaMemcpy(b, b, 601, cudaMemcpyDeviceToDevice) == cudaErrorInvalidValue, "a copy too long is refused");
  int host[200] = {};
  check(cudaMemcpy(b, host, 8, cudaMemcpyDeviceToDevice) == cudaErrorInvalidValue,
        "a copy of the wrong kind is refused");
  ok(cudaFree(b));
  check(cudaFree(host) == cudaErrorInvalidValue, "freeing what is not ours is refused");
  unsetenv("EMU_MEMORY");
  cudaGetLastError();

  emu::launch(divergent, dim3(1), dim3(1025), 0, nullptr);
  check(cudaGetLastError() == cudaErrorInvalidConfiguration, "1025 threads are refused");
  emu::launch(divergent, dim3(0), dim3(1), 0, nullptr);
  check(cudaGetLastError() == cudaErrorInvalidConfiguration, "an empty grid is refused");
  emu::launch(reduce, dim3(1), dim3(32), 50000, nullptr, nullptr, nullptr, 0);
  check(cudaGetLastError() == cudaErrorInvalidValue, "more than 48 KiB of shared memory must be asked for");
  ok(cudaFuncSetAttribute(reduce, cudaFuncAttributeMaxDynamicSharedMemorySize, 50000));
  OnDevice<float> out(1);
  emu::launch(reduce, dim3(1), dim3(32), 50000, nullptr, static_cast<float*>(nullptr), out.data, 0);
  ok(cudaGetLastError());
  check(out.read()[0] == 0, "and is there then");

  setenv("EMU_DEVICES", "0", 1);
  int count = 7;
  check(cudaGetDeviceCount(&count) == cudaErrorNoDevice && count == 0, "no device");
  setenv("EMU_DRIVER", "12040", 1);
  check(cudaGetDeviceCount(&count) == cudaErrorInsufficientDriver, "an old driver");
  unsetenv("EMU_DRIVER");
  unsetenv("EMU_DEVICES");
  cudaGetLastError();
}

// Each must end the program.
void fault(const std::string& name) {
  OnDevice<float> in(8), out(8);
  if (name == "divergent") emu::launch(divergent, dim3(1), dim3(32), 0, nullptr);
  if (name == "returns-early") emu::launch(returns_early, dim3(1), dim3(32), 0, nullptr);
  if (name == "half-a-warp") emu::launch(half_a_warp, dim3(1), dim3(32), 0, nullptr);
  if (name == "misaligned") emu::launch(misaligned, dim3(1), dim3(1), 0, nullptr, in.data, out.data);
  if (name == "beyond") emu::launch(beyond, dim3(1), dim3(1), 0, nullptr, out.data, 8);
  if (name == "beyond-shared") emu::launch(beyond_shared, dim3(1), dim3(8), 32, nullptr, out.data);
  ok(cudaDeviceSynchronize());
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  if (!mode.empty() && mode != "kernels") {
    fault(mode);
    std::printf("FAILED: '%s' went unnoticed\n", mode.c_str());
    return 0;
  }
  if (argc > 2) removed_barrier = std::atoi(argv[2]);
  check_kernels();
  if (mode.empty()) {
    check_poison();
    check_streams();
    check_graphs();
    check_limits();
  }
  std::printf(failures == 0 ? "all well\n" : "%d failed\n", failures);
  return failures == 0 ? 0 : 1;
}
