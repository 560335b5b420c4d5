/* Parameters shared by the norms along an axis: axis_norm, l2_normalize, weight_norm.
 *
 * A tensor is [outer, length, inner], contiguous: the axis, what lies before it and what lies behind it. axis_norm and
 * l2_normalize reduce the axis; weight_norm keeps it and reduces the rest. Pointers need the alignment of their element
 * type at most. Nothing is written if a function returns an error.
 *
 * A slice's results depend on that slice alone, bit for bit. A slice with a NaN or an infinity disturbs no other. */
#ifndef NORMKERNELS_NK_AXIS_H
#define NORMKERNELS_NK_AXIS_H

#include "nk_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** axis_norm: y = (x - mean) * rstd * weight + bias      l2_normalize: y = x / max(norm, epsilon)
 *  weight_norm: y = x * weight / norm, where x is v, y is w and weight is g */
typedef struct nk_axis_forward_params {
  uint64_t struct_size;
  int32_t dtype;       /* nk_dtype of x and y */
  int32_t param_dtype; /* nk_dtype of weight and bias: dtype or NK_F32 */
  int32_t isa;         /* nk_isa; NK_ISA_BEST by default */
  uint32_t flags;      /* nk_flags; none yet */
  int64_t outer;
  int64_t length;
  int64_t inner;
  double epsilon;
  double p; /* l2_normalize: the order of the norm, > 0 or infinity; 0 for the others */
  const void* x;
  void* y;            /* may be x */
  const void* weight; /* axis_norm: of x's shape or null for ones; weight_norm: [length], required; else null */
  const void* bias;   /* axis_norm: of x's shape or null for zeros; else null */
  float* mean;        /* axis_norm: [outer, inner] or null: not saved; else null */
  float* rstd;        /* axis_norm: [outer, inner] or null: not saved; else null */
  float* norm;        /* l2_normalize: [outer, inner], weight_norm: [length], or null: not saved; else null */
  int64_t part_begin; /* with NK_STAGE_PARTS: the parts to do */
  int64_t part_end;
  int32_t stage;    /* nk_stage; the last one does nothing */
  int32_t reserved; /* 0 */
  void* workspace;  /* CUDA; the CPU needs none */
  uint64_t workspace_size;
} nk_axis_forward_params;

/** The VJP at x with cotangent dy. */
typedef struct nk_axis_backward_params {
  uint64_t struct_size;
  int32_t dtype;       /* nk_dtype of dy, x, dx */
  int32_t param_dtype; /* nk_dtype of weight; dweight and dbias are always float */
  int32_t isa;         /* nk_isa */
  uint32_t flags;      /* nk_flags: NK_FLAG_ACCUMULATE */
  int64_t outer;
  int64_t length;
  int64_t inner;
  double epsilon;
  double p;
  const void* dy;
  const void* x;
  void* dx; /* may be dy or x; always overwritten */
  const void* weight;
  const float* mean; /* axis_norm: as forward saved them; null (with rstd): recomputed, same bits; else null */
  const float* rstd;
  float* dweight; /* axis_norm: of x's shape, weight_norm: [length], or null: not wanted; else null */
  float* dbias;   /* axis_norm: of x's shape or null: not wanted; else null */
  int64_t part_begin;
  int64_t part_end;
  int32_t stage; /* nk_stage */
  int32_t reserved;
  void* workspace; /* CUDA; the CPU needs none */
  uint64_t workspace_size;
} nk_axis_backward_params;

/** The JVP at x along tan_x, tan_weight, tan_bias. */
typedef struct nk_axis_jvp_params {
  uint64_t struct_size;
  int32_t dtype;       /* nk_dtype of x, tan_x, jvp_y */
  int32_t param_dtype; /* nk_dtype of weight, tan_weight, tan_bias */
  int32_t isa;         /* nk_isa */
  uint32_t flags;      /* nk_flags */
  int64_t outer;
  int64_t length;
  int64_t inner;
  double epsilon;
  double p;
  const void* x;
  const void* tan_x;
  void* jvp_y; /* may be x or tan_x */
  const void* weight;
  const void* tan_weight; /* as weight, or null for zeros */
  const void* tan_bias;   /* axis_norm: as bias, or null for zeros; else null */
  const float* mean;      /* as in backward */
  const float* rstd;
  int64_t part_begin;
  int64_t part_end;
  int32_t stage; /* nk_stage */
  int32_t reserved;
  void* workspace; /* CUDA; the CPU needs none */
  uint64_t workspace_size;
} nk_axis_jvp_params;

#ifdef __cplusplus
}
#endif

#endif
