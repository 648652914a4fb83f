// What the table of kernels does not reach: the kernels that drive a step, and fused steps too many for the
// parameters of a kernel. Under the stand-in runtime, in every order of threads and blocks.
//
//   node scripts/cuda-stand-in.js --driver test/native/cuda-on-cpu/step_check.cpp      builds it and prints its path
//   step_check                                                                         ends with 1 if something is
//   wrong
#include <algorithm>

#include "cuda/kernels/step/step.h"
#include "kernels/checks.h"

using namespace kernel_test;

namespace {

// Three steps, then one that is not finite and one behind it.
template <class S>
void check_loop(int64_t width) {
  const bool is_f64 = sizeof(S) == 8;
  Stream stream;
  const int64_t batch = 3, rows_of_data = 5, steps = 5, ring = 2;
  std::vector<S> data(rows_of_data * width);
  for (size_t i = 0; i < data.size(); i++) data[i] = static_cast<S>(i);
  std::vector<uint32_t> rows(steps * batch);
  for (size_t i = 0; i < rows.size(); i++) rows[i] = static_cast<uint32_t>(i * 7 % rows_of_data);
  std::vector<double> hyper(steps * 2);
  for (size_t i = 0; i < hyper.size(); i++) hyper[i] = static_cast<double>(i) + 0.1;
  const DeviceArray<S> device_data(data), to(std::vector<S>(batch * width)), hypers(std::vector<S>(2));
  const DeviceArray<S> costs({S(3), S(4)}), collected(std::vector<S>(1 + steps * batch * width, S(-1)));
  const DeviceArray<double> device_hyper(hyper), recorded(std::vector<double>(ring * 2, -1));
  const DeviceArray<uint32_t> device_rows(rows);
  const DeviceArray<void*> pointers({device_data.data(), collected.data() + 1});
  cuda::StepBlock block = {};
  block.key.seed = 9;
  block.first_step = 11;
  block.hyper = device_hyper.data();
  block.rows = device_rows.data();
  block.costs = recorded.data();
  block.cost_ring = ring;
  DeviceArray<cuda::StepBlock> device_block({block});
  const void* cost_list[] = {costs.data(), costs.data() + 1};
  for (int64_t step = 0; step < steps; step++) {
    const bool good = step < 3;
    cuda::begin_step(stream.context, device_block.data(), 2, hypers.data(), is_f64);
    cuda::gather_step(stream.context, device_block.data(), pointers.data(), to.data(), batch,
                      width * static_cast<int64_t>(sizeof(S)));
    stream.finish();
    const std::string what = "step " + std::to_string(step) + ", rows of " + std::to_string(width);
    block = device_block.read()[0];
    const int64_t row = std::min<int64_t>(step, 3);  // behind the failed one, nothing moves
    expect(block.key.seed == 9 && block.key.step == 11u + static_cast<uint64_t>(row), what + ": its number");
    const std::vector<S> now = hypers.read(), batch_rows = to.read();
    expect(now[0] == static_cast<S>(hyper[2 * row]) && now[1] == static_cast<S>(hyper[2 * row + 1]), what + ": hypers");
    bool same = true;
    for (int64_t i = 0; i < batch * width; i++) {
      same = same && batch_rows[i] == data[rows[row * batch + i / width] * width + i % width];
    }
    expect(same, what + ": gathered rows");
    if (step == 3) {
      block.flag = 1;
      device_block.write({block});
    }
    cuda::record_costs(stream.context, device_block.data(), cost_list, 2, is_f64);
    cuda::collect_step(stream.context, device_block.data(), to.data(), pointers.data() + 1, batch * width, sizeof(S));
    cuda::end_step(stream.context, device_block.data());
    stream.finish();
    expect(device_block.read()[0].index == std::min<int64_t>(step + 1, 3), what + ": steps committed");
    const std::vector<double> ring_now = recorded.read();
    expect(ring_now[step % ring * 2] == 3 && ring_now[step % ring * 2 + 1] == 4, what + ": costs");
    const std::vector<S> all = collected.read();
    const S* part = all.data() + 1 + step * batch * width;
    expect(std::equal(part, part + batch * width, good ? batch_rows.data() : std::vector<S>(batch * width, -1).data()),
           what + (good ? ": collected" : ": collects nothing once the flag is up"));
  }
}

// Sums of many inputs, each with strides of its own: the mappings wait in scratch.
template <class S>
void check_large(int32_t n_inputs) {
  Random random(static_cast<uint64_t>(n_inputs));
  const int64_t dims[] = {3, 5, 8}, count = 3 * 5 * 8;
  std::vector<FusedInput> inputs(n_inputs);
  std::vector<Operand> operands;
  std::vector<std::vector<S>> values;
  for (int32_t i = 0; i < n_inputs; i++) {
    inputs[i] = {};
    inputs[i].mode = load_strided;
    inputs[i].rank = 3;
    for (int d = 0; d < 3; d++) {
      inputs[i].dims[d] = dims[d];
      inputs[i].strides[d] = random.below(7);
    }
    values.push_back(numbers<S>(1 + 6 * (2 + 4 + 7), random));
    operands.push_back(operand({static_cast<int64_t>(values.back().size())}, values.back()));
  }
  std::vector<FusedStep> steps;
  const int32_t add = elementwise(*myelin_cuda_kernels(), "add");
  for (int32_t i = 1; i < n_inputs; i++)
    steps.push_back({add, n_inputs + i - 1, i == 1 ? 0 : n_inputs + i - 2, i, 0, 0});
  const int32_t n_steps = n_inputs - 1;
  const FusedOutput output = {n_inputs + n_steps - 1, 0};
  const FusedAttrs attrs = {n_inputs, n_steps, 1, n_inputs + n_steps, inputs.data(), steps.data(), &output};
  const DeviceResult result = call_device<S>("fused", operands, {unwritten<S>({3, 5, 8})}, &attrs);
  std::vector<S> got(count);
  std::memcpy(got.data(), result.out[0].data(), count * sizeof(S));
  bool same = true;
  for (int64_t e = 0; e < count; e++) {
    S sum = 0;
    for (int32_t i = 0; i < n_inputs; i++) {
      const int64_t* s = inputs[i].strides;
      const S x = values[i][e / 40 * s[0] + e / 8 % 5 * s[1] + e % 8 * s[2]];
      sum = i == 0 ? x : sum + x;
    }
    same = same && got[e] == sum;
  }
  expect(same, "fused steps of " + std::to_string(n_inputs) + " inputs with strides");
}

template <class S>
void check() {
  for (const int64_t width : {8, 3, 1}) check_loop<S>(width);
  for (const int32_t n : {2, 4, 5, 20, 32}) check_large<S>(n);
}

}  // namespace

int main() {
  return in_every_order("step_check", [] {
    check<float>();
    check<double>();
  });
}
