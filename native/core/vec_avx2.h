// `vf` as two 256-bit registers: AVX2, FMA, F16C. See vec.h.
#pragma once

#include <immintrin.h>

#include <type_traits>

#include "vec.h"

NK_BEGIN_ISA

struct vf {
  __m256 lo, hi;
};

NK_INLINE vf splat(float s) {
  return {_mm256_set1_ps(s), _mm256_set1_ps(s)};
}
NK_INLINE vf zero() {
  return {_mm256_setzero_ps(), _mm256_setzero_ps()};
}

// Ones below lane n, zeros from there on: a window that slides over 16 ones and 16 zeros.
alignas(64) constexpr std::int32_t kLaneMask[32] = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};

struct lane_mask {
  __m256i lo, hi;
};

NK_INLINE lane_mask mask_of(first lanes) {
  const std::int32_t* window = kLaneMask + kLanes - lanes.n;
  return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(window)),
          _mm256_loadu_si256(reinterpret_cast<const __m256i*>(window + 8))};
}

NK_INLINE lane_mask mask_of(between lanes) {
  const lane_mask below = mask_of(first{lanes.begin}), all = mask_of(first{lanes.end});
  return {_mm256_andnot_si256(below.lo, all.lo), _mm256_andnot_si256(below.hi, all.hi)};
}

// Whether skew_of() of a T* tells. Of 16-bit types a step is one load, and the first lanes of a row alone would cost
// more than a row of 1024 columns has to gain: AVX2 masks no 16 bits.
template <class T>
constexpr bool kAligns = sizeof(T) == sizeof(float);

// Half of the loads of a misaligned row touch two lines of the cache and take twice as long.
template <class T>
NK_INLINE int skew_of(const T* p) {
  return kAligns<T> ? static_cast<int>(reinterpret_cast<std::uintptr_t>(p) / sizeof(T) % kLanes) : 0;
}

NK_INLINE vf load(const float* p, whole) {
  return {_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)};
}

template <class Lanes>
NK_INLINE vf load(const float* p, Lanes lanes) {
  const lane_mask m = mask_of(lanes);
  return {_mm256_maskload_ps(p, m.lo), _mm256_maskload_ps(p + 8, m.hi)};
}

NK_INLINE void store(float* p, vf v, whole) {
  _mm256_storeu_ps(p, v.lo);
  _mm256_storeu_ps(p + 8, v.hi);
}

NK_INLINE void store(float* p, vf v, first lanes) {
  const lane_mask m = mask_of(lanes);
  _mm256_maskstore_ps(p, m.lo, v.lo);
  _mm256_maskstore_ps(p + 8, m.hi, v.hi);
}

NK_INLINE void stream(float* p, vf v) {
  _mm256_stream_ps(p, v.lo);
  _mm256_stream_ps(p + 8, v.hi);
}

// 16 halfwords. AVX2 masks only 32-bit lanes: the pairs go by mask, an odd last one by itself.
NK_INLINE __m256i load_16x16(const void* p, whole) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(p));
}

NK_INLINE __m256i pair_mask(first lanes) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(kLaneMask + kLanes - lanes.n / 2));
}

NK_INLINE __m256i load_16x16(const void* p, first lanes) {
  __m256i v = _mm256_maskload_epi32(static_cast<const int*>(p), pair_mask(lanes));
  if (lanes.n % 2 != 0) {
    std::int16_t last;
    std::memcpy(&last, static_cast<const char*>(p) + 2 * (lanes.n - 1), sizeof last);
    const __m256i index = _mm256_setr_epi16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m256i at_last = _mm256_cmpeq_epi16(index, _mm256_set1_epi16(static_cast<std::int16_t>(lanes.n - 1)));
    v = _mm256_or_si256(v, _mm256_and_si256(at_last, _mm256_set1_epi16(last)));
  }
  return v;
}

// Rare: see skew_of().
NK_INLINE __m256i load_16x16(const void* p, between lanes) {
  alignas(32) std::int16_t all[kLanes] = {};
  for (int i = lanes.begin; i < lanes.end; ++i) {
    std::memcpy(&all[i], static_cast<const char*>(p) + 2 * i, sizeof all[0]);
  }
  return _mm256_load_si256(reinterpret_cast<const __m256i*>(all));
}

NK_INLINE void store_16x16(void* p, __m256i v, whole) {
  _mm256_storeu_si256(static_cast<__m256i*>(p), v);
}

