// The CUDA kernels of the norms over rows, run by the emulation, against the CPU's: values within rounding, and the
// same bits whether threads run in ascending or in descending order (a missing barrier would show).
#include <normkernels/nk_cuda.h>
#include <normkernels/nk_layer_norm.h>
#include <normkernels/nk_rms_norm.h>

#include "cuda_support.h"

namespace {

using nk_test::outputs;
using nk_test::tensor;
using nk_test::values_of;

struct room {
  bool centred;
  nk_status (*forward)(const nk_row_norm_forward_params*);
  nk_status (*backward)(const nk_row_norm_backward_params*);
  nk_status (*jvp)(const nk_row_norm_jvp_params*);
  nk_status (*cuda_forward)(const nk_row_norm_forward_params*, nk_stream);
  nk_status (*cuda_backward)(const nk_row_norm_backward_params*, nk_stream);
  nk_status (*cuda_jvp)(const nk_row_norm_jvp_params*, nk_stream);
};

constexpr room kRooms[] = {
    {true, nk_layer_norm_forward, nk_layer_norm_backward, nk_layer_norm_jvp, nk_cuda_layer_norm_forward,
     nk_cuda_layer_norm_backward, nk_cuda_layer_norm_jvp},
    {false, nk_rms_norm_forward, nk_rms_norm_backward, nk_rms_norm_jvp, nk_cuda_rms_norm_forward,
     nk_cuda_rms_norm_backward, nk_cuda_rms_norm_jvp},
};

// How a problem is laid out and asked for.
struct form {
  std::int64_t rows, cols;
  bool add;             // with a residual
  bool saved;           // statistics of forward given to backward and jvp
  std::int64_t offset;  // elements that tensors start off a 16-byte boundary
};

class tensors {
 public:
  tensors(int dtype, const form& f) : dtype_(dtype), form_(f) {}

  // A tensor whose data begin `offset` elements off a 16-byte boundary.
  void* data(tensor& t) const {
    const std::uintptr_t address = reinterpret_cast<std::uintptr_t>(t.data());
    const std::uintptr_t size = dtype_ == NK_F32 ? 4 : 2;
    return reinterpret_cast<void*>(address + (16 - address % 16) % 16 +
                                   static_cast<std::uintptr_t>(form_.offset) * size);
  }

  // With room before and behind for that.
  tensor make(std::mt19937& random, float mean, float spread) const {
    tensor t(dtype_, form_.rows * form_.cols + 32);
    t.fill(random, mean, spread);
    return t;
  }

