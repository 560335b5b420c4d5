// `vf` as four 128-bit registers: the Advanced SIMD that every arm64 processor has. See vec.h.
#pragma once

#include <arm_neon.h>

#include <type_traits>

#include "vec.h"

NK_BEGIN_ISA

struct vf {
  float32x4_t q[4];
};

// A step from f(i) for each of its registers.
template <class F>
NK_INLINE vf each(F&& f) {
  return {{f(0), f(1), f(2), f(3)}};
}

NK_INLINE vf splat(float s) {
  return each([&](int) NK_INLINE_LAMBDA { return vdupq_n_f32(s); });
}
NK_INLINE vf zero() {
  return splat(0.0f);
}

// Ones below lane n, zeros from there on: a window that slides over 16 ones and 16 zeros.
alignas(64) constexpr std::uint32_t kLaneMask[32] = {~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u,
                                                     ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u};

// The lanes of register i.
NK_INLINE uint32x4_t mask_of(first lanes, int i) {
  return vld1q_u32(kLaneMask + kLanes - lanes.n + 4 * i);
}
NK_INLINE uint32x4_t mask_of(between lanes, int i) {
  return vbicq_u32(mask_of(first{lanes.end}, i), mask_of(first{lanes.begin}, i));
}

// Whether skew_of() of a T* tells: it never does. Of misaligned loads of 16 bytes one in four touches two lines of the
// cache, and nobody has measured yet what that costs.
template <class T>
constexpr bool kAligns = false;

template <class T>
NK_INLINE int skew_of(const T*) {
  return 0;
}

// There are no masked loads. The first bytes of N registers, an even number of them, the others 0; 16 and more by loads
// that overlap, the last of which ends where they do, and the bytes of each put into place by a table lookup.
alignas(64) constexpr std::uint8_t kBytesOnward[64] = {
    0,   1,   2,   3,   4,   5,   6,   7,   8,   9,   10,  11,  12,  13,  14,  15,  255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};

NK_INLINE uint8x16_t load_part(const unsigned char* p, int bytes, int i) {
  const int at = bytes - 16 < 16 * i ? bytes - 16 : 16 * i;
  return vqtbl1q_u8(vld1q_u8(p + at), vld1q_u8(kBytesOnward + 16 * i - at));
}

// Fewer than 16 bytes, from pieces of 8, 4 and 2.
NK_INLINE uint8x16_t load_pieces(const unsigned char* p, int bytes) {
  std::uint64_t eight = 0, rest = 0;
  if ((bytes & 8) != 0) {
    std::memcpy(&eight, p, sizeof eight);
    p += 8;
  }
  if ((bytes & 4) != 0) {
    std::uint32_t four;
    std::memcpy(&four, p, sizeof four);
    rest = four;
    p += 4;
  }
  if ((bytes & 2) != 0) {
    std::uint16_t two;
    std::memcpy(&two, p, sizeof two);
    rest |= std::uint64_t{two} << (8 * (bytes & 4));
  }
  return (bytes & 8) != 0 ? vcombine_u8(vcreate_u8(eight), vcreate_u8(rest))
                          : vcombine_u8(vcreate_u8(rest), vcreate_u8(0));
}

NK_INLINE void store_pieces(unsigned char* p, uint8x16_t v, int bytes) {
  std::uint64_t rest = vgetq_lane_u64(vreinterpretq_u64_u8(v), 0);
  if ((bytes & 8) != 0) {
    std::memcpy(p, &rest, sizeof rest);
    rest = vgetq_lane_u64(vreinterpretq_u64_u8(v), 1);
    p += 8;
  }
  if ((bytes & 4) != 0) {
    std::memcpy(p, &rest, 4);
    rest >>= 32;
    p += 4;
  }
  if ((bytes & 2) != 0) {
    std::memcpy(p, &rest, 2);
    rest >>= 16;
    p += 2;
  }
  if ((bytes & 1) != 0) std::memcpy(p, &rest, 1);
}

