// Forward over rows. See row_norm.h.
#pragma once

#include "row_norm.h"

NK_BEGIN_ISA

template <bool Centred, bool Scaled, operand Bias, operand Weight, class T, class P>
NK_INLINE void normalize_row(const T* x, T* y, const weight_row<Weight, P>& weight, const P* bias, std::int64_t cols,
                             const row_stats& stats, const T* next) {
  const vf rstd = splat(stats.rstd);
  const vf high = splat(stats.mean_high);
  // Not (x * rstd - mean * rstd): a constant row must leave no residue beside the bias.
  const vf minus_low = splat(-stats.mean_low * stats.rstd);
  for_each_step(0, cols, [&](std::int64_t i, auto lanes) NK_INLINE_LAMBDA {
    prefetch(next + i);
    const vf v = load_scaled<Scaled>(x + i, lanes, stats.scale);
    vf xhat;
    if constexpr (Centred) {
      xhat = fma(sub(v, high), rstd, minus_low);
    } else {
      xhat = mul(v, rstd);
    }
    if (has<Bias>(bias)) {
      store(y + i, fma(xhat, weight.load_at(i, lanes), load(bias + i, lanes)), lanes);
    } else {
      store(y + i, weight.times(xhat, i, lanes), lanes);
    }
  });
}

template <bool Centred, class T, class P>
void forward_rows(const nk_row_norm_forward_params& p) {
  const T* const x = static_cast<const T*>(p.x);
  const T* const residual = static_cast<const T*>(p.residual);
  T* const h = static_cast<T*>(p.h);
  T* const y = static_cast<T*>(p.y);
  // The usual form: layer_norm has a weight and a bias, rms_norm a weight.
  constexpr operand kUsualBias = Centred ? operand::present : operand::absent;
  const weight_row<operand::present, P> weight(p.weight, p.flags);
  const weight_row<operand::any, P> any_weight(p.weight, p.flags);
  const bool usual = p.weight != nullptr && any_weight.offset == 0.0f && (p.bias != nullptr) == Centred;
  const P* const bias = static_cast<const P*>(p.bias);
  const std::int64_t cols = p.cols;
  const std::int64_t x_stride = stride_or(p.x_stride, cols);
  const std::int64_t residual_stride = stride_or(p.residual_stride, cols);
  const std::int64_t h_stride = stride_or(p.h_stride, cols);
  const std::int64_t y_stride = stride_or(p.y_stride, cols);

  for (std::int64_t row = 0; row < p.rows; ++row) {
    const T* source = x + row * x_stride;
    const T* const next = row + 1 < p.rows ? source + x_stride : source;
    if (residual != nullptr) {
      T* const sum = h + row * h_stride;
      add_rows(source, residual + row * residual_stride, sum, cols);
      source = sum;
    }
    const row_stats stats = stats_of<Centred>(source, cols, p.epsilon);
    T* const target = y + row * y_stride;
    if (stats.scale != 1.0f) {
      normalize_row<Centred, true, operand::any>(source, target, any_weight, bias, cols, stats, next);
    } else if (usual) {
      normalize_row<Centred, false, kUsualBias>(source, target, weight, bias, cols, stats, next);
    } else {
      normalize_row<Centred, false, operand::any>(source, target, any_weight, bias, cols, stats, next);
    }
    if (p.mean != nullptr) write(p.mean + row, stats.saved_mean());
    if (p.rstd != nullptr) write(p.rstd + row, stats.saved_rstd());
  }
}

NK_END_ISA
