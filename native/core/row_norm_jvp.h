// Forward-mode derivative (JVP) over rows. See row_norm.h.
//
// With a residual the tangent is tan_x + tan_residual in float32, in both passes: jvp_h is stored rounded, but what it
// is used for here is not, or in a 16-bit dtype the error of jvp_y would be several units in the last place.
#pragma once

#include "row_norm_staging.h"

NK_BEGIN_ISA

template <class T, class P>
struct jvp_tensors {
  rows_at<const T> x, tan_x, tan_residual;  // tan_residual: null without a residual, and then there is no jvp_h
  rows_at<T> jvp_h, jvp_y;
  const P* tan_weight;
  const P* tan_bias;

  NK_INLINE explicit jvp_tensors(const nk_row_norm_jvp_params& p)
      : x{static_cast<const T*>(p.x), stride_or(p.x_stride, p.cols)},
        tan_x{static_cast<const T*>(p.tan_x), stride_or(p.tan_x_stride, p.cols)},
        tan_residual{static_cast<const T*>(p.tan_residual), stride_or(p.tan_residual_stride, p.cols)},
        jvp_h{static_cast<T*>(p.jvp_h), stride_or(p.jvp_h_stride, p.cols)},
        jvp_y{static_cast<T*>(p.jvp_y), stride_or(p.jvp_y_stride, p.cols)},
        tan_weight(static_cast<const P*>(p.tan_weight)),
        tan_bias(static_cast<const P*>(p.tan_bias)) {}
};

// The usual form has a weight, a tangent of it, one of the bias where there is a mean, and no residual.
template <bool Usual>
constexpr operand kJvpOperand = Usual ? operand::present : operand::any;

template <bool Usual, class T, class Lanes>
NK_INLINE vf tangent_at(const T* tan_x, const T* tan_residual, std::int64_t i, Lanes lanes) {
  const vf t = load(tan_x + i, lanes);
  return !Usual && tan_residual != nullptr ? add(t, load(tan_residual + i, lanes)) : t;
}

template <bool Centred, bool Scaled, bool Usual, bool Asks, class T>
NK_INLINE row_means tangent_means(const T* x, const T* tan_x, const T* tan_residual, std::int64_t cols,
                                  const row_stats& stats, const T* soon) {
  return means_of<Centred, Scaled>(x, cols, stats, [&](std::int64_t i, auto lanes) NK_INLINE_LAMBDA {
    if constexpr (Asks) prefetch(soon + i);
    return tangent_at<Usual>(tan_x, tan_residual, i, lanes);
  });
}

// Out of line: it is rare.
template <bool Centred, class T>
NK_NOINLINE row_means scaled_tangent_means(const T* x, const T* tan_x, const T* tan_residual, std::int64_t cols,
                                           const row_stats& stats) {
  return tangent_means<Centred, true, false, false>(x, tan_x, tan_residual, cols, stats, x);
}

// The first pass over rows `first` to `first + count - 1`. With Asks it asks for x `ahead` rows ahead.
template <bool Centred, bool Usual, bool Asks, class T, class P>
NK_NOINLINE void sum_tangents(const nk_row_norm_jvp_params& p, const jvp_tensors<T, P>& rows, std::int64_t first,
                              int count, std::int64_t ahead, row_sums* sums) {
  for (int k = 0; k < count; ++k) {
    const T* const x = rows.x.row(first + k);
    const T* const tan_x = rows.tan_x.row(first + k);
    const T* const tan_residual = rows.tan_residual.row(first + k);
    const row_stats stats = stats_again<Centred>(x, p.cols, p.epsilon, p.mean, p.rstd, first + k);
    sums[k].stats = stats;
    sums[k].means = stats.scale == 1.0f ? tangent_means<Centred, false, Usual, Asks>(
                                              x, tan_x, tan_residual, p.cols, stats, rows.x.row(first + k + ahead))
                                        : scaled_tangent_means<Centred>(x, tan_x, tan_residual, p.cols, stats);
  }
}

