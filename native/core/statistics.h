// What the statistics of a slice are made of, one value at a time: for the CPU's kernels and for CUDA's.
#pragma once

#include "dtype.h"

namespace nk {
namespace {

// The range of variance + epsilon in which squares that matter are normal floats, and their sum is finite.
NK_INLINE constexpr double least_variance() {
  return 0x1p-100;
}
NK_INLINE constexpr double most_variance() {
  return 0x1p100;
}
NK_INLINE bool in_range(double variance) {
  return variance >= least_variance() && variance <= most_variance();
}

// The same question asked of a saved rstd, with half the exponent.
NK_INLINE bool in_range(float rstd) {
  return rstd >= 0x1p-50f && rstd <= 0x1p50f;
}

// rstd of a variance with epsilon. A positive variance has one that is finite as float: in a constant slice it is then
// multiplied by 0, and the result is the bias, however small epsilon may be.
NK_INLINE double rstd_of(double variance) {
  const double rstd = 1.0 / NK_SQRT(variance);
  constexpr double kLargest = 0x1.fffffep127;
  return variance > 0.0 && rstd > kLargest ? kLargest : rstd;
}

NK_INLINE float rstd_of_float(double variance) {
  return static_cast<float>(rstd_of(variance));
}

// A power of two that brings the largest magnitude of a row near 1; 1 when there is none (all zero, or infinite).
NK_INLINE float scale_for(float largest) {
  const std::uint32_t exponent = bits_from_float(largest) >> 23;
  if (largest == 0.0f || exponent == 255) return 1.0f;
  // 2^(127 - exponent), kept within normal floats: a subnormal row is scaled to 2^-23 at least, ample for its squares.
  const std::uint32_t inverse = 254 - exponent;
  return float_from_bits((inverse < 1 ? 1 : inverse > 253 ? 253 : inverse) << 23);
}

}  // namespace

// Statistics of a row scaled by `scale`: what is normalized is x * scale. scale is 1 for all but extreme rows. The mean
// is kept as high + low: high alone would be 0.03 off at a mean of 1e6.
struct row_stats {
  float scale;
  float mean_high;  // 0 when not centred
  float mean_low;
  float rstd;

  NK_INLINE float saved_mean() const { return static_cast<float>(static_cast<double>(mean_high) / scale); }
  NK_INLINE float saved_rstd() const { return rstd * scale; }
};

namespace {

NK_INLINE row_stats stats_from(double mean, double variance, float scale) {
  const float high = static_cast<float>(mean);
  return {scale, high, static_cast<float>(mean - static_cast<double>(high)), rstd_of_float(variance)};
}

}  // namespace
}  // namespace nk
