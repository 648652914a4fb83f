// The loop over the steps of a plan. The host only enqueues: a step finds its number, hyper values, rows and places for
// its results in device memory (StepBlock). After each chunk the block and the costs come back to pinned memory behind
// an event, so the device never waits for the host while a second chunk is on its way.
#include <cstring>
#include <new>
#include <vector>

#include "backend.h"
#include "cuda/kernels/context.h"
#include "cuda/kernels/fused/fused_many.h"
#include "cuda/kernels/kernels.h"
#include "cuda/kernels/step/step.h"

namespace myelin {
namespace cuda {

constexpr int most_chunks = 2;  // on their way

// Thread ownership: whoever leads the run; one thread at a time.
struct Loop {
  Device& device;
  const int32_t max_pointers, max_costs;
  Context context{};
  Parallel parallel{};
  cudaStream_t capture_stream = nullptr;

  // Device memory: StepBlock | pointers to data sets and collected fetches | ring of costs.
  char* memory = nullptr;
  uint64_t memory_bytes = 0;
  // Pinned host memory: what goes up at the start of a run, and what comes back from each chunk.
  char* staging = nullptr;
  char* reports[most_chunks] = {};
  cudaEvent_t events[most_chunks] = {};
  int64_t enqueued_chunks = 0, waited_chunks = 0;

  const Step* step = nullptr;
  Run run{};
  bool first_launched = false;
  std::vector<int32_t> together;  // by kernel: calls, from this one on, in its launch; 0 for those behind the first
  std::vector<int64_t> launches_by_kernel;
  int64_t launches_a_step = 0;

  std::vector<const void*> captured;  // the addresses in the graph
  cudaGraphExec_t graph = nullptr;

  Loop(Device& owner, int32_t pointers, int32_t costs) : device(owner), max_pointers(pointers), max_costs(costs) {}