// The second pass: writes jvp_y of N rows side by side, so that what they share is loaded once for them. With Asks the
// rows `ahead` rows ahead are asked for, but for x where the sums ask for it.
template <int N, bool Centred, bool Scaled, bool Usual, bool Asks, bool Streamed, class T, class P>
NK_NOINLINE void push_forward_rows(const row_sums* sums, const jvp_tensors<T, P>& rows, std::int64_t first,
                                   const weight_row<kJvpOperand<Usual>, P>& shared_weight, std::int64_t cols,
                                   std::int64_t ahead) {
  const T *x[N], *tan_x[N], *tan_residual[N];
  T *jvp_h[N], *jvp_y[N];
  row_stats stats[N];
  row_means means[N];
  for (int k = 0; k < N; ++k) {
    x[k] = rows.x.row(first + k);
    tan_x[k] = rows.tan_x.row(first + k);
    tan_residual[k] = rows.tan_residual.row(first + k);
    jvp_h[k] = rows.jvp_h.row(first + k);
    jvp_y[k] = rows.jvp_y.row(first + k);
    sums[k].copy_to(stats[k], means[k]);
  }
  const T* const soon_x = rows.x.row(first + ahead);
  const T* const soon_tan_x = rows.tan_x.row(first + ahead);
  const weight_row<kJvpOperand<Usual>, P> weight = shared_weight;
  constexpr operand kTanBias = !Usual ? operand::any : Centred ? operand::present : operand::absent;
  const P* const tan_weight = rows.tan_weight;
  const P* const tan_bias = rows.tan_bias;
  // What rows share of a step.
  struct shared {
    vf weight, tan_weight, tan_bias;
  };
  const auto shared_at = [&](std::int64_t i, auto lanes) NK_INLINE_LAMBDA {
    return shared{weight.load_at(i, lanes), has<kJvpOperand<Usual>>(tan_weight) ? load(tan_weight + i, lanes) : zero(),
                  has<kTanBias>(tan_bias) ? load(tan_bias + i, lanes) : zero()};
  };
  // A step of row k.
  const auto value = [&](int k, std::int64_t i, auto lanes, const shared& s) NK_INLINE_LAMBDA {
    if constexpr (Asks) {
      // In the order in which they lie where nothing lies between rows.
      if constexpr (!Centred) prefetch(soon_x + N * i + k * kLanes);
      prefetch(soon_tan_x + N * i + k * kLanes);
    }
    const vf xhat = xhat_of<Centred, Scaled>(x[k] + i, lanes, stats[k], means[k]);
    const vf tan_h = tangent_at<Usual>(tan_x[k], tan_residual[k], i, lanes);
    if (!Usual && tan_residual[k] != nullptr) store(jvp_h[k] + i, tan_h, lanes);
    vf t = project<Centred>(tan_h, xhat, means[k]);
    // The scale comes last, or what ends up finite might overflow on the way.
    t = mul(mul(t, s.weight), splat(stats[k].rstd));
    if constexpr (Scaled) t = mul(t, splat(stats[k].scale));
    if (has<kJvpOperand<Usual>>(tan_weight)) t = fma(xhat, s.tan_weight, t);
    return has<kTanBias>(tan_bias) ? add(t, s.tan_bias) : t;
  };
  for_each_pair_of(
      jvp_y[0], cols,
      [&](std::int64_t i) NK_INLINE_LAMBDA {
        const shared s = shared_at(i, whole{}), next = shared_at(i + kLanes, whole{});
        for (int k = 0; k < N; ++k) {
          put_pair<Streamed>(jvp_y[k] + i, value(k, i, whole{}, s), value(k, i + kLanes, whole{}, next));
        }
      },
      [&](std::int64_t i, auto lanes) NK_INLINE_LAMBDA {
        const shared s = shared_at(i, lanes);
        for (int k = 0; k < N; ++k) store(jvp_y[k] + i, value(k, i, lanes, s), lanes);
      });
}

// In the cache the sums of several rows are taken before these are written, so that the chain at the end of a row's
// sums runs beside the next row's (64 columns: RMSNorm 20.8 ns a row, so 16.8; 256: 40, so 34; 1024 columns from memory
// lose 4 to 12 %).
static_assert(kSideBySide <= kMostTogether, "or their sums have no room");

