// The sums of strips.h in float32: some of them, and over these in double.
//
// Of equal numbers, a float32 sum may be off by n / 2 ulps after n additions, always to the same side. No more than 16
// are added up here before they go on in double: what is left is half of the millionth that the tests allow.
#pragma once

#include "strip_steps.h"

NK_BEGIN_ISA

// Columns of a run that are summed in float32: for each lane 16 in two sums, or 11 in three (reduce.h).
constexpr std::int64_t kRunColumns = 512;
static_assert(kShortRun <= kRunColumns, "or short runs would be summed otherwise");

// Of several rows or a long one: the sum over lanes is taken once.
template <int N, class Terms>
NK_NOINLINE void sum_long_run(const strip& s, int skew, double* sums, Terms terms) {
  vd totals[N];
  for (int j = 0; j < N; ++j) totals[j] = splat_double(0.0);
  for (std::int64_t row = 0; row < s.rows; ++row) {
    const std::int64_t base = row * s.row_stride;
    for_each_tree(s.width, kRunColumns, [&](std::int64_t begin, std::int64_t end) NK_INLINE_LAMBDA {
      vf all[N];
      sum_tree(begin, end, skew, all,
               [&](std::int64_t j, auto lanes, vf* acc) NK_INLINE_LAMBDA { terms(base + j, lanes, acc); });
      for (int j = 0; j < N; ++j) totals[j] = add(totals[j], widen(all[j]));
    });
  }
  for (int j = 0; j < N; ++j) sums[j] += sum(totals[j]);
}

// sums[j] += the sum over a run of what terms(offset, lanes, acc) adds to acc[j]. A single row is aligned where x is.
// (Two functions: in one, GCC keeps the accumulators of both in memory, and runs of 64 take half as long again.)
template <int N, class T, class Terms>
NK_INLINE void sum_run(const T* x, const strip& s, double* sums, const Terms& terms) {
  if (s.rows == 1 && s.width <= kRunColumns) {
    vf all[N];
    sum_tree(0, s.width, skew_of(x), all, terms);
    for (int j = 0; j < N; ++j) sums[j] += static_cast<double>(sum(all[j]));
  } else {
    sum_long_run<N>(s, s.rows == 1 ? skew_of(x) : 0, sums, terms);
  }
}

// What a step of a run adds to its sums.
template <class T>
NK_INLINE auto moment_terms(const T* x, float pivot) {
  const vf p = splat(pivot);
  return [=](std::int64_t at, auto lanes, vf* acc) NK_INLINE_LAMBDA {
    const vf d = keep(sub(load(x + at, lanes), p), lanes);
    acc[0] = add(acc[0], d);
    acc[1] = fma(d, d, acc[1]);
  };
}

template <class T>
NK_INLINE auto product_terms(const T* t, const T* x, float center, float scale) {
  const vf c = splat(center), r = splat(scale);
  return [=](std::int64_t at, auto lanes, vf* acc) NK_INLINE_LAMBDA {
    const vf xhat = keep(mul(sub(load(x + at, lanes), c), r), lanes);
    const vf tangent = load(t + at, lanes);
    acc[0] = add(acc[0], tangent);
    acc[1] = fma(tangent, xhat, acc[1]);
    acc[2] = add(acc[2], xhat);
  };
}

template <class T>
void moments(const void* x, const strip& s, float pivot, double* sums) {
  const T* const px = static_cast<const T*>(x);
  sum_run<2>(px, s, sums, moment_terms(px, pivot));
}

template <class T>
void products(const void* t, const void* x, const strip& s, float center, float scale, double* sums) {
  const T* const px = static_cast<const T*>(x);
  sum_run<3>(px, s, sums, product_terms(static_cast<const T*>(t), px, center, scale));
}

// Rows that a column's sums take in turns: row i of a strip is added to sum i % 4 of its column.
constexpr std::int64_t kPhases = 4;
constexpr std::int64_t kPhaseColumns = kPhases * kStripColumns;

// Coefficients of columns as sum_columns() hands them on.
template <int C>
struct column_coefficients {
  const float* at[C];

  NK_INLINE vf load_at(int which, std::int64_t j) const { return load(at[which] + j, whole{}); }
};

