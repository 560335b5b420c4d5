// Backward (VJP) over rows. See row_norm.h.
//
// x and dy are read from memory once: the row's sums first, then dx and the row's share of dweight and dbias while both
// are in cache. Those are summed over up to 32 rows in float32, over the rows of a block in double, and over the blocks
// in double from first to last: an order that no number of threads changes.
#pragma once

#include "row_norm_staging.h"

NK_BEGIN_ISA

template <class T>
struct backward_tensors {
  rows_at<const T> x, dy, dh;  // dh: null without a residual
  rows_at<T> dx;

  NK_INLINE explicit backward_tensors(const nk_row_norm_backward_params& p)
      : x{static_cast<const T*>(p.x), stride_or(p.x_stride, p.cols)},
        dy{static_cast<const T*>(p.dy), stride_or(p.dy_stride, p.cols)},
        dh{static_cast<const T*>(p.dh), stride_or(p.dh_stride, p.cols)},
        dx{static_cast<T*>(p.dx), stride_or(p.dx_stride, p.cols)} {}

  NK_INLINE backward_tensors from(std::int64_t row) const {
    backward_tensors t = *this;
    t.x = x.from(row), t.dy = dy.from(row), t.dh = dh.from(row), t.dx = dx.from(row);
    return t;
  }
};

// The sums of dweight and dbias over the rows of a flush so far, float32, or null. In the usual form that of dbias is
// there with a mean and not without: RMSNorm has no bias as a rule, and a step loads and stores one line less.
struct partial_sums {
  float* dweight;
  float* dbias;
};
template <bool Centred, operand Parameters>
constexpr operand dbias_of = Parameters == operand::any ? operand::any
                             : Centred                  ? operand::present
                                                        : operand::absent;

template <bool Centred, bool Scaled, bool Asks, operand Weight, class T, class P>
NK_INLINE row_means backward_means(const T* x, const T* dy, const weight_row<Weight, P>& weight, std::int64_t cols,
                                   const row_stats& stats, const T* soon) {
  return means_of<Centred, Scaled>(x, cols, stats, [&](std::int64_t i, auto lanes) NK_INLINE_LAMBDA {
    if constexpr (Asks) prefetch(soon + i);
    return weight.times(load(dy + i, lanes), i, lanes);
  });
}

// Out of line: it is rare.
template <bool Centred, class T, class P>
NK_NOINLINE row_means scaled_means(const T* x, const T* dy, const weight_row<operand::any, P>& weight,
                                   std::int64_t cols, const row_stats& stats) {
  return backward_means<Centred, true, false>(x, dy, weight, cols, stats, x);
}

// Of two long rows with a mean at once, so that the weight is loaded once for them (16384 x 4096: 1905 ns a row, so
// 1885; 8192 x 8192 4030, so 3810; rows of 1024 columns lose up to a tenth). Their sums are those of means_of().
template <bool Asks, operand Weight, class T, class P>
NK_INLINE void means_of_two(const backward_tensors<T>& rows, const weight_row<Weight, P>& weight, std::int64_t cols,
                            std::int64_t ahead, row_sums* sums) {
  static_assert(tree<6>::Flight == tree<3>::Flight, "or they would not be the same to the bit");
  const T* const x[2] = {rows.x.row(0), rows.x.row(1)};
  const T* const dy[2] = {rows.dy.row(0), rows.dy.row(1)};
  const T* const soon[2] = {rows.x.row(ahead), rows.x.row(1 + ahead)};
  const row_stats stats[2] = {sums[0].stats, sums[1].stats};
  double total[6];
  sum_row<6>(cols, skew_of(x[0]), total, [&](std::int64_t i, auto lanes, vf* acc) NK_INLINE_LAMBDA {
    const vf w = weight.load_at(i, lanes);
    for (int k = 0; k < 2; ++k) {
      if constexpr (Asks) prefetch(soon[k] + i);
      add_means<true, false>(x[k] + i, mul(load(dy[k] + i, lanes), w), lanes, stats[k], acc + 3 * k);
    }
  });
  const double inverse_cols = inverse_of(cols);
  for (int k = 0; k < 2; ++k) sums[k].means = means_from(total + 3 * k, inverse_cols);
}

