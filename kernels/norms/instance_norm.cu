// InstanceNorm on a device: slices are channels of a sample. Formulas, what is saved, NaN and empty rules:
// native/norms/instance_norm.
#include "common/channel_norm.cuh"

#include <normkernels/nk_cuda.h>

namespace {

constexpr nk::channel_norm_room kRoom = {/*over_batch=*/false, /*has_groups=*/false, /*has_running=*/true};

}  // namespace

nk_status nk_cuda_instance_norm_forward(const nk_channel_norm_forward_params* params, nk_stream stream) {
  return nk::cuda::forward(kRoom, params, stream);
}
nk_status nk_cuda_instance_norm_backward(const nk_channel_norm_backward_params* params, nk_stream stream) {
  return nk::cuda::backward(kRoom, params, stream);
}
nk_status nk_cuda_instance_norm_jvp(const nk_channel_norm_jvp_params* params, nk_stream stream) {
  return nk::cuda::jvp(kRoom, params, stream);
}
