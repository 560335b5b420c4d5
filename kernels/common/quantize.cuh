// What may follow a norm, one element at a time: a SiLU gate, and outputs of 8 bits.
#pragma once

#include <normkernels/nk_types.h>

#include "core/dtype.h"
#include "cuda_compat.cuh"

namespace nk {
namespace cuda {

// z / (1 + exp(-z)), from the exponential of the sign that does not overflow; 0 for minus infinity.
__device__ __forceinline__ float silu(float z) {
  if (z < -104.0f) return -0.0f;  // exp(-104) is 0 as a float32
  const float e = expf(-fabsf(z));
  return z * ((z < 0.0f ? e : 1.0f) / (1.0f + e));
}

__device__ __forceinline__ float largest_of(std::int32_t quantize) {
  return quantize == NK_QUANTIZE_E4M3 ? 448.0f : 127.0f;
}

// The nearest e4m3 number (4 bits of exponent, 3 of fraction, no infinities), ties to even, saturated at 448.
__device__ __forceinline__ std::uint8_t to_e4m3(float v) {
  const std::uint32_t sign = bits_from_float(v) >> 31 << 7;
  const std::uint32_t u = bits_from_float(v) & 0x7fffffffu;
  if (u > 0x7f800000u) return static_cast<std::uint8_t>(sign | 0x7fu);
  if (u >= 0x43e00000u) return static_cast<std::uint8_t>(sign | 0x7eu);  // 448 and beyond
  if (u < 0x3c800000u) {                                                 // below 2^-6: steps of 2^-9
    const float steps = (float_from_bits(u) * 512.0f + 12582912.0f) - 12582912.0f;
    return static_cast<std::uint8_t>(sign | static_cast<std::uint32_t>(steps));
  }
  const std::uint32_t rounded = (u + 0x7ffffu + (u >> 20 & 1u)) >> 20;
  const std::uint32_t bits = rounded - (120u << 3);
  return static_cast<std::uint8_t>(sign | (bits < 0x7eu ? bits : 0x7eu));
}

__device__ __forceinline__ std::uint8_t quantize(float ratio, std::int32_t kind) {
  if (kind == NK_QUANTIZE_E4M3) return to_e4m3(ratio);
  // A subnormal scale is coarse: the ratio may be beyond 127. 1.5 * 2^23: adding it rounds to an integer.
  const float bounded = ratio > 127.0f ? 127.0f : ratio < -127.0f ? -127.0f : ratio;
  return static_cast<std::uint8_t>(static_cast<std::int8_t>((bounded + 12582912.0f) - 12582912.0f));
}

// The 4 or 8 quantized elements of a slot.
template <int N>
struct alignas(N) eight_bits {
  std::uint8_t e[N];
};

// The ends of rows, and rows that begin anywhere.
template <int N>
__device__ NK_NOINLINE void store_single_bytes(std::uint8_t* p, int left, eight_bits<N> v) {
#pragma unroll
  for (int i = 0; i < N; ++i) {
    if (i < left) p[i] = v.e[i];
  }
}

template <int N, class Index>
__device__ __forceinline__ void store_eight_bits(std::uint8_t* row, Index first, Index cols, const eight_bits<N>& v) {
  std::uint8_t* const p = row + first;
  const Index left = cols - first;
  if (left >= N && reinterpret_cast<std::uintptr_t>(p) % N == 0) {
    *reinterpret_cast<eight_bits<N>*>(p) = v;
  } else {
    store_single_bytes(p, left < N ? static_cast<int>(left) : N, v);
  }
}

}  // namespace cuda
}  // namespace nk
