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

// Adds a step of a row to its sums around a pivot: of x - pivot, and of its square.
template <class Lanes>
NK_INLINE void add_around(vf pivot, vf x, Lanes lanes, vf* acc) {
  const vf d = keep(sub(x, pivot), lanes);
  acc[0] = add(acc[0], d);
  acc[1] = fma(d, d, acc[1]);
}

// The means of these sums.
struct means_around {
  float pivot;
  double shift, square;

  NK_INLINE moments found() const {
    const double variance = square - shift * shift;
    // Rounding may leave a trace below zero. NaN must stay NaN.
    return {static_cast<double>(pivot) + shift, variance < 0.0 ? 0.0 : variance};
  }
};

template <bool Scaled, class Row>
NK_INLINE means_around sum_around(float pivot, Row x, std::int64_t n, double inverse_n, float scale) {
  double total[2];
  sum_row<2>(n, skew_of(x.x), total, [&](std::int64_t i, auto lanes, vf* acc) NK_INLINE_LAMBDA {
    add_around(splat(pivot), scaled<Scaled>(x.at(i, lanes), scale), lanes, acc);
  });
  return {pivot, total[0] * inverse_n, total[1] * inverse_n};
}

// The second sum, for rows whose beginning says little of their mean. Out of line: it is rare.
template <bool Scaled, class Row>
NK_NOINLINE moments moments_again(double mean, Row x, std::int64_t n, double inverse_n, float scale) {
  return sum_around<Scaled>(static_cast<float>(mean), x, n, inverse_n, scale).found();
}

template <bool Scaled, class Row>
NK_INLINE moments moments_from(const means_around& means, Row x, std::int64_t n, double inverse_n, float scale) {
  const moments found = means.found();
  return means.shift * means.shift > found.variance ? moments_again<Scaled>(found.mean, x, n, inverse_n, scale) : found;
}

// What adds up to the pivot of a row of kLanes columns or more. A sixteenth is taken first, or a row of 3e38 would
// overflow.
template <bool Scaled, class Row>
NK_INLINE vf pivot_terms(Row x, float scale) {
  return mul(scaled<Scaled>(x.at(0, whole{}), scale), splat(1.0f / kLanes));
}

