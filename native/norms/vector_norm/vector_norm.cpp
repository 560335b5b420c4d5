// Vector norms over any axes: (sum |x|^p)^(1/p); p = infinity: max |x|, -infinity: min |x|, 0: how many are not zero.
//
//   dx = dnorm * sign(x) * (|x| / norm)^(p - 1)      jvp_norm = sum of t * the same
//
// Elements that tie for an extreme share the gradient equally. It is 0 where the norm is 0, and for elements that are
// 0. p = 0 has no derivative. Backward and jvp compute the norms again. Over no elements the norm is 0, and there is
// none for p < 0 or infinite (an error). A NaN in a slice makes its norm NaN, but for p = 0, which counts it.
#include <normkernels/nk_vector_norm.h>

#include <cmath>

#include "core/axis_entry.h"
#include "core/power_norm.h"
#include "core/reduction.h"

namespace {

using nk::slice_range;
using nk::strip_table;

// Axes of a kind that follow one another are one. The last reduced and the last kept run make the strips, in the order
// in which they lie; whatever is before them is looped over.
nk::slices view_of(const nk_reduction& n) {
  struct axis {
    std::int64_t size;
    std::int64_t stride;
    bool reduced;
  };
  axis axes[NK_MAX_RANK + 2];
  int count = 0;
  std::int64_t stride = 1;
  // Innermost first.
  for (int i = n.rank - 1; i >= 0; --i) {
    const bool reduced = (n.reduced >> i & 1u) != 0;
    if (n.sizes[i] != 1) {
      if (count > 0 && axes[count - 1].reduced == reduced) {
        axes[count - 1].size *= n.sizes[i];
      } else {
        axes[count++] = {n.sizes[i], stride, reduced};
      }
    }
    stride *= n.sizes[i];
  }
  nk::slices v = nk::contiguous_slices(1, 1, 1, 1, 1);
  v.outer = v.blocks = nk::loops{};
  int next = 0;
  if (next < count && axes[next].reduced) v.inner = v.run = axes[next++].size;
  if (next < count && !axes[next].reduced) v.kept = axes[next++].size;
  v.row_stride = v.kept * v.inner;
  if (next < count && axes[next].reduced) {
    v.rows = axes[next].size;
    v.row_stride = axes[next++].stride;
  }
  // The rest alternates; loops hold their outermost first.
  for (int i = count - 1; i >= next; --i) {
    nk::loops& loop = axes[i].reduced ? v.blocks : v.outer;
    loop.sizes[loop.rank] = axes[i].size;
    loop.strides[loop.rank++] = axes[i].stride;
  }
  return v;
}

nk_status check(const nk_reduction& n) {
  if (n.row_axis != 0 || n.column_axis != 0 || n.order != 0) return NK_ERROR_FLAGS;
  if (n.p != n.p) return NK_ERROR_EPSILON;
  if (n.reduced >> n.rank != 0) return NK_ERROR_SHAPE;
  std::int64_t kept = 1, reduced = 1;
  for (int i = 0; i < n.rank; ++i) ((n.reduced >> i & 1u) != 0 ? reduced : kept) *= n.sizes[i];
  const bool of_nothing = n.p >= 0.0 && !std::isinf(n.p);
  return reduced == 0 && kept > 0 && !of_nothing ? NK_ERROR_SHAPE : NK_OK;
}

std::int64_t slice_count(const nk_reduction& n) {
  std::int64_t kept = 1;
  for (int i = 0; i < n.rank; ++i) kept *= (n.reduced >> i & 1u) != 0 ? 1 : n.sizes[i];
  return kept;
}

std::int64_t part_count(const nk_reduction& n) {
  return nk::element_count(n) == 0 ? 0 : nk::part_count(view_of(n));
}

template <class Params, class F>
nk_status run(const Params& p, F&& f) {
  const strip_table* ops;
  nk_status status = nk::pick(nk::kStripTables, p.isa, &ops);
  if (status != NK_OK) return status;
  nk::part_range parts;
  status = nk::parts_of(p, part_count(p.reduction), &parts);
  if (status != NK_OK) return status;
  const nk::slices view = view_of(p.reduction);
  nk::for_each_slice_part(view, parts, [&](const slice_range& r) { f(r, *ops, r.outer * view.kept + r.begin); });
  return NK_OK;
}

// Norms and ties of a range, for the derivatives.
struct derivative {
  nk::power_function f;
  double norm[nk::kStripColumns];
  double ties[nk::kStripColumns];
};

template <class Params>
void derivative_of(const slice_range& r, const strip_table& ops, const Params& p, derivative* d) {
  d->f = nk::power_function_of(p.reduction.p);
  nk::slice_norms(r, ops, p.dtype, p.x, d->f, d->norm);
  nk::slice_ties(r, ops, p.dtype, p.x, d->f, d->norm, d->ties);
}

}  // namespace

