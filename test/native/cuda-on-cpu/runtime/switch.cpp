#include "switch.h"

#include <cstdint>
#include <cstring>

#if defined(__x86_64__)
asm(R"(
  .text
  .globl emu_switch_stack
  .hidden emu_switch_stack
  .type emu_switch_stack, @function
emu_switch_stack:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
  .size emu_switch_stack, .-emu_switch_stack
)");
#elif defined(__aarch64__)
asm(R"(
  .text
  .globl emu_switch_stack
  .hidden emu_switch_stack
  .type emu_switch_stack, %function
emu_switch_stack:
  sub sp, sp, #160
  stp x19, x20, [sp]
  stp x21, x22, [sp, #16]
  stp x23, x24, [sp, #32]
  stp x25, x26, [sp, #48]
  stp x27, x28, [sp, #64]
  stp x29, x30, [sp, #80]
  stp d8, d9, [sp, #96]
  stp d10, d11, [sp, #112]
  stp d12, d13, [sp, #128]
  stp d14, d15, [sp, #144]
  mov x9, sp
  str x9, [x0]
  mov sp, x1
  ldp x19, x20, [sp]
  ldp x21, x22, [sp, #16]
  ldp x23, x24, [sp, #32]
  ldp x25, x26, [sp, #48]
  ldp x27, x28, [sp, #64]
  ldp x29, x30, [sp, #80]
  ldp d8, d9, [sp, #96]
  ldp d10, d11, [sp, #112]
  ldp d12, d13, [sp, #128]
  ldp d14, d15, [sp, #144]
  add sp, sp, #160
  ret
  .size emu_switch_stack, .-emu_switch_stack
)");
#else
#error "the stand-in CUDA runtime knows how to switch stacks on x86-64 and aarch64 only"
#endif

namespace emu {

void* prepare_stack(void* top, void (*entry)()) {
  uintptr_t* end = reinterpret_cast<uintptr_t*>(reinterpret_cast<uintptr_t>(top) & ~uintptr_t{15});
  const uintptr_t address = reinterpret_cast<uintptr_t>(entry);
#if defined(__x86_64__)
  // Six registers, the address that `ret` takes, and a return address of none: as after a call, the stack pointer is
  // then 8 off a multiple of 16.
  uintptr_t* sp = end - 8;
  std::memset(sp, 0, 8 * sizeof *sp);
  sp[6] = address;
#else
  uintptr_t* sp = end - 20;
  std::memset(sp, 0, 20 * sizeof *sp);
  sp[11] = address;  // x30
#endif
  return sp;
}

}  // namespace emu
