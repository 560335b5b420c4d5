// LayerNorm: y = (x - mean) * rstd * weight + bias,  rstd = 1 / sqrt(var + epsilon), var biased, over each row.
//
// Saved for backward (if wanted): mean and rstd of each row, float32. Without them backward and jvp compute them again
// and give the same bits. dx is always written (=); dweight and dbias are written, or added to with NK_FLAG_ACCUMULATE.
// A row with a NaN or an infinity gives NaN throughout; other rows are not disturbed. A constant row gives exactly the
// bias (epsilon > 0). No rows: dweight and dbias are 0 (or unchanged); no columns: mean and rstd are NaN.
#include <normkernels/nk_layer_norm.h>

#include "core/row_norm_entry.h"
#include "layer_norm_kernels.h"

namespace {

constexpr nk::row_norm_room kRoom = {NK_TABLES(layer_norm_table), {true, NK_FLAG_NONE, false}};

}  // namespace

nk_status nk_layer_norm_forward(const nk_row_norm_forward_params* params) {
  return nk::forward(kRoom, params);
}
nk_status nk_layer_norm_backward(const nk_row_norm_backward_params* params) {
  return nk::backward(kRoom, params);
}
nk_status nk_layer_norm_jvp(const nk_row_norm_jvp_params* params) {
  return nk::jvp(kRoom, params);
}
