// Forward-mode derivative (JVP) over rows on a device. See row_norm.cuh, and native/core/row_norm_jvp.h for why a
// residual's tangent is used unrounded.
#pragma once

#include "row_norm.cuh"

namespace nk {
namespace cuda {

template <bool Centred, class T, int Threads, int Slots>
__global__ void __launch_bounds__(kBlockThreads<Threads>, kLeastBlocks<Threads, Slots, 2>)
    jvp_rows(nk_row_norm_jvp_params p) {
  const T* const tan_residual = static_cast<const T*>(p.tan_residual);
  const auto cols = static_cast<index_of<Slots>>(p.cols);
  const row_parameter weight = weight_of(p), tan_weight = parameter_of(p, p.tan_weight),
                      tan_bias = parameter_of(p, p.tan_bias);
  for_each_row<Threads>(p.rows, [&](std::int64_t row, bool there) {
    held_row<T, Threads, Slots> x = {}, t = {};
    x.row = static_cast<const T*>(p.x) + row * stride_or(p.x_stride, cols);
    t.row = static_cast<const T*>(p.tan_x) + row * stride_or(p.tan_x_stride, cols);
    const T* const added =
        tan_residual == nullptr ? nullptr : tan_residual + row * stride_or(p.tan_residual_stride, cols);
    const row_slots<T, Threads, Slots> slots = {there ? cols : index_of<Slots>{0},
                                                static_cast<int>(threadIdx.x) % Threads};
    if constexpr (Slots > 0) {
      slots.for_each([&](int s, auto first) {
        x.held[s] = load_slot(x.row, first, cols);
        t.held[s] = load_slot(t.row, first, cols);
      });
    }
    weight.prefetch(slots);
    tan_weight.prefetch(slots);
    tan_bias.prefetch(slots);
    const row_stats stats = statistics_again<Centred>(x, slots, cols, p.epsilon, p.mean, p.rstd, row);
    const auto tangent = [&](int s, auto first, float(&values)[kSlot<T>]) {
      const slot<T> v = t.get(s, first, cols);
      slot<T> r = {};
      if (added != nullptr) r = load_slot(added, first, cols);
#pragma unroll
      for (int i = 0; i < kSlot<T>; ++i) {
        values[i] = added != nullptr ? to_float(v.e[i]) + to_float(r.e[i]) : to_float(v.e[i]);
      }
    };
    const row_means means = means_of<Centred>(x, slots, cols, stats, tangent);
    T* const jvp_y = static_cast<T*>(p.jvp_y) + row * stride_or(p.jvp_y_stride, cols);
    slots.for_each([&](int s, auto first) {
      const slot<T> v = x.get(s, first, cols);
      float values[kSlot<T>], w[kSlot<T>], tan_w[kSlot<T>], tan_b[kSlot<T>];
      tangent(s, first, values);
      weight.get<T>(first, cols, w);
      tan_weight.get<T>(first, cols, tan_w);
      tan_bias.get<T>(first, cols, tan_b);
      slot<T> out, sum;
#pragma unroll
      for (int i = 0; i < kSlot<T>; ++i) {
        const float xhat = rough_xhat<Centred>(to_float(v.e[i]), stats) - means.xhat;
        float g = Centred ? values[i] - means.g : values[i];
        g = fmaf(-xhat, means.g_by_xhat, g);
        // The scale comes last, or what ends up finite might overflow on the way.
        g = g * w[i] * stats.rstd * stats.scale;
        if (p.tan_weight != nullptr) g = fmaf(xhat, tan_w[i], g);
        if (p.tan_bias != nullptr) g += tan_b[i];
        from_float(g, &out.e[i]);
        from_float(values[i], &sum.e[i]);
      }
      if (added != nullptr) {
        store_slot(static_cast<T*>(p.jvp_h) + row * stride_or(p.jvp_h_stride, cols), first, cols, sum);
      }
      store_slot(jvp_y, first, cols, out);
    });
  });
}

}  // namespace cuda
}  // namespace nk
