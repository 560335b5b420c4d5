// `vf` as one 512-bit register: AVX-512 F, BW, VL, DQ. See vec.h.
#pragma once

#include <immintrin.h>

#include <type_traits>

#include "cpu.h"
#include "vec.h"

NK_BEGIN_ISA

struct vf {
  __m512 v;
};

NK_INLINE vf splat(float s) {
  return {_mm512_set1_ps(s)};
}
NK_INLINE vf zero() {
  return {_mm512_setzero_ps()};
}

NK_INLINE __mmask16 mask_of(first lanes) {
  return static_cast<__mmask16>((1u << lanes.n) - 1u);
}

NK_INLINE __mmask16 mask_of(between lanes) {
  return static_cast<__mmask16>((1u << lanes.end) - (1u << lanes.begin));
}

// Whether skew_of() of a T* tells.
template <class T>
constexpr bool kAligns = true;

// A load that touches two lines takes twice as long: 1024 columns are summed in 13 ns, misaligned in 25.
template <class T>
NK_INLINE int skew_of(const T* p) {
  return static_cast<int>(reinterpret_cast<std::uintptr_t>(p) / sizeof(T) % kLanes);
}

NK_INLINE vf load(const float* p, whole) {
  return {_mm512_loadu_ps(p)};
}
template <class Lanes>
NK_INLINE vf load(const float* p, Lanes lanes) {
  return {_mm512_maskz_loadu_ps(mask_of(lanes), p)};
}
NK_INLINE void store(float* p, vf v, whole) {
  _mm512_storeu_ps(p, v.v);
}
NK_INLINE void store(float* p, vf v, first lanes) {
  _mm512_mask_storeu_ps(p, mask_of(lanes), v.v);
}

NK_INLINE void stream(float* p, vf v) {
  _mm512_stream_ps(p, v.v);
}

NK_INLINE __m256i load_16x16(const void* p, whole) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(p));
}
template <class Lanes>
NK_INLINE __m256i load_16x16(const void* p, Lanes lanes) {
  return _mm256_maskz_loadu_epi16(mask_of(lanes), p);
}
NK_INLINE void store_16x16(void* p, __m256i v, whole) {
  _mm256_storeu_si256(static_cast<__m256i*>(p), v);
}
NK_INLINE void store_16x16(void* p, __m256i v, first lanes) {
  _mm256_mask_storeu_epi16(p, mask_of(lanes), v);
}

template <class Lanes>
NK_INLINE vf load(const f16* p, Lanes lanes) {
  return {_mm512_cvtph_ps(load_16x16(p, lanes))};
}

