// Forward over rows. See row_norm.h.
#pragma once

#include "row_norm_staging.h"

NK_BEGIN_ISA

template <bool Centred, bool Scaled, reach Reach, operand Bias, operand Weight, class T, class P>
NK_INLINE void normalize_row(const T* x, T* y, const weight_row<Weight, P>& weight, const P* bias, std::int64_t cols,
                             const row_stats& stats, const T* prefetched) {
  const vf rstd = splat(stats.rstd);
  const vf high = splat(stats.mean_high);
  // Not (x * rstd - mean * rstd): a constant row must leave no residue beside the bias.
  const vf minus_low = splat(-stats.mean_low * stats.rstd);
  write_row<Reach == reach::beyond>(y, cols, [&](std::int64_t i, auto lanes) NK_INLINE_LAMBDA {
    if constexpr (Reach != reach::cache) prefetch(prefetched + i);
    const vf v = load_scaled<Scaled>(x + i, lanes, stats.scale);
    const vf xhat = Centred ? fma(sub(v, high), rstd, minus_low) : mul(v, rstd);
    return has<Bias>(bias) ? fma(xhat, weight.load_at(i, lanes), load(bias + i, lanes)) : weight.times(xhat, i, lanes);
  });
}

// A row whose statistics are scaled. Out of line: it is rare.
template <bool Centred, class T, class P>
NK_NOINLINE void normalize_scaled_row(const T* x, T* y, const weight_row<operand::any, P>& weight, const P* bias,
                                      std::int64_t cols, const row_stats& stats) {
  normalize_row<Centred, true, reach::cache, operand::any>(x, y, weight, bias, cols, stats, x);
}

// The rows that are normalized: those of x or, with a residual, those of h, which have to be made first.
template <class T>
struct row_source {
  const T* first;
  std::int64_t stride;

  NK_INLINE row_source(const nk_row_norm_forward_params& p)
      : first(static_cast<const T*>(p.residual != nullptr ? p.h : p.x)),
        stride(stride_or(p.residual != nullptr ? p.h_stride : p.x_stride, p.cols)) {}

  NK_INLINE const T* row(std::int64_t i) const { return first + i * stride; }
};

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
// them. They are taken of a group of rows that fits the first-level cache with what is written for it, so that the
// chains run beside one another and beside the next row's sums (59 to 48 ns a row of 1024 columns; 8 rows beside one
// another take 14 ns a row of 256 columns, one at a time 21).
constexpr std::int64_t kGroupBytes = 16384;
constexpr std::int64_t kMostInGroup = 16;

NK_INLINE std::int64_t rows_in_group(std::int64_t rows, std::int64_t row_bytes) {
  std::int64_t group = 1;  // not by a division, which costs as much as 64 columns
  while (group < kMostInGroup && group < rows && 2 * group * row_bytes <= kGroupBytes) group *= 2;
  return group;
}

// What the loops over a group's rows share.
template <class T, class P>
struct forward_call {
  row_source<T> source;
  weight_row<operand::any, P> weight;
  const P* bias;
  T* y;
  const T* soon;  // x, of which the rows of the next group are asked for
  std::int64_t cols, y_stride, soon_stride, soon_rows;
  double epsilon;
  float *mean, *rstd;
  row_stats stats[kMostInGroup];

  NK_INLINE forward_call(const nk_row_norm_forward_params& p, std::int64_t group)
      : source(p),
        weight(p.weight, p.flags),
        bias(static_cast<const P*>(p.bias)),
        y(static_cast<T*>(p.y)),
        soon(static_cast<const T*>(p.x)),
        cols(p.cols),
        y_stride(stride_or(p.y_stride, p.cols)),
        soon_stride(stride_or(p.x_stride, p.cols)),
        soon_rows(p.rows - group),
        epsilon(p.epsilon),
        mean(p.mean),
        rstd(p.rstd) {
    soon += group * soon_stride;
  }
};

