// Backward (VJP) over rows. See row_norm.h.
//
// x and dy are read from memory once: the row's sums first, then dx and the row's share of dweight and dbias while both
// are in cache. Those are summed over up to 32 rows in float32, over the rows of a block in double, and over the blocks
// in double from first to last: an order that no number of threads changes.
#pragma once

#include "row_norm.h"

NK_BEGIN_ISA

template <class T>
struct backward_row {
  const T* x;
  const T* dy;
  const T* dh;  // null: no residual
  T* dx;
  float* dweight;  // sums over rows so far
  float* dbias;
  const T* next_x;
  const T* next_dy;
  bool streamed;  // dx goes past the caches
};

template <bool Centred, bool Scaled, operand Parameters, operand Weight, class T, class P>
NK_INLINE void differentiate_row(const backward_row<T>& r, const weight_row<Weight, P>& weight, std::int64_t cols,
                                 const row_stats& stats) {
  const row_means means = means_of<Centred, Scaled>(r.x, cols, stats, [&](std::int64_t i, auto lanes) NK_INLINE_LAMBDA {
    return weight.times(load(r.dy + i, lanes), i, lanes);
  });
  const vf rstd = splat(stats.rstd);
  for_each_step(0, cols, [&](std::int64_t i, auto lanes) NK_INLINE_LAMBDA {
    prefetch(r.next_x + i);
    prefetch(r.next_dy + i);
    const vf xhat = xhat_of<Centred, Scaled>(r.x + i, lanes, stats, means);
    const vf dy = load(r.dy + i, lanes);
    if (has<Parameters>(r.dweight)) {
      store(r.dweight + i, fma(dy, xhat, load(r.dweight + i, lanes)), lanes);
      store(r.dbias + i, add(dy, load(r.dbias + i, lanes)), lanes);
    }
    vf g = project<Centred>(weight.times(dy, i, lanes), xhat, means);
    // The scale comes last, or what ends up finite might overflow on the way.
    if constexpr (Scaled) g = mul(g, rstd);
    const vf last = Scaled ? splat(stats.scale) : rstd;
    if (r.dh != nullptr) {
      put(r.dx + i, fma(g, last, load(r.dh + i, lanes)), lanes, r.streamed);
    } else {
      put(r.dx + i, mul(g, last), lanes, r.streamed);
    }
  });
}

// Plain element-wise double arithmetic: the compiler may vectorize it at will, the bits stay.
NK_INLINE void flush_partial(float* partial, double* totals, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) {
    totals[i] += static_cast<double>(partial[i]);
    partial[i] = 0.0f;
  }
}

template <bool Centred, class T, class P>
void backward_rows(const nk_row_norm_backward_params& p, reach where) {
  const T* const x = static_cast<const T*>(p.x);
  const T* const dy = static_cast<const T*>(p.dy);
  const T* const dh = static_cast<const T*>(p.dh);
  T* const dx = static_cast<T*>(p.dx);
  const std::int64_t cols = p.cols;
  const std::int64_t x_stride = stride_or(p.x_stride, cols);
  const std::int64_t dy_stride = stride_or(p.dy_stride, cols);
  const std::int64_t dh_stride = stride_or(p.dh_stride, cols);
  const std::int64_t dx_stride = stride_or(p.dx_stride, cols);
  const bool streamed = where == reach::beyond && in_lines(dx, dx_stride);
  const row_blocks blocks = row_blocks_of(p.rows);
  const bool parameters = p.dweight != nullptr || p.dbias != nullptr;
  const row_norm_workspace workspace(p.workspace, blocks.count, cols);
  // The usual form: a weight, and its gradient wanted.
  const weight_row<operand::present, P> weight(p.weight, p.flags);
  const weight_row<operand::any, P> any_weight(p.weight, p.flags);
  const bool usual = p.weight != nullptr && any_weight.offset == 0.0f && parameters;

  for (std::int64_t block = p.part_begin; block < p.part_end; ++block) {
    const std::int64_t begin = block * blocks.rows_each;
    const std::int64_t end = p.rows - begin < blocks.rows_each ? p.rows : begin + blocks.rows_each;
    double* const totals = workspace.totals + block * 2 * cols;
    float* const partial = workspace.partial + block * 2 * cols;
    if (parameters) {
      for (std::int64_t i = 0; i < 2 * cols; ++i) totals[i] = 0.0;
      for (std::int64_t i = 0; i < 2 * cols; ++i) partial[i] = 0.0f;
    }
    for (std::int64_t row = begin; row < end; ++row) {
      const std::int64_t next = row + 1 < p.rows ? row + 1 : row;
      const backward_row<T> r = {
          x + row * x_stride,   dy + row * dy_stride,           row_of(dh, row, dh_stride),
          dx + row * dx_stride, parameters ? partial : nullptr, parameters ? partial + cols : nullptr,
          x + next * x_stride,  dy + next * dy_stride,          streamed};
      const row_stats stats = stats_again<Centred>(r.x, cols, p.epsilon, p.mean, p.rstd, row);
      if (stats.scale != 1.0f) {
        differentiate_row<Centred, true, operand::any>(r, any_weight, cols, stats);
      } else if (usual) {
        differentiate_row<Centred, false, operand::present>(r, weight, cols, stats);
      } else {
        differentiate_row<Centred, false, operand::any>(r, any_weight, cols, stats);
      }
      if (parameters && ((row - begin) % kFlushRows == kFlushRows - 1 || row + 1 == end)) {
        flush_partial(partial, totals, 2 * cols);
      }
    }
  }
  if (streamed) finish_streams();
}

// gradient (+)= the blocks' totals, added from first to last.
NK_INLINE void sum_blocks(float* gradient, const double* totals, std::int64_t blocks, std::int64_t cols,
                          bool accumulate) {
  constexpr std::int64_t kTile = 64;
  for (std::int64_t begin = 0; begin < cols; begin += kTile) {
    const std::int64_t n = cols - begin < kTile ? cols - begin : kTile;
    double sum[kTile] = {};
    for (std::int64_t block = 0; block < blocks; ++block) {
      const double* const part = totals + block * 2 * cols + begin;
      for (std::int64_t i = 0; i < n; ++i) sum[i] += part[i];
    }
    for (std::int64_t i = 0; i < n; ++i) {
      float* const g = gradient + begin + i;
      const double before = accumulate ? static_cast<double>(read(g)) : 0.0;
      write(g, static_cast<float>(before + sum[i]));
    }
  }
}

void backward_parameters(const nk_row_norm_backward_params& p) {
  const std::int64_t blocks = row_blocks_of(p.rows).count;
  const row_norm_workspace workspace(p.workspace, blocks, p.cols);
  const bool accumulate = (p.flags & NK_FLAG_ACCUMULATE) != 0;
  if (p.dweight != nullptr) sum_blocks(p.dweight, workspace.totals, blocks, p.cols, accumulate);
  if (p.dbias != nullptr) sum_blocks(p.dbias, workspace.totals + p.cols, blocks, p.cols, accumulate);
}

NK_END_ISA
