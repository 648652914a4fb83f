// Every kernel of the matmul on odd shapes, against a plain product in float64, in every order of threads and blocks.
//
//   matmul_check            all kernels, all orders; ends with 1 if something is wrong
//   matmul_check quick      the smallest shapes only: for sanitizers, which are slow
//
// Shapes are small against the tiles, so that every edge is met; tilings are forced, so that every kernel meets every
// shape. A result stands between guards that must keep their value, and must be the same bits in every order.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "cuda/kernels/fused/elementwise.cuh"
#include "cuda/kernels/kernels.h"
#include "cuda/kernels/product/matmul_launch.h"
#include "matmul_case.h"

using namespace myelin;
using cuda::MatmulKernel;
using cuda::MatmulShape;
using cuda::MatmulTiling;

namespace {

int products = 0;

const char* const kernel_names[] = {"large", "medium",  "small",        "narrow",       "few",
                                    "dot",   "columns", "tensor large", "tensor medium"};
std::string text_of(const Case& c, const MatmulTiling& tiling, const char* type, int precision) {
  char text[200];
  std::snprintf(text, sizeof text, "%s %s%s %lld×%lld×%lld%s%s%s%s act %d splits %d", type,
                kernel_names[static_cast<int>(tiling.kernel)],
                precision == 1   ? " tf32"
                : precision == 2 ? " bf16"
                                 : "",
                static_cast<long long>(c.m), static_cast<long long>(c.n), static_cast<long long>(c.k),
                c.trans_a ? " Aᵀ" : "", c.trans_b ? " Bᵀ" : "", c.bias ? " bias" : "", c.z ? " z" : "",
                static_cast<int>(c.activation), static_cast<int>(tiling.splits));
  return text;
}

template <class T>
struct Outcome {
  std::vector<T> out, z;
};

void start(float, const Call* call, const MatmulTiling& tiling, int precision) {
  cuda::matmul_with_tiling_f32(call, tiling, precision);
}
void start(double, const Call* call, const MatmulTiling& tiling, int) { cuda::matmul_with_tiling_f64(call, tiling); }

// `shift`: of every array, in elements: an odd one forbids wide accesses. `skip`: null, or what the flag holds.
template <class T>
Outcome<T> run(const Product<T>& p, const MatmulTiling& tiling, int precision, const std::string& what, int64_t shift,
               const uint32_t* skip) {
  const Case& c = p.c;
  Array<T> a(p.a, shift), b(p.b, shift), bias(p.bias, shift), out(c.m * c.n, shift), z(c.m * c.n, shift);
  Array<T> scratch(tiling.splits > 1 ? tiling.splits * c.m * c.n : 0, 0);
  const View in[3] = {c.trans_a ? a.view({c.k, c.m}) : a.view({c.m, c.k}),
                      c.trans_b ? b.view({c.n, c.k}) : b.view({c.k, c.n}), bias.view({c.n})};
  const View outputs[2] = {out.view({c.m, c.n}), z.view({c.m, c.n})};
  const MatmulAttrs attrs = {c.trans_a, c.trans_b, {c.bias, c.activation, 0.1}, 0};
  cuda::Context context = {};
  context.precision = precision;
  const Parallel parallel = {&context, 1, nullptr};
  Call call = {};
  call.in = in;
  call.out = outputs;
  call.n_in = c.bias ? 3 : 2;
  call.n_out = c.z ? 2 : 1;
  call.attrs = &attrs;
  call.parallel = &parallel;
  call.scratch = scratch.memory + scratch.begin;
  uint32_t* flag = nullptr;
  if (skip) {
    cudaMalloc(&flag, sizeof *flag);
    cudaMemcpy(flag, skip, sizeof *flag, cudaMemcpyHostToDevice);
    call.skip = flag;
  }
  start(T(), &call, tiling, precision);
  if (context.status != cudaSuccess || cudaDeviceSynchronize() != cudaSuccess) fail(what + ": not launched");
  if (context.launches != (c.m * c.n == 0 ? 0 : tiling.splits > 1 ? 2 : 1)) fail(what + ": number of launches");
  Outcome<T> outcome = {out.read(what), z.read(what)};
  scratch.read(what);
  if (flag) cudaFree(flag);
  products++;
  return outcome;
}

// Against the true result: rounding of each operand (tensor cores) and of k additions.
template <class T>
void compare(const Product<T>& p, const Outcome<T>& outcome, int precision, const std::string& what) {
  const double unit = sizeof(T) == 4 ? 0x1p-24 : 0x1p-53;
  const double operand = precision == 1 ? 0x1p-11 : precision == 2 ? 0x1p-8 : 0;
  for (size_t i = 0; i < p.sum.size(); i++) {
    const double bound = p.size[i] * (2.01 * operand + unit * (4 + static_cast<double>(p.c.k))) + 8 * unit;
    const double y = activation_of(p.c.activation, p.sum[i]);
    if (p.c.z && !(std::fabs(outcome.z[i] - p.sum[i]) <= bound)) return fail(what + ": z is wrong");
    if (!p.c.z && outcome.z[i] == outcome.z[i]) return fail(what + ": wrote a z that nobody asked for");
    if (!(std::fabs(outcome.out[i] - y) <= bound + 4 * unit * std::fabs(y))) return fail(what + ": result is wrong");
  }
}

template <class T>
bool same_bits(const std::vector<T>& x, const std::vector<T>& y) {
  return x.size() == y.size() && (x.empty() || std::memcmp(x.data(), y.data(), x.size() * sizeof(T)) == 0);
}

// One random order by the seed of the environment, and one that is the same in every run.
const char* const given_seed = std::getenv("EMU_SEED");
const struct {
  std::string order, seed;
} orders[] = {{"forward", "1"}, {"reverse", "1"}, {"random", given_seed ? given_seed : "1"}, {"random", "2"}};

template <class T>
void check(const Product<T>& p, MatmulTiling tiling, int precision, const char* type) {
  const std::string what = text_of(p.c, tiling, type, precision);
  Outcome<T> first;
  for (const auto& order : orders) {
    setenv("EMU_ORDER", order.order.c_str(), 1);
    setenv("EMU_SEED", order.seed.c_str(), 1);
    const Outcome<T> outcome = run(p, tiling, precision, what, 0, nullptr);
    const std::string here = what + " (" + order.order + " " + order.seed + ")";
    compare(p, outcome, precision, here);
    if (&order == orders) {
      first = outcome;
    } else if (!same_bits(outcome.out, first.out) || !same_bits(outcome.z, first.z)) {
      fail(here + ": other bits than forward");
    }
  }
  const Outcome<T> moved = run(p, tiling, precision, what, 1, nullptr);
  if (!same_bits(moved.out, first.out) || !same_bits(moved.z, first.z)) fail(what + ": other bits without alignment");
}

MatmulShape shape_of(const Case& c) { return cuda::simplest({c.m, c.n, c.k, !c.trans_a, c.trans_b}); }

bool fits(MatmulKernel kernel, const Case& c) {
  const MatmulShape s = shape_of(c);
  const bool vector = c.m == 1 || c.n == 1, along = c.m == 1 ? s.b_along_k : s.a_along_k;
  if (kernel == MatmulKernel::dot) return vector && along;
  if (kernel == MatmulKernel::columns) return vector && !along;
  return true;
}

// Tilings cut the sum where a GPU needs more blocks; here every kernel also runs whole and cut into the shortest
// chunks.
MatmulTiling cut_into(MatmulTiling tiling, const Case& c, int64_t chunk) {
  tiling.chunk = chunk;
  tiling.splits = cuda::larger(1, cuda::divide_up(c.k, chunk));
  return tiling;
}

template <class T>
void check_kernels(const Case& c, const char* type) {
  const Product<T> p(c);
  const int last = static_cast<int>(sizeof(T) == 4 ? MatmulKernel::tensor_medium : MatmulKernel::columns);
  for (int i = 0; i <= last; i++) {
    const MatmulKernel kernel = static_cast<MatmulKernel>(i);
    if (!fits(kernel, c) || (sizeof(T) == 8 && kernel == MatmulKernel::large)) continue;
    const bool tensor = kernel >= MatmulKernel::tensor_large;
    for (int precision = tensor ? 1 : 0; precision <= (tensor ? 2 : 0); precision++) {
      const MatmulTiling tiling = cuda::tiling_with<T>(kernel, shape_of(c));
      const int64_t whole = cuda::larger(1, cuda::divide_up(c.k, cuda::chunk_step)) * cuda::chunk_step;
      check(p, cut_into(tiling, c, whole), precision, type);
      if (c.k > cuda::chunk_step) check(p, cut_into(tiling, c, cuda::chunk_step), precision, type);
    }
  }
}

// Through the entry points, with the tiling and the scratch that they choose.
template <class T>
void check_entry(const Case& c, int precision, void (*entry)(const Call*), size_t (*scratch_of)(const Call*, int)) {
  const Product<T> p(c);
  const MatmulShape s = shape_of(c);
  const MatmulTiling tiling = cuda::tiling_for<T>(s, precision > 0);
  const std::string what = text_of(c, tiling, "entry", precision);
  const Outcome<T> expected = run(p, tiling, precision, what, 0, nullptr);
  const bool tensor = tiling.kernel >= MatmulKernel::tensor_large;
  compare(p, expected, tensor ? precision : 0, what);

  Array<T> a(p.a, 0), b(p.b, 0), bias(p.bias, 0), out(c.m * c.n, 0), z(c.m * c.n, 0);
  View in[3] = {c.trans_a ? a.view({c.k, c.m}) : a.view({c.m, c.k}),
                c.trans_b ? b.view({c.n, c.k}) : b.view({c.k, c.n}), bias.view({c.n})};
  const View outputs[2] = {out.view({c.m, c.n}), z.view({c.m, c.n})};
  const MatmulAttrs attrs = {c.trans_a, c.trans_b, {c.bias, c.activation, 0.1}, 0};
  cuda::Context context = {};
  context.precision = precision;
  const Parallel parallel = {&context, 1, nullptr};
  Call call = {};
  call.in = in;
  call.out = outputs;
  call.n_in = c.bias ? 3 : 2;
  call.n_out = c.z ? 2 : 1;
  call.attrs = &attrs;
  call.parallel = &parallel;
  const size_t bytes = scratch_of(&call, 1);
  Array<T> scratch(static_cast<int64_t>(bytes / sizeof(T)), 0);
  call.scratch = scratch.memory + scratch.begin;
  entry(&call);
  if (context.status != cudaSuccess) fail(what + ": not launched");
  if (!same_bits(out.read(what), expected.out)) fail(what + ": not what its tiling gives");
  scratch.read(what);
}

template <class T>
void check_skip(MatmulKernel kernel, int precision) {
  const Case c = {5, 1, 70, false, false, true, true, cuda::op_index_tanh};
  const Product<T> p(c);
  const MatmulTiling tiling = cut_into(cuda::tiling_with<T>(kernel, shape_of(c)), c, cuda::chunk_step);
  const std::string what = text_of(c, tiling, "skip", precision);
  for (uint32_t flag = 0; flag < 2; flag++) {
    const Outcome<T> outcome = run(p, tiling, precision, what, 0, &flag);
    for (T x : outcome.out) {
      if ((x == x) != (flag == 0))
        return fail(what + (flag ? ": wrote although it was told not to" : ": wrote nothing"));
    }
    for (T x : outcome.z) {
      if ((x == x) != (flag == 0)) return fail(what + ": z of a skipped product");
    }
  }
}

// NaN and infinities come through, and padding of edges does not make new ones.
void check_values() {
  Case c = {3, 3, 2, false, false, false, false, cuda::op_index_relu};
  Product<float> p(c);
  p.a = {INFINITY, 1, NAN, 1, 1, 1};
  p.b = {1, 1, -1, 1, 1, 1};
  for (MatmulKernel kernel : {MatmulKernel::large, MatmulKernel::small, MatmulKernel::tensor_medium}) {
    const MatmulTiling tiling = cuda::tiling_with<float>(kernel, shape_of(c));
    for (int precision = 1; precision <= 2; precision++) {
      const std::vector<float> y = run(p, tiling, precision, "values", 0, nullptr).out;
      const bool good = y[0] == INFINITY && y[1] == INFINITY && y[2] == 0 && y[3] != y[3] && y[4] != y[4] &&
                        y[5] != y[5] && y[6] == 2 && y[7] == 2 && y[8] == 0;
      if (!good) fail(std::string("NaN and infinities: ") + kernel_names[static_cast<int>(kernel)]);
    }
  }
  c.activation = cuda::op_index_add;  // takes two inputs: no activation
  cuda::Context context = {};
  const Parallel parallel = {&context, 1, nullptr};
  const MatmulAttrs attrs = {0, 0, {0, c.activation, 0}, 0};
  Array<float> x(9, 0);
  const View in[2] = {x.view({3, 3}), x.view({3, 3})}, out[1] = {x.view({3, 3})};
  Call call = {};
  call.in = in;
  call.out = out;
  call.n_in = 2;
  call.n_out = 1;
  call.attrs = &attrs;
  call.parallel = &parallel;
  cuda::matmul_f32(&call);
  if (context.status == cudaSuccess || context.launches != 0) fail("an activation that is none was accepted");
}

}  // namespace

