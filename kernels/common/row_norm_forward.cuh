// Forward over rows on a device, with everything that may be fused to it: a residual before, a gate and a quantization
// behind. See row_norm.cuh.
#pragma once

#include "quantize.cuh"
#include "row_norm.cuh"

namespace nk {
namespace cuda {

template <bool Centred, class T, int Threads, int Slots>
__global__ void __launch_bounds__(kBlockThreads<Threads>, kLeastBlocks<Threads, Slots, 1>)
    forward_rows(nk_row_norm_forward_params p) {
  const T* const x = static_cast<const T*>(p.x);
  const T* const residual = static_cast<const T*>(p.residual);
  const T* const gate = static_cast<const T*>(p.gate);
  T* const h = static_cast<T*>(p.h);
  const auto cols = static_cast<index_of<Slots>>(p.cols);
  const row_parameter weight = weight_of(p);
  const row_parameter bias = parameter_of(p, p.bias);
  for_each_row<Threads>(p.rows, [&](std::int64_t row, bool there) {
    held_row<T, Threads, Slots> source = {};
    source.row = x + row * stride_or(p.x_stride, cols);
    const row_slots<T, Threads, Slots> slots = {there ? cols : index_of<Slots>{0},
                                                static_cast<int>(threadIdx.x) % Threads};
    if (residual == nullptr) {
      if constexpr (Slots > 0) {
        slots.for_each([&](int s, auto first) { source.held[s] = load_slot(source.row, first, cols); });
      }
    } else {
      // What is stored is what is normalized. A thread reads back only what it wrote itself.
      const T* const added = residual + row * stride_or(p.residual_stride, cols);
      T* const sum = h + row * stride_or(p.h_stride, cols);
      slots.for_each([&](int s, auto first) {
        slot<T> v = load_slot(source.row, first, cols);
        const slot<T> r = load_slot(added, first, cols);
#pragma unroll
        for (int i = 0; i < kSlot<T>; ++i) from_float(to_float(v.e[i]) + to_float(r.e[i]), &v.e[i]);
        store_slot(sum, first, cols, v);
        if constexpr (Slots > 0) source.held[s] = v;
      });
      source.row = sum;
    }
    weight.prefetch(slots);
    bias.prefetch(slots);
    const row_stats stats = statistics_of<Centred>(source, slots, cols, p.epsilon);
    const float minus_low = -stats.mean_low * stats.rstd;

    // A slot of the norm, gate and all, in float32.
    const auto values_of = [&](int s, auto first, float(&out)[kSlot<T>]) {
      const slot<T> v = source.get(s, first, slots.cols);
      float w[kSlot<T>], b[kSlot<T>];
      weight.get<T>(first, cols, w);
      bias.get<T>(first, cols, b);
#pragma unroll
      for (int i = 0; i < kSlot<T>; ++i) {
        const float scaled = to_float(v.e[i]) * stats.scale;
        // Not (x * rstd - mean * rstd): a constant row must leave no residue beside the bias.
        const float xhat = Centred ? fmaf(scaled - stats.mean_high, stats.rstd, minus_low) : scaled * stats.rstd;
        out[i] = fmaf(xhat, w[i], b[i]);
      }
      if (gate != nullptr) {
        const slot<T> z = load_slot(gate + row * stride_or(p.gate_stride, cols), first, cols);
#pragma unroll
        for (int i = 0; i < kSlot<T>; ++i) out[i] *= silu(to_float(z.e[i]));
      }
    };

    float quantum = 0.0f;
    bool usable = false;
    const bool round_first = (p.flags & NK_FLAG_ROUND_FIRST) != 0;
    const auto rounded = [&](float v) { return round_first ? through<T>(v) : v; };
    const std::int64_t y = row * stride_or(p.y_stride, cols);
    // Quantized, the values are computed twice, first for the scale of the row. One loop for both: the code is there
    // once.
#pragma unroll 1
    for (bool writes = p.quantize == NK_QUANTIZE_NONE;; writes = true) {
      // The largest magnitude, and a sum of all that is NaN if one of them is.
      float top[1] = {0.0f};
      double total[1] = {0.0};
      slots.for_each([&](int s, auto first) {
        float values[kSlot<T>];
        values_of(s, first, values);
        if (!writes) {
#pragma unroll
          for (int i = 0; i < kSlot<T>; ++i) {
            if (!slots.has(first + i)) continue;
            const float v = fabsf(rounded(values[i]));
            top[0] = larger_value()(v, top[0]);
            total[0] += static_cast<double>(v);
          }
        } else if (p.quantize == NK_QUANTIZE_NONE) {
          slot<T> stored;
#pragma unroll
          for (int i = 0; i < kSlot<T>; ++i) from_float(values[i], &stored.e[i]);
          store_slot(static_cast<T*>(p.y) + y, first, cols, stored);
        } else {
          eight_bits<kSlot<T>> packed;
#pragma unroll
          for (int i = 0; i < kSlot<T>; ++i) {
            packed.e[i] = usable ? quantize(rounded(values[i]) / quantum, p.quantize) : std::uint8_t{0};
          }
          store_eight_bits(static_cast<std::uint8_t*>(p.y) + y, first, cols, packed);
        }
      });
      if (writes) break;
      row_reduce<Threads>(top, larger_value());
      row_reduce<Threads>(total, add_values());
      const bool is_nan = total[0] != total[0];
      quantum = is_nan ? static_cast<float>(total[0]) : top[0] / largest_of(p.quantize);
      usable = quantum > 0.0f && quantum < float_from_bits(0x7f800000u);
      if (there && slots.lane == 0) p.y_scale[row] = quantum;
    }
    if (there && slots.lane == 0) {
      if (p.mean != nullptr) p.mean[row] = stats.saved_mean();
      if (p.rstd != nullptr) p.rstd[row] = stats.saved_rstd();
    }
  });
}

}  // namespace cuda
}  // namespace nk
