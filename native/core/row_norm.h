// The skeleton of norms over rows, furnished by layer_norm (Centred) and rms_norm (not Centred).
//
//   forward    h = x + residual, where there is one, rounded to the dtype: what is stored is what is normalized
//              xhat = (h - mean) * rstd       y = xhat * W + bias       W = weight, 1 + weight or 1
//   backward   g = dy * W     dx = dh + rstd * (g - mean(g) - xhat * mean(g * xhat))
//              dweight = sum over rows of dy * xhat        dbias = sum over rows of dy
//   jvp        t = tan_x      jvp_y = W * rstd * (t - mean(t) - xhat * mean(t * xhat)) + xhat * tan_weight + tan_bias
//
// Not centred: mean, mean(g) and mean(t) drop out.
//
// A row is read once from memory and then from cache; the write pass asks for the next row while it works (a single
// thread reached 93-97 % of the copy rate that way, 79-89 % without).
#pragma once

#include "row_norm_table.h"
#include "row_stats.h"
#include "row_write.h"

NK_BEGIN_ISA

// What a row loop knows at compile time of its optional operands. Each verb has one loop for its usual form and one for
// all others, which asks at every step (a branch that is always predicted): a loop for each of 24 forms took minutes to
// compile and megabytes of code. The scalar build, which is meant to be plain, has the second alone.
constexpr bool kUsualForms = kHints;
enum class operand { present, absent, any };

template <operand O>
NK_INLINE bool has(const void* p) {
  return O == operand::present || (O == operand::any && p != nullptr);
}

// From memory, long rows are written so many side by side, so that what they share is read once for them: two of them
// with parameters and sums fill the first-level cache, and what does not fit comes from the second for every row.
constexpr int kSideBySide = 4;
constexpr std::int64_t kLongRowBytes = 8192;

// Rows are taken in groups, the sums of all before what is written of any: as many as fit half of a first-level cache
// of 32 KiB with that.
constexpr std::int64_t kGroupBytes = 16384;

NK_INLINE std::int64_t rows_in_group(std::int64_t rows, std::int64_t row_bytes) {
  std::int64_t group = 1;  // not by a division, which costs as much as 64 columns
  while (group < kMostTogether && group < rows && 2 * group * row_bytes <= kGroupBytes) group *= 2;
  return group;
}

// weight as stored, W = weight or 1 + weight or, with a null pointer, 1.
template <operand O, class P>
struct weight_row {
  const P* weight;
  float offset;  // 1 with NK_FLAG_ZERO_CENTERED; operand::present means 0

  NK_INLINE weight_row(const void* p, std::uint32_t flags)
      : weight_row(static_cast<const P*>(p), (flags & NK_FLAG_ZERO_CENTERED) != 0 ? 1.0f : 0.0f) {}
  NK_INLINE weight_row(const P* weights, float added) : weight(weights), offset(added) {}

  template <class Lanes>
  NK_INLINE vf load_at(std::int64_t i, Lanes lanes) const {
    if constexpr (O == operand::present) {
      return load(weight + i, lanes);
    } else {
      return weight != nullptr ? add(load(weight + i, lanes), splat(offset)) : splat(1.0f);
    }
  }

  // v * W
  template <class Lanes>
  NK_INLINE vf times(vf v, std::int64_t i, Lanes lanes) const {
    return mul(v, load_at(i, lanes));
  }
};

NK_INLINE std::int64_t stride_or(std::int64_t stride, std::int64_t cols) {
  return stride != 0 ? stride : cols;
}

// Row `row` of a tensor; null stays null.
template <class T>
NK_INLINE T* row_of(T* base, std::int64_t row, std::int64_t stride) {
  return base == nullptr ? nullptr : base + row * stride;
}

// A tensor's rows from one on; null stays null.
template <class T>
struct rows_at {
  T* first;
  std::int64_t stride;

  NK_INLINE T* row(std::int64_t k) const { return row_of(first, k, stride); }
  NK_INLINE rows_at from(std::int64_t row) const { return {row_of(first, row, stride), stride}; }
};

