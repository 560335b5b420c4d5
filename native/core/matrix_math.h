// What the kernels of matrix_norm have in common on the CPU and in CUDA: which order means what, and the arithmetic of
// one-sided Jacobi rotations, which turn pairs of columns until all are orthogonal; their lengths are then the singular
// values, each found to high relative accuracy.
#pragma once

#include <normkernels/nk_reduction.h>

#include <cstdint>

#include "compiler.h"

namespace nk {
namespace {

NK_INLINE bool is_singular(std::int32_t order) {
  return order == NK_MATRIX_NUCLEAR || order == NK_MATRIX_MAX_SINGULAR_VALUE || order == NK_MATRIX_MIN_SINGULAR_VALUE;
}

// Extremes of the sums of columns, or of rows.
NK_INLINE bool is_of_columns(std::int32_t order) {
  return order == NK_MATRIX_MAX_COLUMN_SUM || order == NK_MATRIX_MIN_COLUMN_SUM;
}
NK_INLINE bool is_of_rows(std::int32_t order) {
  return order == NK_MATRIX_MAX_ROW_SUM || order == NK_MATRIX_MIN_ROW_SUM;
}
NK_INLINE bool is_largest_sum(std::int32_t order) {
  return order == NK_MATRIX_MAX_COLUMN_SUM || order == NK_MATRIX_MAX_ROW_SUM;
}

// Convergence is quadratic: 6 to 10 sweeps over all pairs are usual.
constexpr int kMostSweeps = 60;

NK_INLINE double magnitude(double v) {
  return v < 0.0 ? -v : v;
}

struct rotation {
  bool needed;
  double cosine, sine;
};

// (a, b) = (c a - s b, s a + c b) makes columns orthogonal whose products are aa, bb and ab.
NK_INLINE rotation rotation_of(double aa, double bb, double ab) {
  // Columns count as orthogonal when their angle is below rounding.
  constexpr double kOrthogonal = 1e-15;
  // What rounding leaves of a column that depends on others shrinks by 1e-16 with every sweep, and where its square
  // leaves the doubles it would be turned for ever: 60 sweeps where with this there are 14 at most.
  constexpr double kZero = 1e-290;
  if (aa < kZero || bb < kZero || magnitude(ab) <= kOrthogonal * NK_SQRT(aa) * NK_SQRT(bb)) return {false, 1.0, 0.0};
  const double zeta = (bb - aa) / (2.0 * ab);
  // zeta^2 may overflow where ab is tiny: then the tangent is 1 / (2 zeta).
  const double steep = magnitude(zeta) > 1e150 ? 2.0 * magnitude(zeta) : magnitude(zeta) + NK_SQRT(1.0 + zeta * zeta);
  const double tangent = (zeta < 0.0 ? -1.0 : 1.0) / steep;
  const double cosine = 1.0 / NK_SQRT(1.0 + tangent * tangent);
  return {true, cosine, cosine * tangent};
}

// What rounding leaves of a singular value of zero: the matrix is exact in float32, the rotations err by 1e-16 of its
// size.
NK_INLINE double rounded_zero(double largest, std::int64_t rows, std::int64_t columns) {
  return largest * 1e-15 * static_cast<double>(rows + columns);
}

// Whether a singular value ties for the extreme.
NK_INLINE bool is_tied(double value, double extreme) {
  return magnitude(value - extreme) <= 1e-13 * extreme;
}

}  // namespace
}  // namespace nk
