// The workspace that norms over slices need, by shape.
#include <normkernels/nk_cuda.h>

#include "core/axis_check.h"
#include "core/channel_norm_check.h"
#include "core/reduction.h"
#include "slice_layout.cuh"

namespace {

using nk::cuda::slice_layout;

// Slices that are held whole, whatever dtype and verb, need nothing: float32 and two tensors take the most.
nk_status size_for(const slice_layout& l, std::uint64_t* size) {
  if (l.units > nk::cuda::kMostUnits) return NK_ERROR_SHAPE;
  *size = is_whole(l, 4, 2, true) ? 0 : workspace_bytes(l);
  return NK_OK;
}

}  // namespace

nk_status nk_cuda_channel_norm_workspace_size(int64_t batch, int64_t channels, int64_t spatial, int64_t groups,
                                              int32_t layout, int32_t over_batch, uint64_t* size) {
  if (size == nullptr) return NK_ERROR_NULL;
  const bool has_groups = groups != 0;
  const nk_status status = nk::check_channel_shape(has_groups, batch, channels, spatial, groups, layout, 4);
  if (status != NK_OK) return status;
  *size = 0;
  if (batch == 0 || channels == 0 || spatial == 0) return NK_OK;
  // Inference sees the slices of batch_norm.
  for (const bool all : {true, false}) {
    if (over_batch != 0 && !all) continue;
    const slice_layout l = nk::cuda::layout_of(nk::channel_view(all, batch, channels, spatial, groups, layout));
    if (l.units > nk::cuda::kMostUnits) return NK_ERROR_SHAPE;
    if (workspace_bytes(l) > *size) *size = workspace_bytes(l);
  }
  return NK_OK;
}

nk_status nk_cuda_axis_workspace_size(int64_t outer, int64_t length, int64_t inner, int32_t keeps_axis,
                                      uint64_t* size) {
  if (size == nullptr) return NK_ERROR_NULL;
  if (!nk::sizes_fit({outer, length, inner}, 4)) return NK_ERROR_SHAPE;
  *size = 0;
  if (outer == 0 || length == 0 || inner == 0) return NK_OK;
  const nk::axis_room& room = keeps_axis != 0 ? nk::kWeightNorm : nk::kL2Normalize;
  return size_for(nk::cuda::layout_of(nk::axis_view(room, outer, length, inner)), size);
}

nk_status nk_cuda_vector_norm_workspace_size(const nk_reduction* reduction, uint64_t* size) {
  if (reduction == nullptr || size == nullptr) return NK_ERROR_NULL;
  nk_status status = nk::check_sizes(*reduction, 4);
  if (status == NK_OK) status = nk::check_vector_axes(*reduction);
  if (status != NK_OK) return status;
  *size = 0;
  if (nk::element_count(*reduction) == 0) return NK_OK;
  return size_for(nk::cuda::layout_of(nk::vector_view(*reduction)), size);
}
