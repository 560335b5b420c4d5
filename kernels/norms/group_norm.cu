// GroupNorm on a device: slices are groups of channels of a sample. Formulas, what is saved, NaN and empty rules:
// native/norms/group_norm.
#include "common/channel_norm.cuh"

#include <normkernels/nk_cuda.h>

namespace {

constexpr nk::channel_norm_room kRoom = {/*over_batch=*/false, /*has_groups=*/true, /*has_running=*/false};

}  // namespace

nk_status nk_cuda_group_norm_forward(const nk_channel_norm_forward_params* params, nk_stream stream) {
  return nk::cuda::forward(kRoom, params, stream);
}
nk_status nk_cuda_group_norm_backward(const nk_channel_norm_backward_params* params, nk_stream stream) {
  return nk::cuda::backward(kRoom, params, stream);
}
nk_status nk_cuda_group_norm_jvp(const nk_channel_norm_jvp_params* params, nk_stream stream) {
  return nk::cuda::jvp(kRoom, params, stream);
}
