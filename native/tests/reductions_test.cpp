// What norms of reductions promise to the last bit.
#include <normkernels/nk_matrix_norm.h>
#include <normkernels/nk_vector_norm.h>

#include <cmath>

#include "support.h"

namespace {

nk_reduction_forward_params call_of(const nk_reduction& reduction, const float* x, float* norm, nk_isa isa) {
  nk_reduction_forward_params p = {};
  p.struct_size = sizeof p;
  p.isa = isa;
  p.reduction = reduction;
  p.x = x;
  p.norm = norm;
  return p;
}

// Of runs and of columns.
TEST(VectorNorm, OfZerosIsAPositiveZero) {
  for (const std::int64_t inner : {std::int64_t{1}, std::int64_t{3}}) {
    const std::int64_t length = 37;
    std::vector<float> x(static_cast<std::size_t>(length * inner), 1.0f);
    for (std::size_t i = 0; i < x.size(); i += 5) x[i] = i % 2 == 0 ? 0.0f : -0.0f;
    for (const nk_isa isa : nk_test::available_isas()) {
      for (const double p : {-std::numeric_limits<double>::infinity(), -2.0}) {
        nk_reduction n = {};
        n.rank = 2;
        n.sizes[0] = length;
        n.sizes[1] = inner;
        n.reduced = 1;
        n.p = p;
        std::vector<float> norm(static_cast<std::size_t>(inner), 7.0f);
        const nk_reduction_forward_params call = call_of(n, x.data(), norm.data(), isa);
        ASSERT_EQ(nk_vector_norm_forward(&call), NK_OK);
        for (const float one : norm) {
          EXPECT_EQ(one, 0.0f);
          EXPECT_FALSE(std::signbit(one)) << "isa " << isa << ", p " << p << ", inner " << inner;
        }
      }
    }
  }
}

// A matrix alone, one of two that lie interleaved, and stored by columns. The sum of the first row lies so that it
// depends on the order in which ones are added whether it is rounded up.
TEST(MatrixNorm, IsTheSameInEveryLayout) {
  constexpr std::int64_t kRows = 3, kColumns = 301;
  struct layout {
    std::int64_t sizes[3];
    int row_axis, column_axis, batch;
  };
  const layout layouts[] = {
      {{kRows, kColumns, 1}, 0, 1, 1}, {{kRows, kColumns, 2}, 0, 1, 2}, {{kColumns, kRows, 1}, 1, 0, 1}};
  for (const nk_isa isa : nk_test::available_isas()) {
    for (const int order : {NK_MATRIX_FROBENIUS, NK_MATRIX_MAX_COLUMN_SUM, NK_MATRIX_MAX_ROW_SUM}) {
      float first = 0.0f;
      for (const layout& l : layouts) {
        std::vector<float> x(static_cast<std::size_t>(kRows * kColumns * l.batch));
        for (std::int64_t i = 0; i < kRows; ++i) {
          for (std::int64_t j = 0; j < kColumns; ++j) {
            const std::int64_t place = l.row_axis == 0 ? i * kColumns + j : j * kRows + i;
            for (int b = 0; b < l.batch; ++b) {
              x[static_cast<std::size_t>(place * l.batch + b)] = i > 0    ? 1.0f
                                                                 : j == 0 ? 0x1p60f
                                                                 : j == 1 ? 0x1p36f
                                                                          : 1.0f;
            }
          }
        }
        nk_reduction n = {};
        n.rank = 3;
        for (int axis = 0; axis < 3; ++axis) n.sizes[axis] = l.sizes[axis];
        n.row_axis = l.row_axis;
        n.column_axis = l.column_axis;
        n.order = order;
        float norm[2] = {};
        std::vector<double> workspace(kColumns + 64);
        nk_reduction_forward_params call = call_of(n, x.data(), norm, isa);
        call.workspace = workspace.data();
        call.workspace_size = workspace.size() * sizeof(double);
        ASSERT_EQ(nk_matrix_norm_forward(&call), NK_OK);
        if (&l == layouts) first = norm[0];
        EXPECT_TRUE(nk_test::same_bits(norm[0], first)) << "isa " << isa << ", order " << order << ": " << norm[0];
      }
    }
  }
}

}  // namespace
