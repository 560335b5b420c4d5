// Forward over rows on a device, with everything that may be fused to it: a residual before, a gate and a quantization
// behind. See row_norm.cuh.
#pragma once

#include "quantize.cuh"
#include "row_norm.cuh"

namespace nk {
namespace cuda {

// How many blocks a multiprocessor is to hold at least, and so how many registers a thread may have: enough blocks to
// have 32 KB and more on their way from memory while others reduce or write. Named in all cases: left to itself, ptxas
// aims elsewhere.
template <bool Quantized, class T, int Threads, int Slots>
constexpr int kForwardBlocks = Slots == 8   ? (Quantized ? 1 : 2)
                               : Slots == 1 ? (Quantized ? 6 : 8)
                                            : (Quantized                         ? 4
                                               : Threads > 128 && sizeof(T) == 4 ? 5
                                                                                 : 6) *
                                                  128 / kBlockThreads<Threads>;

// Quantized: y is 8 bits wide. A kernel of its own, since it needs twice the registers.
template <bool Centred, bool Quantized, class T, int Threads, int Slots>
__global__ void __launch_bounds__(kBlockThreads<Threads>, kForwardBlocks<Quantized, T, Threads, Slots>)
    forward_rows(nk_row_norm_forward_params p) {
  row_team<Threads> team;
  const row_part<T, Threads, Slots> part(p.cols, team);
  const row_parameter weight = weight_of(p);
  const row_parameter bias = parameter_of(p, p.bias);
  constexpr int kRows = kBlockThreads<Threads> / Threads;
  const std::int64_t base = cluster_number(team) * kRows;
  if (base >= p.rows) return;
  const std::int64_t own = base + static_cast<int>(threadIdx.x) / Threads;
  const bool there = own < p.rows;
  const std::int64_t row = there ? own : p.rows - 1;
  const T* const x = row_of(static_cast<const T*>(p.x), row, p.x_stride, p.cols);
  const row_slots<T, Threads, Slots> slots = part.slots(there);
  held_row<T, Slots> source;
  if constexpr (Slots > 0) {
    load_row(x, slots, source.held);
  } else {
    source = {x, slots.end};
  }
  if (p.residual != nullptr) {
    // What is stored is what is normalized.
    const T* const added = row_of(static_cast<const T*>(p.residual), row, p.residual_stride, p.cols);
    T* const sum = row_of(static_cast<T*>(p.h), row, p.h_stride, p.cols);
    const auto add = [&](int s, auto first, const slot<T>& more) {
      float a[kSlot<T>], b[kSlot<T>];
      source.get(s, first).get(a);
      more.get(b);
#pragma unroll
      for (int i = 0; i < kSlot<T>; ++i) a[i] += b[i];
      slot<T> v;
      v.set(a);
      store_row_slot(sum, slots, first, v);
      return v;
    };
    if constexpr (Slots > 0) {
      slot<T> more[Slots];
      load_row(added, slots, more);
      slots.for_each([&](int s, auto first) { source.held[s] = add(s, first, more[s]); });
    } else {
      slots.for_each([&](int s, auto first) { add(s, first, load_slot(added, first, slots.end)); });
      source.row = sum;
      __syncwarp();  // a thread reads back what it or a neighbour in its warp wrote
    }
  }
  weight.prefetch(slots);
  bias.prefetch(slots);
  team.begin();
  const row_stats stats = statistics_of<Centred, T>(source, slots, team, p.cols, p.epsilon);
  const float minus_low = -stats.mean_low * stats.rstd;

  // A slot of the norm, gate and all, in float32.
  const auto values_of = [&](int s, auto first, float(&out)[kSlot<T>]) {
    float w[kSlot<T>], b[kSlot<T>];
    source.get(s, first).get(out);
    weight.get<T>(first, slots.end, w);
    bias.get<T>(first, slots.end, b);
#pragma unroll
    for (int i = 0; i < kSlot<T>; ++i) {
      // Not (x * rstd - mean * rstd): a constant row must leave no residue beside the bias.
      const float xhat = Centred ? fmaf(fmaf(out[i], stats.scale, -stats.mean_high), stats.rstd, minus_low)
                                 : out[i] * stats.scale * stats.rstd;
      out[i] = fmaf(xhat, w[i], b[i]);
    }
    if (!Centred && p.gate != nullptr) {
      const T* const gate = row_of(static_cast<const T*>(p.gate), row, p.gate_stride, p.cols);
      float z[kSlot<T>];
      load_slot(gate, first, slots.end).get(z);
#pragma unroll
      for (int i = 0; i < kSlot<T>; ++i) out[i] *= silu(z[i]);
    }
  };

  const bool writer = there && static_cast<int>(threadIdx.x) % Threads == 0 && team.rank == 0;
  if constexpr (Quantized) {
    const bool round_first = (p.flags & NK_FLAG_ROUND_FIRST) != 0;
    const auto rounded = [&](float v) { return round_first ? through<T>(v) : v; };
    // The values are computed twice, first for the scale of the row: the largest magnitude, and a sum of all that is
    // NaN if one of them is.
    float top = 0.0f;
    double total[1] = {0.0};
    slots.for_each([&](int s, auto first) {
      float values[kSlot<T>];
      values_of(s, first, values);
      clear_absent(slots, first, values);
      float sum = 0.0f;
#pragma unroll
      for (int i = 0; i < kSlot<T>; ++i) {
        const float v = fabsf(rounded(values[i]));
        top = larger_value()(v, top);
        sum += v;
      }
      total[0] += static_cast<double>(sum);
    });
    double largest[1] = {static_cast<double>(top)};
    team.reduce(largest, larger_value());
    team.reduce(total, add_values());
    const bool is_nan = total[0] != total[0];
    const float quantum =
        is_nan ? static_cast<float>(total[0]) : static_cast<float>(largest[0]) / largest_of(p.quantize);
    const bool usable = quantum > 0.0f && quantum < float_from_bits(0x7f800000u);
    if (writer) p.y_scale[row] = quantum;
    slots.for_each([&](int s, auto first) {
      float values[kSlot<T>];
      values_of(s, first, values);
      eight_bits<kSlot<T>> packed;
#pragma unroll
      for (int i = 0; i < kSlot<T>; ++i) {
        packed.e[i] = usable ? quantize(rounded(values[i]) / quantum, p.quantize) : std::uint8_t{0};
      }
      store_eight_bits(row_of(static_cast<std::uint8_t*>(p.y), row, p.y_stride, p.cols), first, slots.end, packed);
    });
  } else {
    slots.for_each([&](int s, auto first) {
      float values[kSlot<T>];
      values_of(s, first, values);
      slot<T> stored;
      stored.set(values);
      store_row_slot(row_of(static_cast<T*>(p.y), row, p.y_stride, p.cols), slots, first, stored);
    });
  }
  if (writer) {
    if (p.mean != nullptr) p.mean[row] = stats.saved_mean();
    if (p.rstd != nullptr) p.rstd[row] = stats.saved_rstd();
  }
}

}  // namespace cuda
}  // namespace nk
