// Every kernel but matmul on one core: nanoseconds per element and GB/s (bytes that must be read and written, each
// once). MYELIN_ISA chooses the instruction set; `kernels [text]` runs the rows whose name holds that text.
//
//   g++ -std=c++17 -O2 -Inative bench/kernels.cpp <objects of native/cpu> -o kernels
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "core/device/backend.h"

namespace {

using namespace myelin;

double now() {
  using namespace std::chrono;
  return duration<double>(steady_clock::now().time_since_epoch()).count();
}

const KernelTable& table() { return cpu_backend().kernels(); }

int op(const char* name) {
  for (int i = 0; i < table().n_elementwise; i++) {
    if (!std::strcmp(table().elementwise[i].name, name)) return i;
  }
  std::fprintf(stderr, "no element-wise op '%s'\n", name);
  std::exit(2);
}

View array(std::initializer_list<int64_t> dims, float value = 0.5f) {
  View v = {};
  v.count = 1;
  for (int64_t d : dims) {
    v.dims[v.rank++] = d;
    v.count *= d;
  }
  v.data = cpu_backend().allocate(v.count * sizeof(float));
  // Different numbers, so that no branch or denormal makes it look better or worse than it is.
  for (int64_t i = 0; i < v.count; i++)
    static_cast<float*>(v.data)[i] = value * (0.5f + static_cast<float>(i % 97) / 97);
  return v;
}

// The best of several batches of repetitions: what the code can do when the machine lets it.
double best_seconds(const std::function<void()>& body) {
  body();
  const double start = now();
  body();
  const int repeats = std::max(1, static_cast<int>(2e-3 / std::max(1e-7, now() - start)));
  double best = 1e9;
  for (int batch = 0; batch < 15; batch++) {
    const double begin = now();
    for (int i = 0; i < repeats; i++) body();
    best = std::min(best, (now() - begin) / repeats);
  }
  return best;
}

const char* wanted = "";

void report(const std::string& name, int64_t elements, double bytes, const std::function<void()>& body) {
  if (!std::strstr(name.c_str(), wanted)) return;
  const double seconds = best_seconds(body);
  std::printf("%-36s %10.2f µs %8.3f ns/element %8.1f GB/s\n", name.c_str(), seconds * 1e6, seconds * 1e9 / elements,
              bytes / seconds * 1e-9);
}

void bench(const std::string& kernel, const std::string& shape, std::vector<View> in, std::vector<View> out,
           const void* attrs, int64_t elements, double bytes) {
  for (int i = 0; i < table().n_kernels; i++) {
    const KernelEntry& entry = table().kernels[i];
    if (kernel != entry.name || entry.dtype != DType::f32) continue;
    StepKey key = {1, 1};
    Call call = {};
    call.in = in.data();
    call.out = out.data();
    call.n_in = static_cast<int32_t>(in.size());
    call.n_out = static_cast<int32_t>(out.size());
    call.attrs = attrs;
    call.key = &key;
    const size_t scratch = entry.scratch ? entry.scratch(&call, 1) : 0;
    call.scratch = cpu_backend().allocate(scratch);
    report(kernel + " " + shape, elements, bytes, [&] { entry.run(&call); });
    cpu_backend().release(call.scratch, scratch);
  }
}

void bench_elementwise(int64_t n) {
  const View a = array({n}), b = array({n}), c = array({n}), d = array({n});
  for (int i = 0; i < table().n_elementwise; i++) {
    const ElementwiseEntry& e = table().elementwise[i];
    report(std::string(e.name) + " [" + std::to_string(n) + "]", n, 4.0 * n * (e.arity + 1),
           [&] { e.f32(d.data, a.data, b.data, c.data, n, 0.01); });
  }
}

// Adam with bias correction in the learning rate, in place: 14 steps over w, g, v, s.
void bench_adam(int64_t n) {
  std::vector<View> in = {array({n}),       array({n}),       array({n}),        array({n}),
                          array({}, 0.9f),  array({}, 0.1f),  array({}, 0.999f), array({}, 0.001f),
                          array({}, 1e-3f), array({}, 1e-8f), array({}, 1.0f)};
  enum { w, g, v, s, beta1, rest1, beta2, rest2, rate, epsilon, correction, first };
  std::vector<FusedInput> inputs(in.size());
  for (int i = 0; i < first; i++) inputs[i].mode = i < beta1 ? load_full : load_scalar;
  int next = first;
  std::vector<FusedStep> steps;
  const auto step = [&](const char* name, int a, int b) {
    steps.push_back({op(name), next, a, b, b, 0});
    return next++;
  };
  const int new_v = step("add", step("mul", v, beta1), step("mul", g, rest1));
  const int new_s = step("add", step("mul", s, beta2), step("mul", step("mul", g, g), rest2));
  const int root = step("add", step("sqrt", step("mul", new_s, correction), 0), epsilon);
  const int new_w = step("sub", w, step("div", step("mul", step("mul", new_v, correction), rate), root));
  const std::vector<FusedOutput> outputs = {{new_w, w + 1}, {new_v, v + 1}, {new_s, s + 1}};
  const FusedAttrs attrs = {first,         static_cast<int>(steps.size()), 3, next, inputs.data(), steps.data(),
                            outputs.data()};
  bench("fused", "Adam, " + std::to_string(steps.size()) + " steps [" + std::to_string(n) + "]", in,
        {in[w], in[v], in[s]}, &attrs, n, 28.0 * n);
}

// relu backward of a layer with bias broadcast: mul(dy, greaterEqual(add(z, bias), 0)).
void bench_broadcast(int64_t m, int64_t n) {
  std::vector<View> in = {array({m, n}), array({m, n}), array({n}), array({m}), array({}, 0.0f)};
  std::vector<FusedInput> inputs(5);
  inputs[2].mode = load_row, inputs[2].period = n;
  inputs[3].mode = load_column, inputs[3].period = n;
  inputs[4].mode = load_scalar;
  const FusedStep steps[] = {{op("add"), 5, 1, 2, 2, 0},
                             {op("greaterEqual"), 6, 5, 4, 4, 0},
                             {op("mul"), 7, 0, 6, 6, 0},
                             {op("mul"), 8, 7, 3, 3, 0}};
  const FusedOutput output = {8, 0};
  const FusedAttrs attrs = {5, 4, 1, 9, inputs.data(), steps, &output};
  bench("fused", "row and column, 4 steps [" + std::to_string(m) + "," + std::to_string(n) + "]", in, {array({m, n})},
        &attrs, m * n, 12.0 * m * n);
}

void bench_reduce(const char* kernel, int64_t outer, int64_t n, int64_t inner) {
  const ReduceAttrs attrs = {outer, n, inner};
  const int64_t count = outer * n * inner;
  bench(kernel, "[" + std::to_string(outer) + "," + std::to_string(n) + "," + std::to_string(inner) + "]",
        {array({outer, n, inner})}, {array({outer, inner})}, &attrs, count, 4.0 * count);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1) wanted = argv[1];
  std::printf("%s, one core, float32\n", cpu_backend().describe().c_str());
  bench_elementwise(8192);
  bench_adam(235146);
  bench_adam(8192);
  bench_adam(64);
  bench_broadcast(128, 256);
  bench_broadcast(128, 10);
  bench_broadcast(8, 2);
  bench_reduce("sum", 1, 128, 256);
  bench_reduce("sum", 1, 128, 10);
  bench_reduce("sum", 1, 1 << 20, 1);
  bench_reduce("sum", 1024, 256, 1);
  bench_reduce("sumSquares", 1, 235146, 1);
  bench_reduce("max", 1024, 256, 1);
  bench_reduce("max", 1, 128, 256);
  bench_reduce("argmax", 128, 10, 1);
  bench("softmax", "[128,10]", {array({128, 10})}, {array({128, 10})}, nullptr, 1280, 8.0 * 1280);
  bench("softmax", "[128,1000]", {array({128, 1000})}, {array({128, 1000})}, nullptr, 128000, 8.0 * 128000);
  bench("softmaxCrossEntropy", "[128,10]", {array({128, 10}), array({128, 10})}, {array({128, 1})}, nullptr, 1280,
        8.0 * 1280);
  TransposeAttrs turn = {{1, 0}};
  bench("transpose", "[784,256]", {array({784, 256})}, {array({256, 784})}, &turn, 200704, 8.0 * 200704);
  RandomAttrs random = {1};
  bench("randomUniform", "[128,256]", {}, {array({128, 256})}, &random, 32768, 4.0 * 32768);
  bench("guard", "[235146]", {array({235146})}, {array({1})}, nullptr, 235146, 4.0 * 235146);
  bench("copy", "[235146]", {array({235146})}, {array({235146})}, nullptr, 235146, 8.0 * 235146);
  View rows = array({128});
  for (uint32_t i = 0; i < 128; i++) static_cast<uint32_t*>(rows.data)[i] = i * 61 % 8000;
  bench("gather", "[8000,784], 128 rows", {array({8000, 784}), rows}, {array({128, 784})}, nullptr, 128 * 784,
        8.0 * 128 * 784);
  return 0;
}
