// What the entries of norms over channels check of their parameters, and what their slices are, for the CPU and for
// CUDA.
#pragma once

#include <normkernels/nk_channel_norm.h>

#include "entry.h"
#include "slice_view.h"

namespace nk {

// A room: what one of its slices is.
struct channel_norm_room {
  bool over_batch;  // batch_norm
  bool has_groups;  // group_norm; the others take 0 groups
  bool has_running;
};

inline slices channel_view(bool over_batch, std::int64_t batch, std::int64_t channels, std::int64_t spatial,
                           std::int64_t groups, std::int32_t layout) {
  const std::int64_t kept = over_batch || groups == 0 ? channels : groups;
  const std::int64_t each = kept == 0 ? 0 : channels / kept;
  const std::int64_t outer = over_batch ? 1 : batch, rows = over_batch ? batch : 1;
  return layout == NK_CHANNELS_FIRST ? contiguous_slices(outer, rows, kept, each * spatial, spatial)
                                     : contiguous_slices(outer, rows * spatial, kept, each, 1);
}

template <class Params>
bool is_inference(const Params& p) {
  return (p.flags & NK_FLAG_INFERENCE) != 0;
}

inline nk_status check_channel_shape(bool has_groups, std::int64_t batch, std::int64_t channels, std::int64_t spatial,
                                     std::int64_t groups, std::int32_t layout, std::int64_t bytes_each) {
  if (layout != NK_CHANNELS_FIRST && layout != NK_CHANNELS_LAST) return NK_ERROR_FLAGS;
  if (!sizes_fit({batch, channels, spatial}, bytes_each)) return NK_ERROR_SHAPE;
  if (has_groups ? groups <= 0 || channels % groups != 0 : groups != 0) return NK_ERROR_SHAPE;
  return NK_OK;
}

// What the three structs have in common, by their common field names.
template <class Params>
nk_status check_channels(const channel_norm_room& room, const Params& p, std::uint32_t known_flags) {
  if (room.has_running) known_flags |= NK_FLAG_INFERENCE;
  if (!is_dtype(p.dtype) || !is_param_dtype(p.param_dtype, p.dtype)) return NK_ERROR_DTYPE;
  if ((p.flags & ~known_flags) != 0) return NK_ERROR_FLAGS;
  const nk_status status =
      check_channel_shape(room.has_groups, p.batch, p.channels, p.spatial, p.groups, p.layout, size_of(p.dtype));
  if (status != NK_OK) return status;
  if (!(p.epsilon >= 0.0)) return NK_ERROR_EPSILON;
  const bool inference = is_inference(p);
  if (!both_or_none(p.running_mean, p.running_var)) return NK_ERROR_NULL;
  if (inference && (p.mean != nullptr || p.rstd != nullptr)) return NK_ERROR_NULL;
  if (inference && p.running_mean == nullptr && p.channels > 0) return NK_ERROR_NULL;
  if (!room.has_running && p.running_mean != nullptr) return NK_ERROR_NULL;
  return NK_OK;
}

template <class Params>
bool is_empty(const Params& p) {
  return p.batch == 0 || p.channels == 0 || p.spatial == 0;
}

inline nk_status check_forward(const channel_norm_room& room, const nk_channel_norm_forward_params* params) {
  if (params == nullptr) return NK_ERROR_NULL;
  if (params->struct_size != sizeof *params) return NK_ERROR_STRUCT_SIZE;
  const nk_channel_norm_forward_params& p = *params;
  const nk_status status = check_channels(room, p, NK_FLAG_NONE);
  if (status != NK_OK) return status;
  const bool updates = !is_inference(p) && p.running_mean != nullptr;
  // Without y there must be statistics to write.
  const bool writes = p.y != nullptr || updates || p.mean != nullptr || p.rstd != nullptr;
  if (!is_empty(p) && (p.x == nullptr || !writes)) return NK_ERROR_NULL;
  return updates && !(p.momentum >= 0.0 && p.momentum <= 1.0) ? NK_ERROR_EPSILON : NK_OK;
}

// Statistics that backward and jvp may be given: both saved ones, and running ones in inference alone.
template <class Params>
bool statistics_fit(const Params& p) {
  return (is_inference(p) || p.running_mean == nullptr) && both_or_none(p.mean, p.rstd);
}

inline nk_status check_backward(const channel_norm_room& room, const nk_channel_norm_backward_params* params) {
  if (params == nullptr) return NK_ERROR_NULL;
  if (params->struct_size != sizeof *params) return NK_ERROR_STRUCT_SIZE;
  const nk_channel_norm_backward_params& p = *params;
  const nk_status status = check_channels(room, p, NK_FLAG_ACCUMULATE);
  if (status != NK_OK) return status;
  if (!is_empty(p) && (p.dy == nullptr || p.x == nullptr || p.dx == nullptr)) return NK_ERROR_NULL;
  return statistics_fit(p) ? NK_OK : NK_ERROR_NULL;
}

inline nk_status check_jvp(const channel_norm_room& room, const nk_channel_norm_jvp_params* params) {
  if (params == nullptr) return NK_ERROR_NULL;
  if (params->struct_size != sizeof *params) return NK_ERROR_STRUCT_SIZE;
  const nk_channel_norm_jvp_params& p = *params;
  const nk_status status = check_channels(room, p, NK_FLAG_NONE);
  if (status != NK_OK) return status;
  if (!is_empty(p) && (p.x == nullptr || p.tan_x == nullptr || p.jvp_y == nullptr)) return NK_ERROR_NULL;
  return statistics_fit(p) ? NK_OK : NK_ERROR_NULL;
}

}  // namespace nk
