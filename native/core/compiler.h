// What compilers spell differently.
#pragma once

#include <math.h>

#if defined(__CUDACC__)
// Of the core, the GPU's code uses what is inline: the dtypes and small arithmetic.
#define NK_INLINE __host__ __device__ __forceinline__
#define NK_HOST_DEVICE __host__ __device__
#define NK_NOINLINE __noinline__
#define NK_FMA fma
#define NK_FMAF fmaf
#define NK_SQRT sqrt
#elif defined(_MSC_VER) && !defined(__clang__)
#define NK_INLINE __forceinline
#define NK_NOINLINE __declspec(noinline)
#define NK_INLINE_LAMBDA [[msvc::forceinline]]
#define NK_FMA fma
#define NK_FMAF fmaf
#define NK_SQRT sqrt
#else
#define NK_INLINE inline __attribute__((always_inline))
#define NK_NOINLINE __attribute__((noinline))
// On a lambda: without it GCC leaves a loop body that is instantiated for whole and partial steps as a call.
#define NK_INLINE_LAMBDA __attribute__((always_inline))
#define NK_FMA __builtin_fma
#define NK_FMAF __builtin_fmaf
#define NK_SQRT __builtin_sqrt
#endif

// A function that is too large to be forced into every caller.
#if !defined(NK_HOST_DEVICE)
#define NK_HOST_DEVICE
#endif

// Kernel files are compiled once per instruction set, NK_ISA being its name (isas.h). Everything in them lives in
// an unnamed namespace inside nk::NK_ISA, so that the linker can never merge a function compiled for AVX-512 into the
// scalar build; for the same reason they call no inline function of the standard library.
#define NK_BEGIN_ISA \
  namespace nk {     \
  namespace NK_ISA { \
  namespace {
#define NK_END_ISA \
  }                \
  }                \
  }
