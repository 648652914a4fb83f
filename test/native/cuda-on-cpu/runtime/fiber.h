// A thread of a block: a stack of its own that runs until it hands the processor back.
#pragma once
#include <cstddef>

namespace emu {

class Fiber {
 public:
  // `body` is called once for every start() that is followed by resume().
  explicit Fiber(void (*body)());
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  void resume();        // from the scheduler: go on until the fiber pauses or its body returns
  static void pause();  // from within a fiber: back to the scheduler

 private:
  static void enter();
  void leave();

  void (*body_)();
  void* sp_;
  const char* stack_;
  void* fake_stack_ = nullptr;  // AddressSanitizer's
  void* tsan_ = nullptr;        // ThreadSanitizer's
};

}  // namespace emu
