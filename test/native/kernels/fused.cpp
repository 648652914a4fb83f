// Fused steps drawn at random, of every instruction set of this machine, against the reference; as kernels.cpp
// checks.
#include "compare.h"

using namespace kernel_test;

namespace {

// Random steps: every load mode, every op that is exact or nearly so, several outputs, one of them deferred onto
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

}  // namespace

int main() {
  return check_all("fused", [](const KernelTable& table) {
    check_fused<float>(table);
    check_fused<double>(table);
  });
}
