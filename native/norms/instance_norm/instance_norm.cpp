// InstanceNorm: y = (x - mean) * rstd * weight + bias,  rstd = 1 / sqrt(var + epsilon), var biased, over each channel
// of each sample. Running statistics, if given, are updated by the average over the samples of mean and unbiased
// variance; with NK_FLAG_INFERENCE they are what normalizes.
//
// Saved for backward, gradients, NaN and empty rules: as for groups of one channel. An empty batch leaves the running
// statistics as they are.
#include <normkernels/nk_instance_norm.h>

#include "core/channel_norm.h"

namespace {

constexpr nk::channel_norm_room kRoom = {/*over_batch=*/false, /*has_groups=*/false, /*has_running=*/true};

}  // namespace

nk_status nk_instance_norm_plan(int64_t batch, int64_t channels, int64_t spatial, nk_channel_layout layout,
                                nk_plan* plan) {
  return nk::plan(kRoom, batch, channels, spatial, 0, layout, plan);
}
nk_status nk_instance_norm_forward(const nk_channel_norm_forward_params* params) {
  return nk::forward(kRoom, params);
}
nk_status nk_instance_norm_backward(const nk_channel_norm_backward_params* params) {
  return nk::backward(kRoom, params);
}
nk_status nk_instance_norm_jvp(const nk_channel_norm_jvp_params* params) {
  return nk::jvp(kRoom, params);
}
