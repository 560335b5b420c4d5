#include "power_norm.h"

#include <cmath>
#include <limits>

#include "power.h"

namespace nk {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

bool is_extreme(const power_function& f) {
  return f.kind == power::largest || f.kind == power::smallest;
}

double start_of(const power_function& f) {
  return f.kind == power::smallest ? kInfinity : 0.0;
}

// How the sums of two columns of a slice become one. A NaN stays.
double join(const power_function& f, double a, double b) {
  if (f.kind == power::largest) return b > a || b != b ? b : a;
  if (f.kind == power::smallest) return b < a || b != b ? b : a;
  return a + b;
}

// Calls run(k, tile) for slices worked on by runs, or columns(tile) for the others.
template <class Run, class Columns>
void for_each_piece(const slice_range& r, Run&& run, Columns&& columns) {
  const slices& v = *r.view;
  if (v.by_run()) {
    for (std::int64_t k = r.begin; k < r.end; ++k) run(k, tile{k * v.inner, v.inner, 1});
  } else {
    for_each_tile(r, folding::allowed, columns);
  }
}

// result[slice] = join over the columns of the tile.
void join_columns(const slice_range& r, const tile& piece, const power_function& f, const column_array<double>& sums,
                  double* result) {
  const slices& v = *r.view;
  for (std::int64_t fold = 0; fold < piece.folded; ++fold) {
    for_each_channel(v, piece, [&](std::int64_t j, std::int64_t k, std::int64_t) {
      for (std::int64_t i = j; i < j + v.run; ++i) {
        result[k - r.begin] = join(f, result[k - r.begin], sums.at[fold * piece.columns + i]);
      }
    });
  }
}

void power_sums(const slice_range& r, const strip_table& ops, std::int32_t dtype, const void* x,
                const power_function& f, const double* scale, double* result) {
  const slices& v = *r.view;
  for (std::int64_t k = r.begin; k < r.end; ++k) result[k - r.begin] = start_of(f);
  const auto scale_of = [&](std::int64_t k) { return scale == nullptr ? 1.0 : scale[k - r.begin]; };
  column_array<double> scales, sums;
  for_each_piece(
      r,
      [&](std::int64_t k, const tile& piece) {
        for_each_strip(r, piece, [&](std::int64_t at, const strip& s) {
          ops.power_sum[dtype](element_at(x, dtype, at), s, f, scale_of(k), result + (k - r.begin));
        });
      },
      [&](const tile& piece) {
        scales.fill(v, piece, [&](std::int64_t k, std::int64_t) { return scale_of(k); });
        sums.fill(v, piece, [&](std::int64_t, std::int64_t) { return start_of(f); });
        for_each_strip(r, piece, [&](std::int64_t at, const strip& s) {
          ops.power_sum_columns[dtype](element_at(x, dtype, at), s, f, scales.at, sums.at);
        });
        join_columns(r, piece, f, sums, result);
      });
}

}  // namespace

void slice_norms(const slice_range& r, const strip_table& ops, std::int32_t dtype, const void* x,
                 const power_function& f, double* norm) {
  const std::int64_t count = r.end - r.begin;
  if (f.kind != power::general) {
    power_sums(r, ops, dtype, x, f, nullptr, norm);
    for (std::int64_t i = 0; i < count; ++i) {
      const double s = norm[i];
      if (f.kind == power::half) norm[i] = s * s;
      if (f.kind == power::two) norm[i] = std::sqrt(s);
      if (f.kind == power::three) norm[i] = power_of(s, 1.0 / 3.0);
    }
    return;
  }
  double top[kStripColumns], scale[kStripColumns] = {};
  power_sums(r, ops, dtype, x, {f.exponent > 0.0 ? power::largest : power::smallest, 0.0}, nullptr, top);
  // A top that is 0, infinite or NaN is the norm already.
  const auto ordinary = [](double v) { return v > 0.0 && v < kInfinity; };
  for (std::int64_t i = 0; i < count; ++i) scale[i] = ordinary(top[i]) ? 1.0 / top[i] : 1.0;
  power_sums(r, ops, dtype, x, f, scale, norm);
  for (std::int64_t i = 0; i < count; ++i) {
    norm[i] = ordinary(top[i]) ? top[i] * power_of(norm[i], 1.0 / f.exponent) : top[i];
  }
}

