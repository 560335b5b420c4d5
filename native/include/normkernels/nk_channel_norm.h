/* Parameters shared by the norms over channels: group_norm, instance_norm, batch_norm.
 *
 * A tensor is [batch, channels, spatial], or [batch, spatial, channels] with NK_CHANNELS_LAST, contiguous; spatial is
 * the product of all spatial axes, 1 without any. A slice is what shares a mean and a variance: a group of adjacent
 * channels of a sample (group_norm), a channel of a sample (instance_norm), a channel of the whole batch (batch_norm).
 * Pointers need the alignment of their element type at most. Null weight and bias stand for ones and zeros. Nothing is
 * written if a function returns an error.
 *
 * With NK_FLAG_INFERENCE (instance_norm, batch_norm) the statistics are running_mean and running_var, taken as
 * constants.
 *
 * A slice's results depend on that slice alone, bit for bit. A slice with a NaN or an infinity disturbs no other. */
#ifndef NORMKERNELS_NK_CHANNEL_NORM_H
#define NORMKERNELS_NK_CHANNEL_NORM_H

#include "nk_types.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum nk_channel_layout {
  NK_CHANNELS_FIRST = 0,
  NK_CHANNELS_LAST = 1,
} nk_channel_layout;

/** y = (x - mean) * rstd * weight + bias. */
typedef struct nk_channel_norm_forward_params {
  uint64_t struct_size;
  int32_t dtype;       /* nk_dtype of x and y */
  int32_t param_dtype; /* nk_dtype of weight and bias: dtype or NK_F32 */
  int32_t isa;         /* nk_isa; NK_ISA_BEST by default */
  uint32_t flags;      /* nk_flags: NK_FLAG_INFERENCE */
  int32_t layout;      /* nk_channel_layout */
  int32_t stage;       /* nk_stage */
  int64_t batch;
  int64_t channels;
  int64_t spatial;
  int64_t groups; /* group_norm: divides channels; 0 for the others */
  double epsilon;
  double momentum; /* of the running statistics: running = (1 - momentum) * running + momentum * new */
  const void* x;
  void* y;            /* may be x; null, outside inference: only the statistics are written */
  const void* weight; /* [channels] or null */
  const void* bias;   /* [channels] or null */
  float* mean;        /* one for each slice, or null: not saved; null in inference */
  float* rstd;
  float* running_mean; /* [channels] or null (both): updated; read only in inference, where they are required */
  float* running_var;  /* the update takes the unbiased variance; an empty batch leaves both as they are */
  void* workspace;     /* required when instance_norm updates running statistics; see nk_*_plan */
  uint64_t workspace_size;
  int64_t part_begin; /* with NK_STAGE_PARTS: the parts to do */
  int64_t part_end;
} nk_channel_norm_forward_params;

/** dx, dweight, dbias = VJP of the norm at x with cotangent dy. */
typedef struct nk_channel_norm_backward_params {
  uint64_t struct_size;
  int32_t dtype;       /* nk_dtype of dy, x, dx */
  int32_t param_dtype; /* nk_dtype of weight; dweight and dbias are always float */
  int32_t isa;         /* nk_isa */
  uint32_t flags;      /* nk_flags: NK_FLAG_INFERENCE, NK_FLAG_ACCUMULATE */
  int32_t layout;      /* nk_channel_layout */
  int32_t stage;       /* nk_stage */
  int64_t batch;
  int64_t channels;
  int64_t spatial;
  int64_t groups;
  double epsilon;
  const void* dy;
  const void* x;
  void* dx; /* may be dy or x; always overwritten */
  const void* weight;
  const float* mean; /* as forward saved them; null (with rstd): recomputed, same bits */
  const float* rstd;
  const float* running_mean; /* inference */
  const float* running_var;
  float* dweight;  /* [channels] or null: not wanted */
  float* dbias;    /* [channels] or null: not wanted */
  void* workspace; /* required when group_norm or instance_norm give dweight or dbias; see nk_*_plan */
  uint64_t workspace_size;
  int64_t part_begin;
  int64_t part_end;
} nk_channel_norm_backward_params;

/** jvp_y = JVP of the norm at x along tan_x, tan_weight, tan_bias. */
typedef struct nk_channel_norm_jvp_params {
  uint64_t struct_size;
  int32_t dtype;       /* nk_dtype of x, tan_x, jvp_y */
  int32_t param_dtype; /* nk_dtype of weight, tan_weight, tan_bias */
  int32_t isa;         /* nk_isa */
  uint32_t flags;      /* nk_flags: NK_FLAG_INFERENCE */
  int32_t layout;      /* nk_channel_layout */
  int32_t stage;       /* nk_stage; the last stage does nothing */
  int64_t batch;
  int64_t channels;
  int64_t spatial;
  int64_t groups;
  double epsilon;
  const void* x;
  const void* tan_x;
  void* jvp_y; /* may be x or tan_x */
  const void* weight;
  const void* tan_weight; /* [channels] or null for zeros */
  const void* tan_bias;   /* [channels] or null for zeros */
  const float* mean;
  const float* rstd;
  const float* running_mean;
  const float* running_var;
  int64_t part_begin;
  int64_t part_end;
  void* workspace; /* CUDA; the CPU needs none */
  uint64_t workspace_size;
} nk_channel_norm_jvp_params;

/** Inference as two vectors: scale = weight / sqrt(running_var + epsilon), shift = bias - running_mean * scale. They
 * are double because shift and x * scale cancel where a mean is large. */
typedef struct nk_batch_norm_fold_params {
  uint64_t struct_size;
  int32_t param_dtype; /* nk_dtype of weight and bias */
  int32_t reserved;    /* 0 */
  int64_t channels;
  double epsilon;
  const float* running_mean;
  const float* running_var;
  const void* weight; /* [channels] or null for ones */
  const void* bias;   /* [channels] or null for zeros */
  double* scale;      /* [channels] */
  double* shift;      /* [channels] */
} nk_batch_norm_fold_params;

/** y = x * scale + shift for every channel: the bits of inference. Its parts are those of nk_batch_norm_plan. */
typedef struct nk_batch_norm_apply_params {
  uint64_t struct_size;
  int32_t dtype;  /* nk_dtype of x and y */
  int32_t isa;    /* nk_isa; NK_ISA_BEST by default */
  int32_t layout; /* nk_channel_layout */
  int32_t stage;  /* nk_stage; the last one does nothing */
  int64_t batch;
  int64_t channels;
  int64_t spatial;
  const void* x;
  void* y; /* may be x */
  const double* scale;
  const double* shift;
  int64_t part_begin;
  int64_t part_end;
} nk_batch_norm_apply_params;

#ifdef __cplusplus
}
#endif

#endif
