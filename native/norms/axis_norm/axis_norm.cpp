// Normalization along one axis: y = (x - mean) * rstd * weight + bias,  rstd = 1 / sqrt(var + epsilon), var biased,
// with a weight and a bias for every element.
//
//   g = dy * weight      dx = rstd * (g - mean(g) - xhat * mean(g * xhat))      dweight = dy * xhat      dbias = dy
//   jvp_y = weight * rstd * (t - mean(t) - xhat * mean(t * xhat)) + xhat * tan_weight + tan_bias
//
// Saved for backward (if wanted): mean and rstd of each slice, float32; without them they are computed again, with the
// same bits. dx is always written (=); dweight and dbias are written, or added to with NK_FLAG_ACCUMULATE. A slice with
// a NaN or an infinity gives NaN throughout and disturbs no other. A constant slice gives exactly the bias (epsilon >
// 0). An axis of length 0: mean and rstd are NaN.
#include <normkernels/nk_axis_norm.h>

#include "axis_norm_kernels.h"
#include "core/axis_entry.h"

namespace {

using nk::column_array;
using nk::slice_range;
using nk::strip;
using nk::strip_table;
using nk::tile;

constexpr nk::axis_room kRoom = nk::kAxisNorm;

constexpr nk::isa_tables<nk::axis_norm_table> kTables = NK_TABLES(axis_norm_table);

struct coefficients {
  float center, scale, low, b, e;
};

// Statistics of the slices of a range: the mean in two parts, and rstd, as forward uses them.
struct statistics {
  float center[nk::kStripColumns];
  float scale[nk::kStripColumns];
  double mean[nk::kStripColumns];  // exact; of no use where the statistics were saved
};

template <class Params>
void statistics_of(const slice_range& r, const strip_table& ops, const Params& p, const float* mean, const float* rstd,
                   statistics* s) {
  const std::int64_t count = r.end - r.begin, first = r.outer * r.view->kept + r.begin;
  if (mean != nullptr) {
    for (std::int64_t i = 0; i < count; ++i) {
      s->center[i] = nk::read(mean + first + i);
      s->scale[i] = nk::read(rstd + first + i);
    }
    return;
  }
  double variance[nk::kStripColumns];
  nk::slice_moments(r, ops, nk::summing::in_double, p.dtype, p.x, true, p.epsilon, s->mean, variance);
  for (std::int64_t i = 0; i < count; ++i) {
    s->center[i] = static_cast<float>(s->mean[i]);
    s->scale[i] = static_cast<float>(nk::rstd_of(variance[i] + p.epsilon));
  }
}

// The coefficients of a piece of a range as arrays: one entry for each column, or sixteen of the same.
struct coefficient_arrays {
  column_array<float> center, scale, low, b, e;
  bool columns;

