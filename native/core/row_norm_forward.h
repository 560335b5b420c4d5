// Forward over rows. See row_norm.h.
#pragma once

#include <cstddef>
#include <type_traits>

#include "row_norm.h"

NK_BEGIN_ISA

enum class destination { cached, streamed };

template <destination To, class T, class Lanes>
NK_INLINE void put(T* p, vf v, Lanes lanes) {
  if constexpr (To == destination::streamed && std::is_same_v<Lanes, whole>) {
    stream(p, v);
  } else {
    store(p, v, lanes);
  }
}

template <bool Centred, bool Scaled, destination To, operand Bias, operand Weight, class T, class P>
NK_INLINE void normalize_row(const T* x, T* y, const weight_row<Weight, P>& weight, const P* bias, std::int64_t cols,
                             const row_stats& stats, const T* prefetched) {
  const vf rstd = splat(stats.rstd);
  const vf high = splat(stats.mean_high);
  // Not (x * rstd - mean * rstd): a constant row must leave no residue beside the bias.
  const vf minus_low = splat(-stats.mean_low * stats.rstd);
  for_each_step_by_fours(0, cols, [&](std::int64_t i, auto lanes) NK_INLINE_LAMBDA {
    prefetch(prefetched + i);
    const vf v = load_scaled<Scaled>(x + i, lanes, stats.scale);
    vf xhat;
    if constexpr (Centred) {
      xhat = fma(sub(v, high), rstd, minus_low);
    } else {
      xhat = mul(v, rstd);
    }
    if (has<Bias>(bias)) {
      put<To>(y + i, fma(xhat, weight.load_at(i, lanes), load(bias + i, lanes)), lanes);
    } else {
      put<To>(y + i, weight.times(xhat, i, lanes), lanes);
    }
  });
}

// What is normalized in a row: x, or x + residual, which is written to h first.
template <class T>
struct row_source {
  const T* x;
  const T* residual;
  T* h;
  std::int64_t cols, x_stride, residual_stride, h_stride;

  NK_INLINE row_source(const nk_row_norm_forward_params& p)
      : x(static_cast<const T*>(p.x)),
        residual(static_cast<const T*>(p.residual)),
        h(static_cast<T*>(p.h)),
        cols(p.cols),
        x_stride(stride_or(p.x_stride, p.cols)),
        residual_stride(stride_or(p.residual_stride, p.cols)),
        h_stride(stride_or(p.h_stride, p.cols)) {}

  NK_INLINE const T* row(std::int64_t i) const {
    const T* const from = x + i * x_stride;
    if (residual == nullptr) return from;
    T* const sum = h + i * h_stride;
    add_rows(from, residual + i * residual_stride, sum, cols);
    return sum;
  }
};

template <bool Centred, class T, class P>
void forward_rows(const nk_row_norm_forward_params& p, bool streaming) {
  const row_source<T> source_rows(p);
  T* const y = static_cast<T*>(p.y);
  // The usual form: layer_norm has a weight and a bias, rms_norm a weight.
  constexpr operand kUsualBias = Centred ? operand::present : operand::absent;
  const weight_row<operand::present, P> weight(p.weight, p.flags);
  const weight_row<operand::any, P> any_weight(p.weight, p.flags);
  const bool usual = p.weight != nullptr && any_weight.offset == 0.0f && (p.bias != nullptr) == Centred;
  const P* const bias = static_cast<const P*>(p.bias);
  const std::int64_t cols = p.cols;
  const std::int64_t y_stride = stride_or(p.y_stride, cols);

  // The statistics of a row end in a chain of divisions and a root, about 60 cycles. For rows of which several fit the
  // first-level cache they are taken one row ahead, so that the processor works the chain off while it writes the row
  // before (59 to 53 ns a row at 1024 columns; rows of 4096 lost a quarter that way).
  constexpr std::int64_t kAheadBytes = 8192;
  const bool ahead = cols * static_cast<std::int64_t>(sizeof(T)) <= kAheadBytes;
  const T* source = source_rows.row(0);
  row_stats stats = stats_of<Centred>(source, cols, p.epsilon);
  for (std::int64_t row = 0; row < p.rows; ++row) {
    const bool last = row + 1 == p.rows;
    const T* next_source = source;
    row_stats next_stats = stats;
    if (ahead && !last) {
      next_source = source_rows.row(row + 1);
      next_stats = stats_of<Centred>(next_source, cols, p.epsilon);
    }
    const std::int64_t soon = row + (ahead ? 2 : 1);
    const T* const prefetched = source_rows.x + (soon < p.rows ? soon : row) * source_rows.x_stride;
    T* const target = y + row * y_stride;
    constexpr destination cached = destination::cached;
    if (stats.scale != 1.0f) {
      normalize_row<Centred, true, cached, operand::any>(source, target, any_weight, bias, cols, stats, prefetched);
    } else if (!usual) {
      normalize_row<Centred, false, cached, operand::any>(source, target, any_weight, bias, cols, stats, prefetched);
    } else if (streaming && reinterpret_cast<std::uintptr_t>(target) % (kLanes * sizeof(T)) == 0) {
      normalize_row<Centred, false, destination::streamed, kUsualBias>(source, target, weight, bias, cols, stats,
                                                                       prefetched);
    } else {
      normalize_row<Centred, false, cached, kUsualBias>(source, target, weight, bias, cols, stats, prefetched);
    }
    if (p.mean != nullptr) write(p.mean + row, stats.saved_mean());
    if (p.rstd != nullptr) write(p.rstd + row, stats.saved_rstd());
    if (!ahead && !last) {
      next_source = source_rows.row(row + 1);
      next_stats = stats_of<Centred>(next_source, cols, p.epsilon);
    }
    source = next_source;
    stats = next_stats;
  }
  if (streaming) finish_streams();
}

NK_END_ISA
