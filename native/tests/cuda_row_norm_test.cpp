// The CUDA kernels of the norms over rows, run by the emulation, against the CPU's: values within rounding, and the
// same bits whether threads run in ascending or in descending order (a missing barrier would show).
#include <normkernels/nk_cuda.h>
#include <normkernels/nk_layer_norm.h>
#include <normkernels/nk_rms_norm.h>

#include "common/row_norm_plan.cuh"
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

// Rows that one block does not hold: clusters of every size, whole slots and odd columns, and what devices without
// clusters, or with smaller ones, do instead.
class CudaLongRows : public CudaRows {};

TEST_P(CudaLongRows, AgreeOnEveryTypeOfDevice) {
  const room& r = kRooms[std::get<0>(GetParam())];
  const int dtype = std::get<1>(GetParam());
  const std::int64_t slot = dtype == NK_F32 ? 4 : 8;
  const struct {
    int cluster, shared_kilobytes;
    std::vector<std::int64_t> slots;
  } kinds[] = {
      // Backward: 2, 4, 8, 16 blocks, then wider ones; forward: 2, 4, 8, 16; jvp: the same one earlier.
      {16, 227, {513, 1025, 2049, 4097, 8193, 16385}},
      {8, 227, {2049, 4097}},
      {1, 163, {513, 1025, 2049}},
      {1, 99, {513, 1025}},
  };
  for (const auto& kind : kinds) {
    const nk_test::device_kind device(kind.cluster, kind.shared_kilobytes * 1024);
    for (const std::int64_t slots : kind.slots) {
      // The longest rows of one dtype: what differs by dtype is the same for shorter ones.
      if (slots > 8192 && dtype != NK_F32) continue;
      const bool odd = slots % 2048 != 1;
      const form f = {slots < 3000 ? 3 : 1, slots * slot - (odd ? 3 : 0), slots % 4096 == 1, slots % 2048 == 1,
                      odd ? 1 : 0};
      SCOPED_TRACE(testing::Message() << kind.cluster << ": " << f.rows << " x " << f.cols << " offset " << f.offset);
      nk_test::expect_agreement(dtype, [&](bool cuda) { return compute(r, dtype, f, cuda); });
    }
  }
}

// Rows read again at every pass, by a whole cluster and by one block.
TEST(CudaRowsReadAgain, Agree) {
  for (const int cluster : {16, 1}) {
    const nk_test::device_kind device(cluster, 99 * 1024);
    for (const room& r : kRooms) {
      const form f = {2, (cluster == 16 ? 32769 : 2049) * 4 - 3, cluster == 1, cluster == 16, 1};
      SCOPED_TRACE(testing::Message() << cluster << ": " << f.cols);
      nk_test::expect_agreement(NK_F32, [&](bool cuda) { return compute(r, NK_F32, f, cuda); });
    }
  }
}

// Outputs in place of inputs: a misaligned slot is stored by two threads.
TEST_P(CudaRows, InPlaceGivesTheSameBits) {
  const room& r = kRooms[std::get<0>(GetParam())];
  const int dtype = std::get<1>(GetParam());
  for (const std::int64_t cols : {5, 31, 77, 301, 1025, 4111, 9003, 35003}) {
    SCOPED_TRACE(cols);
    const nk_test::device_kind device(cols == 9003 ? 1 : 16, 99 * 1024);
    constexpr std::int64_t kRows = 3;
    const form f = {kRows, cols, true, false, 1};
    const tensors layout(dtype, f);
    std::vector<outputs> results;
    for (const bool in_place : {false, true}) {
      for (const int order : {0, 1}) {
        nk_emu_set_order(order);
        std::mt19937 random(5);
        tensor x = layout.make(random, 1.0f, 1.0f), residual = layout.make(random, 0.0f, 1.0f),
               dy = layout.make(random, 0.0f, 1.0f), dh = layout.make(random, 0.0f, 1.0f),
               t = layout.make(random, 0.0f, 1.0f), s = layout.make(random, 0.0f, 1.0f), h = layout.make(random, 0, 0),
               y = layout.make(random, 0, 0), dx = layout.make(random, 0, 0), jvp_h = layout.make(random, 0, 0),
               jvp_y = layout.make(random, 0, 0);
        auto forward = params_of<nk_row_norm_forward_params>(dtype, f);
        forward.x = layout.data(x);
        forward.residual = layout.data(residual);
        forward.h = in_place ? layout.data(x) : layout.data(h);
        forward.y = in_place ? layout.data(residual) : layout.data(y);
        EXPECT_EQ(r.cuda_forward(&forward, nullptr), NK_OK) << nk_cuda_error();
        auto jvp = params_of<nk_row_norm_jvp_params>(dtype, f);
        jvp.x = forward.h;
        jvp.tan_x = layout.data(t);
        jvp.tan_residual = layout.data(s);
        jvp.jvp_h = in_place ? layout.data(s) : layout.data(jvp_h);
        jvp.jvp_y = in_place ? layout.data(t) : layout.data(jvp_y);
        EXPECT_EQ(r.cuda_jvp(&jvp, nullptr), NK_OK) << nk_cuda_error();
        auto backward = params_of<nk_row_norm_backward_params>(dtype, f);
        backward.x = forward.h;
        backward.dy = layout.data(dy);
        backward.dh = layout.data(dh);
        backward.dx = !in_place ? layout.data(dx) : order == 0 ? layout.data(dh) : layout.data(dy);
        EXPECT_EQ(r.cuda_backward(&backward, nullptr), NK_OK) << nk_cuda_error();
        outputs all;
        const void* const given[] = {forward.h, forward.y, jvp.jvp_h, jvp.jvp_y, backward.dx};
        for (const void* o : given) all.push_back(values_of(dtype, o, kRows * cols));
        results.push_back(all);
      }
    }
    nk_emu_set_order(0);
    for (std::size_t i = 1; i < results.size(); ++i) EXPECT_TRUE(nk_test::same_bits(results[0], results[i])) << i;
  }
}

