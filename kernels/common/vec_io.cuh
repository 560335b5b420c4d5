// Rows in slots of 16 bytes: 4 float32 or 8 16-bit elements, what a thread loads at once.
//
// A slot that is aligned and lies within its row is one 16-byte access, any other one is done element by element; which
// of the two is decided by the address alone, slot by slot. Elements outside the row load as 0 and are not stored.
#pragma once

#include <cstdint>

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
__device__ __forceinline__ bool is_whole(const T* p, std::int64_t first, std::int64_t cols) {
  return first >= 0 && first + kSlot<T> <= cols && reinterpret_cast<std::uintptr_t>(p + first) % 16 == 0;
}

// Elements [first, first + kSlot) of a row.
template <class T>
__device__ __forceinline__ slot<T> load_slot(const T* row, std::int64_t first, std::int64_t cols) {
  slot<T> s;
  if (is_whole(row, first, cols)) {
    s = *reinterpret_cast<const slot<T>*>(row + first);
    return s;
  }
#pragma unroll
  for (int i = 0; i < kSlot<T>; ++i) {
    const std::int64_t at = first + i;
    T zero;
    from_float(0.0f, &zero);
    s.e[i] = at >= 0 && at < cols ? row[at] : zero;
  }
  return s;
}

template <class T>
__device__ __forceinline__ void store_slot(T* row, std::int64_t first, std::int64_t cols, const slot<T>& s) {
  if (is_whole(row, first, cols)) {
    *reinterpret_cast<slot<T>*>(row + first) = s;
    return;
  }
#pragma unroll
  for (int i = 0; i < kSlot<T>; ++i) {
    const std::int64_t at = first + i;
    if (at >= 0 && at < cols) row[at] = s.e[i];
  }
}

// As many elements of a parameter, which may be float32 beside 16-bit tensors, or absent.
template <class T>
__device__ __forceinline__ void load_parameters(const void* p, bool is_float, std::int64_t first, std::int64_t cols,
                                                float if_absent, float (&out)[kSlot<T>]) {
  if (p == nullptr) {
#pragma unroll
    for (int i = 0; i < kSlot<T>; ++i) out[i] = if_absent;
  } else if (is_float) {
#pragma unroll
    for (int part = 0; part < kSlot<T>; part += 4) {
      const slot<float> s = load_slot(static_cast<const float*>(p), first + part, cols);
#pragma unroll
      for (int i = 0; i < 4; ++i) out[part + i] = s.e[i];
    }
  } else {
    const slot<T> s = load_slot(static_cast<const T*>(p), first, cols);
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

}  // namespace cuda
}  // namespace nk
