// Norms of one matrix and their gradients. Compiled once for each instruction set.
//
// Singular values come from one-sided Jacobi rotations in double: pairs of columns are rotated until all are
// orthogonal (core/matrix_math.h). Columns run along the longer side. Sums of lines and squares are double: magnitudes
// from 1e-45 to 3e38 neither vanish nor overflow. Their order does not depend on where the elements lie.
#include "matrix_norm_kernels.h"

#include "core/matrix_math.h"
#include "core/reduce.h"

NK_BEGIN_ISA

NK_INLINE double element(const void* x, std::int32_t dtype, std::int64_t at) {
  switch (dtype) {
    case NK_F16:
      return static_cast<double>(read(static_cast<const f16*>(x) + at));
    case NK_BF16:
      return static_cast<double>(read(static_cast<const bf16*>(x) + at));
    default:
      return static_cast<double>(read(static_cast<const float*>(x) + at));
  }
}

NK_INLINE void put(void* out, std::int32_t dtype, std::int64_t at, double value) {
  const float v = static_cast<float>(value);
  switch (dtype) {
    case NK_F16:
      return write(static_cast<f16*>(out) + at, v);
    case NK_BF16:
      return write(static_cast<bf16*>(out) + at, v);
    default:
      return write(static_cast<float*>(out) + at, v);
  }
}

// Calls body(i, j, offset) for every element, row by row.
template <class Body>
NK_INLINE void for_each_element(const matrix& m, Body&& body) {
  for (std::int64_t i = 0; i < m.rows; ++i) {
    for (std::int64_t j = 0; j < m.columns; ++j) body(i, j, i * m.row_stride + j * m.column_stride);
  }
}

// Calls body(first element, as its own type).
template <class Body>
NK_INLINE void with_type_of(const matrix& m, Body&& body) {
  switch (m.dtype) {
    case NK_F16:
      return body(static_cast<const f16*>(m.x));
    case NK_BF16:
      return body(static_cast<const bf16*>(m.x));
    default:
      return body(static_cast<const float*>(m.x));
  }
}

// Adds value(step) of n elements, `stride` apart, to two sums in turns, value giving doubles that are 0 for 0. Column j
// is added to lane j % 16, wherever it lies: a matrix has the same sums in every layout.
template <bool Adjacent, class T, class Value>
NK_INLINE void add_elements(const T* x, std::int64_t n, std::int64_t stride, vd (&sums)[2], Value&& value) {
  const auto value_at = [&](std::int64_t j, auto lanes) NK_INLINE_LAMBDA {
    if constexpr (Adjacent) return value(load(x + j, lanes));
    float gathered[kLanes];
    for (int i = 0; i < kLanes; ++i) gathered[i] = j + i < n ? read(x + (j + i) * stride) : 0.0f;
    return value(load(gathered, whole{}));
  };
  vd first_sum = sums[0], second_sum = sums[1];
  std::int64_t j = 0;
  for (; j + 2 * kLanes <= n; j += 2 * kLanes) {
    first_sum = add(first_sum, value_at(j, whole{}));
    second_sum = add(second_sum, value_at(j + kLanes, whole{}));
  }
  for_each_step(j, n,
                [&](std::int64_t i, auto lanes) NK_INLINE_LAMBDA { first_sum = add(first_sum, value_at(i, lanes)); });
  sums[0] = first_sum;
  sums[1] = second_sum;
}

template <class T, class Value>
NK_INLINE void add_row(const matrix& m, const T* row, std::int64_t columns, vd (&sums)[2], Value&& value) {
  if (m.column_stride == 1) {
    add_elements<true>(row, columns, 1, sums, value);
  } else {
    add_elements<false>(row, columns, m.column_stride, sums, value);
  }
}

double frobenius(const matrix& m) {
  // Where no row ends within a round of sums, adjacent rows are one.
  const bool is_one = m.column_stride == 1 && m.row_stride == m.columns && m.columns % (2 * kLanes) == 0;
  const std::int64_t rows = is_one ? 1 : m.rows, columns = is_one ? m.rows * m.columns : m.columns;
  vd sums[2] = {splat_double(0.0), splat_double(0.0)};
  with_type_of(m, [&](const auto* x) NK_INLINE_LAMBDA {
    for (std::int64_t i = 0; i < rows; ++i) {
      add_row(m, x + i * m.row_stride, columns, sums, [](vf v) NK_INLINE_LAMBDA {
        const vd d = widen(v);
        return mul(d, d);
      });
    }
  });
  return NK_SQRT(sum(add(sums[0], sums[1])));
}

