// Copies from global to shared memory that run beside the thread that asked for them.
//
//   copy_async_16(shared, global, n) 16 bytes, both addresses multiples of 16; of less (n) the rest becomes 0
//   copy_async_commit()              what this thread asked for since the last commit becomes one group
//   copy_async_wait<N>()             until at most the last N groups of this thread are still under way
//
//   prefetch(global)                 the cache line of an address into the first-level cache
//
// The bytes are there for the thread that waited; for others only after a barrier that follows the wait.
#pragma once

#include "cuda_compat.cuh"

namespace nk {
namespace cuda {

#if defined(__CUDACC__)

__device__ __forceinline__ void copy_async_16(void* shared, const void* global, int bytes = 16) {
#if defined(__CUDA_ARCH__)
  const unsigned to = static_cast<unsigned>(__cvta_generic_to_shared(shared));
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(global), "r"(bytes) : "memory");
#endif
}

__device__ __forceinline__ void copy_async_commit() {
#if defined(__CUDA_ARCH__)
  asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}

__device__ __forceinline__ void prefetch(const void* global) {
#if defined(__CUDA_ARCH__)
  asm volatile("prefetch.global.L1 [%0];" ::"l"(global));
#endif
}

template <int N>
__device__ __forceinline__ void copy_async_wait() {
#if defined(__CUDA_ARCH__)
  asm volatile("cp.async.wait_group %0;" ::"n"(N) : "memory");
#endif
}

#else

inline void copy_async_16(void* shared, const void* global, int bytes = 16, emu::site where = {}) {
  emu::copy_async_16(shared, global, static_cast<std::size_t>(bytes), where);
}

inline void prefetch(const void*) {}

inline void copy_async_commit() {
  emu::copy_async_commit();
}

template <int N>
void copy_async_wait() {
  static_assert(N >= 0, "groups that may still be under way");
  emu::copy_async_wait(N);
}

#endif

}  // namespace cuda
}  // namespace nk
