// RMSNorm on a device: the rows are not centred. Formulas, what is saved, NaN and empty rules: native/norms/rms_norm.
#include "common/row_norm_entry.cuh"

#include <normkernels/nk_cuda.h>

namespace {

constexpr nk::row_norm_traits kNorm = {/*has_mean=*/false, NK_FLAG_ZERO_CENTERED, /*has_gate=*/true};

}  // namespace

nk_status nk_cuda_rms_norm_forward(const nk_row_norm_forward_params* params, nk_stream stream) {
  return nk::cuda::forward<false>(kNorm, params, stream);
}
nk_status nk_cuda_rms_norm_backward(const nk_row_norm_backward_params* params, nk_stream stream) {
  return nk::cuda::backward<false>(kNorm, params, stream);
}
nk_status nk_cuda_rms_norm_jvp(const nk_row_norm_jvp_params* params, nk_stream stream) {
  return nk::cuda::jvp<false>(kNorm, params, stream);
}