// --- 1, -1, infinity, -infinity: sums of the magnitudes of lines

struct lines {
  double extreme;
  double ties;
};

// The sums of the magnitudes of columns into `sums`, row after row.
template <class T>
NK_INLINE void sum_columns(const T* x, const matrix& m, double* sums) {
  const std::int64_t whole_steps = m.column_stride == 1 ? m.columns / kLanes * kLanes : 0;
  for (std::int64_t i = 0; i < m.rows; ++i) {
    const T* const row = x + i * m.row_stride;
    for (std::int64_t j = 0; j < whole_steps; j += kLanes) {
      store(sums + j, add(load(sums + j), widen(abs(load(row + j, whole{})))));
    }
    for (std::int64_t j = whole_steps; j < m.columns; ++j) {
      sums[j] += magnitude(static_cast<double>(read(row + j * m.column_stride)));
    }
  }
}

// The sums of the lines into the scratch, the extreme of them, and how many tie for it. A NaN is the extreme.
lines sum_lines(const matrix& m) {
  const bool columns = is_of_columns(m.order);
  const bool largest = is_largest_sum(m.order);
  const std::int64_t count = columns ? m.columns : m.rows;
  for (std::int64_t i = 0; i < count; ++i) m.scratch[i] = 0.0;
  with_type_of(m, [&](const auto* x) NK_INLINE_LAMBDA {
    if (columns) return sum_columns(x, m, m.scratch);
    for (std::int64_t i = 0; i < m.rows; ++i) {
      vd sums[2] = {splat_double(0.0), splat_double(0.0)};
      add_row(m, x + i * m.row_stride, m.columns, sums, [](vf v) NK_INLINE_LAMBDA { return widen(abs(v)); });
      m.scratch[i] = sum(add(sums[0], sums[1]));
    }
  });
  lines found = {m.scratch[0], 0.0};
  for (std::int64_t i = 1; i < count; ++i) {
    const double sum = m.scratch[i];
    if (sum != sum || (largest ? sum > found.extreme : sum < found.extreme)) found.extreme = sum;
  }
  for (std::int64_t i = 0; i < count; ++i) found.ties += m.scratch[i] == found.extreme ? 1.0 : 0.0;
  return found;
}

// --- nuclear, 2, -2: singular values

struct decomposition {
  std::int64_t count;        // min(rows, columns)
  std::int64_t length;       // padded length of a column
  std::int64_t side;         // padded count
  bool transposed;           // the columns run along the matrix's rows
  double* columns;           // [count][length]: singular value times left vector
  double* rotations;         // [count][side]: right vectors
  double* values;            // [count]
  double largest, smallest;  // singular values
  bool finite;               // a matrix that is not has no singular values: NaN stands for them
};

const double kNan = static_cast<double>(float_from_bits(0x7fc00000u));

// The products of two columns: a * a, b * b and a * b.
struct column_products {
  double aa, bb, ab;
};
NK_INLINE column_products products_of(const double* a, const double* b, std::int64_t n) {
  vd aa = splat_double(0.0), bb = aa, ab = aa;
  for (std::int64_t i = 0; i < n; i += kLanes) {
    const vd x = load(a + i), y = load(b + i);
    aa = fma(x, x, aa);
    bb = fma(y, y, bb);
    ab = fma(x, y, ab);
  }
  return {sum(aa), sum(bb), sum(ab)};
}

// (a, b) = (c a - s b, s a + c b)
NK_INLINE void rotate(double* a, double* b, std::int64_t n, double cosine, double sine) {
  const vd c = splat_double(cosine), s = splat_double(sine), minus = splat_double(-sine);
  for (std::int64_t i = 0; i < n; i += kLanes) {
    const vd x = load(a + i), y = load(b + i);
    store(a + i, fma(c, x, mul(minus, y)));
    store(b + i, fma(s, x, mul(c, y)));
  }
}

