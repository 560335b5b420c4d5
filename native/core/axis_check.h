// What the entries of norms along an axis check of their parameters, and what their slices are, for the CPU and for
// CUDA.
#pragma once

#include <normkernels/nk_axis.h>

#include "entry.h"
#include "slice_view.h"

namespace nk {

// What a room takes of the parameters that all share.
struct axis_room {
  bool keeps_axis;      // weight_norm; the others reduce it
  bool has_weight;      // may be given, and so may its gradient and its tangent
  bool needs_weight;    // must be given
  bool has_statistics;  // axis_norm: bias, mean and rstd
  bool has_norm;        // l2_normalize, weight_norm
  bool has_p;           // l2_normalize
};

constexpr axis_room kAxisNorm = {false, true, false, true, false, false};
constexpr axis_room kL2Normalize = {false, false, false, false, true, true};
constexpr axis_room kWeightNorm = {true, true, true, false, true, false};

inline slices axis_view(const axis_room& room, std::int64_t outer, std::int64_t length, std::int64_t inner) {
  return room.keeps_axis ? contiguous_slices(1, outer, length, inner, inner) : axis_slices(outer, length, inner);
}

template <class Params>
bool is_empty_axis(const Params& p) {
  return p.outer == 0 || p.length == 0 || p.inner == 0;
}

// What the three structs have in common, by their common field names.
template <class Params>
nk_status check_axis(const axis_room& room, const Params& p, std::uint32_t known_flags) {
  if (!is_dtype(p.dtype) || !is_param_dtype(p.param_dtype, p.dtype)) return NK_ERROR_DTYPE;
  if ((p.flags & ~known_flags) != 0 || p.reserved != 0) return NK_ERROR_FLAGS;
  if (!sizes_fit({p.outer, p.length, p.inner}, size_of(p.dtype))) return NK_ERROR_SHAPE;
  if (!(p.epsilon >= 0.0)) return NK_ERROR_EPSILON;
  if (room.has_p ? !(p.p > 0.0) : p.p != 0.0) return NK_ERROR_EPSILON;
  if (!room.has_statistics && (p.mean != nullptr || p.rstd != nullptr)) return NK_ERROR_NULL;
  if (p.weight == nullptr ? room.needs_weight && p.length != 0 : !room.has_weight) return NK_ERROR_NULL;
  return NK_OK;
}

inline nk_status check_forward(const axis_room& room, const nk_axis_forward_params* params) {
  if (params == nullptr) return NK_ERROR_NULL;
  if (params->struct_size != sizeof *params) return NK_ERROR_STRUCT_SIZE;
  const nk_axis_forward_params& p = *params;
  const nk_status status = check_axis(room, p, NK_FLAG_NONE);
  if (status != NK_OK) return status;
  if ((p.bias != nullptr && !room.has_statistics) || (p.norm != nullptr && !room.has_norm)) return NK_ERROR_NULL;
  return !is_empty_axis(p) && (p.x == nullptr || p.y == nullptr) ? NK_ERROR_NULL : NK_OK;
}

inline nk_status check_backward(const axis_room& room, const nk_axis_backward_params* params) {
  if (params == nullptr) return NK_ERROR_NULL;
  if (params->struct_size != sizeof *params) return NK_ERROR_STRUCT_SIZE;
  const nk_axis_backward_params& p = *params;
  const nk_status status = check_axis(room, p, room.has_weight ? NK_FLAG_ACCUMULATE : NK_FLAG_NONE);
  if (status != NK_OK) return status;
  if (p.dweight != nullptr && !room.has_weight) return NK_ERROR_NULL;
  if ((p.dbias != nullptr && !room.has_statistics) || !both_or_none(p.mean, p.rstd)) return NK_ERROR_NULL;
  return !is_empty_axis(p) && (p.dy == nullptr || p.x == nullptr || p.dx == nullptr) ? NK_ERROR_NULL : NK_OK;
}

inline nk_status check_jvp(const axis_room& room, const nk_axis_jvp_params* params) {
  if (params == nullptr) return NK_ERROR_NULL;
  if (params->struct_size != sizeof *params) return NK_ERROR_STRUCT_SIZE;
  const nk_axis_jvp_params& p = *params;
  const nk_status status = check_axis(room, p, NK_FLAG_NONE);
  if (status != NK_OK) return status;
  if (p.tan_weight != nullptr && !room.has_weight) return NK_ERROR_NULL;
  if ((p.tan_bias != nullptr && !room.has_statistics) || !both_or_none(p.mean, p.rstd)) return NK_ERROR_NULL;
  return !is_empty_axis(p) && (p.x == nullptr || p.tan_x == nullptr || p.jvp_y == nullptr) ? NK_ERROR_NULL : NK_OK;
}

}  // namespace nk