NK_INLINE void store_16x16(void* p, __m256i v, first lanes) {
  _mm256_maskstore_epi32(static_cast<int*>(p), pair_mask(lanes), v);
  if (lanes.n % 2 != 0) {
    alignas(32) std::int16_t all[kLanes];
    _mm256_store_si256(reinterpret_cast<__m256i*>(all), v);
    std::memcpy(static_cast<char*>(p) + 2 * (lanes.n - 1), &all[lanes.n - 1], sizeof all[0]);
  }
}

template <class Lanes>
NK_INLINE vf load(const f16* p, Lanes lanes) {
  const __m256i h = load_16x16(p, lanes);
  return {_mm256_cvtph_ps(_mm256_castsi256_si128(h)), _mm256_cvtph_ps(_mm256_extracti128_si256(h, 1))};
}

NK_INLINE __m256i narrow_f16(vf v) {
  const __m128i lo = _mm256_cvtps_ph(v.lo, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  const __m128i hi = _mm256_cvtps_ph(v.hi, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  return _mm256_set_m128i(hi, lo);
}

template <class Lanes>
NK_INLINE void store(f16* p, vf v, Lanes lanes) {
  store_16x16(p, narrow_f16(v), lanes);
}

NK_INLINE __m256 widen_bf16(__m128i h) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(h), 16));
}

// from_float(float, bf16*) of dtype.h on eight lanes, each result in the low half of a 32-bit lane.
NK_INLINE __m256i round_bf16(__m256 v) {
  const __m256i u = _mm256_castps_si256(v);
  const __m256i high = _mm256_srli_epi32(u, 16);
  const __m256i odd = _mm256_and_si256(high, _mm256_set1_epi32(1));
  const __m256i rounded = _mm256_srli_epi32(_mm256_add_epi32(u, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff))), 16);
  const __m256i quiet = _mm256_or_si256(high, _mm256_set1_epi32(0x40));
  const __m256i nan = _mm256_castps_si256(_mm256_cmp_ps(v, v, _CMP_UNORD_Q));
  return _mm256_blendv_epi8(rounded, quiet, nan);
}

template <class Lanes>
NK_INLINE vf load(const bf16* p, Lanes lanes) {
  const __m256i h = load_16x16(p, lanes);
  return {widen_bf16(_mm256_castsi256_si128(h)), widen_bf16(_mm256_extracti128_si256(h, 1))};
}

NK_INLINE __m256i narrow_bf16(vf v) {
  // The pack works on 128-bit halves, hence the permutation.
  const __m256i packed = _mm256_packus_epi32(round_bf16(v.lo), round_bf16(v.hi));
  return _mm256_permute4x64_epi64(packed, 0xd8);
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
NK_INLINE void stream(f16* p, vf v) {
  _mm256_stream_si256(reinterpret_cast<__m256i*>(p), narrow_f16(v));
}
NK_INLINE void stream(bf16* p, vf v) {
  _mm256_stream_si256(reinterpret_cast<__m256i*>(p), narrow_bf16(v));
}
template <class T>
NK_INLINE void stream_pair(T* p, vf a, vf b) {
  stream(p, a);
  stream(p + kLanes, b);
}
template <class T>
NK_INLINE vf rounded(vf v) {
  if constexpr (std::is_same_v<T, f16>) {
    const __m256i h = narrow_f16(v);
    return {_mm256_cvtph_ps(_mm256_castsi256_si128(h)), _mm256_cvtph_ps(_mm256_extracti128_si256(h, 1))};
  } else if constexpr (std::is_same_v<T, bf16>) {
    return {_mm256_castsi256_ps(_mm256_slli_epi32(round_bf16(v.lo), 16)),
            _mm256_castsi256_ps(_mm256_slli_epi32(round_bf16(v.hi), 16))};
  } else {
    return v;
  }
}

NK_INLINE vf keep(vf v, whole) {
  return v;
}
template <class Lanes>
NK_INLINE vf keep(vf v, Lanes lanes) {
  const lane_mask m = mask_of(lanes);
  return {_mm256_and_ps(v.lo, _mm256_castsi256_ps(m.lo)), _mm256_and_ps(v.hi, _mm256_castsi256_ps(m.hi))};
}
NK_INLINE vf select(first lanes, vf a, vf b) {
  const lane_mask m = mask_of(lanes);
  return {_mm256_blendv_ps(b.lo, a.lo, _mm256_castsi256_ps(m.lo)),
          _mm256_blendv_ps(b.hi, a.hi, _mm256_castsi256_ps(m.hi))};
}

NK_INLINE vf held(vf v) {
#if !defined(_MSC_VER)
  asm("" : "+x"(v.lo), "+x"(v.hi));
#endif
  return v;
}
NK_INLINE vf add(vf a, vf b) {
  return {_mm256_add_ps(a.lo, b.lo), _mm256_add_ps(a.hi, b.hi)};
}
NK_INLINE vf sub(vf a, vf b) {
  return {_mm256_sub_ps(a.lo, b.lo), _mm256_sub_ps(a.hi, b.hi)};
}
NK_INLINE vf mul(vf a, vf b) {
  return {_mm256_mul_ps(a.lo, b.lo), _mm256_mul_ps(a.hi, b.hi)};
}
NK_INLINE vf fma(vf a, vf b, vf c) {
  return {_mm256_fmadd_ps(a.lo, b.lo, c.lo), _mm256_fmadd_ps(a.hi, b.hi, c.hi)};
}
NK_INLINE vf neg_fma(vf a, vf b, vf c) {
  return {_mm256_fnmadd_ps(a.lo, b.lo, c.lo), _mm256_fnmadd_ps(a.hi, b.hi, c.hi)};
}
NK_INLINE vf max(vf a, vf b) {
  return {_mm256_max_ps(a.lo, b.lo), _mm256_max_ps(a.hi, b.hi)};
}
NK_INLINE vf div(vf a, vf b) {
  return {_mm256_div_ps(a.lo, b.lo), _mm256_div_ps(a.hi, b.hi)};
}
NK_INLINE __m128i narrow_i8(vf v) {
  // The packs work on 128-bit halves, hence the permutation.
  const __m256i words =
      _mm256_permute4x64_epi64(_mm256_packs_epi32(_mm256_cvtps_epi32(v.lo), _mm256_cvtps_epi32(v.hi)), 0xd8);
  return _mm_packs_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
}
NK_INLINE void store_i8(std::int8_t* p, vf v, whole) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), narrow_i8(v));
}
NK_INLINE void store_i8(std::int8_t* p, vf v, first lanes) {
  alignas(16) std::int8_t all[kLanes];
  _mm_store_si128(reinterpret_cast<__m128i*>(all), narrow_i8(v));
  std::memcpy(p, all, static_cast<std::size_t>(lanes.n));
}
NK_INLINE vf abs(vf v) {
  const __m256 magnitude = _mm256_castsi256_ps(_mm256_set1_epi32(0x7fffffff));
  return {_mm256_and_ps(v.lo, magnitude), _mm256_and_ps(v.hi, magnitude)};
}

