// The definition, as plainly as it can be written: what every other instruction set is compared with.
#pragma once
#include "matmul_problem.h"

namespace myelin {
namespace MYELIN_TARGET {
namespace {

template <class T>
void reference_rows(const Problem<T>& p, int64_t i0, int64_t i1) {
  for (int64_t i = i0; i < i1; i++) {
    for (int64_t j = 0; j < p.n; j++) {
      T sum = 0;
      for (int64_t q = 0; q < p.k; q++) {
        sum += (p.trans_a ? p.a[q * p.lda + i] : p.a[i * p.lda + q]) *
               (p.trans_b ? p.b[j * p.ldb + q] : p.b[q * p.ldb + j]);
      }
      p.sum[i * p.n + j] = p.bias ? sum + p.bias[j] : sum;
    }
  }
  finish_rows(p, i0, i1, 0, p.n);
}

}  // namespace
}  // namespace MYELIN_TARGET
}  // namespace myelin
