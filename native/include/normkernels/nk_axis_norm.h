/* y = (x - mean) * rstd * weight + bias along one axis, with a weight and a bias for every element,
 * rstd = 1 / sqrt(var + epsilon), var biased. Parameters: nk_axis.h. */
#ifndef NORMKERNELS_NK_AXIS_NORM_H
#define NORMKERNELS_NK_AXIS_NORM_H

#include "nk_axis.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The parts of a call of this shape; none needs a workspace. */
NK_API nk_status nk_axis_norm_plan(int64_t outer, int64_t length, int64_t inner, nk_plan* plan);

NK_API nk_status nk_axis_norm_forward(const nk_axis_forward_params* params);
NK_API nk_status nk_axis_norm_backward(const nk_axis_backward_params* params);
NK_API nk_status nk_axis_norm_jvp(const nk_axis_jvp_params* params);

#ifdef __cplusplus
}
#endif

#endif
