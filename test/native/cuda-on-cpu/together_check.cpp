// Several calls of "fused" in one launch: their bits, what goes together and what does not, and the loop that does it
// by itself. Under the stand-in runtime, in every order of threads and blocks.
//
//   node scripts/cuda-stand-in.js --driver test/native/cuda-on-cpu/together_check.cpp   builds it, prints its path
//   together_check                                                                      ends with 1 if something is
//   wrong together_check quick                                                                fewer calls: for
//   sanitizers
#include <algorithm>

#include "cuda/api.h"
#include "cuda/kernels/fused/fused_many.h"
#include "kernels/checks.h"

MYELIN_CUDA_EXPORT const myelin::cuda::Api* myelin_cuda_api(void);

using namespace kernel_test;

namespace {

bool quick = false;

// The update of one parameter by momentum, in place: m ← β·m + g, w ← w − η·m; `skip` may be null.
template <class S>
struct Parameter {
  std::vector<S> w, g, m;
  DeviceArray<S> dw, dg, dm;
  View in[5], out[2];
  Parameter(int64_t n, const DeviceArray<S>& eta, const DeviceArray<S>& beta, Random& r)
      : w(numbers<S>(n, r)), g(numbers<S>(n, r)), m(numbers<S>(n, r)), dw(w), dg(g), dm(m) {
    const View views[] = {whole(dw, n), whole(dg, n), whole(dm, n), whole(eta, 1), whole(beta, 1)};
    std::copy(views, views + 5, in);
    out[0] = in[0];
    out[1] = in[2];
  }
  void reset() {
    dw.write(w);
    dm.write(m);
  }
};

template <class S>
class Momentum {
 public:
  Momentum(const std::vector<int64_t>& sizes, Random& random) : eta({rate}), beta({decay}), skip({0}) {
    inputs[3].mode = inputs[4].mode = load_scalar;
    // As the core makes them: the scalars of an update of one element are whole arrays.
    attrs[0] = {5, 4, 2, 9, inputs, steps, outputs};
    attrs[1] = {5, 4, 2, 9, single_inputs, steps, outputs};
    for (const int64_t n : sizes) {
      parameters.push_back(std::make_unique<Parameter<S>>(n, eta, beta, random));
      Parameter<S>& p = *parameters.back();
      Call call = {};
      call.in = p.in;
      call.out = p.out;
      call.n_in = 5;
      call.n_out = 2;
      call.attrs = &attrs[n == 1];
      call.parallel = &stream.parallel;
      call.skip = skip.data();
      calls.push_back(call);
    }
  }

  int32_t count(size_t first, size_t n) const {
    return cuda::count_together(&calls[first], static_cast<int32_t>(n), sizeof(S) == 8);
  }
  // Returns the number of launches.
  int64_t run(bool together) {
    const int64_t before = stream.context.launches;
    for (size_t i = 0; i < calls.size();) {
      const int32_t n = together ? count(i, calls.size() - i) : 1;
      cuda::fused_together(&calls[i], n, sizeof(S) == 8);
      i += static_cast<size_t>(n);
    }
    stream.finish();
    return stream.context.launches - before;
  }
  std::vector<S> state() const {
    std::vector<S> all;
    for (const auto& p : parameters) {
      for (const DeviceArray<S>* array : {&p->dw, &p->dm}) {
        const std::vector<S> values = array->read();
        all.insert(all.end(), values.begin(), values.end());
      }
    }
    return all;
  }
  void reset() {
    for (const auto& p : parameters) p->reset();
  }

