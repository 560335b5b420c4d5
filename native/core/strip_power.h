// The power operations of strips.h: sums of |x|^p, and the derivative of the norm. Sixteen lanes at a time lie in
// arrays, and the kind is asked once for all of them; the compiler makes vectors of the loops, which have no order to
// keep.
#pragma once

#include "power.h"
#include "strip_steps.h"

NK_BEGIN_ISA

NK_INLINE int lanes_in(whole) {
  return kLanes;
}
NK_INLINE int lanes_in(first lanes) {
  return lanes.n;
}

struct step {
  double lane[kLanes];
};

template <class T, class Lanes>
NK_INLINE step load_step(const T* p, Lanes lanes) {
  step r;
  store(r.lane, widen(load(p, lanes)));
  return r;
}

// The larger, or the smaller, of two magnitudes; a NaN stays.
NK_INLINE double extreme_of(const power_function& f, double a, double b) {
  const bool takes = f.kind == power::largest ? b > a : b < a;
  return takes || b != b ? b : a;
}

// sum[i] = sum[i] and f(|x[i]| * scale[i]), for n lanes.
NK_INLINE void accumulate(const power_function& f, const step& x, const double* scale, int n, double* sum) {
  switch (f.kind) {
    case power::zero:
      for (int i = 0; i < n; ++i) sum[i] += x.lane[i] != 0.0 ? 1.0 : 0.0;
      break;
    case power::half:
      for (int i = 0; i < n; ++i) sum[i] += NK_SQRT(magnitude(x.lane[i]));
      break;
    case power::one:
      for (int i = 0; i < n; ++i) sum[i] += magnitude(x.lane[i]);
      break;
    case power::two:  // has dot products
    case power::largest:
    case power::smallest:  // extremes
      break;
    case power::three:
      for (int i = 0; i < n; ++i) sum[i] += magnitude(x.lane[i]) * (x.lane[i] * x.lane[i]);
      break;
    case power::general:
      for (int i = 0; i < n; ++i) sum[i] += power_of(magnitude(x.lane[i]) * scale[i], f.exponent);
      break;
  }
}

NK_INLINE double with_sign_of(double magnitude_of_result, double x) {
  return x < 0.0 ? -magnitude_of_result : magnitude_of_result;
}

// The derivative of the norm for n lanes; 0 where x is 0, whatever p may be.
NK_INLINE step derivative(const power_function& f, const step& x, const double* norm, int n) {
  step d;
  switch (f.kind) {
    case power::one:
      for (int i = 0; i < n; ++i) d.lane[i] = choose(x.lane[i] != 0.0, with_sign_of(1.0, x.lane[i]), 0.0);
      break;
    case power::three:
      for (int i = 0; i < n; ++i) {
        const double u = choose(x.lane[i] != 0.0, x.lane[i] / norm[i], 0.0);
        d.lane[i] = u * magnitude(u);
      }
      break;
    case power::half:
      for (int i = 0; i < n; ++i) {
        const double v = with_sign_of(NK_SQRT(norm[i] / magnitude(x.lane[i])), x.lane[i]);
        d.lane[i] = choose(x.lane[i] != 0.0, v, 0.0);
      }
      break;
    case power::largest:
    case power::smallest:
      for (int i = 0; i < n; ++i) {
        const bool extreme = magnitude(x.lane[i]) == norm[i] && x.lane[i] != 0.0;
        d.lane[i] = choose(extreme, with_sign_of(1.0, x.lane[i]), 0.0);
      }
      break;
    default:
      for (int i = 0; i < n; ++i) {
        const double u = magnitude(x.lane[i]) / norm[i];
        const double v = with_sign_of(power_of(u, f.exponent - 1.0), x.lane[i]);
        d.lane[i] = choose(x.lane[i] != 0.0, v, 0.0);
      }
      break;
  }
  return d;
}

NK_INLINE step all_lanes(double v) {
  step r;
  for (double& lane : r.lane) lane = v;
  return r;
}

