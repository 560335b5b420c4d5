// The operations of strips.h, compiled once for each instruction set.
#include "strips.h"

#include "reduce.h"
#include "strip_power.h"

NK_BEGIN_ISA

// Rows that the column forms sum before they move on to the next 16 columns: 32 rows of 512 floats are 64 KiB, which
// stay in the second-level cache between the first column and the last.
constexpr std::int64_t kChunkRows = 32;

// Calls body(j, lanes, begin, end) for every step of columns, for one chunk of rows after the other. What it sums must
// be 0 in lanes beyond the strip: where rows are folded they are columns that another strip still adds to.
template <class Body>
NK_INLINE void for_each_column_step(const strip& s, Body&& body) {
  for (std::int64_t begin = 0; begin < s.rows; begin += kChunkRows) {
    const std::int64_t end = s.rows - begin < kChunkRows ? s.rows : begin + kChunkRows;
    for_each_step(0, s.width, [&](std::int64_t j, auto lanes) NK_INLINE_LAMBDA { body(j, lanes, begin, end); });
  }
}

// Calls body(offset, j, lanes) for every step of every row.
template <class Body>
NK_INLINE void for_each_row_step(const strip& s, Body&& body) {
  for (std::int64_t row = 0; row < s.rows; ++row) {
    const std::int64_t base = row * s.row_stride;
    for_each_step(0, s.width, [&](std::int64_t j, auto lanes) NK_INLINE_LAMBDA { body(base + j, j, lanes); });
  }
}

template <class T>
void moments(const void* x, const strip& s, float pivot, double* sums) {
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
void moments_columns(const void* x, const strip& s, const float* pivot, double* sum, double* squares) {
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
void products(const void* t, const void* x, const strip& s, float center, float scale, double* sums) {
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
void products_columns(const void* t, const void* x, const strip& s, const float* center, const float* scale,
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

template <class T>
void affine(const void* x, void* y, const strip& s, float center, float factor, float offset) {
  const T* const px = static_cast<const T*>(x);
  T* const py = static_cast<T*>(y);
  const vf c = splat(center), m = splat(factor), a = splat(offset);
  for_each_row_step(s, [&](std::int64_t at, std::int64_t, auto lanes)
                           NK_INLINE_LAMBDA { store(py + at, fma(sub(load(px + at, lanes), c), m, a), lanes); });
}

template <class T>
void affine_columns(const void* x, void* y, const strip& s, const float* center, const float* factor,
                    const float* offset) {
  const T* const px = static_cast<const T*>(x);
  T* const py = static_cast<T*>(y);
  for_each_row_step(s, [&](std::int64_t at, std::int64_t j, auto lanes) NK_INLINE_LAMBDA {
    const vf c = load(center + j, whole{}), m = load(factor + j, whole{}), a = load(offset + j, whole{});
    store(py + at, fma(sub(load(px + at, lanes), c), m, a), lanes);
  });
}

template <class T>
void affine_double(const void* x, void* y, const strip& s, double factor, double offset) {
  const T* const px = static_cast<const T*>(x);
  T* const py = static_cast<T*>(y);
  const vd m = splat_double(factor), a = splat_double(offset);
  for_each_row_step(s, [&](std::int64_t at, std::int64_t, auto lanes)
                           NK_INLINE_LAMBDA { store(py + at, narrow(fma(widen(load(px + at, lanes)), m, a)), lanes); });
}

template <class T>
void affine_double_columns(const void* x, void* y, const strip& s, const double* factor, const double* offset) {
  const T* const px = static_cast<const T*>(x);
  T* const py = static_cast<T*>(y);
  for_each_row_step(s, [&](std::int64_t at, std::int64_t j, auto lanes) NK_INLINE_LAMBDA {
    store(py + at, narrow(fma(widen(load(px + at, lanes)), load(factor + j), load(offset + j))), lanes);
  });
}

template <class T>
void combine(const void* t, const void* x, void* out, const strip& s, const combine_run& k) {
  const T* const pt = static_cast<const T*>(t);
  const T* const px = static_cast<const T*>(x);
  T* const po = static_cast<T*>(out);
  const vf c = splat(k.center), r = splat(k.scale), a = splat(k.a), b = splat(k.b), e = splat(k.e);
  for_each_row_step(s, [&](std::int64_t at, std::int64_t, auto lanes) NK_INLINE_LAMBDA {
    const vf xhat = mul(sub(load(px + at, lanes), c), r);
    store(po + at, fma(load(pt + at, lanes), a, fma(xhat, b, e)), lanes);
  });
}

template <class T>
void combine_columns(const void* t, const void* x, void* out, const strip& s, const nk::combine_columns& k) {
  const T* const pt = static_cast<const T*>(t);
  const T* const px = static_cast<const T*>(x);
  T* const po = static_cast<T*>(out);
  for_each_row_step(s, [&](std::int64_t at, std::int64_t j, auto lanes) NK_INLINE_LAMBDA {
    const vf xhat = mul(sub(load(px + at, lanes), load(k.center + j, whole{})), load(k.scale + j, whole{}));
    const vf rest = fma(xhat, load(k.b + j, whole{}), load(k.e + j, whole{}));
    store(po + at, fma(load(pt + at, lanes), load(k.a + j, whole{}), rest), lanes);
  });
}

NK_END_ISA

namespace nk {
namespace NK_ISA {

#define NK_EVERY_DTYPE(f) \
  { f<float>, f<f16>, f<bf16> }

const strip_table strip_ops = {
    NK_EVERY_DTYPE(moments),       NK_EVERY_DTYPE(moments_columns),
    NK_EVERY_DTYPE(products),      NK_EVERY_DTYPE(products_columns),
    NK_EVERY_DTYPE(affine),        NK_EVERY_DTYPE(affine_columns),
    NK_EVERY_DTYPE(affine_double), NK_EVERY_DTYPE(affine_double_columns),
    NK_EVERY_DTYPE(combine),       NK_EVERY_DTYPE(combine_columns),
    NK_EVERY_DTYPE(power_sum),     NK_EVERY_DTYPE(power_sum_columns),
    NK_EVERY_DTYPE(power_product), NK_EVERY_DTYPE(power_product_columns),
    NK_EVERY_DTYPE(power_combine), NK_EVERY_DTYPE(power_combine_columns),
};

}  // namespace NK_ISA
}  // namespace nk
