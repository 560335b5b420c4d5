// Forward over rows. See row_norm.h.
#pragma once

#include "row_norm_staging.h"

NK_BEGIN_ISA

// What a row is written from and to.
template <class T>
struct plain_rows {
  rows_at<const T> x;

  NK_INLINE plain_row<T> row(std::int64_t i) const { return {x.row(i)}; }
  template <bool Streamed, class Lanes>
  NK_INLINE void keep_sum(std::int64_t, std::int64_t, vf, Lanes) const {}
};

// Rows with a residual: their sums, h, are written too.
struct added_rows {
  rows_at<const float> x, residual;
  rows_at<float> h;

  NK_INLINE added_row row(std::int64_t i) const { return {x.row(i), residual.row(i)}; }
  template <bool Streamed, class Lanes>
  NK_INLINE void keep_sum(std::int64_t number, std::int64_t i, vf v, Lanes lanes) const {
    put<Streamed>(h.row(number) + i, v, lanes);
  }
};

template <class T>
NK_INLINE plain_rows<T> rows_of(const nk_row_norm_forward_params& p, const plain_rows<T>*) {
  if (p.residual != nullptr) return {{static_cast<const T*>(p.h), stride_or(p.h_stride, p.cols)}};
  return {{static_cast<const T*>(p.x), stride_or(p.x_stride, p.cols)}};
}
NK_INLINE added_rows rows_of(const nk_row_norm_forward_params& p, const added_rows*) {
  return {{static_cast<const float*>(p.x), stride_or(p.x_stride, p.cols)},
          {static_cast<const float*>(p.residual), stride_or(p.residual_stride, p.cols)},
          {static_cast<float*>(p.h), stride_or(p.h_stride, p.cols)}};
}

// Writes rows `first` to `first + N - 1` side by side, so that what they share of weight and bias is loaded once for
// them. Their y lie alike in the lines of the cache where N is not 1.
template <int N, bool Centred, bool Scaled, reach Reach, operand Bias, operand Weight, class Rows, class T, class P>
NK_INLINE void normalize_rows(const Rows& rows, std::int64_t first, const rows_at<T>& y_rows,
                              const weight_row<Weight, P>& weight, const P* bias, std::int64_t cols,
                              const row_stats (&stats)[N], const T* const (&soon_rows)[N]) {
  constexpr bool kStreamed = Reach == reach::beyond;
  T* y[N];
  const T* soon[N];
  vf high[N], rstd[N], minus_low[N];
  for (int k = 0; k < N; ++k) {
    y[k] = y_rows.row(first + k);
    soon[k] = soon_rows[k];
    rstd[k] = splat(stats[k].rstd);
    high[k] = splat(stats[k].mean_high);
    // Not (x * rstd - mean * rstd): a constant row must leave no residue beside the bias.
    minus_low[k] = splat(-stats[k].mean_low * stats[k].rstd);
  }
  // A step of row k.
  const auto normalize = [&](int k, std::int64_t i, auto lanes, vf w, vf b) NK_INLINE_LAMBDA {
    if constexpr (Reach != reach::cache) prefetch(soon[k] + i);
    const vf sum = rows.row(first + k).at(i, lanes);
    rows.template keep_sum<kStreamed>(first + k, i, sum, lanes);
    const vf v = scaled<Scaled>(sum, stats[k].scale);
    const vf xhat = Centred ? fma(sub(v, high[k]), rstd[k], minus_low[k]) : mul(v, rstd[k]);
    return has<Bias>(bias) ? fma(xhat, w, b) : mul(xhat, w);
  };
  const auto bias_at = [&](std::int64_t i, auto lanes)
                           NK_INLINE_LAMBDA { return has<Bias>(bias) ? load(bias + i, lanes) : zero(); };
  for_each_pair_of(
      y[0], cols,
      [&](std::int64_t i) NK_INLINE_LAMBDA {
        const vf w = weight.load_at(i, whole{}), next_w = weight.load_at(i + kLanes, whole{});
        const vf b = bias_at(i, whole{}), next_b = bias_at(i + kLanes, whole{});
        for (int k = 0; k < N; ++k) {
          put_pair<kStreamed>(y[k] + i, normalize(k, i, whole{}, w, b),
                              normalize(k, i + kLanes, whole{}, next_w, next_b));
        }
      },
      [&](std::int64_t i, auto lanes) NK_INLINE_LAMBDA {
        const vf w = weight.load_at(i, lanes), b = bias_at(i, lanes);
        for (int k = 0; k < N; ++k) store(y[k] + i, normalize(k, i, lanes, w, b), lanes);
      });
}

