// What every kernel includes first. Under nvcc it is CUDA; under an ordinary C++ compiler it is kernels/emulation,
// which runs the same source on the CPU. What the two spell differently has one name here:
//
//   NK_SHARED(T, name, count)     a static shared array of a kernel or device function, uninitialised
//   not_seen_through(u)           u, of which the compiler knows nothing
//   NK_DYNAMIC_SHARED(T, name)    the dynamic shared memory of the launch, as T*, aligned to 16 bytes
//
// Shared memory is declared with nothing else: __shared__ means nothing to a C++ compiler, and the emulation leaves it
// undefined so that it does not compile.
#pragma once

#if defined(__CUDACC__)

#include <cuda_runtime.h>

#define NK_SHARED(T, name, count) __shared__ T name[count]

// One array for all kernels of a file: extern shared arrays of one name and two types do not compile.
#define NK_DYNAMIC_SHARED(T, name)                                    \
  extern __shared__ __align__(16) unsigned char nk_dynamic_shared_[]; \
  T* const name = reinterpret_cast<T*>(nk_dynamic_shared_)

namespace nk {
namespace cuda {

__device__ __forceinline__ unsigned not_seen_through(unsigned u) {
#if defined(__CUDA_ARCH__)
  asm volatile("" : "+r"(u));
#endif
  return u;
}

}  // namespace cuda
}  // namespace nk

#else

#include "emulation/cuda_emulation.h"

namespace nk {
namespace cuda {

inline unsigned not_seen_through(unsigned u) {
  return u;
}

}  // namespace cuda
}  // namespace nk

#endif
