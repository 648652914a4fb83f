#include "shared_memory.h"

#include <link.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <unordered_map>

namespace emu {

namespace {

// Makes sure that there is a block, and on first use of a thread that it is allocated.
thread_local volatile char anchor;

struct Segment {
  unsigned char* data = nullptr;
  size_t bytes = 0;
};

int visit(dl_phdr_info* info, size_t, void* result) {
  const uintptr_t here = reinterpret_cast<uintptr_t>(&visit);
  bool mine = false;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr)& header = info->dlpi_phdr[i];
    const uintptr_t begin = info->dlpi_addr + header.p_vaddr;
    mine = mine || (header.p_type == PT_LOAD && here >= begin && here < begin + header.p_memsz);
  }
  if (!mine) return 0;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr)& header = info->dlpi_phdr[i];
    if (header.p_type != PT_TLS) continue;
    if (header.p_filesz != 0) {
      std::fprintf(
          stderr,
          "stand-in CUDA runtime: the library has an initialised thread_local variable. Shared memory cannot be "
          "initialised, and nothing else may be thread_local here.\n");
      std::abort();
    }
    *static_cast<Segment*>(result) = {static_cast<unsigned char*>(info->dlpi_tls_data), header.p_memsz};
  }
  return 1;
}

Segment find_segment() {
  anchor = static_cast<char>(poison);
  Segment segment;
  dl_iterate_phdr(visit, &segment);
  if (!segment.data) {
    std::fprintf(stderr, "stand-in CUDA runtime: the thread-local block of this library was not found\n");
    std::abort();
  }
  return segment;
}

// The bytes that kernels were seen to write. With hundreds of kernels the segment is large, and each uses little of it.
struct Range {
  size_t begin = SIZE_MAX, end = 0;
};
std::unordered_map<const void*, Range>& ranges() {
  static auto& map = *new std::unordered_map<const void*, Range>;
  return map;
}

Segment segment;  // of the thread that runs the current grid

}  // namespace

SharedMemory::SharedMemory(const void* kernel) : kernel_(kernel) { segment = find_segment(); }

SharedMemory::~SharedMemory() {
  learn();
  std::memset(segment.data, poison, segment.bytes);
}

void SharedMemory::learn() {
  const unsigned char* data = segment.data;
  size_t begin = 0, end = segment.bytes;
  // Whole words where there are some; most of the memory is untouched.
  const auto clean = [&](size_t at) {
    uint64_t word;
    std::memcpy(&word, data + at, 8);
    return word == ~uint64_t{0};
  };
  while (begin + 8 <= end && clean(begin)) begin += 8;
  while (begin < end && data[begin] == poison) begin++;
  while (end >= begin + 8 && clean(end - 8)) end -= 8;
  while (end > begin && data[end - 1] == poison) end--;
  if (begin == end) return;
  Range& range = ranges()[kernel_];
  range.begin = std::min(range.begin, begin);
  range.end = std::max(range.end, end);
}

void SharedMemory::poison_before_block(bool first) {
  constexpr size_t small = 16 << 10;
  if (first || segment.bytes <= small) {
    std::memset(segment.data, poison, segment.bytes);
    return;
  }
  const auto known = ranges().find(kernel_);
  if (known == ranges().end()) {
    learn();
    std::memset(segment.data, poison, segment.bytes);
    return;
  }
  std::memset(segment.data + known->second.begin, poison, known->second.end - known->second.begin);
}

}  // namespace emu
