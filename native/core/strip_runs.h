// The operations of strips.h on many short runs.
#pragma once

#include "strip_maps.h"
#include "strip_sums.h"

NK_BEGIN_ISA

// all[i] = the sum over a run of what terms(offset, lanes, acc) adds to acc[i], on the tree of sum_tree(): step s of a
// run is added to accumulator s % Flight.
template <int N, class Terms>
NK_INLINE void sum_short_run(std::int64_t at, std::int64_t end, vf (&all)[N], const Terms& terms) {
  constexpr int Flight = tree<N>::Flight;
  static_assert(Flight == 2 || Flight == 3, "what follows knows no others");
  tree<N> t;
  for (int k = 0; k < Flight; ++k) {
    for (int i = 0; i < N; ++i) t.acc[k][i] = zero();
  }
  for (const std::int64_t last = end - Flight * kLanes; at <= last; at += Flight * kLanes) {
    for (int k = 0; k < Flight; ++k) terms(at + k * kLanes, whole{}, t.acc[k]);
  }
  // The last steps. The same of them are there in all runs.
  const auto finish = [&](vf* acc) NK_INLINE_LAMBDA {
    if (at < end) terms(at, first{static_cast<int>(end - at)}, acc);
  };
  const auto step = [&](vf* acc) NK_INLINE_LAMBDA {
    terms(at, whole{}, acc);
    at += kLanes;
  };
  if (end - at < kLanes) {
    finish(t.acc[0]);
  } else if (Flight == 2 || end - at < 2 * kLanes) {
    step(t.acc[0]);
    finish(t.acc[1]);
  } else {
    step(t.acc[0]);
    step(t.acc[1]);
    finish(t.acc[Flight - 1]);
  }
  for (int i = 0; i < N; ++i) {
    all[i] = add(t.acc[0][i], t.acc[1][i]);
    if constexpr (Flight == 3) all[i] = add(all[i], t.acc[2][i]);
  }
}

// sums[i][run] = the sum over a run of what terms_of(run)(offset, lanes, acc) adds to acc[i], to the bits of sum_run():
// the sums over lanes are those of sixteen runs at once.
template <int N, class TermsOf>
NK_INLINE void sum_runs(const short_runs& s, double* const (&sums)[N], TermsOf&& terms_of) {
  for (std::int64_t first_run = 0; first_run < s.count; first_run += kLanes) {
    const int some = static_cast<int>(s.count - first_run < kLanes ? s.count - first_run : kLanes);
    vf parts[N][kLanes];
    for (int k = 0; k < some; ++k) {
      const std::int64_t begin = (first_run + k) * s.width;
      vf all[N];
      sum_short_run(begin, begin + s.width, all, terms_of(first_run + k));
      for (int i = 0; i < N; ++i) parts[i][k] = all[i];
    }
    // Lanes without a run are those of the first.
    for (int i = 0; i < N; ++i) {
      for (int k = some; k < kLanes; ++k) parts[i][k] = parts[i][0];
      store(sums[i] + first_run, widen(sum_each(parts[i])));
    }
  }
}

// out[offset] = value_of(run)(offset, lanes) in all runs.
template <class T, class ValueOf>
NK_INLINE void write_runs(T* out, const short_runs& s, ValueOf&& value_of) {
  for (std::int64_t run = 0; run < s.count; ++run) {
    const auto value = value_of(run);
    for_each_step(run * s.width, (run + 1) * s.width,
                  [&](std::int64_t at, auto lanes) NK_INLINE_LAMBDA { store(out + at, value(at, lanes), lanes); });
  }
}

template <class T>
void moments_runs(const void* x, const short_runs& s, const float* pivot, double* sum, double* squares) {
  const T* const px = static_cast<const T*>(x);
  double* const sums[2] = {sum, squares};
  sum_runs(s, sums, [=](std::int64_t run) NK_INLINE_LAMBDA { return moment_terms(px, pivot[run]); });
}

template <class T>
void products_runs(const void* t, const void* x, const short_runs& s, const float* center, const float* scale,
                   double* sum_t, double* sum_t_xhat, double* sum_xhat) {
  const T* const pt = static_cast<const T*>(t);
  const T* const px = static_cast<const T*>(x);
  double* const sums[3] = {sum_t, sum_t_xhat, sum_xhat};
  sum_runs(s, sums, [=](std::int64_t run) NK_INLINE_LAMBDA { return product_terms(pt, px, center[run], scale[run]); });
}

template <class T>
void affine_runs(const void* x, void* y, const short_runs& s, const float* center, const float* factor,
                 const float* offset) {
  const T* const px = static_cast<const T*>(x);
  with_asks(s.ahead, [&](auto asks) NK_INLINE_LAMBDA {
    write_runs(static_cast<T*>(y), s, [=](std::int64_t run) NK_INLINE_LAMBDA {
      return affine_value<asks.value>(px, s.ahead, center[run], factor[run], offset[run]);
    });
  });
}

template <class T>
void combine_runs(const void* t, const void* x, void* out, const short_runs& s, const nk::combine_columns& k) {
  const T* const pt = static_cast<const T*>(t);
  const T* const px = static_cast<const T*>(x);
  const nk::combine_columns of = k;
  with_asks(s.ahead, [&](auto asks) NK_INLINE_LAMBDA {
    write_runs(static_cast<T*>(out), s, [=](std::int64_t run) NK_INLINE_LAMBDA {
      return combine_value<asks.value>(pt, px, s.ahead,
                                       {of.center[run], of.scale[run], of.a[run], of.b[run], of.e[run]});
    });
  });
}

NK_END_ISA
