// Every kernel of core/kernels.def (but those of `elsewhere` below), of every instruction set of this machine, against
// the reference: float32, float64 and int32, ragged shapes, special values, one worker and three (which must give the
// same bits), rubbish in the scratch, guard zones around the outputs. A kernel that no check calls is a failure.
#include <iterator>

#include "compare.h"
#include "rows.h"

using namespace kernel_test;

namespace {

// Kernels that have drivers of their own.
const char* const elsewhere[] = {
    "matmul",  // bench/matmul.cpp --check: the sizes at which its ways change, and its epilogue
    "fused",   // fused.cpp: steps drawn at random
};

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
        // Differences of close numbers in sigmoidCrossEntropy; |z·y| bounds what rounds, if z is finite.
        const bool is_difference = std::string(entry.name) == "sigmoidCrossEntropy" && std::isfinite(a[i] * b[i]);
        const double scale = is_difference ? std::fabs(a[i] * b[i]) : 1e-30;
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
void check_cumsum(const KernelTable& table) {
  Random random(6);
  // Lines that lie one behind the other (inner 1) and side by side, around the sizes of their groups.
  const int64_t shapes[][3] = {{1, 1, 1},      {1, 7, 1},      {7, 33, 1},   {8, 20, 1},  {9, 4000, 1},  {300, 17, 1},
                               {1, 100003, 1}, {1, 20, 255},   {2, 30, 256}, {3, 9, 600}, {2, 3000, 17}, {1, 50000, 3},
                               {40, 50, 60},   {129, 1024, 1}, {4, 0, 1},    {2, 0, 3},   {0, 3, 1},     {2, 5, 0}};
  for (const auto& s : shapes) {
    const Dims dims = {s[0], s[1], s[2]};
    const Array<S> numbers = random_array<S>(dims, random);
    for (int way = 0; way < 4; way++) {
      const CumsumAttrs attrs = {s[0], s[1], s[2], way & 1, way >> 1};
      const std::string what = text(dims) + (way & 1 ? " exclusive" : "") + (way >> 1 ? " reverse" : "");
      // The rounding to S; before it, n roundings in double of partial sums of about √n, which add up at random.
      const double scale = 1 + 4 * (2 + static_cast<double>(s[1])) * epsilon<double>() / epsilon<S>();
      Array<S> in = numbers;
      compare<S>(table, "cumsum", what, {in.view()}, dims, &attrs, epsilon<S>(), scale);
      if (in.count() < 10) continue;
      in[random.below(in.count())] = static_cast<S>(INFINITY);
      compare<S>(table, "cumsum", what + " with infinity", {in.view()}, dims, &attrs, epsilon<S>(), scale);
      in[random.below(in.count())] = static_cast<S>(NAN);
      in[random.below(in.count())] = -static_cast<S>(INFINITY);
      compare<S>(table, "cumsum", what + " with NaN", {in.view()}, dims, &attrs, epsilon<S>(), scale);
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
    // Classes that are masked, and a row of them; the label of one of them is not 0.
    const Array<S> unmasked = z;
    for (int64_t i = 0; i < z.count(); i++) {
      const bool whole_row = i / dims[1] == dims[0] / 2;
      if (whole_row || (y[i] == 0 && random.below(3) == 0)) z[i] = -static_cast<S>(INFINITY);
    }
    for (int labelled = 0; labelled < 2; labelled++) {
      const std::string what = text(dims) + (labelled ? " masked" : " masked, no labels");
      Array<S> labels(dims);
      for (int64_t i = 0; labelled && i < z.count(); i++) labels[i] = y[i];
      compare<S>(table, "softmax", what, {z.view()}, dims, nullptr, 1010 * epsilon<S>(), std::numeric_limits<S>::min());
      compare<S>(table, "softmaxCrossEntropy", what, {z.view(), labels.view()}, out, nullptr, 8 * epsilon<S>(), 1);
    }
    z = unmasked;
    z[0] = std::numeric_limits<S>::max();
    z[dims[1] - 1] = -std::numeric_limits<S>::max();
    compare<S>(table, "softmaxCrossEntropy", text(dims) + " of all the range", {z.view(), y.view()}, out, nullptr,
               8 * epsilon<S>(), 1);
    z = unmasked;
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

        // The largest number whose square is one, and one beyond it.
        const S root = std::sqrt(std::numeric_limits<S>::max());
        Array<S> squared = random_array<S>({n}, random);
        squared[random.below(n)] = -root;
        flag[0] = 0;
        call<S>(table, "guardSquares", {squared.view()}, {flag.view()}, nullptr, workers);
        checks++;
        if (flag[0] != 0) fail(std::string(table.isa) + " guardSquares: raised the flag for numbers");
        squared[random.below(n)] = bad != 0 ? static_cast<S>(bad) : 2 * root;
        call<S>(table, "guardSquares", {squared.view()}, {flag.view()}, nullptr, workers);
        if (flag[0] != 1) fail(std::string(table.isa) + " guardSquares: missed " + std::to_string(bad));
      }
    }
  }
}

template <class S>
void check_totals(const KernelTable& table) {
  Random random(12);
  for (int64_t n : {1, 5, 16, 17, 1000, 100000}) {
    Array<S> in = random_array<S>({n}, random);
    Array<double> total({n}, 0.5);
    call<S>(table, "accumulate", {in.view()}, {total.view()}, nullptr);
    call<S>(table, "accumulate", {in.view()}, {total.view()}, nullptr);
    checks++;
    for (int64_t i = 0; i < n; i++) {
      if (total[i] != 0.5 + static_cast<double>(in[i]) + static_cast<double>(in[i])) {
        fail(std::string(table.isa) + " accumulate: wrong total");
        break;
      }
    }
  }
}

// Every kernel of S has its check. The list of kernels is core/kernels.def's, from which the table is made.
template <class S>
void check_calls(const KernelTable& table) {
  for (int i = 0; i < table.n_kernels; i++) {
    if (table.kernels[i].dtype != dtype_of<S>()) continue;
    const std::string name = table.kernels[i].name;
    const bool is_elsewhere = std::find(std::begin(elsewhere), std::end(elsewhere), name) != std::end(elsewhere);
    const bool is_here = called(table).count(call_name<S>(name)) != 0;
    if (is_here == is_elsewhere) {
      fail(std::string(table.isa) + " " + call_name<S>(name) +
           (is_here ? ": is checked here, but named as checked elsewhere" : ": no check calls it"));
    }
  }
}

template <class S>
void check(const KernelTable& table) {
  check_elementwise<S>(table);
  check_reductions<S>(table);
  check_cumsum<S>(table);
  check_softmax<S>(table);
  check_movement<S>(table);
  check_random<S>(table);
  check_records<S>(table);
  check_totals<S>(table);
  check_cast<S>(table);
  check_rows<S>(table);
  check_set_rows<S>(table);
  check_calls<S>(table);
  for (const char* name : elsewhere) kernel<S>(table, name);  // ends the program if there is no such kernel
}

void check_whole_numbers(const KernelTable& table) {
  check_movement<int32_t>(table);
  check_totals<int32_t>(table);
  check_set_rows<int32_t>(table);
  check_calls<int32_t>(table);
}

}  // namespace

int main() {
  check_philox_vectors(*myelin_kernels_reference());
  return check_all("kernels", [](const KernelTable& table) {
    check<float>(table);
    check<double>(table);
    check_whole_numbers(table);
    check_philox_vectors(table);
  });
}
