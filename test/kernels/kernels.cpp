// Every kernel but matmul, of every instruction set of this machine, against the reference: float32 and float64, ragged
// shapes, special values, one worker and three (which must give the same bits), rubbish in the scratch, guard zones
// around the outputs.
#include <algorithm>
#include <cmath>
#include <limits>

#include "support.h"

using namespace kernel_test;

namespace {

int failures = 0;
int checks = 0;

void fail(const std::string& what) {
  failures++;
  if (failures <= 40) std::printf("FAILED %s\n", what.c_str());
}

template <class S>
const char* type_name() {
  return sizeof(S) == 4 ? "float32" : "float64";
}

std::string text(const Dims& dims) {
  std::string s = "[";
  for (size_t i = 0; i < dims.size(); i++) s += (i ? "," : "") + std::to_string(dims[i]);
  return s + "]";
}

template <class S>
bool same_bits(S a, S b) {
  return std::memcmp(&a, &b, sizeof a) == 0 || (std::isnan(a) && std::isnan(b));
}

// |a − b| ≤ tolerance · max(scale, |b|), equal infinities, both NaN.
bool close(double a, double b, double tolerance, double scale) {
  if (std::isnan(b) || std::isnan(a)) return std::isnan(a) && std::isnan(b);
  if (std::isinf(b) || std::isinf(a)) return a == b;
  return std::fabs(a - b) <= tolerance * std::max(scale, std::fabs(b));
}

template <class S>
Array<S> random_array(const Dims& dims, Random& random, double low = -2, double high = 2) {
  Array<S> a(dims);
  for (int64_t i = 0; i < a.count(); i++) a[i] = static_cast<S>(random.uniform(low, high));
  return a;
}

// Runs a kernel with one output on `table` with 1 and 3 workers, and on the reference; compares.
template <class S>
void compare(const KernelTable& table, const std::string& name, const std::string& what, std::vector<View> in,
             const Dims& out_dims, const void* attrs, double tolerance, double scale = 0, StepKey key = {}) {
  Array<S> expected(out_dims), one(out_dims), three(out_dims);
  call<S>(*myelin_kernels_reference(), name, in, {expected.view()}, attrs, 1, key);
  call<S>(table, name, in, {one.view()}, attrs, 1, key);
  call<S>(table, name, in, {three.view()}, attrs, 3, key);
  const std::string label = std::string(table.isa) + " " + name + " " + type_name<S>() + " " + what;
  checks++;
  if (!one.intact() || !three.intact()) return fail(label + ": wrote outside the output");
  for (int64_t i = 0; i < one.count(); i++) {
    if (!same_bits(one[i], three[i]))
      return fail(label + ": bits differ between 1 and 3 workers at " + std::to_string(i));
    if (!close(one[i], expected[i], tolerance, scale)) {
      return fail(label + ": element " + std::to_string(i) + " is " + std::to_string(one[i]) + ", expected " +
                  std::to_string(expected[i]));
    }
  }
}

template <class S>
double epsilon() {
  return std::numeric_limits<S>::epsilon();
}

template <class S>
void check_elementwise(const KernelTable& table) {
  Random random(3);
  const double specials[] = {0, -0.0, 1, -1, INFINITY, -INFINITY, NAN, 0.5, 2, 1e-3, 88, -88, 1e30, -3};
  for (int op = 0; op < table.n_elementwise; op++) {
    const ElementwiseEntry& entry = table.elementwise[op];
    const ElementwiseEntry& reference =
        myelin_kernels_reference()->elementwise[elementwise(*myelin_kernels_reference(), entry.name)];
    if (entry.arity != reference.arity) fail(std::string(entry.name) + ": arity differs from the reference");
    for (int n : {1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 64, 100, 1000}) {
      Array<S> a = random_array<S>({n}, random, -5, 5), b = random_array<S>({n}, random, -5, 5);
      Array<S> c = random_array<S>({n}, random, -5, 5), got({n}), expected({n});
      for (int i = 0; i < n; i++) {  // specials and pairs of them
        if (random.below(4) == 0) a[i] = static_cast<S>(specials[random.below(14)]);
        if (random.below(4) == 0) b[i] = static_cast<S>(specials[random.below(14)]);
        if (random.below(8) == 0) b[i] = a[i];
      }
      function<S>(entry)(got.data(), a.data(), b.data(), c.data(), n, 0.01);
      function<S>(reference)(expected.data(), a.data(), b.data(), c.data(), n, 0.01);
      checks++;
      const std::string label = std::string(table.isa) + " " + entry.name + " " + type_name<S>();
      if (!got.intact()) fail(label + ": wrote outside the output");
      for (int i = 0; i < n; i++) {
        // Differences of close numbers in sigmoidCrossEntropy; |z| bounds what rounds.
        const double scale = std::string(entry.name) == "sigmoidCrossEntropy" ? std::fabs(a[i] * b[i]) : 1e-30;
        if (close(got[i], expected[i], 4 * epsilon<S>(), scale)) continue;
        fail(label + "(" + std::to_string(a[i]) + ", " + std::to_string(b[i]) + ", " + std::to_string(c[i]) + ") is " +
             std::to_string(got[i]) + ", expected " + std::to_string(expected[i]));
        break;
      }
      // In place, over each operand.
      for (int over = 0; over < entry.arity; over++) {
        Array<S> x = a, y = b, z = c;
        S* operands[3] = {x.data(), y.data(), z.data()};
        function<S>(entry)(operands[over], x.data(), y.data(), z.data(), n, 0.01);
        for (int i = 0; i < n; i++) {
          if (!same_bits(operands[over][i], got[i])) {
            fail(label + ": differs when computed in place");
            break;
          }
        }
      }
      // The bits of an element do not depend on where it stands.
      S alone;
      const int i = static_cast<int>(random.below(n));
      function<S>(entry)(&alone, a.data() + i, b.data() + i, c.data() + i, 1, 0.01);
      if (!same_bits(alone, got[i])) fail(label + ": an element's bits depend on its position");
    }
  }
}

template <class S>
void check_reductions(const KernelTable& table) {
  Random random(5);
  const int64_t shapes[][3] = {
      {1, 1, 1},    {1, 7, 1},     {1, 100000, 1}, {1, 1000003, 1}, {5, 33, 1},     {300, 257, 1}, {1, 128, 256},
      {1, 128, 10}, {1, 5000, 10}, {1, 9000, 70},  {3, 4, 5},       {2, 3000, 17},  {7, 1, 9},     {1, 20, 1000},
      {40, 50, 60}, {4, 0, 1},     {2, 0, 3},      {1, 17, 33},     {129, 1024, 1}, {2, 40000, 1}, {3, 2049, 300}};
  for (const auto& s : shapes) {
    const ReduceAttrs attrs = {s[0], s[1], s[2]};
    const Dims in_dims = {s[0], s[1], s[2]}, out_dims = {s[0], s[2]};
    Array<S> in = random_array<S>(in_dims, random);
    const std::string what = text(in_dims);
    // Sums of numbers in [−2, 2]. Within a block of at most 64 every partial sum may round; the blocks' errors add up
    // at random.
    const double scale = 8 + 64 * std::sqrt(std::max(1.0, s[1] / 32.0));
    compare<S>(table, "sum", what, {in.view()}, out_dims, &attrs, epsilon<S>(), scale);
    compare<S>(table, "max", what, {in.view()}, out_dims, &attrs, 0);
    compare<S>(table, "sumSquares", what, {in.view()}, {}, nullptr, 2 * epsilon<S>());
    if (s[1] == 0) continue;
    for (int64_t i = 0; i < in.count(); i++) in[i] = std::floor(in[i]);  // ties
    compare<S>(table, "argmax", what, {in.view()}, out_dims, &attrs, 0);
    if (s[0] * s[1] * s[2] < 100000) {
      for (int k = 0; k < 3; k++) in[random.below(in.count())] = static_cast<S>(NAN);
      in[random.below(in.count())] = static_cast<S>(INFINITY);
      compare<S>(table, "max", what + " with NaN", {in.view()}, out_dims, &attrs, 0);
      compare<S>(table, "argmax", what + " with NaN", {in.view()}, out_dims, &attrs, 0);
      compare<S>(table, "sum", what + " with NaN", {in.view()}, out_dims, &attrs, epsilon<S>(), scale);
    }
  }
}

template <class S>
void check_softmax(const KernelTable& table) {
  Random random(7);
  for (const Dims& dims : {Dims{1, 1}, Dims{3, 2}, Dims{128, 10}, Dims{5, 16}, Dims{6, 17}, Dims{200, 100},
                           Dims{2, 3000}, Dims{10}, Dims{2, 3, 4}, Dims{0, 4}}) {
    Array<S> z = random_array<S>(dims, random, -10, 10);
    // z − max, up to 20, is rounded before exp: that many halves of epsilon, and a few for the rest.
    compare<S>(table, "softmax", text(dims), {z.view()}, dims, nullptr, 16 * epsilon<S>());
    if (dims.size() != 2) continue;
    Array<S> y(dims);
    for (int64_t r = 0; r < dims[0]; r++) y[r * dims[1] + random.below(dims[1])] = 1;
    const Dims out = {dims[0], 1};
    compare<S>(table, "softmaxCrossEntropy", text(dims), {z.view(), y.view()}, out, nullptr, 8 * epsilon<S>(), 1);
    for (int64_t i = 0; i < z.count(); i++) z[i] *= 100;  // ±1000
    compare<S>(table, "softmax", text(dims) + " of ±1000", {z.view()}, dims, nullptr, 1010 * epsilon<S>(),
               std::numeric_limits<S>::min());
    compare<S>(table, "softmaxCrossEntropy", text(dims) + " of ±1000", {z.view(), y.view()}, out, nullptr,
               8 * epsilon<S>(), 1);
    if (z.count() == 0) continue;
    z[z.count() / 2] = static_cast<S>(NAN);
    compare<S>(table, "softmax", text(dims) + " with NaN", {z.view()}, dims, nullptr, 1010 * epsilon<S>(),
               std::numeric_limits<S>::min());
    compare<S>(table, "softmaxCrossEntropy", text(dims) + " with NaN", {z.view(), y.view()}, out, nullptr,
               8 * epsilon<S>(), 1);
  }
}

template <class S>
void check_movement(const KernelTable& table) {
  Random random(9);
  const struct {
    Dims dims;
    std::vector<int32_t> perm;
  } transposes[] = {{{5, 7}, {1, 0}},
                    {{784, 256}, {1, 0}},
                    {{33, 1, 47}, {2, 1, 0}},
                    {{3, 4, 5}, {0, 2, 1}},
                    {{3, 40, 50}, {1, 0, 2}},
                    {{3, 4, 5, 6}, {3, 1, 2, 0}},
                    {{2, 3, 4, 5, 2, 3}, {5, 3, 1, 0, 2, 4}},
                    {{6}, {0}},
                    {{1, 9}, {1, 0}},
                    {{17, 16, 18}, {2, 0, 1}},
                    {{0, 3}, {1, 0}},
                    {{64, 300, 20}, {2, 1, 0}}};
  for (const auto& t : transposes) {
    Array<S> in = random_array<S>(t.dims, random);
    TransposeAttrs attrs = {};
    Dims out;
    for (size_t d = 0; d < t.perm.size(); d++) {
      attrs.perm[d] = t.perm[d];
      out.push_back(t.dims[t.perm[d]]);
    }
    compare<S>(table, "transpose", text(t.dims) + " to " + text(out), {in.view()}, out, &attrs, 0);
  }
  for (const Dims& dims :
       {Dims{9}, Dims{5, 7}, Dims{300, 200}, Dims{4, 5, 6}, Dims{3, 4, 5, 6}, Dims{2, 3, 2, 3, 2, 3}, Dims{1, 1}}) {
    for (int round = 0; round < 4; round++) {
      SliceAttrs slice = {};
      PadAttrs pad = {};
      Dims part, big;
      for (size_t d = 0; d < dims.size(); d++) {
        // Whole axes often, so that runs join.
        const int64_t size = random.below(3) == 0 ? dims[d] : random.below(dims[d] + 1);
        slice.begin[d] = random.below(dims[d] - size + 1);
        part.push_back(size);
        pad.before[d] = random.below(2) ? random.below(3) : 0;
        big.push_back(dims[d] + pad.before[d] + (random.below(2) ? random.below(3) : 0));
      }
      Array<S> in = random_array<S>(dims, random);
      compare<S>(table, "slice", text(dims) + " to " + text(part), {in.view()}, part, &slice, 0);
      compare<S>(table, "pad", text(dims) + " to " + text(big), {in.view()}, big, &pad, 0);
    }
    for (int32_t axis = 0; axis < static_cast<int32_t>(dims.size()); axis++) {
      const ConcatAttrs attrs = {axis};
      Dims b = dims, out = dims;
      b[axis] = 3;
      out[axis] = dims[axis] * 2 + 3;
      Array<S> x = random_array<S>(dims, random), y = random_array<S>(b, random);
      compare<S>(table, "concat", text(dims) + " on axis " + std::to_string(axis), {x.view(), y.view(), x.view()}, out,
                 &attrs, 0);
    }
  }
  for (const Dims& dims : {Dims{1}, Dims{100000}, Dims{3, 5}, Dims{0}}) {
    Array<S> in = random_array<S>(dims, random);
    compare<S>(table, "copy", text(dims), {in.view()}, dims, nullptr, 0);
  }
  for (const Dims& dims : {Dims{50, 784}, Dims{1000, 3}, Dims{7}, Dims{20, 3, 4}}) {
    Array<S> in = random_array<S>(dims, random);
    Array<uint32_t> rows({300});
    for (int i = 0; i < 300; i++) rows[i] = static_cast<uint32_t>(random.below(dims[0]));
    Dims out = dims;
    out[0] = 300;
    compare<S>(table, "gather", text(dims), {in.view(), rows.view()}, out, nullptr, 0);
  }
}

// Known answers of Philox4x32-10 from its authors' Random123 distribution (kat_vectors).
void check_philox_vectors(const KernelTable& table) {
  const struct {
    uint64_t seed, step;
    uint32_t stream;
    uint32_t words[4];
  } known[] = {{0, 0, 0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}}};
  for (const auto& k : known) {
    Array<double> out({4});
    const RandomAttrs attrs = {k.stream};
    call<double>(table, "randomUniform", {}, {out.view()}, &attrs, 1, {k.seed, k.step});
    for (int i = 0; i < 4; i++) {
      checks++;
      if (out[i] != (k.words[i] >> 8) * 0x1p-24) fail(std::string(table.isa) + " randomUniform: not Philox4x32-10");
    }
  }
}

