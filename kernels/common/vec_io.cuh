// Rows in slots of 16 bytes: 4 float32 or 8 16-bit elements, what a thread loads at once.
//
// Slots are counted from the beginning of their row, wherever that lies: what a thread sums, and so every bit of a
// result, must not depend on alignment. One that is aligned is a single access; a misaligned one is loaded as the two
// aligned 16 bytes that it straddles (its neighbours load the same, so memory is read once), and stored in words as
// wide as its alignment. Only the ends of a row go element by element. Elements outside the row load as 0 and are not
// stored.
#pragma once

#include <normkernels/nk_types.h>

#include <cstdint>
#include <cstring>

#include "core/dtype.h"
#include "cuda_compat.cuh"

namespace nk {
namespace cuda {

template <class T>
constexpr int kSlot = 16 / static_cast<int>(sizeof(T));

template <class T>
struct alignas(16) slot {
  T e[kSlot<T>];
};

template <class T>
__device__ __forceinline__ unsigned misalignment(const T* p) {
  return static_cast<unsigned>(reinterpret_cast<std::uintptr_t>(p) % 16);
}

struct alignas(16) words {
  std::uint32_t w[4];
};

// The upper word of the two, shifted down by `bits`, and what the lower one has left below it.
__device__ __forceinline__ std::uint32_t funnel(std::uint32_t low, std::uint32_t high, unsigned bits) {
#if defined(__CUDA_ARCH__)
  return __funnelshift_r(low, high, bits);
#else
  return static_cast<std::uint32_t>((static_cast<std::uint64_t>(high) << 32 | low) >> bits);
#endif
}

// 16 bytes that begin `bytes` (a multiple of an element's size, less than 16) into two times 16.
template <class T>
__device__ __forceinline__ words straddle(const words& low, const words& high, unsigned bytes) {
  std::uint32_t all[8] = {low.w[0], low.w[1], low.w[2], low.w[3], high.w[0], high.w[1], high.w[2], high.w[3]};
  // An index that is not known would put the array into memory: by two words, by one, by half a word.
#pragma unroll
  for (int i = 0; i < 6; ++i) all[i] = (bytes & 8u) != 0 ? all[i + 2] : all[i];
#pragma unroll
  for (int i = 0; i < 5; ++i) all[i] = (bytes & 4u) != 0 ? all[i + 1] : all[i];
  words r;
#pragma unroll
  for (int i = 0; i < 4; ++i) r.w[i] = sizeof(T) == 4 ? all[i] : funnel(all[i], all[i + 1], (bytes & 2u) * 8u);
  return r;
}

// A row's last slot, of which `left` elements are there. Not inline: one call a row, and a third of the code.
template <class T>
__device__ NK_NOINLINE slot<T> load_edge(const T* p, int left) {
  slot<T> s;
  from_float(0.0f, &s.e[0]);
#pragma unroll
  for (int i = 1; i < kSlot<T>; ++i) s.e[i] = s.e[0];
#pragma unroll
  for (int i = 0; i < kSlot<T>; ++i) {
    if (i < left) s.e[i] = p[i];
  }
  return s;
}

template <class T>
__device__ NK_NOINLINE void store_edge(T* p, int left, slot<T> s) {
#pragma unroll
  for (int i = 0; i < kSlot<T>; ++i) {
    if (i < left) p[i] = s.e[i];
  }
}

// Elements [first, first + kSlot) of a row. Index: int where rows are known to be short, which takes half the
// instructions of int64.
template <class T, class Index>
__device__ __forceinline__ slot<T> load_slot(const T* row, Index first, Index cols) {
  slot<T> s;
  const T* const p = row + first;
  const Index left = cols - first;
  const unsigned bytes = misalignment(p);
  if (left >= kSlot<T> && bytes == 0) {
    s = *reinterpret_cast<const slot<T>*>(p);
    return s;
  }
  // What lies before the row but in the same 16 bytes may be read: nobody allocates less. Not what lies behind it.
  const int before = static_cast<int>(bytes / sizeof(T));
  if (left >= 2 * kSlot<T> - before) {
    const slot<T> pair[2] = {*reinterpret_cast<const slot<T>*>(p - before),
                             *reinterpret_cast<const slot<T>*>(p - before + kSlot<T>)};
    words low, high;
    std::memcpy(&low, &pair[0], 16);
    std::memcpy(&high, &pair[1], 16);
    const words joined = straddle<T>(low, high, bytes);
    std::memcpy(&s, &joined, 16);
    return s;
  }
  return load_edge(p, left < kSlot<T> ? static_cast<int>(left) : kSlot<T>);
}

template <class T, int Elements>
struct alignas(Elements * sizeof(T)) piece {
  T e[Elements];
};

template <class T, int Elements>
__device__ __forceinline__ void store_pieces(T* p, const slot<T>& s) {
#pragma unroll
  for (int i = 0; i < kSlot<T>; i += Elements) {
    piece<T, Elements> v;
#pragma unroll
    for (int j = 0; j < Elements; ++j) v.e[j] = s.e[i + j];
    *reinterpret_cast<piece<T, Elements>*>(p + i) = v;
  }
}

template <class T, class Index>
__device__ __forceinline__ void store_slot(T* row, Index first, Index cols, const slot<T>& s) {
  T* const p = row + first;
  const Index left = cols - first;
  const unsigned bytes = misalignment(p);
  if (left >= kSlot<T> && bytes % 4 == 0) {
    if (bytes == 0) {
      *reinterpret_cast<slot<T>*>(p) = s;
    } else if (bytes == 8) {
      store_pieces<T, 8 / sizeof(T)>(p, s);
    } else {
      store_pieces<T, 4 / sizeof(T)>(p, s);
    }
    return;
  }
  store_edge(p, left < kSlot<T> ? static_cast<int>(left) : kSlot<T>, s);
}

// The same of a tensor that is aligned in all usual calls: one that is not goes element by element.
template <class T, class Index>
__device__ __forceinline__ slot<T> load_usual_slot(const T* row, Index first, Index cols) {
  const T* const p = row + first;
  const Index left = cols - first;
  if (left >= kSlot<T> && misalignment(p) == 0) return *reinterpret_cast<const slot<T>*>(p);
  return load_edge(p, left < kSlot<T> ? static_cast<int>(left) : kSlot<T>);
}

// As many elements of a parameter, which may be float32 beside 16-bit tensors, or absent.
template <class T, class Index>
__device__ __forceinline__ void load_parameters(const void* p, bool is_float, Index first, Index cols, float if_absent,
                                                float (&out)[kSlot<T>]) {
  if (p == nullptr) {
#pragma unroll
    for (int i = 0; i < kSlot<T>; ++i) out[i] = if_absent;
  } else if (sizeof(T) == sizeof(float) || is_float) {
#pragma unroll
    for (int part = 0; part < kSlot<T>; part += 4) {
      const slot<float> s = load_usual_slot(static_cast<const float*>(p), static_cast<Index>(first + part), cols);
#pragma unroll
      for (int i = 0; i < 4; ++i) out[part + i] = s.e[i];
    }
  } else {
    const slot<T> s = load_usual_slot(static_cast<const T*>(p), first, cols);
#pragma unroll
    for (int i = 0; i < kSlot<T>; ++i) out[i] = to_float(s.e[i]);
  }
}

// v as it is read back from storage of type T.
template <class T>
__device__ __forceinline__ float through(float v) {
  T stored;
  from_float(v, &stored);
  return to_float(stored);
}

// One element, its dtype asked for at every access: for what is not read at the speed of memory.
__device__ __forceinline__ double load_double(const void* p, std::int32_t dtype, std::int64_t at) {
  switch (dtype) {
    case NK_F16:
      return static_cast<double>(to_float(static_cast<const f16*>(p)[at]));
    case NK_BF16:
      return static_cast<double>(to_float(static_cast<const bf16*>(p)[at]));
    default:
      return static_cast<double>(static_cast<const float*>(p)[at]);
  }
}

__device__ __forceinline__ void store_double(void* p, std::int32_t dtype, std::int64_t at, double value) {
  const float v = static_cast<float>(value);
  switch (dtype) {
    case NK_F16:
      return from_float(v, static_cast<f16*>(p) + at);
    case NK_BF16:
      return from_float(v, static_cast<bf16*>(p) + at);
    default:
      static_cast<float*>(p)[at] = v;
  }
}

}  // namespace cuda
}  // namespace nk
