// Walking the slices of a view (slice_view.h), and which of them are worked on together.
//
// Runs of 16 elements and more are worked on run by run, short ones of these many at a time; shorter ones column by
// column, as many whole slices at a time as fit kStripColumns. Rows of few columns are folded: several make one long
// row, whose columns repeat.
//
// This is ordinary code that is compiled once: it decides what is summed in which order, the strips do the work.
#pragma once

#include <normkernels/nk_types.h>

#include <cstring>

#include "dtype.h"
#include "entry.h"
#include "slice_view.h"
#include "statistics.h"
#include "strips.h"

namespace nk {

// Slices that are worked on together: as many as kStripColumns has columns for, or, where the work goes by runs, as
// stay in the first-level cache from their sums until they are written.
inline std::int64_t bunch_of(const slices& v) {
  constexpr std::int64_t kRunElements = 4096;
  const std::int64_t size = v.by_run() ? v.values() : v.inner, room = v.by_run() ? kRunElements : kStripColumns;
  if (size == 0 || size > room) return 1;
  return room / size < kStripColumns ? room / size : kStripColumns;
}
inline std::int64_t bunches_of(const slices& v) {
  return (v.kept + bunch_of(v) - 1) / bunch_of(v);
}

// What every function below works on: slices [begin, end) of `kept`, at most one bunch, for one `outer`.
struct slice_range {
  const slices* view;
  std::int64_t outer;
  std::int64_t begin;
  std::int64_t end;
  bool streamed = false;     // what is written goes past the caches
  bool from_memory = false;  // what is read may be in none

  std::int64_t count() const { return end - begin; }