 private:
  int dtype_;
  form form_;
};

template <class Params>
Params params_of(int dtype, const form& f) {
  Params p = {};
  p.struct_size = sizeof p;
  p.dtype = dtype;
  p.param_dtype = NK_F32;
  p.rows = f.rows;
  p.cols = f.cols;
  p.epsilon = 1e-5;
  return p;
}

// All verbs, on the CPU or by the CUDA kernels.
outputs compute(const room& r, int dtype, const form& f, bool cuda) {
  std::mt19937 random(7);
  const tensors layout(dtype, f);
  tensor x = layout.make(random, 3.0f, 1.0f), residual = layout.make(random, -1.0f, 2.0f),
         dy = layout.make(random, 0.0f, 1.0f), dh = layout.make(random, 0.0f, 1.0f),
         h = layout.make(random, 0.0f, 0.0f), y = layout.make(random, 0.0f, 0.0f), dx = layout.make(random, 0.0f, 0.0f),
         jvp_h = layout.make(random, 0.0f, 0.0f), jvp_y = layout.make(random, 0.0f, 0.0f);
  tensor weight(NK_F32, f.cols), bias(NK_F32, f.cols), dweight(NK_F32, f.cols), dbias(NK_F32, f.cols),
      mean(NK_F32, f.rows), rstd(NK_F32, f.rows);
  weight.fill(random, 1.0f, 0.5f);
  bias.fill(random, 0.0f, 1.0f);
  const auto floats = [](tensor& t) { return static_cast<float*>(t.data()); };

  auto p = params_of<nk_row_norm_forward_params>(dtype, f);
  p.x = layout.data(x);
  p.y = layout.data(y);
  if (f.add) {
    p.residual = layout.data(residual);
    p.h = layout.data(h);
  }
  p.weight = weight.data();
  p.bias = bias.data();
  p.mean = r.centred ? floats(mean) : nullptr;
  p.rstd = floats(rstd);
  EXPECT_EQ(cuda ? r.cuda_forward(&p, nullptr) : r.forward(&p), NK_OK) << nk_cuda_error();

  auto b = params_of<nk_row_norm_backward_params>(dtype, f);
  b.dy = layout.data(dy);
  b.x = f.add ? layout.data(h) : layout.data(x);
  b.dh = f.add ? layout.data(dh) : nullptr;
  b.dx = layout.data(dx);
  b.weight = weight.data();
  if (f.saved) {
    b.mean = p.mean;
    b.rstd = p.rstd;
  }
  b.dweight = floats(dweight);
  b.dbias = floats(dbias);
  nk_plan plan = {};
  EXPECT_EQ(nk_row_norm_plan(f.rows, f.cols, &plan), NK_OK);
  std::uint64_t size = plan.workspace_size;
  if (cuda) {
    EXPECT_EQ(nk_cuda_row_norm_workspace_size(f.rows, f.cols, &size), NK_OK);
  }
  std::vector<unsigned char> workspace(size);
  b.workspace = workspace.data();
  b.workspace_size = size;
  EXPECT_EQ(cuda ? r.cuda_backward(&b, nullptr) : r.backward(&b), NK_OK) << nk_cuda_error();

  auto j = params_of<nk_row_norm_jvp_params>(dtype, f);
  j.x = b.x;
  j.tan_x = layout.data(dy);
  if (f.add) {
    j.tan_residual = layout.data(dh);
    j.jvp_h = layout.data(jvp_h);
  }
  j.jvp_y = layout.data(jvp_y);
  j.weight = weight.data();
  j.tan_weight = bias.data();
  j.mean = b.mean;
  j.rstd = b.rstd;
  EXPECT_EQ(cuda ? r.cuda_jvp(&j, nullptr) : r.jvp(&j), NK_OK) << nk_cuda_error();

  const std::int64_t count = f.rows * f.cols;
  outputs all;
  for (const void* t : {p.y, b.dx, j.jvp_y}) all.push_back(values_of(dtype, t, count));
  if (f.add) {
    for (const void* t : {p.h, j.jvp_h}) all.push_back(values_of(dtype, t, count));
  }
  for (tensor* t : {&dweight, &dbias}) all.push_back(values_of(NK_F32, t->data(), f.cols));
  for (tensor* t : {&mean, &rstd}) all.push_back(values_of(NK_F32, t->data(), f.rows));
  return all;
}

class CudaRows : public testing::TestWithParam<std::tuple<int, int>> {};

TEST_P(CudaRows, AgreeWithTheCpuInEitherOrderOfThreads) {
  const room& r = kRooms[std::get<0>(GetParam())];
  const int dtype = std::get<1>(GetParam());
  // Every geometry, and the row lengths at which one gives way to the next.
  const form forms[] = {{1, 1, false, true, 0},     {37, 7, true, false, 0},    {70, 33, false, true, 1},
                        {5, 64, true, true, 0},     {5, 65, false, false, 3},   {9, 257, true, true, 0},
                        {3, 1000, false, false, 2}, {20, 1025, true, true, 0},  {3, 2049, false, true, 1},
                        {2, 4100, true, false, 0},  {2, 8193, false, false, 0}, {2, 16400, false, true, 3},
                        {1, 33000, true, false, 0}, {900, 24, true, true, 0}};  // more rows than blocks at once
  for (const form& f : forms) {
    SCOPED_TRACE(testing::Message() << f.rows << " x " << f.cols << " add " << f.add << " offset " << f.offset);
    nk_test::expect_agreement(dtype, [&](bool cuda) { return compute(r, dtype, f, cuda); });
  }
}

// One row many times over: with odd columns every copy lies differently beside the 16-byte boundaries.
TEST_P(CudaRows, ResultsDoNotDependOnWhereARowLies) {
  const room& r = kRooms[std::get<0>(GetParam())];
  const int dtype = std::get<1>(GetParam());
  for (const std::int64_t cols : {7, 33, 65, 257, 1001, 4101, 16411}) {
    SCOPED_TRACE(cols);
    constexpr std::int64_t kRows = 8;
    std::mt19937 random(3);
    tensor one(dtype, cols), tangent(dtype, cols), x(dtype, kRows * cols), t(dtype, kRows * cols),
        y(dtype, kRows * cols), dx(dtype, kRows * cols), jvp_y(dtype, kRows * cols);
    one.fill(random, 1.0f, 1.0f);
    tangent.fill(random, 0.0f, 1.0f);
    for (std::int64_t i = 0; i < kRows * cols; ++i) {
      x.set(i, one.get(i % cols));
      t.set(i, tangent.get(i % cols));
    }
    const form f = {kRows, cols, false, false, 0};
    auto forward = params_of<nk_row_norm_forward_params>(dtype, f);
    forward.x = x.data();
    forward.y = y.data();
    auto backward = params_of<nk_row_norm_backward_params>(dtype, f);
    backward.x = x.data();
    backward.dy = t.data();
    backward.dx = dx.data();
    auto jvp = params_of<nk_row_norm_jvp_params>(dtype, f);
    jvp.x = x.data();
    jvp.tan_x = t.data();
    jvp.jvp_y = jvp_y.data();
    EXPECT_EQ(r.cuda_forward(&forward, nullptr), NK_OK);
    EXPECT_EQ(r.cuda_backward(&backward, nullptr), NK_OK);
    EXPECT_EQ(r.cuda_jvp(&jvp, nullptr), NK_OK);
    for (tensor* result : {&y, &dx, &jvp_y}) {
      EXPECT_TRUE(nk_test::repeats(values_of(dtype, result->data(), kRows * cols), static_cast<std::size_t>(cols)));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(EveryRoomAndDtype, CudaRows,
                         testing::Combine(testing::Values(0, 1), testing::Values(NK_F32, NK_F16, NK_BF16)));

}  // namespace