// Adds to the columns' sums what terms(offset, coefficients, j, lanes, acc) adds to acc[k] for a step of columns of a
// row: up to kChunkRows rows in float32, in four sums a column, and these in double. Four rows that lie behind one
// another are one row of four times the columns: a few columns fill a step then, and all is read from end to end.
template <int N, int C, class Terms>
NK_INLINE void sum_columns(const strip& s, const float* const (&coefficients)[C], double* const (&sums)[N],
                           Terms&& terms) {
  alignas(64) float acc[N][kPhaseColumns + kLanes];
  alignas(64) float repeated[C][kPhaseColumns + kLanes];
  const bool together = s.row_stride == s.width;
  const std::int64_t phase = together ? s.width : kStripColumns;  // where the sums of the next row lie
  column_coefficients<C> once, four_times;
  for (int c = 0; c < C; ++c) {
    once.at[c] = coefficients[c];
    four_times.at[c] = repeated[c];
    for (std::int64_t p = 0; together && p < kPhases; ++p) {
      for (std::int64_t j = 0; j < s.width; ++j) repeated[c][p * s.width + j] = coefficients[c][j];
    }
    for (std::int64_t j = 0; together && j < kLanes; ++j) repeated[c][kPhases * s.width + j] = 0.0f;
  }
  // `rows` rows of `width` columns, kPhases rows apart, added to the sums at `to`.
  const auto add_rows = [&](std::int64_t first_row, int rows, std::int64_t width, const column_coefficients<C>& c,
                            std::int64_t to) NK_INLINE_LAMBDA {
    for_each_step(0, width, [&](std::int64_t j, auto lanes) NK_INLINE_LAMBDA {
      vf a[N];
      for (int k = 0; k < N; ++k) a[k] = load(acc[k] + to + j, whole{});
      for (int row = 0; row < rows; ++row) {
        terms((first_row + row * kPhases) * s.row_stride + j, c, j, lanes, a);
      }
      for (int k = 0; k < N; ++k) store(acc[k] + to + j, a[k], whole{});
    });
  };
  for (std::int64_t begin = 0; begin < s.rows; begin += kChunkRows) {
    const std::int64_t end = s.rows - begin < kChunkRows ? s.rows : begin + kChunkRows;
    for (int k = 0; k < N; ++k) {
      for (std::int64_t j = 0; j < kPhases * phase; j += kLanes) store(acc[k] + j, zero(), whole{});
    }
    std::int64_t row = begin;
    if (together) {
      const std::int64_t width = kPhases * s.width;
      for (; row + 4 * kPhases <= end; row += 4 * kPhases) add_rows(row, 4, width, four_times, 0);
      for (; row + kPhases <= end; row += kPhases) add_rows(row, 1, width, four_times, 0);
    } else {
      for (; row + 4 * kPhases <= end; row += 4 * kPhases) {
        for (int p = 0; p < kPhases; ++p) add_rows(row + p, 4, s.width, once, p * phase);
      }
    }
    for (; row < end; ++row) add_rows(row, 1, s.width, once, (row - begin) % kPhases * phase);
    for (int k = 0; k < N; ++k) {
      for (std::int64_t j = 0; j < s.width; j += kLanes) {
        const auto of = [&](std::int64_t p) NK_INLINE_LAMBDA { return widen(load(acc[k] + p * phase + j, whole{})); };
        store(sums[k] + j, add(load(sums[k] + j), add(add(of(0), of(1)), add(of(2), of(3)))));
      }
    }
  }
}

template <class T>
void moments_columns(const void* x, const strip& s, const float* pivot, double* sum, double* squares) {
  const T* const px = static_cast<const T*>(x);
  double* const sums[2] = {sum, squares};
  const float* const coefficients[1] = {pivot};
  sum_columns(s, coefficients, sums,
              [&](std::int64_t at, const column_coefficients<1>& c, std::int64_t j, auto lanes, vf* acc)
                  NK_INLINE_LAMBDA {
                    const vf d = keep(sub(load(px + at, lanes), c.load_at(0, j)), lanes);
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
  const float* const coefficients[2] = {center, scale};
  sum_columns(s, coefficients, sums,
              [&](std::int64_t at, const column_coefficients<2>& c, std::int64_t j, auto lanes, vf* acc)
                  NK_INLINE_LAMBDA {
                    const vf xhat = keep(mul(sub(load(px + at, lanes), c.load_at(0, j)), c.load_at(1, j)), lanes);
                    const vf tangent = load(pt + at, lanes);
                    acc[0] = add(acc[0], tangent);
                    acc[1] = fma(tangent, xhat, acc[1]);
                    acc[2] = add(acc[2], xhat);
                  });
}

NK_END_ISA