// Pairs of columns, sixteen at most, that have none in common.
struct disjoint_pairs {
  int count = 0;
  std::int64_t first[kLanes], second[kLanes];
  double aa[kLanes] = {}, bb[kLanes] = {}, ab[kLanes] = {};
  double needed[kLanes], cosine[kLanes], sine[kLanes];  // needed: 0 or 1
};

// How to rotate all pairs, at once: one after the other they would wait for one another's roots and divisions (nuclear
// norms of 64 matrices of 32 x 32: 13.3 ms, so 3.6). Out of line, or the compiler makes no vectors of it.
NK_NOINLINE void find_rotations(disjoint_pairs& pairs) {
  for (int k = 0; k < kLanes; ++k) {
    const rotation r = rotation_of(pairs.aa[k], pairs.bb[k], pairs.ab[k]);
    pairs.needed[k] = r.needed ? 1.0 : 0.0;
    pairs.cosine[k] = r.cosine;
    pairs.sine[k] = r.sine;
  }
}

NK_INLINE bool rotate_pairs(const decomposition& d, bool with_rights, disjoint_pairs& pairs) {
  for (int k = 0; k < pairs.count; ++k) {
    const column_products products =
        products_of(d.columns + pairs.first[k] * d.length, d.columns + pairs.second[k] * d.length, d.length);
    pairs.aa[k] = products.aa;
    pairs.bb[k] = products.bb;
    pairs.ab[k] = products.ab;
  }
  find_rotations(pairs);
  bool rotated = false;
  for (int k = 0; k < pairs.count; ++k) {
    if (pairs.needed[k] == 0.0) continue;
    rotated = true;
    const std::int64_t p = pairs.first[k], q = pairs.second[k];
    rotate(d.columns + p * d.length, d.columns + q * d.length, d.length, pairs.cosine[k], pairs.sine[k]);
    if (with_rights) {
      rotate(d.rotations + p * d.side, d.rotations + q * d.side, d.side, pairs.cosine[k], pairs.sine[k]);
    }
  }
  return rotated;
}

// One pass over all pairs, in as many rounds as let each column meet each, like a tournament; whether any was rotated.
bool sweep(const decomposition& d, bool with_rights) {
  const std::int64_t players = d.count + d.count % 2, rounds = players - 1;
  bool rotated = false;
  for (std::int64_t round = 0; round < rounds; ++round) {
    for (std::int64_t first = 0; first < players / 2; first += kLanes) {
      disjoint_pairs pairs;
      for (std::int64_t i = first; i < players / 2 && i < first + kLanes; ++i) {
        // The last one stays, the others move round; of an odd number one is left out.
        const std::int64_t p = i == 0 ? rounds : (round + i) % rounds, q = (round + rounds - i) % rounds;
        if (p >= d.count) continue;
        pairs.first[pairs.count] = p < q ? p : q;
        pairs.second[pairs.count++] = p < q ? q : p;
      }
      rotated = rotate_pairs(d, with_rights, pairs) || rotated;
    }
  }
  return rotated;
}

// Right vectors are for gradients.
decomposition decompose(const matrix& m, bool with_rights) {
  decomposition d;
  d.transposed = m.rows < m.columns;
  d.count = d.transposed ? m.rows : m.columns;
  d.length = padded(d.transposed ? m.columns : m.rows);
  d.side = padded(d.count);
  d.columns = m.scratch;
  d.rotations = d.columns + d.count * d.length;
  d.values = d.rotations + d.count * d.side;
  const std::int64_t cleared = d.count * (with_rights ? d.length + d.side : d.length);
  for (std::int64_t i = 0; i < cleared; ++i) m.scratch[i] = 0.0;
  d.finite = true;
  for_each_element(m, [&](std::int64_t i, std::int64_t j, std::int64_t at) {
    const double v = element(m.x, m.dtype, at);
    d.finite = d.finite && magnitude(v) < 3.5e38;
    d.columns[d.transposed ? i * d.length + j : j * d.length + i] = v;
  });
  for (std::int64_t i = 0; with_rights && i < d.count; ++i) d.rotations[i * d.side + i] = 1.0;
  if (!d.finite) return d;
  for (int i = 0; i < kMostSweeps && sweep(d, with_rights); ++i) {
  }
  for (std::int64_t k = 0; k < d.count; ++k) {
    const double* const column = d.columns + k * d.length;
    d.values[k] = NK_SQRT(products_of(column, column, d.length).aa);
    if (k == 0 || d.values[k] > d.largest) d.largest = d.values[k];
    if (k == 0 || d.values[k] < d.smallest) d.smallest = d.values[k];
  }
  return d;
}