// The last 16 of the first bytes of some registers.
NK_INLINE uint8x16_t last_of(uint8x16x4_t v, int bytes) {
  return vqtbl4q_u8(v, vaddq_u8(vld1q_u8(kBytesOnward), vdupq_n_u8(static_cast<std::uint8_t>(bytes - 16))));
}
NK_INLINE uint8x16_t last_of(uint8x16x2_t v, int bytes) {
  return vqtbl2q_u8(v, vaddq_u8(vld1q_u8(kBytesOnward), vdupq_n_u8(static_cast<std::uint8_t>(bytes - 16))));
}

NK_INLINE vf load(const float* p, whole) {
  return each([&](int i) NK_INLINE_LAMBDA { return vld1q_f32(p + 4 * i); });
}

NK_INLINE vf load(const float* p, first lanes) {
  const unsigned char* const from = reinterpret_cast<const unsigned char*>(p);
  const int bytes = 4 * lanes.n;
  if (bytes < 16) {
    vf v = zero();
    v.q[0] = vreinterpretq_f32_u8(load_pieces(from, bytes));
    return v;
  }
  return each([&](int i) NK_INLINE_LAMBDA { return vreinterpretq_f32_u8(load_part(from, bytes, i)); });
}

// Rare: see skew_of().
template <class T>
NK_INLINE vf load(const T* p, between lanes) {
  float all[kLanes] = {};
  for (int i = lanes.begin; i < lanes.end; ++i) all[i] = read(p + i);
  return load(all, whole{});
}

NK_INLINE void store(float* p, vf v, whole) {
  for (int i = 0; i < 4; ++i) vst1q_f32(p + 4 * i, v.q[i]);
}

NK_INLINE void store(float* p, vf v, first lanes) {
  unsigned char* const to = reinterpret_cast<unsigned char*>(p);
  const int bytes = 4 * lanes.n;
  if (bytes < 16) {
    store_pieces(to, vreinterpretq_u8_f32(v.q[0]), bytes);
    return;
  }
  vst1q_f32(p, v.q[0]);
  if (bytes >= 32) vst1q_f32(p + 4, v.q[1]);
  if (bytes >= 48) vst1q_f32(p + 8, v.q[2]);
  const uint8x16x4_t all = {{vreinterpretq_u8_f32(v.q[0]), vreinterpretq_u8_f32(v.q[1]), vreinterpretq_u8_f32(v.q[2]),
                             vreinterpretq_u8_f32(v.q[3])}};
  vst1q_u8(to + bytes - 16, last_of(all, bytes));
}

// No store goes past the caches by itself, and cpu.h asks for none.
NK_INLINE void stream(float* p, vf v) {
  store(p, v, whole{});
}

// 16 halfwords.
struct halves {
  uint16x8_t lo, hi;
};

NK_INLINE halves load_16x16(const void* p, whole) {
  const unsigned char* const from = static_cast<const unsigned char*>(p);
  return {vreinterpretq_u16_u8(vld1q_u8(from)), vreinterpretq_u16_u8(vld1q_u8(from + 16))};
}
NK_INLINE halves load_16x16(const void* p, first lanes) {
  const unsigned char* const from = static_cast<const unsigned char*>(p);
  const int bytes = 2 * lanes.n;
  if (bytes < 16) return {vreinterpretq_u16_u8(load_pieces(from, bytes)), vdupq_n_u16(0)};
  return {vreinterpretq_u16_u8(load_part(from, bytes, 0)), vreinterpretq_u16_u8(load_part(from, bytes, 1))};
}

NK_INLINE void store_16x16(void* p, halves v, whole) {
  unsigned char* const to = static_cast<unsigned char*>(p);
  vst1q_u8(to, vreinterpretq_u8_u16(v.lo));
  vst1q_u8(to + 16, vreinterpretq_u8_u16(v.hi));
}
NK_INLINE void store_16x16(void* p, halves v, first lanes) {
  unsigned char* const to = static_cast<unsigned char*>(p);
  const int bytes = 2 * lanes.n;
  const uint8x16x2_t all = {{vreinterpretq_u8_u16(v.lo), vreinterpretq_u8_u16(v.hi)}};
  if (bytes < 16) {
    store_pieces(to, all.val[0], bytes);
    return;
  }
  vst1q_u8(to, all.val[0]);
  vst1q_u8(to + bytes - 16, last_of(all, bytes));
}

