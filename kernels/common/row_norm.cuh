// Norms over rows on a device, furnished by layer_norm (Centred) and rms_norm (not Centred): what the passes share. The
// formulas are those of native/core/row_norm.h.
//
// `Threads` threads work on a row: a part of a warp, a warp, or a whole block; shorter rows share a block of 128. Each
// thread holds up to `Slots` slots of 16 bytes of the row in registers, so that x is read once; with Slots = 0, for
// rows beyond what a block can hold, it reads them again from the second-level cache at every pass.
#pragma once

#include <normkernels/nk_row_norm.h>

#include <type_traits>

#include "copy_async.cuh"
#include "core/statistics.h"
#include "row_reduce.cuh"
#include "vec_io.cuh"

namespace nk {
namespace cuda {

template <int Threads>
constexpr int kBlockThreads = Threads > 128 ? Threads : 128;

// How many blocks a multiprocessor is to hold at least, and so how many registers a thread may have: enough blocks to
// have 16 to 32 KB on their way from memory. Named in all cases: left to itself, ptxas aims higher and spills.
template <int Threads, int Slots, int Tensors>
constexpr int kLeastBlocks = Threads > 128 ? 1
                             : Slots == 1  ? 10 - 2 * Tensors
                                           : 4 - Tensors;

inline __host__ __device__ std::int64_t stride_or(std::int64_t stride, std::int64_t cols) {
  return stride != 0 ? stride : cols;
}

// A place in a row: int where a row is held in registers, which takes half the instructions of int64.
template <int Slots>
using index_of = std::conditional_t<(Slots > 0), int, std::int64_t>;

// One thread's share of a row: slots `Threads` apart.
template <class T, int Threads, int Slots>
struct row_slots {
  using index = index_of<Slots>;
  index cols;  // 0: no row for this thread
  int lane;

  // Calls body(index in registers, first element) for each of the thread's slots.
  template <class Body>
  __device__ __forceinline__ void for_each(Body&& body) const {
    if constexpr (Slots > 0) {
#pragma unroll
      for (int s = 0; s < Slots; ++s) {
        const int first = (s * Threads + lane) * kSlot<T>;
        if (first < cols) body(s, first);
      }
    } else {
      for (std::int64_t first = static_cast<std::int64_t>(lane) * kSlot<T>; first < cols;
           first += static_cast<std::int64_t>(Threads) * kSlot<T>) {
        body(0, first);
      }
    }
  }

  __device__ __forceinline__ bool has(index at) const {
    return at < cols;
  }
};

// A row, held in registers or read again.
template <class T, int Threads, int Slots>
struct held_row {
  const T* row;
  slot<T> held[Slots > 0 ? Slots : 1];

  __device__ __forceinline__ slot<T> get(int s, index_of<Slots> first, index_of<Slots> cols) const {
    if constexpr (Slots > 0) {
      return held[s];
    } else {
      return load_slot(row, first, cols);
    }
  }
};

// A parameter as it is used: the weight, to which ZERO_CENTERED adds 1 and which is 1 where it is absent, or another
// one.
struct row_parameter {
  const void* p;
  bool is_float;
  float if_absent, offset;

