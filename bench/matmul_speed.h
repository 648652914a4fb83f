// What bench/matmul.cpp measures: times of products, beside the multiply-add peak of this machine.
#pragma once
#include <algorithm>
#include <chrono>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "core/run/pool.h"
#include "matmul_case.h"

namespace matmul_bench {
namespace {

double now() {
  using namespace std::chrono;
  return duration<double>(steady_clock::now().time_since_epoch()).count();
}

const int peak_chains = 12;
const int64_t peak_rounds = 200000;

#if defined(__x86_64__)
#define MYELIN_PEAK(name, isa, V, broadcast, multiply_add) \
  __attribute__((target(isa))) double name(double start) { \
    V x[peak_chains]; \
    const V scale = broadcast(0.999), shift = broadcast(0.001); \
    for (int i = 0; i < peak_chains; i++) x[i] = broadcast(start + i); \
    for (int64_t r = 0; r < peak_rounds; r++) { \
      _Pragma("GCC unroll 12") for (int i = 0; i < peak_chains; i++) x[i] = multiply_add; \
    } \
    double sum = 0; \
    for (int i = 0; i < peak_chains; i++) sum += static_cast<double>(x[i][0]); \
    return sum; \
  }
MYELIN_PEAK(peak_v4_f32, "avx512f", __m512, _mm512_set1_ps, _mm512_fmadd_ps(x[i], scale, shift))
MYELIN_PEAK(peak_v4_f64, "avx512f", __m512d, _mm512_set1_pd, _mm512_fmadd_pd(x[i], scale, shift))
MYELIN_PEAK(peak_v3_f32, "avx2,fma", __m256, _mm256_set1_ps, _mm256_fmadd_ps(x[i], scale, shift))
MYELIN_PEAK(peak_v3_f64, "avx2,fma", __m256d, _mm256_set1_pd, _mm256_fmadd_pd(x[i], scale, shift))
MYELIN_PEAK(peak_v2_f32, "sse4.2", __m128, _mm_set1_ps, _mm_add_ps(_mm_mul_ps(x[i], scale), shift))
MYELIN_PEAK(peak_v2_f64, "sse4.2", __m128d, _mm_set1_pd, _mm_add_pd(_mm_mul_pd(x[i], scale), shift))
#undef MYELIN_PEAK
#endif

struct PeakLoop {
  double (*fn)(double);
  int lanes;
};

// The multiply-add loop of the instruction set in use; none is known for scalar and NEON code.
PeakLoop peak_loop(bool f64) {
#if defined(__x86_64__)
  const std::string isa = cpu_backend().kernels().isa;
  if (isa == "x86-64-v4") return f64 ? PeakLoop{peak_v4_f64, 8} : PeakLoop{peak_v4_f32, 16};
  if (isa == "x86-64-v3") return f64 ? PeakLoop{peak_v3_f64, 4} : PeakLoop{peak_v3_f32, 8};
  if (isa == "x86-64-v2") return f64 ? PeakLoop{peak_v2_f64, 2} : PeakLoop{peak_v2_f32, 4};
#endif
  (void)f64;
  return {nullptr, 0};
}

volatile double peak_sink;

double peak_gflops(bool f64, int threads) {
  PeakLoop loop = peak_loop(f64);
  if (!loop.fn) return 0;
  set_threads(threads);
  const Parallel parallel = pool_view();
  double best = 1e30;
  for (int i = 0; i < 15; i++) {
    const double start = now();
    parallel.run(
        parallel.self, threads,
        [](void* context, int task, int) { peak_sink = static_cast<PeakLoop*>(context)->fn(task); }, &loop);
    best = std::fmin(best, now() - start);
  }
  return 2.0 * loop.lanes * peak_chains * peak_rounds * threads / best / 1e9;
}

// Seconds of one call: the best and the median of windows of a few hundred microseconds or one call each.
struct Timing {
  double best, median;
};

template <class T>
Timing time_case(const Case& c, int threads, double seconds) {
  set_threads(threads);
  const Parallel parallel = pool_view();
  Matmul<T> x(c, 1, false);
  Call call = x.call(&parallel);
  Array<char> scratch(static_cast<int64_t>(Matmul<T>::scratch_bytes(call, parallel.workers)), false);
  call.scratch = scratch.data();
  const KernelFn fn = Matmul<T>::kernel();
  fn(&call);
  double start = now();
  fn(&call);
  const double once = std::fmax(now() - start, 1e-8);
  const int64_t repeats = once > 3e-4 ? 1 : static_cast<int64_t>(3e-4 / once) + 1;
  std::vector<double> windows;
  const double end = now() + seconds;
  while (now() < end || windows.size() < 3) {
    start = now();
    for (int64_t i = 0; i < repeats; i++) fn(&call);
    windows.push_back((now() - start) / static_cast<double>(repeats));
  }
  std::sort(windows.begin(), windows.end());
  return {windows.front(), windows[windows.size() / 2]};
}

struct Row {
  const char* what;
  Case c;
};

template <class T>
void table(int threads, double seconds, const std::string& only) {
  const Row rows[] = {
      {"mnist forward 1", {128, 784, 256, 0, 1, 1, 0, 0}},
      {"mnist forward 2", {128, 256, 128, 0, 1, 1, 0, 0}},
      {"mnist forward 3", {128, 128, 10, 0, 1, 1, 0, 0}},
      {"mnist dX 3", {128, 10, 128, 0, 0, 0, 0, 0}},
      {"mnist dX 2", {128, 128, 256, 0, 0, 0, 0, 0}},
      {"mnist dW 3", {10, 128, 128, 1, 0, 0, 0, 0}},
      {"mnist dW 2", {128, 128, 256, 1, 0, 0, 0, 0}},
      {"mnist dW 1", {256, 128, 784, 1, 0, 0, 0, 0}},
      {"128·784·256", {128, 784, 256, 0, 0, 0, 0, 0}},
      {"784·128·256", {784, 128, 256, 0, 0, 0, 0, 0}},
      {"128·256·128", {128, 256, 128, 0, 0, 0, 0, 0}},
      {"deep forward", {64, 128, 128, 0, 1, 1, 0, 0}},
      {"deep dX", {64, 128, 128, 0, 0, 0, 0, 0}},
      {"deep dW", {128, 64, 128, 1, 0, 0, 0, 0}},
      {"cat forward", {209, 12288, 20, 0, 1, 1, 0, 0}},
      {"cat dW", {20, 209, 12288, 1, 0, 0, 0, 0}},
      {"wide forward 1", {512, 1024, 4096, 0, 1, 1, 0, 0}},
      {"wide forward 2", {512, 4096, 4096, 0, 1, 1, 0, 0}},
      {"wide dX", {512, 4096, 4096, 0, 0, 0, 0, 0}},
      {"wide dW", {4096, 512, 4096, 1, 0, 0, 0, 0}},
      {"one example", {1, 784, 256, 0, 1, 1, 0, 0}},
      {"one, wide", {1, 4096, 4096, 0, 1, 1, 0, 0}},
      {"one, wide dX", {1, 4096, 4096, 0, 0, 0, 0, 0}},
      {"outer product", {1024, 1, 1024, 1, 0, 0, 0, 0}},
      {"tiny forward 1", {64, 2, 16, 0, 1, 1, 0, 0}},
      {"tiny forward 2", {64, 16, 16, 0, 1, 1, 0, 0}},
      {"tiny forward 3", {64, 16, 1, 0, 1, 1, 0, 0}},
      {"tiny dX", {64, 16, 16, 0, 0, 0, 0, 0}},
      {"tiny dW", {16, 64, 16, 1, 0, 0, 0, 0}},
  };
  double peak = peak_gflops(sizeof(T) == 8, threads);
  std::printf("%s, %s, %d threads; multiply-add peak %.0f GFLOP/s\n\n", cpu_backend().describe().c_str(),
              sizeof(T) == 4 ? "float32" : "float64", threads, peak);
  std::printf("%-16s %-30s %12s %12s %10s %7s\n", "", "m × k × n", "best µs", "median µs", "GFLOP/s", "of peak");
  for (const Row& row : rows) {
    if (std::string(row.what).find(only) == std::string::npos) continue;
    const Timing t = time_case<T>(row.c, threads, seconds);
    const double gflops = 2e-9 * row.c.m * row.c.n * row.c.k / t.best;
    char shape[64];
    std::snprintf(shape, sizeof shape, "%lld × %lld × %lld %c%c", (long long)row.c.m, (long long)row.c.k,
                  (long long)row.c.n, row.c.trans_a ? 'T' : 'N', row.c.trans_b ? 'T' : 'N');
    std::printf("%-16s %-32s %12.2f %12.2f %10.1f %6.0f%%\n", row.what, shape, t.best * 1e6, t.median * 1e6, gflops,
                peak > 0 ? 100 * gflops / peak : 0);
  }
}

}  // namespace
}  // namespace matmul_bench