// The lanes of a run's accumulator, folded as sum(vd) folds them.
NK_INLINE double fold(const power_function& f, step all) {
  for (int half = kLanes / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) {
      const double a = all.lane[i], b = all.lane[i + half];
      const bool extreme = f.kind == power::largest || f.kind == power::smallest;
      all.lane[i] = extreme ? extreme_of(f, a, b) : a + b;
    }
  }
  return all.lane[0];
}

// Calls body(f), and for the kinds that matter most with one that the compiler knows: the loops need not ask, and have
// the sums of their lanes in registers. (p = 2, which matters more than all others, has dot products.)
template <class Body>
NK_INLINE void with_kind_of(const power_function& f, Body&& body) {
  switch (f.kind) {
    case power::one:
      return body(power_function{power::one, 1.0});
    case power::largest:
      return body(power_function{power::largest, f.exponent});
    default:
      return body(f);
  }
}

// sum(a * b), two sums side by side: one waits for its additions (vector_norm of rows of 1024: 110 ns, so 60).
template <class T>
NK_INLINE double dot_product(const T* a, const T* b, const strip& s) {
  vd sums[2] = {splat_double(0.0), splat_double(0.0)};
  const auto add_step = [&](std::int64_t at, auto lanes, vd& to)
                            NK_INLINE_LAMBDA { to = fma(widen(load(a + at, lanes)), widen(load(b + at, lanes)), to); };
  for (std::int64_t row = 0; row < s.rows; ++row) {
    const std::int64_t end = row * s.row_stride + s.width;
    std::int64_t at = row * s.row_stride;
    for (; at + 2 * kLanes <= end; at += 2 * kLanes) {
      add_step(at, whole{}, sums[0]);
      add_step(at + kLanes, whole{}, sums[1]);
    }
    for_each_step(at, end, [&](std::int64_t i, auto lanes) NK_INLINE_LAMBDA { add_step(i, lanes, sums[0]); });
  }
  return sum(add(sums[0], sums[1]));
}

// Calls put(j, sums) with the sums of a * b of every step of columns. Lanes beyond the strip have 0.
template <class T, class Put>
NK_INLINE void column_dot_products(const T* a, const T* b, const strip& s, Put&& put) {
  for_each_column_step(s, [&](std::int64_t j, auto lanes, std::int64_t begin, std::int64_t end) NK_INLINE_LAMBDA {
    vd all = splat_double(0.0);
    for (std::int64_t row = begin; row < end; ++row) {
      const std::int64_t at = row * s.row_stride + j;
      all = fma(widen(load(a + at, lanes)), widen(load(b + at, lanes)), all);
    }
    step sums;
    store(sums.lane, all);
    put(j, sums);
  });
}

// The largest or the smallest magnitude, lane by lane, in float32, which all magnitudes are (in double the compiler
// made no vectors of it: vector_norm of 1024 rows of 1024, p = infinity, 1930 us, so 90).
template <bool Smallest>
struct extreme {
  vf top, seen;  // the smallest is kept negative; `seen` is a NaN where one was

  NK_INLINE extreme() : top(Smallest ? nothing() : zero()), seen(zero()) {}
  NK_INLINE static vf nothing() { return splat(float_from_bits(0xff800000u)); }

  template <class Lanes>
  NK_INLINE void add(vf x, Lanes lanes) {
    vf m = abs(x);
    seen = NK_ISA::add(seen, m);
    if constexpr (Smallest) {
      m = sub(zero(), m);
      if constexpr (!std::is_same_v<Lanes, whole>) m = select(lanes, m, nothing());
    }
    top = max(m, top);
  }
  NK_INLINE void add(const extreme& other) {
    seen = NK_ISA::add(seen, other.seen);
    top = max(other.top, top);
  }
  NK_INLINE step lanes() const {
    step tops, seens;
    store(tops.lane, widen(top));
    store(seens.lane, widen(seen));
    for (int i = 0; i < kLanes; ++i) {
      tops.lane[i] = seens.lane[i] != seens.lane[i] ? seens.lane[i] : magnitude(tops.lane[i]);
    }
    return tops;
  }
};

