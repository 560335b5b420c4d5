/* y = x / max(norm, epsilon), norm = (sum |x|^p)^(1/p) along one axis. Parameters: nk_axis.h. */
#ifndef NORMKERNELS_NK_L2_NORMALIZE_H
#define NORMKERNELS_NK_L2_NORMALIZE_H

#include "nk_axis.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The parts of a call of this shape; none needs a workspace. */
NK_API nk_status nk_l2_normalize_plan(int64_t outer, int64_t length, int64_t inner, nk_plan* plan);

NK_API nk_status nk_l2_normalize_forward(const nk_axis_forward_params* params);
NK_API nk_status nk_l2_normalize_backward(const nk_axis_backward_params* params);
NK_API nk_status nk_l2_normalize_jvp(const nk_axis_jvp_params* params);

#ifdef __cplusplus
}
#endif

#endif