template <class S>
void check_random(const KernelTable& table) {
  for (int64_t n : {1, 3, 4, 5, 31, 32, 33, 1000, 100001}) {
    const RandomAttrs attrs = {5};
    const StepKey key = {0x123456789ABCDEF0u, 0x1000000002u};
    compare<S>(table, "randomUniform", std::to_string(n), {}, {n}, &attrs, 0, 0, key);
  }
  Array<S> x({100000});
  const RandomAttrs attrs = {1};
  call<S>(table, "randomUniform", {}, {x.view()}, &attrs, 1, {42, 1});
  double mean = 0, square = 0;
  for (int64_t i = 0; i < x.count(); i++) {
    if (!(x[i] >= 0 && x[i] < 1)) fail("randomUniform: outside [0, 1)");
    mean += x[i] / x.count();
    square += x[i] * x[i] / x.count();
  }
  checks++;
  // Five standard deviations of the two averages.
  if (std::fabs(mean - 0.5) > 0.0046 || std::fabs(square - 1.0 / 3) > 0.0048) fail("randomUniform: not uniform");
}

template <class S>
void check_records(const KernelTable& table) {
  Random random(11);
  for (int64_t n : {1, 5, 16, 17, 1000, 100000}) {
    for (double bad : {0.0, static_cast<double>(INFINITY), -static_cast<double>(INFINITY), static_cast<double>(NAN)}) {
      Array<S> in = random_array<S>({n}, random);
      in[random.below(n)] = std::numeric_limits<S>::max();
      if (bad != 0) in[random.below(n)] = static_cast<S>(bad);
      for (int workers : {1, 3}) {
        Array<uint32_t> flag({1});
        call<S>(table, "guard", {in.view()}, {flag.view()}, nullptr, workers);
        checks++;
        if (flag[0] != (bad != 0 ? 1u : 0u))
          fail(std::string(table.isa) + " guard: wrong flag for " + std::to_string(bad));
        flag[0] = 1;
        Array<S> fine({n});
        call<S>(table, "guard", {fine.view()}, {flag.view()}, nullptr, workers);
        if (flag[0] != 1) fail("guard: lowered the flag");
      }
    }
    Array<S> in = random_array<S>({n}, random);
    Array<double> total({n}, 0.5);
    call<S>(table, "accumulate", {in.view()}, {total.view()}, nullptr);
    call<S>(table, "accumulate", {in.view()}, {total.view()}, nullptr);
    for (int64_t i = 0; i < n; i++) {
      if (total[i] != 0.5 + static_cast<double>(in[i]) + static_cast<double>(in[i])) {
        fail(std::string(table.isa) + " accumulate: wrong total");
        break;
      }
    }
  }
}

