/* LayerNorm (Ba, Kiros, Hinton 2016): y = (x - mean) * rstd * weight + bias over each row,
 * rstd = 1 / sqrt(var + epsilon), var biased. Parameters: nk_row_norm.h. */
#ifndef NORMKERNELS_NK_LAYER_NORM_H
#define NORMKERNELS_NK_LAYER_NORM_H

#include "nk_row_norm.h"

#ifdef __cplusplus
extern "C" {
#endif

NK_API nk_status nk_layer_norm_forward(const nk_row_norm_forward_params* params);
NK_API nk_status nk_layer_norm_backward(const nk_row_norm_backward_params* params);
NK_API nk_status nk_layer_norm_jvp(const nk_row_norm_jvp_params* params);

#ifdef __cplusplus
}
#endif

#endif