// A row whose statistics are scaled. Out of line: it is rare.
template <bool Centred, class Rows, class T, class P>
NK_NOINLINE void normalize_scaled_row(const Rows& rows, std::int64_t row, const rows_at<T>& y,
                                      const weight_row<operand::any, P>& weight, const P* bias, std::int64_t cols,
                                      const row_stats& stats) {
  const row_stats its[1] = {stats};
  const T* const nothing[1] = {nullptr};
  normalize_rows<1, Centred, true, reach::cache, operand::any>(rows, row, y, weight, bias, cols, its, nothing);
}

// h = x + residual in some rows.
template <class T>
NK_NOINLINE void make_rows(const nk_row_norm_forward_params& p, std::int64_t begin, std::int64_t end) {
  const std::int64_t cols = p.cols;
  for (std::int64_t row = begin; row < end; ++row) {
    const T* const x = static_cast<const T*>(p.x) + row * stride_or(p.x_stride, cols);
    const T* const residual = static_cast<const T*>(p.residual) + row * stride_or(p.residual_stride, cols);
    T* const h = static_cast<T*>(p.h) + row * stride_or(p.h_stride, cols);
    for_each_step(0, cols, [&](std::int64_t i, auto lanes) NK_INLINE_LAMBDA {
      store(h + i, add(load(x + i, lanes), load(residual + i, lanes)), lanes);
    });
  }
}

// The statistics of a row end in a chain of divisions and a root, about 100 cycles with the sum over its lanes before
// them. They are taken of a group of rows, so that the chains run beside one another and beside the next row's sums (59
// to 48 ns a row of 1024 columns).
//
// Of more rows than these the chains are those of sixteen at once, a lane for each (64 columns: 12.1 ns a row, so 8.4,
// LayerNorm 19.3, so 10.6). Of these, that would keep the first row from being written while the last is summed (4 rows
// of 1024 columns: LayerNorm 88 ns a row, so 95).
constexpr int kFew = 4;

// Long rows from memory are taken and written by fours: weight, bias and one row of 4096 columns fill the first-level
// cache, and read again for every row they come from the second (16384 x 4096: LayerNorm 1322 ns a row, so 1154, a copy
// 1045; of 8192 columns 3076, so 2260). Shorter ones, of which a group is four anyway, lose a quarter by it (7000 x
// 1024: LayerNorm 240 ns a row, so 320), long ones in place 12 %. Of 16 bits those from more than 4 KB on gain too
// (16384 x 4096 of f16: LayerNorm 874 ns a row, so 687, RMSNorm, streamed, 645, so 570).
static_assert(kSideBySide <= kFew, "or they would wait for the statistics of all");

// Of a group of long rows with a mean from memory the sums ask for so many rows of the next group, and writing for the
// rest. While writing asked for all, the memory waited for the sums (16384 x 4096: 1250 ns a row, so 1215, a copy
// 1130).
template <bool Centred, class Rows>
constexpr int kAskedBySums = 0;
template <class T>
constexpr int kAskedBySums<true, plain_rows<T>> = kHints ? 2 : 0;

// A row whose sums ask for another one that is read soon.
template <class T>
struct asking_row : plain_row<T> {
  const T* soon;

  template <class Lanes>
  NK_INLINE vf at(std::int64_t i, Lanes lanes) const {
    prefetch(soon + i);
    return plain_row<T>::at(i, lanes);
  }
};

// What the loops over a group's rows share.
template <class Rows, class T, class P>
struct forward_call {
  Rows source;
  weight_row<operand::any, P> weight;
  const P* bias;
  rows_at<T> y;
  rows_at<const T> soon;  // x, of which the rows of the next group are asked for
  std::int64_t cols, soon_rows;
  bool by_fours = false;  // long rows from memory
  double epsilon;
  float *mean, *rstd;
  many_stats stats;

  // What is asked for beside a row of a group that ends at `end`: that row of the next group, or where there is none,
  // or it has been asked for, the row itself.
  NK_INLINE const T* soon_of(std::int64_t row, std::int64_t end, bool has_been = false) const {
    return (end <= soon_rows && !has_been ? soon : source.x).row(row);
  }

  NK_INLINE forward_call(const nk_row_norm_forward_params& p, std::int64_t group)
      : source(rows_of(p, static_cast<const Rows*>(nullptr))),
        weight(p.weight, p.flags),
        bias(static_cast<const P*>(p.bias)),
        y{static_cast<T*>(p.y), stride_or(p.y_stride, p.cols)},
        soon(rows_at<const T>{static_cast<const T*>(p.x), stride_or(p.x_stride, p.cols)}.from(group)),
        cols(p.cols),
        soon_rows(p.rows - group),
        epsilon(p.epsilon),
        mean(p.mean),
        rstd(p.rstd) {}
};