// Long rows of the usual form are written side by side from memory (16384 x 4096: RMSNorm 1750 ns a row, so 1540),
// short ones are not (4096 x 1024: 465 ns a row, so 590).
//
// With a mean the sums ask for x of the next rows and writing for tan_x (LayerNorm of 16384 x 4096: 2000 ns a row, so
// 1790; of 4096 x 1024 400, so 360). Without, the sums have too little to do meanwhile (RMSNorm 3 to 12 % slower).
template <bool Centred, bool Usual, class T, class P>
NK_NOINLINE void jvp_in_groups(const nk_row_norm_jvp_params& p, reach where) {
  constexpr int kMost = Usual && kHints ? kSideBySide : 1;
  constexpr bool kStreamed = kHints;
  const jvp_tensors<T, P> rows(p);
  const weight_row<kJvpOperand<Usual>, P> weight(p.weight, p.flags);
  const weight_row<operand::any, P> any_weight(weight.weight, weight.offset);
  const bool streamed = where == reach::beyond && in_lines(rows.jvp_y.first, rows.jvp_y.stride);
  const std::int64_t row_bytes = p.cols * static_cast<std::int64_t>(sizeof(T));
  const bool abreast = kMost > 1 && where != reach::cache && are_alike(rows.jvp_y) && row_bytes >= kLongRowBytes;
  const auto write_one = where == reach::cache ? push_forward_rows<1, Centred, false, Usual, false, false, T, P>
                         : streamed            ? push_forward_rows<1, Centred, false, Usual, kHints, kStreamed, T, P>
                                               : push_forward_rows<1, Centred, false, Usual, kHints, false, T, P>;
  const auto write_all = streamed ? push_forward_rows<kMost, Centred, false, Usual, kHints, kStreamed, T, P>
                                  : push_forward_rows<kMost, Centred, false, Usual, kHints, false, T, P>;
  constexpr bool kSumsAsk = kHints && Centred;
  const auto sum_all =
      where == reach::cache ? sum_tangents<Centred, Usual, false, T, P> : sum_tangents<Centred, Usual, kSumsAsk, T, P>;
  const std::int64_t group = abreast ? kMost : where == reach::cache ? rows_in_group(p.rows, row_bytes) : 1;
  for (std::int64_t row = 0; row < p.rows; row += group) {
    const int count = static_cast<int>(p.rows - row < group ? p.rows - row : group);
    // After the last rows there is nothing to ask for ahead.
    const std::int64_t ahead = p.rows - row >= 2 * group ? group : 0;
    row_sums sums[kMostTogether];
    sum_all(p, rows, row, count, ahead, sums);
    bool scaled = false;
    for (int k = 0; k < count; ++k) scaled = scaled || sums[k].stats.scale != 1.0f;
    if (abreast && count == kMost && !scaled) {
      write_all(sums, rows, row, weight, p.cols, ahead);
      continue;
    }
    for (int k = 0; k < count; ++k) {
      if (sums[k].stats.scale == 1.0f) {
        write_one(sums + k, rows, row + k, weight, p.cols, ahead);
      } else {
        push_forward_rows<1, Centred, true, false, false, false>(sums + k, rows, row + k, any_weight, p.cols, 0);
      }
    }
  }
  if (streamed) finish_streams();
}

template <bool Centred, class T, class P>
NK_INLINE void jvp_forms(const nk_row_norm_jvp_params& p, reach where) {
  [[maybe_unused]] const bool usual = p.weight != nullptr && (p.flags & NK_FLAG_ZERO_CENTERED) == 0 &&
                                      p.tan_weight != nullptr && (p.tan_bias != nullptr) == Centred &&
                                      p.tan_residual == nullptr;
  if constexpr (kUsualForms) {
    if (usual) return jvp_in_groups<Centred, true, T, P>(p, where);
  }
  jvp_in_groups<Centred, false, T, P>(p, where);
}

// Not inlined: only these calls have the parameters on their stack.
template <bool Centred, class T, class P>
NK_NOINLINE void jvp_staged(nk_row_norm_jvp_params p, int skew, reach where) {
  staged_parameter weight, tan_weight, tan_bias;
  p.weight = stage_weight<P>(weight, skew, p.cols, p.weight, p.flags);
  p.tan_weight = tan_weight.stage<P>(skew, p.cols, p.tan_weight);
  p.tan_bias = tan_bias.stage<P>(skew, p.cols, p.tan_bias);
  jvp_forms<Centred, T, float>(p, where);
}

template <bool Centred, class T, class P>
void jvp_rows(const nk_row_norm_jvp_params& p, reach where) {
  const int skew = skew_of_rows(static_cast<const T*>(p.jvp_y), stride_or(p.jvp_y_stride, p.cols));
  if (worth_staging<P>(p.rows, p.cols, p.flags, skew, p.weight, p.tan_weight, p.tan_bias)) {
    jvp_staged<Centred, T, P>(p, skew, where);
  } else {
    jvp_forms<Centred, T, P>(p, where);
  }
}

NK_END_ISA