// Nothing beside a tensor is written, wherever it begins and ends.
TEST_P(CudaRows, OnlyTheirOwnElementsAreWritten) {
  const room& r = kRooms[std::get<0>(GetParam())];
  const int dtype = std::get<1>(GetParam());
  for (const std::int64_t cols : {1, 7, 9, 250, 263, 1030, 3003}) {
    for (std::int64_t offset = 0; offset < 8; ++offset) {
      const form f = {2, cols, false, false, offset};
      const tensors layout(dtype, f);
      std::mt19937 random(5);
      tensor x = layout.make(random, 1.0f, 1.0f), y = layout.make(random, 7.0f, 0.0f);
      auto forward = params_of<nk_row_norm_forward_params>(dtype, f);
      forward.x = layout.data(x);
      forward.y = layout.data(y);
      EXPECT_EQ(r.cuda_forward(&forward, nullptr), NK_OK);
      const std::int64_t begin =
          (static_cast<char*>(layout.data(y)) - static_cast<char*>(y.data())) / (dtype == NK_F32 ? 4 : 2);
      for (std::int64_t i = 0; i < y.count(); ++i) {
        const bool inside = i >= begin && i < begin + 2 * cols;
        ASSERT_TRUE(inside || y.get(i) == 7.0f) << cols << " columns, offset " << offset << ": " << i - begin;
      }
    }
  }
}

// What a plan promises: every row fits, the sums of its groups fit the workspace, and the shared memory a block's.
TEST(RowPlans, Hold) {
  const nk::cuda::device_facts devices[] = {{132, 227 * 1024, 16}, {132, 227 * 1024, 8}, {108, 163 * 1024, 1},
                                            {84, 99 * 1024, 1},    {4, 227 * 1024, 16},  {1, 99 * 1024, 1}};
  for (const auto& device : devices) {
    for (std::int64_t slots = 1; slots < 40000; slots += slots < 1100 ? 1 : 509) {
      for (const int tensors : {1, 2}) {
        const nk::cuda::row_plan plan = plan_in_registers(slots, tensors, device);
        EXPECT_TRUE(plan.slots == 0 || std::int64_t{plan.threads} * plan.slots * plan.cluster >= slots) << slots;
        EXPECT_LE(plan.cluster, device.cluster);
      }
      const nk::cuda::row_plan plan = backward_plan(slots, device);
      EXPECT_TRUE(plan.slots == 0 || std::int64_t{plan.threads} * plan.slots * plan.cluster >= slots) << slots;
      EXPECT_LE(plan.cluster, device.cluster);
      EXPECT_LE(backward_shared_bytes(plan) + (plan.threads <= 32 ? 9 * 1024 : 0), device.shared_bytes) << slots;
    }
    for (const std::int64_t rows : {1, 2, 31, 1000, 8192, 1 << 20}) {
      for (const std::int64_t cols : {1, 128, 1000, 4096, 12288, 70000, 300000}) {
        for (const int size : {2, 4}) {
          const nk::cuda::row_plan plan = backward_plan(nk::cuda::slots_of_row(cols, size), device);
          const std::int64_t groups = backward_groups(rows, plan, device);
          EXPECT_GE(groups, 1);
          EXPECT_LE(groups, rows);
          EXPECT_LE(groups, partial_rows_at_most(rows, cols, device));
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(EveryRoomAndDtype, CudaRows,
                         testing::Combine(testing::Values(0, 1), testing::Values(NK_F32, NK_F16, NK_BF16)));
// Of one size of element all are alike here.
INSTANTIATE_TEST_SUITE_P(EveryRoomAndSizeOfElement, CudaLongRows,
                         testing::Combine(testing::Values(0, 1), testing::Values(NK_F32, NK_BF16)));

}  // namespace
