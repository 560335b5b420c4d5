/* norm = (sum |x|^p)^(1/p) over any axes; p = infinity: max |x|, -infinity: min |x|, 0: how many are not zero (no
 * derivative). Parameters: nk_reduction.h. */
#ifndef NORMKERNELS_NK_VECTOR_NORM_H
#define NORMKERNELS_NK_VECTOR_NORM_H

#include "nk_reduction.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The parts of a call of this shape; none needs a workspace. */
NK_API nk_status nk_vector_norm_plan(const nk_reduction* reduction, nk_plan* plan);

NK_API nk_status nk_vector_norm_forward(const nk_reduction_forward_params* params);
NK_API nk_status nk_vector_norm_backward(const nk_reduction_backward_params* params);
NK_API nk_status nk_vector_norm_jvp(const nk_reduction_jvp_params* params);

#ifdef __cplusplus
}
#endif

#endif
