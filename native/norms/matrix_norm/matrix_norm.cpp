// Norms of matrices, over any two axes of a tensor: Frobenius, nuclear, 1 and -1 (largest and smallest sum of
// magnitudes of a column), infinity and -infinity (of a row), 2 and -2 (largest and smallest singular value).
//
// Backward gives dnorm * gradient: x / norm; the sign of x in the lines that tie for the extreme, which share it
// equally; u v^T of the singular values that are meant, zeros among them left out. It is 0 where the norm is 0.
// Backward and jvp compute the norms again. A matrix with a NaN has a norm of NaN and disturbs no other. A matrix
// without elements has a norm of 0, but for extremes of no lines or no singular values, which are errors.
#include <normkernels/nk_matrix_norm.h>

#include "core/reduction.h"
#include "core/slices.h"
#include "matrix_norm_kernels.h"

namespace {

constexpr const nk::matrix_norm_table* kTables[3] = {&nk::scalar::matrix_norm_table, &nk::avx2::matrix_norm_table,
                                                     &nk::avx512::matrix_norm_table};
constexpr std::uint64_t kAlignment = 64;

// The batch as a loop over matrices, and one of them.
struct batch {
  nk::loops loop;
  nk::matrix first;
};

batch batch_of(const nk_reduction& n, const void* x, std::int32_t dtype) {
  batch b = {};
  std::int64_t strides[NK_MAX_RANK];
  std::int64_t stride = 1;
  for (int i = n.rank - 1; i >= 0; --i) {
    strides[i] = stride;
    stride *= n.sizes[i];
  }
  for (int i = 0; i < n.rank; ++i) {
    if (i == n.row_axis || i == n.column_axis) continue;
    b.loop.sizes[b.loop.rank] = n.sizes[i];
    b.loop.strides[b.loop.rank++] = strides[i];
  }
  b.first = {x,
             dtype,
             n.sizes[n.row_axis],
             n.sizes[n.column_axis],
             strides[n.row_axis],
             strides[n.column_axis],
             static_cast<nk_matrix_order>(n.order),
             nullptr};
  return b;
}

nk_status check(const nk_reduction& n) {
  if (n.reduced != 0 || n.p != 0.0) return NK_ERROR_FLAGS;
  if (n.order < NK_MATRIX_FROBENIUS || n.order > NK_MATRIX_MIN_SINGULAR_VALUE) return NK_ERROR_FLAGS;
  if (n.rank < 2 || n.row_axis < 0 || n.row_axis >= n.rank || n.column_axis < 0 || n.column_axis >= n.rank ||
      n.row_axis == n.column_axis) {
    return NK_ERROR_SHAPE;
  }
  const batch b = batch_of(n, nullptr, NK_F32);
  const bool no_rows = b.first.rows == 0, no_columns = b.first.columns == 0;
  bool of_nothing = false;
  switch (b.first.order) {
    case NK_MATRIX_MAX_COLUMN_SUM:
    case NK_MATRIX_MIN_COLUMN_SUM:
      of_nothing = no_columns;
      break;
    case NK_MATRIX_MAX_ROW_SUM:
    case NK_MATRIX_MIN_ROW_SUM:
      of_nothing = no_rows;
      break;
    case NK_MATRIX_MAX_SINGULAR_VALUE:
    case NK_MATRIX_MIN_SINGULAR_VALUE:
      of_nothing = no_rows || no_columns;
      break;
    default:
      break;
  }
  return of_nothing && b.loop.count() > 0 ? NK_ERROR_SHAPE : NK_OK;
}

// Bytes, or -1 when they overflow.
std::int64_t workspace_size(const nk_reduction& n) {
  const nk::matrix m = batch_of(n, nullptr, NK_F32).first;
  if (m.order == NK_MATRIX_FROBENIUS) return 0;
  const std::int64_t more = m.rows > m.columns ? m.rows : m.columns, less = m.rows > m.columns ? m.columns : m.rows;
  if (!nk::is_singular(m.order)) {
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
  batch b = batch_of(p.reduction, p.x, p.dtype);
  nk::part_range parts;
  status = nk::parts_of(p, b.loop.count(), &parts);
  if (status != NK_OK) return status;
  const std::int64_t size = workspace_size(p.reduction);
  if (size < 0) return NK_ERROR_SHAPE;
  if (size > 0 && parts.begin < parts.end &&
      (p.workspace == nullptr || p.workspace_size < static_cast<std::uint64_t>(size))) {
    return NK_ERROR_WORKSPACE;
  }
  const std::uintptr_t address = reinterpret_cast<std::uintptr_t>(p.workspace);
  b.first.scratch = reinterpret_cast<double*>(address + (kAlignment - address % kAlignment) % kAlignment);
  for (std::int64_t i = parts.begin; i < parts.end; ++i) {
    const std::int64_t offset = b.loop.offset(i);
    nk::matrix m = b.first;
    m.x = nk::element_at(p.x, p.dtype, offset);
    f(*table, m, i, offset);
  }
  return NK_OK;
}

template <class Params>
nk_status check_call(const Params* params) {
  if (params == nullptr) return NK_ERROR_NULL;
  if (params->struct_size != sizeof *params) return NK_ERROR_STRUCT_SIZE;
  const nk_status status = nk::check_reduction_call(*params);
  return status == NK_OK ? check(params->reduction) : status;
}

}  // namespace

nk_status nk_matrix_norm_plan(const nk_reduction* reduction, nk_plan* plan) {
  if (plan == nullptr || reduction == nullptr) return NK_ERROR_NULL;
  nk_status status = nk::check_sizes(*reduction, 4);
  if (status == NK_OK) status = check(*reduction);
  if (status != NK_OK) return status;
  const std::int64_t size = workspace_size(*reduction);
  if (size < 0) return NK_ERROR_SHAPE;
  plan->part_count = batch_of(*reduction, nullptr, NK_F32).loop.count();
  plan->workspace_size = static_cast<std::uint64_t>(size);
  return NK_OK;
}

nk_status nk_matrix_norm_forward(const nk_reduction_forward_params* params) {
  const nk_status status = check_call(params);
  if (status != NK_OK) return status;
  const nk_reduction_forward_params& p = *params;
  const bool any = nk::element_count(p.reduction) > 0;
  if (any && p.x == nullptr) return NK_ERROR_NULL;
  if (batch_of(p.reduction, nullptr, NK_F32).loop.count() > 0 && p.norm == nullptr) return NK_ERROR_NULL;
  return run(p, [&](const nk::matrix_norm_table& table, const nk::matrix& m, std::int64_t i, std::int64_t) {
    nk::write_norm(p.norm, p.norm_dtype, i, table.norm(m));
  });
}

nk_status nk_matrix_norm_backward(const nk_reduction_backward_params* params) {
  const nk_status status = check_call(params);
  if (status != NK_OK) return status;
  const nk_reduction_backward_params& p = *params;
  if (nk::element_count(p.reduction) == 0) return NK_OK;
  if (p.x == nullptr || p.dx == nullptr || p.dnorm == nullptr) return NK_ERROR_NULL;
  return run(p, [&](const nk::matrix_norm_table& table, const nk::matrix& m, std::int64_t i, std::int64_t offset) {
    table.gradient(m, nk::parameter_at(p.dnorm, p.norm_dtype, i, 0.0), nk::element_at(p.dx, p.dtype, offset));
  });
}

nk_status nk_matrix_norm_jvp(const nk_reduction_jvp_params* params) {
  const nk_status status = check_call(params);
  if (status != NK_OK) return status;
  const nk_reduction_jvp_params& p = *params;
  const bool any = nk::element_count(p.reduction) > 0;
  if (any && (p.x == nullptr || p.tan_x == nullptr)) return NK_ERROR_NULL;
  if (batch_of(p.reduction, nullptr, NK_F32).loop.count() > 0 && p.jvp_norm == nullptr) return NK_ERROR_NULL;
  return run(p, [&](const nk::matrix_norm_table& table, const nk::matrix& m, std::int64_t i, std::int64_t offset) {
    nk::write_norm(p.jvp_norm, p.norm_dtype, i, any ? table.product(m, nk::element_at(p.tan_x, p.dtype, offset)) : 0.0);
  });
}