nk_status nk_vector_norm_plan(const nk_reduction* reduction, nk_plan* plan) {
  if (plan == nullptr || reduction == nullptr) return NK_ERROR_NULL;
  nk_status status = nk::check_sizes(*reduction, 4);
  if (status == NK_OK) status = check(*reduction);
  if (status != NK_OK) return status;
  plan->part_count = part_count(*reduction);
  plan->workspace_size = 0;
  return NK_OK;
}

nk_status nk_vector_norm_forward(const nk_reduction_forward_params* params) {
  if (params == nullptr) return NK_ERROR_NULL;
  if (params->struct_size != sizeof *params) return NK_ERROR_STRUCT_SIZE;
  const nk_reduction_forward_params& p = *params;
  nk_status status = nk::check_reduction_call(p);
  if (status == NK_OK) status = check(p.reduction);
  if (status != NK_OK) return status;
  const std::int64_t count = slice_count(p.reduction);
  if (count > 0 && p.norm == nullptr) return NK_ERROR_NULL;
  if (nk::element_count(p.reduction) == 0) {  // norms of nothing
    for (std::int64_t i = 0; i < count && p.stage != NK_STAGE_PARTS; ++i) nk::write_norm(p.norm, p.norm_dtype, i, 0.0);
    return NK_OK;
  }
  if (p.x == nullptr) return NK_ERROR_NULL;
  const nk::power_function f = nk::power_function_of(p.reduction.p);
  return run(p, [&](const slice_range& r, const strip_table& ops, std::int64_t first) {
    double norm[nk::kStripColumns];
    nk::slice_norms(r, ops, p.dtype, p.x, f, norm);
    for (std::int64_t i = 0; i < r.end - r.begin; ++i) nk::write_norm(p.norm, p.norm_dtype, first + i, norm[i]);
  });
}

nk_status nk_vector_norm_backward(const nk_reduction_backward_params* params) {
  if (params == nullptr) return NK_ERROR_NULL;
  if (params->struct_size != sizeof *params) return NK_ERROR_STRUCT_SIZE;
  const nk_reduction_backward_params& p = *params;
  nk_status status = nk::check_reduction_call(p);
  if (status == NK_OK) status = check(p.reduction);
  if (status == NK_OK && p.reduction.p == 0.0) status = NK_ERROR_EPSILON;
  if (status != NK_OK || nk::element_count(p.reduction) == 0) return status;
  if (p.dnorm == nullptr || p.x == nullptr || p.dx == nullptr) return NK_ERROR_NULL;
  return run(p, [&](const slice_range& r, const strip_table& ops, std::int64_t first) {
    derivative d;
    derivative_of(r, ops, p, &d);
    double a[nk::kStripColumns] = {}, b[nk::kStripColumns];
    for (std::int64_t i = 0; i < r.end - r.begin; ++i) {
      b[i] = nk::parameter_at(p.dnorm, p.norm_dtype, first + i, 0.0) / d.ties[i];
    }
    nk::slice_derivative_combine(r, ops, p.dtype, nullptr, p.x, p.dx, d.f, d.norm, a, b);
  });
}

nk_status nk_vector_norm_jvp(const nk_reduction_jvp_params* params) {
  if (params == nullptr) return NK_ERROR_NULL;
  if (params->struct_size != sizeof *params) return NK_ERROR_STRUCT_SIZE;
  const nk_reduction_jvp_params& p = *params;
  nk_status status = nk::check_reduction_call(p);
  if (status == NK_OK) status = check(p.reduction);
  if (status == NK_OK && p.reduction.p == 0.0) status = NK_ERROR_EPSILON;
  if (status != NK_OK) return status;
  const std::int64_t count = slice_count(p.reduction);
  if (count > 0 && p.jvp_norm == nullptr) return NK_ERROR_NULL;
  if (nk::element_count(p.reduction) == 0) {
    for (std::int64_t i = 0; i < count && p.stage != NK_STAGE_PARTS; ++i) {
      nk::write_norm(p.jvp_norm, p.norm_dtype, i, 0.0);
    }
    return NK_OK;
  }
  if (p.x == nullptr || p.tan_x == nullptr) return NK_ERROR_NULL;
  return run(p, [&](const slice_range& r, const strip_table& ops, std::int64_t first) {
    derivative d;
    derivative_of(r, ops, p, &d);
    double along[nk::kStripColumns];
    nk::slice_derivative_products(r, ops, p.dtype, p.tan_x, p.x, d.f, d.norm, along);
    for (std::int64_t i = 0; i < r.end - r.begin; ++i) {
      // With a norm of 0 the products may be of infinities.
      const double value = d.norm[i] == 0.0 ? 0.0 : along[i] / d.ties[i];
      nk::write_norm(p.jvp_norm, p.norm_dtype, first + i, value);
    }
  });
}
