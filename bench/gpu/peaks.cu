// What a GPU can do, measured: the multiply-add peaks of float32, float64 and the tensor cores, memory and L2
// bandwidth, and the time of launches and graph replays. Every kernel's result is checked before its time counts.
//
//   gpu_peaks [--tiny]     lines of JSON, rates as the best of several rounds; --tiny: to try the program, not the GPU
//
// Built by scripts/gpu with nvcc or, to try it without a GPU, with the stand-in runtime of test/native/cuda-on-cpu.
#include <cstring>
#include <ctime>

#include "peaks_arithmetic.cuh"
#include "peaks_memory.cuh"

namespace {

__global__ void count_up(unsigned long long* counter) {
  if (threadIdx.x == 0) *counter += 1;
}

double host_seconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// Seconds of one call by the host's clock, the wait for the device included: the median of 15 rounds of `repeats`.
template <class Work>
double median_host_seconds(Machine& machine, int repeats, Work work) {
  std::vector<double> rounds;
  for (int round = 0; round < (machine.tiny ? 1 : 15); round++) {
    const double begin = host_seconds();
    for (int i = 0; i < repeats; i++) work();
    machine.wait("a launch");
    rounds.push_back((host_seconds() - begin) / repeats);
  }
  std::nth_element(rounds.begin(), rounds.begin() + rounds.size() / 2, rounds.end());
  return rounds[rounds.size() / 2];
}

class Graph {
 public:
  template <class Work>
  Graph(Machine& machine, Work work) {
    cudaGraph_t graph = nullptr;
    need(cudaStreamBeginCapture(machine.context.stream, cudaStreamCaptureModeRelaxed), "cudaStreamBeginCapture");
    work();
    need(cudaStreamEndCapture(machine.context.stream, &graph), "cudaStreamEndCapture");
    const cudaError_t made = cudaGraphInstantiate(&exec_, graph, 0);
    cudaGraphDestroy(graph);
    need(made, "cudaGraphInstantiate");
  }
  ~Graph() { cudaGraphExecDestroy(exec_); }
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;
  void replay(Machine& machine) const { need(cudaGraphLaunch(exec_, machine.context.stream), "cudaGraphLaunch"); }

 private:
  cudaGraphExec_t exec_ = nullptr;
};

void measure_launches(Machine& machine) {
  constexpr int in_graph = 64;
  Array<unsigned long long> counter(1);
  const auto kernel = [&] { launch(machine.context, count_up, dim3(1), dim3(32), 0, counter.data()); };
  const Graph one(machine, kernel), many(machine, [&] {
    for (int i = 0; i < in_graph; i++) kernel();
  });
  const int repeats = machine.tiny ? 2 : 1000;
  // `work` launches `kernels` kernels; each of them must have run.
  const auto time = [&](const char* name, int times, int kernels, auto work) {
    lines::measure(name, [&] {
      work();
      machine.wait("a launch");
      counter.fill_bytes(0);
      const double seconds = median_host_seconds(machine, times, work);
      const auto ran = counter.read()[0];
      const auto expected = static_cast<unsigned long long>(times) * kernels * (machine.tiny ? 1 : 15);
      if (ran != expected) {
        throw std::runtime_error(std::to_string(ran) + " kernels ran, expected " + std::to_string(expected));
      }
      report(name, seconds / kernels * 1e6, "us");
    });
  };
  time("kernel launch, many at once", repeats, 1, kernel);
  time("kernel launch and wait", 1, 1, kernel);
  time("graph of 64 kernels, per kernel", std::max(1, repeats / 10), in_graph, [&] { many.replay(machine); });
  time("graph of 1 kernel, replay and wait", 1, 1, [&] { one.replay(machine); });
}

int run(bool tiny) {
  Machine machine;
  machine.tiny = tiny;
  lines::measure("device", [&] {
    int count = 0;
    need(cudaGetDeviceCount(&count), "cudaGetDeviceCount");
    if (count < 1) throw std::runtime_error("there is no CUDA device");
    need(cudaGetDeviceProperties(&machine.properties, 0), "cudaGetDeviceProperties");
    need(cudaStreamCreateWithFlags(&machine.context.stream, cudaStreamNonBlocking), "cudaStreamCreate");
  });
  if (lines::failures > 0) return 1;
  lines::measure("FMA float32", [&] { measure_fma<float>(machine, "FMA float32"); });
  lines::measure("FMA float64", [&] { measure_fma<double>(machine, "FMA float64"); });
  lines::measure("tensor cores TF32",
                 [&] { measure_tensor<myelin::cuda::Tf32>(machine, "tensor cores TF32", tf32_depth); });
  lines::measure("tensor cores bf16",
                 [&] { measure_tensor<myelin::cuda::Bf16>(machine, "tensor cores bf16", bf16_depth); });
  lines::measure("memory", [&] { measure_memory(machine); });
  lines::measure("L2 read", [&] { measure_l2(machine); });
  lines::measure("launches", [&] { measure_launches(machine); });
  return lines::failures > 0 ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  const bool tiny = argc == 2 && std::strcmp(argv[1], "--tiny") == 0;
  if (argc > 1 && !tiny) {
    std::fprintf(stderr, "usage: gpu_peaks [--tiny]\n");
    return 2;
  }
  return run(tiny);
}
