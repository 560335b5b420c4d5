#include "slices.h"

#include <cmath>
#include <limits>

namespace nk {

const strip_table* const kStripTables[3] = {&scalar::strip_ops, &avx2::strip_ops, &avx512::strip_ops};

void slice_moments(const slice_range& r, const strip_table& ops, std::int32_t dtype, const void* x, bool centred,
                   double* mean, double* variance) {
  const slices& v = *r.view;
  const std::int64_t base = v.outer.offset(r.outer);
  // The first value of a slice: what is summed is the distance from it, so a constant slice has exactly its constant
  // for a mean, and no variance. Not an infinity, from which every distance is infinite or NaN.
  const auto pivot = [&](std::int64_t k) {
    const double value = centred ? parameter_at(x, dtype, base + k * v.inner, 0.0) : 0.0;
    return std::isfinite(value) ? static_cast<float>(value) : 0.0f;
  };
  const double values = static_cast<double>(v.values());
  double* const sum = mean;
  double* const squares = variance;
  for (std::int64_t k = r.begin; k < r.end; ++k) sum[k - r.begin] = squares[k - r.begin] = 0.0;

  if (v.by_run()) {
    for (std::int64_t k = r.begin; k < r.end; ++k) {
      double sums[2] = {};
      // A slice's runs lie side by side: one strip.
      for_each_strip(r, {k * v.inner, v.inner, 1}, [&](std::int64_t at, const strip& s) {
        ops.moments[dtype](element_at(x, dtype, at), s, pivot(k), sums);
      });
      sum[k - r.begin] = sums[0];
      squares[k - r.begin] = sums[1];
    }
  } else {
    column_array<float> pivots;
    column_array<double> sums, square_sums;
    for_each_tile(r, [&](const tile& piece) {
      pivots.fill(v, piece, [&](std::int64_t k, std::int64_t) { return pivot(k); });
      sums.clear(piece);
      square_sums.clear(piece);
      for_each_strip(r, piece, [&](std::int64_t at, const strip& s) {
        ops.moments_columns[dtype](element_at(x, dtype, at), s, pivots.at, sums.at, square_sums.at);
      });
      for (std::int64_t j = 0; j < piece.columns; j += v.run) {
        const std::int64_t k = (piece.first + j) / v.inner - r.begin;
        sum[k] += sums.sum(v, piece, j);
        squares[k] += square_sums.sum(v, piece, j);
      }
    });
  }

  for (std::int64_t k = r.begin; k < r.end; ++k) {
    const double shift = sum[k - r.begin] / values;
    const double centered_square = squares[k - r.begin] / values - (centred ? shift * shift : 0.0);
    mean[k - r.begin] = static_cast<double>(pivot(k)) + (centred ? shift : 0.0);
    // Rounding may leave a trace below zero. NaN must stay NaN.
    variance[k - r.begin] = centered_square < 0.0 ? 0.0 : centered_square;
  }
}

}  // namespace nk