  static size_t aligned(size_t bytes) { return (bytes + 255) & ~size_t{255}; }
  size_t pointers_at() const { return aligned(sizeof(StepBlock)); }
  size_t costs_at() const { return pointers_at() + aligned(static_cast<size_t>(max_pointers) * sizeof(void*)); }
  size_t cost_bytes() const { return static_cast<size_t>(max_chunk) * static_cast<size_t>(max_costs) * sizeof(double); }
  StepBlock* block() const { return reinterpret_cast<StepBlock*>(memory); }
  void** pointers() const { return reinterpret_cast<void**>(memory + pointers_at()); }
  double* costs() const { return reinterpret_cast<double*>(memory + costs_at()); }
};

namespace {

bool make(Loop& loop, Outcome& outcome) {
  loop.memory_bytes = loop.costs_at() + Loop::aligned(loop.cost_bytes());
  void* memory;
  if (!use(loop.device, outcome) || !allocate_on(loop.device, loop.memory_bytes, &memory, outcome)) return false;
  loop.memory = static_cast<char*>(memory);
  const size_t report_bytes = sizeof(StepBlock) + loop.cost_bytes();
  if (!outcome.ok("cudaHostAlloc", cudaHostAlloc(&loop.staging, loop.costs_at(), cudaHostAllocDefault))) return false;
  for (int i = 0; i < most_chunks; i++) {
    if (!outcome.ok("cudaHostAlloc", cudaHostAlloc(&loop.reports[i], report_bytes, cudaHostAllocDefault)) ||
        !outcome.ok("cudaEventCreate",
                    cudaEventCreateWithFlags(&loop.events[i], cudaEventBlockingSync | cudaEventDisableTiming))) {
      return false;
    }
  }
  if (!outcome.ok("cudaStreamCreate", cudaStreamCreateWithFlags(&loop.capture_stream, cudaStreamNonBlocking))) {
    return false;
  }
  loop.context.stream = loop.device.stream;
  loop.context.device = loop.device.index;
  loop.context.multiprocessors = loop.device.multiprocessors;
  loop.parallel = {&loop.context, 1, nullptr};
  return true;
}

// Everything that a capture bakes into launches: addresses, and numbers in their place.
void addresses_of(const Loop& loop, std::vector<const void*>& all) {
  const Step& step = *loop.step;
  all.clear();
  for (const int32_t n : {step.precision, step.n_gathers, step.n_collects})
    all.push_back(reinterpret_cast<const void*>(intptr_t{n}));
  all.push_back(step.hypers);
  for (int32_t i = 0; i < step.n_gathers; i++) all.push_back(step.gathers[i].to);
  for (int32_t i = 0; i < step.n_collects; i++) all.push_back(step.collects[i].from);
  for (int32_t i = 0; i < step.n_costs; i++) all.push_back(step.costs[i]);
  for (int32_t i = 0; i < step.n_kernels; i++) {
    const Call& call = step.calls[i];
    all.push_back(call.scratch);
    for (int32_t k = 0; k < call.n_in; k++) all.push_back(call.in[k].data);
    for (int32_t k = 0; k < call.n_out; k++) all.push_back(call.out[k].data);
  }
}

// Neighbours among the calls [first, end) with the same steps on different arrays become one launch.
void find_launches(Loop& loop, int32_t first, int32_t end) {
  const Step& step = *loop.step;
  const bool is_f64 = step.is_f64 != 0;
  const KernelFn fused = is_f64 ? fused_f64 : fused_f32;
  while (first < end) {
    int32_t neighbours = 0;
    while (first + neighbours < end && step.kernels[first + neighbours] == fused) neighbours++;
    const int32_t n = neighbours > 1 ? count_together(&step.calls[first], neighbours, is_f64) : 1;
    loop.together[static_cast<size_t>(first)] = n;
    first += n;
  }
}

// Enqueues one step, launch by launch, on the context's stream.
bool launch_step(Loop& loop, Outcome& outcome) {
  const Step& step = *loop.step;
  const bool is_f64 = step.is_f64 != 0;
  Context& context = loop.context;
  context.status = cudaSuccess;
  const int64_t before = context.launches;
  begin_step(context, loop.block(), step.n_hypers, step.hypers, is_f64);
  for (int32_t i = 0; i < step.n_gathers; i++) {
    gather_step(context, loop.block(), loop.pointers() + i, step.gathers[i].to, step.batch, step.gathers[i].row_bytes);
  }
  loop.launches_by_kernel.assign(static_cast<size_t>(step.n_kernels), 0);
  const auto call = [&](int32_t i) {
    const int64_t at = context.launches;
    const int32_t together = loop.together[static_cast<size_t>(i)];
    if (together > 1) {
      fused_together(&step.calls[i], together, is_f64);
    } else if (together == 1) {
      step.kernels[i](&step.calls[i]);
    }
    loop.launches_by_kernel[static_cast<size_t>(i)] = context.launches - at;
  };
  for (int32_t i = 0; i < step.n_compute; i++) call(i);
  if (!loop.run.compute_only) {
    if (step.n_costs > 0) record_costs(context, loop.block(), step.costs, step.n_costs, is_f64);
    for (int32_t i = 0; i < step.n_collects; i++) {
      collect_step(context, loop.block(), step.collects[i].from, loop.pointers() + step.n_gathers + i,
                   step.collects[i].count, step.collects[i].element_bytes);
    }
    for (int32_t i = step.n_compute; i < step.n_kernels; i++) call(i);
    end_step(context, loop.block());
  }
  loop.launches_a_step = context.launches - before;
  return outcome.ok("launching a kernel", context.status);
}

void forget_graph(Loop& loop) {
  if (loop.graph) cudaGraphExecDestroy(loop.graph);
  loop.graph = nullptr;
  loop.captured.clear();
}

// Captures on a stream of its own: other threads go on using the device's.
bool capture_step(Loop& loop, Outcome& outcome) {
  forget_graph(loop);
  loop.context.stream = loop.capture_stream;
  cudaGraph_t graph = nullptr;
  bool good =
      outcome.ok("cudaStreamBeginCapture", cudaStreamBeginCapture(loop.capture_stream, cudaStreamCaptureModeRelaxed));
  if (good) {
    good = launch_step(loop, outcome);
    good = outcome.ok("cudaStreamEndCapture", cudaStreamEndCapture(loop.capture_stream, &graph)) && good;
    good = good && outcome.ok("cudaGraphInstantiate", cudaGraphInstantiate(&loop.graph, graph, 0));
  }
  if (graph) cudaGraphDestroy(graph);
  loop.context.stream = loop.device.stream;
  if (!good) {
    forget_graph(loop);
    return false;
  }
  addresses_of(loop, loop.captured);
  loop.device.captures++;
  return true;
}

// A failed run may have left chunks behind.
bool settle(Loop& loop, Outcome& outcome) {
  if (loop.waited_chunks == loop.enqueued_chunks) return true;
  loop.waited_chunks = loop.enqueued_chunks = 0;
  loop.device.waits++;
  return outcome.ok("waiting for the device", cudaStreamSynchronize(loop.device.stream));
}

}  // namespace

Status loop_open(Device* device, int32_t max_gathers, int32_t max_collects, int32_t max_costs, Loop** loop,
                 Failure* failure) {
  Outcome outcome(failure);
  *loop = new (std::nothrow) Loop(*device, max_gathers + max_collects, max_costs);
  if (!*loop) {
    outcome.fail("the system has no memory left");
  } else if (!make(**loop, outcome)) {
    loop_close(*loop);
    *loop = nullptr;
  }
  return outcome.status();
}

void loop_close(Loop* loop) {
  Failure ignored;
  Outcome outcome(&ignored);
  if (use(loop->device, outcome)) {
    settle(*loop, outcome);
    forget_graph(*loop);
    for (int i = 0; i < most_chunks; i++) {
      if (loop->events[i]) cudaEventDestroy(loop->events[i]);
      if (loop->reports[i]) cudaFreeHost(loop->reports[i]);
    }
    if (loop->staging) cudaFreeHost(loop->staging);
    if (loop->capture_stream) cudaStreamDestroy(loop->capture_stream);
    cudaGetLastError();
  }
  release_on(loop->device, loop->memory, loop->memory_bytes);
  delete loop;
}

Handles loop_handles(Loop* loop) {
  StepBlock* block = loop->block();
  return {&block->key, &block->flag, &block->flag, &loop->parallel};
}

Status loop_begin(Loop* loop, const Step* step, const Run* run, Failure* failure) {
  Outcome outcome(failure);
  if (!use(loop->device, outcome) || !settle(*loop, outcome)) return outcome.status();
  if (step->n_gathers + step->n_collects > loop->max_pointers || step->n_costs > loop->max_costs) {
    outcome.fail("a step has more gathers, collected fetches or costs than its loop was made for");
    return outcome.status();
  }
  loop->step = step;
  loop->context.precision = step->precision;
  loop->run = *run;
  loop->first_launched = false;
  loop->together.assign(static_cast<size_t>(step->n_kernels), 0);
  find_launches(*loop, 0, step->n_compute);
  find_launches(*loop, step->n_compute, step->n_kernels);
  StepBlock block{};
  block.key = {run->seed, run->first_step};
  block.first_step = run->first_step;
  block.hyper = run->hyper;
  block.rows = run->rows;
  block.costs = loop->costs();
  block.cost_ring = max_chunk;
  // An earlier upload is over, or of a run that ended before its first step: this one follows it before anything is
  // read.
  memcpy(loop->staging, &block, sizeof(block));
  void** pointers = reinterpret_cast<void**>(loop->staging + loop->pointers_at());
  for (int32_t i = 0; i < step->n_gathers; i++) pointers[i] = const_cast<void*>(run->data[i]);
  for (int32_t i = 0; i < step->n_collects; i++) pointers[step->n_gathers + i] = run->collect_to[i];
  outcome.ok("cudaMemcpyAsync", cudaMemcpyAsync(loop->memory, loop->staging, loop->costs_at(), cudaMemcpyHostToDevice,
                                                loop->device.stream));
  return outcome.status();
}

Status loop_enqueue(Loop* loop, int64_t steps, Failure* failure) {
  Outcome outcome(failure);
  Device& device = loop->device;
  if (!use(device, outcome)) return outcome.status();
  if (steps < 1 || steps > max_chunk || loop->enqueued_chunks - loop->waited_chunks >= most_chunks) {
    outcome.fail("a chunk of %lld steps cannot be enqueued now", static_cast<long long>(steps));
    return outcome.status();
  }
  const int chunk = static_cast<int>(loop->enqueued_chunks % most_chunks);
  loop->enqueued_chunks++;  // from here on the stream holds work of this loop, whatever fails
  int64_t left = steps;
  if (!loop->first_launched) {
    // Launch by launch: loads every kernel before a capture, and saves the capture of runs of one step.
    if (!launch_step(*loop, outcome)) return outcome.status();
    device.launches += loop->launches_a_step;
    loop->first_launched = true;
    left--;
    std::vector<const void*> now;
    addresses_of(*loop, now);
    if (now != loop->captured) forget_graph(*loop);
  }
  if (left > 0 && !loop->graph && !capture_step(*loop, outcome)) return outcome.status();
  for (int64_t i = 0; i < left; i++) {
    if (!outcome.ok("cudaGraphLaunch", cudaGraphLaunch(loop->graph, device.stream))) return outcome.status();
  }
  device.launches += left * loop->launches_a_step;
  device.graph_launches += left;
  char* report = loop->reports[chunk];
  const size_t cost_bytes = static_cast<size_t>(max_chunk) * static_cast<size_t>(loop->step->n_costs) * sizeof(double);
  if (outcome.ok("cudaMemcpyAsync",
                 cudaMemcpyAsync(report, loop->memory, sizeof(StepBlock), cudaMemcpyDeviceToHost, device.stream)) &&
      (cost_bytes == 0 ||
       outcome.ok("cudaMemcpyAsync", cudaMemcpyAsync(report + sizeof(StepBlock), loop->costs(), cost_bytes,
                                                     cudaMemcpyDeviceToHost, device.stream)))) {
    outcome.ok("cudaEventRecord", cudaEventRecord(loop->events[chunk], device.stream));
  }
  return outcome.status();
}

Status loop_wait(Loop* loop, Progress* progress, Failure* failure) {
  Outcome outcome(failure);
  if (!use(loop->device, outcome)) return outcome.status();
  if (loop->waited_chunks == loop->enqueued_chunks) {
    outcome.fail("no chunk is on its way");
    return outcome.status();
  }
  const int chunk = static_cast<int>(loop->waited_chunks % most_chunks);
  loop->device.waits++;
  if (!outcome.ok("a step on the device", cudaEventSynchronize(loop->events[chunk]))) return outcome.status();
  loop->waited_chunks++;
  StepBlock block;
  memcpy(&block, loop->reports[chunk], sizeof(block));
  progress->committed = block.index;
  progress->flag = block.flag != 0;
  progress->costs = reinterpret_cast<const double*>(loop->reports[chunk] + sizeof(StepBlock));
  return outcome.status();
}

void loop_launches(Loop* loop, int64_t* by_kernel) {
  for (size_t i = 0; i < loop->launches_by_kernel.size(); i++) by_kernel[i] = loop->launches_by_kernel[i];
}

}  // namespace cuda
}  // namespace myelin
