/* Frobenius, nuclear, 1, -1, infinity, -infinity, 2 and -2 norms of matrices, over any two axes.
 * Parameters: nk_reduction.h. */
#ifndef NORMKERNELS_NK_MATRIX_NORM_H
#define NORMKERNELS_NK_MATRIX_NORM_H

#include "nk_reduction.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The parts of a call of this shape, one a matrix, and the workspace that each part at work needs. */
NK_API nk_status nk_matrix_norm_plan(const nk_reduction* reduction, nk_plan* plan);

NK_API nk_status nk_matrix_norm_forward(const nk_reduction_forward_params* params);
NK_API nk_status nk_matrix_norm_backward(const nk_reduction_backward_params* params);
NK_API nk_status nk_matrix_norm_jvp(const nk_reduction_jvp_params* params);

#ifdef __cplusplus
}
#endif

#endif
