// WeightNorm: w = g * v / norm,  norm = sqrt(sum v^2 + epsilon) over every axis but one; x is v, y is w, weight is g.
//
//   dg = sum(dw * v) / norm      dv = g / norm * (dw - v / norm * dg)
//   jvp_w = g / norm * (tan_v - v / norm * sum(tan_v * v) / norm) + v / norm * tan_g
//
// Backward and jvp compute the norms again: a float32 norm would do, but the pass over v is one that they make anyway.
// dv is always written (=); dg is written, or added to with NK_FLAG_ACCUMULATE. A slice with a NaN disturbs no other; a
// slice of zeros is 0 / 0 with epsilon 0, so NaN.
#include <normkernels/nk_weight_norm.h>

#include <cmath>

#include "core/axis_entry.h"

namespace {

using nk::slice_range;
using nk::strip_table;

constexpr nk::axis_room kRoom = nk::kWeightNorm;

struct norms {
  double at[nk::kStripColumns];
};

template <class Params>
norms norms_of(const slice_range& r, const strip_table& ops, const Params& p) {
  norms n;
  double zero[nk::kStripColumns];
  nk::slice_moments(r, ops, nk::summing::in_double, p.dtype, p.x, false, p.epsilon, zero, n.at);
  const double values = static_cast<double>(r.view->values());
  for (std::int64_t i = 0; i < r.end - r.begin; ++i) n.at[i] = std::sqrt(n.at[i] * values + p.epsilon);
  return n;
}

// sum(t * v) / norm of each slice.
template <class Params>
norms products_of(const slice_range& r, const strip_table& ops, const Params& p, const void* t, const norms& norm) {
  norms sums;
  for (std::int64_t i = 0; i < r.count(); ++i) sums.at[i] = 0.0;
  nk::channel_products(
      r, ops, nk::summing::in_double, p.dtype, t, p.x, [](std::int64_t) { return 0.0f; },
      [&](std::int64_t k) { return static_cast<float>(1.0 / norm.at[k - r.begin]); },
      [&](std::int64_t k, std::int64_t, double, double product, double) { sums.at[k - r.begin] += product; });
  return sums;
}

}  // namespace

nk_status nk_weight_norm_plan(int64_t outer, int64_t length, int64_t inner, nk_plan* plan) {
  return nk::plan_axis(kRoom, outer, length, inner, plan);
}

nk_status nk_weight_norm_forward(const nk_axis_forward_params* params) {
  const nk_status status = nk::check_forward(kRoom, params);
  if (status != NK_OK) return status;
  const nk_axis_forward_params& p = *params;
  if (nk::is_empty_axis(p)) {  // sums of nothing
    for (std::int64_t k = 0; p.norm != nullptr && k < p.length && p.stage != NK_STAGE_PARTS; ++k) {
      nk::write(p.norm + k, static_cast<float>(std::sqrt(p.epsilon)));
    }
    return NK_OK;
  }
  return nk::run_axis(kRoom, p, [&](const slice_range& r, const strip_table& ops) {
    const norms norm = norms_of(r, ops, p);
    for (std::int64_t k = r.begin; k < r.end; ++k) nk::save(p.norm, r, k, norm.at[k - r.begin]);
    double factor[nk::kStripColumns];
    for (std::int64_t i = 0; i < r.count(); ++i) {
      factor[i] = nk::parameter_at(p.weight, p.param_dtype, r.begin + i, 1.0) / norm.at[i];
    }
    nk::slice_scale(r, ops, p.dtype, p.x, p.y, factor);
  });
}

nk_status nk_weight_norm_backward(const nk_axis_backward_params* params) {
  const nk_status status = nk::check_backward(kRoom, params);
  if (status != NK_OK) return status;
  const nk_axis_backward_params& p = *params;
  if (nk::is_empty_axis(p)) {
    for (std::int64_t k = 0; p.dweight != nullptr && k < p.length && p.stage != NK_STAGE_PARTS; ++k) {
      nk::put_gradient(p.dweight, k, 0.0, p.flags);
    }
    return NK_OK;
  }
  return nk::run_axis(kRoom, p, [&](const slice_range& r, const strip_table& ops) {
    const norms norm = norms_of(r, ops, p);
    const norms dg = products_of(r, ops, p, p.dy, norm);
    for (std::int64_t k = r.begin; k < r.end; ++k) nk::put_gradient(p.dweight, k, dg.at[k - r.begin], p.flags);
    nk::channel_combine(r, ops, p.dtype, p.dy, p.x, p.dx, [&](std::int64_t k, std::int64_t) {
      const std::int64_t i = k - r.begin;
      const double a = nk::parameter_at(p.weight, p.param_dtype, k, 1.0) / norm.at[i];
      return nk::combine_run{0.0f, static_cast<float>(1.0 / norm.at[i]), static_cast<float>(a),
                             static_cast<float>(-a * dg.at[i]), 0.0f};
    });
  });
}

nk_status nk_weight_norm_jvp(const nk_axis_jvp_params* params) {
  const nk_status status = nk::check_jvp(kRoom, params);
  if (status != NK_OK) return status;
  const nk_axis_jvp_params& p = *params;
  if (nk::is_empty_axis(p)) return NK_OK;
  return nk::run_axis(kRoom, p, [&](const slice_range& r, const strip_table& ops) {
    const norms norm = norms_of(r, ops, p);
    const norms along = products_of(r, ops, p, p.tan_x, norm);
    nk::channel_combine(r, ops, p.dtype, p.tan_x, p.x, p.jvp_y, [&](std::int64_t k, std::int64_t) {
      const std::int64_t i = k - r.begin;
      const double a = nk::parameter_at(p.weight, p.param_dtype, k, 1.0) / norm.at[i];
      const double b = nk::parameter_at(p.tan_weight, p.param_dtype, k, 0.0) - a * along.at[i];
      return nk::combine_run{0.0f, static_cast<float>(1.0 / norm.at[i]), static_cast<float>(a), static_cast<float>(b),
                             0.0f};
    });
  });
}
