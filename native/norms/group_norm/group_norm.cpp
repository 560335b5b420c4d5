// GroupNorm: y = (x - mean) * rstd * weight + bias,  rstd = 1 / sqrt(var + epsilon), var biased, over each group of
// channels of each sample.
//
// Saved for backward (if wanted): mean and rstd of each group, float32. Without them backward and jvp compute them
// again and give the same bits. dx is always written (=); dweight and dbias are written, or added to with
// NK_FLAG_ACCUMULATE. A group with a NaN or an infinity gives NaN throughout and disturbs no other. A constant group
// gives exactly the bias (epsilon > 0). No samples: dweight and dbias are 0 (or unchanged); no values in a group: mean
// and rstd are NaN.
#include <normkernels/nk_group_norm.h>

#include "core/channel_norm.h"

namespace {

constexpr nk::channel_norm_room kRoom = {/*over_batch=*/false, /*has_groups=*/true, /*has_running=*/false};

}  // namespace

nk_status nk_group_norm_plan(int64_t batch, int64_t channels, int64_t spatial, int64_t groups, nk_channel_layout layout,
                             nk_plan* plan) {
  return nk::plan(kRoom, batch, channels, spatial, groups, layout, plan);
}
nk_status nk_group_norm_forward(const nk_channel_norm_forward_params* params) {
  return nk::forward(kRoom, params);
}
nk_status nk_group_norm_backward(const nk_channel_norm_backward_params* params) {
  return nk::backward(kRoom, params);
}
nk_status nk_group_norm_jvp(const nk_channel_norm_jvp_params* params) {
  return nk::jvp(kRoom, params);
}
