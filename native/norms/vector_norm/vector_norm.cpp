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

std::int64_t part_count(const nk_reduction& n) {
  return nk::element_count(n) == 0 ? 0 : nk::part_count(nk::vector_view(n));
}

template <class Params, class F>
nk_status run(const Params& p, F&& f) {
  const strip_table* ops;
  nk_status status = nk::pick(nk::kStripTables, p.isa, &ops);
  if (status != NK_OK) return status;
  nk::part_range parts;
  status = nk::parts_of(p, part_count(p.reduction), &parts);
  if (status != NK_OK) return status;
  const nk::slices view = nk::vector_view(p.reduction);
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
  if (status == NK_OK) status = nk::check_vector_axes(*reduction);
  if (status != NK_OK) return status;
  plan->part_count = part_count(*reduction);
  plan->workspace_size = 0;
  return NK_OK;
}

nk_status nk_vector_norm_forward(const nk_reduction_forward_params* params) {
  const nk_status status = nk::check_vector_norm(params);
  if (status != NK_OK) return status;
  const nk_reduction_forward_params& p = *params;
  const std::int64_t count = nk::slice_count(p.reduction);
  if (nk::element_count(p.reduction) == 0) {  // norms of nothing
    for (std::int64_t i = 0; i < count && p.stage != NK_STAGE_PARTS; ++i) nk::write_norm(p.norm, p.norm_dtype, i, 0.0);
    return NK_OK;
  }
  const nk::power_function f = nk::power_function_of(p.reduction.p);
  return run(p, [&](const slice_range& r, const strip_table& ops, std::int64_t first) {
    double norm[nk::kStripColumns];
    nk::slice_norms(r, ops, p.dtype, p.x, f, norm);
    for (std::int64_t i = 0; i < r.end - r.begin; ++i) nk::write_norm(p.norm, p.norm_dtype, first + i, norm[i]);
  });
}

nk_status nk_vector_norm_backward(const nk_reduction_backward_params* params) {
  const nk_status status = nk::check_vector_norm(params);
  if (status != NK_OK) return status;
  const nk_reduction_backward_params& p = *params;
  if (nk::element_count(p.reduction) == 0) return NK_OK;
  return run(p, [&](const slice_range& r, const strip_table& ops, std::int64_t first) {
    derivative d;
    derivative_of(r, ops, p, &d);
    double a[nk::kStripColumns], b[nk::kStripColumns];
    for (std::int64_t i = 0; i < r.count(); ++i) {
      a[i] = 0.0;
      b[i] = nk::parameter_at(p.dnorm, p.norm_dtype, first + i, 0.0) / d.ties[i];
    }
    nk::slice_derivative_combine(r, ops, p.dtype, nullptr, p.x, p.dx, d.f, d.norm, a, b);
  });
}

nk_status nk_vector_norm_jvp(const nk_reduction_jvp_params* params) {
  const nk_status status = nk::check_vector_norm(params);
  if (status != NK_OK) return status;
  const nk_reduction_jvp_params& p = *params;
  const std::int64_t count = nk::slice_count(p.reduction);
  if (nk::element_count(p.reduction) == 0) {
    for (std::int64_t i = 0; i < count && p.stage != NK_STAGE_PARTS; ++i) {
      nk::write_norm(p.jvp_norm, p.norm_dtype, i, 0.0);
    }
    return NK_OK;
  }
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