// The first pass over `count` rows of which the first is number `first`. With Asks it asks for x `ahead` rows ahead.
template <bool Centred, bool Asks, operand Weight, class T, class P>
NK_NOINLINE void sum_rows(const nk_row_norm_backward_params& p, const backward_tensors<T>& rows,
                          const weight_row<Weight, P>& weight, std::int64_t first, int count, std::int64_t ahead,
                          row_sums* sums) {
  const std::int64_t cols = p.cols;
  const weight_row<Weight, P> w = weight;
  for (int k = 0; k < count; ++k) {
    sums[k].stats = stats_again<Centred>(rows.x.row(k), cols, p.epsilon, p.mean, p.rstd, first + k);
  }
  for (int k = 0; k < count; ++k) {
    const T* const x = rows.x.row(k);
    const T* const dy = rows.dy.row(k);
    if constexpr (Centred && kVectors >= 20) {
      const bool by_twos = count == kSideBySide && k % 2 == 0 && are_alike(rows.x);
      if (by_twos && sums[k].stats.scale == 1.0f && sums[k + 1].stats.scale == 1.0f) {
        means_of_two<Asks>(rows.from(k), w, cols, ahead, sums + k);
        ++k;
        continue;
      }
    }
    const row_stats stats = sums[k].stats;
    sums[k].means = stats.scale == 1.0f
                        ? backward_means<Centred, false, Asks>(x, dy, w, cols, stats, rows.x.row(k + ahead))
                        : scaled_means<Centred>(x, dy, weight_row<operand::any, P>(w.weight, w.offset), cols, stats);
  }
}

// Which inputs the second pass asks for ahead.
enum class asks { nothing, dy, x_and_dy };

// The second pass: writes dx of `Rows` rows side by side, so that the sums over rows are loaded and stored once for
// them. What it asks for begins `ahead` rows ahead.
template <int Rows, bool Centred, bool Scaled, asks Asks, bool Streamed, operand Dh, operand Parameters, operand Weight,
          class T, class P>
NK_NOINLINE void differentiate_rows(const row_sums* sums, const backward_tensors<T>& rows,
                                    const weight_row<Weight, P>& shared_weight, const partial_sums& shared_sums,
                                    std::int64_t cols, std::int64_t ahead) {
  constexpr operand kDbias = dbias_of<Centred, Parameters>;
  const T *x[Rows], *dy[Rows], *dh[Rows];
  T* dx[Rows];
  row_stats stats[Rows];
  row_means means[Rows];
  for (int k = 0; k < Rows; ++k) {
    x[k] = rows.x.row(k);
    dy[k] = rows.dy.row(k);
    dh[k] = rows.dh.row(k);
    dx[k] = rows.dx.row(k);
    sums[k].copy_to(stats[k], means[k]);
  }
  const weight_row<Weight, P> weight = shared_weight;
  const partial_sums partial = shared_sums;
  const T* const soon_x = rows.x.row(ahead);
  const T* const soon_dy = rows.dy.row(ahead);
  // dx of a step of row k.
  const auto differentiate = [&](int k, std::int64_t i, auto lanes, vf w, vf& dweight, vf& dbias) NK_INLINE_LAMBDA {
    const vf rstd = splat(stats[k].rstd);
    const vf xhat = xhat_of<Centred, Scaled>(x[k] + i, lanes, stats[k], means[k]);
    const vf d = held(load(dy[k] + i, lanes));
    if (has<Parameters>(partial.dweight)) dweight = fma(d, xhat, dweight);
    if (has<kDbias>(partial.dbias)) dbias = add(d, dbias);
    vf g = project<Centred>(mul(d, w), xhat, means[k]);
    // The scale comes last, or what ends up finite might overflow on the way.
    if constexpr (Scaled) g = mul(g, rstd);
    const vf last = Scaled ? splat(stats[k].scale) : rstd;
    return has<Dh>(dh[k]) ? fma(g, last, load(dh[k] + i, lanes)) : mul(g, last);
  };
  const auto step = [&](std::int64_t i, auto lanes) NK_INLINE_LAMBDA {
    const vf w = weight.load_at(i, lanes);
    vf dweight = zero(), dbias = zero();
    if (has<Parameters>(partial.dweight)) dweight = load(partial.dweight + i, lanes);
    if (has<kDbias>(partial.dbias)) dbias = load(partial.dbias + i, lanes);
    for (int k = 0; k < Rows; ++k) {
      // In the order in which they lie where nothing lies between rows.
      if constexpr (Asks == asks::x_and_dy) prefetch(soon_x + Rows * i + k * kLanes);
      if constexpr (Asks != asks::nothing) prefetch(soon_dy + Rows * i + k * kLanes);
      put<Streamed>(dx[k] + i, differentiate(k, i, lanes, w, dweight, dbias), lanes);
    }
    if (has<Parameters>(partial.dweight)) store(partial.dweight + i, dweight, lanes);
    if (has<kDbias>(partial.dbias)) store(partial.dbias + i, dbias, lanes);
  };
  // The sums lie so that they are aligned where dx is.
  for_each_step_of(partial.dweight, cols, step);
}

