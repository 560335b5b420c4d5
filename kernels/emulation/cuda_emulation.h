// The part of CUDA that the kernels use, for an ordinary C++ compiler: included by common/cuda_compat.cuh alone.
//
// Arithmetic is IEEE 754 as written. rsqrtf is 1 / sqrtf, which CUDA's is only to 2 units in the last place: kernels
// whose bits are to agree with the GPU's do without it.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include <math.h>

#include "grid.h"
#include "runtime_emulation.h"
#include "vector_types.h"

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __grid_constant__
#define __align__(n) alignas(n)

#define threadIdx (::nk::emu::current->thread_index)
#define blockIdx (*::nk::emu::current->block_index)
#define blockDim (*::nk::emu::current->block_dim)
#define gridDim (*::nk::emu::current->grid_dim)

constexpr int warpSize = 32;

// One key for each declaration, and for each instance of a template, as CUDA has it.
#define NK_SHARED(T, name, count)    \
  static const char name##_key_ = 0; \
  T* const name =                    \
      static_cast<T*>(::nk::emu::shared_array(&name##_key_, sizeof(T[count]), alignof(T), ::nk::emu::site()))

#define NK_DYNAMIC_SHARED(T, name)                                                 \
  static_assert(alignof(T) <= 16, "dynamic shared memory is aligned to 16 bytes"); \
  T* const name = static_cast<T*>(::nk::emu::dynamic_shared())

inline void __syncthreads(nk::emu::site where = {}) {
  nk::emu::sync_threads(where);
}

inline void __syncwarp(unsigned mask = 0xffffffffu, nk::emu::site where = {}) {
  nk::emu::sync_warp(mask, where);
}

// One OS thread runs the whole grid: memory is always in order.
inline void __threadfence() {}
inline void __threadfence_block() {}

namespace nk {
namespace emu {

// Lane arithmetic as CUDA defines it: a segment of `width` lanes; out of it, a lane gets its own value.
template <class T>
T shuffle(unsigned mask, T value, unsigned source, site where) {
  static_assert(std::is_arithmetic<T>::value && (sizeof(T) == 4 || sizeof(T) == 8), "what CUDA shuffles");
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  bits = exchange(mask, bits, source, where);
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

inline unsigned segment(int width) {
  return lane() & ~(static_cast<unsigned>(width) - 1u);
}

}  // namespace emu
}  // namespace nk

template <class T>
T __shfl_sync(unsigned mask, T value, int source, int width = 32, nk::emu::site where = {}) {
  const unsigned inside = static_cast<unsigned>(source) & (static_cast<unsigned>(width) - 1u);
  return nk::emu::shuffle(mask, value, nk::emu::segment(width) + inside, where);
}

template <class T>
T __shfl_xor_sync(unsigned mask, T value, int lanes, int width = 32, nk::emu::site where = {}) {
  const unsigned source = nk::emu::lane() ^ static_cast<unsigned>(lanes);
  const bool reached = source < nk::emu::segment(width) + static_cast<unsigned>(width);
  return nk::emu::shuffle(mask, value, reached ? source : nk::emu::lane(), where);
}

template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32, nk::emu::site where = {}) {
  const unsigned source = nk::emu::lane() + delta;
  const bool reached = source < nk::emu::segment(width) + static_cast<unsigned>(width);
  return nk::emu::shuffle(mask, value, reached ? source : nk::emu::lane(), where);
}

template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32, nk::emu::site where = {}) {
  const bool reached = nk::emu::lane() >= nk::emu::segment(width) + delta;
  return nk::emu::shuffle(mask, value, reached ? nk::emu::lane() - delta : nk::emu::lane(), where);
}

inline unsigned __ballot_sync(unsigned mask, int predicate, nk::emu::site where = {}) {
  return nk::emu::ballot(mask, predicate != 0, where);
}

inline int __any_sync(unsigned mask, int predicate, nk::emu::site where = {}) {
  return nk::emu::ballot(mask, predicate != 0, where) != 0 ? 1 : 0;
}

inline int __all_sync(unsigned mask, int predicate, nk::emu::site where = {}) {
  return nk::emu::ballot(mask, predicate == 0, where) == 0 ? 1 : 0;
}

// Hints at the caches.
template <class T>
T __ldg(const T* p) {
  return *p;
}
template <class T>
T __ldcs(const T* p) {
  return *p;
}
template <class T>
T __ldcg(const T* p) {
  return *p;
}
template <class T>
void __stcs(T* p, T v) {
  *p = v;
}
template <class T>
void __stcg(T* p, T v) {
  *p = v;
}

inline unsigned __float_as_uint(float v) {
  unsigned u;
  std::memcpy(&u, &v, sizeof u);
  return u;
}
inline float __uint_as_float(unsigned u) {
  float v;
  std::memcpy(&v, &u, sizeof v);
  return v;
}
inline int __popc(unsigned u) {
  return __builtin_popcount(u);
}
inline int __clz(int u) {
  return u == 0 ? 32 : __builtin_clz(static_cast<unsigned>(u));
}
inline int __ffs(int u) {
  return __builtin_ffs(u);
}

inline float rsqrtf(float x) {
  return 1.0f / sqrtf(x);
}

// Counters that decide which block is last. Sums of floats have no order on a GPU, so there are none here.
template <class T>
T atomicAdd(T* p, T v) {
  static_assert(std::is_integral<T>::value, "a sum of floats by atomics is not the same twice");
  const T old = *p;
  *p = static_cast<T>(old + v);
  return old;
}
inline unsigned atomicInc(unsigned* p, unsigned last) {
  const unsigned old = *p;
  *p = old >= last ? 0 : old + 1;
  return old;
}
