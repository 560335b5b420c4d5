// `vf` without any intrinsic: the plainest statement of what the other two compute. See vec.h.
#pragma once

#include "vec.h"

NK_BEGIN_ISA

struct vf {
  float lane[kLanes];
};

NK_INLINE int count(whole) { return kLanes; }
NK_INLINE int count(first lanes) { return lanes.n; }

template <class F>
NK_INLINE vf lanewise(F&& f) {
  vf r;
  for (int i = 0; i < kLanes; ++i) r.lane[i] = f(i);
  return r;
}

NK_INLINE vf splat(float s) {
  return lanewise([&](int) { return s; });
}
NK_INLINE vf zero() { return splat(0.0f); }

template <class T, class Lanes>
NK_INLINE vf load(const T* p, Lanes lanes) {
  vf r = zero();
  for (int i = 0; i < count(lanes); ++i) r.lane[i] = to_float(p[i]);
  return r;
}

template <class T, class Lanes>
NK_INLINE void store(T* p, const vf& v, Lanes lanes) {
  for (int i = 0; i < count(lanes); ++i) from_float(v.lane[i], &p[i]);
}

template <class Lanes>
NK_INLINE vf keep(const vf& v, Lanes lanes) {
  return lanewise([&](int i) { return i < count(lanes) ? v.lane[i] : 0.0f; });
}

NK_INLINE vf add(const vf& a, const vf& b) {
  return lanewise([&](int i) { return a.lane[i] + b.lane[i]; });
}
NK_INLINE vf sub(const vf& a, const vf& b) {
  return lanewise([&](int i) { return a.lane[i] - b.lane[i]; });
}
NK_INLINE vf mul(const vf& a, const vf& b) {
  return lanewise([&](int i) { return a.lane[i] * b.lane[i]; });
}
NK_INLINE vf fma(const vf& a, const vf& b, const vf& c) {
  return lanewise([&](int i) { return NK_FMAF(a.lane[i], b.lane[i], c.lane[i]); });
}
NK_INLINE vf neg_fma(const vf& a, const vf& b, const vf& c) {
  return lanewise([&](int i) { return NK_FMAF(-a.lane[i], b.lane[i], c.lane[i]); });
}
NK_INLINE vf max(const vf& a, const vf& b) {
  return lanewise([&](int i) { return a.lane[i] > b.lane[i] ? a.lane[i] : b.lane[i]; });
}
NK_INLINE vf abs(const vf& v) {
  return lanewise([&](int i) { return float_from_bits(bits_from_float(v.lane[i]) & 0x7fffffffu); });
}

NK_INLINE float sum(vf v) {
  for (int half = kLanes / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) v.lane[i] = v.lane[i] + v.lane[i + half];
  }
  return v.lane[0];
}

NK_INLINE float largest(vf v) {
  for (int half = kLanes / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) v.lane[i] = v.lane[i] > v.lane[i + half] ? v.lane[i] : v.lane[i + half];
  }
  return v.lane[0];
}

NK_INLINE void prefetch(const void*) {}

NK_END_ISA
