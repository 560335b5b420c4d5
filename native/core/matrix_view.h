// The matrices in a tensor, which two of its axes span, and what the entries of matrix_norm check: for the CPU and for
// CUDA.
#pragma once

#include <initializer_list>

#include "matrix_math.h"
#include "reduction.h"

namespace nk {

// One after the other along all other axes. Those that follow one another are one: there are at most three.
struct matrix_view {
  loops batch;
  std::int64_t rows, columns;
  std::int64_t row_stride, column_stride;
};

inline matrix_view matrices_of(const nk_reduction& n) {
  std::int64_t strides[NK_MAX_RANK] = {};
  std::int64_t stride = 1;
  for (int i = n.rank - 1; i >= 0; --i) {
    strides[i] = stride;
    stride *= n.sizes[i];
  }
  matrix_view v = {};
  bool follows = false;
  for (int i = 0; i < n.rank; ++i) {
    if (i == n.row_axis || i == n.column_axis) {
      follows = false;
      continue;
    }
    if (!follows) v.batch.sizes[v.batch.rank++] = 1;
    v.batch.sizes[v.batch.rank - 1] *= n.sizes[i];
    v.batch.strides[v.batch.rank - 1] = strides[i];
    follows = true;
  }
  v.rows = n.sizes[n.row_axis];
  v.columns = n.sizes[n.column_axis];
  v.row_stride = strides[n.row_axis];
  v.column_stride = strides[n.column_axis];
  return v;
}

// After check_sizes.
inline nk_status check_matrix_axes(const nk_reduction& n) {
  if (n.reduced != 0 || n.p != 0.0) return NK_ERROR_FLAGS;
  if (n.order < NK_MATRIX_FROBENIUS || n.order > NK_MATRIX_MIN_SINGULAR_VALUE) return NK_ERROR_FLAGS;
  if (n.rank < 2 || n.row_axis < 0 || n.row_axis >= n.rank || n.column_axis < 0 || n.column_axis >= n.rank ||
      n.row_axis == n.column_axis) {
    return NK_ERROR_SHAPE;
  }
  const matrix_view v = matrices_of(n);
  const bool no_rows = v.rows == 0, no_columns = v.columns == 0;
  // An extreme of nothing.
  const bool undefined = (is_of_columns(n.order) && no_columns) || (is_of_rows(n.order) && no_rows) ||
                         (is_singular(n.order) && n.order != NK_MATRIX_NUCLEAR && (no_rows || no_columns));
  return undefined && v.batch.count() > 0 ? NK_ERROR_SHAPE : NK_OK;
}

// Everything that an entry of matrix_norm checks but the workspace.
template <class Params>
nk_status check_matrix_call(const Params& p, bool gives_norms, const void* result,
                            std::initializer_list<const void*> others) {
  nk_status status = check_reduction_call(p);
  if (status == NK_OK) status = check_matrix_axes(p.reduction);
  if (status != NK_OK) return status;
  const bool empty = element_count(p.reduction) == 0;
  if (result == nullptr && (gives_norms ? matrices_of(p.reduction).batch.count() > 0 : !empty)) return NK_ERROR_NULL;
  for (const void* const other : others) {
    if (!empty && other == nullptr) return NK_ERROR_NULL;
  }
  return NK_OK;
}

inline nk_status check_matrix_norm(const nk_reduction_forward_params* p) {
  if (p == nullptr) return NK_ERROR_NULL;
  if (p->struct_size != sizeof *p) return NK_ERROR_STRUCT_SIZE;
  return check_matrix_call(*p, true, p->norm, {p->x});
}
inline nk_status check_matrix_norm(const nk_reduction_backward_params* p) {
  if (p == nullptr) return NK_ERROR_NULL;
  if (p->struct_size != sizeof *p) return NK_ERROR_STRUCT_SIZE;
  return check_matrix_call(*p, false, p->dx, {p->x, p->dnorm});
}
inline nk_status check_matrix_norm(const nk_reduction_jvp_params* p) {
  if (p == nullptr) return NK_ERROR_NULL;
  if (p->struct_size != sizeof *p) return NK_ERROR_STRUCT_SIZE;
  return check_matrix_call(*p, true, p->jvp_norm, {p->x, p->tan_x});
}

}  // namespace nk