// Whether all rows lie alike in the lines of the cache: what is aligned for the first of them is for all.
template <class T>
NK_INLINE bool are_alike(const rows_at<T>& rows) {
  return !kAligns<T> || rows.stride * static_cast<std::int64_t>(sizeof(T)) % 64 == 0;
}

// (x * scale - mean_high) * rstd: xhat but for mean_low.
template <bool Centred, bool Scaled, class T, class Lanes>
NK_INLINE vf rough_xhat(const T* x, Lanes lanes, const row_stats& stats) {
  vf v = scaled<Scaled>(load(x, lanes), stats.scale);
  if constexpr (Centred) v = sub(v, splat(stats.mean_high));
  return mul(v, splat(stats.rstd));
}

// The row sums that backward (of g) and jvp (of t) need, as means over the row.
struct row_means {
  float xhat;       // of rough_xhat: what mean_low amounts to, to be taken off it
  float g;          // of g
  float g_by_xhat;  // of g * xhat
};

// What backward and jvp know of a row before it is written.
struct row_sums {
  row_stats stats;
  row_means means;

  // One by one: as a whole they would be loaded wider than they were stored, which waits until they are in the cache
  // (backward, 1024 columns of RMSNorm: 160 ns a row, so 135).
  NK_INLINE void copy_to(row_stats& s, row_means& m) const {
    s.scale = stats.scale;
    s.mean_high = stats.mean_high;
    s.rstd = stats.rstd;
    m.xhat = means.xhat;
    m.g = means.g;
    m.g_by_xhat = means.g_by_xhat;
  }
};

// Adds a step of a row with a mean to the sums of xhat, g and g * xhat.
template <bool Centred, bool Scaled, class T, class Lanes>
NK_INLINE void add_means(const T* x, vf g, Lanes lanes, const row_stats& stats, vf* acc) {
  const vf xhat = keep(rough_xhat<Centred, Scaled>(x, lanes, stats), lanes);
  acc[0] = add(acc[0], xhat);
  acc[1] = add(acc[1], g);
  acc[2] = fma(g, xhat, acc[2]);
}
NK_INLINE row_means means_from(const double* total, double inverse_cols) {
  const double xhat = total[0] * inverse_cols;
  const double g = total[1] * inverse_cols;
  return {static_cast<float>(xhat), static_cast<float>(g), static_cast<float>(total[2] * inverse_cols - xhat * g)};
}

template <bool Centred, bool Scaled, class T, class G>
NK_INLINE row_means means_of(const T* x, std::int64_t cols, const row_stats& stats, G&& g) {
  const double inverse_cols = inverse_of(cols);
  if constexpr (Centred) {
    double total[3];
    sum_row<3>(cols, skew_of(x), total, [&](std::int64_t i, auto lanes, vf* acc) NK_INLINE_LAMBDA {
      add_means<Centred, Scaled>(x + i, g(i, lanes), lanes, stats, acc);
    });
    return means_from(total, inverse_cols);
  } else {
    double total[1];
    sum_row<1>(cols, skew_of(x), total, [&](std::int64_t i, auto lanes, vf* acc) NK_INLINE_LAMBDA {
      acc[0] = fma(g(i, lanes), rough_xhat<Centred, Scaled>(x + i, lanes, stats), acc[0]);
    });
    return {0.0f, 0.0f, static_cast<float>(total[0] * inverse_cols)};
  }
}

// xhat, exact mean and all.
template <bool Centred, bool Scaled, class T, class Lanes>
NK_INLINE vf xhat_of(const T* x, Lanes lanes, const row_stats& stats, const row_means& means) {
  const vf rough = rough_xhat<Centred, Scaled>(x, lanes, stats);
  if constexpr (Centred) {
    return sub(rough, splat(means.xhat));
  } else {
    return rough;
  }
}

// g - mean(g) - xhat * mean(g * xhat): what is left of g beside the directions that the norm takes out.
template <bool Centred>
NK_INLINE vf project(vf g, vf xhat, const row_means& means) {
  if constexpr (Centred) g = sub(g, splat(means.g));
  return neg_fma(xhat, splat(means.g_by_xhat), g);
}

NK_END_ISA