// Functions of their own and not one: in one, GCC keeps in memory what either needs. For the same reason they copy what
// they need of the call: for all that GCC knows, y might lie on it.
template <bool Centred, class Rows, class T, class P>
NK_NOINLINE void take_stats_of_few(forward_call<Rows, T, P>& call, std::int64_t begin, std::int64_t end) {
  const Rows source = call.source;
  const std::int64_t cols = call.cols;
  const double epsilon = call.epsilon, inverse_cols = inverse_of(cols);
  float *const mean = call.mean, *const rstd = call.rstd;
  const auto finish = [&](std::int64_t row, const moments& found) NK_INLINE_LAMBDA {
    const row_stats stats = stats_of<Centred>(found, source.row(row), cols, epsilon);
    if (mean != nullptr) write(mean + row, stats.saved_mean());
    if (rstd != nullptr) write(rstd + row, stats.saved_rstd());
    call.stats.set(static_cast<int>(row - begin), stats);
  };
  moments sums[kFew];
  std::int64_t row = begin;
  if constexpr (kAskedBySums<Centred, Rows> != 0) {
    for (; call.by_fours && row < end && row < begin + kAskedBySums<Centred, Rows>; ++row) {
      const asking_row<T> asking{source.row(row), call.soon_of(row, end)};
      sums[row - begin] = moments_of_row<Centred>(asking, cols, inverse_cols);
    }
  }
  for (; row < end; ++row) {
    const moments found = moments_of_row<Centred>(source.row(row), cols, inverse_cols);
    if (end == begin + 1) return finish(row, found);
    sums[row - begin] = found;
  }
  for (row = begin; row < end; ++row) finish(row, sums[row - begin]);
}

template <bool Centred, class Rows, class T, class P>
NK_NOINLINE void take_stats_of_many(forward_call<Rows, T, P>& call, std::int64_t begin, std::int64_t end) {
  const Rows source = call.source;
  const int count = static_cast<int>(end - begin);
  stats_of_many<Centred>(source, begin, count, call.cols, call.epsilon, call.stats);
  float *const mean = call.mean, *const rstd = call.rstd;
  for (int k = 0; k < count; ++k) {
    if (mean != nullptr) write(mean + begin + k, call.stats.of(k).saved_mean());
    if (rstd != nullptr) write(rstd + begin + k, call.stats.of(k).saved_rstd());
  }
}

template <bool Centred, class Rows, class T, class P>
NK_INLINE void take_stats(forward_call<Rows, T, P>& call, std::int64_t begin, std::int64_t end) {
  if (end - begin <= kFew) {
    take_stats_of_few<Centred>(call, begin, end);
  } else {
    take_stats_of_many<Centred>(call, begin, end);
  }
}

template <bool Centred, reach Reach, operand Usual, class Rows, class T, class P>
NK_NOINLINE void write_rows(const forward_call<Rows, T, P>& call, std::int64_t begin, std::int64_t end) {
  const Rows source = call.source;
  constexpr operand kWeight = Usual == operand::any ? operand::any : operand::present;
  const weight_row<kWeight, P> weight(call.weight.weight, call.weight.offset);
  const P* const bias = call.bias;
  const std::int64_t cols = call.cols;
  const rows_at<T> y = call.y;
  const std::int64_t asked_end = call.by_fours ? begin + kAskedBySums<Centred, Rows> : begin;
  if constexpr (Usual != operand::any && Reach != reach::cache) {
    bool alike = call.by_fours && end - begin == kSideBySide && y.first != source.x.first && are_alike(y);
    row_stats stats[kSideBySide];
    const T* soon[kSideBySide];
    for (int k = 0; alike && k < kSideBySide; ++k) {
      stats[k] = call.stats.of(k);
      soon[k] = call.soon_of(begin + k, end, begin + k < asked_end);
      alike = stats[k].scale == 1.0f;
    }
    if (alike) {
      return normalize_rows<kSideBySide, Centred, false, Reach, Usual>(source, begin, y, weight, bias, cols, stats,
                                                                       soon);
    }
  }
  for (std::int64_t row = begin; row < end; ++row) {
    const row_stats stats[1] = {call.stats.of(static_cast<int>(row - begin))};
    const T* const soon[1] = {call.soon_of(row, end, row < asked_end)};
    if (stats[0].scale != 1.0f) {
      normalize_scaled_row<Centred>(source, row, y, call.weight, bias, cols, stats[0]);
    } else {
      normalize_rows<1, Centred, false, Reach, Usual>(source, row, y, weight, bias, cols, stats, soon);
    }
  }
}