  template <class F>
  void fill(const slice_range& r, const tile& t, F&& of_slice) {
    const nk::slices& v = *r.view;
    columns = !v.by_run();
    const auto fill_one = [&](column_array<float>& array, float coefficients::*field) {
      if (columns) {
        array.fill(v, t, [&](std::int64_t k, std::int64_t) { return of_slice(k).*field; });
      } else {
        const float value = of_slice(t.first / v.inner).*field;
        for (int j = 0; j < 16; ++j) array.at[j] = value;
      }
    };
    fill_one(center, &coefficients::center);
    fill_one(scale, &coefficients::scale);
    fill_one(low, &coefficients::low);
    fill_one(b, &coefficients::b);
    fill_one(e, &coefficients::e);
  }
  nk::axis_statistics statistics() const { return {columns, center.at, scale.at, low.at}; }
};

// Calls f(arrays, offset, strip) for the strips of a range.
template <class Coefficients, class F>
void for_each_axis_strip(const slice_range& r, Coefficients&& of_slice, F&& f) {
  coefficient_arrays arrays;
  const auto piece_of = [&](const tile& piece) {
    arrays.fill(r, piece, of_slice);
    nk::for_each_strip(r, piece, [&](std::int64_t at, const strip& s) { f(arrays, at, s); });
  };
  if (r.view->by_run()) {
    for (std::int64_t k = r.begin; k < r.end; ++k) piece_of({k * r.view->inner, r.view->inner, 1});
  } else {
    nk::for_each_tile(r, nk::folding::allowed, piece_of);
  }
}

// Means over each slice of g = t * weight, of g * xhat, and of xhat before its correction.
struct means {
  double g[nk::kStripColumns] = {};
  double g_xhat[nk::kStripColumns] = {};
  double xhat[nk::kStripColumns] = {};
};

template <class Params>
void means_of(const slice_range& r, const nk::axis_norm_table& table, const Params& p, const void* t,
              const void* weight, const statistics& stats, means* m) {
  const nk::slices& v = *r.view;
  const int pair = nk::pair_index(p.dtype, p.param_dtype);
  column_array<double> sums[3];
  coefficient_arrays arrays;
  const auto piece_of = [&](const tile& piece) {
    arrays.fill(r, piece, [&](std::int64_t k) {
      return coefficients{stats.center[k - r.begin], stats.scale[k - r.begin], 0.0f, 0.0f, 0.0f};
    });
    // A run has its sums in the first place.
    for (auto& sum : sums) sum.clear(arrays.columns ? piece : tile{0, 1, 1});
    double* const at[3] = {sums[0].at, sums[1].at, sums[2].at};
    nk::for_each_strip(r, piece, [&](std::int64_t offset, const strip& s) {
      table.products[pair](nk::element_at(t, p.dtype, offset), nk::element_at(weight, p.param_dtype, offset),
                           nk::element_at(p.x, p.dtype, offset), s, arrays.statistics(), at);
    });
    for (auto& sum : sums) sum.unfold(piece);
    nk::for_each_channel(v, piece, [&](std::int64_t j, std::int64_t k, std::int64_t) {
      const std::int64_t i = k - r.begin;
      m->g[i] += arrays.columns ? sums[0].sum(v, j) : sums[0].at[0];
      m->g_xhat[i] += arrays.columns ? sums[1].sum(v, j) : sums[1].at[0];
      m->xhat[i] += arrays.columns ? sums[2].sum(v, j) : sums[2].at[0];
    });
  };
  if (v.by_run()) {
    for (std::int64_t k = r.begin; k < r.end; ++k) piece_of({k * v.inner, v.inner, 1});
  } else {
    nk::for_each_tile(r, nk::folding::allowed, piece_of);
  }
  const double values = static_cast<double>(v.values());
  for (std::int64_t i = 0; i < r.end - r.begin; ++i) {
    m->g[i] /= values;
    m->xhat[i] /= values;
    m->g_xhat[i] = m->g_xhat[i] / values - m->xhat[i] * m->g[i];
  }
}

// What backward and jvp multiply xhat by, and add.
coefficients derivative_of(const statistics& s, const means& m, std::int64_t i) {
  const double rstd = static_cast<double>(s.scale[i]);
  return {s.center[i], s.scale[i], static_cast<float>(m.xhat[i]), static_cast<float>(-rstd * m.g_xhat[i]),
          static_cast<float>(-rstd * m.g[i])};
}

}  // namespace

nk_status nk_axis_norm_plan(int64_t outer, int64_t length, int64_t inner, nk_plan* plan) {
  return nk::plan_axis(kRoom, outer, length, inner, plan);
}

