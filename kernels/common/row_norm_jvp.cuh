// Forward-mode derivative (JVP) over rows on a device. See row_norm.cuh, and native/core/row_norm_jvp.h for why a
// residual's tangent is used unrounded.
#pragma once

#include "row_norm.cuh"

namespace nk {
namespace cuda {

// As in row_norm_forward.cuh, with two tensors in registers.
template <int Threads, int Slots>
constexpr int kJvpBlocks = Threads > 128 ? 2
                           : Slots == 1  ? 6
                                         : 4;

template <bool Centred, class T, int Threads, int Slots>
__global__ void __launch_bounds__(kBlockThreads<Threads>, kJvpBlocks<Threads, Slots>)
    jvp_rows(nk_row_norm_jvp_params p) {
  row_team<Threads> team;
  const row_part<T, Threads, Slots> part(p.cols, team);
  const row_parameter weight = weight_of(p), tan_weight = parameter_of(p, p.tan_weight),
                      tan_bias = parameter_of(p, p.tan_bias);
  constexpr int kRows = kBlockThreads<Threads> / Threads;
  const std::int64_t base = cluster_number(team) * kRows;
  if (base >= p.rows) return;
  const std::int64_t own = base + static_cast<int>(threadIdx.x) / Threads;
  const bool there = own < p.rows;
  const std::int64_t row = there ? own : p.rows - 1;
  const T* const x_row = row_of(static_cast<const T*>(p.x), row, p.x_stride, p.cols);
  const T* const t_row = row_of(static_cast<const T*>(p.tan_x), row, p.tan_x_stride, p.cols);
  const T* const added = p.tan_residual == nullptr
                             ? nullptr
                             : row_of(static_cast<const T*>(p.tan_residual), row, p.tan_residual_stride, p.cols);
  const row_slots<T, Threads, Slots> slots = part.slots(there);
  held_row<T, Slots> x, t;
  if constexpr (Slots > 0) {
    load_row(x_row, slots, x.held);
    load_row(t_row, slots, t.held);
  } else {
    x = {x_row, slots.end};
    t = {t_row, slots.end};
  }
  weight.prefetch(slots);
  tan_weight.prefetch(slots);
  tan_bias.prefetch(slots);
  team.begin();
  const row_stats stats = statistics_again<Centred, T>(x, slots, team, p.cols, p.epsilon, p.mean, p.rstd, row);
  const auto tangent = [&](int s, auto first, float(&values)[kSlot<T>]) {
    t.get(s, first).get(values);
    if (added == nullptr) return;
    float more[kSlot<T>];
    load_slot(added, first, slots.end).get(more);
#pragma unroll
    for (int i = 0; i < kSlot<T>; ++i) values[i] += more[i];
  };
  const row_means means = means_of<Centred, T>(x, slots, team, p.cols, stats, tangent);
  slots.for_each([&](int s, auto first) {
    float xhat[kSlot<T>], values[kSlot<T>], w[kSlot<T>], tan_w[kSlot<T>], tan_b[kSlot<T>], out[kSlot<T>];
    x.get(s, first).get(xhat);
    tangent(s, first, values);
    weight.get<T>(first, slots.end, w);
    tan_weight.get<T>(first, slots.end, tan_w);
    tan_bias.get<T>(first, slots.end, tan_b);
#pragma unroll
    for (int i = 0; i < kSlot<T>; ++i) {
      xhat[i] = rough_xhat<Centred>(xhat[i], stats) - means.xhat;
      float g = Centred ? values[i] - means.g : values[i];
      g = fmaf(-xhat[i], means.g_by_xhat, g);
      // The scale comes last, or what ends up finite might overflow on the way.
      g = g * w[i] * stats.rstd * stats.scale;
      if (p.tan_weight != nullptr) g = fmaf(xhat[i], tan_w[i], g);
      if (p.tan_bias != nullptr) g += tan_b[i];
      out[i] = g;
    }
    slot<T> stored;
    if (added != nullptr) {
      stored.set(values);
      store_row_slot(row_of(static_cast<T*>(p.jvp_h), row, p.jvp_h_stride, p.cols), slots, first, stored);
    }
    stored.set(out);
    store_row_slot(row_of(static_cast<T*>(p.jvp_y), row, p.jvp_y_stride, p.cols), slots, first, stored);
  });
}

}  // namespace cuda
}  // namespace nk
