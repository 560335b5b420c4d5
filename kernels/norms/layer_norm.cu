// LayerNorm on a device: the rows are centred. Formulas, what is saved, NaN and empty rules: native/norms/layer_norm.
#include "common/row_norm_entry.cuh"

#include <normkernels/nk_cuda.h>

namespace {

constexpr nk::row_norm_traits kNorm = {/*has_mean=*/true, NK_FLAG_NONE, /*has_gate=*/false};

}  // namespace

nk_status nk_cuda_layer_norm_forward(const nk_row_norm_forward_params* params, nk_stream stream) {
  return nk::cuda::forward<true>(kNorm, params, stream);
}
nk_status nk_cuda_layer_norm_backward(const nk_row_norm_backward_params* params, nk_stream stream) {
  return nk::cuda::backward<true>(kNorm, params, stream);
}
nk_status nk_cuda_layer_norm_jvp(const nk_row_norm_jvp_params* params, nk_stream stream) {
  return nk::cuda::jvp<true>(kNorm, params, stream);
}
