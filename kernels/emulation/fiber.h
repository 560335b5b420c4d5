// A thread of control with a stack of its own that runs until it hands over to another: one for every CUDA thread.
#pragma once

#include <cstddef>

// The switch is hand-written where it can be: swapcontext makes a system call each time, some 300 ns against 5.
#if defined(__x86_64__) && defined(__linux__) && !defined(NK_EMU_UCONTEXT)
#define NK_EMU_SWITCH 1
#else
#define NK_EMU_SWITCH 0
#include <ucontext.h>
#endif

#if defined(__SANITIZE_ADDRESS__)
#define NK_EMU_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define NK_EMU_ASAN 1
#endif
#endif

namespace nk {
namespace emu {

// Stacks of one size in one mapping, each above a page that may not be touched.
class stacks {
 public:
  stacks() = default;
  stacks(const stacks&) = delete;
  stacks& operator=(const stacks&) = delete;
  ~stacks();

  // False if there is no memory.
  bool allocate(std::size_t count);
  unsigned char* bottom(std::size_t i) const { return base_ + i * kStride + kGuard; }

  // Kernels hold a row in registers: a few KB here. Sanitizers surround every variable and keep them all apart.
#if defined(NK_EMU_ASAN) || !defined(__OPTIMIZE__)
  static constexpr std::size_t kBytes = 256 * 1024;
#else
  static constexpr std::size_t kBytes = 64 * 1024;
#endif

 private:
  // With a guard of one page the distance of two stacks is an odd number of pages, so that their tops, which every
  // switch touches, do not all fall into the same few sets of a cache. Pages are larger elsewhere, 64 KB at most.
  static constexpr std::size_t kGuard = NK_EMU_SWITCH ? 4096 : 65536;
  static constexpr std::size_t kStride = kBytes + kGuard;

  unsigned char* base_ = nullptr;
  std::size_t bytes_ = 0;
};

class fiber {
 public:
  // The fibre of the caller itself, of which nothing is known but that it runs.
  fiber() = default;

  // Gives it a stack. `number` varies where on its stack it begins; see stacks::kStride.
  void adopt(unsigned char* stack, std::size_t number);

  // The next switch to it calls entry(argument), which must never return.
  void begin(void (*entry)(void*), void* argument);

  // To be called before a stack is used again whose fibre was left in the middle.
  void forget();

  // Continues `to`; returns when somebody switches back to `from`, which is never if it is the last time.
  static void change(fiber& from, fiber& to, bool last);

 private:
  [[noreturn]] static void start();
  void arrived();

  unsigned char* stack_ = nullptr;
  std::size_t bytes_ = 0;
  unsigned char* top_ = nullptr;
  void (*entry_)(void*) = nullptr;
  void* argument_ = nullptr;
  // For AddressSanitizer: who switched here, and what it keeps of the stack that was left.
  fiber* from_ = nullptr;
  void* kept_ = nullptr;
#if NK_EMU_SWITCH
  void* stack_pointer_ = nullptr;
#else
  ucontext_t context_;
#endif
};

}  // namespace emu
}  // namespace nk