void slice_ties(const slice_range& r, const strip_table& ops, std::int32_t dtype, const void* x,
                const power_function& f, const double* norm, double* ties) {
  if (is_extreme(f)) slice_derivative_products(r, ops, dtype, nullptr, x, f, norm, ties);
  for (std::int64_t i = 0; i < r.end - r.begin; ++i) {
    if (norm[i] != norm[i]) {
      ties[i] = norm[i];
    } else if (norm[i] == 0.0) {
      ties[i] = kInfinity;
    } else if (!is_extreme(f)) {
      ties[i] = 1.0;
    }
  }
}

void slice_derivative_products(const slice_range& r, const strip_table& ops, std::int32_t dtype, const void* t,
                               const void* x, const power_function& f, const double* norm, double* sum) {
  const slices& v = *r.view;
  for (std::int64_t k = r.begin; k < r.end; ++k) sum[k - r.begin] = 0.0;
  column_array<double> norms, sums;
  for_each_piece(
      r,
      [&](std::int64_t k, const tile& piece) {
        for_each_strip(r, piece, [&](std::int64_t at, const strip& s) {
          ops.power_product[dtype](element_at(t, dtype, at), element_at(x, dtype, at), s, f, norm[k - r.begin],
                                   sum + (k - r.begin));
        });
      },
      [&](const tile& piece) {
        norms.fill(v, piece, [&](std::int64_t k, std::int64_t) { return norm[k - r.begin]; });
        sums.clear(piece);
        for_each_strip(r, piece, [&](std::int64_t at, const strip& s) {
          ops.power_product_columns[dtype](element_at(t, dtype, at), element_at(x, dtype, at), s, f, norms.at, sums.at);
        });
        join_columns(r, piece, {power::one, 1.0}, sums, sum);
      });
  for (std::int64_t i = 0; f.kind == power::two && t != nullptr && i < r.count(); ++i) {
    if (norm[i] != 0.0) sum[i] /= norm[i];  // of zeros, whose derivative is 0
  }
}

void slice_derivative_combine(const slice_range& r, const strip_table& ops, std::int32_t dtype, const void* t,
                              const void* x, void* out, const power_function& f, const double* norm, const double* a,
                              const double* b) {
  if (f.kind == power::two && t == nullptr) {
    double factor[kStripColumns];
    for (std::int64_t i = 0; i < r.count(); ++i) factor[i] = b[i] == 0.0 ? 0.0 : b[i] / norm[i];
    slice_scale(r, ops, dtype, x, out, factor);
    return;
  }
  const slices& v = *r.view;
  column_array<double> norms, all_a, all_b;
  for_each_piece(
      r,
      [&](std::int64_t k, const tile& piece) {
        const std::int64_t i = k - r.begin;
        for_each_strip(r, piece, [&](std::int64_t at, const strip& s) {
          ops.power_combine[dtype](element_at(t, dtype, at), element_at(x, dtype, at), element_at(out, dtype, at), s, f,
                                   norm[i], a[i], b[i]);
        });
      },
      [&](const tile& piece) {
        norms.fill(v, piece, [&](std::int64_t k, std::int64_t) { return norm[k - r.begin]; });
        all_a.fill(v, piece, [&](std::int64_t k, std::int64_t) { return a[k - r.begin]; });
        all_b.fill(v, piece, [&](std::int64_t k, std::int64_t) { return b[k - r.begin]; });
        for_each_strip(r, piece, [&](std::int64_t at, const strip& s) {
          ops.power_combine_columns[dtype](element_at(t, dtype, at), element_at(x, dtype, at),
                                           element_at(out, dtype, at), s, f, norms.at, all_a.at, all_b.at);
        });
      });
}

}  // namespace nk
