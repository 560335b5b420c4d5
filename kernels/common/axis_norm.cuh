// What the norms along an axis share on a device: l2_normalize and weight_norm, which are power norms.
#pragma once

#include <cmath>

#include "core/axis_check.h"
#include "fill.cuh"
#include "power_norm.cuh"

namespace nk {
namespace cuda {

template <class Params>
slice_layout axis_layout(const axis_room& room, const Params& p) {
  return layout_of(axis_view(room, p.outer, p.length, p.inner));
}

template <class Params, class Op>
void share(power_role role, const Params& p, Op* op) {
  op->x = p.x;
  op->role = role;
  op->sums_of.f = power_function_of(role == power_role::weight_norm ? 2.0 : p.p);
  op->epsilon = p.epsilon;
  op->weight = {const_cast<void*>(p.weight), p.param_dtype};
}

inline nk_status forward(const axis_room& room, power_role role, const nk_axis_forward_params* params,
                         nk_stream stream) {
  nk_status status = check_forward(room, params);
  if (status == NK_OK) status = check_whole_call(*params);
  if (status != NK_OK) return status;
  const nk_axis_forward_params& p = *params;
  if (is_empty_axis(p)) {  // norms of nothing
    if (room.keeps_axis) return fill(p.norm, p.length, static_cast<float>(std::sqrt(p.epsilon)), stream);
    return fill(p.norm, p.length == 0 ? p.outer * p.inner : 0, 0.0f, stream);
  }
  power_forward op = {};
  share(role, p, &op);
  op.out = p.y;
  op.norm = {p.norm, NK_F32};
  return run(op, p.dtype, axis_layout(room, p), {p.workspace, p.workspace_size}, false, stream);
}

inline nk_status backward(const axis_room& room, power_role role, const nk_axis_backward_params* params,
                          nk_stream stream) {
  nk_status status = check_backward(room, params);
  if (status == NK_OK) status = check_whole_call(*params);
  if (status != NK_OK) return status;
  const nk_axis_backward_params& p = *params;
  const bool accumulate = (p.flags & NK_FLAG_ACCUMULATE) != 0;
  if (is_empty_axis(p)) return accumulate ? NK_OK : fill(p.dweight, p.length, 0.0f, stream);
  power_derivative op = {};
  share(role, p, &op);
  op.backward = true;
  op.t = p.dy;
  op.out = p.dx;
  op.dweight = p.dweight;
  op.accumulate = accumulate;
  return run(op, p.dtype, axis_layout(room, p), {p.workspace, p.workspace_size}, false, stream);
}

inline nk_status jvp(const axis_room& room, power_role role, const nk_axis_jvp_params* params, nk_stream stream) {
  nk_status status = check_jvp(room, params);
  if (status == NK_OK) status = check_whole_call(*params);
  if (status != NK_OK || is_empty_axis(*params)) return status;
  const nk_axis_jvp_params& p = *params;
  power_derivative op = {};
  share(role, p, &op);
  op.t = p.tan_x;
  op.out = p.jvp_y;
  op.tan_weight = {const_cast<void*>(p.tan_weight), p.param_dtype};
  return run(op, p.dtype, axis_layout(room, p), {p.workspace, p.workspace_size}, false, stream);
}

}  // namespace cuda
}  // namespace nk
