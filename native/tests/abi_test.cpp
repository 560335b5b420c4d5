// The C ABI: what it refuses, and that it writes nothing when it does.
#include <cmath>
#include <limits>

#include <normkernels/nk_layer_norm.h>
#include <normkernels/nk_rms_norm.h>

#include "support.h"

extern "C" nk_status forward_from_c(const float* x, float* y, int64_t rows, int64_t cols);

namespace {

constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();

struct forward_call {
  float x[6] = {1, 2, 3, 4, 5, 6};
  float y[6] = {-9, -9, -9, -9, -9, -9};
  float stats[2] = {-9, -9};
  nk_row_norm_forward_params p = {};

  forward_call() {
    p.struct_size = sizeof p;
    p.rows = 2;
    p.cols = 3;
    p.epsilon = 1e-5;
    p.x = x;
    p.y = y;
  }
};

TEST(Abi, CompilesAndRunsFromC) {
  const float x[4] = {1, 1, 2, 2};
  float y[4];
  ASSERT_EQ(forward_from_c(x, y, 2, 2), NK_OK);
  for (const float v : y) EXPECT_EQ(v, 1.0f);
}

TEST(Abi, VersionAndMessages) {
  EXPECT_EQ(nk_abi_version(), NK_ABI_VERSION);
  EXPECT_STRNE(nk_version(), "");
  for (int status = NK_OK; status <= NK_ERROR_ISA; ++status) {
    EXPECT_STRNE(nk_status_message(static_cast<nk_status>(status)), "unknown status");
  }
  EXPECT_LE(nk_best_isa(), nk_hardware_isa());
}

TEST(Abi, ForwardRefuses) {
  // A call changed in this way is refused with this status, and nothing is written.
  const auto refuses = [](nk_status expected, auto&& change,
                          nk_status (*entry)(const nk_row_norm_forward_params*) = nk_layer_norm_forward) {
    forward_call c;
    change(c);
    EXPECT_EQ(entry(&c.p), expected);
    for (const float v : c.y) EXPECT_EQ(v, -9.0f);
    for (const float v : c.stats) EXPECT_EQ(v, -9.0f);
  };
  EXPECT_EQ(nk_layer_norm_forward(nullptr), NK_ERROR_NULL);
  refuses(NK_ERROR_STRUCT_SIZE, [](forward_call& c) { c.p.struct_size -= 8; });
  refuses(NK_ERROR_STRUCT_SIZE, [](forward_call& c) { c.p.struct_size = 0; });
  refuses(NK_ERROR_NULL, [](forward_call& c) { c.p.x = nullptr; });
  refuses(NK_ERROR_NULL, [](forward_call& c) { c.p.y = nullptr; });
  refuses(NK_ERROR_NULL, [](forward_call& c) { c.p.residual = c.x; });
  refuses(NK_ERROR_NULL, [](forward_call& c) { c.p.h = c.y; });
  refuses(
      NK_ERROR_NULL, [](forward_call& c) { c.p.mean = c.stats; }, nk_rms_norm_forward);
  refuses(NK_ERROR_DTYPE, [](forward_call& c) { c.p.dtype = 3; });
  refuses(NK_ERROR_DTYPE, [](forward_call& c) { c.p.dtype = -1; });
  refuses(NK_ERROR_DTYPE, [](forward_call& c) { c.p.param_dtype = NK_F16; });
  refuses(NK_ERROR_DTYPE, [](forward_call& c) {
    c.p.dtype = NK_F16;
    c.p.param_dtype = NK_BF16;
  });
  refuses(NK_ERROR_SHAPE, [](forward_call& c) { c.p.rows = -1; });
  refuses(NK_ERROR_SHAPE, [](forward_call& c) { c.p.cols = -1; });
  refuses(NK_ERROR_SHAPE, [](forward_call& c) { c.p.rows = kHuge; });
  refuses(NK_ERROR_SHAPE, [](forward_call& c) {
    c.p.rows = kHuge / 8;
    c.p.cols = 8;
  });
  refuses(NK_ERROR_SHAPE, [](forward_call& c) { c.p.x_stride = 2; });
  refuses(NK_ERROR_SHAPE, [](forward_call& c) { c.p.y_stride = -3; });
  refuses(NK_ERROR_SHAPE, [](forward_call& c) { c.p.h_stride = kHuge; });
  refuses(NK_ERROR_EPSILON, [](forward_call& c) { c.p.epsilon = -1e-300; });
  refuses(NK_ERROR_EPSILON, [](forward_call& c) { c.p.epsilon = std::nan(""); });
  refuses(NK_ERROR_FLAGS, [](forward_call& c) { c.p.flags = NK_FLAG_ZERO_CENTERED; });
  refuses(
      NK_ERROR_FLAGS, [](forward_call& c) { c.p.flags = NK_FLAG_ACCUMULATE; }, nk_rms_norm_forward);
  refuses(
      NK_ERROR_FLAGS, [](forward_call& c) { c.p.flags = 4; }, nk_rms_norm_forward);
  for (int isa = -1; isa <= NK_ISA_NEON + 1; ++isa) {  // also those of other architectures
    if (isa == NK_ISA_BEST || (nk::place_of(isa) >= 0 && isa <= nk_best_isa())) continue;
    refuses(NK_ERROR_ISA, [&](forward_call& c) { c.p.isa = isa; });
  }
}

TEST(Abi, BackwardRefuses) {
  float x[6] = {1, 2, 3, 4, 5, 6}, dx[6] = {}, dweight[3] = {}, stats[2] = {1, 1};
  std::vector<unsigned char> workspace(4096);
  nk_row_norm_backward_params good = {};
  good.struct_size = sizeof good;
  good.rows = 2;
  good.cols = 3;
  good.epsilon = 1e-5;
  good.dy = good.x = x;
  good.dx = dx;
  good.dweight = dweight;
  good.workspace = workspace.data();
  good.workspace_size = workspace.size();
  const auto refuses = [&](nk_status expected, auto&& change) {
    nk_row_norm_backward_params p = good;
    change(p);
    EXPECT_EQ(nk_layer_norm_backward(&p), expected);
    for (const float v : dx) EXPECT_EQ(v, 0.0f);
    for (const float v : dweight) EXPECT_EQ(v, 0.0f);
  };
  EXPECT_EQ(nk_rms_norm_backward(nullptr), NK_ERROR_NULL);
  refuses(NK_ERROR_STRUCT_SIZE, [](auto& p) { p.struct_size = 1; });
  refuses(NK_ERROR_NULL, [](auto& p) { p.dy = nullptr; });
  refuses(NK_ERROR_NULL, [](auto& p) { p.x = nullptr; });
  refuses(NK_ERROR_NULL, [](auto& p) { p.dx = nullptr; });
  refuses(NK_ERROR_NULL, [&](auto& p) { p.mean = stats; });
  refuses(NK_ERROR_NULL, [&](auto& p) { p.rstd = stats; });
  refuses(NK_ERROR_FLAGS, [](auto& p) { p.stage = 3; });
  refuses(NK_ERROR_FLAGS, [](auto& p) { p.reserved = 1; });
  refuses(NK_ERROR_FLAGS, [](auto& p) { p.flags = NK_FLAG_ZERO_CENTERED; });
  refuses(NK_ERROR_SHAPE, [](auto& p) { p.part_end = 1; });
  refuses(NK_ERROR_SHAPE, [](auto& p) { p.stage = NK_STAGE_PARTS, p.part_end = 2; });
  refuses(NK_ERROR_SHAPE, [](auto& p) { p.stage = NK_STAGE_PARTS, p.part_begin = 1, p.part_end = 0; });
  refuses(NK_ERROR_SHAPE, [](auto& p) { p.cols = kHuge / 4, p.rows = 1; });
  refuses(NK_ERROR_SHAPE, [](auto& p) { p.dh_stride = 1; });
  refuses(NK_ERROR_WORKSPACE, [](auto& p) { p.workspace = nullptr; });
  nk_plan plan;
  ASSERT_EQ(nk_row_norm_plan(2, 3, &plan), NK_OK);
  refuses(NK_ERROR_WORKSPACE, [&](auto& p) { p.workspace_size = plan.workspace_size - 1; });
  good.workspace_size = plan.workspace_size;
  EXPECT_EQ(nk_layer_norm_backward(&good), NK_OK);
}

TEST(Abi, JvpRefuses) {
  float x[6] = {1, 2, 3, 4, 5, 6}, out[6] = {};
  nk_row_norm_jvp_params good = {};
  good.struct_size = sizeof good;
  good.rows = 2;
  good.cols = 3;
  good.x = good.tan_x = x;
  good.jvp_y = out;
  const auto refuses = [&](nk_status expected, auto&& change) {
    nk_row_norm_jvp_params p = good;
    change(p);
    EXPECT_EQ(nk_rms_norm_jvp(&p), expected);
    for (const float v : out) EXPECT_EQ(v, 0.0f);
  };
  refuses(NK_ERROR_NULL, [](auto& p) { p.tan_x = nullptr; });
  refuses(NK_ERROR_NULL, [&](auto& p) { p.tan_residual = x; });
  refuses(NK_ERROR_NULL, [&](auto& p) { p.mean = x; });
  refuses(NK_ERROR_SHAPE, [](auto& p) { p.jvp_y_stride = 2; });
  refuses(NK_ERROR_EPSILON, [](auto& p) { p.epsilon = -1; });
  EXPECT_EQ(nk_rms_norm_jvp(&good), NK_OK);
}

TEST(Abi, BackwardPlanDependsOnRowsAlone) {
  for (const std::int64_t rows : {0, 1, 31, 32, 33, 2047, 2048, 2049, 100000, 1 << 30}) {
    nk_plan a, b;
    ASSERT_EQ(nk_row_norm_plan(rows, 1, &a), NK_OK);
    ASSERT_EQ(nk_row_norm_plan(rows, 4096, &b), NK_OK);
    EXPECT_EQ(a.part_count, b.part_count);
    EXPECT_LE(a.part_count, 64);
    EXPECT_LE(a.part_count, rows);
    EXPECT_EQ(a.part_count == 0, rows == 0);
  }
  nk_plan plan;
  EXPECT_EQ(nk_row_norm_plan(kHuge, 1, &plan), NK_OK);
  EXPECT_EQ(nk_row_norm_plan(1, kHuge, &plan), NK_ERROR_SHAPE);
  EXPECT_EQ(nk_row_norm_plan(-1, 1, &plan), NK_ERROR_SHAPE);
  EXPECT_EQ(nk_row_norm_plan(1, 1, nullptr), NK_ERROR_NULL);
}

TEST(Abi, EmptyCallsSucceed) {
  for (const auto& [rows, cols] : {std::pair<int, int>{0, 5}, {0, 0}, {3, 0}}) {
    float stats[3] = {-9, -9, -9};
    nk_row_norm_forward_params p = {};
    p.struct_size = sizeof p;
    p.rows = rows;
    p.cols = cols;
    p.mean = stats;
    ASSERT_EQ(nk_layer_norm_forward(&p), NK_OK);
    for (int row = 0; row < 3; ++row) EXPECT_TRUE(row < rows ? std::isnan(stats[row]) : stats[row] == -9.0f);

    float dweight[5] = {7, 7, 7, 7, 7};
    nk_row_norm_backward_params b = {};
    b.struct_size = sizeof b;
    b.rows = rows;
    b.cols = cols;
    b.dweight = dweight;
    b.flags = NK_FLAG_ACCUMULATE;
    ASSERT_EQ(nk_layer_norm_backward(&b), NK_OK);
    for (const float v : dweight) EXPECT_EQ(v, 7.0f);
    b.flags = NK_FLAG_NONE;
    ASSERT_EQ(nk_layer_norm_backward(&b), NK_OK);
    for (int col = 0; col < 5; ++col) EXPECT_EQ(dweight[col], col < cols ? 0.0f : 7.0f);

    nk_row_norm_jvp_params j = {};
    j.struct_size = sizeof j;
    j.rows = rows;
    j.cols = cols;
    ASSERT_EQ(nk_layer_norm_jvp(&j), NK_OK);
  }
}

// As many empty rows as there are numbers cost nothing.
TEST(Abi, CountlessEmptyRowsReturnAtOnce) {
  nk_row_norm_forward_params p = {};
  p.struct_size = sizeof p;
  p.rows = kHuge;
  EXPECT_EQ(nk_layer_norm_forward(&p), NK_OK);
  nk_row_norm_backward_params b = {};
  b.struct_size = sizeof b;
  b.rows = kHuge;
  EXPECT_EQ(nk_layer_norm_backward(&b), NK_OK);
}

}  // namespace
