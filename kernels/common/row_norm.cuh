// Norms over rows on a device, furnished by layer_norm (Centred) and rms_norm (not Centred): what the passes share. The
// formulas are those of native/core/row_norm.h.
//
// `Threads` threads of a block work on a row: a part of a warp, a warp, or the whole block; shorter rows share a block.
// Where rows are longer than what a block holds, a cluster of blocks takes them, each an equal part of every row. A
// thread holds up to `Slots` slots of 16 bytes of the row, in registers or in shared memory, so that x is read once;
// with Slots = 0, for rows beyond what blocks can hold, it reads them again from the second-level cache at every pass.
#pragma once

#include <normkernels/nk_row_norm.h>

#include <type_traits>

#include "copy_async.cuh"
#include "core/statistics.h"
#include "row_io.cuh"
#include "row_team.cuh"

namespace nk {
namespace cuda {

template <int Threads>
constexpr int kBlockThreads = Threads > 128 ? Threads : 128;

inline __host__ __device__ std::int64_t stride_or(std::int64_t stride, std::int64_t cols) {
  return stride != 0 ? stride : cols;
}

// A row in registers, or in memory.
template <class T, int Slots>
struct held_row {
  slot<T> held[Slots];

  // Anew for each pass: seen through, the float32 values would be kept from one to the next, in twice the registers.
  __device__ __forceinline__ slot<T> get(int s, int) const {
    slot<T> v = held[s];
    if constexpr (sizeof(T) < 4) {
#pragma unroll
      for (int i = 0; i < 4; ++i) v.w[i] = not_seen_through(v.w[i]);
    }
    return v;
  }
};
template <class T>
struct held_row<T, 0> {
  const T* row;
  std::int64_t end;

  __device__ __forceinline__ slot<T> get(int, std::int64_t first) const { return load_slot(row, first, end); }
};

// What of every row this block works on: all of it, or in a cluster its part, an equal number of slots for each block.
template <class T, int Threads, int Slots>
struct row_part {
  index_of<Slots> begin, end;  // elements

  __device__ __forceinline__ row_part(std::int64_t cols, const row_team<Threads>& team) {
    begin = 0;
    end = static_cast<index_of<Slots>>(cols);
    if constexpr (row_team<Threads>::kMostBlocks > 1) {
      if (team.blocks == 1) return;
      const index_of<Slots> slots = (end + kSlot<T> - 1) / kSlot<T>;
      const index_of<Slots> each = (slots + team.blocks - 1) / team.blocks * kSlot<T>;
      begin = team.rank * each;
      if (begin + each < end) end = begin + each;
    }
  }

  // A thread's share of it; `there`: whether there is such a row.
  __device__ __forceinline__ row_slots<T, Threads, Slots> slots(bool there) const {
    return {begin + static_cast<int>(threadIdx.x) % Threads * kSlot<T>, there ? end : 0};
  }
};

// Where a row of a tensor begins.
template <class E>
__device__ __forceinline__ E* row_of(E* tensor, std::int64_t row, std::int64_t stride, std::int64_t cols) {
  return tensor + row * stride_or(stride, cols);
}

// A parameter as it is used: the weight, to which ZERO_CENTERED adds 1 and which is 1 where it is absent, or another
// one.
struct row_parameter {
  const void* p;
  bool is_float;
  float if_absent, offset;

  template <class T, class Index>
  __device__ __forceinline__ void get(Index first, Index cols, float (&out)[kSlot<T>]) const {
    load_parameters<T>(p, is_float, first, cols, if_absent, out);
    if (offset == 0.0f) return;
#pragma unroll
    for (int i = 0; i < kSlot<T>; ++i) out[i] += offset;
  }

