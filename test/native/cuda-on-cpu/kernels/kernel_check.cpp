// Every kernel of the CUDA library under the stand-in runtime, on small shapes that take each of its paths, against the
// plain kernels of the CPU; in all thread orders named on the command line, which must give the same bits. A kernel of
// core/kernels.def that no check calls is a failure.
//
//   kernel_check [--only kernel[,kernel]] order…     order: forward, reverse, or random:<seed>
#include "rows.h"

using namespace kernel_test;

namespace {

template <class S>
void check_matmul() {
  Random random(1);
  struct Case {
    int64_t m, k, n;
    int precision;
  };
  // One for each tile and vector kernel, ragged at every edge; long sums that are cut.
  std::vector<Case> cases = {{1, 1, 1, 0},     {5, 7, 3, 0},   {33, 40, 34, 0}, {70, 33, 66, 0},
                             {7, 300, 70, 0},  {70, 50, 5, 0}, {1, 600, 70, 0}, {70, 600, 1, 0},
                             {20, 400, 24, 0}, {0, 3, 4, 0},   {3, 0, 4, 0}};
  if (sizeof(S) == 4) {
    for (int precision : {1, 2}) {
      cases.push_back({70, 40, 66, precision});
      cases.push_back({64, 300, 64, precision});
    }
  }
  const char* const activations[] = {"", "relu", "tanh", "sigmoid"};
  int turn = 0;
  for (const Case& c : cases) {
    for (int transposed = 0; transposed < 4; transposed++, turn++) {
      MatmulAttrs attrs = {transposed & 1, transposed >> 1, {turn % 3 != 0, -1, 0}, 0};
      MatmulAttrs reference = attrs;
      const char* activation = activations[turn % 4];
      if (*activation) {
        attrs.epilogue.activation = elementwise(*myelin_cuda_kernels(), activation);
        reference.epilogue.activation = elementwise(*myelin_kernels_reference(), activation);
      }
      const Dims out = {c.m, c.n};
      std::vector<Operand> in = {random_operand<S>(attrs.trans_a ? Dims{c.k, c.m} : Dims{c.m, c.k}, random),
                                 random_operand<S>(attrs.trans_b ? Dims{c.n, c.k} : Dims{c.k, c.n}, random)};
      if (attrs.epilogue.has_bias) in.push_back(random_operand<S>({c.n}, random));
      std::vector<Operand> results(*activation && turn % 2 == 0 ? 2 : 1, unwritten<S>(out));
      // Operands of TF32 and bf16 have 10 and 7 bits of fraction; the errors of k products add up at random.
      const double unit = c.precision == 1 ? 0x1p-11 : c.precision == 2 ? 0x1p-8 : epsilon<S>();
      const double growth = c.precision ? 6 * std::sqrt(static_cast<double>(c.k)) : 4.0 + 2 * std::sqrt(c.k);
      const double scale = 4 + 2 * std::sqrt(static_cast<double>(c.k));  // of partial sums
      const std::string what = text({c.m, c.k, c.n}) + " transposed " + std::to_string(transposed) + " precision " +
                               std::to_string(c.precision) + " " + activation;
      compare<S>("matmul", what, in, results, &attrs, {unit * growth, scale, {}, c.precision}, &reference);
    }
  }
}

template <class S>
void check_reductions() {
  Random random(5);
  const int64_t shapes[][3] = {{1, 1, 1},   {3, 7, 1},    {5, 513, 1}, {2, 4500, 1}, {1, 9000, 1},
                               {1, 40, 10}, {1, 300, 10}, {2, 20, 70}, {1, 200, 70}, {1, 400, 33},
                               {3, 4, 5},   {4, 0, 1},    {2, 0, 3}};
  for (const auto& s : shapes) {
    const ReduceAttrs attrs = {s[0], s[1], s[2]};
    const Dims dims = {s[0], s[1], s[2]};
    const std::vector<Operand> in = {random_operand<S>(dims, random)}, out = {unwritten<S>({s[0], s[2]})};
    const std::vector<Operand> scalar = {unwritten<S>({})};
    // A few neighbouring terms are added in the precision of the input; the errors add up at random.
    compare<S>("sum", text(dims), in, out, &attrs, {epsilon<S>(), 16 + 4 * std::sqrt(static_cast<double>(s[1]))});
    compare<S>("sumSquares", text(dims), in, scalar, nullptr, {2 * epsilon<S>()});
    compare<S>("max", text(dims), in, out, &attrs, {0});
    if (s[1] == 0) continue;
    const std::vector<Operand> ties = {random_operand<S>(dims, random, -3, 3, true)};
    compare<S>("argmax", text(dims), ties, out, &attrs, {0});
  }
}

template <class S>
void check_cumsum() {
  Random random(6);
  // Rows, a warp each, in pieces of 256; columns, a thread each; more than a block of either.
  const int64_t shapes[][3] = {{1, 1, 1}, {3, 7, 1},   {2, 256, 1},  {5, 257, 1}, {1, 1200, 1}, {40, 20, 1},
                               {3, 4, 5}, {2, 20, 70}, {1, 5, 1100}, {4, 0, 1},   {2, 0, 3},    {0, 3, 1}};
  for (const auto& s : shapes) {
    const Dims dims = {s[0], s[1], s[2]};
    Operand in = random_operand<S>(dims, random);
    for (int way = 0; way < 4; way++) {
      const CumsumAttrs attrs = {s[0], s[1], s[2], way & 1, way >> 1};
      const std::string what = text(dims) + (way & 1 ? " exclusive" : "") + (way >> 1 ? " reverse" : "");
      // The rounding to S; before it, n roundings in double of partial sums of about √n, which add up at random.
      const double scale = 1 + 4 * (2 + static_cast<double>(s[1])) * epsilon<double>() / epsilon<S>();
      compare<S>("cumsum", what, {in}, {unwritten<S>(dims)}, &attrs, {epsilon<S>(), scale});
      if (in.count() < 10) continue;
      Operand special = in;
      const S infinite = static_cast<S>(INFINITY), opposite = -infinite;
      std::memcpy(special.bytes.data() + (in.count() / 3) * sizeof(S), &infinite, sizeof(S));
      compare<S>("cumsum", what + " with infinity", {special}, {unwritten<S>(dims)}, &attrs, {epsilon<S>(), scale});
      std::memcpy(special.bytes.data() + (in.count() * 2 / 3) * sizeof(S), &opposite, sizeof(S));
      compare<S>("cumsum", what + " with NaN", {special}, {unwritten<S>(dims)}, &attrs, {epsilon<S>(), scale});
    }
  }
}

template <class S>
void check_softmax() {
  Random random(7);
  for (const Dims& dims : {Dims{1, 1}, Dims{3, 2}, Dims{20, 10}, Dims{6, 33}, Dims{2, 600}, Dims{3, 1100}}) {
    const Operand z = random_operand<S>(dims, random, -10, 10);
    compare<S>("softmax", text(dims), {z}, {unwritten<S>(dims)}, nullptr, {24 * epsilon<S>()});
    const Operand labels = random_operand<S>(dims, random, 0, 1);
    const std::vector<Operand> costs = {unwritten<S>({dims[0], 1})};
    const Expected good = {32 * epsilon<S>(), static_cast<double>(dims[1])};
    compare<S>("softmaxCrossEntropy", text(dims), {z, labels}, costs, nullptr, good);
    // Every other class is masked, and all of the last row; then without labels there, which cost nothing.
    Operand masked = z, unlabelled = labels;
    const S lowest = -static_cast<S>(INFINITY), none = 0;
    for (int64_t i = 0; i < z.count(); i++) {
      if (i % 2 == 0 && i / dims[1] + 1 < dims[0]) continue;
      std::memcpy(masked.bytes.data() + i * sizeof(S), &lowest, sizeof(S));
      std::memcpy(unlabelled.bytes.data() + i * sizeof(S), &none, sizeof(S));
    }
    compare<S>("softmax", text(dims) + " masked", {masked}, {unwritten<S>(dims)}, nullptr, {24 * epsilon<S>()});
    compare<S>("softmaxCrossEntropy", text(dims) + " masked", {masked, labels}, costs, nullptr, good);
    compare<S>("softmaxCrossEntropy", text(dims) + " masked, no labels", {masked, unlabelled}, costs, nullptr, good);
  }
}

template <class S>
void check_movement() {
  Random random(9);
  const struct {
    Dims dims;
    std::vector<int32_t> perm;
  } transposes[] = {{{5, 7}, {1, 0}},
                    {{33, 70}, {1, 0}},
                    {{3, 40, 5}, {1, 0, 2}},
                    {{3, 4, 35}, {2, 1, 0}},
                    {{2, 3, 2, 3, 2, 3}, {5, 3, 1, 0, 2, 4}}};
  for (const auto& t : transposes) {
    TransposeAttrs attrs = {};
    Dims out;
    for (size_t d = 0; d < t.perm.size(); d++) {
      attrs.perm[d] = t.perm[d];
      out.push_back(t.dims[t.perm[d]]);
    }
    compare<S>("transpose", text(t.dims) + " to " + text(out), {random_operand<S>(t.dims, random)}, {unwritten<S>(out)},
               &attrs, {0});
  }
  const SliceAttrs slice = {{1, 2}};
  const PadAttrs pad = {{2, 1}};
  const ConcatAttrs concat = {1};
  const Operand x = random_operand<S>({9, 11}, random), y = random_operand<S>({9, 4}, random);
  compare<S>("slice", "", {x}, {unwritten<S>({5, 6})}, &slice, {0});
  compare<S>("pad", "", {x}, {unwritten<S>({12, 13})}, &pad, {0});
  compare<S>("concat", "", {x, y, x}, {unwritten<S>({9, 26})}, &concat, {0});
  compare<S>("copy", "", {x}, {unwritten<S>({9, 11})}, nullptr, {0});
  std::vector<uint32_t> rows(20);
  for (uint32_t& row : rows) row = static_cast<uint32_t>(random.below(9));
  compare<S>("gather", "", {x, operand<uint32_t>({20}, rows)}, {unwritten<S>({20, 11})}, nullptr, {0});
}

// int32 numbers come by in the same way.
void check_totals() {
  const Operand whole = operand<int32_t>({1030}, std::vector<int32_t>(1030, -7));
  const std::vector<double> totals(1030, 0.5);
  compare<int32_t>("accumulate", "of int32", {whole}, {operand<double>({1030}, totals)}, nullptr, exactly);
}

template <class S>
void check_others() {
  Random random(11);
  for (int64_t n : {1, 5, 1030}) {
    const RandomAttrs attrs = {5};
    compare<S>("randomUniform", std::to_string(n), {}, {unwritten<S>({n})}, &attrs,
               {0, 0, {0x123456789ABCDEF0u, 0x1000000002u}});
    Operand good = random_operand<S>({n}, random), bad = good;
    const S nan = static_cast<S>(NAN);
    std::memcpy(bad.bytes.data() + (n / 2) * sizeof(S), &nan, sizeof nan);
    const Operand flag = operand<uint32_t>({1}, {0});
    compare<S>("guard", "of " + std::to_string(n), {good}, {flag}, nullptr, {0});
    compare<S>("guard", "of " + std::to_string(n) + " with NaN", {bad}, {flag}, nullptr, {0});
    Operand large = good;
    const S beyond = 2 * std::sqrt(std::numeric_limits<S>::max());
    std::memcpy(large.bytes.data() + (n / 2) * sizeof(S), &beyond, sizeof beyond);
    compare<S>("guardSquares", "of " + std::to_string(n), {good}, {flag}, nullptr, {0});
    compare<S>("guardSquares", "of " + std::to_string(n) + " with NaN", {bad}, {flag}, nullptr, {0});
    compare<S>("guardSquares", "of " + std::to_string(n) + " beyond", {large}, {flag}, nullptr, {0});
    const std::vector<double> totals(n, 0.5);
    compare<S>("accumulate", std::to_string(n), {good}, {operand<double>({n}, totals)}, nullptr, {0});
  }
  // Every load mode; two outputs, one of them over the memory of an input.
  const int64_t rows = 13, columns = 37;
  std::vector<FusedInput> inputs(5);
  inputs[0].mode = load_full;
  inputs[1].mode = load_scalar;
  inputs[2].mode = load_row;
  inputs[2].period = columns;
  inputs[3].mode = load_column;
  inputs[3].period = columns;
  inputs[4].mode = load_strided;  // transposed
  inputs[4].rank = 2;
  inputs[4].dims[0] = rows, inputs[4].dims[1] = columns;
  inputs[4].strides[0] = 1, inputs[4].strides[1] = rows;
  const std::vector<Operand> in = {random_operand<S>({rows, columns}, random), random_operand<S>({}, random),
                                   random_operand<S>({columns}, random), random_operand<S>({rows}, random),
                                   random_operand<S>({columns, rows}, random)};
  const char* const ops[] = {"add", "mul", "sub", "tanh", "maximum", "select"};
  const int32_t operands[][3] = {{0, 1, -1}, {5, 2, -1}, {6, 3, -1}, {7, -1, -1}, {8, 4, -1}, {9, 7, 0}};
  std::vector<FusedStep> steps, reference_steps;
  for (int32_t i = 0; i < 6; i++) {
    FusedStep step = {
        elementwise(*myelin_cuda_kernels(), ops[i]), 5 + i, operands[i][0], operands[i][1], operands[i][2], 0};
    steps.push_back(step);
    step.op = elementwise(*myelin_kernels_reference(), ops[i]);
    reference_steps.push_back(step);
  }
  const FusedOutput outputs[] = {{10, 1}, {8, 0}};
  const FusedAttrs attrs = {5, 6, 2, 11, inputs.data(), steps.data(), outputs};
  const FusedAttrs reference = {5, 6, 2, 11, inputs.data(), reference_steps.data(), outputs};
  const std::vector<Operand> out(2, unwritten<S>({rows, columns}));
  compare<S>("fused", "of all modes", in, out, &attrs, {8 * epsilon<S>(), 4}, &reference);
  compare<S>("fused", "in place", in, out, &attrs, {8 * epsilon<S>(), 4}, &reference, 0);
}

void run(const std::string& only) {
  // The names are what `only` may be, and exactly what the checks call.
  const struct {
    std::set<std::string> kernels;
    std::vector<void (*)()> checks;
    std::set<std::string> of_int32 = {};  // those of them that int32 has, too
  } groups[] = {{{"matmul"}, {check_matmul<float>, check_matmul<double>}},
                {{"sum", "sumSquares", "max", "argmax"}, {check_reductions<float>, check_reductions<double>}},
                {{"cumsum"}, {check_cumsum<float>, check_cumsum<double>}},
                {{"softmax", "softmaxCrossEntropy"}, {check_softmax<float>, check_softmax<double>}},
                {{"transpose", "slice", "pad", "concat", "copy", "gather"},
                 {check_movement<float>, check_movement<double>, check_movement<int32_t>},
                 {"transpose", "slice", "pad", "concat", "copy", "gather"}},
                {{"cast"}, {check_cast<float>, check_cast<double>}},
                {{"take", "scatterAdd", "sumDuplicates"}, {check_rows<float>, check_rows<double>}},
                {{"setRows"}, {check_set_rows<float>, check_set_rows<double>, check_set_rows<int32_t>}, {"setRows"}},
                {{"randomUniform", "guard", "guardSquares", "accumulate", "fused"},
                 {check_others<float>, check_others<double>, check_totals},
                 {"accumulate"}}};
  const KernelTable& table = *myelin_cuda_kernels();
  std::set<std::string> all;
  for (const auto& group : groups) {
    // `only` names one kernel; its group runs.
    if (!only.empty() && !group.kernels.count(only)) continue;
    called(table).clear();
    for (const auto check : group.checks) check();
    std::set<std::string> named;
    for (const std::string& name : group.kernels) {
      named.insert(call_name<float>(name));
      named.insert(call_name<double>(name));
    }
    for (const std::string& name : group.of_int32) named.insert(call_name<int32_t>(name));
    if (called(table) != named) fail("the checks of " + *group.kernels.begin() + " call other kernels than they name");
    all.insert(named.begin(), named.end());
  }
  // The table is made of core/kernels.def.
  for (int i = 0; only.empty() && i < table.n_kernels; i++) {
    const std::string name = call_name(table.kernels[i].name, table.kernels[i].dtype);
    if (!all.count(name)) fail(name + ": no check calls it");
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> orders, only = {""};
  for (int i = 1; i < argc; i++) {
    const std::string arg = argv[i];
    if (arg == "--only" && i + 1 < argc) {
      only.clear();
      for (std::string names = argv[++i]; !names.empty();) {
        const size_t comma = names.find(',');
        only.push_back(names.substr(0, comma));
        names = comma == std::string::npos ? "" : names.substr(comma + 1);
      }
    } else {
      orders.push_back(arg);
    }
  }
  if (orders.empty()) orders = {"forward", "reverse", "random:1"};
  for (const std::string& order : orders) {
    const size_t colon = order.find(':');
    setenv("EMU_ORDER", order.substr(0, colon).c_str(), 1);
    setenv("EMU_SEED", colon == std::string::npos ? "1" : order.substr(colon + 1).c_str(), 1);
    const int before = checks;
    for (const std::string& name : only) run(name);
    if (checks == before) fail("nothing was checked: no kernel has such a name");
  }
  std::printf("%d checks, all well\n", checks);
  return 0;
}