template <bool Smallest, class T>
NK_INLINE void extreme_of_strip(const T* x, const strip& s, const power_function& f, double* total) {
  extreme<Smallest> some[2];
  for (std::int64_t row = 0; row < s.rows; ++row) {
    const std::int64_t end = row * s.row_stride + s.width;
    std::int64_t at = row * s.row_stride;
    for (; at + 2 * kLanes <= end; at += 2 * kLanes) {
      some[0].add(load(x + at, whole{}), whole{});
      some[1].add(load(x + at + kLanes, whole{}), whole{});
    }
    for_each_step(at, end,
                  [&](std::int64_t i, auto lanes) NK_INLINE_LAMBDA { some[0].add(load(x + i, lanes), lanes); });
  }
  some[0].add(some[1]);
  *total = extreme_of(f, *total, fold(f, some[0].lanes()));
}

// Lanes beyond the strip keep what they have.
template <bool Smallest, class T>
NK_INLINE void extreme_of_columns(const T* x, const strip& s, const power_function& f, double* total) {
  for_each_column_step(s, [&](std::int64_t j, auto lanes, std::int64_t begin, std::int64_t end) NK_INLINE_LAMBDA {
    extreme<Smallest> all;
    for (std::int64_t row = begin; row < end; ++row) all.add(load(x + row * s.row_stride + j, lanes), lanes);
    const step found = all.lanes();
    for (int i = 0; i < kLanes; ++i) total[j + i] = extreme_of(f, total[j + i], found.lane[i]);
  });
}

template <class T>
void power_sum(const void* x, const strip& s, const power_function& f, double scale, double* total) {
  const T* const px = static_cast<const T*>(x);
  if (f.kind == power::two) {
    *total += dot_product(px, px, s);
    return;
  }
  if (f.kind == power::largest) return extreme_of_strip<false>(px, s, f, total);
  if (f.kind == power::smallest) return extreme_of_strip<true>(px, s, f, total);
  const step scales = all_lanes(scale);
  step all = all_lanes(0.0);
  with_kind_of(f, [&](const power_function& known) NK_INLINE_LAMBDA {
    step some = all;
    for_each_row_step(s, [&](std::int64_t at, std::int64_t, auto lanes) NK_INLINE_LAMBDA {
      accumulate(known, load_step(px + at, lanes), scales.lane, lanes_in(lanes), some.lane);
    });
    all = some;
  });
  *total += fold(f, all);
}

template <class T>
void power_sum_columns(const void* x, const strip& s, const power_function& f, const double* scale, double* total) {
  const T* const px = static_cast<const T*>(x);
  if (f.kind == power::two) {
    column_dot_products(px, px, s, [&](std::int64_t j, const step& sums) NK_INLINE_LAMBDA {
      for (int i = 0; i < kLanes; ++i) total[j + i] += sums.lane[i];
    });
    return;
  }
  if (f.kind == power::largest) return extreme_of_columns<false>(px, s, f, total);
  if (f.kind == power::smallest) return extreme_of_columns<true>(px, s, f, total);
  for_each_row_step(s, [&](std::int64_t at, std::int64_t j, auto lanes) {
    accumulate(f, load_step(px + at, lanes), scale + j, lanes_in(lanes), total + j);
  });
}

// What a product adds up in n lanes: t * derivative, or without t the derivative's magnitude.
template <class T, class Lanes>
NK_INLINE void add_products(const T* t, const T* x, Lanes lanes, const power_function& f, const double* norm,
                            double* total) {
  const int n = lanes_in(lanes);
  const step d = derivative(f, load_step(x, lanes), norm, n);
  if (t == nullptr) {
    for (int i = 0; i < n; ++i) total[i] += magnitude(d.lane[i]);
  } else {
    const step tangent = load_step(t, lanes);
    for (int i = 0; i < n; ++i) total[i] += tangent.lane[i] * d.lane[i];
  }
}

