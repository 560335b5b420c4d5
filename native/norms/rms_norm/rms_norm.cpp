// RMSNorm: y = x * rstd * W + bias,  rstd = 1 / sqrt(mean(x^2) + epsilon) over each row,  W = weight or, with
// NK_FLAG_ZERO_CENTERED, 1 + weight. Forward may be gated: y * silu(gate).
//
// Saved for backward (if wanted): rstd of each row, float32. Without it backward and jvp compute it again and give the
// same bits. dx is always written (=); dweight and dbias are written, or added to with NK_FLAG_ACCUMULATE.
// A row with a NaN gives NaN throughout; one with an infinity gives rstd = 0, hence 0 * W + bias for its finite
// elements and NaN for the infinite ones; other rows are not disturbed. No rows: dweight and dbias are 0 (or
// unchanged); no columns: rstd is NaN.
#include <normkernels/nk_rms_norm.h>

#include "core/row_norm_entry.h"
#include "rms_norm_kernels.h"

namespace {

constexpr nk::row_norm_room kRoom = {NK_TABLES(rms_norm_table), {false, NK_FLAG_ZERO_CENTERED, true}};

}  // namespace

nk_status nk_rms_norm_forward(const nk_row_norm_forward_params* params) {
  return nk::forward(kRoom, params);
}
nk_status nk_rms_norm_backward(const nk_row_norm_backward_params* params) {
  return nk::backward(kRoom, params);
}
nk_status nk_rms_norm_jvp(const nk_row_norm_jvp_params* params) {
  return nk::jvp(kRoom, params);
}