// Rows side by side, if they are not long ones from memory. Two: four take turns in the sixteen registers that hold
// addresses (256 x 768: 145 ns a row, so 163). Of long ones from memory four are the faster for all that (16384 x 4096:
// RMSNorm 1840 ns a row, so 1630, a copy of as much 1497). Short ones of float32 from memory are written singly, which
// the processor follows better by itself (2048 x 768: 320 to 380 ns a row, so 265 to 295; of 16 bits they lose 5 to 9
// %).
constexpr int kAbreast = 2;

// Both passes over some rows, at most kSideBySide, in the usual form or any other. Usual is a weight whose gradient is
// wanted, and that of a bias as well with a mean, or not without.
//
// From memory the next rows are asked for while these are in work: x in the first pass, dy in the second (1024 x 1024:
// 228 ns a row, so 205; 8192 x 1024 of bf16 470, so 345). The first pass over long rows without a mean has too little
// to do meanwhile (16384 x 4096: 1750 ns a row, so 1650 where the second asks for both).
template <bool Centred, operand Usual, class T, class P>
class backward_pass {
  static constexpr bool kUsual = Usual != operand::any;
  static constexpr operand kWeight = kUsual ? operand::present : operand::any;

  const nk_row_norm_backward_params& p_;
  weight_row<kWeight, P> weight_;
  decltype(&sum_rows<Centred, false, kWeight, T, P>) sum_ = sum_rows<Centred, false, kWeight, T, P>;
  decltype(&differentiate_rows<1, Centred, false, asks::nothing, false, operand::any, operand::any, kWeight, T, P>)
      side_by_side_ = nullptr;

  template <operand Dh>
  NK_INLINE void choose(reach where, bool is_long) {
    constexpr int kFromMemory = sizeof(T) == 2 ? kAbreast : 1;
    constexpr asks kLong = Centred ? asks::dy : asks::x_and_dy;
    if (!kHints || where == reach::cache) return choose<kAbreast, asks::nothing, false, Dh>();
    if constexpr (kHints) {
      if (Centred || !is_long) sum_ = sum_rows<Centred, true, kWeight, T, P>;
      if (kStreams<T> && where == reach::beyond) {
        if (is_long) return choose<kSideBySide, kLong, kStreams<T>, Dh>();
        return choose<kFromMemory, asks::dy, kStreams<T>, Dh>();
      }
      if (is_long) return choose<kSideBySide, kLong, false, Dh>();
      choose<kFromMemory, asks::dy, false, Dh>();
    }
  }
  template <int Rows, asks Asks, bool Streamed, operand Dh>
  NK_INLINE void choose() {
    abreast = Rows;
    side_by_side_ = differentiate_rows<Rows, Centred, false, Asks, Streamed, Dh, operand::present, kWeight, T, P>;
  }

 public:
  int abreast = kAbreast;

  NK_INLINE backward_pass(const nk_row_norm_backward_params& p, reach where) : p_(p), weight_(p.weight, p.flags) {
    if constexpr (kUsual) {
      const bool is_long = p.cols * static_cast<std::int64_t>(sizeof(T)) >= kLongRowBytes;
      if (p.dh == nullptr) {
        choose<operand::absent>(where, is_long);
      } else {
        choose<operand::present>(where, is_long);
      }
    }
  }

