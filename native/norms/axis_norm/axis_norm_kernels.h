// What axis_norm's C entry asks of its kernels: strips as in core/strips.h, whose elements each have a weight and a
// bias.
#pragma once

#include "core/strips.h"

namespace nk {

// Coefficients of a slice, one for each column, or one for all of them when `columns` is false.
//
//   xhat = (x - center) * scale - low
struct axis_statistics {
  bool columns;
  const float *center, *scale, *low;
};

// (dtype of tensors, dtype of parameters): f32 f32, f16 f16, f16 f32, bf16 bf16, bf16 f32.
struct axis_norm_table {
  // y = xhat * weight + bias; weight and bias may be null
  void (*affine[5])(const void* x, const void* weight, const void* bias, void* y, const strip& s,
                    const axis_statistics& c);

  // sums[0] += sum(g)    sums[1] += sum(g * rough)    sums[2] += sum(rough), one each for every column if there are
  // columns; g = t * weight, or t without one; rough = (x - center) * scale; in double
  void (*products[5])(const void* t, const void* weight, const void* x, const strip& s, const axis_statistics& c,
                      double* const (&sums)[3]);

  // dx = dy * weight * scale + xhat * b + e      dweight (+)= dy * xhat      dbias (+)= dy
  void (*backward[5])(const void* dy, const void* weight, const void* x, void* dx, float* dweight, float* dbias,
                      bool accumulate, const strip& s, const axis_statistics& c, const float* b, const float* e);

  // jvp_y = (t * scale + xhat * b + e) * weight + xhat * tan_weight + tan_bias
  void (*jvp[5])(const void* t, const void* weight, const void* tan_weight, const void* tan_bias, const void* x,
                 void* jvp_y, const strip& s, const axis_statistics& c, const float* b, const float* e);
};

}  // namespace nk

NK_DECLARE_TABLES(axis_norm_table, axis_norm_table)
