// Storage types. A dtype exists only at loads and stores: arithmetic is float32 (double for a row's few scalars). On a
// CUDA device the conversions are its own instructions, which round alike.
#pragma once

#include <cstdint>
#include <cstring>

#include "compiler.h"

#if defined(__CUDACC__)
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#endif

namespace nk {

struct f16 {
  std::uint16_t bits;
};
struct bf16 {
  std::uint16_t bits;
};

// Internal linkage: this header is seen by translation units of different instruction sets (see NK_BEGIN_ISA).
namespace {

NK_INLINE float float_from_bits(std::uint32_t u) {
  float f;
  std::memcpy(&f, &u, sizeof f);
  return f;
}

NK_INLINE std::uint32_t bits_from_float(float f) {
  std::uint32_t u;
  std::memcpy(&u, &f, sizeof u);
  return u;
}

NK_INLINE float to_float(float v) {
  return v;
}

NK_INLINE float to_float(bf16 v) {
  return float_from_bits(static_cast<std::uint32_t>(v.bits) << 16);
}

// Same bits as VCVTPH2PS: subnormals are exact, a signalling NaN becomes quiet and keeps its payload.
NK_INLINE float to_float(f16 v) {
#if defined(__CUDA_ARCH__)
  return __half2float(__ushort_as_half(v.bits));
#else
  const std::uint32_t sign = (v.bits & 0x8000u) << 16;
  const std::uint32_t exponent = (v.bits >> 10) & 0x1fu;
  const std::uint32_t fraction = v.bits & 0x3ffu;
  if (exponent == 0x1fu) {
    return float_from_bits(sign | 0x7f800000u | (fraction << 13) | (fraction != 0 ? 0x400000u : 0u));
  }
  if (exponent == 0) {
    const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
    return float_from_bits(sign | bits_from_float(magnitude));
  }
  return float_from_bits(sign | ((exponent + 112u) << 23) | (fraction << 13));
#endif
}

NK_INLINE void from_float(float v, float* out) {
  *out = v;
}

// Round to nearest even on the bits. (VCVTNE2PS2BF16 does the same but for subnormal numbers; see vec_avx512.h.)
NK_INLINE void from_float(float v, bf16* out) {
#if defined(__CUDA_ARCH__)
  out->bits = __bfloat16_as_ushort(__float2bfloat16_rn(v));
#else
  const std::uint32_t u = bits_from_float(v);
  const bool nan = (u & 0x7fffffffu) > 0x7f800000u;
  const std::uint32_t rounded = (u + 0x7fffu + ((u >> 16) & 1u)) >> 16;
  out->bits = static_cast<std::uint16_t>(nan ? (u >> 16) | 0x40u : rounded);
#endif
}

// Same bits as VCVTPS2PH with round to nearest even.
NK_INLINE void from_float(float v, f16* out) {
#if defined(__CUDA_ARCH__)
  out->bits = __half_as_ushort(__float2half_rn(v));
#else
  const std::uint32_t u = bits_from_float(v);
  const std::uint32_t sign = (u >> 16) & 0x8000u;
  const std::uint32_t magnitude = u & 0x7fffffffu;
  std::uint32_t half;
  if (magnitude > 0x7f800000u) {
    half = 0x7e00u | ((magnitude >> 13) & 0x3ffu);
  } else if (magnitude >= 0x47800000u) {  // 65536 and up, infinity
    half = 0x7c00u;
  } else if (magnitude < 0x38800000u) {  // below 2^-14: adding 0.5 leaves a multiple of 2^-24 in the low bits, rounded
    half = bits_from_float(float_from_bits(magnitude) + 0.5f) - bits_from_float(0.5f);
  } else {
    half = (magnitude + 0xfffu + ((magnitude >> 13) & 1u) - 0x38000000u) >> 13;
  }
  out->bits = static_cast<std::uint16_t>(sign | half);
#endif
}

// One element at any address, aligned or not.
template <class T>
NK_INLINE float read(const T* p) {
  T v;
  std::memcpy(&v, p, sizeof v);
  return to_float(v);
}

template <class T>
NK_INLINE void write(T* p, float v) {
  T stored;
  from_float(v, &stored);
  std::memcpy(p, &stored, sizeof stored);
}

}  // namespace
}  // namespace nk
