// Rows in slots of 16 bytes: 4 float32 or 8 16-bit elements, what a thread loads at once.
//
// Slots are counted from the beginning of their row, wherever that lies: what a thread sums, and so every bit of a
// result, must not depend on alignment. One that is aligned is a single access; a misaligned one is loaded as the two
// aligned 16 bytes that it straddles (its neighbours load the same, so memory is read once), and stored in words as
// wide as its alignment. Only the ends of a row go element by element. Elements outside the row load as 0 and are not
// stored. Where neighbouring threads have neighbouring slots, row_io.cuh does better.
#pragma once

#include <normkernels/nk_types.h>

#include <cstdint>
#include <type_traits>

#include "core/dtype.h"
#include "cuda_compat.cuh"

namespace nk {
namespace cuda {

template <class T>
constexpr int kSlot = 16 / static_cast<int>(sizeof(T));

// The upper word of the two, shifted down by `bits`, and what the lower one has left below it.
__device__ __forceinline__ std::uint32_t funnel(std::uint32_t low, std::uint32_t high, unsigned bits) {
#if defined(__CUDA_ARCH__)
  return __funnelshift_r(low, high, bits);
#else
  return static_cast<std::uint32_t>((static_cast<std::uint64_t>(high) << 32 | low) >> bits);
#endif
}

// The two 16-bit elements of a word, and a word of two.
__device__ __forceinline__ float low_half(bf16, std::uint32_t w) {
  return float_from_bits(w << 16);
}
__device__ __forceinline__ float high_half(bf16, std::uint32_t w) {
  return float_from_bits(w & 0xffff0000u);
}
__device__ __forceinline__ float low_half(f16, std::uint32_t w) {
#if defined(__CUDA_ARCH__)
  return __low2float(reinterpret_cast<const __half2&>(w));  // an instruction that takes either half of a register
#else
  return to_float(f16{static_cast<std::uint16_t>(w)});
#endif
}
__device__ __forceinline__ float high_half(f16, std::uint32_t w) {
#if defined(__CUDA_ARCH__)
  return __high2float(reinterpret_cast<const __half2&>(w));
#else
  return to_float(f16{static_cast<std::uint16_t>(w >> 16)});
#endif
}
template <class T>
__device__ __forceinline__ std::uint32_t halves(T, float low, float high) {
#if defined(__CUDA_ARCH__)
  // One instruction, where two conversions and what joins them are three.
  if constexpr (std::is_same<T, bf16>::value) {
    const __nv_bfloat162 both = __floats2bfloat162_rn(low, high);
    return static_cast<std::uint32_t>(__bfloat16_as_ushort(both.x)) |
           static_cast<std::uint32_t>(__bfloat16_as_ushort(both.y)) << 16;
  } else {
    const __half2 both = __floats2half2_rn(low, high);
    return static_cast<std::uint32_t>(__half_as_ushort(both.x)) | static_cast<std::uint32_t>(__half_as_ushort(both.y))
                                                                      << 16;
  }
#else
  T l, h;
  from_float(low, &l);
  from_float(high, &h);
  return l.bits | static_cast<std::uint32_t>(h.bits) << 16;
#endif
}

// Words, not elements: loaded as words a slot takes no instruction before its first use, and all that a thread loads is
// on its way at once. An array of 16-bit elements was taken apart right behind its load, so that every load was waited
// for before the next was made.
template <class T>
struct alignas(16) slot {
  std::uint32_t w[4];

  __device__ __forceinline__ void get(float (&values)[kSlot<T>]) const {
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      if constexpr (sizeof(T) == 4) {
        values[i] = float_from_bits(w[i]);
      } else {
        values[2 * i] = low_half(T(), w[i]);
        values[2 * i + 1] = high_half(T(), w[i]);
      }
    }
  }

  __device__ __forceinline__ void set(const float (&values)[kSlot<T>]) {
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      if constexpr (sizeof(T) == 4) {
        w[i] = bits_from_float(values[i]);
      } else {
        w[i] = halves(T(), values[2 * i], values[2 * i + 1]);
      }
    }
  }

  // Element i as it is stored.
  __device__ __forceinline__ T element(int i) const {
    T e;
    if constexpr (sizeof(T) == 4) {
      e = float_from_bits(w[i]);
    } else {
      e.bits = static_cast<std::uint16_t>(w[i / 2] >> (i % 2 * 16));
    }
    return e;
  }
  // By one element; what comes in is 0.
  __device__ __forceinline__ void shift_down() {
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const std::uint32_t next = i < 3 ? w[i + 1] : 0;
      w[i] = sizeof(T) == 4 ? next : funnel(w[i], next, 16);
    }
  }
  __device__ __forceinline__ void shift_up() {
#pragma unroll
    for (int i = 3; i >= 0; --i) {
      const std::uint32_t previous = i > 0 ? w[i - 1] : 0;
      w[i] = sizeof(T) == 4 ? previous : funnel(previous, w[i], 16);
    }
  }

  // Where the element is 0: none of its bits are set yet.
  __device__ __forceinline__ void put(int i, T e) {
    if constexpr (sizeof(T) == 4) {
      w[i] = bits_from_float(e);
    } else {
      w[i / 2] |= static_cast<std::uint32_t>(e.bits) << (i % 2 * 16);
    }
  }
};