template <class T>
NK_INLINE const T* advance(const T* p, std::int64_t by) {
  return p == nullptr ? nullptr : p + by;
}

template <class T>
void power_product(const void* t, const void* x, const strip& s, const power_function& f, double norm, double* total) {
  const T* const pt = static_cast<const T*>(t);
  const T* const px = static_cast<const T*>(x);
  if (f.kind == power::two && t != nullptr) {
    *total += dot_product(pt, px, s);
    return;
  }
  const step norms = all_lanes(norm);
  step all = all_lanes(0.0);
  with_kind_of(f, [&](const power_function& known) NK_INLINE_LAMBDA {
    step some = all;
    for_each_row_step(s, [&](std::int64_t at, std::int64_t, auto lanes) NK_INLINE_LAMBDA {
      add_products(advance(pt, at), px + at, lanes, known, norms.lane, some.lane);
    });
    all = some;
  });
  *total += fold({power::one, 1.0}, all);
}

template <class T>
void power_product_columns(const void* t, const void* x, const strip& s, const power_function& f, const double* norm,
                           double* total) {
  const T* const pt = static_cast<const T*>(t);
  const T* const px = static_cast<const T*>(x);
  if (f.kind == power::two && t != nullptr) {
    column_dot_products(pt, px, s, [&](std::int64_t j, const step& sums) NK_INLINE_LAMBDA {
      for (int i = 0; i < kLanes; ++i) total[j + i] += sums.lane[i];
    });
    return;
  }
  with_kind_of(f, [&](const power_function& known) NK_INLINE_LAMBDA {
    for_each_row_step(s, [&](std::int64_t at, std::int64_t j, auto lanes) NK_INLINE_LAMBDA {
      add_products(advance(pt, at), px + at, lanes, known, norm + j, total + j);
    });
  });
}

template <class T, class Lanes>
NK_INLINE void combine_step(const T* t, const T* x, T* out, Lanes lanes, const power_function& f, const double* norm,
                            const double* a, const double* b) {
  const int n = lanes_in(lanes);
  const step d = derivative(f, load_step(x, lanes), norm, n);
  step r = all_lanes(0.0);
  if (t != nullptr) {
    const step tangent = load_step(t, lanes);
    for (int i = 0; i < n; ++i) r.lane[i] = tangent.lane[i] * a[i];
  }
  for (int i = 0; i < n; ++i) r.lane[i] = choose(b[i] != 0.0, r.lane[i] + d.lane[i] * b[i], r.lane[i]);
  store(out, narrow(load(r.lane)), lanes);
}

template <class T>
void power_combine(const void* t, const void* x, void* out, const strip& s, const power_function& f, double norm,
                   double a, double b) {
  const T* const pt = static_cast<const T*>(t);
  const T* const px = static_cast<const T*>(x);
  T* const po = static_cast<T*>(out);
  const step norms = all_lanes(norm), all_a = all_lanes(a), all_b = all_lanes(b);
  with_kind_of(f, [&](const power_function& known) NK_INLINE_LAMBDA {
    for_each_row_step(s, [&](std::int64_t at, std::int64_t, auto lanes) NK_INLINE_LAMBDA {
      combine_step(advance(pt, at), px + at, po + at, lanes, known, norms.lane, all_a.lane, all_b.lane);
    });
  });
}

template <class T>
void power_combine_columns(const void* t, const void* x, void* out, const strip& s, const power_function& f,
                           const double* norm, const double* a, const double* b) {
  const T* const pt = static_cast<const T*>(t);
  const T* const px = static_cast<const T*>(x);
  T* const po = static_cast<T*>(out);
  with_kind_of(f, [&](const power_function& known) NK_INLINE_LAMBDA {
    for_each_row_step(s, [&](std::int64_t at, std::int64_t j, auto lanes) NK_INLINE_LAMBDA {
      combine_step(advance(pt, at), px + at, po + at, lanes, known, norm + j, a + j, b + j);
    });
  });
}

NK_END_ISA