template <bool Scaled, class Row>
NK_INLINE moments moments_of(Row x, std::int64_t n, double inverse_n, float scale) {
  // Sixteen equal values add up without rounding, so the pivot of a constant row is its constant; fewer might not.
  float pivot = x.first_value();
  if constexpr (Scaled) pivot *= scale;
  if (n >= kLanes) pivot = sum(pivot_terms<Scaled>(x, scale));
  return moments_from<Scaled>(sum_around<Scaled>(pivot, x, n, inverse_n, scale), x, n, inverse_n, scale);
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

// The statistics of several rows, a lane for each.
constexpr int kMostTogether = kLanes;

struct many_stats {
  alignas(64) float scale[kMostTogether], mean_high[kMostTogether], mean_low[kMostTogether], rstd[kMostTogether];

  NK_INLINE row_stats of(int k) const { return {scale[k], mean_high[k], mean_low[k], rstd[k]}; }
  NK_INLINE void set(int k, const row_stats& stats) {
    scale[k] = stats.scale;
    mean_high[k] = stats.mean_high;
    mean_low[k] = stats.mean_low;
    rstd[k] = stats.rstd;
  }
};

// What is summed over several rows, a lane for each: over x - pivot and over its square; not centred, over the square.
struct many_sums {
  alignas(64) float pivot[kMostTogether], shift[kMostTogether], square[kMostTogether];
};

// One by one, as stats_of() takes them: for where a row is extreme, holds a NaN or lies far from its pivot.
template <bool Centred, class Rows>
NK_NOINLINE void stats_one_by_one(const Rows& rows, std::int64_t first, int count, std::int64_t n, double epsilon,
                                  const many_sums& sums, many_stats& to) {
  const double inverse_n = inverse_of(n);
  for (int k = 0; k < count; ++k) {
    const auto x = rows.row(first + k);
    const double square = static_cast<double>(sums.square[k]) * inverse_n;
    moments found = {0.0, square};
    if constexpr (Centred) {
      const double shift = static_cast<double>(sums.shift[k]) * inverse_n;
      found = moments_from<false>(means_around{sums.pivot[k], shift, square}, x, n, inverse_n, 1.0f);
    }
    to.set(k, stats_of<Centred>(found, x, n, epsilon));
  }
}

// The statistics of rows `first` to `first + count - 1`, each of at most kTreeColumns columns, to the bits of
// stats_of(): the sums over lanes, the divisions and the roots are those of sixteen rows at once.
template <bool Centred, class Rows>
NK_INLINE void stats_of_many(const Rows& rows, std::int64_t first_row, int count, std::int64_t n, double epsilon,
                             many_stats& to) {
  constexpr int kSums = Centred ? 2 : 1;
  many_sums sums;
  vf parts[kSums][kMostTogether];
  if constexpr (Centred) {
    if (n >= kLanes) {
      for (int k = 0; k < count; ++k) parts[0][k] = pivot_terms<false>(rows.row(first_row + k), 1.0f);
      for (int k = count; k < kMostTogether; ++k) parts[0][k] = parts[0][0];
      store(sums.pivot, sum_each(parts[0]), whole{});
    } else {
      for (int k = 0; k < kMostTogether; ++k) {
        sums.pivot[k] = rows.row(k < count ? first_row + k : first_row).first_value();
      }
    }
  }
  for (int k = 0; k < count; ++k) {
    const auto x = rows.row(first_row + k);
    vf all[kSums];
    const vf pivot = splat(Centred ? sums.pivot[k] : 0.0f);
    sum_tree(0, n, skew_of(x.x), all, [&](std::int64_t i, auto lanes, vf* acc) NK_INLINE_LAMBDA {
      if constexpr (Centred) {
        add_around(pivot, x.at(i, lanes), lanes, acc);
      } else {
        const vf v = x.at(i, lanes);
        acc[0] = fma(v, v, acc[0]);
      }
    });
    for (int j = 0; j < kSums; ++j) parts[j][k] = all[j];
  }
  // Lanes without a row are those of the first.
  for (int j = 0; j < kSums; ++j) {
    for (int k = count; k < kMostTogether; ++k) parts[j][k] = parts[j][0];
  }
  const vd inverse = splat_double(inverse_of(n));
  const vf square_sum = sum_each(parts[kSums - 1]);
  vd square = mul(widen(square_sum), inverse);
  vd mean = splat_double(0.0);
  bool plain = true;
  if constexpr (Centred) {
    const vf shift_sum = sum_each(parts[0]);
    const vd shift = mul(widen(shift_sum), inverse);
    const vd shift_squared = mul(shift, shift);
    square = sub(square, shift_squared);
    plain = all_in(shift_squared, splat_double(0.0), square);
    mean = add(widen(load(sums.pivot, whole{})), shift);
    store(sums.shift, shift_sum, whole{});
  }
  const vd variance = add(square, splat_double(epsilon));
  if (!(plain && all_in(variance, splat_double(least_variance()), splat_double(most_variance())))) {
    store(sums.square, square_sum, whole{});
    return stats_one_by_one<Centred>(rows, first_row, count, n, epsilon, sums, to);
  }
  store(to.scale, splat(1.0f), whole{});
  store(to.rstd, narrow(div(splat_double(1.0), sqrt(variance))), whole{});
  if constexpr (Centred) {
    const vf high = narrow(mean);
    store(to.mean_high, high, whole{});
    store(to.mean_low, narrow(sub(mean, widen(high))), whole{});
  } else {
    store(to.mean_high, zero(), whole{});
    store(to.mean_low, zero(), whole{});
  }
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
