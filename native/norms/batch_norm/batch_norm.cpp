// BatchNorm: y = (x - mean) * rstd * weight + bias,  rstd = 1 / sqrt(var + epsilon), var biased, over each channel of
// the batch. Running statistics, if given, are updated by the mean and the unbiased variance; with NK_FLAG_INFERENCE
// they are what normalizes, as y = x * scale + shift in double.
//
// Saved for backward (if wanted): mean and rstd of each channel, float32; without them they are computed again, with
// the same bits. dx is always written (=); dweight and dbias are written, or added to with NK_FLAG_ACCUMULATE. A
// channel with a NaN or an infinity gives NaN throughout and disturbs no other. An empty batch leaves the running
// statistics as they are, mean and rstd are then NaN, dweight and dbias 0 (or unchanged).
#include <normkernels/nk_batch_norm.h>

#include "core/channel_norm.h"
#include "core/entry.h"

namespace {

constexpr nk::channel_norm_room kRoom = {/*over_batch=*/true, /*has_groups=*/false, /*has_running=*/true};

}  // namespace

nk_status nk_batch_norm_plan(int64_t batch, int64_t channels, int64_t spatial, nk_channel_layout layout,
                             nk_plan* plan) {
  return nk::plan(kRoom, batch, channels, spatial, 0, layout, plan);
}
nk_status nk_batch_norm_forward(const nk_channel_norm_forward_params* params) {
  return nk::forward(kRoom, params);
}
nk_status nk_batch_norm_backward(const nk_channel_norm_backward_params* params) {
  return nk::backward(kRoom, params);
}
nk_status nk_batch_norm_jvp(const nk_channel_norm_jvp_params* params) {
  return nk::jvp(kRoom, params);
}

nk_status nk_batch_norm_fold(const nk_batch_norm_fold_params* params) {
  if (params == nullptr) return NK_ERROR_NULL;
  if (params->struct_size != sizeof *params) return NK_ERROR_STRUCT_SIZE;
  const nk_batch_norm_fold_params& p = *params;
  if (!nk::is_dtype(p.param_dtype)) return NK_ERROR_DTYPE;
  if (p.reserved != 0) return NK_ERROR_FLAGS;
  if (!nk::sizes_fit({p.channels}, sizeof(double))) return NK_ERROR_SHAPE;
  if (!(p.epsilon >= 0.0)) return NK_ERROR_EPSILON;
  if (p.channels == 0) return NK_OK;
  if (p.running_mean == nullptr || p.running_var == nullptr || p.scale == nullptr || p.shift == nullptr) {
    return NK_ERROR_NULL;
  }
  for (std::int64_t c = 0; c < p.channels; ++c) {
    const nk::folded f = nk::fold(p.running_mean, p.running_var, p.weight, p.bias, p.param_dtype, p.epsilon, c);
    p.scale[c] = f.scale;
    p.shift[c] = f.shift;
  }
  return NK_OK;
}

nk_status nk_batch_norm_apply(const nk_batch_norm_apply_params* params) {
  if (params == nullptr) return NK_ERROR_NULL;
  if (params->struct_size != sizeof *params) return NK_ERROR_STRUCT_SIZE;
  const nk_batch_norm_apply_params& p = *params;
  if (!nk::is_dtype(p.dtype)) return NK_ERROR_DTYPE;
  if (p.layout != NK_CHANNELS_FIRST && p.layout != NK_CHANNELS_LAST) return NK_ERROR_FLAGS;
  if (!nk::sizes_fit({p.batch, p.channels, p.spatial}, nk::size_of(p.dtype))) return NK_ERROR_SHAPE;
  const nk::strip_table* ops;
  nk_status status = nk::pick(nk::kStripTables, p.isa, &ops);
  if (status != NK_OK) return status;
  const bool empty = p.batch == 0 || p.channels == 0 || p.spatial == 0;
  if (!empty && (p.x == nullptr || p.y == nullptr || p.scale == nullptr || p.shift == nullptr)) return NK_ERROR_NULL;
  const nk::channel_parts parts = nk::channel_parts_of(true, p.batch, p.channels, p.spatial, 0, p.layout);
  nk::part_range range;
  status = nk::parts_of(p, empty ? 0 : parts.count(), &range);
  if (status != NK_OK || empty) return status;
  nk::for_each_part(parts, range.begin, range.end, [&](std::int64_t, const nk::slice_range& r) {
    nk::channel_affine_double(r, *ops, p.dtype, p.x, p.y, [&](std::int64_t, std::int64_t channel) {
      return nk::affine_double_coefficients{p.scale[channel], p.shift[channel]};
    });
  });
  return NK_OK;
}
