// In which order threads and blocks run.
#pragma once
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace emu {

class Order {
 public:
  enum class Kind { forward, reverse, random };

  // As EMU_ORDER and EMU_SEED say now; `salt` makes grids differ from each other.
  static Order from_environment(uint64_t salt);

  Kind kind;
  uint64_t below(uint64_t n) { return next() % n; }

 private:
  uint64_t next() {  // xorshift64*
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return (state_ * 0x2545F4914F6CDD1Du) >> 16;
  }
  uint64_t state_ = 1;
};

}  // namespace emu