// Two functions and not one: in one, GCC keeps in memory what either needs. For the same reason they copy what they
// need of the call: for all that GCC knows, y might lie on it.
template <bool Centred, class T, class P>
NK_NOINLINE void take_stats(forward_call<T, P>& call, std::int64_t begin, std::int64_t end) {
  const row_source<T> source = call.source;
  const std::int64_t cols = call.cols;
  const double epsilon = call.epsilon, inverse_cols = inverse_of(cols);
  float *const mean = call.mean, *const rstd = call.rstd;
  const auto finish = [&](std::int64_t row, const moments& found) NK_INLINE_LAMBDA {
    const row_stats stats = stats_of<Centred>(found, source.row(row), cols, epsilon);
    if (mean != nullptr) write(mean + row, stats.saved_mean());
    if (rstd != nullptr) write(rstd + row, stats.saved_rstd());
    call.stats[row - begin] = stats;
  };
  moments sums[kMostInGroup];
  for (std::int64_t row = begin; row < end; ++row) {
    const moments found = moments_of_row<Centred>(source.row(row), cols, inverse_cols);
    if (end == begin + 1) return finish(row, found);
    sums[row - begin] = found;
  }
  for (std::int64_t row = begin; row < end; ++row) finish(row, sums[row - begin]);
}

template <bool Centred, reach Reach, operand Usual, class T, class P>
NK_NOINLINE void write_rows(const forward_call<T, P>& call, std::int64_t begin, std::int64_t end) {
  constexpr operand kWeight = Usual == operand::any ? operand::any : operand::present;
  const weight_row<kWeight, P> weight(call.weight.weight, call.weight.offset);
  const P* const bias = call.bias;
  const std::int64_t cols = call.cols, stride = call.source.stride, y_stride = call.y_stride;
  const T* from = call.source.row(begin);
  T* to = call.y + begin * y_stride;
  const row_stats* stats = call.stats;
  for (std::int64_t row = begin; row < end; ++row) {
    const T* const soon = row < call.soon_rows ? call.soon + row * call.soon_stride : from;
    if (stats->scale != 1.0f) {
      normalize_scaled_row<Centred>(from, to, call.weight, bias, cols, *stats);
    } else {
      normalize_row<Centred, false, Reach, Usual>(from, to, weight, bias, cols, *stats, soon);
    }
    from += stride;
    to += y_stride;
    ++stats;
  }
}

template <bool Centred, class T, class P>
NK_NOINLINE void forward_in_groups(const nk_row_norm_forward_params& p, reach where) {
  // With a residual there are twice as many rows that the cache has to hold.
  const std::int64_t row_bytes = p.cols * static_cast<std::int64_t>(sizeof(T));
  const std::int64_t group = rows_in_group(p.rows, p.residual != nullptr ? 2 * row_bytes : row_bytes);
  forward_call<T, P> call(p, group);
  // The usual form: layer_norm has a weight and a bias, rms_norm a weight.
  constexpr operand kUsual = Centred ? operand::present : operand::absent;
  const bool usual = p.weight != nullptr && call.weight.offset == 0.0f && (p.bias != nullptr) == Centred;
  constexpr reach kBeyond = kStreams<T> ? reach::beyond : reach::memory;
  const bool lines = in_lines(call.y, call.y_stride);
  const auto write = !usual                            ? write_rows<Centred, reach::memory, operand::any, T, P>
                     : where == reach::cache           ? write_rows<Centred, reach::cache, kUsual, T, P>
                     : where == reach::beyond && lines ? write_rows<Centred, kBeyond, kUsual, T, P>
                                                       : write_rows<Centred, reach::memory, kUsual, T, P>;
  for (std::int64_t begin = 0; begin < p.rows; begin += group) {
    const std::int64_t end = p.rows - begin < group ? p.rows : begin + group;
    if (p.residual != nullptr) make_rows<T>(p, begin, end);
    take_stats<Centred>(call, begin, end);
    write(call, begin, end);
  }
  if (where == reach::beyond) finish_streams();
}

// Not inlined: only these calls have the parameters on their stack.
template <bool Centred, class T, class P>
NK_NOINLINE void forward_staged(nk_row_norm_forward_params p, int skew, reach where) {
  staged_parameter weight, bias;
  p.weight = stage_weight<P>(weight, skew, p.cols, p.weight, p.flags);
  p.bias = bias.stage<P>(skew, p.cols, p.bias);
  forward_in_groups<Centred, T, float>(p, where);
}

template <bool Centred, class T, class P>
void forward_rows(const nk_row_norm_forward_params& p, reach where) {
  const int skew = skew_of_rows(static_cast<const T*>(p.y), stride_or(p.y_stride, p.cols));
  if (worth_staging<P>(p.rows, p.cols, p.flags, skew, p.weight, p.bias)) {
    forward_staged<Centred, T, P>(p, skew, where);
  } else {
    forward_in_groups<Centred, T, P>(p, where);
  }
}

NK_END_ISA
