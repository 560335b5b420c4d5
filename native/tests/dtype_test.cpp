// Conversions of 16-bit types against their definition, over every pattern.
#include "core/dtype.h"

#include <cmath>
#include <limits>

#include "support.h"

namespace {

using nk::bf16;
using nk::f16;

constexpr float kInf = std::numeric_limits<float>::infinity();

double f16_by_definition(std::uint16_t bits) {
  const double sign = (bits & 0x8000) != 0 ? -1.0 : 1.0;
  const int exponent = (bits >> 10) & 31;
  const int fraction = bits & 1023;
  if (exponent == 31) return fraction != 0 ? std::nan("") : sign * kInf;
  if (exponent == 0) return sign * std::ldexp(fraction, -24);
  return sign * std::ldexp(1024 + fraction, exponent - 25);
}

double bf16_by_definition(std::uint16_t bits) {
  const double sign = (bits & 0x8000) != 0 ? -1.0 : 1.0;
  const int exponent = (bits >> 7) & 255;
  const int fraction = bits & 127;
  if (exponent == 255) return fraction != 0 ? std::nan("") : sign * kInf;
  if (exponent == 0) return sign * std::ldexp(fraction, -133);
  return sign * std::ldexp(128 + fraction, exponent - 134);
}

template <class T, class Definition>
void check_every_pattern(Definition definition) {
  for (unsigned u = 0; u < 65536; ++u) {
    const std::uint16_t bits = static_cast<std::uint16_t>(u);
    const float value = nk::to_float(T{bits});
    const double expected = definition(bits);
    if (std::isnan(expected)) {
      EXPECT_TRUE(std::isnan(value)) << u;
      T back;
      nk::from_float(value, &back);
      EXPECT_TRUE(std::isnan(definition(back.bits))) << u;
      continue;
    }
    EXPECT_EQ(static_cast<double>(value), expected) << u;
    T back;
    nk::from_float(value, &back);
    EXPECT_EQ(back.bits, bits) << u;
  }
}

// Every gap between neighbours a < b: a bit below and above the middle, and the middle itself, which goes to the even
// one. The step past the largest finite value rounds to infinity as if the format went on.
template <class T, class Definition>
void check_every_rounding(Definition definition, std::uint16_t infinity) {
  for (std::uint16_t bits = 0; bits < infinity; ++bits) {
    const double low = definition(bits);
    const double ulp = bits + 1 < infinity ? definition(static_cast<std::uint16_t>(bits + 1)) - low
                                           : low - definition(static_cast<std::uint16_t>(bits - 1));
    const float middle = static_cast<float>(low + ulp / 2);
    const std::uint16_t next = static_cast<std::uint16_t>(bits + 1);
    const std::uint16_t even = bits % 2 == 0 ? bits : next;
    for (const float sign : {1.0f, -1.0f}) {
      const std::uint16_t sign_bit = sign < 0 ? 0x8000 : 0;
      T result;
      nk::from_float(sign * middle, &result);
      EXPECT_EQ(result.bits, sign_bit | even) << bits;
      nk::from_float(sign * std::nextafterf(middle, 0.0f), &result);
      EXPECT_EQ(result.bits, sign_bit | bits) << bits;
      nk::from_float(sign * std::nextafterf(middle, kInf), &result);
      EXPECT_EQ(result.bits, sign_bit | next) << bits;
    }
  }
}

TEST(Dtype, EveryF16PatternWidensExactlyAndComesBack) {
  check_every_pattern<f16>(f16_by_definition);
}
TEST(Dtype, EveryBf16PatternWidensExactlyAndComesBack) {
  check_every_pattern<bf16>(bf16_by_definition);
}
TEST(Dtype, F16RoundsToNearestEven) {
  check_every_rounding<f16>(f16_by_definition, 0x7c00);
}
TEST(Dtype, Bf16RoundsToNearestEven) {
  check_every_rounding<bf16>(bf16_by_definition, 0x7f80);
}

TEST(Dtype, SubnormalFloatsRoundToZeroInF16) {
  f16 result;
  nk::from_float(1e-42f, &result);
  EXPECT_EQ(result.bits, 0);
  nk::from_float(-1e-42f, &result);
  EXPECT_EQ(result.bits, 0x8000);
}

}  // namespace
