// |x|^p for any p, in double: the same bits on every machine, which the C library's pow does not promise.
//
// The logarithm is that of a mantissa m in [sqrt(1/2), sqrt(2)) as 2 atanh(z), z = (m - 1) / (m + 1), |z| < 0.172:
// twelve terms of the series leave 1e-20. The exponential is that of |r| <= ln(2) / 2 by fourteen terms (1e-18).
// Rounding of the logarithm is magnified by p * log2(x): for |p| <= 100 and float32 x the result is good to 1e-12.
#pragma once

#include <cstdint>
#include <cstring>

#include "compiler.h"

namespace nk {
namespace {

NK_INLINE double double_from_bits(std::uint64_t u) {
  double d;
  std::memcpy(&d, &u, sizeof d);
  return d;
}

NK_INLINE std::uint64_t bits_from_double(double d) {
  std::uint64_t u;
  std::memcpy(&u, &d, sizeof u);
  return u;
}

// log2 of a finite x > 0 that is a normal double.
NK_HOST_DEVICE inline double log2_of(double x) {
  // Shifted so that the mantissa of what follows lies in [sqrt(1/2), sqrt(2)).
  constexpr std::uint64_t kRootHalf = 0x3fe6a09e667f3bcdull;
  const std::uint64_t bits = bits_from_double(x);
  const std::int64_t exponent = static_cast<std::int64_t>(bits - kRootHalf) >> 52;
  const double m = double_from_bits(bits - (static_cast<std::uint64_t>(exponent) << 52));
  const double z = (m - 1.0) / (m + 1.0);
  const double z2 = z * z;
  double series = 0.0;
  for (int k = 23; k >= 1; k -= 2) series = series * z2 + 1.0 / k;
  constexpr double kTwoOverLn2 = 2.8853900817779268;
  return static_cast<double>(exponent) + kTwoOverLn2 * z * series;
}

// 2^y; 0 below 2^-1022, infinity from 2^1024 on.
NK_HOST_DEVICE inline double exp2_of(double y) {
  if (!(y > -1022.0)) return y != y ? y : 0.0;
  if (y >= 1024.0) return double_from_bits(0x7ff0000000000000ull);
  constexpr double kRound = 6755399441055744.0;  // 1.5 * 2^52: adding it rounds to an integer
  const double nearest = (y + kRound) - kRound;
  constexpr double kLn2 = 0.69314718055994531;
  const double r = (y - nearest) * kLn2;
  // 1 / k! for k = 14 down to 0
  constexpr double kTerms[] = {1.1470745597729725e-11,
                               1.6059043836821613e-10,
                               2.08767569878681e-09,
                               2.505210838544172e-08,
                               2.755731922398589e-07,
                               2.7557319223985893e-06,
                               2.48015873015873e-05,
                               0.0001984126984126984,
                               0.001388888888888889,
                               0.008333333333333333,
                               0.041666666666666664,
                               0.16666666666666666,
                               0.5,
                               1.0,
                               1.0};
  double series = 0.0;
  for (const double term : kTerms) series = series * r + term;
  const std::int64_t exponent = static_cast<std::int64_t>(nearest);
  // In two steps: 2^1024 is no double, but its half times a series below 1 may well be.
  return series * double_from_bits(static_cast<std::uint64_t>(exponent - 1 + 1023) << 52) * 2.0;
}

// base^exponent for base >= 0, as IEEE 754 has it.
NK_HOST_DEVICE inline double power_of(double base, double exponent) {
  constexpr std::uint64_t kInfinity = 0x7ff0000000000000ull;
  if (base == 1.0 || exponent == 0.0) return 1.0;
  if (base != base) return base;
  if (base == 0.0) return exponent > 0.0 ? 0.0 : double_from_bits(kInfinity);
  if (bits_from_double(base) == kInfinity) return exponent > 0.0 ? base : 0.0;
  return exp2_of(exponent * log2_of(base));
}

}  // namespace
}  // namespace nk
