// Forward over rows with something fused behind it: a SiLU gate, an output of 8 bits. See row_norm.h.
//
//   y = norm * silu(gate)
//   y_scale = max |norm| / 127 of the row,  y = round(norm / y_scale) to nearest even
//
// A quantized row is computed twice, for its largest magnitude and for its values: it is in the first-level cache, and
// the norm is what the memory waits for. A row of zeros has scale 0; one whose largest magnitude is infinite or that
// holds a NaN has a scale of that; the quantized values of these rows are 0.
#pragma once

#include "row_norm_forward.h"
#include "silu.h"

NK_BEGIN_ISA

template <class T, class Value>
NK_INLINE void quantize_row(std::int8_t* y, float* y_scale, std::int64_t cols, Value&& value) {
  vf top = zero(), nan = zero();
  for_each_step(0, cols, [&](std::int64_t i, auto lanes) NK_INLINE_LAMBDA {
    const vf v = abs(keep(value(i, lanes), lanes));
    top = max(v, top);
    nan = add(nan, v);
  });
  // max() passes over NaNs; a sum of magnitudes does not, and has no other way to become one.
  const float total = sum(nan);
  const float scale = total != total ? total : largest(top) / 127.0f;
  write(y_scale, scale);
  if (!(scale > 0.0f && scale < float_from_bits(0x7f800000u))) {
    for (std::int64_t i = 0; i < cols; ++i) y[i] = 0;
    return;
  }
  const vf divisor = splat(scale), limit = splat(-127.0f);
  for_each_step(0, cols, [&](std::int64_t i, auto lanes) NK_INLINE_LAMBDA {
    // A subnormal scale is coarse: the ratio may be beyond 127.
    const vf bounded = max(div(value(i, lanes), divisor), limit);
    store_i8(y + i, sub(zero(), max(sub(zero(), bounded), limit)), lanes);
  });
}

template <bool Centred, class T, class P>
void forward_fused_rows(const nk_row_norm_forward_params& p) {
  const weight_row<operand::any, P> weight(p.weight, p.flags);
  const P* const bias = static_cast<const P*>(p.bias);
  const rows_at<const T> source = {static_cast<const T*>(p.residual != nullptr ? p.h : p.x),
                                   stride_or(p.residual != nullptr ? p.h_stride : p.x_stride, p.cols)};
  const std::int64_t y_stride = stride_or(p.y_stride, p.cols);
  const std::int64_t gate_stride = stride_or(p.gate_stride, p.cols);
  const bool round_first = (p.flags & NK_FLAG_ROUND_FIRST) != 0;
  for (std::int64_t row = 0; row < p.rows; ++row) {
    if (p.residual != nullptr) make_rows<T>(p, row, row + 1);
    const T* const x = source.row(row);
    const T* const gate = row_of(static_cast<const T*>(p.gate), row, gate_stride);
    const row_stats stats = stats_of<Centred>(plain_row<T>{x}, p.cols, p.epsilon);
    const vf rstd = splat(stats.rstd), high = splat(stats.mean_high), minus_low = splat(-stats.mean_low * stats.rstd);
    // A scale of 1 changes no bit, so scaled rows need no code of their own here.
    const auto value = [&](std::int64_t i, auto lanes) NK_INLINE_LAMBDA {
      const vf v = scaled<true>(load(x + i, lanes), stats.scale);
      vf y = Centred ? fma(sub(v, high), rstd, minus_low) : mul(v, rstd);
      const vf w = weight.load_at(i, lanes);
      y = bias != nullptr ? fma(y, w, load(bias + i, lanes)) : mul(y, w);
      return gate != nullptr ? mul(y, silu(load(gate + i, lanes))) : y;
    };
    if (p.quantize == NK_QUANTIZE_I8) {
      quantize_row<T>(static_cast<std::int8_t*>(p.y) + row * y_stride, p.y_scale + row, p.cols,
                      [&](std::int64_t i, auto lanes) NK_INLINE_LAMBDA {
                        const vf v = value(i, lanes);
                        return round_first ? rounded<T>(v) : v;
                      });
    } else {
      T* const y = static_cast<T*>(p.y) + row * y_stride;
      for_each_step(0, p.cols,
                    [&](std::int64_t i, auto lanes) NK_INLINE_LAMBDA { store(y + i, value(i, lanes), lanes); });
    }
    if (p.mean != nullptr) write(p.mean + row, stats.saved_mean());
    if (p.rstd != nullptr) write(p.rstd + row, stats.saved_rstd());
  }
}

NK_END_ISA
