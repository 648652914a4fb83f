// Broadcast inputs of fused steps, expanded into tiles.
#pragma once
#include "cpu/kernels/parallel.h"

MYELIN_BEGIN

template <class S>
HD void fill(S* to, int64_t n, S value) {
  for (int64_t i = 0; i < n; i++) to[i] = value;
}

// Each element of `from` stands for `period` consecutive ones.
template <class S>
void load_columns(S* to, const S* from, int64_t period, int64_t begin, int64_t n) {
  int64_t row = begin / period;
  int64_t left = period - begin % period;
  for (int64_t i = 0; i < n; row++, left = period) {
    const int64_t run = smaller(left, n - i);
    fill(to + i, run, from[row]);
    i += run;
  }
}

// `from` repeats every `period` elements.
template <class S>
void load_rows(S* to, const S* from, int64_t period, int64_t begin, int64_t n) {
  int64_t at = begin % period;
  for (int64_t i = 0; i < n; at = 0) {
    const int64_t run = smaller(period - at, n - i);
    memcpy(to + i, from + at, run * sizeof(S));
    i += run;
  }
}

template <class S>
void load_with_strides(S* to, const S* from, const FusedInput& input, int64_t begin, int64_t n) {
  int64_t index[max_rank];
  int64_t offset = 0;
  const int32_t rank = input.rank;
  for (int32_t d = rank - 1; d >= 0; d--) {
    index[d] = begin % input.dims[d];
    begin /= input.dims[d];
    offset += index[d] * input.strides[d];
  }
  const int64_t inner = rank ? input.dims[rank - 1] : 1, stride = rank ? input.strides[rank - 1] : 0;
  for (int64_t i = 0; i < n;) {
    const int64_t run = rank ? smaller(inner - index[rank - 1], n - i) : n;
    if (stride == 0) {
      fill(to + i, run, from[offset]);
    } else {
      for (int64_t j = 0; j < run; j++) to[i + j] = from[offset + j * stride];
    }
    i += run;
    if (i == n) return;
    // To the beginning of the next innermost run.
    offset -= index[rank - 1] * stride;
    index[rank - 1] = 0;
    for (int32_t d = rank - 2; d >= 0; d--) {
      offset += input.strides[d];
      if (++index[d] < input.dims[d]) break;
      offset -= input.dims[d] * input.strides[d];
      index[d] = 0;
    }
  }
}

MYELIN_END