NK_INLINE __m256i narrow_f16(vf v) {
  return _mm512_cvtps_ph(v.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

template <class Lanes>
NK_INLINE void store(f16* p, vf v, Lanes lanes) {
  store_16x16(p, narrow_f16(v), lanes);
}

// One permutation that moves each to the high half of its lane; widened and then shifted they take two instructions
// (RMSNorm of 1024 columns 5 % slower on Zen 5).
template <class Lanes>
NK_INLINE vf load(const bf16* p, Lanes lanes) {
  alignas(64) static constexpr std::int16_t kToHighHalves[32] = {0, 0, 0, 1, 0, 2,  0, 3,  0, 4,  0, 5,  0, 6,  0, 7,
                                                                 0, 8, 0, 9, 0, 10, 0, 11, 0, 12, 0, 13, 0, 14, 0, 15};
  return {_mm512_castsi512_ps(_mm512_maskz_permutexvar_epi16(0xaaaaaaaau, _mm512_load_si512(kToHighHalves),
                                                             _mm512_castsi256_si512(load_16x16(p, lanes))))};
}

// from_float(float, bf16*) of dtype.h on sixteen lanes, each result in the high half of a 32-bit lane.
NK_INLINE __m512i round_bf16(vf v) {
  const __m512i u = _mm512_castps_si512(v.v);
  const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(u, 16), _mm512_set1_epi32(1));
  const __m512i rounded = _mm512_add_epi32(u, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
  const __mmask16 nan = _mm512_cmp_ps_mask(v.v, v.v, _CMP_UNORD_Q);
  return _mm512_mask_or_epi32(rounded, nan, u, _mm512_set1_epi32(0x400000));
}

// AVX512-BF16 rounds a register in one instruction, but takes subnormal numbers for 0: where there is one, it is not
// used. (RMSNorm of 64 x 1024: 95 ns a row, so 65.) GCC and Clang have it as text: its functions cannot be inlined
// into those that are compiled for processors without it.
NK_INLINE bool has_subnormal(vf a, vf b) {
  constexpr int kSubnormal = 0x20;
  const unsigned in_a = _mm512_fpclass_ps_mask(a.v, kSubnormal), in_b = _mm512_fpclass_ps_mask(b.v, kSubnormal);
  return (in_a | in_b) != 0;
}
NK_INLINE __m512i convert_bf16(vf a, vf b) {
  __m512i both;
#if defined(_MSC_VER) && !defined(__clang__)
  const __m512bh converted = _mm512_cvtne2ps_pbh(b.v, a.v);
  std::memcpy(&both, &converted, sizeof both);
#else
  asm volatile("vcvtne2ps2bf16 %1, %2, %0" : "=v"(both) : "v"(a.v), "v"(b.v));  // volatile: not before it is asked for
#endif
  return both;
}

NK_INLINE __m256i narrow_bf16(vf v) {
  if (kConvertsBf16 && !has_subnormal(v, v)) return _mm512_castsi512_si256(convert_bf16(v, v));
  return _mm512_cvtepi32_epi16(_mm512_srli_epi32(round_bf16(v), 16));
}

template <class Lanes>
NK_INLINE void store(bf16* p, vf v, Lanes lanes) {
  store_16x16(p, narrow_bf16(v), lanes);
}

// Two steps of 16 bits fill a register: half the stores, and for bf16 one permutation where each step had a shift and a
// narrowing (RMSNorm of 1024 columns: 104 ns a row, so 90).
NK_INLINE __m512i narrow_pair(f16*, vf a, vf b) {
  return _mm512_inserti64x4(_mm512_castsi256_si512(narrow_f16(a)), narrow_f16(b), 1);
}
NK_INLINE __m512i narrow_pair(bf16*, vf a, vf b) {
  if (kConvertsBf16 && !has_subnormal(a, b)) return convert_bf16(a, b);
  alignas(64) static constexpr std::int16_t kHighHalves[32] = {1,  3,  5,  7,  9,  11, 13, 15, 17, 19, 21,
                                                               23, 25, 27, 29, 31, 33, 35, 37, 39, 41, 43,
                                                               45, 47, 49, 51, 53, 55, 57, 59, 61, 63};
  return _mm512_permutex2var_epi16(round_bf16(a), _mm512_load_si512(kHighHalves), round_bf16(b));
}
template <class T>
NK_INLINE void store_pair(T* p, vf a, vf b) {
  _mm512_storeu_si512(p, narrow_pair(p, a, b));
}
NK_INLINE void store_pair(float* p, vf a, vf b) {
  store(p, a, whole{});
  store(p + kLanes, b, whole{});
}
template <class T>
NK_INLINE void stream_pair(T* p, vf a, vf b) {
  _mm512_stream_si512(reinterpret_cast<__m512i*>(p), narrow_pair(p, a, b));
}
NK_INLINE void stream_pair(float* p, vf a, vf b) {
  stream(p, a);
  stream(p + kLanes, b);
}
template <class T>
NK_INLINE vf rounded(vf v) {
  if constexpr (std::is_same_v<T, f16>) {
    return {_mm512_cvtph_ps(narrow_f16(v))};
  } else if constexpr (std::is_same_v<T, bf16>) {
    return {_mm512_castsi512_ps(_mm512_and_si512(round_bf16(v), _mm512_set1_epi32(static_cast<int>(0xffff0000))))};
  } else {
    return v;
  }
}

NK_INLINE vf keep(vf v, whole) {
  return v;
}
template <class Lanes>
NK_INLINE vf keep(vf v, Lanes lanes) {
  return {_mm512_maskz_mov_ps(mask_of(lanes), v.v)};
}
NK_INLINE vf select(first lanes, vf a, vf b) {
  return {_mm512_mask_blend_ps(mask_of(lanes), b.v, a.v)};
}

NK_INLINE vf held(vf v) {
#if !defined(_MSC_VER)
  asm("" : "+v"(v.v));
#endif
  return v;
}
NK_INLINE vf add(vf a, vf b) {
  return {_mm512_add_ps(a.v, b.v)};
}
NK_INLINE vf sub(vf a, vf b) {
  return {_mm512_sub_ps(a.v, b.v)};
}
NK_INLINE vf mul(vf a, vf b) {
  return {_mm512_mul_ps(a.v, b.v)};
}
NK_INLINE vf fma(vf a, vf b, vf c) {
  return {_mm512_fmadd_ps(a.v, b.v, c.v)};
}
NK_INLINE vf neg_fma(vf a, vf b, vf c) {
  return {_mm512_fnmadd_ps(a.v, b.v, c.v)};
}
NK_INLINE vf max(vf a, vf b) {
  return {_mm512_max_ps(a.v, b.v)};
}
NK_INLINE vf div(vf a, vf b) {
  return {_mm512_div_ps(a.v, b.v)};
}
NK_INLINE void store_i8(std::int8_t* p, vf v, whole) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm512_cvtsepi32_epi8(_mm512_cvtps_epi32(v.v)));
}
NK_INLINE void store_i8(std::int8_t* p, vf v, first lanes) {
  _mm512_mask_cvtsepi32_storeu_epi8(p, mask_of(lanes), _mm512_cvtps_epi32(v.v));
}
NK_INLINE vf abs(vf v) {
  return {_mm512_abs_ps(v.v)};
}

