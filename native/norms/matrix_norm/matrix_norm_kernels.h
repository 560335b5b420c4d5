// What matrix_norm's C entry asks of its kernels: one matrix at a time, with scratch for it.
#pragma once

#include <normkernels/nk_reduction.h>

#include <cstdint>

#include "core/isas.h"

namespace nk {

struct matrix {
  const void* x;
  std::int32_t dtype;
  std::int64_t rows, columns;
  std::int64_t row_stride, column_stride;
  nk_matrix_order order;
  double* scratch;  // scratch_doubles() of them
};

// Doubles of scratch for a matrix: the sums of its lines; or for singular values the matrix itself, columns along the
// longer side and padded to whole steps, the rotations, and the values.
inline std::int64_t padded(std::int64_t n) {
  return (n + 15) / 16 * 16;
}

struct matrix_norm_table {
  double (*norm)(const matrix& m);
  // out = g * gradient of the norm, at the elements' own offsets; out may be x
  void (*gradient)(const matrix& m, double g, void* out);
  // sum of t * gradient
  double (*product)(const matrix& m, const void* t);
};

}  // namespace nk

NK_DECLARE_TABLES(matrix_norm_table, matrix_norm_table)