// The conversions round as the control register says: to nearest even, unless a program has changed that for all of its
// arithmetic.
NK_INLINE vf widen_f16(halves h) {
  const float16x8_t lo = vreinterpretq_f16_u16(h.lo), hi = vreinterpretq_f16_u16(h.hi);
  return {
      {vcvt_f32_f16(vget_low_f16(lo)), vcvt_high_f32_f16(lo), vcvt_f32_f16(vget_low_f16(hi)), vcvt_high_f32_f16(hi)}};
}
NK_INLINE halves narrow_f16(vf v) {
  return {vreinterpretq_u16_f16(vcvt_high_f16_f32(vcvt_f16_f32(v.q[0]), v.q[1])),
          vreinterpretq_u16_f16(vcvt_high_f16_f32(vcvt_f16_f32(v.q[2]), v.q[3]))};
}

NK_INLINE vf widen_bf16(halves h) {
  return {
      {vreinterpretq_f32_u32(vshll_n_u16(vget_low_u16(h.lo), 16)), vreinterpretq_f32_u32(vshll_high_n_u16(h.lo, 16)),
       vreinterpretq_f32_u32(vshll_n_u16(vget_low_u16(h.hi), 16)), vreinterpretq_f32_u32(vshll_high_n_u16(h.hi, 16))}};
}

// from_float(float, bf16*) of dtype.h on four lanes, each result in the high half of a 32-bit lane.
NK_INLINE uint32x4_t round_bf16(float32x4_t v) {
  const uint32x4_t u = vreinterpretq_u32_f32(v);
  const uint32x4_t odd = vandq_u32(vshrq_n_u32(u, 16), vdupq_n_u32(1));
  const uint32x4_t rounded = vaddq_u32(u, vaddq_u32(odd, vdupq_n_u32(0x7fff)));
  const uint32x4_t quiet = vorrq_u32(u, vdupq_n_u32(0x400000));
  return vbslq_u32(vceqq_f32(v, v), rounded, quiet);
}
NK_INLINE halves narrow_bf16(vf v) {
  return {vshrn_high_n_u32(vshrn_n_u32(round_bf16(v.q[0]), 16), round_bf16(v.q[1]), 16),
          vshrn_high_n_u32(vshrn_n_u32(round_bf16(v.q[2]), 16), round_bf16(v.q[3]), 16)};
}

NK_INLINE vf load(const f16* p, whole lanes) {
  return widen_f16(load_16x16(p, lanes));
}
NK_INLINE vf load(const f16* p, first lanes) {
  return widen_f16(load_16x16(p, lanes));
}
NK_INLINE vf load(const bf16* p, whole lanes) {
  return widen_bf16(load_16x16(p, lanes));
}
NK_INLINE vf load(const bf16* p, first lanes) {
  return widen_bf16(load_16x16(p, lanes));
}

template <class Lanes>
NK_INLINE void store(f16* p, vf v, Lanes lanes) {
  store_16x16(p, narrow_f16(v), lanes);
}
template <class Lanes>
NK_INLINE void store(bf16* p, vf v, Lanes lanes) {
  store_16x16(p, narrow_bf16(v), lanes);
}

template <class T>
NK_INLINE void store_pair(T* p, vf a, vf b) {
  store(p, a, whole{});
  store(p + kLanes, b, whole{});
}
template <class T>
NK_INLINE void stream_pair(T* p, vf a, vf b) {
  store_pair(p, a, b);
}
template <class T>
NK_INLINE vf rounded(vf v) {
  if constexpr (std::is_same_v<T, f16>) {
    return widen_f16(narrow_f16(v));
  } else if constexpr (std::is_same_v<T, bf16>) {
    return each([&](int i) NK_INLINE_LAMBDA {
      return vreinterpretq_f32_u32(vandq_u32(round_bf16(v.q[i]), vdupq_n_u32(0xffff0000)));
    });
  } else {
    return v;
  }
}

