// What the kernels of matrix_norm have in common on the CPU and in CUDA: which order means what, and the arithmetic of
// one-sided Jacobi rotations, which turn pairs of columns until all are orthogonal; their lengths are then the singular
// values, each found to high relative accuracy.
#pragma once

#include <normkernels/nk_reduction.h>

#include <cstdint>

#include "double_bits.h"

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

struct rotation {
  bool needed;
  double cosine, sine;
};

// (a, b) = (c a - s b, s a + c b) makes columns orthogonal whose products are aa, bb and ab. Without branches, so that
// a loop over several becomes vectors: a single one waits a hundred cycles for its roots and divisions.
NK_INLINE rotation rotation_of(double aa, double bb, double ab) {
  // Columns count as orthogonal when their angle is below rounding.
  constexpr double kOrthogonal = 1e-15;
  // What rounding leaves of a column that depends on others shrinks by 1e-16 with every sweep, and where its square
  // leaves the doubles it would be turned for ever: 60 sweeps where with this there are 14 at most.
  constexpr double kZero = 1e-290;
  const double bound = kOrthogonal * NK_SQRT(aa) * NK_SQRT(bb);
  const double never = double_from_bits(0x7ff0000000000000ull);
  const bool needed = magnitude(ab) > choose(aa < kZero, never, choose(bb < kZero, never, bound));
  const double zeta = (bb - aa) / (2.0 * ab);
  // zeta^2 may overflow where ab is tiny: then the tangent is 1 / (2 zeta).
  const double root = magnitude(zeta) + NK_SQRT(1.0 + zeta * zeta);
  const double steep = choose(magnitude(zeta) > 1e150, 2.0 * magnitude(zeta), root);
  const double tangent = double_from_bits(bits_from_double(1.0 / steep) | (bits_from_double(zeta) & ~(~0ull >> 1)));
  const double cosine = 1.0 / NK_SQRT(1.0 + tangent * tangent);
  return {needed, cosine, cosine * tangent};
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