NK_INLINE float sum(vf v) {
  const __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(v.v), _mm512_extractf32x8_ps(v.v, 1));
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

// Two at a time, so that a register is always full: 15 additions and 30 shuffles for sixteen sums, not 64 and 64.
NK_INLINE __m512 fold_eight(vf a, vf b) {  // [8 of a, 8 of b]
  return _mm512_add_ps(_mm512_shuffle_f32x4(a.v, b.v, 0x44), _mm512_shuffle_f32x4(a.v, b.v, 0xee));
}
NK_INLINE __m512 fold_four(vf a, vf b, vf c, vf d) {  // [4 of a, 4 of b, 4 of c, 4 of d]
  const __m512 ab = fold_eight(a, b), cd = fold_eight(c, d);
  return _mm512_add_ps(_mm512_shuffle_f32x4(ab, cd, 0x88), _mm512_shuffle_f32x4(ab, cd, 0xdd));
}
NK_INLINE __m512 fold_two(__m512 a, __m512 b) {  // [2 of each of a, 2 of each of b] in every quarter
  return _mm512_add_ps(_mm512_shuffle_ps(a, b, 0x44), _mm512_shuffle_ps(a, b, 0xee));
}
NK_INLINE vf sum_each(const vf (&v)[kLanes]) {
  // Quarter q of what is folded first is of vector 4 * q, so that the sums end in their order.
  const __m512 ab = fold_two(fold_four(v[0], v[4], v[8], v[12]), fold_four(v[1], v[5], v[9], v[13]));
  const __m512 cd = fold_two(fold_four(v[2], v[6], v[10], v[14]), fold_four(v[3], v[7], v[11], v[15]));
  return {_mm512_add_ps(_mm512_shuffle_ps(ab, cd, 0x88), _mm512_shuffle_ps(ab, cd, 0xdd))};
}

