// Checks of the kernels of whole numbers and of rows by number.
#pragma once
#include "compare.h"

namespace kernel_test {

template <class S>
void check_cast() {
  Random random(13);
  const double specials[] = {-1.7, 0.9, NAN, INFINITY, -INFINITY, 0x1p31, -0x1p31, 1e30, 65536.5};
  for (const int64_t n : {1, 9, 1030}) {
    std::vector<S> given(n);
    for (S& x : given) x = static_cast<S>(random.uniform(-3e9, 3e9));
    for (int64_t i = 0; i < n; i += 2) given[i] = static_cast<S>(specials[i % 9]);
    std::vector<int32_t> whole(n);
    for (int32_t& x : whole) x = static_cast<int32_t>(random.next());
    whole[0] = INT32_MIN;
    const CastAttrs to_int32 = {1, 0};
    compare<S>("cast", "to int32 of " + std::to_string(n), {operand<S>({n}, given)}, {unwritten<int32_t>({n})},
               &to_int32, exactly);
    for (int32_t part : {0, 1, 2}) {
      const CastAttrs to_float = {0, part};
      compare<S>("cast", "part " + std::to_string(part) + " of " + std::to_string(n), {operand<int32_t>({n}, whole)},
                 {unwritten<S>({n})}, &to_float, exactly);
    }
  }
}

// In one tile, in a tile that is not full, and in several, whose keys cross over.
struct RowCase {
  int64_t rows, n;
  Dims row;
};
inline const RowCase row_cases[] = {{1, 1, {1}},     {5, 9, {3}},     {7, 300, {4}},
                                    {40, 1024, {2}}, {300, 3000, {}}, {9, 33, {2, 3}}};

inline Operand ids_of(const RowCase& c, Random& random, bool outside) {
  std::vector<int32_t> ids(c.n);
  for (int32_t& id : ids) id = static_cast<int32_t>(random.below(c.rows));
  if (outside) {
    ids[random.below(c.n)] = -1;
    ids[random.below(c.n)] = static_cast<int32_t>(c.rows);
  }
  return operand<int32_t>({c.n}, ids);
}
inline Dims rows_of(int64_t n, Dims row) {
  row.insert(row.begin(), n);
  return row;
}

template <class S>
void check_rows() {
  Random random(14);
  for (const RowCase& c : row_cases) {
    const Dims of_table = rows_of(c.rows, c.row), of_rows = rows_of(c.n, c.row);
    for (const bool outside : {false, true}) {
      const std::string what = std::to_string(c.n) + " of " + text(of_table) + (outside ? ", some outside" : "");
      const Operand ids = ids_of(c, random, outside), rows = random_operand<S>(of_rows, random);
      compare<S>("take", what, {random_operand<S>(of_table, random), ids}, {unwritten<S>(of_rows)}, nullptr, {0});
      // Sums of the same terms in the same order.
      compare<S>("scatterAdd", what, {ids, rows}, {unwritten<S>(of_table)}, nullptr, {0});
      compare<S>("sumDuplicates", what, {ids, rows}, {unwritten<S>(of_rows)}, nullptr, exactly);
    }
  }
}

template <class S>
void check_set_rows() {
  Random random(15);
  for (const RowCase& c : row_cases) {
    const Dims of_table = rows_of(c.rows, c.row);
    compare<S>("setRows", std::to_string(c.n) + " of " + text(of_table),
               {ids_of(c, random, true), random_operand<S>(rows_of(c.n, c.row), random, -90, 90)},
               {operand<S>(of_table, std::vector<S>(product(of_table), S(5)))}, nullptr, exactly);
  }
}

}  // namespace kernel_test
