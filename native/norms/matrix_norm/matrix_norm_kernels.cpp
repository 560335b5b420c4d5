// Norms of one matrix and their gradients. Compiled once for each instruction set.
//
// Singular values come from one-sided Jacobi rotations in double: pairs of columns are rotated until all are
// orthogonal (core/matrix_math.h). Columns run along the longer side. Sums of lines and squares are double, in the
// order of the rows: magnitudes from 1e-45 to 3e38 neither vanish nor overflow.
#include "matrix_norm_kernels.h"

#include "core/matrix_math.h"
#include "core/vec.h"

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

double frobenius(const matrix& m) {
  double squares = 0.0;
  for_each_element(m, [&](std::int64_t, std::int64_t, std::int64_t at) {
    const double v = element(m.x, m.dtype, at);
    squares += v * v;
  });
  return NK_SQRT(squares);
}

// --- 1, -1, infinity, -infinity: sums of the magnitudes of lines

struct lines {
  double extreme;
  double ties;
};

// The sums of the lines into the scratch, the extreme of them, and how many tie for it. A NaN is the extreme.
lines sum_lines(const matrix& m) {
  const bool columns = is_of_columns(m.order);
  const bool largest = is_largest_sum(m.order);
  const std::int64_t count = columns ? m.columns : m.rows;
  for (std::int64_t i = 0; i < count; ++i) m.scratch[i] = 0.0;
  for_each_element(m, [&](std::int64_t i, std::int64_t j, std::int64_t at) {
    m.scratch[columns ? j : i] += magnitude(element(m.x, m.dtype, at));
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

NK_INLINE double dot(const double* a, const double* b, std::int64_t n) {
  vd total = splat_double(0.0);
  for (std::int64_t i = 0; i < n; i += kLanes) total = fma(load(a + i), load(b + i), total);
  return sum(total);
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

// One pass over all pairs; whether any was rotated.
bool sweep(const decomposition& d) {
  bool rotated = false;
  for (std::int64_t p = 0; p + 1 < d.count; ++p) {
    for (std::int64_t q = p + 1; q < d.count; ++q) {
      double* const a = d.columns + p * d.length;
      double* const b = d.columns + q * d.length;
      const double aa = dot(a, a, d.length), bb = dot(b, b, d.length), ab = dot(a, b, d.length);
      const rotation r = rotation_of(aa, bb, ab);
      if (!r.needed) continue;
      rotated = true;
      rotate(a, b, d.length, r.cosine, r.sine);
      rotate(d.rotations + p * d.side, d.rotations + q * d.side, d.side, r.cosine, r.sine);
    }
  }
  return rotated;
}

decomposition decompose(const matrix& m) {
  decomposition d;
  d.transposed = m.rows < m.columns;
  d.count = d.transposed ? m.rows : m.columns;
  d.length = padded(d.transposed ? m.columns : m.rows);
  d.side = padded(d.count);
  d.columns = m.scratch;
  d.rotations = d.columns + d.count * d.length;
  d.values = d.rotations + d.count * d.side;
  for (std::int64_t i = 0; i < d.count * (d.length + d.side); ++i) m.scratch[i] = 0.0;
  d.finite = true;
  for_each_element(m, [&](std::int64_t i, std::int64_t j, std::int64_t at) {
    const double v = element(m.x, m.dtype, at);
    d.finite = d.finite && magnitude(v) < 3.5e38;
    d.columns[d.transposed ? i * d.length + j : j * d.length + i] = v;
  });
  for (std::int64_t i = 0; i < d.count; ++i) d.rotations[i * d.side + i] = 1.0;
  if (!d.finite) return d;
  for (int i = 0; i < kMostSweeps && sweep(d); ++i) {
  }
  for (std::int64_t k = 0; k < d.count; ++k) {
    const double* const column = d.columns + k * d.length;
    d.values[k] = NK_SQRT(dot(column, column, d.length));
    if (k == 0 || d.values[k] > d.largest) d.largest = d.values[k];
    if (k == 0 || d.values[k] < d.smallest) d.smallest = d.values[k];
  }
  return d;
}

double singular_norm(const matrix& m) {
  const decomposition d = decompose(m);
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
    const decomposition d = decompose(m);
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
