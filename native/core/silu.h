// silu(z) = z / (1 + exp(-z)) on sixteen lanes, to 2 units in the last place: the gate that follows a norm in gated
// models.
//
// The exponential is taken of -|z|, so it never overflows, by exp(r) 2^n with |r| <= ln(2) / 2 and seven terms. Lanes
// lie in arrays; the compiler makes vectors of the loop.
#pragma once

#include "vec.h"

NK_BEGIN_ISA

NK_INLINE vf silu(vf v) {
  float z[kLanes];
  store(z, v, whole{});
  for (int i = 0; i < kLanes; ++i) {
    const float x = z[i];
    float a = float_from_bits(bits_from_float(x) & 0x7fffffffu);
    a = a > 104.0f ? 104.0f : a;  // exp(-104) is 0 as a float32
    // 1.5 * 2^23: adding it rounds to an integer. ln(2) in two parts, the first exact times any such integer.
    const float n = (a * -1.44269504f + 12582912.0f) - 12582912.0f;
    const float r = (-a - n * 0.693359375f) + n * 2.12194440e-4f;
    float p = 1.0f / 5040.0f;
    p = p * r + 1.0f / 720.0f;
    p = p * r + 1.0f / 120.0f;
    p = p * r + 1.0f / 24.0f;
    p = p * r + 1.0f / 6.0f;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    // 2^n in two halves: n may be below the exponents of normal numbers.
    const std::int32_t k = static_cast<std::int32_t>(n), half = k / 2;
    const float e = p * float_from_bits(static_cast<std::uint32_t>(half + 127) << 23) *
                    float_from_bits(static_cast<std::uint32_t>(k - half + 127) << 23);
    const float sigmoid = (x < 0.0f ? e : 1.0f) / (1.0f + e);
    // Minus infinity times 0 is meant to be 0; NaN stays.
    z[i] = x < -104.0f ? -0.0f : x * sigmoid;
  }
  return load(z, whole{});
}

NK_END_ISA