// Whether y can be streamed, and h where there is one: in the same steps, and where it is not in the cache already.
template <class T, class P>
NK_INLINE bool can_stream(const forward_call<plain_rows<T>, T, P>& call) {
  return in_lines(call.y.first, call.y.stride);
}
NK_INLINE bool can_stream(const forward_call<added_rows, float, float>& call) {
  const rows_at<float> h = call.source.h;
  return in_lines(call.y.first, call.y.stride) && in_lines(h.first, h.stride) && h.stride % kLanes == 0 &&
         call.y.stride % kLanes == 0 && skew_of(h.first) == skew_of(call.y.first) && h.first != call.source.x.first &&
         h.first != call.source.residual.first;
}

template <bool Centred, class Rows, class T, class P>
NK_NOINLINE void forward_in_groups(const nk_row_norm_forward_params& p, reach where) {
  constexpr bool kAdds = std::is_same_v<Rows, added_rows>;
  // With a residual there are twice as many rows that the cache has to hold.
  const std::int64_t row_bytes = p.cols * static_cast<std::int64_t>(sizeof(T));
  std::int64_t group = rows_in_group(p.rows, p.residual != nullptr ? 2 * row_bytes : row_bytes);
  const bool is_long = group == 1 || (sizeof(T) == 2 && group == 2);
  const bool by_fours = where != reach::cache && is_long && p.y != p.x;
  if (by_fours) group = p.rows < kSideBySide ? p.rows : kSideBySide;
  forward_call<Rows, T, P> call(p, group);
  call.by_fours = by_fours;
  // The usual form: layer_norm has a weight and a bias, rms_norm a weight.
  constexpr operand kUsual = !kUsualForms ? operand::any : Centred ? operand::present : operand::absent;
  const bool usual = p.weight != nullptr && call.weight.offset == 0.0f && (p.bias != nullptr) == Centred;
  constexpr reach kMemory = kHints ? reach::memory : reach::cache;
  constexpr reach kCache = kAdds ? kMemory : reach::cache;
  constexpr reach kBeyond = kHints ? reach::beyond : kMemory;
  const bool streamed = where == reach::beyond && can_stream(call);
  const auto write = !usual                  ? write_rows<Centred, kMemory, operand::any, Rows, T, P>
                     : where == reach::cache ? write_rows<Centred, kCache, kUsual, Rows, T, P>
                     : streamed              ? write_rows<Centred, kBeyond, kUsual, Rows, T, P>
                                             : write_rows<Centred, kMemory, kUsual, Rows, T, P>;
  for (std::int64_t begin = 0; begin < p.rows; begin += group) {
    const std::int64_t end = p.rows - begin < group ? p.rows : begin + group;
    if (!kAdds && p.residual != nullptr) make_rows<T>(p, begin, end);
    take_stats<Centred>(call, begin, end);
    write(call, begin, end);
  }
  if (streamed) finish_streams();
}

// A residual of 16 bits is added before and not at every pass: rounding the sum costs more than to read it.
template <bool Centred, class T, class P>
NK_INLINE void forward_with_residual_or_not(const nk_row_norm_forward_params& p, reach where) {
  if constexpr (std::is_same_v<T, float>) {
    if (p.residual != nullptr) return forward_in_groups<Centred, added_rows, T, P>(p, where);
  }
  forward_in_groups<Centred, plain_rows<T>, T, P>(p, where);
}

// Not inlined: only these calls have the parameters on their stack.
template <bool Centred, class T, class P>
NK_NOINLINE void forward_staged(nk_row_norm_forward_params p, int skew, reach where) {
  staged_parameter weight, bias;
  p.weight = stage_weight<P>(weight, skew, p.cols, p.weight, p.flags);
  p.bias = bias.stage<P>(skew, p.cols, p.bias);
  forward_with_residual_or_not<Centred, T, float>(p, where);
}

template <bool Centred, class T, class P>
void forward_rows(const nk_row_norm_forward_params& p, reach where) {
  const int skew = skew_of_rows(static_cast<const T*>(p.y), stride_or(p.y_stride, p.cols));
  if (worth_staging<P>(p.rows, p.cols, p.flags, skew, p.weight, p.bias)) {
    forward_staged<Centred, T, P>(p, skew, where);
  } else {
    forward_with_residual_or_not<Centred, T, P>(p, where);
  }
}

NK_END_ISA
