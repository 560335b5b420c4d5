/* BatchNorm (Ioffe, Szegedy 2015): y = (x - mean) * rstd * weight + bias over each channel of the batch, or with
 * NK_FLAG_INFERENCE by running statistics,
 * rstd = 1 / sqrt(var + epsilon), var biased. Parameters: nk_channel_norm.h. */
#ifndef NORMKERNELS_NK_BATCH_NORM_H
#define NORMKERNELS_NK_BATCH_NORM_H

#include "nk_channel_norm.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The parts of a call of this shape, and the workspace that some calls need. */
NK_API nk_status nk_batch_norm_plan(int64_t batch, int64_t channels, int64_t spatial, nk_channel_layout layout,
                                    nk_plan* plan);

NK_API nk_status nk_batch_norm_forward(const nk_channel_norm_forward_params* params);
NK_API nk_status nk_batch_norm_backward(const nk_channel_norm_backward_params* params);
NK_API nk_status nk_batch_norm_jvp(const nk_channel_norm_jvp_params* params);

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

NK_API nk_status nk_batch_norm_fold(const nk_batch_norm_fold_params* params);

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

NK_API nk_status nk_batch_norm_apply(const nk_batch_norm_apply_params* params);

#ifdef __cplusplus
}
#endif

#endif
