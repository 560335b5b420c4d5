// axis_norm: passes over strips whose elements each have a weight and a bias of their own. Compiled once for each
// instruction set. All arguments share one geometry; those that are optional are asked for at every step, a branch that
// is always predicted.
#include "axis_norm_kernels.h"

#include "core/strip_maps.h"
#include "core/strip_steps.h"

NK_BEGIN_ISA

// A coefficient that is one for all columns lies 16 times over, and is read there again and again.
NK_INLINE vf coefficient(const float* p, bool columns, std::int64_t j) {
  return load(p + (columns ? j : 0), whole{});
}

template <class P, class Lanes>
NK_INLINE vf load_or(const P* p, std::int64_t at, Lanes lanes, float if_absent) {
  return p != nullptr ? load(p + at, lanes) : splat(if_absent);
}

// (x - center) * scale
template <class T, class Lanes>
NK_INLINE vf rough(const T* x, std::int64_t at, std::int64_t j, Lanes lanes, const axis_statistics& c) {
  return mul(sub(load(x + at, lanes), coefficient(c.center, c.columns, j)), coefficient(c.scale, c.columns, j));
}

template <class T, class Lanes>
NK_INLINE vf xhat_at(const T* x, std::int64_t at, std::int64_t j, Lanes lanes, const axis_statistics& c) {
  return sub(rough(x, at, j, lanes, c), coefficient(c.low, c.columns, j));
}

template <class T, class P>
void affine(const void* x, const void* weight, const void* bias, void* y, const strip& s, const axis_statistics& c) {
  const T* const px = static_cast<const T*>(x);
  const P* const pw = static_cast<const P*>(weight);
  const P* const pb = static_cast<const P*>(bias);
  write_strip(static_cast<T*>(y), s, false, [&](std::int64_t at, std::int64_t j, auto lanes) NK_INLINE_LAMBDA {
    return fma(xhat_at(px, at, j, lanes, c), load_or(pw, at, lanes, 1.0f), load_or(pb, at, lanes, 0.0f));
  });
}

template <class T, class P>
void products(const void* t, const void* weight, const void* x, const strip& s, const axis_statistics& c,
              double* const (&sums)[3]) {
  const T* const pt = static_cast<const T*>(t);
  const P* const pw = static_cast<const P*>(weight);
  const T* const px = static_cast<const T*>(x);
  vd all[3] = {splat_double(0.0), splat_double(0.0), splat_double(0.0)};
  for_each_row_step(s, [&](std::int64_t at, std::int64_t j, auto lanes) NK_INLINE_LAMBDA {
    const vd xhat = widen(keep(rough(px, at, j, lanes, c), lanes));
    const vd g = widen(mul(load(pt + at, lanes), load_or(pw, at, lanes, 1.0f)));
    if (c.columns) {
      store(sums[0] + j, add(load(sums[0] + j), g));
      store(sums[1] + j, fma(g, xhat, load(sums[1] + j)));
      store(sums[2] + j, add(load(sums[2] + j), xhat));
    } else {
      all[0] = add(all[0], g);
      all[1] = fma(g, xhat, all[1]);
      all[2] = add(all[2], xhat);
    }
  });
  for (int i = 0; i < 3 && !c.columns; ++i) *sums[i] += sum(all[i]);
}

template <class T, class P>
void backward(const void* dy, const void* weight, const void* x, void* dx, float* dweight, float* dbias,
              bool accumulate, const strip& s, const axis_statistics& c, const float* b, const float* e) {
  const T* const pt = static_cast<const T*>(dy);
  const P* const pw = static_cast<const P*>(weight);
  const T* const px = static_cast<const T*>(x);
  write_strip(static_cast<T*>(dx), s, false, [&](std::int64_t at, std::int64_t j, auto lanes) NK_INLINE_LAMBDA {
    const vf xhat = xhat_at(px, at, j, lanes, c);
    const vf t = load(pt + at, lanes);
    const vf g = mul(t, load_or(pw, at, lanes, 1.0f));
    if (dweight != nullptr) {
      store(dweight + at, accumulate ? fma(t, xhat, load(dweight + at, lanes)) : mul(t, xhat), lanes);
    }
    if (dbias != nullptr) store(dbias + at, accumulate ? add(t, load(dbias + at, lanes)) : t, lanes);
    const vf rest = fma(xhat, coefficient(b, c.columns, j), coefficient(e, c.columns, j));
    return fma(g, coefficient(c.scale, c.columns, j), rest);
  });
}

template <class T, class P>
void jvp(const void* t, const void* weight, const void* tan_weight, const void* tan_bias, const void* x, void* jvp_y,
         const strip& s, const axis_statistics& c, const float* b, const float* e) {
  const T* const pt = static_cast<const T*>(t);
  const P* const pw = static_cast<const P*>(weight);
  const P* const ptw = static_cast<const P*>(tan_weight);
  const P* const ptb = static_cast<const P*>(tan_bias);
  const T* const px = static_cast<const T*>(x);
  write_strip(static_cast<T*>(jvp_y), s, false, [&](std::int64_t at, std::int64_t j, auto lanes) NK_INLINE_LAMBDA {
    const vf xhat = xhat_at(px, at, j, lanes, c);
    const vf rest = fma(xhat, coefficient(b, c.columns, j), coefficient(e, c.columns, j));
    vf r = mul(fma(load(pt + at, lanes), coefficient(c.scale, c.columns, j), rest), load_or(pw, at, lanes, 1.0f));
    if (ptw != nullptr) r = fma(xhat, load(ptw + at, lanes), r);
    if (ptb != nullptr) r = add(r, load(ptb + at, lanes));
    return r;
  });
}

NK_END_ISA

namespace nk {
namespace NK_ISA {

#define NK_EVERY_PAIR(f) \
  { f<float, float>, f<f16, f16>, f<f16, float>, f<bf16, bf16>, f<bf16, float> }

const struct axis_norm_table axis_norm_table = {NK_EVERY_PAIR(affine), NK_EVERY_PAIR(products), NK_EVERY_PAIR(backward),
                                                NK_EVERY_PAIR(jvp)};

}  // namespace NK_ISA
}  // namespace nk