  template <class T, class Index>
  __device__ __forceinline__ void get(Index first, Index cols, float (&out)[kSlot<T>]) const {
    load_parameters<T>(p, is_float, first, cols, if_absent, out);
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

// Means of x * scale (high and low part) and of its squared distance from them. Each thread sums what its elements
// differ from its first one by: a mean of 1e5 standard deviations costs no digits, and a constant row has exactly its
// constant as its mean, since n * c / n is c.
template <bool Centred, class T, int Threads, int Slots>
__device__ __forceinline__ void moments_of(const held_row<T, Threads, Slots>& x,
                                           const row_slots<T, Threads, Slots>& slots, index_of<Slots> cols, float scale,
                                           double* mean, double* variance) {
  double sums[1] = {0.0};
  *mean = 0.0;
  if (Centred) {
    float pivot = 0.0f;
    index_of<Slots> count = 0;
    slots.for_each([&](int s, auto first) {
      const slot<T> v = x.get(s, first, slots.cols);
      if (count == 0) {
#pragma unroll
        for (int i = kSlot<T> - 1; i >= 0; --i) {
          if (slots.has(first + i)) pivot = to_float(v.e[i]) * scale;
        }
      }
      float sum = 0.0f;
#pragma unroll
      for (int i = 0; i < kSlot<T>; ++i) {
        if (!slots.has(first + i)) continue;
        sum += to_float(v.e[i]) * scale - pivot;
        ++count;
      }
      sums[0] += static_cast<double>(sum);
    });
    sums[0] += static_cast<double>(count) * static_cast<double>(pivot);
    row_reduce<Threads>(sums, add_values());
    *mean = sums[0] / static_cast<double>(cols);
  }
  const float high = static_cast<float>(*mean);
  const float low = static_cast<float>(*mean - static_cast<double>(high));
  sums[0] = 0.0;
  slots.for_each([&](int s, auto first) {
    const slot<T> v = x.get(s, first, slots.cols);
    float sum = 0.0f;
#pragma unroll
    for (int i = 0; i < kSlot<T>; ++i) {
      const float d = Centred ? (to_float(v.e[i]) * scale - high) - low : to_float(v.e[i]) * scale;
      // Elements that are not there are 0, but 0 - mean is not.
      if (!Centred || slots.has(first + i)) sum = fmaf(d, d, sum);
    }
    sums[0] += static_cast<double>(sum);
  });
  row_reduce<Threads>(sums, add_values());
  *variance = sums[0] / static_cast<double>(cols);
}

// The statistics of a row, and if they leave the range of float32 squares, those of the row scaled by a power of two. A
// loop, so that the passes are there once: the second time is too rare to be worth the code.
template <bool Centred, class T, int Threads, int Slots>
__device__ __forceinline__ row_stats statistics_of(const held_row<T, Threads, Slots>& x,
                                                   const row_slots<T, Threads, Slots>& slots, index_of<Slots> cols,
                                                   double epsilon) {
  float scale = 1.0f;
#pragma unroll 1
  for (bool again = false;; again = true) {
    double mean, variance;
    moments_of<Centred>(x, slots, cols, scale, &mean, &variance);
    if (again) {
      // A constant row has nothing to scale, and at its scale epsilon might be out of range.
      if (Centred && variance == 0.0) return stats_from(mean / static_cast<double>(scale), epsilon, 1.0f);
      return stats_from(mean, variance + epsilon * static_cast<double>(scale) * static_cast<double>(scale), scale);
    }
    if (in_range(variance + epsilon)) return stats_from(mean, variance + epsilon, 1.0f);
    float top[1] = {0.0f};
    slots.for_each([&](int s, auto first) {
      const slot<T> v = x.get(s, first, slots.cols);
#pragma unroll
      for (int i = 0; i < kSlot<T>; ++i) top[0] = larger_value()(fabsf(to_float(v.e[i])), top[0]);
    });
    row_reduce<Threads>(top, larger_value());
    scale = scale_for(top[0]);
  }
}

// Statistics as forward saved them, or taken again where they were not or are too coarse; see native/core/row_stats.h.
template <bool Centred, class T, int Threads, int Slots>
__device__ __forceinline__ row_stats statistics_again(const held_row<T, Threads, Slots>& x,
                                                      const row_slots<T, Threads, Slots>& slots, index_of<Slots> cols,
                                                      double epsilon, const float* mean, const float* rstd,
                                                      std::int64_t row) {
  if (rstd != nullptr) {
    const float saved = rstd[row];
    if (in_range(saved)) return {1.0f, Centred ? mean[row] : 0.0f, 0.0f, saved};
  }
  row_stats stats = statistics_of<Centred>(x, slots, cols, epsilon);
  if (stats.scale != 1.0f && in_range(stats.saved_rstd())) {
    return {1.0f, stats.saved_mean(), 0.0f, stats.saved_rstd()};
  }
  stats.mean_low = 0.0f;
  return stats;
}

// Calls body(row, whether there is such a row) for the rows of a thread, as often for every thread of a block.
template <int Threads, class Body>
__device__ __forceinline__ void for_each_row(std::int64_t rows, Body&& body) {
  constexpr int kRows = kBlockThreads<Threads> / Threads;
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * kRows;
  for (std::int64_t base = static_cast<std::int64_t>(blockIdx.x) * kRows; base < rows; base += step) {
    const std::int64_t row = base + static_cast<int>(threadIdx.x) / Threads;
    body(row < rows ? row : rows - 1, row < rows);
  }
}

// What backward (of g) and jvp (of t) take the means of, and where a row's xhat comes from.
struct row_means {
  float xhat;       // of (x - mean) * rstd with the float32 mean: what that lacks
  float g;          // of g
  float g_by_xhat;  // of g * xhat
};

template <bool Centred>
__device__ __forceinline__ float rough_xhat(float x, const row_stats& stats) {
  const float v = x * stats.scale;
  return (Centred ? v - stats.mean_high : v) * stats.rstd;
}

// g(s, first, values) fills a slot of g.
template <bool Centred, class T, int Threads, int Slots, class G>
__device__ __forceinline__ row_means means_of(const held_row<T, Threads, Slots>& x,
                                              const row_slots<T, Threads, Slots>& slots, index_of<Slots> cols,
                                              const row_stats& stats, G&& g) {
  double sums[Centred ? 3 : 1] = {};
  slots.for_each([&](int s, auto first) {
    const slot<T> v = x.get(s, first, slots.cols);
    float values[kSlot<T>];
    g(s, first, values);
    float sum_g = 0.0f, sum_xhat = 0.0f, sum_product = 0.0f;
#pragma unroll
    for (int i = 0; i < kSlot<T>; ++i) {
      if (!slots.has(first + i)) continue;
      const float xhat = rough_xhat<Centred>(to_float(v.e[i]), stats);
      sum_product = fmaf(values[i], xhat, sum_product);
      if (Centred) {
        sum_g += values[i];
        sum_xhat += xhat;
      }
    }
    sums[0] += static_cast<double>(sum_product);
    if constexpr (Centred) {
      sums[1] += static_cast<double>(sum_g);
      sums[2] += static_cast<double>(sum_xhat);
    }
  });
  row_reduce<Threads>(sums, add_values());
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