NK_INLINE vf keep(vf v, whole) {
  return v;
}
template <class Lanes>
NK_INLINE vf keep(vf v, Lanes lanes) {
  return each([&](int i) NK_INLINE_LAMBDA {
    return vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(v.q[i]), mask_of(lanes, i)));
  });
}
NK_INLINE vf select(first lanes, vf a, vf b) {
  return each([&](int i) NK_INLINE_LAMBDA { return vbslq_f32(mask_of(lanes, i), a.q[i], b.q[i]); });
}

NK_INLINE vf held(vf v) {
#if !defined(_MSC_VER)
  asm("" : "+w"(v.q[0]), "+w"(v.q[1]), "+w"(v.q[2]), "+w"(v.q[3]));
#endif
  return v;
}
NK_INLINE vf add(vf a, vf b) {
  return each([&](int i) NK_INLINE_LAMBDA { return vaddq_f32(a.q[i], b.q[i]); });
}
NK_INLINE vf sub(vf a, vf b) {
  return each([&](int i) NK_INLINE_LAMBDA { return vsubq_f32(a.q[i], b.q[i]); });
}
NK_INLINE vf mul(vf a, vf b) {
  return each([&](int i) NK_INLINE_LAMBDA { return vmulq_f32(a.q[i], b.q[i]); });
}
NK_INLINE vf fma(vf a, vf b, vf c) {
  return each([&](int i) NK_INLINE_LAMBDA { return vfmaq_f32(c.q[i], a.q[i], b.q[i]); });
}
NK_INLINE vf neg_fma(vf a, vf b, vf c) {
  return each([&](int i) NK_INLINE_LAMBDA { return vfmsq_f32(c.q[i], a.q[i], b.q[i]); });
}
// Not FMAX, which has NaN where either is, and +0 where x64 has the second zero.
NK_INLINE float32x4_t max(float32x4_t a, float32x4_t b) {
  return vbslq_f32(vcgtq_f32(a, b), a, b);
}
NK_INLINE vf max(vf a, vf b) {
  return each([&](int i) NK_INLINE_LAMBDA { return max(a.q[i], b.q[i]); });
}
NK_INLINE vf div(vf a, vf b) {
  return each([&](int i) NK_INLINE_LAMBDA { return vdivq_f32(a.q[i], b.q[i]); });
}
NK_INLINE uint8x16_t narrow_i8(vf v) {
  const int16x8_t lo = vmovn_high_s32(vmovn_s32(vcvtnq_s32_f32(v.q[0])), vcvtnq_s32_f32(v.q[1]));
  const int16x8_t hi = vmovn_high_s32(vmovn_s32(vcvtnq_s32_f32(v.q[2])), vcvtnq_s32_f32(v.q[3]));
  return vreinterpretq_u8_s8(vmovn_high_s16(vmovn_s16(lo), hi));
}
NK_INLINE void store_i8(std::int8_t* p, vf v, whole) {
  vst1q_u8(reinterpret_cast<unsigned char*>(p), narrow_i8(v));
}
NK_INLINE void store_i8(std::int8_t* p, vf v, first lanes) {
  if (lanes.n == kLanes) {
    store_i8(p, v, whole{});
  } else {
    store_pieces(reinterpret_cast<unsigned char*>(p), narrow_i8(v), lanes.n);
  }
}
NK_INLINE vf abs(vf v) {
  return each([&](int i) NK_INLINE_LAMBDA { return vabsq_f32(v.q[i]); });
}

NK_INLINE float sum(vf v) {
  const float32x4_t four = vaddq_f32(vaddq_f32(v.q[0], v.q[2]), vaddq_f32(v.q[1], v.q[3]));
  return vpadds_f32(vadd_f32(vget_low_f32(four), vget_high_f32(four)));
}

NK_INLINE vf sum_each(const vf (&v)[kLanes]) {
  alignas(16) float sums[kLanes];
  for (int k = 0; k < kLanes; ++k) sums[k] = sum(v[k]);
  return load(sums, whole{});
}

NK_INLINE float largest(vf v) {
  const float32x4_t four = max(max(v.q[0], v.q[2]), max(v.q[1], v.q[3]));
  const float32x4_t two = max(four, vextq_f32(four, four, 2));
  return vgetq_lane_f32(max(two, vextq_f32(two, two, 1)), 0);
}

struct vd {
  float64x2_t q[8];
};

