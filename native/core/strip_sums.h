// The sums of strips.h in float32: of a run on the tree of reduce.h, of columns over kChunkRows rows at a time, and
// over all of these in double.
#pragma once

#include "strip_steps.h"

NK_BEGIN_ISA

// sums[j] += the sum over a run of what terms(offset, lanes, acc) adds to acc[j]. A single row is aligned where x is.
template <int N, class T, class Terms>
NK_INLINE void sum_run(const T* x, const strip& s, double* sums, Terms&& terms) {
  if (s.rows == 1) {
    double totals[N];
    sum_row<N>(s.width, skew_of(x), totals, terms);
    for (int j = 0; j < N; ++j) sums[j] += totals[j];
    return;
  }
  vd totals[N];
  for (int j = 0; j < N; ++j) totals[j] = splat_double(0.0);
  for (std::int64_t row = 0; row < s.rows; ++row) {
    const std::int64_t base = row * s.row_stride;
    sum_lanes<N>(s.width, totals,
                 [&](std::int64_t j, auto lanes, vf* acc) NK_INLINE_LAMBDA { terms(base + j, lanes, acc); });
  }
  for (int j = 0; j < N; ++j) sums[j] += sum(totals[j]);
}

template <class T>
void moments(const void* x, const strip& s, float pivot, double* sums) {
  const T* const px = static_cast<const T*>(x);
  const vf p = splat(pivot);
  sum_run<2>(px, s, sums, [&](std::int64_t at, auto lanes, vf* acc) NK_INLINE_LAMBDA {
    const vf d = keep(sub(load(px + at, lanes), p), lanes);
    acc[0] = add(acc[0], d);
    acc[1] = fma(d, d, acc[1]);
  });
}

template <class T>
void products(const void* t, const void* x, const strip& s, float center, float scale, double* sums) {
  const T* const pt = static_cast<const T*>(t);
  const T* const px = static_cast<const T*>(x);
  const vf c = splat(center), r = splat(scale);
  sum_run<3>(px, s, sums, [&](std::int64_t at, auto lanes, vf* acc) NK_INLINE_LAMBDA {
    const vf xhat = keep(mul(sub(load(px + at, lanes), c), r), lanes);
    const vf tangent = load(pt + at, lanes);
    acc[0] = add(acc[0], tangent);
    acc[1] = fma(tangent, xhat, acc[1]);
    acc[2] = add(acc[2], xhat);
  });
}

template <int N>
struct row_count {
  static constexpr int n = N;
};

// Adds to the columns' sums what terms(offset, j, lanes, acc) adds to acc[k] for a step of columns of a row: up to
// kChunkRows rows in float32, and these in double. Rows are walked from end to end, four at a time: what is read comes
// in few streams, and the sums so far, which stay in the first-level cache, are loaded and stored once for the four.
template <int N, class Terms>
NK_INLINE void sum_columns(const strip& s, double* const (&sums)[N], Terms&& terms) {
  constexpr std::int64_t kRows = 4;
  alignas(64) float acc[N][kStripColumns + kLanes];
  const auto sum_rows = [&](std::int64_t first_row, auto rows) NK_INLINE_LAMBDA {
    for_each_step(0, s.width, [&](std::int64_t j, auto lanes) NK_INLINE_LAMBDA {
      vf a[N];
      for (int k = 0; k < N; ++k) a[k] = load(acc[k] + j, whole{});
      for (int row = 0; row < rows.n; ++row) terms((first_row + row) * s.row_stride + j, j, lanes, a);
      for (int k = 0; k < N; ++k) store(acc[k] + j, a[k], whole{});
    });
  };
  for (std::int64_t begin = 0; begin < s.rows; begin += kChunkRows) {
    const std::int64_t end = s.rows - begin < kChunkRows ? s.rows : begin + kChunkRows;
    for (std::int64_t j = 0; j < s.width; j += kLanes) {
      for (int k = 0; k < N; ++k) store(acc[k] + j, zero(), whole{});
    }
    std::int64_t row = begin;
    for (; row + kRows <= end; row += kRows) sum_rows(row, row_count<kRows>{});
    for (; row < end; ++row) sum_rows(row, row_count<1>{});
    for (std::int64_t j = 0; j < s.width; j += kLanes) {
      for (int k = 0; k < N; ++k) store(sums[k] + j, add(load(sums[k] + j), widen(load(acc[k] + j, whole{}))));
    }
  }
}

template <class T>
void moments_columns(const void* x, const strip& s, const float* pivot, double* sum, double* squares) {
  const T* const px = static_cast<const T*>(x);
  double* const sums[2] = {sum, squares};
  sum_columns<2>(s, sums, [&](std::int64_t at, std::int64_t j, auto lanes, vf* acc) NK_INLINE_LAMBDA {
    const vf d = keep(sub(load(px + at, lanes), load(pivot + j, whole{})), lanes);
    acc[0] = add(acc[0], d);
    acc[1] = fma(d, d, acc[1]);
  });
}

template <class T>
void products_columns(const void* t, const void* x, const strip& s, const float* center, const float* scale,
                      double* sum_t, double* sum_t_xhat, double* sum_xhat) {
  const T* const pt = static_cast<const T*>(t);
  const T* const px = static_cast<const T*>(x);
  double* const sums[3] = {sum_t, sum_t_xhat, sum_xhat};
  sum_columns<3>(s, sums, [&](std::int64_t at, std::int64_t j, auto lanes, vf* acc) NK_INLINE_LAMBDA {
    const vf xhat = keep(mul(sub(load(px + at, lanes), load(center + j, whole{})), load(scale + j, whole{})), lanes);
    const vf tangent = load(pt + at, lanes);
    acc[0] = add(acc[0], tangent);
    acc[1] = fma(tangent, xhat, acc[1]);
    acc[2] = add(acc[2], xhat);
  });
}

NK_END_ISA
