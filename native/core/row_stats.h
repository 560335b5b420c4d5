// The statistics of one row: centred (layer_norm) or not (rms_norm).
//
// Centred rows are summed in one pass around a pivot p, the mean of the row's first 16 elements: with d = x - p,
// mean = p + sum(d) / n and variance = sum(d^2) / n - (sum(d) / n)^2. That is accurate as long as p is near the mean,
// and it is only then that the result is taken: where the mean turns out to lie more than a standard deviation from the
// pivot (then the subtraction has cost a bit), the row is summed again, around the mean that was found. So the
// difference E[x^2] - E[x]^2 is never formed of anything but small corrections, an offset of 1e6 costs nothing, and a
// constant row gives exactly its constant.
//
// Rows whose sum of squares leaves the range that float32 squares carry in full (1e30, 1e-30) are scaled by a power of
// two and summed again. That, too, is decided by the row alone.
#pragma once

#include "reduce.h"
#include "statistics.h"

NK_BEGIN_ISA

// A row as float lanes.
template <class T>
struct plain_row {
  const T* x;

  template <class Lanes>
  NK_INLINE vf at(std::int64_t i, Lanes lanes) const {
    return load(x + i, lanes);
  }
  NK_INLINE float first_value() const { return read(x); }
};

// The sum of two rows: what a residual makes of x. It is made again at every pass, so that it can be streamed past the
// caches like y.
struct added_row {
  const float* x;
  const float* residual;

  template <class Lanes>
  NK_INLINE vf at(std::int64_t i, Lanes lanes) const {
    return add(load(x + i, lanes), load(residual + i, lanes));
  }
  NK_INLINE float first_value() const { return read(x) + read(residual); }
};

// Multiplied by scale when the row is a scaled one.
template <bool Scaled>
NK_INLINE vf scaled(vf v, float scale) {
  if constexpr (Scaled) {
    return mul(v, splat(scale));
  } else {
    return v;
  }
}

// The scale of a row. NaNs are passed over: they come out in the sums.
template <class Row>
float scale_of(Row x, std::int64_t n) {
  vf top = zero();
  for_each_step(0, n, [&](std::int64_t i, auto lanes) NK_INLINE_LAMBDA { top = max(abs(x.at(i, lanes)), top); });
  return scale_for(largest(top));
}

// Handed down, so that a call divides once: a division of doubles takes as long as 5 steps of 16 columns.
NK_INLINE double inverse_of(std::int64_t n) {
  return 1.0 / static_cast<double>(n);
}

struct moments {
  double mean;
  double variance;
};

template <bool Scaled, class Row>
NK_INLINE moments moments_around(float pivot, Row x, std::int64_t n, double inverse_n, float scale, double* shift) {
  double total[2];
  sum_row<2>(n, skew_of(x.x), total, [&](std::int64_t i, auto lanes, vf* acc) NK_INLINE_LAMBDA {
    const vf d = keep(sub(scaled<Scaled>(x.at(i, lanes), scale), splat(pivot)), lanes);
    acc[0] = add(acc[0], d);
    acc[1] = fma(d, d, acc[1]);
  });
  *shift = total[0] * inverse_n;
  const double variance = total[1] * inverse_n - *shift * *shift;
  // Rounding may leave a trace below zero. NaN must stay NaN.
  return {static_cast<double>(pivot) + *shift, variance < 0.0 ? 0.0 : variance};
}

// The second sum, for rows whose beginning says little of their mean. Out of line: it is rare.
template <bool Scaled, class Row>
NK_NOINLINE moments moments_again(double mean, Row x, std::int64_t n, double inverse_n, float scale) {
  double shift;
  return moments_around<Scaled>(static_cast<float>(mean), x, n, inverse_n, scale, &shift);
}

