// Sums and maxima over the threads of a row: 8, 16 or 32 lanes of a warp, or all the warps of a block.
//
// Lanes are added in a butterfly, so that every one of them has the same bits; warps in their order, by every thread
// for itself. Sums are double: one conversion a thread, and no order of magnitude is lost where a row is long.
#pragma once

#include "cuda_compat.cuh"

namespace nk {
namespace cuda {

// The lanes of a row within its warp. Others of the warp may be elsewhere in the program.
template <int Threads>
__device__ __forceinline__ unsigned row_mask() {
  if (Threads >= 32) return 0xffffffffu;
  const unsigned lane = threadIdx.x % 32;
  return ((1u << (Threads % 32)) - 1u) << (lane / Threads * Threads);
}

struct add_values {
  template <class V>
  __device__ __forceinline__ V operator()(V a, V b) const {
    return a + b;
  }
};

// NaNs are passed over.
struct larger_value {
  template <class V>
  __device__ __forceinline__ V operator()(V a, V b) const {
    return a > b ? a : b;
  }
};

template <int Threads, int N, class V, class Join>
__device__ __forceinline__ void row_reduce(V (&values)[N], Join join) {
  constexpr int kWithin = Threads < 32 ? Threads : 32;
#pragma unroll
  for (int distance = kWithin / 2; distance > 0; distance /= 2) {
#pragma unroll
    for (int j = 0; j < N; ++j) {
      values[j] = join(values[j], __shfl_xor_sync(row_mask<Threads>(), values[j], distance, 32));
    }
  }
  if (Threads > 32) {
    constexpr int kWarps = Threads / 32 > 0 ? Threads / 32 : 1;
    NK_SHARED(V, scratch, kWarps * N);
    const int warp = static_cast<int>(threadIdx.x) / 32;
    // The scratch may still be read by the reduction before.
    __syncthreads();
    if (threadIdx.x % 32 == 0) {
#pragma unroll
      for (int j = 0; j < N; ++j) scratch[warp * N + j] = values[j];
    }
    __syncthreads();
#pragma unroll
    for (int j = 0; j < N; ++j) {
      values[j] = scratch[j];
      for (int w = 1; w < kWarps; ++w) values[j] = join(values[j], scratch[w * N + j]);
    }
  }
}

}  // namespace cuda
}  // namespace nk
