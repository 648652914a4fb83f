// The bandwidth of memory and of L2.
#pragma once
#include "measure.cuh"

namespace {

// ---- memory ---------------------------------------------------------------------------------------------------------

constexpr int memory_threads = 256, packs_a_thread = 4;

__device__ __forceinline__ float4 pack_of(int64_t i, int modulus) {
  const float x = static_cast<float>(i % modulus);
  return make_float4(x, x + 1, x + 2, x + 3);
}

__global__ void __launch_bounds__(memory_threads) fill_packs(float4* out, int64_t n, int modulus) {
  const int64_t begin = int64_t{blockIdx.x} * memory_threads * packs_a_thread + threadIdx.x;
  for (int64_t i = begin, k = 0; k < packs_a_thread && i < n; k++, i += memory_threads) out[i] = pack_of(i, modulus);
}

__global__ void __launch_bounds__(memory_threads) copy_packs(float4* out, const float4* in, int64_t n) {
  const int64_t begin = int64_t{blockIdx.x} * memory_threads * packs_a_thread + threadIdx.x;
#pragma unroll
  for (int k = 0; k < packs_a_thread; k++) {
    const int64_t i = begin + k * memory_threads;
    if (i < n) out[i] = in[i];
  }
}

// out = x + scale·y
__global__ void __launch_bounds__(memory_threads)
    triad_packs(float4* out, const float4* x, const float4* y, float scale, int64_t n) {
  const int64_t begin = int64_t{blockIdx.x} * memory_threads * packs_a_thread + threadIdx.x;
#pragma unroll
  for (int k = 0; k < packs_a_thread; k++) {
    const int64_t i = begin + k * memory_threads;
    if (i >= n) continue;
    const float4 a = x[i], b = y[i];
    out[i] = make_float4(__fmaf_rn(b.x, scale, a.x), __fmaf_rn(b.y, scale, a.y), __fmaf_rn(b.z, scale, a.z),
                         __fmaf_rn(b.w, scale, a.w));
  }
}

constexpr int modulus_x = 1021, modulus_y = 509;  // small whole numbers: every result is exact

// Counts the packs that are not x + scale·y.
__global__ void __launch_bounds__(memory_threads)
    count_wrong(unsigned long long* wrong, const float4* out, float scale, int64_t n) {
  const int64_t begin = int64_t{blockIdx.x} * memory_threads * packs_a_thread + threadIdx.x;
  for (int64_t i = begin, k = 0; k < packs_a_thread && i < n; k++, i += memory_threads) {
    const float4 x = pack_of(i, modulus_x), y = pack_of(i, modulus_y), found = out[i];
    const bool good = found.x == x.x + scale * y.x && found.y == x.y + scale * y.y && found.z == x.z + scale * y.z &&
                      found.w == x.w + scale * y.w;
    if (!good) atomicAdd(wrong, 1ull);
  }
}

struct Streams {
  int64_t packs;
  Array<float4> x, y, out;
  Array<unsigned long long> wrong{1};

  explicit Streams(int64_t n) : packs(n), x(n), y(n), out(n) {}
  dim3 grid() const {
    constexpr int64_t block = memory_threads * packs_a_thread;
    return dim3(static_cast<unsigned>((packs + block - 1) / block));
  }
  double bytes() const { return static_cast<double>(packs) * sizeof(float4); }

