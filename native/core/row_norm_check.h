// What the entries of norms over rows check of their parameters, for the CPU and for CUDA: that nothing in them can
// corrupt memory. Callers check in full.
#pragma once

#include <normkernels/nk_row_norm.h>

#include "entry.h"

namespace nk {

// In what the norms over rows differ.
struct row_norm_traits {
  bool has_mean;        // layer_norm; rms_norm takes no mean
  std::uint32_t flags;  // the flags that every verb of the norm knows
  bool has_gate;        // rms_norm
};

// What the three structs have in common, by their common field names.
template <class Params>
nk_status check_common(const Params& p, std::uint32_t known_flags) {
  if (!is_dtype(p.dtype) || !is_param_dtype(p.param_dtype, p.dtype)) return NK_ERROR_DTYPE;
  if ((p.flags & ~known_flags) != 0) return NK_ERROR_FLAGS;
  if (p.rows < 0 || p.cols < 0) return NK_ERROR_SHAPE;
  if (!(p.epsilon >= 0.0)) return NK_ERROR_EPSILON;
  return NK_OK;
}

// A stride of 0 means cols; rows * stride elements must be addressable.
template <class Params>
nk_status check_stride(const Params& p, std::int64_t stride) {
  if (stride != 0 && stride < p.cols) return NK_ERROR_SHAPE;
  const std::int64_t actual = stride != 0 ? stride : p.cols;
  // A division costs as much as normalizing 64 columns: sizes of everyday calls need none.
  constexpr std::int64_t kSmall = std::int64_t{1} << 30;
  if (p.rows <= kSmall && actual <= kSmall) return NK_OK;
  return p.rows > 0 && actual > kMax / size_of(p.dtype) / p.rows ? NK_ERROR_SHAPE : NK_OK;
}

template <class Params, class... Strides>
nk_status check_strides(const Params& p, Strides... strides) {
  if ((strides | ...) == 0) return check_stride(p, 0);  // most calls: 40 instructions fewer
  return ((check_stride(p, strides) == NK_OK) && ...) ? NK_OK : NK_ERROR_SHAPE;
}

template <class Params>
bool is_empty(const Params& p) {
  return p.rows == 0 || p.cols == 0;
}

// Saved statistics come as a whole: mean and rstd for centred norms, rstd alone for the others.
template <class Params>
bool statistics_fit(const row_norm_traits& norm, const Params& p) {
  return norm.has_mean ? (p.mean == nullptr) == (p.rstd == nullptr) : p.mean == nullptr;
}

inline nk_status check_forward(const row_norm_traits& norm, const nk_row_norm_forward_params* params,
                               nk_quantize most_quantize) {
  if (params == nullptr) return NK_ERROR_NULL;
  if (params->struct_size != sizeof *params) return NK_ERROR_STRUCT_SIZE;
  const nk_row_norm_forward_params& p = *params;
  nk_status status = check_common(p, norm.flags | (p.quantize != NK_QUANTIZE_NONE ? NK_FLAG_ROUND_FIRST : 0));
  if (status == NK_OK) {
    status = check_strides(p, p.x_stride, p.residual_stride, p.h_stride, p.y_stride, p.gate_stride);
  }
  if (status != NK_OK) return status;
  if (p.quantize < NK_QUANTIZE_NONE || p.quantize > most_quantize || p.reserved != 0) return NK_ERROR_FLAGS;
  if ((p.quantize != NK_QUANTIZE_NONE) != (p.y_scale != nullptr) && p.rows > 0) return NK_ERROR_NULL;
  if (p.gate != nullptr && !norm.has_gate) return NK_ERROR_NULL;
  if (!norm.has_mean && p.mean != nullptr) return NK_ERROR_NULL;
  if (!is_empty(p) && (p.x == nullptr || p.y == nullptr)) return NK_ERROR_NULL;
  if (!is_empty(p) && (p.residual == nullptr) != (p.h == nullptr)) return NK_ERROR_NULL;
  return NK_OK;
}

// All but the stage, its parts and the workspace.
inline nk_status check_backward(const row_norm_traits& norm, const nk_row_norm_backward_params* params) {
  if (params == nullptr) return NK_ERROR_NULL;
  if (params->struct_size != sizeof *params) return NK_ERROR_STRUCT_SIZE;
  const nk_row_norm_backward_params& p = *params;
  nk_status status = check_common(p, norm.flags | NK_FLAG_ACCUMULATE);
  if (status == NK_OK) status = check_strides(p, p.dy_stride, p.x_stride, p.dh_stride, p.dx_stride);
  if (status != NK_OK) return status;
  if (p.stage < NK_STAGE_ALL || p.stage > NK_STAGE_SUMS || p.reserved != 0) return NK_ERROR_FLAGS;
  if (!statistics_fit(norm, p)) return NK_ERROR_NULL;
  if (!is_empty(p) && p.stage != NK_STAGE_SUMS && (p.dy == nullptr || p.x == nullptr || p.dx == nullptr)) {
    return NK_ERROR_NULL;
  }
  return NK_OK;
}

inline nk_status check_jvp(const row_norm_traits& norm, const nk_row_norm_jvp_params* params) {
  if (params == nullptr) return NK_ERROR_NULL;
  if (params->struct_size != sizeof *params) return NK_ERROR_STRUCT_SIZE;
  const nk_row_norm_jvp_params& p = *params;
  nk_status status = check_common(p, norm.flags);
  if (status == NK_OK) {
    status = check_strides(p, p.x_stride, p.tan_x_stride, p.tan_residual_stride, p.jvp_h_stride, p.jvp_y_stride);
  }
  if (status != NK_OK) return status;
  if (!statistics_fit(norm, p)) return NK_ERROR_NULL;
  if (is_empty(p)) return NK_OK;
  if (p.x == nullptr || p.tan_x == nullptr || p.jvp_y == nullptr) return NK_ERROR_NULL;
  return (p.tan_residual == nullptr) != (p.jvp_h == nullptr) ? NK_ERROR_NULL : NK_OK;
}

}  // namespace nk
