// Static shared memory: the thread-local block of this library, on the thread that runs a grid.
#pragma once
#include <cstddef>

namespace emu {

constexpr int poison = 0xff;  // NaN in every floating-point format

// Poisons all of it where the kernel may have written: before every block, so that no block finds what an earlier one
// left. `kernel` identifies whose writes are meant.
class SharedMemory {
 public:
  explicit SharedMemory(const void* kernel);
  void poison_before_block(bool first);
  ~SharedMemory();

 private:
  void learn();
  const void* kernel_;
};

}  // namespace emu