  const S rate = S(0.1), decay = S(0.9);
  Stream stream;
  const DeviceArray<S> eta, beta;
  DeviceArray<uint32_t> skip;
  FusedInput inputs[5] = {}, single_inputs[5] = {};  // w, g, m, η, β
  const KernelTable& table = *myelin_cuda_kernels();
  const FusedStep steps[4] = {{elementwise(table, "mul"), 5, 4, 2, 0, 0},
                              {elementwise(table, "add"), 6, 5, 1, 0, 0},
                              {elementwise(table, "mul"), 7, 3, 6, 0, 0},
                              {elementwise(table, "sub"), 8, 0, 7, 0, 0}};
  const FusedOutput outputs[2] = {{8, 1}, {6, 1}};
  FusedAttrs attrs[2];
  std::vector<std::unique_ptr<Parameter<S>>> parameters;
  std::vector<Call> calls;
};

// Sizes that end within a pack, a block and several blocks, arrays of one element first, last and between.
std::vector<int64_t> sizes_of(size_t n, Random& random) {
  std::vector<int64_t> sizes = {1, 2, 3, 4, 7, 1, 512, 2048, 2049, 5000};
  while (sizes.size() + 1 < n) sizes.push_back(1 + random.below(60));
  sizes.push_back(1);
  return sizes;
}

template <class S>
void check_together() {
  Random random(3);
  const struct {
    size_t calls;
    int64_t launches;
  } cases[] = {{40, 1}, {48, 1}, {49, 1}, {460, 1}, {461, 2}};  // both sizes of parameters, full and one more
  for (const auto& c : cases) {
    if (quick && c.calls > 100) continue;
    const std::string what = std::to_string(c.calls) + " updates";
    Momentum<S> updates(sizes_of(c.calls, random), random);
    const std::vector<S> before = updates.state();
    updates.skip.write({1});
    expect(updates.run(true) == c.launches, what + ": number of launches");
    expect(updates.state() == before, what + ": nothing is written in a step that is skipped");
    updates.skip.write({0});
    updates.run(true);
    const std::vector<S> together = updates.state();
    for (const auto& p : updates.parameters) {
      const std::vector<S> w = p->dw.read(), m = p->dm.read();
      bool same = true;
      for (size_t i = 0; i < w.size(); i++) {
        const S expected = updates.decay * p->m[i] + p->g[i];
        same = same && m[i] == expected && w[i] == p->w[i] - updates.rate * expected;
      }
      expect(same, what + ": one of " + std::to_string(w.size()) + " elements");
    }
    updates.reset();
    expect(updates.run(false) == static_cast<int64_t>(c.calls), what + ": one by one");
    const std::vector<S> apart = updates.state();
    expect(std::memcmp(apart.data(), together.data(), apart.size() * sizeof(S)) == 0, what + ": other bits together");
  }
}

// Steps with so many arrays that these are what fills the parameters: sums of ten.
template <class S>
void check_room() {
  constexpr int32_t n_inputs = 10, n_calls = 300;
  constexpr int64_t elements = 4;
  Random random(6);
  Stream stream;
  const std::vector<S> x = numbers<S>(n_calls * n_inputs * elements, random);
  const DeviceArray<S> from(x), to(std::vector<S>(n_calls * elements));
  FusedInput inputs[n_inputs] = {};
  std::vector<FusedStep> steps;
  const int32_t add = elementwise(*myelin_cuda_kernels(), "add");
  for (int32_t i = 1; i < n_inputs; i++) {
    steps.push_back({add, n_inputs + i - 1, i == 1 ? 0 : n_inputs + i - 2, i, 0, 0});
  }
  const FusedOutput output = {2 * n_inputs - 2, 0};
  const FusedAttrs attrs = {n_inputs, n_inputs - 1, 1, 2 * n_inputs - 1, inputs, steps.data(), &output};
  std::vector<View> views;
  for (int64_t i = 0; i < n_calls * n_inputs; i++) {
    views.push_back(whole(from, elements));
    views.back().data = from.data() + i * elements;
  }
  for (int64_t c = 0; c < n_calls; c++) {
    views.push_back(whole(to, elements));
    views.back().data = to.data() + c * elements;
  }
  std::vector<Call> calls(n_calls);
  for (int32_t c = 0; c < n_calls; c++) {
    calls[c].in = &views[c * n_inputs];
    calls[c].out = &views[n_calls * n_inputs + c];
    calls[c].n_in = n_inputs;
    calls[c].n_out = 1;
    calls[c].attrs = &attrs;
    calls[c].parallel = &stream.parallel;
  }
  const int32_t together = cuda::count_together(calls.data(), n_calls, sizeof(S) == 8);
  expect(together == 298, "298 calls of eleven arrays fill a launch");
  cuda::fused_together(calls.data(), together, sizeof(S) == 8);
  cuda::fused_together(&calls[together], n_calls - together, sizeof(S) == 8);
  stream.finish();
  const std::vector<S> sums = to.read();
  bool same = true;
  for (int64_t i = 0; i < n_calls * elements; i++) {
    S sum = 0;
    for (int64_t k = 0; k < n_inputs; k++) {
      const S term = x[(i / elements * n_inputs + k) * elements + i % elements];
      sum = k == 0 ? term : sum + term;
    }
    same = same && sums[i] == sum;
  }
  expect(same, "sums of ten arrays");
}

// What must not go together.
template <class S>
void check_apart() {
  Random random(4);
  Momentum<S> updates({6, 2048, 5000, 1, 40, 1, 1}, random);
  std::vector<Call>& calls = updates.calls;
  expect(updates.count(0, 7) == 7 && updates.count(5, 2) == 2, "updates of all sizes go together");
  std::swap(calls[1], calls[0]);
  const Call other = calls[1];
  calls[1] = calls[0];
  expect(updates.count(0, 7) == 1, "an update that reads what another one writes waits for it");
  calls[1] = other;
  Parameter<S>& third = *updates.parameters[2];
  third.in[1] = updates.parameters[0]->out[0];
  third.in[1].count = 6;
  expect(updates.count(0, 7) == 2, "an update that reads what an earlier one writes waits for it");
  third.in[1] = whole(third.dg, 5000);
  Parameter<S>& first = *updates.parameters[1];
  first.in[1] = third.out[1];
  first.in[1].count = 2048;
  expect(updates.count(0, 7) == 2, "an update that writes what an earlier one reads waits for it");
  first.in[1] = updates.parameters[4]->in[1] = third.in[1];
  expect(updates.count(0, 7) == 7, "several may read the same array");
  third.in[1].data = third.dg.data() + 1;
  expect(updates.count(0, 7) == 2, "an unaligned array goes by itself");
  third.in[1] = whole(third.dg, 5000);
  const DeviceArray<uint32_t> another({0});
  calls[2].skip = another.data();
  expect(updates.count(0, 7) == 2, "another flag, another launch");
  calls[2].skip = updates.skip.data();
  third.in[3] = third.in[0];
  third.in[3].count = 1;
  expect(updates.count(0, 7) == 2, "a scalar that changes under its readers");
  third.in[3] = whole(updates.eta, 1);
  const FusedStep twice[4] = {
      updates.steps[0], updates.steps[1], updates.steps[2], {updates.steps[1].op, 8, 0, 7, 0, 0}};
  const FusedAttrs other_steps = {5, 4, 2, 9, updates.inputs, twice, updates.outputs};
  calls[2].attrs = &other_steps;
  expect(updates.count(0, 7) == 2, "other steps go by themselves");
  calls[2].attrs = &updates.attrs[0];
  updates.inputs[2].mode = load_row;
  updates.inputs[2].period = 1;
  expect(updates.count(0, 7) == 1, "broadcasts go by themselves");
}

// Devices stay open as long as the process.
cuda::Device* open_device() {
  static cuda::Device* device = nullptr;
  cuda::Failure failure;
  if (!device && myelin_cuda_api()->device_open(0, &device, &failure) != cuda::status_ok) expect(false, failure.text);
  return device;
}

// The loop puts them together by itself, counts one launch for the first of them, and replays what it captured.
template <class S>
void check_loop_together() {
  Random random(5);
  const int64_t steps = 4;
  Momentum<S> updates(sizes_of(43, random), random);
  for (int64_t i = 0; i < steps; i++) updates.run(false);
  const std::vector<S> expected = updates.state();
  updates.reset();

  const cuda::Api& api = *myelin_cuda_api();
  cuda::Failure failure;
  cuda::Loop* loop = nullptr;
  const auto good = [&](cuda::Status status) { expect(status == cuda::status_ok, failure.text); };
  good(api.loop_open(open_device(), 0, 0, 0, &loop, &failure));
  const cuda::Handles handles = api.loop_handles(loop);
  for (Call& call : updates.calls) {
    call.key = handles.key;
    call.skip = handles.skip;
    call.parallel = handles.parallel;
  }
  const KernelEntry& fused = kernel<S>(*myelin_cuda_kernels(), "fused");
  const int32_t n = static_cast<int32_t>(updates.calls.size());
  const std::vector<KernelFn> kernels(n, fused.run);
  for (const int32_t n_compute : {0, 3}) {  // a launch never reaches over the end of a phase
    updates.reset();
    cuda::Step step = {};
    step.is_f64 = sizeof(S) == 8;
    step.n_kernels = n;
    step.n_compute = n_compute;
    step.kernels = kernels.data();
    step.calls = updates.calls.data();
    cuda::Run run = {};
    run.first_step = 1;
    run.steps = steps;
    good(api.loop_begin(loop, &step, &run, &failure));
    good(api.loop_enqueue(loop, steps, &failure));
    cuda::Progress progress = {};
    good(api.loop_wait(loop, &progress, &failure));
    const std::string what = "a loop with " + std::to_string(n_compute) + " calls before the others: ";
    expect(progress.committed == steps && progress.flag == 0, what + "steps");
    std::vector<int64_t> launches(n, -1), wanted(n, 0);
    wanted[0] = wanted[n_compute] = 1;
    api.loop_launches(loop, launches.data());
    expect(launches == wanted, what + "launches by call");
    const std::vector<S> found = updates.state();
    expect(std::memcmp(found.data(), expected.data(), found.size() * sizeof(S)) == 0, what + "bits");
  }
  api.loop_close(loop);
}

template <class S>
void check() {
  check_together<S>();
  if (!quick) check_room<S>();
  check_apart<S>();
  check_loop_together<S>();
}

}  // namespace

int main(int argc, char** argv) {
  quick = argc > 1 && std::string(argv[1]) == "quick";
  return in_every_order("together_check", [] {
    check<float>();
    check<double>();
  });
}
