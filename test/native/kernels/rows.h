// Checks of the kernels of whole numbers and of rows by number.
#pragma once
#include "compare.h"

namespace kernel_test {

template <class S>
void check_cast(const KernelTable& table) {
  Random random(21);
  const double beyond = 0x1p31,
               specials[] = {0,      -0.0,    0.9,  -0.9,  1.5,        NAN,         INFINITY, -INFINITY,
                             beyond, -beyond, 1e30, -1e30, beyond - 1, -beyond - 1, 65535.5};
  for (int64_t n : {1, 7, 16, 33, 1000, 100001}) {
    Array<S> in = random_array<S>({n}, random, -3e9, 3e9);
    for (int64_t i = 0; i < n; i += 3) in[i] = static_cast<S>(specials[random.below(15)]);
    const CastAttrs to_int32 = {1, 0};
    compare<S, int32_t>(table, "cast", "to int32 of " + std::to_string(n), {in.view()}, {n}, &to_int32, 0);
    Array<int32_t> whole({n});
    for (int64_t i = 0; i < n; i++) whole[i] = static_cast<int32_t>(random.next());
    whole[n / 2] = INT32_MIN;
    whole[n - 1] = INT32_MAX;
    for (int32_t part : {0, 1, 2}) {
      const CastAttrs to_float = {0, part};
      compare<S>(table, "cast", "part " + std::to_string(part) + " of " + std::to_string(n), {whole.view()}, {n},
                 &to_float, 0);
    }
  }
  // What the reference itself must give.
  Array<S> some({5});
  const double given[] = {-1.7, NAN, 3e9, -3e9, 70000.9};
  for (int i = 0; i < 5; i++) some[i] = static_cast<S>(given[i]);
  Array<int32_t> cast({5});
  const CastAttrs to_int32 = {1, 0}, high = {0, 1}, low = {0, 2};
  call<S>(table, "cast", {some.view()}, {cast.view()}, &to_int32);
  const int32_t expected[] = {-1, 0, INT32_MAX, INT32_MIN, 70000};
  for (int i = 0; i < 5; i++) {
    checks++;
    if (cast[i] != expected[i]) fail(std::string(table.isa) + " cast: " + std::to_string(cast[i]));
  }
  Array<int32_t> minus({1}, -1);
  Array<S> upper({1}), lower({1});
  call<S>(table, "cast", {minus.view()}, {upper.view()}, &high);
  call<S>(table, "cast", {minus.view()}, {lower.view()}, &low);
  if (upper[0] != -1 || lower[0] != 65535) fail(std::string(table.isa) + " cast: parts of -1");
}

// Many equal numbers, few, and (`outside`) some below and above [0, rows).
inline Array<int32_t> random_ids(int64_t n, int64_t rows, Random& random, bool outside = false) {
  Array<int32_t> ids({n});
  for (int64_t i = 0; i < n; i++) ids[i] = static_cast<int32_t>(random.below(rows));
  if (outside) {
    ids[random.below(n)] = -1;
    ids[random.below(n)] = static_cast<int32_t>(rows);
  }
  return ids;
}

struct RowCase {
  int64_t rows, n;
  Dims row;
};
inline const std::vector<RowCase>& row_cases() {
  static const std::vector<RowCase> cases = {{1, 1, {1}},     {5, 9, {3}},      {7, 300, {64}},   {1000, 256, {64}},
                                             {3, 1000, {17}}, {50, 20000, {5}}, {100000, 40, {}}, {9, 33, {2, 3}}};
  return cases;
}

// The sums take their terms in the order of the rows and are in S: the same bits everywhere.
template <class S>
void check_rows(const KernelTable& table) {
  Random random(22);
  for (const RowCase& c : row_cases()) {
    for (const bool outside : {false, true}) {
      Dims of_table = c.row, of_rows = c.row;
      of_table.insert(of_table.begin(), c.rows);
      of_rows.insert(of_rows.begin(), c.n);
      Array<int32_t> ids = random_ids(c.n, c.rows, random, outside);
      Array<S> values = random_array<S>(of_table, random), rows = random_array<S>(of_rows, random);
      const std::string what = std::to_string(c.n) + " rows of " + text(of_table) + (outside ? ", some outside" : "");
      compare<S>(table, "take", what, {values.view(), ids.view()}, of_rows, nullptr, 0);
      compare<S>(table, "scatterAdd", what, {ids.view(), rows.view()}, of_table, nullptr, 0);
      compare<S>(table, "sumDuplicates", what, {ids.view(), rows.view()}, of_rows, nullptr, 0);
    }
  }
}

template <class S>
void check_set_rows(const KernelTable& table) {
  Random random(23);
  for (const RowCase& c : row_cases()) {
    Dims of_table = c.row, of_rows = c.row;
    of_table.insert(of_table.begin(), c.rows);
    of_rows.insert(of_rows.begin(), c.n);
    Array<int32_t> ids = random_ids(c.n, c.rows, random, true);
    Array<S> rows = random_array<S>(of_rows, random), expected(of_table, S(5)), one = expected, three = expected;
    call<S>(*myelin_kernels_reference(), "setRows", {ids.view(), rows.view()}, {expected.view()}, nullptr);
    call<S>(table, "setRows", {ids.view(), rows.view()}, {one.view()}, nullptr);
    call<S>(table, "setRows", {ids.view(), rows.view()}, {three.view()}, nullptr, 3);
    checks++;
    const std::string what = std::string(table.isa) + " setRows " + type_name<S>() + " of " + text(of_table);
    if (!one.intact() || !three.intact()) fail(what + ": wrote outside the output");
    for (int64_t i = 0; i < one.count(); i++) {
      if (same_bits(one[i], expected[i]) && same_bits(three[i], expected[i])) continue;
      fail(what + ": another result than the reference");
      break;
    }
  }
}

}  // namespace kernel_test
