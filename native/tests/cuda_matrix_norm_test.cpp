// The CUDA kernels of matrix_norm, run by the emulation, against the CPU's: values within rounding, and the same bits
// whether threads run in ascending or in descending order (a missing barrier would show).
#include <normkernels/nk_cuda.h>
#include <normkernels/nk_matrix_norm.h>

#include "cuda_support.h"

namespace {

using nk_test::outputs;
using nk_test::tensor;

// A tensor, which two axes are matrices, and how far its data are from a 16-byte boundary, in elements.
struct form {
  std::vector<std::int64_t> sizes;
  int row_axis, column_axis;
  std::int64_t offset;
};

nk_reduction reduction_of(const form& f, int order) {
  nk_reduction n = {};
  n.rank = static_cast<int>(f.sizes.size());
  for (std::size_t i = 0; i < f.sizes.size(); ++i) n.sizes[i] = f.sizes[i];
  n.row_axis = f.row_axis;
  n.column_axis = f.column_axis;
  n.order = order;
  return n;
}

std::int64_t product_of(const form& f, bool of_matrices) {
  std::int64_t product = 1;
  for (int i = 0; i < static_cast<int>(f.sizes.size()); ++i) {
    if (!of_matrices || (i != f.row_axis && i != f.column_axis)) product *= f.sizes[static_cast<std::size_t>(i)];
  }
  return product;
}

// What a call is given beyond its shape: fill(random, tensor) makes x.
using filling = void (*)(std::mt19937&, tensor&);

void normal(std::mt19937& random, tensor& t) {
  t.fill(random, 0.5f, 1.0f);
}

// Lines that tie for the extreme, zeros, singular values of zero, whole matrices of zeros.
void few_integers(std::mt19937& random, tensor& t) {
  std::uniform_int_distribution<int> any(-1, 1);
  for (std::int64_t i = 0; i < t.count(); ++i) t.set(i, static_cast<float>(any(random)));
}

// NaN and infinity in the first matrix alone, when matrices come first.
void not_finite(std::mt19937& random, tensor& t) {
  normal(random, t);
  t.set(0, std::nanf(""));
  t.set(t.count() - 1, INFINITY);
}

void tiny_and_huge(std::mt19937& random, tensor& t) {
  normal(random, t);
  for (std::int64_t i = 0; i < t.count(); ++i) t.set(i, t.get(i) * (i < t.count() / 2 ? 1e-30f : 1e30f));
}

class problem {
 public:
  problem(const form& f, int order, int dtype, filling fill)
      : dtype_(dtype), form_(f), reduction_(reduction_of(f, order)), fill_(fill) {}

  // All verbs, on the CPU or by the CUDA kernels.
  outputs compute(bool cuda) const {
    std::mt19937 random(11);
    const std::int64_t elements = product_of(form_, false), matrices = product_of(form_, true);
    const int norm_dtype = form_.offset % 2 == 0 ? static_cast<int>(NK_F32) : dtype_;
    // A tensor of this test starts `offset` elements off, so each has some room before and behind.
    tensor x_values(dtype_, elements), t_values(dtype_, elements), x(dtype_, elements + 32), t(dtype_, elements + 32),
        dx(dtype_, elements + 32), norm(norm_dtype, matrices), dnorm(norm_dtype, matrices),
        jvp_norm(norm_dtype, matrices);
    fill_(random, x_values);
    t_values.fill(random, 0.0f, 1.0f);
    dnorm.fill(random, 0.0f, 1.0f);
    for (std::int64_t i = 0; i < elements; ++i) {
      x.set(first(x) + i, x_values.get(i));
      t.set(first(t) + i, t_values.get(i));
    }

    std::uint64_t size = 0;
    if (cuda) {
      EXPECT_EQ(nk_cuda_matrix_norm_workspace_size(&reduction_, &size), NK_OK);
    } else {
      nk_plan plan = {};
      EXPECT_EQ(nk_matrix_norm_plan(&reduction_, &plan), NK_OK);
      size = plan.workspace_size;
    }
    // What is in it must not matter.
    std::vector<unsigned char> workspace(size, 0xff);

    auto p = params<nk_reduction_forward_params>(norm_dtype, workspace);
    p.x = data(x);
    p.norm = norm.data();
    EXPECT_EQ(cuda ? nk_cuda_matrix_norm_forward(&p, nullptr) : nk_matrix_norm_forward(&p), NK_OK) << nk_cuda_error();

    auto b = params<nk_reduction_backward_params>(norm_dtype, workspace);
    b.dnorm = dnorm.data();
    b.x = p.x;
    b.dx = data(dx);
    EXPECT_EQ(cuda ? nk_cuda_matrix_norm_backward(&b, nullptr) : nk_matrix_norm_backward(&b), NK_OK) << nk_cuda_error();

    auto j = params<nk_reduction_jvp_params>(norm_dtype, workspace);
    j.x = p.x;
    j.tan_x = data(t);
    j.jvp_norm = jvp_norm.data();
    EXPECT_EQ(cuda ? nk_cuda_matrix_norm_jvp(&j, nullptr) : nk_matrix_norm_jvp(&j), NK_OK) << nk_cuda_error();

    outputs all(3);
    for (std::int64_t i = 0; i < matrices; ++i) all[0].push_back(norm.get(i));
    // All of it: nothing may be written before or behind.
    for (std::int64_t i = 0; i < dx.count(); ++i) all[1].push_back(dx.get(i));
    for (std::int64_t i = 0; i < matrices; ++i) all[2].push_back(jvp_norm.get(i));

    // In place, the same.
    b.dx = data(x);
    EXPECT_EQ(cuda ? nk_cuda_matrix_norm_backward(&b, nullptr) : nk_matrix_norm_backward(&b), NK_OK);
    for (std::int64_t i = 0; i < elements; ++i) {
      EXPECT_TRUE(nk_test::same_bits(x.get(first(x) + i), dx.get(first(dx) + i))) << "in place, element " << i;
    }
    return all;
  }

