// Reference-counted native memory, counted for my.memory(). May be created, shared and released on
// any thread.
#pragma once
#include <cstdint>
#include <memory>

#include "core/device/backend.h"

namespace myelin {

class Buffer {
 public:
  // Throws OutOfMemory. Fill::none is for memory that is about to be written completely.
  enum class Fill { zero, none };
  Buffer(Backend& backend, DType dtype, int64_t count, Fill fill = Fill::zero);
  ~Buffer();
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  Backend& backend;
  const DType dtype;
  const int64_t count;
  void* data;
  size_t bytes() const { return static_cast<size_t>(count) * size_of(dtype); }
};
using BufferPtr = std::shared_ptr<Buffer>;

struct MemoryStats {
  int64_t live_bytes, live_buffers, peak_bytes;
};
MemoryStats memory_stats();
// Arenas and other working memory report themselves so that live_bytes is the whole truth.
void count_memory(int64_t bytes, int64_t buffers);

}  // namespace myelin