NK_INLINE float sum(vf v) {
  const __m256 eight = _mm256_add_ps(v.lo, v.hi);
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

// Two at a time, so that a register is always full.
NK_INLINE __m256 fold_four(vf a, vf b) {  // [4 of a, 4 of b]
  const __m256 eight_a = _mm256_add_ps(a.lo, a.hi), eight_b = _mm256_add_ps(b.lo, b.hi);
  return _mm256_add_ps(_mm256_permute2f128_ps(eight_a, eight_b, 0x20), _mm256_permute2f128_ps(eight_a, eight_b, 0x31));
}
NK_INLINE __m256 fold_two(__m256 a, __m256 b) {  // [2 of each of a, 2 of each of b] in both halves
  return _mm256_add_ps(_mm256_shuffle_ps(a, b, 0x44), _mm256_shuffle_ps(a, b, 0xee));
}
NK_INLINE __m256 sum_eight(const vf* v) {
  // The second half of what is folded first is of vector 4 onward, so that the sums end in their order.
  const __m256 ab = fold_two(fold_four(v[0], v[4]), fold_four(v[1], v[5]));
  const __m256 cd = fold_two(fold_four(v[2], v[6]), fold_four(v[3], v[7]));
  return _mm256_add_ps(_mm256_shuffle_ps(ab, cd, 0x88), _mm256_shuffle_ps(ab, cd, 0xdd));
}
NK_INLINE vf sum_each(const vf (&v)[kLanes]) {
  return {sum_eight(v), sum_eight(v + 8)};
}

NK_INLINE float largest(vf v) {
  const __m256 eight = _mm256_max_ps(v.lo, v.hi);
  const __m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}

struct vd {
  __m256d q[4];
};

NK_INLINE vd splat_double(double s) {
  const __m256d v = _mm256_set1_pd(s);
  return {{v, v, v, v}};
}
NK_INLINE vd load(const double* p) {
  return {{_mm256_loadu_pd(p), _mm256_loadu_pd(p + 4), _mm256_loadu_pd(p + 8), _mm256_loadu_pd(p + 12)}};
}
NK_INLINE void store(double* p, vd v) {
  _mm256_storeu_pd(p, v.q[0]);
  _mm256_storeu_pd(p + 4, v.q[1]);
  _mm256_storeu_pd(p + 8, v.q[2]);
  _mm256_storeu_pd(p + 12, v.q[3]);
}
NK_INLINE vd widen(vf v) {
  return {{_mm256_cvtps_pd(_mm256_castps256_ps128(v.lo)), _mm256_cvtps_pd(_mm256_extractf128_ps(v.lo, 1)),
           _mm256_cvtps_pd(_mm256_castps256_ps128(v.hi)), _mm256_cvtps_pd(_mm256_extractf128_ps(v.hi, 1))}};
}
NK_INLINE vf narrow(vd v) {
  return {_mm256_set_m128(_mm256_cvtpd_ps(v.q[1]), _mm256_cvtpd_ps(v.q[0])),
          _mm256_set_m128(_mm256_cvtpd_ps(v.q[3]), _mm256_cvtpd_ps(v.q[2]))};
}
NK_INLINE vd keep(vd v, whole) {
  return v;
}
// A window of 16 doubles would be 256 bytes; the float mask's lanes are widened instead.
NK_INLINE __m256d widen_mask(__m128i m) {
  return _mm256_castsi256_pd(_mm256_cvtepi32_epi64(m));
}
NK_INLINE vd keep(vd v, first lanes) {
  const lane_mask m = mask_of(lanes);
  return {{_mm256_and_pd(v.q[0], widen_mask(_mm256_castsi256_si128(m.lo))),
           _mm256_and_pd(v.q[1], widen_mask(_mm256_extracti128_si256(m.lo, 1))),
           _mm256_and_pd(v.q[2], widen_mask(_mm256_castsi256_si128(m.hi))),
           _mm256_and_pd(v.q[3], widen_mask(_mm256_extracti128_si256(m.hi, 1)))}};
}
NK_INLINE vd add(vd a, vd b) {
  return {{_mm256_add_pd(a.q[0], b.q[0]), _mm256_add_pd(a.q[1], b.q[1]), _mm256_add_pd(a.q[2], b.q[2]),
           _mm256_add_pd(a.q[3], b.q[3])}};
}
NK_INLINE vd sub(vd a, vd b) {
  return {{_mm256_sub_pd(a.q[0], b.q[0]), _mm256_sub_pd(a.q[1], b.q[1]), _mm256_sub_pd(a.q[2], b.q[2]),
           _mm256_sub_pd(a.q[3], b.q[3])}};
}
NK_INLINE vd mul(vd a, vd b) {
  return {{_mm256_mul_pd(a.q[0], b.q[0]), _mm256_mul_pd(a.q[1], b.q[1]), _mm256_mul_pd(a.q[2], b.q[2]),
           _mm256_mul_pd(a.q[3], b.q[3])}};
}
NK_INLINE vd fma(vd a, vd b, vd c) {
  return {{_mm256_fmadd_pd(a.q[0], b.q[0], c.q[0]), _mm256_fmadd_pd(a.q[1], b.q[1], c.q[1]),
           _mm256_fmadd_pd(a.q[2], b.q[2], c.q[2]), _mm256_fmadd_pd(a.q[3], b.q[3], c.q[3])}};
}
NK_INLINE vd div(vd a, vd b) {
  return {{_mm256_div_pd(a.q[0], b.q[0]), _mm256_div_pd(a.q[1], b.q[1]), _mm256_div_pd(a.q[2], b.q[2]),
           _mm256_div_pd(a.q[3], b.q[3])}};
}
NK_INLINE vd sqrt(vd v) {
  return {{_mm256_sqrt_pd(v.q[0]), _mm256_sqrt_pd(v.q[1]), _mm256_sqrt_pd(v.q[2]), _mm256_sqrt_pd(v.q[3])}};
}
NK_INLINE bool all_in(vd v, vd least, vd most) {
  int inside = 0xf;
  for (int i = 0; i < 4; ++i) {
    inside &= _mm256_movemask_pd(
        _mm256_and_pd(_mm256_cmp_pd(least.q[i], v.q[i], _CMP_LE_OQ), _mm256_cmp_pd(v.q[i], most.q[i], _CMP_LE_OQ)));
  }
  return inside == 0xf;
}
NK_INLINE double sum(vd v) {
  const __m256d low = _mm256_add_pd(v.q[0], v.q[2]);
  const __m256d high = _mm256_add_pd(v.q[1], v.q[3]);
  const __m256d four = _mm256_add_pd(low, high);
  const __m128d two = _mm_add_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd(four, 1));
  return _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)));
}

NK_INLINE void finish_streams() {
  _mm_sfence();
}
constexpr int kVectors = 8;
constexpr bool kHints = true;
NK_INLINE void prefetch(const void* p) {
  _mm_prefetch(static_cast<const char*>(p), _MM_HINT_T0);
}

NK_END_ISA