  // How runs are written. The next range lies right behind this one, or there is none.
  writing by_runs() const {
    const bool is_next = end < view->kept || (view->rows == 1 && outer + 1 < view->outer.count());
    return {streamed, from_memory && is_next ? count() * view->inner : 0};
  }
};

template <class V>
V* element_at(V* base, std::int32_t dtype, std::int64_t index) {
  using byte = std::conditional_t<std::is_const_v<V>, const char, char>;
  if (base == nullptr) return nullptr;
  return static_cast<byte*>(base) + index * size_of(dtype);
}

// An element of a parameter that may be absent.
inline double parameter_at(const void* p, std::int32_t dtype, std::int64_t i, double if_absent) {
  if (p == nullptr) return if_absent;
  switch (dtype) {
    case NK_F16:
      return static_cast<double>(read(static_cast<const f16*>(p) + i));
    case NK_BF16:
      return static_cast<double>(read(static_cast<const bf16*>(p) + i));
    default:
      return static_cast<double>(read(static_cast<const float*>(p) + i));
  }
}

// gradient[i] = value, or with NK_FLAG_ACCUMULATE += value; null: not wanted.
inline void put_gradient(float* gradient, std::int64_t i, double value, std::uint32_t flags) {
  if (gradient == nullptr) return;
  const double before = (flags & NK_FLAG_ACCUMULATE) != 0 ? static_cast<double>(read(gradient + i)) : 0.0;
  write(gradient + i, static_cast<float>(before + value));
}

// How slices are summed.
//
// Those of one axis may lie anywhere: an axis is adjacent elements in one tensor and a column of another, and must have
// the same sums. They are taken in double, where every order gives the same float32. A channel lies the same way in all
// tensors of a layout: there, sums can be taken in float32 first, four times as fast, in an order that does not depend
// on what lies beside it.
enum class summing { in_double, in_float_first };

// Whether several rows of few columns may be taken as one, of up to kFoldedColumns.
enum class folding { none, allowed };
constexpr std::int64_t kFoldedColumns = 128;

// Columns of a bunch that are worked on at once.
struct tile {
  std::int64_t first;    // column of the row
  std::int64_t columns;  // of the row
  std::int64_t folded;   // how many rows make one: columns * folded are the width
  std::int64_t width() const { return columns * folded; }
};

template <class F>
void for_each_tile(const slice_range& r, folding rows, F&& f) {
  const slices& v = *r.view;
  const std::int64_t most = kStripColumns / v.run * v.run;
  const std::int64_t all = v.row_columns();
  const std::int64_t end = r.end * v.inner;
  const bool foldable =
      rows == folding::allowed && v.row_stride == all && r.begin == 0 && end == all && all <= kFoldedColumns / 2;
  // As many as fill the steps, but not for a row or two: coefficients are repeated for each.
  const std::int64_t some = foldable ? kFoldedColumns / all : 1, enough = v.rows / 4;
  const std::int64_t folded = some < enough ? some : enough > 1 ? enough : 1;
  for (std::int64_t first = r.begin * v.inner; first < end; first += most) {
    f(tile{first, end - first < most ? end - first : most, folded});
  }
}

// Calls f(offset, strip) for the strips that a piece of a row, `first` and `columns`, has in a slice range.
template <class F>
void for_each_strip(const slice_range& r, const tile& t, F&& f) {
  const slices& v = *r.view;
  const std::int64_t base = v.outer.offset(r.outer) + t.first;
  const std::int64_t blocks = v.blocks.count();
  for (std::int64_t block = 0; block < blocks; ++block) {
    const std::int64_t at = base + v.blocks.offset(block);
    const std::int64_t whole_rows = t.folded == 1 ? v.rows : v.rows / t.folded, rest = v.rows - whole_rows * t.folded;
    if (whole_rows > 0) f(at, strip{whole_rows, v.row_stride * t.folded, t.width()});
    if (rest > 0) f(at + whole_rows * t.folded * v.row_stride, strip{1, 0, rest * t.columns});
  }
}

// Calls f(slice, channel, tile) for every run of a range; a channel is numbered within the row.
template <class F>
void for_each_run(const slice_range& r, F&& f) {
  const slices& v = *r.view;
  const std::int64_t runs = v.runs();
  for (std::int64_t k = r.begin; k < r.end; ++k) {
    for (std::int64_t q = 0; q < runs; ++q) f(k, k * runs + q, tile{k * v.inner + q * v.run, v.run, 1});
  }
}

// Whether a range is pieces of `width` elements that lie one behind the other, so short that they are worked on many at
// a time: its runs or its slices.
inline bool is_short_runs(const slice_range& r, std::int64_t width) {
  const slices& v = *r.view;
  return v.by_run() && width <= kShortRun && v.rows == 1 && v.blocks.rank == 0;
}

// Calls f(offset, runs, tile) for all of them, at most kStripColumns at a time.
template <class F>
void for_each_short_runs(const slice_range& r, std::int64_t width, F&& f) {
  const slices& v = *r.view;
  const std::int64_t end = r.end * v.inner, most = kStripColumns * width;
  for (std::int64_t first = r.begin * v.inner; first < end; first += most) {
    const std::int64_t columns = end - first < most ? end - first : most;
    f(v.outer.offset(r.outer) + first, short_runs{columns / width, width, r.by_runs().ahead}, tile{first, columns, 1});
  }
}

// Calls f(column of the tile, slice, channel) for every channel of a tile, without the divisions that these come from:
// with one for every column they took longer than the sums (axis_norm along the first axis of 64 x 1024).
template <class F>
void for_each_channel(const slices& v, const tile& t, F&& f) {
  std::int64_t k = t.first / v.inner, channel = t.first / v.run, within = t.first % v.inner;
  for (std::int64_t j = 0; j < t.columns; j += v.run, ++channel) {
    f(j, k, channel);
    within += v.run;
    if (within == v.inner) {
      within = 0;
      ++k;
    }
  }
}

// An array of coefficients or sums, one for each column of a tile, and one step more, which vectors may reach into.
template <class V>
struct column_array {
  alignas(64) V at[kStripColumns + 16];

