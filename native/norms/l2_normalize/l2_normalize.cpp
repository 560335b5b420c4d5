// L2 normalization and its kin: y = x / max(norm, epsilon),  norm = (sum |x|^p)^(1/p) along one axis.
//
//   dx = dy / norm - sum(dy * x / norm) / norm * d norm/d x      jvp_y = t / norm - x / norm * sum(t * d norm/d x) /
//   norm
//
// Where norm < epsilon the denominator is a constant: y = x / epsilon, dx = dy / epsilon, jvp_y = t / epsilon. Backward
// and jvp compute the norms again. dx is always written (=). A slice with a NaN gives NaN throughout, one with an
// infinity gives 0 for its finite elements and NaN for the infinite ones; others are not disturbed.
#include <normkernels/nk_l2_normalize.h>

#include "core/axis_entry.h"
#include "core/power_norm.h"

namespace {

using nk::slice_range;
using nk::strip_table;

constexpr nk::axis_room kRoom = nk::kL2Normalize;

// The norms of a range, and what elements are divided by.
struct divisors {
  double norm[nk::kStripColumns];
  double inverse[nk::kStripColumns];
  bool constant[nk::kStripColumns];  // norm < epsilon
};

template <class Params>
void divisors_of(const slice_range& r, const strip_table& ops, const Params& p, const nk::power_function& f,
                 divisors* d) {
  nk::slice_norms(r, ops, p.dtype, p.x, f, d->norm);
  for (std::int64_t i = 0; i < r.end - r.begin; ++i) {
    d->constant[i] = d->norm[i] < p.epsilon;
    d->inverse[i] = 1.0 / (d->constant[i] ? p.epsilon : d->norm[i]);
  }
}

// t / norm + x / norm * b; with a constant divisor x has no part in it.
nk::combine_run unit_combine(const divisors& d, std::int64_t i, double b) {
  const float inverse = static_cast<float>(d.inverse[i]);
  if (d.constant[i]) return {0.0f, 0.0f, inverse, 0.0f, 0.0f};
  return {0.0f, inverse, inverse, static_cast<float>(b), 0.0f};
}

}  // namespace

nk_status nk_l2_normalize_plan(int64_t outer, int64_t length, int64_t inner, nk_plan* plan) {
  return nk::plan_axis(kRoom, outer, length, inner, plan);
}

nk_status nk_l2_normalize_forward(const nk_axis_forward_params* params) {
  const nk_status status = nk::check_forward(kRoom, params);
  if (status != NK_OK) return status;
  const nk_axis_forward_params& p = *params;
  if (nk::is_empty_axis(p)) {  // norms of nothing
    const std::int64_t count = p.length == 0 ? p.outer * p.inner : 0;
    for (std::int64_t i = 0; p.norm != nullptr && i < count && p.stage != NK_STAGE_PARTS; ++i) {
      nk::write(p.norm + i, 0.0f);
    }
    return NK_OK;
  }
  const nk::power_function f = nk::power_function_of(p.p);
  return nk::run_axis(kRoom, p, [&](const slice_range& r, const strip_table& ops) {
    divisors d;
    divisors_of(r, ops, p, f, &d);
    for (std::int64_t k = r.begin; k < r.end; ++k) nk::save(p.norm, r, k, d.norm[k - r.begin]);
    nk::slice_scale(r, ops, p.dtype, p.x, p.y, d.inverse);
  });
}

nk_status nk_l2_normalize_backward(const nk_axis_backward_params* params) {
  const nk_status status = nk::check_backward(kRoom, params);
  if (status != NK_OK) return status;
  const nk_axis_backward_params& p = *params;
  if (nk::is_empty_axis(p)) return NK_OK;
  const nk::power_function f = nk::power_function_of(p.p);
  return nk::run_axis(kRoom, p, [&](const slice_range& r, const strip_table& ops) {
    divisors d;
    divisors_of(r, ops, p, f, &d);
    double ties[nk::kStripColumns], b[nk::kStripColumns];
    nk::slice_ties(r, ops, p.dtype, p.x, f, d.norm, ties);
    // sum(dy * x) / norm, whatever p is.
    nk::slice_derivative_products(r, ops, p.dtype, p.dy, p.x, {nk::power::two, 2.0}, d.norm, b);
    for (std::int64_t i = 0; i < r.count(); ++i) b[i] = d.constant[i] ? 0.0 : -b[i] * d.inverse[i] / ties[i];
    if (f.kind != nk::power::two) {
      nk::slice_derivative_combine(r, ops, p.dtype, p.dy, p.x, p.dx, f, d.norm, d.inverse, b);
      return;
    }
    nk::channel_combine(r, ops, p.dtype, p.dy, p.x, p.dx,
                        [&](std::int64_t k, std::int64_t) { return unit_combine(d, k - r.begin, b[k - r.begin]); });
  });
}

nk_status nk_l2_normalize_jvp(const nk_axis_jvp_params* params) {
  const nk_status status = nk::check_jvp(kRoom, params);
  if (status != NK_OK) return status;
  const nk_axis_jvp_params& p = *params;
  if (nk::is_empty_axis(p)) return NK_OK;
  const nk::power_function f = nk::power_function_of(p.p);
  return nk::run_axis(kRoom, p, [&](const slice_range& r, const strip_table& ops) {
    divisors d;
    divisors_of(r, ops, p, f, &d);
    double ties[nk::kStripColumns], along[nk::kStripColumns];
    nk::slice_ties(r, ops, p.dtype, p.x, f, d.norm, ties);
    nk::slice_derivative_products(r, ops, p.dtype, p.tan_x, p.x, f, d.norm, along);
    nk::channel_combine(r, ops, p.dtype, p.tan_x, p.x, p.jvp_y, [&](std::int64_t k, std::int64_t) {
      const std::int64_t i = k - r.begin;
      return unit_combine(d, i, -along[i] / ties[i] * d.inverse[i]);
    });
  });
}
