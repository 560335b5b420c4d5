#include "fiber.h"

#include <cstdint>
#include <cstdlib>

#include <sys/mman.h>

#if defined(NK_EMU_ASAN)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

#if NK_EMU_SWITCH
extern "C" void nk_emu_switch(void** leave, void* enter);

// What a function must preserve goes onto the stack that is left; the rest the caller has saved. The control words of
// the floating-point units are the same in every kernel.
asm(R"(
  .text
  .p2align 4
  .globl nk_emu_switch
  .hidden nk_emu_switch
  .type nk_emu_switch, @function
nk_emu_switch:
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
  .size nk_emu_switch, .-nk_emu_switch
)");
#endif

namespace nk {
namespace emu {
namespace {

// The fibre that a switch goes to: how a fibre that starts learns which it is.
thread_local fiber* entered = nullptr;

}  // namespace

stacks::~stacks() {
  if (base_ != nullptr) munmap(base_, bytes_);
}

bool stacks::allocate(std::size_t count) {
  bytes_ = count * kStride;
  void* p = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) return false;
  base_ = static_cast<unsigned char*>(p);
  for (std::size_t i = 0; i < count; ++i) {
    if (mprotect(base_ + i * kStride, kGuard, PROT_NONE) != 0) return false;
  }
  return true;
}

void fiber::adopt(unsigned char* stack, std::size_t number) {
  stack_ = stack;
  bytes_ = stacks::kBytes;
  top_ = stack + bytes_ - (number % 64) * 64;
}

void fiber::begin(void (*entry)(void*), void* argument) {
  entry_ = entry;
  argument_ = argument;
  kept_ = nullptr;
#if NK_EMU_SWITCH
  // As nk_emu_switch leaves a stack: six registers, where to return to, and above it what would be the return address
  // of start(), which makes a backtrace end.
  void** p = reinterpret_cast<void**>(top_);
  *--p = nullptr;
  *--p = reinterpret_cast<void*>(&fiber::start);
  for (int i = 0; i < 6; ++i) *--p = nullptr;
  stack_pointer_ = p;
#else
  getcontext(&context_);
  context_.uc_stack.ss_sp = stack_;
  context_.uc_stack.ss_size = static_cast<std::size_t>(top_ - stack_);
  context_.uc_link = nullptr;
  makecontext(&context_, &fiber::start, 0);
#endif
}

void fiber::forget() {
#if defined(NK_EMU_ASAN)
  __asan_unpoison_memory_region(stack_, bytes_);
#endif
}

void fiber::change(fiber& from, fiber& to, bool last) {
  to.from_ = &from;
  entered = &to;
#if defined(NK_EMU_ASAN)
  __sanitizer_start_switch_fiber(last ? nullptr : &from.kept_, to.stack_, to.bytes_);
#else
  static_cast<void>(last);
#endif
#if NK_EMU_SWITCH
  nk_emu_switch(&from.stack_pointer_, to.stack_pointer_);
#else
  swapcontext(&from.context_, &to.context_);
#endif
  from.arrived();
}

void fiber::arrived() {
#if defined(NK_EMU_ASAN)
  const void* bottom = nullptr;
  std::size_t bytes = 0;
  __sanitizer_finish_switch_fiber(kept_, &bottom, &bytes);
  // The first to be left is the caller's own fibre: only now its stack becomes known, to be named when switching back.
  if (from_->stack_ == nullptr) {
    from_->stack_ = static_cast<unsigned char*>(const_cast<void*>(bottom));
    from_->bytes_ = bytes;
  }
#endif
}

void fiber::start() {
  fiber* self = entered;
  self->arrived();
  self->entry_(self->argument_);
  std::abort();
}

}  // namespace emu
}  // namespace nk