  // Into the first-level cache while the row's reductions run. Registers for it would cost blocks.
  template <class T, int Threads, int Slots>
  __device__ __forceinline__ void prefetch(const row_slots<T, Threads, Slots>& slots) const {
    if (Slots == 0 || p == nullptr) return;
    const std::int64_t size = is_float ? 4 : static_cast<std::int64_t>(sizeof(T));
    slots.for_each([&](int, auto first) { cuda::prefetch(static_cast<const char*>(p) + first * size); });
  }
};

template <class Params>
__device__ __forceinline__ row_parameter weight_of(const Params& p) {
  const float offset = (p.flags & NK_FLAG_ZERO_CENTERED) != 0 ? 1.0f : 0.0f;
  return {p.weight, p.param_dtype == NK_F32, 1.0f - offset, offset};
}
template <class Params>
__device__ __forceinline__ row_parameter parameter_of(const Params& p, const void* parameter) {
  return {parameter, p.param_dtype == NK_F32, 0.0f, 0.0f};
}

// Means of x * scale (high and low part) and of its squared distance from them, over `cols` elements of the whole row.
// Each thread sums what its elements differ from its first one by: a mean of 1e5 standard deviations costs no digits,
// and a constant row has exactly its constant as its mean, since n * c / n is c.
template <bool Centred, class T, class Row, int Threads, int Slots>
__device__ __forceinline__ void moments_of(const Row& x, const row_slots<T, Threads, Slots>& slots,
                                           row_team<Threads>& team, std::int64_t cols, float scale, double* mean,
                                           double* variance) {
  double sums[1] = {0.0};
  *mean = 0.0;
  if (Centred) {
    float pivot = 0.0f;
    index_of<Slots> count = 0;
    slots.for_each([&](int s, auto first) {
      float v[kSlot<T>];
      x.get(s, first).get(v);
      if (count == 0) pivot = v[0] * scale;
#pragma unroll
      for (int i = 0; i < kSlot<T>; ++i) v[i] = fmaf(v[i], scale, -pivot);
      clear_absent(slots, first, v);
      float sum = 0.0f;
#pragma unroll
      for (int i = 0; i < kSlot<T>; ++i) sum += v[i];
      count += slots.count(first);
      sums[0] += static_cast<double>(sum);
    });
    sums[0] += static_cast<double>(count) * static_cast<double>(pivot);
    team.reduce(sums, add_values());
    *mean = sums[0] / static_cast<double>(cols);
  }
  const float high = static_cast<float>(*mean);
  const float low = static_cast<float>(*mean - static_cast<double>(high));
  sums[0] = 0.0;
  slots.for_each([&](int s, auto first) {
    float v[kSlot<T>];
    x.get(s, first).get(v);
    if (Centred) {
#pragma unroll
      for (int i = 0; i < kSlot<T>; ++i) v[i] = fmaf(v[i], scale, -high) - low;
      clear_absent(slots, first, v);
    } else {
#pragma unroll
      for (int i = 0; i < kSlot<T>; ++i) v[i] *= scale;
    }
    float sum = 0.0f;
#pragma unroll
    for (int i = 0; i < kSlot<T>; ++i) sum = fmaf(v[i], v[i], sum);
    sums[0] += static_cast<double>(sum);
  });
  team.reduce(sums, add_values());
  *variance = sums[0] / static_cast<double>(cols);
}

// The statistics of a row, and if they leave the range of float32 squares, those of the row scaled by a power of two. A
// loop, so that the passes are there once: the second time is too rare to be worth the code.
template <bool Centred, class T, class Row, int Threads, int Slots>
__device__ __forceinline__ row_stats statistics_of(const Row& x, const row_slots<T, Threads, Slots>& slots,
                                                   row_team<Threads>& team, std::int64_t cols, double epsilon) {
  float scale = 1.0f;
#pragma unroll 1
  for (bool again = false;; again = true) {
    double mean, variance;
    moments_of<Centred>(x, slots, team, cols, scale, &mean, &variance);
    if (again) {
      // A constant row has nothing to scale, and at its scale epsilon might be out of range.
      if (Centred && variance == 0.0) return stats_from(mean / static_cast<double>(scale), epsilon, 1.0f);
      return stats_from(mean, variance + epsilon * static_cast<double>(scale) * static_cast<double>(scale), scale);
    }
    if (in_range(variance + epsilon)) return stats_from(mean, variance + epsilon, 1.0f);
    float top = 0.0f;
    slots.for_each([&](int s, auto first) {
      float v[kSlot<T>];
      x.get(s, first).get(v);
#pragma unroll
      for (int i = 0; i < kSlot<T>; ++i) top = larger_value()(fabsf(v[i]), top);
    });
    double largest[1] = {static_cast<double>(top)};
    team.reduce(largest, larger_value());
    scale = scale_for(static_cast<float>(largest[0]));
  }
}

// Statistics as forward saved them, or taken again where they were not or are too coarse; see native/core/row_stats.h.
template <bool Centred, class T, class Row, int Threads, int Slots>
__device__ __forceinline__ row_stats statistics_again(const Row& x, const row_slots<T, Threads, Slots>& slots,
                                                      row_team<Threads>& team, std::int64_t cols, double epsilon,
                                                      const float* mean, const float* rstd, std::int64_t row) {
  if (rstd != nullptr) {
    const float saved = rstd[row];
    if (in_range(saved)) return {1.0f, Centred ? mean[row] : 0.0f, 0.0f, saved};
  }
  row_stats stats = statistics_of<Centred>(x, slots, team, cols, epsilon);
  if (stats.scale != 1.0f && in_range(stats.saved_rstd())) {
    return {1.0f, stats.saved_mean(), 0.0f, stats.saved_rstd()};
  }
  stats.mean_low = 0.0f;
  return stats;
}

// The number of this thread's cluster, in a grid of up to 2^31 - 1 blocks by 65535: a loop over rows would keep in
// registers whatever does not change from one to the next.
template <int Threads>
__device__ __forceinline__ std::int64_t cluster_number(const row_team<Threads>& team) {
  const unsigned blocks = static_cast<unsigned>(team.blocks);
  return static_cast<std::int64_t>(blockIdx.y) * (gridDim.x / blocks) + blockIdx.x / blocks;
}

// What backward (of g) and jvp (of t) take the means of, and where a row's xhat comes from.
struct row_means {
  float xhat;       // of (x - mean) * rstd with the float32 mean: what that lacks
  float g;          // of g
  float g_by_xhat;  // of g * xhat
};

template <bool Centred>
__device__ __forceinline__ float rough_xhat(float x, const row_stats& stats) {
  return (Centred ? fmaf(x, stats.scale, -stats.mean_high) : x * stats.scale) * stats.rstd;
}

// g(s, first, values) fills a slot of g; elements that are not there are 0.
template <bool Centred, class T, class Row, int Threads, int Slots, class G>
__device__ __forceinline__ row_means means_of(const Row& x, const row_slots<T, Threads, Slots>& slots,
                                              row_team<Threads>& team, std::int64_t cols, const row_stats& stats,
                                              G&& g) {
  double sums[Centred ? 3 : 1] = {};
  slots.for_each([&](int s, auto first) {
    float xhat[kSlot<T>], values[kSlot<T>];
    x.get(s, first).get(xhat);
    g(s, first, values);
#pragma unroll
    for (int i = 0; i < kSlot<T>; ++i) xhat[i] = rough_xhat<Centred>(xhat[i], stats);
    if (Centred) clear_absent(slots, first, xhat);
    float sum_g = 0.0f, sum_xhat = 0.0f, sum_product = 0.0f;
#pragma unroll
    for (int i = 0; i < kSlot<T>; ++i) {
      sum_product = fmaf(values[i], xhat[i], sum_product);
      if (Centred) {
        sum_g += values[i];
        sum_xhat += xhat[i];
      }
    }
    sums[0] += static_cast<double>(sum_product);
    if constexpr (Centred) {
      sums[1] += static_cast<double>(sum_g);
      sums[2] += static_cast<double>(sum_xhat);
    }
  });
  team.reduce(sums, add_values());
  const double inverse = 1.0 / static_cast<double>(cols);
  if constexpr (Centred) {
    const double xhat = sums[2] * inverse, mean_g = sums[1] * inverse;
    return {static_cast<float>(xhat), static_cast<float>(mean_g),
            static_cast<float>(sums[0] * inverse - xhat * mean_g)};
  } else {
    return {0.0f, 0.0f, static_cast<float>(sums[0] * inverse)};
  }
}

}  // namespace cuda
}  // namespace nk
