#include "buffer.h"

#include <atomic>

namespace myelin {
namespace {

std::atomic<int64_t> live_bytes{0}, live_buffers{0}, peak_bytes{0};

constexpr int64_t max_count = int64_t{1} << 44;  // keeps byte counts far from overflow

int64_t checked(int64_t count) {
  if (count < 0 || count > max_count) {
    throw OutOfMemory(SIZE_MAX, "cannot make a buffer of " + std::to_string(count) + " elements");
  }
  return count;
}

}  // namespace

Buffer::Buffer(Backend& where, DType type, int64_t n, Fill fill)
    : backend(where), dtype(type), count(checked(n)), data(where.allocate(static_cast<size_t>(n) * size_of(type))) {
  count_memory(static_cast<int64_t>(bytes()), 1);
  if (fill == Fill::none) return;
  backend.clear(data, bytes());
}

Buffer::~Buffer() {
  backend.release(data, bytes());
  count_memory(-static_cast<int64_t>(bytes()), -1);
}

MemoryStats memory_stats() { return {live_bytes.load(), live_buffers.load(), peak_bytes.load()}; }

void count_memory(int64_t bytes, int64_t buffers) {
  live_buffers.fetch_add(buffers);
  const int64_t now = live_bytes.fetch_add(bytes) + bytes;
  int64_t peak = peak_bytes.load();
  while (now > peak && !peak_bytes.compare_exchange_weak(peak, now)) {
  }
}

}  // namespace myelin