int main(int argc, char** argv) {
  const bool quick = argc > 1 && std::string(argv[1]) == "quick";
  const int64_t shapes[][3] = {{1, 1, 1},  {1, 37, 70},   {37, 1, 70}, {1, 36, 72},   {40, 1, 36},   {5, 7, 3},
                               {3, 40, 0}, {17, 24, 100}, {64, 9, 1},  {33, 130, 41}, {140, 68, 36}, {24, 132, 64}};
  const int32_t activations[] = {-1,
                                 cuda::op_index_relu,
                                 cuda::op_index_leakyRelu,
                                 cuda::op_index_sigmoid,
                                 cuda::op_index_tanh,
                                 cuda::op_index_softplus};
  int turn = 0;
  for (const auto& shape : shapes) {
    if (quick && shape[0] * shape[1] > 500) continue;
    for (int transposes = 0; transposes < 4; transposes++, turn++) {
      // What has no influence on each other is varied together.
      const Case c = {shape[0],
                      shape[1],
                      shape[2],
                      transposes % 2 != 0,
                      transposes / 2 != 0,
                      turn % 3 != 0,
                      turn % 2 != 0,
                      activations[turn % 6]};
      check_kernels<float>(c, "float32");
      check_kernels<double>(c, "float64");
    }
  }
  for (MatmulKernel kernel : {MatmulKernel::small, MatmulKernel::dot, MatmulKernel::tensor_medium}) {
    check_skip<float>(kernel, 1);
  }
  check_skip<double>(MatmulKernel::few, 0);
  check_values();
  if (!quick) {
    const int64_t entries[][3] = {{1, 50, 1000}, {50, 1, 1000}, {8, 70, 600},
                                  {70, 10, 600}, {40, 36, 520}, {200, 160, 130}};
    for (const auto& shape : entries) {
      for (int transposes = 0; transposes < 4; transposes++) {
        const Case c = {
            shape[0], shape[1], shape[2], transposes % 2 != 0, transposes / 2 != 0, true, true, cuda::op_index_sigmoid};
        for (int precision = 0; precision < 3; precision++) {
          check_entry<float>(c, precision, cuda::matmul_f32, cuda::scratch_matmul_f32);
        }
        check_entry<double>(c, 0, cuda::matmul_f64, cuda::scratch_matmul_f64);
      }
    }
    // Enough of the largest tiles for a GPU, several groups of rows high.
    const Case large = {1500, 1400, 9, false, true, true, false, cuda::op_index_relu};
    for (int precision = 0; precision < 3; precision++) {
      check_entry<float>(large, precision, cuda::matmul_f32, cuda::scratch_matmul_f32);
    }
  }
  std::printf("%d products, %d failures\n", products, failures);
  return failures == 0 ? 0 : 1;
}
