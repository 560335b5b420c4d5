/* BatchNorm (Ioffe, Szegedy 2015): y = (x - mean) * rstd * weight + bias over each channel of the batch, or with
 * NK_FLAG_INFERENCE by running statistics,
 * rstd = 1 / sqrt(var + epsilon), var biased. Parameters: nk_channel_norm.h. */
#ifndef NORMKERNELS_NK_BATCH_NORM_H
#define NORMKERNELS_NK_BATCH_NORM_H

#include "nk_channel_norm.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The parts of a call of this shape, and the workspace that some calls need. */
NK_API nk_status nk_batch_norm_plan(int64_t batch, int64_t channels, int64_t spatial, nk_channel_layout layout,
                                    nk_plan* plan);

NK_API nk_status nk_batch_norm_forward(const nk_channel_norm_forward_params* params);
NK_API nk_status nk_batch_norm_backward(const nk_channel_norm_backward_params* params);
NK_API nk_status nk_batch_norm_jvp(const nk_channel_norm_jvp_params* params);

/** Inference as two vectors. */
NK_API nk_status nk_batch_norm_fold(const nk_batch_norm_fold_params* params);

/** y = x * scale + shift: the bits of inference. Its parts are those of nk_batch_norm_plan. */
NK_API nk_status nk_batch_norm_apply(const nk_batch_norm_apply_params* params);

#ifdef __cplusplus
}
#endif

#endif
