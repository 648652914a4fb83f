// Grids: the checks of a launch, and all blocks one after the other.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <numeric>
#include <utility>
#include <vector>

#include "block.h"
#include "device.h"
#include "shared_memory.h"
#include "stream.h"

namespace emu {

Order Order::from_environment(uint64_t salt) {
  Order order;
  const char* name = std::getenv("EMU_ORDER");
  if (!name || !*name || !std::strcmp(name, "forward")) {
    order.kind = Kind::forward;
  } else if (!std::strcmp(name, "reverse")) {
    order.kind = Kind::reverse;
  } else if (!std::strcmp(name, "random")) {
    order.kind = Kind::random;
    order.state_ = (number_from_environment("EMU_SEED", 1) + 1) * 0x9E3779B97F4A7C15u ^ salt * 0xD1B54A32D192ED03u;
    if (order.state_ == 0) order.state_ = 1;
    for (int i = 0; i < 4; i++) order.next();
  } else {
    std::fprintf(stderr, "stand-in CUDA runtime: EMU_ORDER is '%s'; expected forward, reverse or random\n", name);
    std::abort();
  }
  return order;
}

namespace {

std::map<const void*, size_t>& allowed_shared() {  // by kernel, where cudaFuncSetAttribute raised it
  static auto& map = *new std::map<const void*, size_t>;
  return map;
}
size_t shared_allowed(const void* kernel) {
  const auto found = allowed_shared().find(kernel);
  return found == allowed_shared().end() ? shared_limit : found->second;
}

// Kernels compute with the device's rounding whatever the calling thread does: denormals count, nothing traps.
class FloatControl {
 public:
#if defined(__x86_64__)
  FloatControl() : before_(__builtin_ia32_stmxcsr()) { __builtin_ia32_ldmxcsr(0x1f80); }
  ~FloatControl() { __builtin_ia32_ldmxcsr(before_); }

 private:
  unsigned before_;
#else
  FloatControl() {
    asm volatile("mrs %0, fpcr" : "=r"(before_));
    asm volatile("msr fpcr, %0" : : "r"(uint64_t{0}));
  }
  ~FloatControl() { asm volatile("msr fpcr, %0" : : "r"(before_)); }

 private:
  uint64_t before_;
#endif
};

// Exactly as many bytes as were asked for, so that AddressSanitizer sees the end.
class DynamicShared {
 public:
  explicit DynamicShared(size_t bytes) : bytes_(bytes) {
    if (bytes > 0 && posix_memalign(&memory_, 128, bytes) != 0) std::abort();
  }
  ~DynamicShared() { std::free(memory_); }
  void poison_before_block() {
    if (bytes_ > 0) std::memset(memory_, poison, bytes_);
  }
  void* memory() const { return memory_; }

 private:
  size_t bytes_;
  void* memory_ = nullptr;
};

uint64_t grids_run = 0;

void run_grid(const Grid& grid) {
  FloatControl control;
  Order order = Order::from_environment(++grids_run);  // each replay of a graph gets an order of its own
  SharedMemory statics(grid.kernel);
  DynamicShared dynamic(grid.shared_bytes);
  const uint64_t count = uint64_t{grid.blocks.x} * grid.blocks.y * grid.blocks.z;
  std::vector<uint64_t> blocks(count);
  std::iota(blocks.begin(), blocks.end(), uint64_t{0});
  if (order.kind == Order::Kind::reverse) std::reverse(blocks.begin(), blocks.end());
  if (order.kind == Order::Kind::random) {
    for (uint64_t i = count; i > 1; i--) std::swap(blocks[i - 1], blocks[order.below(i)]);
  }
  for (uint64_t i = 0; i < count; i++) {
    statics.poison_before_block(i == 0);
    dynamic.poison_before_block();
    const uint64_t b = blocks[i], x = grid.blocks.x, y = grid.blocks.y;
    const uint3 index = {static_cast<unsigned>(b % x), static_cast<unsigned>(b / x % y),
                         static_cast<unsigned>(b / (x * y))};
    run_block(grid, index, dynamic.memory(), order);
  }
}

bool is_valid(const Grid& grid) {
  const dim3 &b = grid.blocks, &t = grid.threads;
  return b.x > 0 && b.y > 0 && b.z > 0 && b.x <= 0x7fffffff && b.y <= 65535 && b.z <= 65535 && t.x > 0 && t.y > 0 &&
         t.z > 0 && t.x <= 1024 && t.y <= 1024 && t.z <= 64 && uint64_t{t.x} * t.y * t.z <= threads_per_block;
}

}  // namespace

void enqueue(cudaStream_t stream, Grid grid) {
  Lock lock(device_mutex());
  if (check_device() != cudaSuccess) {
    failed(check_device());
    return;
  }
  if (!is_valid(grid)) {
    failed(cudaErrorInvalidConfiguration);
    return;
  }
  if (grid.shared_bytes > shared_allowed(grid.kernel)) {
    failed(cudaErrorInvalidValue);
    return;
  }
  submit(stream, [grid = std::move(grid)] { run_grid(grid); });
}

cudaError_t set_attribute(const void* kernel, cudaFuncAttribute attribute, int value) {
  Lock lock(device_mutex());
  if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize) return cudaSuccess;
  if (value < 0 || static_cast<size_t>(value) > shared_optin_limit) return failed(cudaErrorInvalidValue);
  allowed_shared()[kernel] = static_cast<size_t>(value);
  return cudaSuccess;
}

cudaError_t get_attributes(const void* kernel, cudaFuncAttributes* attributes) {
  Lock lock(device_mutex());
  *attributes = {};
  attributes->maxThreadsPerBlock = threads_per_block;
  attributes->ptxVersion = attributes->binaryVersion = 86;
  attributes->maxDynamicSharedSizeBytes = static_cast<int>(shared_allowed(kernel));
  return cudaSuccess;
}

cudaError_t occupancy(int* blocks, int threads, size_t shared_bytes) {
  if (threads < 1 || threads > threads_per_block) return failed(cudaErrorInvalidValue);
  const int warps = (threads + 31) / 32;
  *blocks = threads_per_processor / (warps * 32);
  if (shared_bytes > 0) *blocks = std::min(*blocks, static_cast<int>(shared_per_processor / (shared_bytes + 1024)));
  return cudaSuccess;
}

}  // namespace emu
