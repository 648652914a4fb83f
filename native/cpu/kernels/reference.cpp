// The kernels once more, as plainly as they can be said: one loop over the output, one thread, long double sums.
// Selected by MYELIN_ISA=reference; the fast kernels are tested against it. Matmul has its own.
#ifdef MYELIN_REFERENCE

#include "cpu/kernels/fused/elementwise.h"
#include "kernels.h"
#include "math/philox.h"

MYELIN_BEGIN

template <class S>
S* data_of(const View& view) {
  return static_cast<S*>(view.data);
}

// Row-major index ↔ position.
void position_of(const View& view, int64_t element, int64_t* position) {
  for (int32_t d = view.rank - 1; d >= 0; d--) {
    position[d] = element % view.dims[d];
    element /= view.dims[d];
  }
}
int64_t element_at(const View& view, const int64_t* position) {
  int64_t element = 0;
  for (int32_t d = 0; d < view.rank; d++) element = element * view.dims[d] + position[d];
  return element;
}

int64_t source_element(const FusedInput& input, int64_t i) {
  switch (input.mode) {
    case load_full: return i;
    case load_scalar: return 0;
    case load_row: return i % input.period;
    case load_column: return i / input.period;
    default: {
      int64_t offset = 0;
      for (int32_t d = input.rank - 1; d >= 0; d--) {
        offset += i % input.dims[d] * input.strides[d];
        i /= input.dims[d];
      }
      return offset;
    }
  }
}

template <class S>
void fused(const Call* call) {
  const FusedAttrs* f = static_cast<const FusedAttrs*>(call->attrs);
  S* slot = static_cast<S*>(call->scratch);
  for (int64_t i = 0; i < call->out[0].count; i++) {
    for (int32_t s = 0; s < f->n_inputs; s++) slot[s] = data_of<S>(call->in[s])[source_element(f->inputs[s], i)];
    for (int32_t n = 0; n < f->n_steps; n++) {
      const FusedStep& step = f->steps[n];
      const ElementwiseEntry& entry = elementwise_entries()[step.op];
      const S* b = entry.arity > 1 ? slot + step.b : nullptr;
      const S* c = entry.arity > 2 ? slot + step.c : nullptr;
      (sizeof(S) == 4 ? entry.f32 : entry.f64)(slot + step.dst, slot + step.a, b, c, 1, step.attr);
    }
    for (int32_t o = 0; o < f->n_outputs; o++) data_of<S>(call->out[o])[i] = slot[f->outputs[o].slot];
  }
}

template <class S>
size_t scratch_fused(const Call* call) {
  return static_cast<const FusedAttrs*>(call->attrs)->n_slots * sizeof(S);
}

template <class S>
void sum(const Call* call) {
  const ReduceAttrs& r = *static_cast<const ReduceAttrs*>(call->attrs);
  for (int64_t o = 0; o < r.outer; o++) {
    for (int64_t j = 0; j < r.inner; j++) {
      long double total = 0;
      for (int64_t i = 0; i < r.n; i++) total += data_of<S>(call->in[0])[(o * r.n + i) * r.inner + j];
      data_of<S>(call->out[0])[o * r.inner + j] = static_cast<S>(total);
    }
  }
}

template <class S>
void sum_squares(const Call* call) {
  long double total = 0;
  for (int64_t i = 0; i < call->in[0].count; i++) {
    const long double x = data_of<S>(call->in[0])[i];
    total += x * x;
  }
  data_of<S>(call->out[0])[0] = static_cast<S>(total);
}

// Index of the first largest of n elements; NaN is larger than any number.
template <class S>
int64_t largest(const S* p, int64_t n, int64_t stride) {
  for (int64_t i = 0; i < n; i++) {
    if (p[i * stride] != p[i * stride]) return i;
  }
  int64_t best = 0;
  for (int64_t i = 1; i < n; i++) {
    if (p[i * stride] > p[best * stride]) best = i;
  }
  return best;
}