  // Runs the work once on an `out` of NaN and compares all of it.
  template <class Work>
  void check(Machine& machine, float scale, Work work) {
    out.fill_bytes(0xFF);
    wrong.fill_bytes(0);
    work();
    launch(machine.context, count_wrong, grid(), dim3(memory_threads), 0, wrong.data(), out.data(), scale, packs);
    machine.wait("a kernel");
    if (wrong.read()[0] != 0) throw std::runtime_error(std::to_string(wrong.read()[0]) + " packs are wrong");
  }
};

void measure_memory(Machine& machine) {
  // Far more than L2 holds, and not more than an eighth of what is free.
  size_t free = 0, total = 0;
  need(cudaMemGetInfo(&free, &total), "cudaMemGetInfo");
  const int64_t wanted = std::min<int64_t>(int64_t{1} << 30, static_cast<int64_t>(free / 8));
  const int64_t bytes = machine.tiny ? 40000 : wanted;
  Streams streams(bytes / static_cast<int64_t>(sizeof(float4)));
  const dim3 grid = streams.grid(), block(memory_threads);
  launch(machine.context, fill_packs, grid, block, 0, streams.x.data(), streams.packs, modulus_x);
  launch(machine.context, fill_packs, grid, block, 0, streams.y.data(), streams.packs, modulus_y);
  machine.wait("a kernel");

  const auto copy = [&] {
    launch(machine.context, copy_packs, grid, block, 0, streams.out.data(), streams.x.data(), streams.packs);
  };
  const auto triad = [&](float scale) {
    launch(machine.context, triad_packs, grid, block, 0, streams.out.data(), streams.x.data(), streams.y.data(), scale,
           streams.packs);
  };
  const auto runtime_copy = [&] {
    need(cudaMemcpyAsync(streams.out.data(), streams.x.data(), static_cast<size_t>(streams.bytes()),
                         cudaMemcpyDeviceToDevice, machine.context.stream),
         "cudaMemcpyAsync");
  };
  lines::measure("memory copy", [&] {
    streams.check(machine, 0, copy);
    report("memory copy", 2 * streams.bytes() / best_seconds(machine, copy) / 1e9, "GB/s");
  });
  lines::measure("memory triad", [&] {
    streams.check(machine, 2, [&] { triad(2); });
    report("memory triad", 3 * streams.bytes() / best_seconds(machine, [&] { triad(2); }) / 1e9, "GB/s");
  });
  lines::measure("memory copy by the runtime", [&] {
    streams.check(machine, 0, runtime_copy);
    report("memory copy by the runtime", 2 * streams.bytes() / best_seconds(machine, runtime_copy) / 1e9, "GB/s");
  });
}

// ---- L2 -------------------------------------------------------------------------------------------------------------

// Every pass reads all packs once, each thread others than in the pass before, by a shift that keeps i % 8.
// Compiled with L1 out of the way (-dlcm=cg).
__global__ void __launch_bounds__(memory_threads) read_packs(float4* out, const float4* in, int64_t mask, int passes) {
  const int64_t step = int64_t{gridDim.x} * memory_threads;
  const int64_t first = int64_t{blockIdx.x} * memory_threads + threadIdx.x;
  float4 sum = make_float4(0, 0, 0, 0);
  for (int pass = 0; pass < passes; pass++) {
#pragma unroll 4
    for (int64_t i = first; i <= mask; i += step) {
      const float4 x = in[(i + int64_t{pass} * 4096) & mask];
      sum.x += x.x;
      sum.y += x.y;
      sum.z += x.z;
      sum.w += x.w;
    }
  }
  out[first] = sum;
}

void measure_l2(Machine& machine) {
  constexpr int period = 8;
  int l2 = 0;
  need(cudaDeviceGetAttribute(&l2, cudaDevAttrL2CacheSize, machine.context.device), "cudaDeviceGetAttribute");
  if (l2 <= 0 && !machine.tiny) return lines::skipped("L2 read", "the driver does not tell the size of L2");
  int64_t packs = 8192;
  while (!machine.tiny && packs * 2 * static_cast<int64_t>(sizeof(float4)) <= l2 / 2) packs *= 2;
  const unsigned blocks = machine.tiny ? 3 : machine.blocks(8);
  const int64_t threads = int64_t{blocks} * memory_threads;
  const int passes = machine.tiny ? 2 : 64;
  Array<float4> in(packs), out(threads);
  launch(machine.context, fill_packs, dim3(static_cast<unsigned>(packs / (memory_threads * packs_a_thread))),
         dim3(memory_threads), 0, in.data(), packs, period);
  const auto work = [&] {
    launch(machine.context, read_packs, dim3(blocks), dim3(memory_threads), 0, out.data(), in.data(), packs - 1,
           passes);
  };
  out.fill_bytes(0xFF);
  work();
  machine.wait("a kernel");
  const std::vector<float4> found = out.read();
  for (int64_t t = 0; t < threads; t++) {
    const int64_t reads = t < packs ? (packs - 1 - t) / threads + 1 : 0;
    const float each = static_cast<float>(reads * passes);  // threads is a multiple of the period
    const float x = static_cast<float>(t % period);
    const float4 y = found[t];
    if (!(y.x == each * x && y.y == each * (x + 1) && y.z == each * (x + 2) && y.w == each * (x + 3))) {
      throw std::runtime_error("a sum of what was read is wrong");
    }
  }
  const double bytes = static_cast<double>(packs) * sizeof(float4) * passes;
  report("L2 read", bytes / best_seconds(machine, work) / 1e9, "GB/s");
}

}  // namespace
