/* Parameters shared by the norms that reduce axes to one value: vector_norm, matrix_norm.
 *
 * A tensor has up to NK_MAX_RANK axes, outermost first, and is contiguous. The norms are in the order of the axes that
 * are kept. Pointers need the alignment of their element type at most. Nothing is written if a function returns an
 * error. */
#ifndef NORMKERNELS_NK_REDUCTION_H
#define NORMKERNELS_NK_REDUCTION_H

#include "nk_types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define NK_MAX_RANK 8

/** Norms of a matrix. */
typedef enum nk_matrix_order {
  NK_MATRIX_FROBENIUS = 0,
  NK_MATRIX_NUCLEAR = 1,            /* the sum of the singular values */
  NK_MATRIX_MAX_COLUMN_SUM = 2,     /* 1 */
  NK_MATRIX_MIN_COLUMN_SUM = 3,     /* -1 */
  NK_MATRIX_MAX_ROW_SUM = 4,        /* infinity */
  NK_MATRIX_MIN_ROW_SUM = 5,        /* -infinity */
  NK_MATRIX_MAX_SINGULAR_VALUE = 6, /* 2 */
  NK_MATRIX_MIN_SINGULAR_VALUE = 7, /* -2 */
} nk_matrix_order;

/** The axes of a tensor, and which of them are reduced. */
typedef struct nk_reduction {
  int64_t sizes[NK_MAX_RANK];
  int32_t rank;
  uint32_t reduced;    /* vector_norm: bit i: axis i is reduced; 0 for matrix_norm */
  int32_t row_axis;    /* matrix_norm; 0 for vector_norm */
  int32_t column_axis; /* matrix_norm; 0 for vector_norm */
  double p;            /* vector_norm: any number but NaN, or an infinity; 0 for matrix_norm */
  int32_t order;       /* nk_matrix_order for matrix_norm; 0 for vector_norm */
  int32_t reserved;    /* 0 */
} nk_reduction;

/** norm of x over the reduced axes. */
typedef struct nk_reduction_forward_params {
  uint64_t struct_size;
  int32_t dtype;      /* nk_dtype of x */
  int32_t norm_dtype; /* nk_dtype of norm: dtype or NK_F32 */
  int32_t isa;        /* nk_isa; NK_ISA_BEST by default */
  uint32_t flags;     /* nk_flags; none yet */
  nk_reduction reduction;
  const void* x;
  void* norm;
  void* workspace; /* matrix_norm: for the parts at work; see nk_matrix_norm_plan */
  uint64_t workspace_size;
  int64_t part_begin; /* with NK_STAGE_PARTS: the parts to do */
  int64_t part_end;
  int32_t stage;    /* nk_stage; the last one does nothing */
  int32_t reserved; /* 0 */
} nk_reduction_forward_params;

/** dx = VJP of the norm at x with cotangent dnorm. */
typedef struct nk_reduction_backward_params {
  uint64_t struct_size;
  int32_t dtype;      /* nk_dtype of x and dx */
  int32_t norm_dtype; /* nk_dtype of dnorm: dtype or NK_F32 */
  int32_t isa;        /* nk_isa */
  uint32_t flags;     /* nk_flags */
  nk_reduction reduction;
  const void* dnorm;
  const void* x;
  void* dx; /* may be x; always overwritten */
  void* workspace;
  uint64_t workspace_size;
  int64_t part_begin;
  int64_t part_end;
  int32_t stage; /* nk_stage */
  int32_t reserved;
} nk_reduction_backward_params;

/** jvp_norm = JVP of the norm at x along tan_x. */
typedef struct nk_reduction_jvp_params {
  uint64_t struct_size;
  int32_t dtype;      /* nk_dtype of x and tan_x */
  int32_t norm_dtype; /* nk_dtype of jvp_norm: dtype or NK_F32 */
  int32_t isa;        /* nk_isa */
  uint32_t flags;     /* nk_flags */
  nk_reduction reduction;
  const void* x;
  const void* tan_x;
  void* jvp_norm;
  void* workspace;
  uint64_t workspace_size;
  int64_t part_begin;
  int64_t part_end;
  int32_t stage; /* nk_stage */
  int32_t reserved;
} nk_reduction_jvp_params;

#ifdef __cplusplus
}
#endif

#endif
