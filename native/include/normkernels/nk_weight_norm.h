/* WeightNorm (Salimans, Kingma 2016): w = g * v / norm, norm = sqrt(sum v^2 + epsilon) over all axes but one.
 * Parameters: nk_axis.h. */
#ifndef NORMKERNELS_NK_WEIGHT_NORM_H
#define NORMKERNELS_NK_WEIGHT_NORM_H

#include "nk_axis.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The parts of a call of this shape; none needs a workspace. */
NK_API nk_status nk_weight_norm_plan(int64_t outer, int64_t length, int64_t inner, nk_plan* plan);

NK_API nk_status nk_weight_norm_forward(const nk_axis_forward_params* params);
NK_API nk_status nk_weight_norm_backward(const nk_axis_backward_params* params);
NK_API nk_status nk_weight_norm_jvp(const nk_axis_jvp_params* params);

#ifdef __cplusplus
}
#endif

#endif