  NK_INLINE void run(const backward_tensors<T>& rows, std::int64_t first, int count,
                     const partial_sums& partial) const {
    row_sums sums[kSideBySide];
    // After the last rows there is nothing to ask for ahead.
    const std::int64_t ahead = p_.rows - first >= 2 * count ? count : 0;
    sum_(p_, rows, weight_, first, count, ahead, sums);
    bool scaled = false;
    for (int k = 0; k < count; ++k) scaled = scaled || sums[k].stats.scale != 1.0f;
    if (kUsual && count == abreast && !scaled) {
      return side_by_side_(sums, rows, weight_, partial, p_.cols, ahead);
    }
    const weight_row<operand::any, P> any_weight(weight_.weight, weight_.offset);
    for (int k = 0; k < count; ++k) {
      if (sums[k].stats.scale == 1.0f) {
        one<false>(sums + k, rows.from(k), any_weight, partial);
      } else {
        one<true>(sums + k, rows.from(k), any_weight, partial);
      }
    }
  }

 private:
  template <bool Scaled>
  NK_INLINE void one(const row_sums* sums, const backward_tensors<T>& row, const weight_row<operand::any, P>& weight,
                     const partial_sums& partial) const {
    differentiate_rows<1, Centred, Scaled, asks::nothing, false, operand::any, operand::any>(sums, row, weight, partial,
                                                                                             p_.cols, 0);
  }
};

NK_INLINE void clear(float* sums, std::int64_t n) {
  for_each_step_of(sums, n, [&](std::int64_t i, auto lanes) NK_INLINE_LAMBDA { store(sums + i, zero(), lanes); });
}

// totals (+)= sums. Plain element-wise double arithmetic: the compiler may vectorize it at will, the bits stay.
template <class S>
NK_INLINE void flush(const S* sums, double* totals, std::int64_t n, bool first) {
  if (first) {
    for (std::int64_t i = 0; i < n; ++i) totals[i] = static_cast<double>(sums[i]);
  } else {
    for (std::int64_t i = 0; i < n; ++i) totals[i] += static_cast<double>(sums[i]);
  }
}

// gradient (+)= the sums of all blocks, added from first to last, of N columns.
template <int N, class S>
NK_INLINE void sum_blocks(float* gradient, const S* sums, std::int64_t blocks, std::int64_t stride, bool accumulate) {
  double sum[N];
  for (int i = 0; i < N; ++i) sum[i] = 0.0 + static_cast<double>(sums[i]);
  for (std::int64_t block = 1; block < blocks; ++block) {
    const S* const more = sums + block * stride;
    for (int i = 0; i < N; ++i) sum[i] += static_cast<double>(more[i]);
  }
  for (int i = 0; accumulate && i < N; ++i) sum[i] += static_cast<double>(read(gradient + i));
  for (int i = 0; i < N; ++i) write(gradient + i, static_cast<float>(sum[i]));
}

// The gradients that are wanted, from the sums of `blocks` blocks.
template <class S>
NK_NOINLINE void write_parameters(const nk_row_norm_backward_params& p, const S* dweight, const S* dbias,
                                  std::int64_t blocks) {
  constexpr std::int64_t kTile = 32;
  const bool accumulate = (p.flags & NK_FLAG_ACCUMULATE) != 0;
  const auto write_one = [&](float* gradient, const S* sums) NK_INLINE_LAMBDA {
    if (gradient == nullptr) return;
    std::int64_t i = 0;
    for (; i + kTile <= p.cols; i += kTile) sum_blocks<kTile>(gradient + i, sums + i, blocks, 2 * p.cols, accumulate);
    for (; i < p.cols; ++i) sum_blocks<1>(gradient + i, sums + i, blocks, 2 * p.cols, accumulate);
  };
  write_one(p.dweight, dweight);
  write_one(p.dbias, dbias);
}

