// Forward-mode derivative (JVP) over rows. See row_norm.h.
//
// With a residual the tangent is tan_x + tan_residual in float32, in both passes: jvp_h is stored rounded, but what it
// is used for here is not, or in a 16-bit dtype the error of jvp_y would be several units in the last place.
#pragma once

#include "row_norm_staging.h"

NK_BEGIN_ISA

template <class T, class P>
struct jvp_row {
  const T* x;
  const T* tan_x;
  const T* tan_residual;  // null: no residual, and no jvp_h
  T* jvp_h;
  T* jvp_y;
  const P* tan_weight;
  const P* tan_bias;
  const T* next_x;
  const T* next_tan_x;
  bool streamed;  // jvp_y goes past the caches
};

template <bool Centred, bool Scaled, class T, class P>
NK_INLINE void push_forward_row(const jvp_row<T, P>& r, const weight_row<operand::any, P>& weight, std::int64_t cols,
                                const row_stats& stats) {
  const auto tangent = [&](std::int64_t i, auto lanes) NK_INLINE_LAMBDA {
    const vf t = load(r.tan_x + i, lanes);
    return r.tan_residual != nullptr ? add(t, load(r.tan_residual + i, lanes)) : t;
  };
  const row_means means = means_of<Centred, Scaled>(r.x, cols, stats, tangent);
  const vf rstd = splat(stats.rstd);
  const auto value = [&](std::int64_t i, auto lanes) NK_INLINE_LAMBDA {
    prefetch(r.next_x + i);
    prefetch(r.next_tan_x + i);
    const vf xhat = xhat_of<Centred, Scaled>(r.x + i, lanes, stats, means);
    const vf tan_h = tangent(i, lanes);
    if (r.tan_residual != nullptr) store(r.jvp_h + i, tan_h, lanes);
    vf t = project<Centred>(tan_h, xhat, means);
    // The scale comes last, or what ends up finite might overflow on the way.
    t = mul(weight.times(t, i, lanes), rstd);
    if constexpr (Scaled) t = mul(t, splat(stats.scale));
    if (r.tan_weight != nullptr) t = fma(xhat, load(r.tan_weight + i, lanes), t);
    if (r.tan_bias != nullptr) t = add(t, load(r.tan_bias + i, lanes));
    return t;
  };
  const auto put_value = [&](std::int64_t i, auto lanes) NK_INLINE_LAMBDA {
    const vf v = value(i, lanes);
    if (r.streamed) {
      put<true>(r.jvp_y + i, v, lanes);
    } else {
      put<false>(r.jvp_y + i, v, lanes);
    }
  };
  if constexpr (kStreams<T>) {
    for_each_step_of(r.jvp_y, cols, put_value);
  } else {
    write_row<false>(r.jvp_y, cols, value);
  }
}

// Out of line: it is rare.
template <bool Centred, class T, class P>
NK_NOINLINE void push_forward_scaled_row(const jvp_row<T, P>& r, const weight_row<operand::any, P>& weight,
                                         std::int64_t cols, const row_stats& stats) {
  push_forward_row<Centred, true>(r, weight, cols, stats);
}

template <bool Centred, class T, class P>
NK_NOINLINE void jvp_each_row(const nk_row_norm_jvp_params& p, reach where) {
  const T* const x = static_cast<const T*>(p.x);
  const T* const tan_x = static_cast<const T*>(p.tan_x);
  const T* const tan_residual = static_cast<const T*>(p.tan_residual);
  T* const jvp_h = static_cast<T*>(p.jvp_h);
  T* const jvp_y = static_cast<T*>(p.jvp_y);
  const std::int64_t cols = p.cols;
  const std::int64_t x_stride = stride_or(p.x_stride, cols);
  const std::int64_t tan_x_stride = stride_or(p.tan_x_stride, cols);
  const std::int64_t tan_residual_stride = stride_or(p.tan_residual_stride, cols);
  const std::int64_t jvp_h_stride = stride_or(p.jvp_h_stride, cols);
  const std::int64_t jvp_y_stride = stride_or(p.jvp_y_stride, cols);

  const bool streamed = where == reach::beyond && in_lines(jvp_y, jvp_y_stride);
  const weight_row<operand::any, P> weight(p.weight, p.flags);

  for (std::int64_t row = 0; row < p.rows; ++row) {
    const std::int64_t next = row + 1 < p.rows ? row + 1 : row;
    const jvp_row<T, P> r = {x + row * x_stride,
                             tan_x + row * tan_x_stride,
                             row_of(tan_residual, row, tan_residual_stride),
                             row_of(jvp_h, row, jvp_h_stride),
                             jvp_y + row * jvp_y_stride,
                             static_cast<const P*>(p.tan_weight),
                             static_cast<const P*>(p.tan_bias),
                             x + next * x_stride,
                             tan_x + next * tan_x_stride,
                             streamed};
    const row_stats stats = stats_again<Centred>(r.x, cols, p.epsilon, p.mean, p.rstd, row);
    if (stats.scale == 1.0f) {
      push_forward_row<Centred, false>(r, weight, cols, stats);
    } else {
      push_forward_scaled_row<Centred>(r, weight, cols, stats);
    }
  }
  if (streamed) finish_streams();
}

// Not inlined: only these calls have the parameters on their stack.
template <bool Centred, class T, class P>
NK_NOINLINE void jvp_staged(nk_row_norm_jvp_params p, int skew, reach where) {
  staged_parameter weight, tan_weight, tan_bias;
  p.weight = stage_weight<P>(weight, skew, p.cols, p.weight, p.flags);
  p.tan_weight = tan_weight.stage<P>(skew, p.cols, p.tan_weight);
  p.tan_bias = tan_bias.stage<P>(skew, p.cols, p.tan_bias);
  jvp_each_row<Centred, T, float>(p, where);
}

template <bool Centred, class T, class P>
void jvp_rows(const nk_row_norm_jvp_params& p, reach where) {
  const int skew = skew_of_rows(static_cast<const T*>(p.jvp_y), stride_or(p.jvp_y_stride, p.cols));
  if (worth_staging<P>(p.rows, p.cols, p.flags, skew, p.weight, p.tan_weight, p.tan_bias)) {
    jvp_staged<Centred, T, P>(p, skew, where);
  } else {
    jvp_each_row<Centred, T, P>(p, where);
  }
}

NK_END_ISA