 private:
  std::int64_t size() const { return dtype_ == NK_F32 ? 4 : 2; }

  // The first element to use: `offset` elements off a 16-byte boundary.
  std::int64_t first(tensor& t) const {
    const std::int64_t from = static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(t.data()) % 16);
    return (16 - from) % 16 / size() + form_.offset;
  }
  void* data(tensor& t) const { return static_cast<unsigned char*>(t.data()) + first(t) * size(); }

  template <class Params>
  Params params(int norm_dtype, std::vector<unsigned char>& workspace) const {
    Params p = {};
    p.struct_size = sizeof p;
    p.dtype = dtype_;
    p.norm_dtype = norm_dtype;
    p.reduction = reduction_;
    p.workspace = workspace.data();
    p.workspace_size = workspace.size();
    return p;
  }

  int dtype_;
  form form_;
  nk_reduction reduction_;
  filling fill_;
};

void check(const form& f, int order, int dtype, filling fill) {
  std::string shape;
  for (const std::int64_t size : f.sizes) shape += std::to_string(size) + " ";
  SCOPED_TRACE(testing::Message() << shape << "axes " << f.row_axis << " " << f.column_axis << " offset " << f.offset);
  const problem p(f, order, dtype, fill);
  nk_test::expect_agreement(dtype, [&](bool cuda) { return p.compute(cuda); });
}

class CudaMatrices : public testing::TestWithParam<std::tuple<int, int>> {};

TEST_P(CudaMatrices, AgreeWithTheCpuInEitherOrderOfThreads) {
  const auto [order, dtype] = GetParam();
  const form forms[] = {
      {{1, 1}, 0, 1, 0},          {{5, 3, 4}, 1, 2, 0},
      {{5, 3, 4}, 2, 1, 1},       {{3, 7, 5}, 0, 1, 0},                 // interleaved
      {{2, 3, 2, 5, 3}, 3, 1, 2}, {{2, 1, 3, 2, 3, 1, 2, 2}, 2, 4, 1},  // loops that are one, and three that are left
      {{2, 8, 70}, 1, 2, 3},      {{2, 70, 8}, 1, 2, 0},
      {{30, 7}, 1, 0, 0}};
  for (const form& f : forms) {
    for (const filling fill : {normal, few_integers}) check(f, order, dtype, fill);
  }
  check({{3, 9, 5}, 1, 2, 0}, order, dtype, not_finite);
  check({{3, 90, 7}, 1, 2, 0}, order, dtype, not_finite);
  if (dtype != NK_F16) check({{3, 9, 5}, 1, 2, 0}, order, dtype, tiny_and_huge);
}

