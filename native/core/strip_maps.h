// The operations of strips.h that write a tensor.
#pragma once

#include "row_write.h"
#include "strips.h"

NK_BEGIN_ISA

// out[offset + j] = value(offset + j, j, lanes) in all of a strip.
template <class T, class Value>
NK_INLINE void write_strip(T* out, const strip& s, bool streamed, Value&& value) {
  // Short rows have more beginnings and ends than lines.
  constexpr std::int64_t kWorthStreaming = 256;
  if (streamed && s.width >= kWorthStreaming && in_lines(out, s.row_stride)) {
    for (std::int64_t row = 0; row < s.rows; ++row) {
      const std::int64_t base = row * s.row_stride;
      write_row<kHints>(out + base, s.width,
                        [&](std::int64_t j, auto lanes) NK_INLINE_LAMBDA { return value(base + j, j, lanes); });
    }
    finish_streams();
    return;
  }
  for (std::int64_t row = 0; row < s.rows; ++row) {
    const std::int64_t base = row * s.row_stride;
    write_row<false>(out + base, s.width,
                     [&](std::int64_t j, auto lanes) NK_INLINE_LAMBDA { return value(base + j, j, lanes); });
  }
}

// Calls write(whether it asks) for inputs that are asked for ahead, or not: a hint that is of no use takes a twentieth
// of the time.
template <class Write>
NK_INLINE void with_asks(std::int64_t ahead, Write&& write) {
  if (kHints && ahead != 0) {
    write(std::bool_constant<kHints>{});
  } else {
    write(std::false_type{});
  }
}

// A step of a run's results; with Asks it asks for what lies `ahead`.
template <bool Asks, class T>
NK_INLINE auto affine_value(const T* x, std::int64_t ahead, float center, float factor, float offset) {
  const T* const soon_x = x + ahead;
  const vf c = splat(center), m = splat(factor), a = splat(offset);
  return [=](std::int64_t at, auto lanes) NK_INLINE_LAMBDA {
    if constexpr (Asks) prefetch(soon_x + at);
    return fma(sub(load(x + at, lanes), c), m, a);
  };
}

template <bool Asks, class T>
NK_INLINE auto combine_value(const T* t, const T* x, std::int64_t ahead, const combine_run& k) {
  const T* const soon_t = t + ahead;
  const T* const soon_x = x + ahead;
  const vf c = splat(k.center), r = splat(k.scale), a = splat(k.a), b = splat(k.b), e = splat(k.e);
  return [=](std::int64_t at, auto lanes) NK_INLINE_LAMBDA {
    if constexpr (Asks) {
      prefetch(soon_t + at);
      prefetch(soon_x + at);
    }
    const vf xhat = mul(sub(load(x + at, lanes), c), r);
    return fma(load(t + at, lanes), a, fma(xhat, b, e));
  };
}

// out[offset] = value(offset, lanes) in all of a strip.
template <class T, class Value>
NK_INLINE void write_run(T* out, const strip& s, bool streamed, const Value& value) {
  write_strip(out, s, streamed,
              [&](std::int64_t at, std::int64_t, auto lanes) NK_INLINE_LAMBDA { return value(at, lanes); });
}

template <class T>
void affine(const void* x, void* y, const strip& s, float center, float factor, float offset, const writing& how) {
  const T* const px = static_cast<const T*>(x);
  with_asks(how.ahead, [&](auto asks) NK_INLINE_LAMBDA {
    write_run(static_cast<T*>(y), s, how.streamed, affine_value<asks.value>(px, how.ahead, center, factor, offset));
  });
}

template <class T>
void affine_columns(const void* x, void* y, const strip& s, const float* center, const float* factor,
                    const float* offset, bool streamed) {
  const T* const px = static_cast<const T*>(x);
  write_strip(static_cast<T*>(y), s, streamed, [&](std::int64_t at, std::int64_t j, auto lanes) NK_INLINE_LAMBDA {
    return fma(sub(load(px + at, lanes), load(center + j, whole{})), load(factor + j, whole{}),
               load(offset + j, whole{}));
  });
}

template <class T>
void affine_double(const void* x, void* y, const strip& s, double factor, double offset, bool streamed) {
  const T* const px = static_cast<const T*>(x);
  const vd m = splat_double(factor), a = splat_double(offset);
  write_strip(static_cast<T*>(y), s, streamed, [&](std::int64_t at, std::int64_t, auto lanes) NK_INLINE_LAMBDA {
    return narrow(fma(widen(load(px + at, lanes)), m, a));
  });
}

template <class T>
void affine_double_columns(const void* x, void* y, const strip& s, const double* factor, const double* offset,
                           bool streamed) {
  const T* const px = static_cast<const T*>(x);
  write_strip(static_cast<T*>(y), s, streamed, [&](std::int64_t at, std::int64_t j, auto lanes) NK_INLINE_LAMBDA {
    return narrow(fma(widen(load(px + at, lanes)), load(factor + j), load(offset + j)));
  });
}

template <class T>
void combine(const void* t, const void* x, void* out, const strip& s, const combine_run& k, const writing& how) {
  const T* const pt = static_cast<const T*>(t);
  const T* const px = static_cast<const T*>(x);
  with_asks(how.ahead, [&](auto asks) NK_INLINE_LAMBDA {
    write_run(static_cast<T*>(out), s, how.streamed, combine_value<asks.value>(pt, px, how.ahead, k));
  });
}

template <class T>
void combine_columns(const void* t, const void* x, void* out, const strip& s, const nk::combine_columns& k,
                     bool streamed) {
  const T* const pt = static_cast<const T*>(t);
  const T* const px = static_cast<const T*>(x);
  const nk::combine_columns c = k;
  write_strip(static_cast<T*>(out), s, streamed, [&](std::int64_t at, std::int64_t j, auto lanes) NK_INLINE_LAMBDA {
    const vf xhat = mul(sub(load(px + at, lanes), load(c.center + j, whole{})), load(c.scale + j, whole{}));
    return fma(load(pt + at, lanes), load(c.a + j, whole{}), fma(xhat, load(c.b + j, whole{}), load(c.e + j, whole{})));
  });
}

NK_END_ISA