template <class F>
NK_INLINE vd each_double(F&& f) {
  return {{f(0), f(1), f(2), f(3), f(4), f(5), f(6), f(7)}};
}

NK_INLINE vd splat_double(double s) {
  return each_double([&](int) NK_INLINE_LAMBDA { return vdupq_n_f64(s); });
}
NK_INLINE vd load(const double* p) {
  return each_double([&](int i) NK_INLINE_LAMBDA { return vld1q_f64(p + 2 * i); });
}
NK_INLINE void store(double* p, vd v) {
  for (int i = 0; i < 8; ++i) vst1q_f64(p + 2 * i, v.q[i]);
}
NK_INLINE vd widen(vf v) {
  return each_double([&](int i) NK_INLINE_LAMBDA {
    return i % 2 == 0 ? vcvt_f64_f32(vget_low_f32(v.q[i / 2])) : vcvt_high_f64_f32(v.q[i / 2]);
  });
}
NK_INLINE vf narrow(vd v) {
  return each([&](int i) NK_INLINE_LAMBDA { return vcvt_high_f32_f64(vcvt_f32_f64(v.q[2 * i]), v.q[2 * i + 1]); });
}
NK_INLINE vd keep(vd v, whole) {
  return v;
}
// A window of 16 doubles would be 256 bytes; the float mask's lanes are widened instead.
NK_INLINE vd keep(vd v, first lanes) {
  return each_double([&](int i) NK_INLINE_LAMBDA {
    const int32x4_t mask = vreinterpretq_s32_u32(mask_of(lanes, i / 2));
    const int64x2_t wide = i % 2 == 0 ? vmovl_s32(vget_low_s32(mask)) : vmovl_high_s32(mask);
    return vreinterpretq_f64_s64(vandq_s64(vreinterpretq_s64_f64(v.q[i]), wide));
  });
}
NK_INLINE vd add(vd a, vd b) {
  return each_double([&](int i) NK_INLINE_LAMBDA { return vaddq_f64(a.q[i], b.q[i]); });
}
NK_INLINE vd sub(vd a, vd b) {
  return each_double([&](int i) NK_INLINE_LAMBDA { return vsubq_f64(a.q[i], b.q[i]); });
}
NK_INLINE vd mul(vd a, vd b) {
  return each_double([&](int i) NK_INLINE_LAMBDA { return vmulq_f64(a.q[i], b.q[i]); });
}
NK_INLINE vd fma(vd a, vd b, vd c) {
  return each_double([&](int i) NK_INLINE_LAMBDA { return vfmaq_f64(c.q[i], a.q[i], b.q[i]); });
}
NK_INLINE vd div(vd a, vd b) {
  return each_double([&](int i) NK_INLINE_LAMBDA { return vdivq_f64(a.q[i], b.q[i]); });
}
NK_INLINE vd sqrt(vd v) {
  return each_double([&](int i) NK_INLINE_LAMBDA { return vsqrtq_f64(v.q[i]); });
}
NK_INLINE bool all_in(vd v, vd least, vd most) {
  uint64x2_t inside = vdupq_n_u64(~std::uint64_t{0});
  for (int i = 0; i < 8; ++i) {
    inside = vandq_u64(inside, vandq_u64(vcleq_f64(least.q[i], v.q[i]), vcleq_f64(v.q[i], most.q[i])));
  }
  return (vgetq_lane_u64(inside, 0) & vgetq_lane_u64(inside, 1)) == ~std::uint64_t{0};
}
NK_INLINE double sum(vd v) {
  const float64x2_t low = vaddq_f64(vaddq_f64(v.q[0], v.q[4]), vaddq_f64(v.q[2], v.q[6]));
  const float64x2_t high = vaddq_f64(vaddq_f64(v.q[1], v.q[5]), vaddq_f64(v.q[3], v.q[7]));
  return vpaddd_f64(vaddq_f64(low, high));
}

NK_INLINE void finish_streams() {}
constexpr int kVectors = 8;
constexpr bool kHints = true;
NK_INLINE void prefetch(const void* p) {
#if defined(_MSC_VER) && !defined(__clang__)
  __prefetch(p);
#else
  __builtin_prefetch(p);
#endif
}

NK_END_ISA
