#include "slices.h"

#include <cmath>
#include <limits>

namespace nk {

const isa_tables<strip_table> kStripTables = NK_TABLES(strip_ops);

namespace {

// Some values from all over a slice: their mean lies nearer than three standard deviations to that of the slice but
// once in ten million times, if they are as good as random.
constexpr std::int64_t kSamples = 4;

// What is summed is the distance from the mean of the samples. In a constant slice that is exactly its constant: four
// equal doubles add up without rounding. Not an infinity, from which every distance is infinite or NaN.
template <class T>
void sample_pivots(const slice_range& r, const void* x, float* pivot) {
  const slices& v = *r.view;
  double sum[kStripColumns];
  for (std::int64_t i = 0; i < r.count(); ++i) sum[i] = 0.0;
  for (std::int64_t sample = 0; sample < kSamples; ++sample) {
    const std::int64_t row = v.rows * sample / kSamples, column = v.inner * sample / kSamples;
    const T* const from =
        static_cast<const T*>(x) + v.outer.offset(r.outer) + row * v.row_stride + r.begin * v.inner + column;
    for (std::int64_t i = 0; i < r.count(); ++i) sum[i] += static_cast<double>(read(from + i * v.inner));
  }
  for (std::int64_t i = 0; i < r.count(); ++i) {
    const double mean = sum[i] / static_cast<double>(kSamples);
    pivot[i] = std::isfinite(mean) ? static_cast<float>(mean) : 0.0f;
  }
}

void pivots_of(const slice_range& r, std::int32_t dtype, const void* x, bool centred, float* pivot) {
  for (std::int64_t i = 0; i < r.count(); ++i) pivot[i] = 0.0f;
  if (!centred) return;
  switch (dtype) {
    case NK_F16:
      return sample_pivots<f16>(r, x, pivot);
    case NK_BF16:
      return sample_pivots<bf16>(r, x, pivot);
    default:
      return sample_pivots<float>(r, x, pivot);
  }
}

// The sums of distances from pivots, and of their squares, of all slices of a range.
struct moment_sums {
  double sum[kStripColumns];
  double squares[kStripColumns];
};

// Of those slices that are wanted, and it may be of others.
template <class Wanted>
void sum_moments(const slice_range& r, const strip_table& ops, summing how, std::int32_t dtype, const void* x,
                 const float* pivot, Wanted&& wanted, moment_sums* s) {
  const slices& v = *r.view;
  const bool exact = how == summing::in_double;
  const auto moments = exact ? ops.exact_moments[dtype] : ops.moments[dtype];
  const auto moments_columns = exact ? ops.exact_moments_columns[dtype] : ops.moments_columns[dtype];
  if (!exact && is_short_runs(r, v.inner)) {
    for_each_short_runs(r, v.inner, [&](std::int64_t at, const short_runs& runs, const tile&) {
      ops.moments_runs[dtype](element_at(x, dtype, at), runs, pivot, s->sum, s->squares);
    });
    return;
  }
  for (std::int64_t i = 0; i < r.count(); ++i) s->sum[i] = s->squares[i] = 0.0;
  if (v.by_run()) {
    for (std::int64_t k = r.begin; k < r.end; ++k) {
      if (!wanted(k - r.begin)) continue;
      double sums[2] = {};
      // A slice's runs lie side by side: one strip.
      for_each_strip(r, {k * v.inner, v.inner, 1}, [&](std::int64_t at, const strip& strip_of) {
        moments(element_at(x, dtype, at), strip_of, pivot[k - r.begin], sums);
      });
      s->sum[k - r.begin] = sums[0];
      s->squares[k - r.begin] = sums[1];
    }
    return;
  }
  column_array<float> pivots;
  column_array<double> sums, squares;
  for_each_tile(r, exact ? folding::allowed : folding::none, [&](const tile& piece) {
    pivots.fill(v, piece, [&](std::int64_t k, std::int64_t) { return pivot[k - r.begin]; });
    sums.clear(piece);
    squares.clear(piece);
    for_each_strip(r, piece, [&](std::int64_t at, const strip& strip_of) {
      moments_columns(element_at(x, dtype, at), strip_of, pivots.at, sums.at, squares.at);
    });
    sums.unfold(piece);
    squares.unfold(piece);
    for_each_channel(v, piece, [&](std::int64_t j, std::int64_t k, std::int64_t) {
      s->sum[k - r.begin] += sums.sum(v, j);
      s->squares[k - r.begin] += squares.sum(v, j);
    });
  });
}

// Whether a variance that was summed in float32 can be taken: its squares were numbers of full precision, or it is too
// far below epsilon to matter, and subtracting the square of the shift has not cost more than three bits.
bool is_exact_enough(double variance, double shift, double epsilon) {
  constexpr double kSmallest = 0x1p-100, kLargest = 0x1p100;
  return variance <= kLargest && (variance >= kSmallest || epsilon >= 0x1p24 * kSmallest) &&
         shift * shift <= 8.0 * variance;
}

}  // namespace

void slice_moments(const slice_range& r, const strip_table& ops, summing how, std::int32_t dtype, const void* x,
                   bool centred, double epsilon, double* mean, double* variance) {
  const double values = static_cast<double>(r.view->values());
  float pivot[kStripColumns];
  pivots_of(r, dtype, x, centred, pivot);
  moment_sums s;
  sum_moments(
      r, ops, how, dtype, x, pivot, [](std::int64_t) { return true; }, &s);
  // Mean and variance of slice i; returns whether they are exact enough.
  const auto finish = [&](std::int64_t i) {
    const double shift = centred ? s.sum[i] / values : 0.0;
    const double square = s.squares[i] / values - shift * shift;
    mean[i] = static_cast<double>(pivot[i]) + shift;
    // Rounding may leave a trace below zero. NaN must stay NaN.
    variance[i] = square < 0.0 ? 0.0 : square;
    return is_exact_enough(variance[i], shift, epsilon);
  };
  bool again[kStripColumns];
  bool any = false;
  for (std::int64_t i = 0; i < r.count(); ++i) {
    again[i] = !finish(i) && how == summing::in_float_first;
    any = any || again[i];
  }
  if (!any) return;
  sum_moments(
      r, ops, summing::in_double, dtype, x, pivot, [&](std::int64_t i) { return again[i]; }, &s);
  for (std::int64_t i = 0; i < r.count(); ++i) {
    if (again[i]) finish(i);
  }
}

void slice_scale(const slice_range& r, const strip_table& ops, std::int32_t dtype, const void* x, void* y,
                 const double* factor) {
  const auto fits = [&](std::int64_t k) {
    constexpr double kSmallest = 0x1p-100, kLargest = 0x1p100;
    const double size = std::fabs(factor[k - r.begin]);
    return size == 0.0 || (size >= kSmallest && size <= kLargest);
  };
  // Neighbours of one kind at a time: a slice's bits do not depend on the others.
  slice_range part = r;
  for (part.begin = r.begin; part.begin < r.end; part.begin = part.end) {
    const bool in_float = fits(part.begin);
    part.end = part.begin + 1;
    while (part.end < r.end && fits(part.end) == in_float) ++part.end;
    if (in_float) {
      channel_affine(part, ops, dtype, x, y, [&](std::int64_t k, std::int64_t) {
        return affine_coefficients{0.0f, static_cast<float>(factor[k - r.begin]), 0.0f};
      });
    } else {
      channel_affine_double(part, ops, dtype, x, y, [&](std::int64_t k, std::int64_t) {
        return affine_double_coefficients{factor[k - r.begin], 0.0};
      });
    }
  }
}

}  // namespace nk