template <class S, bool index>
void max(const Call* call) {
  const ReduceAttrs& r = *static_cast<const ReduceAttrs*>(call->attrs);
  for (int64_t o = 0; o < r.outer; o++) {
    for (int64_t j = 0; j < r.inner; j++) {
      const S* p = data_of<S>(call->in[0]) + o * r.n * r.inner + j;
      // The maximum of nothing is −∞.
      const S value = r.n > 0 ? p[largest(p, r.n, r.inner) * r.inner] : static_cast<S>(-__builtin_huge_val());
      data_of<S>(call->out[0])[o * r.inner + j] = index ? static_cast<S>(largest(p, r.n, r.inner)) : value;
    }
  }
}

template <class S>
void softmax(const Call* call) {
  const View& z = call->in[0];
  const int64_t n = z.rank > 0 ? z.dims[z.rank - 1] : 1;
  for (int64_t begin = 0; begin < z.count; begin += n) {
    const S* row = data_of<S>(z) + begin;
    const long double max = row[largest(row, n, 1)];
    long double total = 0;
    for (int64_t i = 0; i < n; i++) total += __builtin_expl(row[i] - max);
    for (int64_t i = 0; i < n; i++) {
      data_of<S>(call->out[0])[begin + i] = static_cast<S>(__builtin_expl(row[i] - max) / total);
    }
  }
}

template <class S>
void softmax_cross_entropy(const Call* call) {
  const View& z = call->in[0];
  const int64_t n = z.rank > 0 ? z.dims[z.rank - 1] : 1;
  for (int64_t begin = 0; begin < z.count; begin += n) {
    const S *row = data_of<S>(z) + begin, *y = data_of<S>(call->in[1]) + begin;
    const long double max = row[largest(row, n, 1)];
    long double total = 0, loss = 0;
    for (int64_t i = 0; i < n; i++) total += __builtin_expl(row[i] - max);
    for (int64_t i = 0; i < n; i++) loss += y[i] * (__builtin_logl(total) - (row[i] - max));
    data_of<S>(call->out[0])[begin / n] = static_cast<S>(loss);
  }
}

template <class S>
void transpose(const Call* call) {
  const View &in = call->in[0], &out = call->out[0];
  const int32_t* perm = static_cast<const TransposeAttrs*>(call->attrs)->perm;
  for (int64_t i = 0; i < out.count; i++) {
    int64_t to[max_rank] = {}, from[max_rank] = {};
    position_of(out, i, to);
    for (int32_t d = 0; d < out.rank; d++) from[perm[d]] = to[d];
    data_of<S>(out)[i] = data_of<S>(in)[element_at(in, from)];
  }
}

template <class S>
void slice(const Call* call) {
  const View &in = call->in[0], &out = call->out[0];
  for (int64_t i = 0; i < out.count; i++) {
    int64_t position[max_rank] = {};
    position_of(out, i, position);
    for (int32_t d = 0; d < out.rank; d++) position[d] += static_cast<const SliceAttrs*>(call->attrs)->begin[d];
    data_of<S>(out)[i] = data_of<S>(in)[element_at(in, position)];
  }
}

template <class S>
void pad(const Call* call) {
  const View &in = call->in[0], &out = call->out[0];
  for (int64_t i = 0; i < out.count; i++) data_of<S>(out)[i] = 0;
  for (int64_t i = 0; i < in.count; i++) {
    int64_t position[max_rank] = {};
    position_of(in, i, position);
    for (int32_t d = 0; d < in.rank; d++) position[d] += static_cast<const PadAttrs*>(call->attrs)->before[d];
    data_of<S>(out)[element_at(out, position)] = data_of<S>(in)[i];
  }
}

template <class S>
void concat(const Call* call) {
  const View& out = call->out[0];
  const int32_t axis = static_cast<const ConcatAttrs*>(call->attrs)->axis;
  int64_t begin = 0;
  for (int32_t part = 0; part < call->n_in; part++) {
    const View& in = call->in[part];
    for (int64_t i = 0; i < in.count; i++) {
      int64_t position[max_rank] = {};
      position_of(in, i, position);
      position[axis] += begin;
      data_of<S>(out)[element_at(out, position)] = data_of<S>(in)[i];
    }
    begin += in.dims[axis];
  }
}