template <class T>
__device__ __forceinline__ unsigned misalignment(const T* p) {
  return static_cast<unsigned>(reinterpret_cast<std::uintptr_t>(p) % 16);
}

// 16 bytes that begin `bytes` (a multiple of an element's size, less than 16) into two times 16. 15 instructions.
template <class T>
__device__ __forceinline__ slot<T> straddle(const slot<T>& low, const slot<T>& high, unsigned bytes) {
  std::uint32_t all[8] = {low.w[0], low.w[1], low.w[2], low.w[3], high.w[0], high.w[1], high.w[2], high.w[3]};
  // An index that is not known would put the array into memory: by two words, by one, by half a word.
#pragma unroll
  for (int i = 0; i < 6; ++i) all[i] = (bytes & 8u) != 0 ? all[i + 2] : all[i];
#pragma unroll
  for (int i = 0; i < 5; ++i) all[i] = (bytes & 4u) != 0 ? all[i + 1] : all[i];
  slot<T> r;
#pragma unroll
  for (int i = 0; i < 4; ++i) r.w[i] = sizeof(T) == 4 ? all[i] : funnel(all[i], all[i + 1], (bytes & 2u) * 8u);
  return r;
}

// A row's last slot, of which `left` elements are there. A loop of few instructions: unrolled it is a third of the
// code, and a call would keep what is held across it from half of the registers.
template <class T>
__device__ __forceinline__ slot<T> load_edge(const T* p, int left) {
  slot<T> s = {};
#pragma unroll 1
  for (int i = left - 1; i >= 0; --i) {
    s.shift_up();
    s.put(0, p[i]);
  }
  return s;
}

// Elements [from, to) of a slot that is to lie at p.
template <class T>
__device__ __forceinline__ void store_edge(T* p, int from, int to, slot<T> s) {
#pragma unroll 1
  for (int i = 0; i < to; ++i) {
    if (i >= from) p[i] = s.element(0);
    s.shift_down();
  }
}

template <class Index>
__device__ __forceinline__ int at_most(Index left, int most) {
  return left < most ? static_cast<int>(left) : most;
}

// Elements [first, first + kSlot) of a row. Index: int where rows are known to be short, which takes half the
// instructions of int64.
template <class T, class Index>
__device__ __forceinline__ slot<T> load_slot(const T* row, Index first, Index cols) {
  const T* const p = row + first;
  const Index left = cols - first;
  const unsigned bytes = misalignment(p);
  if (left >= kSlot<T> && bytes == 0) return *reinterpret_cast<const slot<T>*>(p);
  // What lies before the row but in the same 16 bytes may be read: nobody allocates less. Not what lies behind it.
  const int before = static_cast<int>(bytes / sizeof(T));
  if (left >= 2 * kSlot<T> - before) {
    const slot<T>* const pair = reinterpret_cast<const slot<T>*>(p - before);
    return straddle<T>(pair[0], pair[1], bytes);
  }
  return load_edge(p, at_most(left, kSlot<T>));
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
#pragma unroll
      for (int i = 0; i < 4; i += 2) reinterpret_cast<uint2*>(p)[i / 2] = make_uint2(s.w[i], s.w[i + 1]);
    } else {
#pragma unroll
      for (int i = 0; i < 4; ++i) reinterpret_cast<std::uint32_t*>(p)[i] = s.w[i];
    }
    return;
  }
  store_edge(p, 0, at_most(left, kSlot<T>), s);
}

// The same of a tensor that is aligned in all usual calls: one that is not goes element by element.
template <class T, class Index>
__device__ __forceinline__ slot<T> load_usual_slot(const T* row, Index first, Index cols) {
  const T* const p = row + first;
  const Index left = cols - first;
  if (left >= kSlot<T> && misalignment(p) == 0) return *reinterpret_cast<const slot<T>*>(p);
  return load_edge(p, at_most(left, kSlot<T>));
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
      float four[4];
      load_usual_slot(static_cast<const float*>(p), static_cast<Index>(first + part), cols).get(four);
#pragma unroll
      for (int i = 0; i < 4; ++i) out[part + i] = four[i];
    }
  } else {
    load_usual_slot(static_cast<const T*>(p), first, cols).get(out);
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