  // value(slice, channel) for every column, repeated where rows are folded.
  template <class F>
  void fill(const slices& v, const tile& t, F&& value) {
    for_each_channel(v, t, [&](std::int64_t j, std::int64_t k, std::int64_t channel) {
      const V same = static_cast<V>(value(k, channel));
      for (std::int64_t i = j; i < j + v.run; ++i) at[i] = same;
    });
    // What is there, behind itself, until all is: an element at a time would wait for the one before.
    const std::int64_t width = t.width();
    for (std::int64_t done = t.columns; done < width; done *= 2) {
      std::memcpy(at + done, at, static_cast<std::size_t>(done < width - done ? done : width - done) * sizeof(V));
    }
    for (std::int64_t j = width; j < width + 16; ++j) at[j] = V{};
  }

  void clear(const tile& t) {
    for (std::int64_t j = 0; j < t.width() + 16; ++j) at[j] = V{};
  }

  // Adds what the folded rows have to the first of them, where sum() looks.
  void unfold(const tile& t) {
    for (std::int64_t fold = 1; fold < t.folded; ++fold) {
      for (std::int64_t j = 0; j < t.columns; ++j) at[j] += at[fold * t.columns + j];
    }
  }

  // The sum over the columns of a channel that begins at column j of the tile.
  V sum(const slices& v, std::int64_t j) const {
    V total = at[j];
    for (std::int64_t i = 1; i < v.run; ++i) total += at[j + i];
    return total;
  }
};

// The strips' operations for each instruction set.
extern const isa_tables<strip_table> kStripTables;

// Mean and biased variance of the slices [begin, end). Not centred: the mean is 0 and the variance the mean square.
// Epsilon is what will be added to the variance: what is far below it need not be exact.
void slice_moments(const slice_range& r, const strip_table& ops, summing how, std::int32_t dtype, const void* x,
                   bool centred, double epsilon, double* mean, double* variance);

// y = x * factor, one for each slice: in float32, or in double where factors are beyond it.
void slice_scale(const slice_range& r, const strip_table& ops, std::int32_t dtype, const void* x, void* y,
                 const double* factor);

struct affine_coefficients {
  float center, factor, offset;
};
struct affine_double_coefficients {
  double factor, offset;
};

// Calls emit(slice, channel, sum(t), sum(t * xhat), sum(xhat)) for every channel, xhat = (x - center) * scale. Sums
// that are no numbers in float32 are taken again in double, which may have some, and so are those of products that may
// be too small for it.
template <class Center, class Scale, class Emit>
void channel_products(const slice_range& r, const strip_table& ops, summing how, std::int32_t dtype, const void* t,
                      const void* x, Center&& center, Scale&& scale, Emit&& emit) {
  const slices& v = *r.view;
  const auto good = [](const double(&sums)[3]) {
    const double all = sums[0] + sums[1] + sums[2];
    return all - all == 0.0 && (sums[1] >= 0x1p-100 || sums[1] <= -0x1p-100);
  };
  if (how == summing::in_float_first && is_short_runs(r, v.run)) {
    column_array<float> centers, scales;
    column_array<double> sums[3];
    for_each_short_runs(r, v.run, [&](std::int64_t at, const short_runs& runs, const tile& piece) {
      std::int64_t run = 0;
      for_each_channel(v, piece, [&](std::int64_t, std::int64_t k, std::int64_t) {
        centers.at[run] = center(k);
        scales.at[run++] = scale(k);
      });
      ops.products_runs[dtype](element_at(t, dtype, at), element_at(x, dtype, at), runs, centers.at, scales.at,
                               sums[0].at, sums[1].at, sums[2].at);
      std::int64_t i = 0;
      for_each_channel(v, piece, [&](std::int64_t j, std::int64_t k, std::int64_t channel) {
        double all[3] = {sums[0].at[i], sums[1].at[i], sums[2].at[i]};
        ++i;
        if (!good(all)) {
          for (double& sum : all) sum = 0.0;
          ops.exact_products[dtype](element_at(t, dtype, at + j), element_at(x, dtype, at + j), strip{1, 0, v.run},
                                    center(k), scale(k), all);
        }
        emit(k, channel, all[0], all[1], all[2]);
      });
    });
    return;
  }
  if (v.by_run()) {
    for_each_run(r, [&](std::int64_t k, std::int64_t channel, const tile& piece) {
      double sums[3];
      const auto take = [&](auto products) {
        for (double& sum : sums) sum = 0.0;
        for_each_strip(r, piece, [&](std::int64_t at, const strip& s) {
          products(element_at(t, dtype, at), element_at(x, dtype, at), s, center(k), scale(k), sums);
        });
      };
      if (how == summing::in_float_first) take(ops.products[dtype]);
      if (how == summing::in_double || !good(sums)) take(ops.exact_products[dtype]);
      emit(k, channel, sums[0], sums[1], sums[2]);
    });
    return;
  }
  column_array<float> centers, scales;
  column_array<double> sums[3], exact[3];
  const folding rows = how == summing::in_double ? folding::allowed : folding::none;
  for_each_tile(r, rows, [&](const tile& piece) {
    centers.fill(v, piece, [&](std::int64_t k, std::int64_t) { return center(k); });
    scales.fill(v, piece, [&](std::int64_t k, std::int64_t) { return scale(k); });
    const auto take = [&](column_array<double>(&into)[3], auto products) {
      for (auto& sum : into) sum.clear(piece);
      for_each_strip(r, piece, [&](std::int64_t at, const strip& s) {
        products(element_at(t, dtype, at), element_at(x, dtype, at), s, centers.at, scales.at, into[0].at, into[1].at,
                 into[2].at);
      });
      for (auto& sum : into) sum.unfold(piece);
    };
    bool has_exact = how == summing::in_double;
    take(has_exact ? exact : sums, has_exact ? ops.exact_products_columns[dtype] : ops.products_columns[dtype]);
    for_each_channel(v, piece, [&](std::int64_t j, std::int64_t k, std::int64_t channel) {
      double all[3];
      const auto add_up = [&](const column_array<double>(&of)[3]) {
        for (int i = 0; i < 3; ++i) all[i] = of[i].sum(v, j);
      };
      add_up(how == summing::in_double ? exact : sums);
      if (how == summing::in_float_first && !good(all)) {
        if (!has_exact) take(exact, ops.exact_products_columns[dtype]);
        has_exact = true;
        add_up(exact);
      }
      emit(k, channel, all[0], all[1], all[2]);
    });
  });
}

// y = (x - center) * factor + offset, coefficients(slice, channel).
template <class Coefficients>
void channel_affine(const slice_range& r, const strip_table& ops, std::int32_t dtype, const void* x, void* y,
                    Coefficients&& coefficients) {
  const slices& v = *r.view;
  column_array<float> center, factor, offset;
  if (is_short_runs(r, v.run) && !r.streamed) {
    for_each_short_runs(r, v.run, [&](std::int64_t at, const short_runs& runs, const tile& piece) {
      std::int64_t i = 0;
      for_each_channel(v, piece, [&](std::int64_t, std::int64_t k, std::int64_t channel) {
        const affine_coefficients c = coefficients(k, channel);
        center.at[i] = c.center;
        factor.at[i] = c.factor;
        offset.at[i] = c.offset;
        ++i;
      });
      ops.affine_runs[dtype](element_at(x, dtype, at), element_at(y, dtype, at), runs, center.at, factor.at, offset.at);
    });
    return;
  }
  if (v.by_run()) {
    for_each_run(r, [&](std::int64_t k, std::int64_t channel, const tile& piece) {
      const affine_coefficients c = coefficients(k, channel);
      for_each_strip(r, piece, [&](std::int64_t at, const strip& s) {
        ops.affine[dtype](element_at(x, dtype, at), element_at(y, dtype, at), s, c.center, c.factor, c.offset,
                          r.by_runs());
      });
    });
    return;
  }
  for_each_tile(r, folding::allowed, [&](const tile& piece) {
    center.fill(v, piece, [&](std::int64_t k, std::int64_t channel) { return coefficients(k, channel).center; });
    factor.fill(v, piece, [&](std::int64_t k, std::int64_t channel) { return coefficients(k, channel).factor; });
    offset.fill(v, piece, [&](std::int64_t k, std::int64_t channel) { return coefficients(k, channel).offset; });
    for_each_strip(r, piece, [&](std::int64_t at, const strip& s) {
      ops.affine_columns[dtype](element_at(x, dtype, at), element_at(y, dtype, at), s, center.at, factor.at, offset.at,
                                r.streamed);
    });
  });
}

// The same in double, without a center.
template <class Coefficients>
void channel_affine_double(const slice_range& r, const strip_table& ops, std::int32_t dtype, const void* x, void* y,
                           Coefficients&& coefficients) {
  const slices& v = *r.view;
  if (v.by_run()) {
    for_each_run(r, [&](std::int64_t k, std::int64_t channel, const tile& piece) {
      const affine_double_coefficients c = coefficients(k, channel);
      for_each_strip(r, piece, [&](std::int64_t at, const strip& s) {
        ops.affine_double[dtype](element_at(x, dtype, at), element_at(y, dtype, at), s, c.factor, c.offset, r.streamed);
      });
    });
    return;
  }
  column_array<double> factor, offset;
  for_each_tile(r, folding::allowed, [&](const tile& piece) {
    factor.fill(v, piece, [&](std::int64_t k, std::int64_t channel) { return coefficients(k, channel).factor; });
    offset.fill(v, piece, [&](std::int64_t k, std::int64_t channel) { return coefficients(k, channel).offset; });
    for_each_strip(r, piece, [&](std::int64_t at, const strip& s) {
      ops.affine_double_columns[dtype](element_at(x, dtype, at), element_at(y, dtype, at), s, factor.at, offset.at,
                                       r.streamed);
    });
  });
}

// out = t * a + xhat * b + e, coefficients(slice, channel).
template <class Coefficients>
void channel_combine(const slice_range& r, const strip_table& ops, std::int32_t dtype, const void* t, const void* x,
                     void* out, Coefficients&& coefficients) {
  const slices& v = *r.view;
  column_array<float> center, scale, a, b, e;
  if (is_short_runs(r, v.run) && !r.streamed) {
    for_each_short_runs(r, v.run, [&](std::int64_t at, const short_runs& runs, const tile& piece) {
      std::int64_t i = 0;
      for_each_channel(v, piece, [&](std::int64_t, std::int64_t k, std::int64_t channel) {
        const combine_run c = coefficients(k, channel);
        center.at[i] = c.center;
        scale.at[i] = c.scale;
        a.at[i] = c.a;
        b.at[i] = c.b;
        e.at[i] = c.e;
        ++i;
      });
      ops.combine_runs[dtype](element_at(t, dtype, at), element_at(x, dtype, at), element_at(out, dtype, at), runs,
                              {center.at, scale.at, a.at, b.at, e.at});
    });
    return;
  }
  if (v.by_run()) {
    for_each_run(r, [&](std::int64_t k, std::int64_t channel, const tile& piece) {
      const combine_run c = coefficients(k, channel);
      for_each_strip(r, piece, [&](std::int64_t at, const strip& s) {
        ops.combine[dtype](element_at(t, dtype, at), element_at(x, dtype, at), element_at(out, dtype, at), s, c,
                           r.by_runs());
      });
    });
    return;
  }
  for_each_tile(r, folding::allowed, [&](const tile& piece) {
    center.fill(v, piece, [&](std::int64_t k, std::int64_t channel) { return coefficients(k, channel).center; });
    scale.fill(v, piece, [&](std::int64_t k, std::int64_t channel) { return coefficients(k, channel).scale; });
    a.fill(v, piece, [&](std::int64_t k, std::int64_t channel) { return coefficients(k, channel).a; });
    b.fill(v, piece, [&](std::int64_t k, std::int64_t channel) { return coefficients(k, channel).b; });
    e.fill(v, piece, [&](std::int64_t k, std::int64_t channel) { return coefficients(k, channel).e; });
    for_each_strip(r, piece, [&](std::int64_t at, const strip& s) {
      ops.combine_columns[dtype](element_at(t, dtype, at), element_at(x, dtype, at), element_at(out, dtype, at), s,
                                 {center.at, scale.at, a.at, b.at, e.at}, r.streamed);
    });
  });
}

}  // namespace nk
