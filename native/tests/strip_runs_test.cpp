// Many short runs at once have the bits of the operations on single runs, in exactly sized heap blocks.
#include "core/strips.h"

#include "support.h"

namespace {

using nk::kShortRun;
using nk::short_runs;
using nk::strip;
using nk::strip_table;
using nk_test::equal;
using nk_test::tensor;

constexpr nk::isa_tables<strip_table> kTables = NK_TABLES(strip_ops);
constexpr std::int64_t kCounts[] = {1, 2, 15, 16, 17, 33};

// Every length of the last step, behind every number of whole steps that a round of accumulators ends with.
std::vector<std::int64_t> widths() {
  std::vector<std::int64_t> all;
  for (std::int64_t width = 16; width <= 16 * 8; ++width) all.push_back(width);
  for (const std::int64_t width : {255, 256, 257, 511}) all.push_back(width);
  all.push_back(kShortRun);
  return all;
}

std::vector<float> coefficients(std::mt19937& random, std::int64_t count) {
  std::normal_distribution<float> normal(0.5f, 1.0f);
  std::vector<float> all(static_cast<std::size_t>(count));
  for (float& one : all) one = normal(random);
  return all;
}

struct StripRuns : testing::TestWithParam<int> {
  // Calls check(table, runs, t, x) for every instruction set and geometry.
  template <class Check>
  void everywhere(Check&& check) {
    for (const nk_isa isa : nk_test::available_isas()) {
      std::mt19937 random(5);
      for (const std::int64_t width : widths()) {
        for (const std::int64_t count : kCounts) {
          SCOPED_TRACE(testing::Message() << "isa " << isa << ", " << count << " runs of " << width);
          tensor t(GetParam(), count * width, width % 3), x(GetParam(), count * width, width % 5);
          t.fill(random, 0.0f, 1.0f);
          x.fill(random, 3.0f, 2.0f);
          check(*kTables[nk::place_of(isa)], short_runs{count, width}, t, x, random);
          if (HasFailure()) return;
        }
      }
    }
  }

  // Run `run` of a tensor.
  void* at(tensor& of, const short_runs& s, std::int64_t run) {
    return static_cast<char*>(of.data()) + run * s.width * (GetParam() == NK_F32 ? 4 : 2);
  }
};

std::int64_t padded(std::int64_t count) {
  return (count + 15) / 16 * 16;
}

TEST_P(StripRuns, Moments) {
  everywhere([&](const strip_table& ops, const short_runs& s, tensor&, tensor& x, std::mt19937& random) {
    const std::vector<float> pivot = coefficients(random, s.count);
    std::vector<double> sum(static_cast<std::size_t>(padded(s.count))), squares(sum.size());
    ops.moments_runs[GetParam()](x.data(), s, pivot.data(), sum.data(), squares.data());
    for (std::int64_t run = 0; run < s.count; ++run) {
      const std::size_t i = static_cast<std::size_t>(run);
      double alone[2] = {};
      ops.moments[GetParam()](at(x, s, run), strip{1, 0, s.width}, pivot[i], alone);
      ASSERT_EQ(alone[0], sum[i]);
      ASSERT_EQ(alone[1], squares[i]);
    }
  });
}

TEST_P(StripRuns, Products) {
  everywhere([&](const strip_table& ops, const short_runs& s, tensor& t, tensor& x, std::mt19937& random) {
    const std::vector<float> center = coefficients(random, s.count), scale = coefficients(random, s.count);
    std::vector<double> sums[3];
    for (auto& sum : sums) sum.resize(static_cast<std::size_t>(padded(s.count)));
    ops.products_runs[GetParam()](t.data(), x.data(), s, center.data(), scale.data(), sums[0].data(), sums[1].data(),
                                  sums[2].data());
    for (std::int64_t run = 0; run < s.count; ++run) {
      const std::size_t i = static_cast<std::size_t>(run);
      double alone[3] = {};
      ops.products[GetParam()](at(t, s, run), at(x, s, run), strip{1, 0, s.width}, center[i], scale[i], alone);
      for (int j = 0; j < 3; ++j) ASSERT_EQ(alone[j], sums[j][i]) << "sum " << j;
    }
  });
}

TEST_P(StripRuns, Maps) {
  everywhere([&](const strip_table& ops, const short_runs& s, tensor& t, tensor& x, std::mt19937& random) {
    std::vector<float> c[5];
    for (auto& one : c) one = coefficients(random, s.count);
    tensor affine(GetParam(), x.count(), s.width % 7), combine(GetParam(), x.count());
    tensor affine_alone(GetParam(), x.count()), combine_alone(GetParam(), x.count());
    const nk::combine_columns five = {c[0].data(), c[1].data(), c[2].data(), c[3].data(), c[4].data()};
    ops.affine_runs[GetParam()](x.data(), affine.data(), s, c[0].data(), c[1].data(), c[2].data());
    ops.combine_runs[GetParam()](t.data(), x.data(), combine.data(), s, five);
    for (std::int64_t run = 0; run < s.count; ++run) {
      const std::size_t i = static_cast<std::size_t>(run);
      const strip one = {1, 0, s.width};
      ops.affine[GetParam()](at(x, s, run), at(affine_alone, s, run), one, c[0][i], c[1][i], c[2][i], {});
      ops.combine[GetParam()](at(t, s, run), at(x, s, run), at(combine_alone, s, run), one,
                              {c[0][i], c[1][i], c[2][i], c[3][i], c[4][i]}, {});
    }
    ASSERT_TRUE(equal(affine, affine_alone));
    ASSERT_TRUE(equal(combine, combine_alone));
    // In place, and asking for what lies ahead.
    const short_runs asking = {s.count, s.width, s.width};
    ops.combine_runs[GetParam()](t.data(), x.data(), t.data(), asking, five);
    ASSERT_TRUE(equal(t, combine_alone));
    ops.affine_runs[GetParam()](x.data(), x.data(), asking, c[0].data(), c[1].data(), c[2].data());
    ASSERT_TRUE(equal(x, affine_alone));
  });
}

INSTANTIATE_TEST_SUITE_P(EveryDtype, StripRuns, testing::Values(NK_F32, NK_F16, NK_BF16));

}  // namespace