TEST_P(CudaMatrices, AreCutIntoTilesWhereTheyAreLarge) {
  const auto [order, dtype] = GetParam();
  const bool singular =
      order == NK_MATRIX_NUCLEAR || order == NK_MATRIX_MAX_SINGULAR_VALUE || order == NK_MATRIX_MIN_SINGULAR_VALUE;
  if (singular) {
    check({{33, 20}, 0, 1, 0}, order, dtype, normal);      // more pairs than a small block rotates at once
    check({{2, 5, 4000}, 1, 2, 1}, order, dtype, normal);  // scratch in the workspace
    return;
  }
  const form forms[] = {{{2, 150, 700}, 1, 2, 0},
                        {{2, 150, 700}, 2, 1, 1},
                        {{3, 40000}, 0, 1, 0},
                        {{40000, 3}, 0, 1, 1},
                        {{300, 130, 3}, 1, 0, 0}};
  for (const form& f : forms) check(f, order, dtype, normal);
}

TEST_P(CudaMatrices, HaveTheSameBitsWhateverTheirAlignment) {
  const auto [order, dtype] = GetParam();
  for (const std::int64_t offset : {1, 2, 5}) {
    // Offsets are what says that norms are float32 here, so even and odd ones are not compared.
    const form aligned = {{3, 37, 9}, 1, 2, offset % 2}, moved = {{3, 37, 9}, 1, 2, offset + 2};
    const outputs a = problem(aligned, order, dtype, normal).compute(true);
    const outputs b = problem(moved, order, dtype, normal).compute(true);
    EXPECT_EQ(a[0], b[0]);
    EXPECT_EQ(a[2], b[2]);
  }
}

INSTANTIATE_TEST_SUITE_P(EveryOrderAndDtype, CudaMatrices,
                         testing::Combine(testing::Range(0, 8), testing::Values(NK_F32, NK_F16, NK_BF16)));

TEST(CudaMatrices, WithoutElementsHaveANormOfZero) {
  nk_reduction_forward_params p = {};
  p.struct_size = sizeof p;
  p.reduction = reduction_of({{3, 0, 4}, 1, 2, 0}, NK_MATRIX_FROBENIUS);
  float norms[3] = {1.0f, 1.0f, 1.0f};
  p.norm = norms;
  std::uint64_t size = 1;
  EXPECT_EQ(nk_cuda_matrix_norm_workspace_size(&p.reduction, &size), NK_OK);
  EXPECT_EQ(size, 0u);
  EXPECT_EQ(nk_cuda_matrix_norm_forward(&p, nullptr), NK_OK);
  for (const float norm : norms) EXPECT_EQ(norm, 0.0f);
  p.reduction.order = NK_MATRIX_MAX_ROW_SUM;
  EXPECT_EQ(nk_cuda_matrix_norm_forward(&p, nullptr), NK_ERROR_SHAPE);
}

TEST(CudaMatrices, RefuseWhatCouldCorruptMemory) {
  nk_reduction_forward_params good = {};
  good.struct_size = sizeof good;
  good.reduction = reduction_of({{3, 5}, 0, 1, 0}, NK_MATRIX_MAX_ROW_SUM);
  float x[15] = {}, norm = 7.0f;
  good.x = x;
  good.norm = &norm;
  std::uint64_t size = 0;
  ASSERT_EQ(nk_cuda_matrix_norm_workspace_size(&good.reduction, &size), NK_OK);
  ASSERT_GT(size, 0u);
  std::vector<unsigned char> workspace(size);
  good.workspace = workspace.data();
  good.workspace_size = size;

  const auto expect = [&](nk_status status, auto&& change) {
    nk_reduction_forward_params p = good;
    change(p);
    EXPECT_EQ(nk_cuda_matrix_norm_forward(&p, nullptr), status);
    EXPECT_EQ(norm, 7.0f);
  };
  expect(NK_ERROR_STRUCT_SIZE, [](auto& p) { --p.struct_size; });
  expect(NK_ERROR_NULL, [](auto& p) { p.x = nullptr; });
  expect(NK_ERROR_NULL, [](auto& p) { p.norm = nullptr; });
  expect(NK_ERROR_DTYPE, [](auto& p) { p.norm_dtype = NK_F16; });
  expect(NK_ERROR_ISA, [](auto& p) { p.isa = NK_ISA_SCALAR; });
  expect(NK_ERROR_FLAGS, [](auto& p) { p.stage = NK_STAGE_PARTS; });
  expect(NK_ERROR_FLAGS, [](auto& p) { p.part_end = 1; });
  expect(NK_ERROR_SHAPE, [](auto& p) { p.reduction.row_axis = 1; });
  expect(NK_ERROR_WORKSPACE, [](auto& p) { p.workspace = nullptr; });
  expect(NK_ERROR_WORKSPACE, [](auto& p) { --p.workspace_size; });
  EXPECT_EQ(nk_cuda_matrix_norm_forward(&good, nullptr), NK_OK);
  EXPECT_EQ(norm, 0.0f);
}

}  // namespace