NK_INLINE float largest(vf v) {
  const __m256 eight = _mm256_max_ps(_mm512_castps512_ps256(v.v), _mm512_extractf32x8_ps(v.v, 1));
  const __m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}

struct vd {
  __m512d lo, hi;
};

NK_INLINE vd splat_double(double s) {
  return {_mm512_set1_pd(s), _mm512_set1_pd(s)};
}
NK_INLINE vd load(const double* p) {
  return {_mm512_loadu_pd(p), _mm512_loadu_pd(p + 8)};
}
NK_INLINE void store(double* p, vd v) {
  _mm512_storeu_pd(p, v.lo);
  _mm512_storeu_pd(p + 8, v.hi);
}
NK_INLINE vd widen(vf v) {
  return {_mm512_cvtps_pd(_mm512_castps512_ps256(v.v)), _mm512_cvtps_pd(_mm512_extractf32x8_ps(v.v, 1))};
}
NK_INLINE vf narrow(vd v) {
  return {_mm512_insertf32x8(_mm512_castps256_ps512(_mm512_cvtpd_ps(v.lo)), _mm512_cvtpd_ps(v.hi), 1)};
}
NK_INLINE vd keep(vd v, whole) {
  return v;
}
NK_INLINE vd keep(vd v, first lanes) {
  const __mmask16 m = mask_of(lanes);
  return {_mm512_maskz_mov_pd(static_cast<__mmask8>(m), v.lo),
          _mm512_maskz_mov_pd(static_cast<__mmask8>(m >> 8), v.hi)};
}
NK_INLINE vd add(vd a, vd b) {
  return {_mm512_add_pd(a.lo, b.lo), _mm512_add_pd(a.hi, b.hi)};
}
NK_INLINE vd sub(vd a, vd b) {
  return {_mm512_sub_pd(a.lo, b.lo), _mm512_sub_pd(a.hi, b.hi)};
}
NK_INLINE vd mul(vd a, vd b) {
  return {_mm512_mul_pd(a.lo, b.lo), _mm512_mul_pd(a.hi, b.hi)};
}
NK_INLINE vd fma(vd a, vd b, vd c) {
  return {_mm512_fmadd_pd(a.lo, b.lo, c.lo), _mm512_fmadd_pd(a.hi, b.hi, c.hi)};
}
NK_INLINE vd div(vd a, vd b) {
  return {_mm512_div_pd(a.lo, b.lo), _mm512_div_pd(a.hi, b.hi)};
}
NK_INLINE vd sqrt(vd v) {
  return {_mm512_sqrt_pd(v.lo), _mm512_sqrt_pd(v.hi)};
}
NK_INLINE bool all_in(vd v, vd least, vd most) {
  const __mmask8 lo =
      _mm512_mask_cmp_pd_mask(_mm512_cmp_pd_mask(least.lo, v.lo, _CMP_LE_OQ), v.lo, most.lo, _CMP_LE_OQ);
  return _mm512_mask_cmp_pd_mask(_mm512_mask_cmp_pd_mask(lo, least.hi, v.hi, _CMP_LE_OQ), v.hi, most.hi, _CMP_LE_OQ) ==
         0xff;
}
NK_INLINE double sum(vd v) {
  const __m512d eight = _mm512_add_pd(v.lo, v.hi);
  const __m256d four = _mm256_add_pd(_mm512_castpd512_pd256(eight), _mm512_extractf64x4_pd(eight, 1));
  const __m128d two = _mm_add_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd(four, 1));
  return _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)));
}

NK_INLINE void finish_streams() {
  _mm_sfence();
}
constexpr int kVectors = 32;
constexpr bool kHints = true;
NK_INLINE void prefetch(const void* p) {
  _mm_prefetch(static_cast<const char*>(p), _MM_HINT_T0);
}

NK_END_ISA