template <class S>
void copy(const Call* call) {
  for (int64_t i = 0; i < call->out[0].count; i++) data_of<S>(call->out[0])[i] = data_of<S>(call->in[0])[i];
}

template <class S>
void gather(const Call* call) {
  const View& out = call->out[0];
  const int64_t width = out.dims[0] > 0 ? out.count / out.dims[0] : 0;
  for (int64_t i = 0; i < out.count; i++) {
    const int64_t row = data_of<uint32_t>(call->in[1])[i / width];
    data_of<S>(out)[i] = data_of<S>(call->in[0])[row * width + i % width];
  }
}

template <class S>
void random_uniform(const Call* call) {
  const StepKey& key = *call->key;
  const uint32_t stream = static_cast<const RandomAttrs*>(call->attrs)->stream;
  const PhiloxKey philox_key = {static_cast<uint32_t>(key.seed), static_cast<uint32_t>(key.seed >> 32)};
  for (int64_t i = 0; i < call->out[0].count; i++) {
    const uint64_t counter = static_cast<uint64_t>(i) / 4;
    uint64_t words[4] = {counter & 0xFFFFFFFFu, (counter >> 32) ^ (key.step >> 32), key.step & 0xFFFFFFFFu, stream};
    philox(words, philox_key);
    data_of<S>(call->out[0])[i] = static_cast<S>(static_cast<uint32_t>(words[i % 4]) >> 8) * S(0x1p-24);
  }
}

template <class S>
void guard(const Call* call) {
  for (int64_t i = 0; i < call->in[0].count; i++) {
    if (!__builtin_isfinite(data_of<S>(call->in[0])[i])) data_of<uint32_t>(call->out[0])[0] = 1;
  }
}

template <class S>
void accumulate(const Call* call) {
  for (int64_t i = 0; i < call->in[0].count; i++) data_of<double>(call->out[0])[i] += data_of<S>(call->in[0])[i];
}

MYELIN_END

namespace myelin {
namespace MYELIN_TARGET {

#define MYELIN_BOTH(name, function) \
  void kernel_##name##_f32(const Call* call) { function<float>(call); } \
  void kernel_##name##_f64(const Call* call) { function<double>(call); }

MYELIN_BOTH(fused, fused)
MYELIN_BOTH(sum, sum)
MYELIN_BOTH(sumSquares, sum_squares)
MYELIN_BOTH(softmax, softmax)
MYELIN_BOTH(softmaxCrossEntropy, softmax_cross_entropy)
MYELIN_BOTH(transpose, transpose)
MYELIN_BOTH(slice, slice)
MYELIN_BOTH(pad, pad)
MYELIN_BOTH(concat, concat)
MYELIN_BOTH(copy, copy)
MYELIN_BOTH(gather, gather)
MYELIN_BOTH(randomUniform, random_uniform)
MYELIN_BOTH(guard, guard)
MYELIN_BOTH(accumulate, accumulate)
void kernel_max_f32(const Call* call) { max<float, false>(call); }
void kernel_max_f64(const Call* call) { max<double, false>(call); }
void kernel_argmax_f32(const Call* call) { max<float, true>(call); }
void kernel_argmax_f64(const Call* call) { max<double, true>(call); }

size_t scratch_fused_f32(const Call* call, int) { return scratch_fused<float>(call); }
size_t scratch_fused_f64(const Call* call, int) { return scratch_fused<double>(call); }
size_t scratch_sum_f32(const Call*, int) { return 0; }
size_t scratch_sum_f64(const Call*, int) { return 0; }
size_t scratch_sumSquares_f32(const Call*, int) { return 0; }
size_t scratch_sumSquares_f64(const Call*, int) { return 0; }

}  // namespace MYELIN_TARGET
}  // namespace myelin

#endif
