// Backward (VJP) over rows on a device. See row_norm.cuh.
//
// A block stays for many rows, as far apart as the grid is wide. Its threads keep to their columns, so that each sums
// its share of dweight and dbias in registers; at the end the block adds up those of its teams, writes one row of
// partial sums, and a second kernel adds these up, all in one fixed order. No atomics; two launches at most. Rows too
// long for registers keep their partial sums in the workspace as they go.
#pragma once

#include "row_norm.cuh"

namespace nk {
namespace cuda {

template <bool Centred, class T, int Threads, int Slots>
__global__ void __launch_bounds__(kBlockThreads<Threads>, kLeastBlocks<Threads, Slots, 2>)
    backward_rows(nk_row_norm_backward_params p, float* partial) {
  constexpr int kTeams = kBlockThreads<Threads> / Threads;
  const T* const dh = static_cast<const T*>(p.dh);
  const auto cols = static_cast<index_of<Slots>>(p.cols);
  const row_parameter weight = weight_of(p);
  // This block's row of partial sums: dweight, then dbias.
  float* const sums = partial == nullptr ? nullptr : partial + blockIdx.x * 2 * p.cols;
  constexpr int kHeld = Slots > 0 ? Slots : 1;
  float dweight[kHeld][kSlot<T>] = {}, dbias[kHeld][kSlot<T>] = {};
  bool first_row = true;

  for_each_row<Threads>(p.rows, [&](std::int64_t row, bool there) {
    held_row<T, Threads, Slots> x = {}, dy = {};
    x.row = static_cast<const T*>(p.x) + row * stride_or(p.x_stride, cols);
    dy.row = static_cast<const T*>(p.dy) + row * stride_or(p.dy_stride, cols);
    const row_slots<T, Threads, Slots> slots = {there ? cols : index_of<Slots>{0},
                                                static_cast<int>(threadIdx.x) % Threads};
    if constexpr (Slots > 0) {
      slots.for_each([&](int s, auto first) {
        x.held[s] = load_slot(x.row, first, cols);
        dy.held[s] = load_slot(dy.row, first, cols);
      });
    }
    const row_stats stats = statistics_again<Centred>(x, slots, cols, p.epsilon, p.mean, p.rstd, row);
    const row_means means = means_of<Centred>(x, slots, cols, stats, [&](int s, auto first, float(&g)[kSlot<T>]) {
      const slot<T> d = dy.get(s, first, cols);
      weight.get<T>(first, cols, g);
#pragma unroll
      for (int i = 0; i < kSlot<T>; ++i) g[i] *= to_float(d.e[i]);
    });
    T* const dx = static_cast<T*>(p.dx) + row * stride_or(p.dx_stride, cols);
    const T* const dh_row = dh == nullptr ? nullptr : dh + row * stride_or(p.dh_stride, cols);
    slots.for_each([&](int s, auto first) {
      const slot<T> v = x.get(s, first, cols), d = dy.get(s, first, cols);
      slot<T> added = {}, out;
      if (dh_row != nullptr) added = load_slot(dh_row, first, cols);
      float w[kSlot<T>];
      weight.get<T>(first, cols, w);
#pragma unroll
      for (int i = 0; i < kSlot<T>; ++i) {
        const float xhat = rough_xhat<Centred>(to_float(v.e[i]), stats) - means.xhat;
        const float dyi = to_float(d.e[i]);
        if (slots.has(first + i)) {
          if constexpr (Slots > 0) {
            dweight[s][i] = fmaf(dyi, xhat, dweight[s][i]);
            dbias[s][i] += dyi;
          } else if (sums != nullptr) {
            float* const dw = sums + first + i;
            dw[0] = fmaf(dyi, xhat, first_row ? 0.0f : dw[0]);
            dw[cols] = dyi + (first_row ? 0.0f : dw[cols]);
          }
        }
        float g = dyi * w[i];
        if (Centred) g -= means.g;
        g = fmaf(-xhat, means.g_by_xhat, g);
        // The scale comes last, or what ends up finite might overflow on the way.
        g = g * stats.rstd * stats.scale;
        from_float(dh_row != nullptr ? g + to_float(added.e[i]) : g, &out.e[i]);
      }
      store_slot(dx, first, cols, out);
    });
    first_row = false;
  });

  if constexpr (Slots > 0) {
    if (sums == nullptr) return;
    const row_slots<T, Threads, Slots> slots = {cols, static_cast<int>(threadIdx.x) % Threads};
    const auto each_column = [&](auto&& body) {
      slots.for_each([&](int s, auto first) {
#pragma unroll
        for (int i = 0; i < kSlot<T>; ++i) {
          if (slots.has(first + i)) body(first + i, dweight[s][i], dbias[s][i]);
        }
      });
    };
    if constexpr (kTeams == 1) {
      each_column([&](int at, float w, float b) {
        sums[at] = w;
        sums[cols + at] = b;
      });
    } else {
      constexpr int kMostCols = Threads * Slots * kSlot<T>;
      NK_SHARED(float, joined, 2 * kMostCols);
      const int team = static_cast<int>(threadIdx.x) / Threads;
      for (int t = 0; t < kTeams; ++t) {
        if (t == team) {
          each_column([&](int at, float w, float b) {
            joined[at] = t == 0 ? w : joined[at] + w;
            joined[kMostCols + at] = t == 0 ? b : joined[kMostCols + at] + b;
          });
        }
        __syncthreads();
      }
      for (int at = static_cast<int>(threadIdx.x); at < cols; at += kBlockThreads<Threads>) {
        sums[at] = joined[at];
        sums[cols + at] = joined[kMostCols + at];
      }
    }
  }
}

constexpr int kSumColumns = 32;
constexpr int kSumTeams = 16;

// gradient (+)= the sum of `count` rows of partial sums, dweight and dbias side by side: 32 columns a block, its 16
// teams taking every 16th row.
static __global__ void __launch_bounds__(kSumColumns* kSumTeams)
    sum_partials(const float* partial, std::int64_t count, std::int64_t cols, float* dweight, float* dbias,
                 bool accumulate) {
  const int column = static_cast<int>(threadIdx.x) % kSumColumns, team = static_cast<int>(threadIdx.x) / kSumColumns;
  const std::int64_t at = static_cast<std::int64_t>(blockIdx.x) * kSumColumns + column;
  double sum = 0.0;
  if (at < 2 * cols) {
    for (std::int64_t row = team; row < count; row += kSumTeams)
      sum += static_cast<double>(partial[row * 2 * cols + at]);
  }
  NK_SHARED(double, sums, kSumTeams* kSumColumns);
  sums[team * kSumColumns + column] = sum;
  __syncthreads();
  if (team != 0 || at >= 2 * cols) return;
  for (int t = 1; t < kSumTeams; ++t) sum += sums[t * kSumColumns + column];
  float* const gradient = at < cols ? dweight : dbias;
  if (gradient == nullptr) return;
  float* const target = gradient + (at < cols ? at : at - cols);
  *target = static_cast<float>(accumulate ? static_cast<double>(*target) + sum : sum);
}

}  // namespace cuda
}  // namespace nk
