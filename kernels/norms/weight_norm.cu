// WeightNorm on a device. Formulas, NaN and empty rules: native/norms/weight_norm.
#include "common/axis_norm.cuh"

#include <normkernels/nk_cuda.h>

nk_status nk_cuda_weight_norm_forward(const nk_axis_forward_params* params, nk_stream stream) {
  return nk::cuda::forward(nk::kWeightNorm, nk::cuda::power_role::weight_norm, params, stream);
}
nk_status nk_cuda_weight_norm_backward(const nk_axis_backward_params* params, nk_stream stream) {
  return nk::cuda::backward(nk::kWeightNorm, nk::cuda::power_role::weight_norm, params, stream);
}
nk_status nk_cuda_weight_norm_jvp(const nk_axis_jvp_params* params, nk_stream stream) {
  return nk::cuda::jvp(nk::kWeightNorm, nk::cuda::power_role::weight_norm, params, stream);
}
