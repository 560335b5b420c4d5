// L2 normalization on a device. Formulas, NaN and empty rules: native/norms/l2_normalize.
#include "common/axis_norm.cuh"

#include <normkernels/nk_cuda.h>

nk_status nk_cuda_l2_normalize_forward(const nk_axis_forward_params* params, nk_stream stream) {
  return nk::cuda::forward(nk::kL2Normalize, nk::cuda::power_role::l2_normalize, params, stream);
}
nk_status nk_cuda_l2_normalize_backward(const nk_axis_backward_params* params, nk_stream stream) {
  return nk::cuda::backward(nk::kL2Normalize, nk::cuda::power_role::l2_normalize, params, stream);
}
nk_status nk_cuda_l2_normalize_jvp(const nk_axis_jvp_params* params, nk_stream stream) {
  return nk::cuda::jvp(nk::kL2Normalize, nk::cuda::power_role::l2_normalize, params, stream);
}
