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

// Elements [first, first + kUnit) of a run, `step` apart; those beyond its length load as 0 and are not stored.
template <class T>
__device__ __forceinline__ void load_unit(const T* run, std::int64_t step, std::int64_t first, std::int64_t length,
                                          float (&out)[kUnit]) {
#pragma unroll
  for (int part = 0; part < kUnit; part += kSlot<T>) {
    slot<T> s = {};
    if (step == 1) {
      s = load_slot(run, first + part, length);
    } else {
#pragma unroll
      for (int i = 0; i < kSlot<T>; ++i) {
        if (first + part + i < length) s.put(i, run[(first + part + i) * step]);
      }
    }
    float values[kSlot<T>];
    s.get(values);
#pragma unroll
    for (int i = 0; i < kSlot<T>; ++i) out[part + i] = values[i];
  }
}

template <class T>
__device__ __forceinline__ void store_unit(T* run, std::int64_t step, std::int64_t first, std::int64_t length,
                                           const float (&v)[kUnit]) {
#pragma unroll
  for (int part = 0; part < kUnit; part += kSlot<T>) {
    float values[kSlot<T>];
#pragma unroll
    for (int i = 0; i < kSlot<T>; ++i) values[i] = v[part + i];
    slot<T> s;
    s.set(values);
    if (step == 1) {
      store_slot(run, first + part, length, s);
    } else {
#pragma unroll
      for (int i = 0; i < kSlot<T>; ++i) {
        if (first + part + i < length) run[(first + part + i) * step] = s.element(i);
      }
    }
  }
}

}  // namespace cuda
}  // namespace nk
