// The sums of strips.h in double.
#pragma once

#include "strip_steps.h"

NK_BEGIN_ISA

template <class T>
void exact_moments(const void* x, const strip& s, float pivot, double* sums) {
  const T* const px = static_cast<const T*>(x);
  const vd p = splat_double(static_cast<double>(pivot));
  vd sum_d = splat_double(0.0), squares = sum_d;
  for_each_row_step(s, [&](std::int64_t at, std::int64_t, auto lanes) NK_INLINE_LAMBDA {
    const vd d = keep(sub(widen(load(px + at, lanes)), p), lanes);
    sum_d = add(sum_d, d);
    squares = fma(d, d, squares);
  });
  sums[0] += sum(sum_d);
  sums[1] += sum(squares);
}

template <class T>
void exact_moments_columns(const void* x, const strip& s, const float* pivot, double* sum, double* squares) {
  const T* const px = static_cast<const T*>(x);
  for_each_column_step(s, [&](std::int64_t j, auto lanes, std::int64_t begin, std::int64_t end) NK_INLINE_LAMBDA {
    const vd p = widen(load(pivot + j, whole{}));
    vd sum_d = load(sum + j), sum_squares = load(squares + j);
    for (std::int64_t row = begin; row < end; ++row) {
      const vd d = keep(sub(widen(load(px + row * s.row_stride + j, lanes)), p), lanes);
      sum_d = add(sum_d, d);
      sum_squares = fma(d, d, sum_squares);
    }
    store(sum + j, sum_d);
    store(squares + j, sum_squares);
  });
}

template <class T>
void exact_products(const void* t, const void* x, const strip& s, float center, float scale, double* sums) {
  const T* const pt = static_cast<const T*>(t);
  const T* const px = static_cast<const T*>(x);
  const vf c = splat(center), r = splat(scale);
  vd sum_t = splat_double(0.0), sum_product = sum_t, sum_xhat = sum_t;
  for_each_row_step(s, [&](std::int64_t at, std::int64_t, auto lanes) NK_INLINE_LAMBDA {
    const vd xhat = widen(keep(mul(sub(load(px + at, lanes), c), r), lanes));
    const vd tangent = widen(load(pt + at, lanes));
    sum_t = add(sum_t, tangent);
    sum_product = fma(tangent, xhat, sum_product);
    sum_xhat = add(sum_xhat, xhat);
  });
  sums[0] += sum(sum_t);
  sums[1] += sum(sum_product);
  sums[2] += sum(sum_xhat);
}

template <class T>
void exact_products_columns(const void* t, const void* x, const strip& s, const float* center, const float* scale,
                            double* sum_t, double* sum_t_xhat, double* sum_xhat) {
  const T* const pt = static_cast<const T*>(t);
  const T* const px = static_cast<const T*>(x);
  for_each_column_step(s, [&](std::int64_t j, auto lanes, std::int64_t begin, std::int64_t end) NK_INLINE_LAMBDA {
    const vf c = load(center + j, whole{}), r = load(scale + j, whole{});
    vd all_t = load(sum_t + j), all_products = load(sum_t_xhat + j), all_xhat = load(sum_xhat + j);
    for (std::int64_t row = begin; row < end; ++row) {
      const std::int64_t at = row * s.row_stride + j;
      const vd xhat = widen(keep(mul(sub(load(px + at, lanes), c), r), lanes));
      const vd tangent = widen(load(pt + at, lanes));
      all_t = add(all_t, tangent);
      all_products = fma(tangent, xhat, all_products);
      all_xhat = add(all_xhat, xhat);
    }
    store(sum_t + j, all_t);
    store(sum_t_xhat + j, all_products);
    store(sum_xhat + j, all_xhat);
  });
}

NK_END_ISA
