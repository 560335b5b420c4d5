/* Parameters of the norms that normalize the rows of a matrix: layer_norm and rms_norm.
 *
 * Every tensor is `rows` x `cols`: the normalized axes, flattened, are the columns. Element (r, c) of a tensor lies
 * at r * stride + c; a stride of 0 means cols. The same structs serve the CPU and CUDA; with CUDA the pointers are
 * device pointers, and isa, stage, part_begin and part_end must be 0. On the CPU pointers may have any alignment.
 *
 * An output may be the same tensor as an input (same pointer, same stride) where the field says so; any other overlap
 * of an output with an input or another output gives undefined values. Rows are independent of one another: NaN or
 * infinity in one row disturbs no other. */
#ifndef NORMKERNELS_NK_ROW_NORM_H
#define NORMKERNELS_NK_ROW_NORM_H

#include "nk_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** y = norm(x), or with a residual h = x + residual, y = norm(h). */
typedef struct nk_row_norm_forward_params {
  uint64_t struct_size; /* sizeof(nk_row_norm_forward_params) */
  int32_t dtype;        /* nk_dtype of x, residual, h, y */
  int32_t param_dtype;  /* nk_dtype of weight and bias: dtype or NK_F32 */
  int32_t isa;          /* nk_isa; NK_ISA_BEST by default */
  uint32_t flags;       /* nk_flags: NK_FLAG_ZERO_CENTERED (rms_norm only), NK_FLAG_ROUND_FIRST (with quantize) */
  int64_t rows;
  int64_t cols;
  double epsilon; /* >= 0, added to the variance or mean square under the root */
  const void* x;
  const void* residual; /* null: plain norm; not null: h is required */
  void* h;              /* x + residual, rounded to dtype, and what is normalized; may be x or residual */
  void* y;              /* may be x or residual, not h */
  int64_t x_stride;
  int64_t residual_stride;
  int64_t h_stride;
  int64_t y_stride;
  const void* weight; /* [cols] or null for ones */
  const void* bias;   /* [cols] or null for zeros */
  float* mean;        /* [rows] or null: not saved; always null for rms_norm */
  float* rstd;        /* [rows] or null: not saved */
  const void* gate;   /* rms_norm: y = norm * gate / (1 + exp(-gate)), [rows, cols] of dtype; or null: none */
  int64_t gate_stride;
  float* y_scale; /* [rows], with quantize: y = round(norm / y_scale), y_scale = max |norm| / 127 (448 for e4m3) of the
                     row */
  int32_t quantize; /* nk_quantize: what y holds; NK_QUANTIZE_NONE: dtype */
  int32_t reserved; /* 0 */
} nk_row_norm_forward_params;

/** dx, dweight, dbias = VJP of the norm at x with cotangent dy.
 *  With dh (the cotangent of h; x is then h) dx = dresidual = dh + VJP. */
typedef struct nk_row_norm_backward_params {
  uint64_t struct_size;
  int32_t dtype;       /* nk_dtype of dy, x, dh, dx */
  int32_t param_dtype; /* nk_dtype of weight: dtype or NK_F32; dweight and dbias are always float */
  int32_t isa;         /* nk_isa */
  uint32_t flags;      /* nk_flags: NK_FLAG_ZERO_CENTERED (rms_norm only), NK_FLAG_ACCUMULATE */
  int64_t rows;
  int64_t cols;
  double epsilon; /* used where the statistics are recomputed */
  const void* dy;
  const void* x;  /* what was normalized: x, or h = x + residual */
  const void* dh; /* null or the cotangent of h */
  void* dx;       /* may be dy, x or dh; always overwritten */
  int64_t dy_stride;
  int64_t x_stride;
  int64_t dh_stride;
  int64_t dx_stride;
  const void* weight; /* [cols] or null for ones */
  const float* mean;  /* [rows] as forward saved them; null (with rstd): recomputed, same bits */
  const float* rstd;
  float* dweight;          /* [cols] or null: not wanted */
  float* dbias;            /* [cols] or null: not wanted */
  void* workspace;         /* required when dweight or dbias is wanted; see nk_row_norm_plan */
  uint64_t workspace_size; /* bytes */
  int32_t stage;           /* nk_stage */
  int32_t reserved;        /* 0 */
  int64_t part_begin;      /* with NK_STAGE_PARTS: the parts to do */
  int64_t part_end;
} nk_row_norm_backward_params;

/** jvp_y = JVP of the norm at x along tan_x, tan_weight, tan_bias.
 *  With tan_residual (x is then h) jvp_h = tan_x + tan_residual is the tangent of h. */
typedef struct nk_row_norm_jvp_params {
  uint64_t struct_size;
  int32_t dtype;       /* nk_dtype of x, tan_x, tan_residual, jvp_h, jvp_y */
  int32_t param_dtype; /* nk_dtype of weight, tan_weight, tan_bias: dtype or NK_F32 */
  int32_t isa;         /* nk_isa */
  uint32_t flags;      /* nk_flags: NK_FLAG_ZERO_CENTERED (rms_norm only) */
  int64_t rows;
  int64_t cols;
  double epsilon;
  const void* x; /* what was normalized: x, or h = x + residual */
  const void* tan_x;
  const void* tan_residual; /* null: plain norm; not null: jvp_h is required */
  void* jvp_h;              /* tan_x + tan_residual, rounded to dtype; may be x, tan_x or tan_residual */
  void* jvp_y;              /* may be x, tan_x or tan_residual, not jvp_h */
  int64_t x_stride;
  int64_t tan_x_stride;
  int64_t tan_residual_stride;
  int64_t jvp_h_stride;
  int64_t jvp_y_stride;
  const void* weight;     /* [cols] or null for ones */
  const void* tan_weight; /* [cols] or null for zeros */
  const void* tan_bias;   /* [cols] or null for zeros */
  const float* mean;      /* as in backward */
  const float* rstd;
} nk_row_norm_jvp_params;

/** The parts of a backward call of this many rows and columns, at most 64 blocks of rows; the workspace is what dweight
 * and dbias need. */
NK_API nk_status nk_row_norm_plan(int64_t rows, int64_t cols, nk_plan* plan);

#ifdef __cplusplus
}
#endif

#endif
