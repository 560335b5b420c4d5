// What the kernels of matrix_norm read and write. A dtype is asked for at every access: the question costs nothing
// beside the access, and there is one kernel where there would be three.
#pragma once

#include <cstdint>

#include "common/vec_io.cuh"
#include "core/slice_view.h"

namespace nk {
namespace cuda {

// What a thread reads of a run of elements at a time, in any dtype: the same shape is cut up alike in all of them.
constexpr int kUnit = 8;

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

// Where a matrix begins. There are three loops at most, and with no index that is not a constant they stay in the
// kernel's parameters.
__device__ __forceinline__ std::int64_t matrix_offset(const loops& batch, std::int64_t matrix) {
  std::int64_t at = 0;
#pragma unroll
  for (int i = 2; i >= 0; --i) {
    if (i >= batch.rank) continue;
    const std::int64_t next = i == 0 ? 0 : matrix / batch.sizes[i];
    at += (matrix - next * batch.sizes[i]) * batch.strides[i];
    matrix = next;
  }
  return at;
}

// kUnit elements of a run, `step` apart, of which `count` are there; the others load as 0 and are not stored. Those
// that lie side by side, complete and aligned, are 16-byte accesses, any other ones go one by one.
struct unit_at {
  std::int64_t at, step;  // offset of the first
  int count;

  template <class T>
  __device__ __forceinline__ bool is_whole(const T* p) const {
    return count == kUnit && step == 1 && reinterpret_cast<std::uintptr_t>(p) % 16 == 0;
  }
};

template <class T>
__device__ __forceinline__ void load_unit(const T* p, const unit_at& u, float (&out)[kUnit]) {
  p += u.at;
  if (u.is_whole(p)) {
#pragma unroll
    for (int part = 0; part < kUnit; part += kSlot<T>) {
      const slot<T> s = *reinterpret_cast<const slot<T>*>(p + part);
#pragma unroll
      for (int i = 0; i < kSlot<T>; ++i) out[part + i] = to_float(s.e[i]);
    }
    return;
  }
#pragma unroll
  for (int i = 0; i < kUnit; ++i) {
    out[i] = i < u.count ? to_float(*p) : 0.0f;
    p += u.step;
  }
}

template <class T>
__device__ __forceinline__ void store_unit(T* p, const unit_at& u, const float (&v)[kUnit]) {
  p += u.at;
  if (u.is_whole(p)) {
#pragma unroll
    for (int part = 0; part < kUnit; part += kSlot<T>) {
      slot<T> s;
#pragma unroll
      for (int i = 0; i < kSlot<T>; ++i) from_float(v[part + i], &s.e[i]);
      *reinterpret_cast<slot<T>*>(p + part) = s;
    }
    return;
  }
#pragma unroll
  for (int i = 0; i < kUnit; ++i) {
    if (i < u.count) from_float(v[i], p);
    p += u.step;
  }
}

}  // namespace cuda
}  // namespace nk
