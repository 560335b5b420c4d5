// The threads that work on a row of layer_norm or rms_norm: 8, 16 or 32 lanes of a warp, a block, or the blocks of a
// cluster, and how they add up.
//
// Lanes are added in a butterfly, so that every one of them has the same bits; warps in one order, by every warp for
// itself. One barrier a sum. Sums are double: one conversion a thread, and no order of magnitude is lost where a row is
// long.
#pragma once

#include "cluster.cuh"
#include "row_reduce.cuh"

namespace nk {
namespace cuda {

template <int Lanes, int N, class Join>
__device__ __forceinline__ void join_lanes(unsigned mask, double (&values)[N], Join join) {
#pragma unroll
  for (int distance = Lanes / 2; distance > 0; distance /= 2) {
#pragma unroll
    for (int j = 0; j < N; ++j) values[j] = join(values[j], __shfl_xor_sync(mask, values[j], distance, 32));
  }
}

// The threads that work on a row, in `blocks` blocks that are a cluster, or in one.
template <int Threads>
struct row_team {
  static constexpr int kWarps = Threads > 32 ? Threads / 32 : 1;
  // Shorter rows never need more than a block.
  static constexpr int kMostBlocks = Threads >= 256 ? kMostClusterBlocks : 1;
  static constexpr int kMostValues = 3;

  int blocks, rank;
  int turn;  // which half of the scratch is next

  __device__ __forceinline__ row_team() : blocks(1), rank(0), turn(0) {
    if constexpr (kMostBlocks > 1) {
      blocks = static_cast<int>(cluster_size());
      rank = static_cast<int>(cluster_rank());
    }
  }

  // Before the first sum: shared memory of a block that has not begun may not be written. Loads may be on their way.
  __device__ __forceinline__ void begin() const {
    if (kMostBlocks > 1 && blocks > 1) cluster_sync();
  }

  // In two halves: who still reads one has not passed the barrier of the other, so that one barrier a sum is enough.
  // Here, or every kind of sum would have an array of its own.
  __device__ __forceinline__ double* next_scratch() {
    constexpr int kHalf = kMostBlocks * kWarps * kMostValues;
    NK_SHARED(double, scratch, 2 * kHalf);
    turn ^= 1;
    return scratch + turn * kHalf;
  }

  // Values of all threads, for all of them. What a join leaves as it is must be 0.
  template <int N, class Join>
  __device__ __forceinline__ void reduce(double (&values)[N], Join join) {
    static_assert(N <= kMostValues, "the scratch is too small");
    join_lanes<(Threads < 32 ? Threads : 32)>(row_mask<Threads>(), values, join);
    if constexpr (Threads > 32) {
      double* const all = next_scratch();
      const int warp = static_cast<int>(threadIdx.x) / 32, lane = static_cast<int>(threadIdx.x) % 32;
      double* const own = all + (rank * kWarps + warp) * N;
      if (kMostBlocks > 1 && blocks > 1) {
        // Each warp writes what it has to every block: what then is read lies near.
        if (lane < blocks) {
          double* const there = cluster_shared(own, static_cast<unsigned>(lane));
#pragma unroll
          for (int j = 0; j < N; ++j) there[j] = values[j];
        }
        cluster_sync();
      } else {
        if (lane == 0) {
#pragma unroll
          for (int j = 0; j < N; ++j) own[j] = values[j];
        }
        __syncthreads();
      }
      if constexpr (kWarps <= 4) {
#pragma unroll
        for (int j = 0; j < N; ++j) values[j] = all[j];
#pragma unroll
        for (int w = 1; w < kWarps; ++w) {
#pragma unroll
          for (int j = 0; j < N; ++j) values[j] = join(values[j], all[w * N + j]);
        }
      } else {
#pragma unroll
        for (int j = 0; j < N; ++j) values[j] = 0.0;
#pragma unroll 1
        for (int w = lane; w < blocks * kWarps; w += 32) {
#pragma unroll
          for (int j = 0; j < N; ++j) values[j] = join(values[j], all[w * N + j]);
        }
        join_lanes<32>(0xffffffffu, values, join);
      }
    }
  }
};

}  // namespace cuda
}  // namespace nk
