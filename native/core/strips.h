// Strips: what the norms that are not over rows are made of.
//
// A strip is a piece of a tensor: `rows` rows of `width` adjacent elements, `row_stride` elements apart. An operation
// on it comes in two forms. In a *run* all elements share their coefficients and are summed into one place; in
// *columns* every column has coefficients and sums of its own, in arrays of `width` entries. Channels-first layouts are
// runs, channels-last ones and reductions over a strided axis are columns, and either walks memory in order: no
// transposes. Many short runs at once are a third form (short_runs).
//
// Sums are taken twice at most: in float32 over a few additions at a time, and over these in double, which
// is as fast as the memory feeds it; and, of slices that this cannot be right for (slices.h), all in double: neither
// 1e30 nor 1e-30 leaves its range when squared, and a pivot that is any value of the slice is near enough to its mean.
//
// A strip's result does not depend on where it lies, what lies beside it, or the instruction set.
#pragma once

#include <cstdint>

#include "isas.h"
#include "power_function.h"

namespace nk {

struct strip {
  std::int64_t rows;
  std::int64_t row_stride;
  std::int64_t width;
};

// How an operation writes a strip: past the caches where `streamed`; and `ahead`, if it is not 0, is how many elements
// behind what it reads now something lies that is read soon, which it asks for.
struct writing {
  bool streamed = false;
  std::int64_t ahead = 0;
};

// Short runs that lie one behind the other: one by one, the calls, the sums over lanes and the coefficients of a run
// take longer than its elements (group_norm of 16 x 512 x 7 x 7, backward: 508 us, so 215; of 4 x
// 256 x 20 x 20 a fifth less). Each has coefficients and sums of its own, in arrays like those of columns, and the bits
// it would have alone. `ahead` as above.
struct short_runs {
  std::int64_t count;
  std::int64_t width;  // at most kShortRun
  std::int64_t ahead = 0;
};
constexpr std::int64_t kShortRun = 512;

// Columns are worked on at most this many at a time, so that their coefficients and sums stay in the first-level cache.
// Arrays that are passed to the column forms hold a multiple of 16 entries; what lies beyond `width` is not defined.
constexpr std::int64_t kStripColumns = 512;

// out = t * a + xhat * b + e        with xhat = (x - center) * scale
struct combine_run {
  float center, scale, a, b, e;
};
struct combine_columns {
  const float *center, *scale, *a, *b, *e;
};

// For every dtype: f32, f16, bf16. Sums are added to what is there, but for those of short runs, which take its place;
// t, x, y and out share one geometry, and out may be t or x. Streamed: what is written goes past the caches where it
// can.
struct strip_table {
  // sums[0] += sum(x - pivot)    sums[1] += sum((x - pivot)^2)
  void (*moments[3])(const void* x, const strip& s, float pivot, double* sums);
  void (*moments_columns[3])(const void* x, const strip& s, const float* pivot, double* sum, double* squares);

  // sum[run] = sum(x - pivot[run])    squares[run] = ...
  void (*moments_runs[3])(const void* x, const short_runs& s, const float* pivot, double* sum, double* squares);

  // the same, all in double
  void (*exact_moments[3])(const void* x, const strip& s, float pivot, double* sums);
  void (*exact_moments_columns[3])(const void* x, const strip& s, const float* pivot, double* sum, double* squares);

  // sums[0] += sum(t)    sums[1] += sum(t * xhat)    sums[2] += sum(xhat)    with xhat = (x - center) * scale
  void (*products[3])(const void* t, const void* x, const strip& s, float center, float scale, double* sums);
  void (*products_columns[3])(const void* t, const void* x, const strip& s, const float* center, const float* scale,
                              double* sum_t, double* sum_t_xhat, double* sum_xhat);

  // the same of every run, sum_t[run] = ...
  void (*products_runs[3])(const void* t, const void* x, const short_runs& s, const float* center, const float* scale,
                           double* sum_t, double* sum_t_xhat, double* sum_xhat);

  void (*exact_products[3])(const void* t, const void* x, const strip& s, float center, float scale, double* sums);
  void (*exact_products_columns[3])(const void* t, const void* x, const strip& s, const float* center,
                                    const float* scale, double* sum_t, double* sum_t_xhat, double* sum_xhat);

  // y = (x - center) * factor + offset, in float32
  void (*affine[3])(const void* x, void* y, const strip& s, float center, float factor, float offset,
                    const writing& how);
  void (*affine_columns[3])(const void* x, void* y, const strip& s, const float* center, const float* factor,
                            const float* offset, bool streamed);

  void (*affine_runs[3])(const void* x, void* y, const short_runs& s, const float* center, const float* factor,
                         const float* offset);

  // y = x * factor + offset, in double, rounded once
  void (*affine_double[3])(const void* x, void* y, const strip& s, double factor, double offset, bool streamed);
  void (*affine_double_columns[3])(const void* x, void* y, const strip& s, const double* factor, const double* offset,
                                   bool streamed);

  void (*combine[3])(const void* t, const void* x, void* out, const strip& s, const combine_run& c, const writing& how);
  void (*combine_columns[3])(const void* t, const void* x, void* out, const strip& s, const nk::combine_columns& c,
                             bool streamed);
  void (*combine_runs[3])(const void* t, const void* x, void* out, const short_runs& s, const nk::combine_columns& c);

  // sum += sum(f(|x| * scale)); for the extremes sum = the larger or smaller of sum and |x|, and NaN if any x is
  void (*power_sum[3])(const void* x, const strip& s, const power_function& f, double scale, double* sum);
  void (*power_sum_columns[3])(const void* x, const strip& s, const power_function& f, const double* scale,
                               double* sum);

  // sum += sum(t * derivative(x)), for p = 2 times the norm, which divides the sum more exactly; with no t a sum of the
  // derivative's magnitude: for the extremes, the number of ties
  void (*power_product[3])(const void* t, const void* x, const strip& s, const power_function& f, double norm,
                           double* sum);
  void (*power_product_columns[3])(const void* t, const void* x, const strip& s, const power_function& f,
                                   const double* norm, double* sum);

  // out = t * a + derivative(x) * b; with no t out = derivative(x) * b. Where b is 0 the derivative is not looked at.
  void (*power_combine[3])(const void* t, const void* x, void* out, const strip& s, const power_function& f,
                           double norm, double a, double b);
  void (*power_combine_columns[3])(const void* t, const void* x, void* out, const strip& s, const power_function& f,
                                   const double* norm, const double* a, const double* b);
};

}  // namespace nk

NK_DECLARE_TABLES(strip_table, strip_ops)