double singular_norm(const matrix& m) {
  const decomposition d = decompose(m, false);
  if (!d.finite) return kNan;
  if (m.order == NK_MATRIX_MAX_SINGULAR_VALUE) return d.largest;
  if (m.order == NK_MATRIX_MIN_SINGULAR_VALUE) return d.smallest;
  double all = 0.0;
  for (std::int64_t k = 0; k < d.count; ++k) all += d.values[k];
  return all;
}

// Turns the values into the weights of the gradient, sum of weight * u v^T, with u still times the singular value: 1 /
// value for every singular value that is not zero (nuclear), or for those that tie for the extreme.
void weigh(const matrix& m, const decomposition& d) {
  const double zero = rounded_zero(d.largest, m.rows, m.columns);
  const bool nuclear = m.order == NK_MATRIX_NUCLEAR;
  const double wanted = m.order == NK_MATRIX_MAX_SINGULAR_VALUE ? d.largest : d.smallest;
  double ties = 0.0;
  const auto counts = [&](double value) { return value > zero && (nuclear || is_tied(value, wanted)); };
  for (std::int64_t k = 0; k < d.count; ++k) ties += counts(d.values[k]) ? 1.0 : 0.0;
  // A least singular value of zero has no gradient, whatever others are near.
  for (std::int64_t k = 0; k < d.count; ++k) {
    d.values[k] = counts(d.values[k]) ? 1.0 / (d.values[k] * (nuclear ? 1.0 : ties)) : 0.0;
  }
}

// --- all of them

double norm_of(const matrix& m) {
  if (m.order == NK_MATRIX_FROBENIUS) return frobenius(m);
  if (m.rows == 0 || m.columns == 0) return 0.0;
  return is_singular(m.order) ? singular_norm(m) : sum_lines(m).extreme;
}

// Calls emit(offset, gradient) for every element.
template <class Emit>
void for_each_gradient(const matrix& m, Emit&& emit) {
  if (m.order == NK_MATRIX_FROBENIUS) {
    const double norm = frobenius(m);
    for_each_element(m, [&](std::int64_t, std::int64_t, std::int64_t at) {
      emit(at, norm == 0.0 ? 0.0 : element(m.x, m.dtype, at) / norm);
    });
    return;
  }
  if (is_singular(m.order)) {
    const decomposition d = decompose(m, true);
    if (d.finite) weigh(m, d);
    for_each_element(m, [&](std::int64_t i, std::int64_t j, std::int64_t at) {
      double g = d.finite ? 0.0 : kNan;
      for (std::int64_t k = 0; d.finite && k < d.count; ++k) {
        if (d.values[k] == 0.0) continue;
        const double left = d.columns[k * d.length + (d.transposed ? j : i)];
        // Row k of `rotations` is the k-th right vector.
        g += left * d.values[k] * d.rotations[k * d.side + (d.transposed ? i : j)];
      }
      emit(at, g);
    });
    return;
  }
  const bool columns = is_of_columns(m.order);
  const lines found = sum_lines(m);
  for_each_element(m, [&](std::int64_t i, std::int64_t j, std::int64_t at) {
    const double v = element(m.x, m.dtype, at);
    if (found.extreme != found.extreme) return emit(at, kNan);
    const bool tied = m.scratch[columns ? j : i] == found.extreme;
    emit(at, tied && v != 0.0 ? (v < 0.0 ? -1.0 : 1.0) / found.ties : 0.0);
  });
}

void gradient_of(const matrix& m, double g, void* out) {
  for_each_gradient(m, [&](std::int64_t at, double slope) { put(out, m.dtype, at, g * slope); });
}

double product_of(const matrix& m, const void* t) {
  double total = 0.0;
  for_each_gradient(m, [&](std::int64_t at, double slope) { total += element(t, m.dtype, at) * slope; });
  return total;
}

NK_END_ISA

namespace nk {
namespace NK_ISA {

const struct matrix_norm_table matrix_norm_table = {norm_of, gradient_of, product_of};

}  // namespace NK_ISA
}  // namespace nk
