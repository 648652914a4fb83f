// One product for bench/matmul.cpp: its operands, and a call of the kernel of the instruction set in use.
#pragma once
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <stdexcept>
#include <string>

#include <sys/mman.h>
#include <unistd.h>

#include "core/device/backend.h"

namespace matmul_bench {

using namespace myelin;

inline const KernelEntry& matmul_entry(DType dtype) {
  const KernelTable& table = cpu_backend().kernels();
  for (int i = 0; i < table.n_kernels; i++) {
    const KernelEntry& entry = table.kernels[i];
    if (entry.dtype == dtype && !std::strcmp(entry.name, "matmul")) return entry;
  }
  std::fprintf(stderr, "the kernel table has no matmul\n");
  std::exit(2);
}

inline int elementwise_index(const char* name) {
  const KernelTable& table = cpu_backend().kernels();
  for (int i = 0; i < table.n_elementwise; i++) {
    if (!std::strcmp(table.elementwise[i].name, name)) return i;
  }
  std::fprintf(stderr, "the element-wise table has no %s\n", name);
  std::exit(2);
}

// Memory of whole pages. Guarded, it ends at a page no one may touch: reading or writing beyond it ends the program
// (but masked loads across that border are slow, so timings go without).
template <class T>
class Array {
 public:
  Array(int64_t count, bool guarded) {
    const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    const size_t used = (count * sizeof(T) + page - 1) / page * page;
    bytes_ = used + page;
    base_ = static_cast<char*>(mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (base_ == MAP_FAILED) throw std::runtime_error("out of memory");
    if (guarded && mprotect(base_ + used, page, PROT_NONE)) throw std::runtime_error("no guard page");
    data_ = reinterpret_cast<T*>(guarded ? base_ + used - count * sizeof(T) : base_);
  }
  ~Array() { munmap(base_, bytes_); }
  Array(const Array&) = delete;
  Array& operator=(const Array&) = delete;
  T* data() { return data_; }
  T& operator[](int64_t i) { return data_[i]; }

 private:
  char* base_;
  size_t bytes_;
  T* data_;
};

struct Case {
  int64_t m, k, n;
  int trans_a, trans_b;
  int bias, activation, both;  // activation: 0 none, 1 tanh; both: z wanted too
};

inline std::string text_of(const Case& c) {
  char line[160];
  std::snprintf(line, sizeof line, "[%lld,%lld]%s·[%lld,%lld]%s%s%s%s", (long long)(c.trans_a ? c.k : c.m),
                (long long)(c.trans_a ? c.m : c.k), c.trans_a ? "ᵀ" : "", (long long)(c.trans_b ? c.n : c.k),
                (long long)(c.trans_b ? c.k : c.n), c.trans_b ? "ᵀ" : "", c.bias ? " + bias" : "",
                c.activation ? ", tanh" : "", c.both ? ", z too" : "");
  return line;
}

template <class T>
struct Matmul {
  Case c;
  Array<T> a, b, bias, out, z;
  MatmulAttrs attrs;
  View in[3], outs[2];

  Matmul(const Case& which, unsigned seed, bool guarded)
      : c(which),
        a(c.m * c.k, guarded),
        b(c.k * c.n, guarded),
        bias(c.n, guarded),
        out(c.m * c.n, guarded),
        z(c.m * c.n, guarded) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<double> uniform(-1, 1);
    for (int64_t i = 0; i < c.m * c.k; i++) a[i] = static_cast<T>(uniform(random));
    for (int64_t i = 0; i < c.k * c.n; i++) b[i] = static_cast<T>(uniform(random));
    for (int64_t i = 0; i < c.n; i++) bias[i] = static_cast<T>(uniform(random));
    attrs = {c.trans_a, c.trans_b, {c.bias, c.activation ? elementwise_index("tanh") : -1, 0}, 0};
    in[0] = matrix(a.data(), c.trans_a ? c.k : c.m, c.trans_a ? c.m : c.k);
    in[1] = matrix(b.data(), c.trans_b ? c.n : c.k, c.trans_b ? c.k : c.n);
    in[2] = matrix(bias.data(), c.n, 1);
    in[2].rank = 1;
    outs[0] = matrix(out.data(), c.m, c.n);
    outs[1] = matrix(z.data(), c.m, c.n);
  }

  static View matrix(T* data, int64_t rows, int64_t columns) {
    View v = {};
    v.data = data;
    v.rank = 2;
    v.dims[0] = rows;
    v.dims[1] = columns;
    v.count = rows * columns;
    return v;
  }

  Call call(const Parallel* parallel) {
    Call call = {};
    call.in = in;
    call.out = outs;
    call.n_in = c.bias ? 3 : 2;
    call.n_out = c.both ? 2 : 1;
    call.attrs = &attrs;
    call.parallel = parallel;
    return call;
  }

  static size_t scratch_bytes(const Call& call, int workers) {
    const ScratchFn fn = entry().scratch;
    return fn ? fn(&call, workers) : 0;
  }

  static KernelFn kernel() { return entry().run; }

 private:
  static const KernelEntry& entry() { return matmul_entry(sizeof(T) == 4 ? DType::f32 : DType::f64); }
};

}  // namespace matmul_bench
