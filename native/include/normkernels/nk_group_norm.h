/* GroupNorm (Wu, He 2018): y = (x - mean) * rstd * weight + bias over each group of channels of each sample,
 * rstd = 1 / sqrt(var + epsilon), var biased. Parameters: nk_channel_norm.h. */
#ifndef NORMKERNELS_NK_GROUP_NORM_H
#define NORMKERNELS_NK_GROUP_NORM_H

#include "nk_channel_norm.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The parts of a call of this shape, and the workspace that some calls need. */
NK_API nk_status nk_group_norm_plan(int64_t batch, int64_t channels, int64_t spatial, int64_t groups,
                                    nk_channel_layout layout, nk_plan* plan);

NK_API nk_status nk_group_norm_forward(const nk_channel_norm_forward_params* params);
NK_API nk_status nk_group_norm_backward(const nk_channel_norm_backward_params* params);
NK_API nk_status nk_group_norm_jvp(const nk_channel_norm_jvp_params* params);

#ifdef __cplusplus
}
#endif

#endif