template <bool Scaled, class Row>
NK_INLINE moments moments_of(Row x, std::int64_t n, double inverse_n, float scale) {
  // Sixteen equal values add up without rounding, so the pivot of a constant row is its constant; fewer might not. A
  // sixteenth is taken first, or a row of 3e38 would overflow.
  float pivot = x.first_value();
  if constexpr (Scaled) pivot *= scale;
  if (n >= kLanes) pivot = sum(mul(scaled<Scaled>(x.at(0, whole{}), scale), splat(1.0f / kLanes)));
  double shift;
  const moments found = moments_around<Scaled>(pivot, x, n, inverse_n, scale, &shift);
  return shift * shift > found.variance ? moments_again<Scaled>(found.mean, x, n, inverse_n, scale) : found;
}

template <bool Scaled, class Row>
NK_INLINE double mean_square_of(Row x, std::int64_t n, double inverse_n, float scale) {
  double total[1];
  sum_row<1>(n, skew_of(x.x), total, [&](std::int64_t i, auto lanes, vf* acc) NK_INLINE_LAMBDA {
    const vf v = scaled<Scaled>(x.at(i, lanes), scale);
    acc[0] = fma(v, v, acc[0]);
  });
  return total[0] * inverse_n;
}

template <bool Centred, bool Scaled, class Row>
NK_INLINE moments moments_at_scale(Row x, std::int64_t n, double inverse_n, float scale) {
  if constexpr (Centred) {
    return moments_of<Scaled>(x, n, inverse_n, scale);
  } else {
    return {0.0, mean_square_of<Scaled>(x, n, inverse_n, scale)};
  }
}

template <bool Centred, class Row>
NK_NOINLINE row_stats stats_of_extreme_row(Row x, std::int64_t n, double epsilon) {
  const float scale = scale_of(x, n);
  const moments found = moments_at_scale<Centred, true>(x, n, inverse_of(n), scale);
  // A constant row has nothing to scale, and at its scale epsilon might be out of range.
  if (Centred && found.variance == 0.0) return {1.0f, x.first_value(), 0.0f, rstd_of_float(epsilon)};
  return stats_from(found.mean, found.variance + epsilon * scale * scale, scale);
}

// The statistics of row x of n >= 1 columns, in two steps: what is summed over the row, and what follows from it.
template <bool Centred, class Row>
NK_INLINE moments moments_of_row(Row x, std::int64_t n, double inverse_n) {
  return moments_at_scale<Centred, false>(x, n, inverse_n, 1.0f);
}

template <bool Centred, class Row>
NK_INLINE row_stats stats_of(const moments& found, Row x, std::int64_t n, double epsilon) {
  const double variance = found.variance + epsilon;
  return in_range(variance) ? stats_from(found.mean, variance, 1.0f) : stats_of_extreme_row<Centred>(x, n, epsilon);
}

template <bool Centred, class Row>
NK_INLINE row_stats stats_of(Row x, std::int64_t n, double epsilon) {
  return stats_of<Centred>(moments_of_row<Centred>(x, n, inverse_of(n)), x, n, epsilon);
}

// As stats_again() takes them.
template <bool Centred, class T>
NK_NOINLINE row_stats stats_taken_again(const T* x, std::int64_t n, double epsilon) {
  row_stats stats = stats_of<Centred>(plain_row<T>{x}, n, epsilon);
  if (stats.scale != 1.0f && in_range(stats.saved_rstd())) {
    return {1.0f, stats.saved_mean(), 0.0f, stats.saved_rstd()};
  }
  stats.mean_low = 0.0f;
  return stats;
}

// Statistics as forward saved them, for a row of the backward and jvp passes. Without them, or where a saved float is
// too coarse for an extreme row, they are taken from the row again; the choice rests on the value that forward saves,
// so both ways end in the same bits. mean_low is not kept: those passes find it in a sum of their own.
template <bool Centred, class T>
NK_INLINE row_stats stats_again(const T* x, std::int64_t n, double epsilon, const float* mean, const float* rstd,
                                std::int64_t row) {
  if (rstd != nullptr) {
    const float saved = read(rstd + row);
    if (in_range(saved)) return {1.0f, Centred ? read(mean + row) : 0.0f, 0.0f, saved};
  }
  return stats_taken_again<Centred>(x, n, epsilon);
}

NK_END_ISA
