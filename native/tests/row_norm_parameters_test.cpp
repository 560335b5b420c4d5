// Gradients of the parameters of norms over rows: the order in which they are added up, through the C ABI.
#include <algorithm>

#include "row_norm_rooms.h"
#include "support.h"

namespace {

using nk_test::room;
using nk_test::tensor;

// float32 over 32 rows, double over the rows of a block, double over the blocks.
constexpr std::int64_t kFlush = 32, kBlocks = 64;

struct problem {
  problem(std::int64_t row_count, std::int64_t columns)
      : rows(row_count), cols(columns), x(NK_F32, rows * cols), dy(NK_F32, rows * cols), weight(NK_F32, cols) {
    std::mt19937 random(static_cast<unsigned>(rows * 1000 + cols));
    x.fill(random, 1.0f, 2.0f);
    dy.fill(random, 0.5f, 1.0f);
    weight.fill(random, 1.0f, 0.5f);
  }

  std::int64_t rows, cols;
  tensor x, dy, weight;
};

// Backward of `count` rows from `first` on; with `staged` by one block after the other, the last one first. A gradient
// that is not wanted is null.
void backward(const room& r, problem& p, std::int64_t first, std::int64_t count, nk_isa isa, bool staged,
              std::uint32_t flags, tensor* dx, tensor* dweight, tensor* dbias) {
  const auto from = [&](tensor& t) { return static_cast<float*>(t.data()) + first * p.cols; };
  nk_plan plan;
  ASSERT_EQ(nk_row_norm_plan(count, p.cols, &plan), NK_OK);
  std::vector<char> workspace(static_cast<std::size_t>(plan.workspace_size));
  nk_row_norm_backward_params b = {};
  b.struct_size = sizeof b;
  b.isa = isa;
  b.flags = flags;
  b.rows = count;
  b.cols = p.cols;
  b.epsilon = 1e-5;
  b.x = from(p.x);
  b.dy = from(p.dy);
  b.dx = from(*dx);
  b.weight = p.weight.data();
  b.dweight = dweight == nullptr ? nullptr : static_cast<float*>(dweight->data());
  b.dbias = dbias == nullptr ? nullptr : static_cast<float*>(dbias->data());
  b.workspace = workspace.data();
  b.workspace_size = plan.workspace_size;
  for (std::int64_t block = plan.part_count - 1; staged && block >= 0; --block) {
    b.stage = NK_STAGE_PARTS;
    b.part_begin = block;
    b.part_end = block + 1;
    ASSERT_EQ(r.backward(&b), NK_OK);
  }
  b.stage = staged ? NK_STAGE_SUMS : NK_STAGE_ALL;
  b.part_begin = b.part_end = 0;
  ASSERT_EQ(r.backward(&b), NK_OK);
}

// From calls of 32 rows each, of which no more is asked than that they add up in float32.
void expected_of(const room& r, problem& p, tensor* dx, std::vector<double>* dweight, std::vector<double>* dbias) {
  const std::int64_t flushes = (p.rows + kFlush - 1) / kFlush;
  const std::int64_t block_rows = (flushes + kBlocks - 1) / kBlocks * kFlush;
  dweight->assign(static_cast<std::size_t>(p.cols), 0.0);
  dbias->assign(static_cast<std::size_t>(p.cols), 0.0);
  for (std::int64_t block = 0; block < p.rows; block += block_rows) {
    std::vector<double> weights(static_cast<std::size_t>(p.cols)), biases(weights);
    for (std::int64_t row = block; row < std::min(p.rows, block + block_rows); row += kFlush) {
      tensor w(NK_F32, p.cols), b(NK_F32, p.cols);
      backward(r, p, row, std::min(kFlush, p.rows - row), NK_ISA_SCALAR, false, 0, dx, &w, &b);
      for (std::int64_t c = 0; c < p.cols; ++c) {
        weights[static_cast<std::size_t>(c)] += static_cast<double>(w.get(c));
        biases[static_cast<std::size_t>(c)] += static_cast<double>(b.get(c));
      }
    }
    for (std::size_t c = 0; c < weights.size(); ++c) {
      (*dweight)[c] += weights[c];
      (*dbias)[c] += biases[c];
    }
  }
}

// Whole or by blocks, both or one of them, stored or added: the same sums, and the same dx.
TEST(RowNormParameters, AreAddedUpInOneOrder) {
  for (const room& r : nk_test::kRooms) {
    for (const std::int64_t rows : {1, 32, 33, 2048, 2049}) {
      for (const std::int64_t cols : {17, 71}) {
        problem p(rows, cols);
        tensor expected_dx(NK_F32, rows * cols);
        std::vector<double> weights, biases;
        expected_of(r, p, &expected_dx, &weights, &biases);
        for (const nk_isa isa : nk_test::available_isas()) {
          for (const bool staged : {false, true}) {
            for (const int wanted : {1, 2, 3}) {
              for (const std::uint32_t flags : {0u, static_cast<std::uint32_t>(NK_FLAG_ACCUMULATE)}) {
                SCOPED_TRACE(testing::Message() << r.name << " " << rows << " x " << cols << " isa " << isa
                                                << " staged " << staged << " wanted " << wanted << " flags " << flags);
                tensor dx(NK_F32, rows * cols), dweight(NK_F32, cols), dbias(NK_F32, cols);
                for (std::int64_t c = 0; c < cols; ++c) {
                  dweight.set(c, 0.75f);
                  dbias.set(c, -3.5f);
                }
                backward(r, p, 0, rows, isa, staged, flags, &dx, (wanted & 1) != 0 ? &dweight : nullptr,
                         (wanted & 2) != 0 ? &dbias : nullptr);
                EXPECT_TRUE(nk_test::equal(dx, expected_dx));
                const auto expect = [&](const tensor& gradient, const std::vector<double>& sums, float before,
                                        bool asked) {
                  for (std::int64_t c = 0; c < cols; ++c) {
                    const double added = flags != 0 ? static_cast<double>(before) : 0.0;
                    const float sum = static_cast<float>(added + sums[static_cast<std::size_t>(c)]);
                    ASSERT_EQ(gradient.get(c), asked ? sum : before) << c;
                  }
                };
                expect(dweight, weights, 0.75f, (wanted & 1) != 0);
                expect(dbias, biases, -3.5f, (wanted & 2) != 0);
              }
            }
          }
        }
      }
    }
  }
}

// Sums over no rows are 0.
TEST(RowNormParameters, OfNoRowsAreZero) {
  for (const room& r : nk_test::kRooms) {
    for (const bool staged : {false, true}) {
      problem p(0, 5);
      tensor dx(NK_F32, 0), dweight(NK_F32, 5), dbias(NK_F32, 5);
      for (const std::uint32_t flags : {static_cast<std::uint32_t>(NK_FLAG_ACCUMULATE), 0u}) {
        for (std::int64_t c = 0; c < 5; ++c) {
          dweight.set(c, 2.0f);
          dbias.set(c, 3.0f);
        }
        backward(r, p, 0, 0, NK_ISA_BEST, staged, flags, &dx, &dweight, &dbias);
        for (std::int64_t c = 0; c < 5; ++c) {
          EXPECT_EQ(dweight.get(c), flags != 0 ? 2.0f : 0.0f);
          EXPECT_EQ(dbias.get(c), flags != 0 ? 3.0f : 0.0f);
        }
      }
    }
  }
}

}  // namespace
