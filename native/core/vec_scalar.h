// `vf` without any intrinsic: the plainest statement of what the others compute. See vec.h.
// Nothing here is forced inline: 16 lanes in every loop body would take minutes to compile under sanitizers.
#pragma once

#include "vec.h"

NK_BEGIN_ISA

struct vf {
  float lane[kLanes];
};

inline between lanes_of(whole) {
  return {0, kLanes};
}
inline between lanes_of(first lanes) {
  return {0, lanes.n};
}
inline between lanes_of(between lanes) {
  return lanes;
}
template <class Lanes>
inline bool is_in(int lane, Lanes lanes) {
  return lane >= lanes_of(lanes).begin && lane < lanes_of(lanes).end;
}

template <class F>
inline vf lanewise(F&& f) {
  vf r;
  for (int i = 0; i < kLanes; ++i) r.lane[i] = f(i);
  return r;
}

inline vf splat(float s) {
  return lanewise([&](int) { return s; });
}
inline vf zero() {
  return splat(0.0f);
}

template <class T, class Lanes>
inline vf load(const T* p, Lanes lanes) {
  vf r = zero();
  for (int i = lanes_of(lanes).begin; i < lanes_of(lanes).end; ++i) r.lane[i] = read(p + i);
  return r;
}

template <class T>
constexpr bool kAligns = false;

template <class T>
inline int skew_of(const T*) {
  return 0;
}

template <class T, class Lanes>
inline void store(T* p, const vf& v, Lanes lanes) {
  for (int i = lanes_of(lanes).begin; i < lanes_of(lanes).end; ++i) write(p + i, v.lane[i]);
}

template <class T>
inline void store_pair(T* p, const vf& a, const vf& b) {
  store(p, a, whole{});
  store(p + kLanes, b, whole{});
}
template <class T>
inline void stream_pair(T* p, const vf& a, const vf& b) {
  store_pair(p, a, b);
}
inline void stream(float* p, const vf& v) {
  store(p, v, whole{});
}

template <class T>
inline vf rounded(const vf& v) {
  T stored[kLanes];
  store(stored, v, whole{});
  return load(stored, whole{});
}

template <class Lanes>
inline vf keep(const vf& v, Lanes lanes) {
  return lanewise([&](int i) { return is_in(i, lanes) ? v.lane[i] : 0.0f; });
}

inline vf select(first lanes, const vf& a, const vf& b) {
  return lanewise([&](int i) { return is_in(i, lanes) ? a.lane[i] : b.lane[i]; });
}

inline const vf& held(const vf& v) {
  return v;
}
inline vf add(const vf& a, const vf& b) {
  return lanewise([&](int i) { return a.lane[i] + b.lane[i]; });
}
inline vf sub(const vf& a, const vf& b) {
  return lanewise([&](int i) { return a.lane[i] - b.lane[i]; });
}
inline vf mul(const vf& a, const vf& b) {
  return lanewise([&](int i) { return a.lane[i] * b.lane[i]; });
}
inline vf fma(const vf& a, const vf& b, const vf& c) {
  return lanewise([&](int i) { return NK_FMAF(a.lane[i], b.lane[i], c.lane[i]); });
}
inline vf neg_fma(const vf& a, const vf& b, const vf& c) {
  return lanewise([&](int i) { return NK_FMAF(-a.lane[i], b.lane[i], c.lane[i]); });
}
inline vf max(const vf& a, const vf& b) {
  return lanewise([&](int i) { return a.lane[i] > b.lane[i] ? a.lane[i] : b.lane[i]; });
}
inline vf div(const vf& a, const vf& b) {
  return lanewise([&](int i) { return a.lane[i] / b.lane[i]; });
}
template <class Lanes>
inline void store_i8(std::int8_t* p, const vf& v, Lanes lanes) {
  // 1.5 * 2^23: adding it rounds to an integer, to nearest even.
  for (int i = 0; i < lanes_of(lanes).end; ++i) {
    p[i] = static_cast<std::int8_t>((v.lane[i] + 12582912.0f) - 12582912.0f);
  }
}
inline vf abs(const vf& v) {
  return lanewise([&](int i) { return float_from_bits(bits_from_float(v.lane[i]) & 0x7fffffffu); });
}

inline float sum(vf v) {
  for (int half = kLanes / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) v.lane[i] = v.lane[i] + v.lane[i + half];
  }
  return v.lane[0];
}

inline vf sum_each(const vf (&v)[kLanes]) {
  return lanewise([&](int i) { return sum(v[i]); });
}

inline float largest(vf v) {
  for (int half = kLanes / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) v.lane[i] = v.lane[i] > v.lane[i + half] ? v.lane[i] : v.lane[i + half];
  }
  return v.lane[0];
}

struct vd {
  double lane[kLanes];
};

template <class F>
inline vd lanewise_double(F&& f) {
  vd r;
  for (int i = 0; i < kLanes; ++i) r.lane[i] = f(i);
  return r;
}

inline vd splat_double(double s) {
  return lanewise_double([&](int) { return s; });
}
inline vd load(const double* p) {
  return lanewise_double([&](int i) { return p[i]; });
}
inline void store(double* p, const vd& v) {
  for (int i = 0; i < kLanes; ++i) p[i] = v.lane[i];
}
inline vd widen(const vf& v) {
  return lanewise_double([&](int i) { return static_cast<double>(v.lane[i]); });
}
inline vf narrow(const vd& v) {
  return lanewise([&](int i) { return static_cast<float>(v.lane[i]); });
}
template <class Lanes>
inline vd keep(const vd& v, Lanes lanes) {
  return lanewise_double([&](int i) { return is_in(i, lanes) ? v.lane[i] : 0.0; });
}
inline vd add(const vd& a, const vd& b) {
  return lanewise_double([&](int i) { return a.lane[i] + b.lane[i]; });
}
inline vd sub(const vd& a, const vd& b) {
  return lanewise_double([&](int i) { return a.lane[i] - b.lane[i]; });
}
inline vd mul(const vd& a, const vd& b) {
  return lanewise_double([&](int i) { return a.lane[i] * b.lane[i]; });
}
inline vd fma(const vd& a, const vd& b, const vd& c) {
  return lanewise_double([&](int i) { return NK_FMA(a.lane[i], b.lane[i], c.lane[i]); });
}
inline vd div(const vd& a, const vd& b) {
  return lanewise_double([&](int i) { return a.lane[i] / b.lane[i]; });
}
inline vd sqrt(const vd& v) {
  return lanewise_double([&](int i) { return NK_SQRT(v.lane[i]); });
}
inline bool all_in(const vd& v, const vd& least, const vd& most) {
  bool inside = true;
  for (int i = 0; i < kLanes; ++i) inside = inside && least.lane[i] <= v.lane[i] && v.lane[i] <= most.lane[i];
  return inside;
}
inline double sum(vd v) {
  for (int half = kLanes / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) v.lane[i] = v.lane[i] + v.lane[i + half];
  }
  return v.lane[0];
}

constexpr int kVectors = 0;
constexpr bool kHints = false;
inline void prefetch(const void*) {}
inline void finish_streams() {}

NK_END_ISA