template <bool Centred, operand Usual, class T, class P>
NK_NOINLINE void backward_blocks(const nk_row_norm_backward_params& p, int skew, reach where) {
  const backward_pass<Centred, Usual, T, P> pass(p, where);
  const std::int64_t cols = p.cols;
  const row_blocks blocks = row_blocks_of(p.rows);
  const row_norm_workspace workspace(p.workspace, blocks.count, cols);
  const bool dweight = p.dweight != nullptr || p.dbias != nullptr;
  const bool dbias = dweight && has<dbias_of<Centred, Usual>>(p.dbias);
  // A call of all blocks keeps none of their totals but adds them up as they come, as sum_blocks() would, in place of
  // those of the first; where a block is more than one flush, its own have the place of the second. The sums of a
  // single flush are the gradients. (LayerNorm of 4 x 1024: 500 ns a row, so 220; of 64 x 1024 187, so 157.)
  const bool together = p.stage == NK_STAGE_ALL;
  const bool is_flush = blocks.rows_each == kFlushRows;
  const bool flushes = dweight && !(together && p.rows <= kFlushRows);
  const backward_tensors<T> all(p);
  partial_sums partial = {nullptr, nullptr};
  for (std::int64_t block = p.part_begin; block < p.part_end; ++block) {
    const std::int64_t begin = block * blocks.rows_each;
    const std::int64_t end = p.rows - begin < blocks.rows_each ? p.rows : begin + blocks.rows_each;
    const std::int64_t place = !together ? block : is_flush ? 0 : 1;
    double* const totals = workspace.totals + place * 2 * cols;
    if (dweight) partial.dweight = workspace.partial + place * 2 * workspace.partial_stride + skew;
    if (dbias) partial.dbias = partial.dweight + workspace.partial_stride;
    for (std::int64_t row = begin; row < end;) {
      const std::int64_t flush_end = end - row < kFlushRows ? end : row + kFlushRows;
      const bool first = row == (together && is_flush ? 0 : begin);
      if (dweight) clear(partial.dweight, cols);
      if (dbias) clear(partial.dbias, cols);
      while (row < flush_end) {
        const int count = static_cast<int>(flush_end - row < pass.abreast ? flush_end - row : pass.abreast);
        pass.run(all.from(row), row, count, partial);
        row += count;
      }
      if (flushes) flush(partial.dweight, totals, cols, first);
      if (flushes && dbias) flush(partial.dbias, totals + cols, cols, first);
    }
    if (flushes && together && !is_flush) flush(totals, workspace.totals, dbias ? 2 * cols : cols, block == 0);
  }
  if (together && flushes) {
    write_parameters(p, workspace.totals, workspace.totals + cols, 1);
  } else if (together && dweight) {
    write_parameters(p, partial.dweight, partial.dbias, 1);
  }
  if (where == reach::beyond) finish_streams();
}

template <bool Centred, class T, class P>
NK_NOINLINE void backward_forms(const nk_row_norm_backward_params& p, int skew, reach where) {
  [[maybe_unused]] const bool usual =
      p.weight != nullptr && (p.flags & NK_FLAG_ZERO_CENTERED) == 0 &&
      (Centred ? p.dweight != nullptr || p.dbias != nullptr : p.dweight != nullptr && p.dbias == nullptr);
  if constexpr (kUsualForms) {
    if (usual) return backward_blocks<Centred, operand::present, T, P>(p, skew, where);
  }
  backward_blocks<Centred, operand::any, T, P>(p, skew, where);
}

// Not inlined: only these calls have the weight on their stack.
template <bool Centred, class T, class P>
NK_NOINLINE void backward_staged(nk_row_norm_backward_params p, int skew, reach where) {
  staged_parameter weight;
  p.weight = stage_weight<P>(weight, skew, p.cols, p.weight, p.flags);
  backward_forms<Centred, T, float>(p, skew, where);
}

template <bool Centred, class T, class P>
void backward_rows(const nk_row_norm_backward_params& p, reach where) {
  const T* const dx = static_cast<const T*>(p.dx);
  const std::int64_t stride = stride_or(p.dx_stride, p.cols);
  const int skew = skew_of_rows(dx, stride);
  // Rows side by side are in lines together, or are not streamed.
  if (where == reach::beyond && !(in_lines(dx, stride) && stride % (2 * kLanes) == 0)) where = reach::memory;
  const std::int64_t rows =
      p.part_begin < p.part_end ? p.rows / row_blocks_of(p.rows).count * (p.part_end - p.part_begin) : 0;
  if (worth_staging<P>(rows, p.cols, p.flags, skew, p.weight)) {
    backward_staged<Centred, T, P>(p, skew, where);
  } else {
    backward_forms<Centred, T, P>(p, skew, where);
  }
}

// The gradients of parameters after calls of some blocks each.
void backward_parameters(const nk_row_norm_backward_params& p) {
  const std::int64_t blocks = row_blocks_of(p.rows).count;
  const row_norm_workspace workspace(p.workspace, blocks, p.cols);
  write_parameters(p, workspace.totals, workspace.totals + p.cols, blocks);
}

NK_END_ISA
