// Norms of matrices, over any two axes of a tensor: Frobenius, nuclear, 1 and -1 (largest and smallest sum of
// magnitudes of a column), infinity and -infinity (of a row), 2 and -2 (largest and smallest singular value).
//
// Backward gives dnorm * gradient: x / norm; the sign of x in the lines that tie for the extreme, which share it
// equally; u v^T of the singular values that are meant, zeros among them left out. It is 0 where the norm is 0.
// Backward and jvp compute the norms again. A matrix with a NaN has a norm of NaN and disturbs no other. A matrix
// without elements has a norm of 0, but for extremes of no lines or no singular values, which are errors.
#include <normkernels/nk_matrix_norm.h>

#include "core/matrix_view.h"
#include "core/slices.h"
#include "matrix_norm_kernels.h"

namespace {

constexpr nk::isa_tables<nk::matrix_norm_table> kTables = NK_TABLES(matrix_norm_table);
constexpr std::uint64_t kAlignment = 64;

// Bytes, or -1 when they overflow.
std::int64_t workspace_size(const nk_reduction& n) {
  if (n.order == NK_MATRIX_FROBENIUS) return 0;
  const nk::matrix_view m = nk::matrices_of(n);
  const std::int64_t more = m.rows > m.columns ? m.rows : m.columns, less = m.rows > m.columns ? m.columns : m.rows;
  if (!nk::is_singular(n.order)) {
    return more > nk::kMax / 16 ? -1 : more * std::int64_t{sizeof(double)} + std::int64_t{kAlignment};
  }
  const std::int64_t column = nk::padded(more) + nk::padded(less) + 1;
  if (less > 0 && column > nk::kMax / 16 / less) return -1;
  return less * column * std::int64_t{sizeof(double)} + std::int64_t{kAlignment};
}

// Calls f(matrix, index, offset) for every matrix that the call does.
template <class Params, class F>
nk_status run(const Params& p, F&& f) {
  const nk::matrix_norm_table* table;
  nk_status status = nk::pick(kTables, p.isa, &table);
  if (status != NK_OK) return status;
  const nk::matrix_view v = nk::matrices_of(p.reduction);
  nk::part_range parts;
  status = nk::parts_of(p, v.batch.count(), &parts);
  if (status != NK_OK) return status;
  const std::int64_t size = workspace_size(p.reduction);
  if (size < 0) return NK_ERROR_SHAPE;
  if (size > 0 && parts.begin < parts.end &&
      (p.workspace == nullptr || p.workspace_size < static_cast<std::uint64_t>(size))) {
    return NK_ERROR_WORKSPACE;
  }
  const std::uintptr_t address = reinterpret_cast<std::uintptr_t>(p.workspace);
  double* const scratch = reinterpret_cast<double*>(address + (kAlignment - address % kAlignment) % kAlignment);
  for (std::int64_t i = parts.begin; i < parts.end; ++i) {
    const std::int64_t offset = v.batch.offset(i);
    const nk::matrix m = {nk::element_at(p.x, p.dtype, offset),
                          p.dtype,
                          v.rows,
                          v.columns,
                          v.row_stride,
                          v.column_stride,
                          static_cast<nk_matrix_order>(p.reduction.order),
                          scratch};
    f(*table, m, i, offset);
  }
  return NK_OK;
}

}  // namespace

nk_status nk_matrix_norm_plan(const nk_reduction* reduction, nk_plan* plan) {
  if (plan == nullptr || reduction == nullptr) return NK_ERROR_NULL;
  nk_status status = nk::check_sizes(*reduction, 4);
  if (status == NK_OK) status = nk::check_matrix_axes(*reduction);
  if (status != NK_OK) return status;
  const std::int64_t size = workspace_size(*reduction);
  if (size < 0) return NK_ERROR_SHAPE;
  plan->part_count = nk::matrices_of(*reduction).batch.count();
  plan->workspace_size = static_cast<std::uint64_t>(size);
  return NK_OK;
}

nk_status nk_matrix_norm_forward(const nk_reduction_forward_params* params) {
  const nk_status status = nk::check_matrix_norm(params);
  if (status != NK_OK) return status;
  const nk_reduction_forward_params& p = *params;
  return run(p, [&](const nk::matrix_norm_table& table, const nk::matrix& m, std::int64_t i, std::int64_t) {
    nk::write_norm(p.norm, p.norm_dtype, i, table.norm(m));
  });
}

nk_status nk_matrix_norm_backward(const nk_reduction_backward_params* params) {
  const nk_status status = nk::check_matrix_norm(params);
  if (status != NK_OK) return status;
  const nk_reduction_backward_params& p = *params;
  if (nk::element_count(p.reduction) == 0) return NK_OK;
  return run(p, [&](const nk::matrix_norm_table& table, const nk::matrix& m, std::int64_t i, std::int64_t offset) {
    table.gradient(m, nk::parameter_at(p.dnorm, p.norm_dtype, i, 0.0), nk::element_at(p.dx, p.dtype, offset));
  });
}

nk_status nk_matrix_norm_jvp(const nk_reduction_jvp_params* params) {
  const nk_status status = nk::check_matrix_norm(params);
  if (status != NK_OK) return status;
  const nk_reduction_jvp_params& p = *params;
  const bool any = nk::element_count(p.reduction) > 0;
  return run(p, [&](const nk::matrix_norm_table& table, const nk::matrix& m, std::int64_t i, std::int64_t offset) {
    nk::write_norm(p.jvp_norm, p.norm_dtype, i, any ? table.product(m, nk::element_at(p.tan_x, p.dtype, offset)) : 0.0);
  });
}