nk_status nk_axis_norm_forward(const nk_axis_forward_params* params) {
  nk_status status = nk::check_forward(kRoom, params);
  if (status != NK_OK) return status;
  const nk_axis_forward_params& p = *params;
  const nk::axis_norm_table* table;
  status = nk::pick(kTables, p.isa, &table);
  if (status != NK_OK) return status;
  if (nk::is_empty_axis(p)) {  // no values: nothing to write but statistics, which are 0 / 0
    const std::int64_t count = p.length == 0 && p.stage != NK_STAGE_PARTS ? p.outer * p.inner : 0;
    for (float* const statistic : {p.mean, p.rstd}) {
      for (std::int64_t i = 0; statistic != nullptr && i < count; ++i) {
        nk::write(statistic + i, std::numeric_limits<float>::quiet_NaN());
      }
    }
    return NK_OK;
  }
  const int pair = nk::pair_index(p.dtype, p.param_dtype);
  return nk::run_axis(kRoom, p, [&](const slice_range& r, const strip_table& ops) {
    statistics stats;
    statistics_of(r, ops, p, nullptr, nullptr, &stats);
    for (std::int64_t k = r.begin; k < r.end; ++k) {
      nk::save(p.mean, r, k, stats.mean[k - r.begin]);
      nk::save(p.rstd, r, k, static_cast<double>(stats.scale[k - r.begin]));
    }
    const auto of_slice = [&](std::int64_t k) {
      const std::int64_t i = k - r.begin;
      const double lack = stats.mean[i] - static_cast<double>(stats.center[i]);
      const float low = static_cast<float>(lack * static_cast<double>(stats.scale[i]));
      return coefficients{stats.center[i], stats.scale[i], low, 0.0f, 0.0f};
    };
    for_each_axis_strip(r, of_slice, [&](const coefficient_arrays& c, std::int64_t at, const strip& s) {
      table->affine[pair](nk::element_at(p.x, p.dtype, at), nk::element_at(p.weight, p.param_dtype, at),
                          nk::element_at(p.bias, p.param_dtype, at), nk::element_at(p.y, p.dtype, at), s,
                          c.statistics());
    });
  });
}

nk_status nk_axis_norm_backward(const nk_axis_backward_params* params) {
  nk_status status = nk::check_backward(kRoom, params);
  if (status != NK_OK) return status;
  const nk_axis_backward_params& p = *params;
  const nk::axis_norm_table* table;
  status = nk::pick(kTables, p.isa, &table);
  if (status != NK_OK || nk::is_empty_axis(p)) return status;
  const int pair = nk::pair_index(p.dtype, p.param_dtype);
  const bool accumulate = (p.flags & NK_FLAG_ACCUMULATE) != 0;
  return nk::run_axis(kRoom, p, [&](const slice_range& r, const strip_table& ops) {
    statistics stats;
    means m;
    statistics_of(r, ops, p, p.mean, p.rstd, &stats);
    means_of(r, *table, p, p.dy, p.weight, stats, &m);
    const auto of_slice = [&](std::int64_t k) { return derivative_of(stats, m, k - r.begin); };
    for_each_axis_strip(r, of_slice, [&](const coefficient_arrays& c, std::int64_t at, const strip& s) {
      table->backward[pair](nk::element_at(p.dy, p.dtype, at), nk::element_at(p.weight, p.param_dtype, at),
                            nk::element_at(p.x, p.dtype, at), nk::element_at(p.dx, p.dtype, at),
                            p.dweight == nullptr ? nullptr : p.dweight + at,
                            p.dbias == nullptr ? nullptr : p.dbias + at, accumulate, s, c.statistics(), c.b.at, c.e.at);
    });
  });
}

nk_status nk_axis_norm_jvp(const nk_axis_jvp_params* params) {
  nk_status status = nk::check_jvp(kRoom, params);
  if (status != NK_OK) return status;
  const nk_axis_jvp_params& p = *params;
  const nk::axis_norm_table* table;
  status = nk::pick(kTables, p.isa, &table);
  if (status != NK_OK || nk::is_empty_axis(p)) return status;
  const int pair = nk::pair_index(p.dtype, p.param_dtype);
  return nk::run_axis(kRoom, p, [&](const slice_range& r, const strip_table& ops) {
    statistics stats;
    means m;
    statistics_of(r, ops, p, p.mean, p.rstd, &stats);
    means_of(r, *table, p, p.tan_x, nullptr, stats, &m);
    const auto of_slice = [&](std::int64_t k) { return derivative_of(stats, m, k - r.begin); };
    for_each_axis_strip(r, of_slice, [&](const coefficient_arrays& c, std::int64_t at, const strip& s) {
      table->jvp[pair](nk::element_at(p.tan_x, p.dtype, at), nk::element_at(p.weight, p.param_dtype, at),
                       nk::element_at(p.tan_weight, p.param_dtype, at), nk::element_at(p.tan_bias, p.param_dtype, at),
                       nk::element_at(p.x, p.dtype, at), nk::element_at(p.jvp_y, p.dtype, at), s, c.statistics(),
                       c.b.at, c.e.at);
    });
  });
}