// A random program: every load mode, every op that is exact or nearly so, several outputs, one of them deferred onto
// the memory of an input.
template <class S>
void check_fused(const KernelTable& table) {
  Random random(13);
  const char* names[] = {"add", "sub", "mul",      "maximum", "minimum", "relu",
                         "neg", "abs", "identity", "select",  "greater", "tanh"};
  for (int round = 0; round < 60; round++) {
    const int64_t rows = 1 + random.below(round % 3 == 0 ? 200 : 12),
                  columns = 1 + random.below(round % 4 == 0 ? 3000 : 40);
    const int64_t count = rows * columns;
    const Dims dims = {rows, columns};
    std::vector<Array<S>> data;
    std::vector<FusedInput> inputs;
    const auto add_input = [&](int32_t mode, int64_t elements, int64_t period) {
      data.push_back(random_array<S>({elements}, random));
      FusedInput in = {};
      in.mode = mode;
      in.period = period;
      inputs.push_back(in);
    };
    add_input(load_full, count, 0);
    add_input(load_full, count, 0);
    add_input(load_scalar, 1, 0);
    add_input(load_row, columns, columns);
    add_input(load_column, rows, columns);
    add_input(load_strided, rows, 0);
    inputs.back().rank = 2;
    inputs.back().dims[0] = rows, inputs.back().dims[1] = columns;
    inputs.back().strides[0] = 1, inputs.back().strides[1] = 0;
    add_input(load_strided, columns * rows, 0);  // transposed
    inputs.back().rank = 2;
    inputs.back().dims[0] = rows, inputs.back().dims[1] = columns;
    inputs.back().strides[0] = 1, inputs.back().strides[1] = rows;
    const int32_t n_in = static_cast<int32_t>(inputs.size());
    const int32_t n_steps = round % 10 == 9 ? 1200 : 1 + static_cast<int32_t>(random.below(20));
    if (n_steps == 1200 && count > 2000) continue;
    std::vector<std::string> ops;
    std::vector<FusedStep> steps;
    for (int32_t i = 0; i < n_steps; i++) {
      const int32_t slots = n_in + i;
      ops.push_back(names[random.below(12)]);
      FusedStep step = {};
      step.dst = slots;
      step.a = static_cast<int32_t>(random.below(slots));
      step.b = static_cast<int32_t>(random.below(slots));
      step.c = static_cast<int32_t>(random.below(slots));
      if (ops.back() == "mul") step.b = static_cast<int32_t>(random.below(n_in));  // keeps values from exploding
      const ElementwiseEntry& entry = table.elementwise[elementwise(table, ops.back())];
      if (entry.arity < 2) step.b = -1;
      if (entry.arity < 3) step.c = -1;
      steps.push_back(step);
    }
    const int32_t n_slots = n_in + n_steps;
    const int32_t middle = n_in + static_cast<int32_t>(random.below(n_steps));
    // The last value over input 0's memory, one from the middle, that one again, and an input as it is.
    const std::vector<FusedOutput> outputs = {{n_slots - 1, 1}, {middle, 0}, {middle, 0}, {3, 0}};
    std::vector<std::vector<Array<S>>> results;
    for (int run = 0; run < 3; run++) {
      const KernelTable& used = run == 0 ? *myelin_kernels_reference() : table;
      std::vector<Array<S>> mine = data;
      std::vector<Array<S>> out(3, Array<S>(dims));
      std::vector<View> in_views, out_views;
      for (Array<S>& a : mine) in_views.push_back(a.view());
      View first = out[0].view();
      first.data = mine[0].data();
      out_views.push_back(first);
      for (Array<S>& a : out) out_views.push_back(a.view());
      for (int32_t i = 0; i < n_steps; i++) steps[i].op = elementwise(used, ops[i]);
      FusedAttrs attrs = {n_in, n_steps, 4, n_slots, inputs.data(), steps.data(), outputs.data()};
      call<S>(used, "fused", in_views, out_views, &attrs, run == 2 ? 3 : 1);
      out.insert(out.begin(), mine[0]);
      for (size_t i = 1; i < mine.size(); i++) {
        if (std::memcmp(mine[i].data(), data[i].data(), data[i].count() * sizeof(S)) != 0)
          fail("fused: changed an input");
      }
      results.push_back(out);
    }
    checks++;
    const std::string label =
        std::string(table.isa) + " fused " + type_name<S>() + " " + text(dims) + " round " + std::to_string(round);
    for (size_t o = 0; o < results[0].size(); o++) {
      if (!results[1][o].intact() || !results[2][o].intact()) fail(label + ": wrote outside an output");
      for (int64_t i = 0; i < count; i++) {
        if (!same_bits(results[1][o][i], results[2][o][i])) {
          fail(label + ": bits differ between 1 and 3 workers");
          break;
        }
        // Comparisons of nearly equal values may go either way only if rounding differs; steps here are few enough
        // that a wrong load or order would be far outside this.
        if (n_steps <= 20 && !close(results[1][o][i], results[0][o][i], 200 * epsilon<S>(), 10)) {
          fail(label + ": output " + std::to_string(o) + " element " + std::to_string(i) + " is " +
               std::to_string(results[1][o][i]) + ", expected " + std::to_string(results[0][o][i]));
          break;
        }
      }
    }
  }
}

template <class S>
void check(const KernelTable& table) {
  check_elementwise<S>(table);
  check_reductions<S>(table);
  check_softmax<S>(table);
  check_movement<S>(table);
  check_random<S>(table);
  check_records<S>(table);
  check_fused<S>(table);
}

}  // namespace

int main() {
  for (const KernelTable* table : tables()) {
    check<float>(*table);
    check<double>(*table);
    check_philox_vectors(*table);
    std::printf("%s: %d checks so far\n", table->isa, checks);
  }
  check_philox_vectors(*myelin_kernels_reference());
  std::printf(failures ? "kernels: %d FAILED\n" : "kernels: all agree with the reference\n", failures);
  return failures ? 1 : 0;
}
