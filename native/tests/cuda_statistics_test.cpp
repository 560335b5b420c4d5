// The statistics of a batch without its normalized values, by the CUDA kernels in the emulation.
#include <normkernels/nk_batch_norm.h>
#include <normkernels/nk_cuda.h>

#include "cuda_support.h"

namespace {

using nk_test::tensor;

struct form {
  std::int64_t batch, channels, spatial;
  int layout;

  std::int64_t count() const { return batch * channels * spatial; }
};

nk_channel_norm_forward_params call_of(const form& f, int dtype, tensor& x) {
  nk_channel_norm_forward_params p = {};
  p.struct_size = sizeof p;
  p.dtype = dtype;
  p.param_dtype = dtype;
  p.layout = f.layout;
  p.batch = f.batch;
  p.channels = f.channels;
  p.spatial = f.spatial;
  p.epsilon = 1e-5;
  p.momentum = 0.25;
  p.x = x.data();
  return p;
}

class CudaStatistics : public testing::TestWithParam<int> {};

// Of slices that a block holds whole, and in parts; of runs and of columns.
TEST_P(CudaStatistics, HaveTheBitsOfForward) {
  const form forms[] = {{2, 3, 4, NK_CHANNELS_FIRST},
                        {5, 7, 300, NK_CHANNELS_FIRST},
                        {3, 2, 20000, NK_CHANNELS_FIRST},
                        {4, 70, 3, NK_CHANNELS_LAST},
                        {2, 5, 9000, NK_CHANNELS_LAST}};
  for (const form& f : forms) {
    tensor x(GetParam(), f.count()), y(GetParam(), f.count());
    std::mt19937 random(3);
    x.fill(random, 3.0f, 2.0f);
    std::uint64_t size = 0;
    EXPECT_EQ(nk_cuda_channel_norm_workspace_size(f.batch, f.channels, f.spatial, 0, f.layout, 1, &size), NK_OK);
    std::vector<unsigned char> workspace(size);
    std::vector<float> found[2];
    for (const bool alone : {false, true}) {
      std::vector<float>& statistics = found[alone];
      statistics.assign(static_cast<std::size_t>(4 * f.channels), 3.0f);
      nk_channel_norm_forward_params p = call_of(f, GetParam(), x);
      p.y = alone ? nullptr : y.data();
      p.mean = statistics.data();
      p.rstd = p.mean + f.channels;
      p.running_mean = p.rstd + f.channels;
      p.running_var = p.running_mean + f.channels;
      p.workspace = workspace.data();
      p.workspace_size = size;
      EXPECT_EQ(nk_cuda_batch_norm_forward(&p, nullptr), NK_OK) << nk_cuda_error();
    }
    for (std::size_t i = 0; i < found[0].size(); ++i) {
      ASSERT_NE(found[0][i], 3.0f);
      ASSERT_TRUE(nk_test::same_bits(found[0][i], found[1][i])) << f.batch << " x " << f.channels << ", " << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(EveryDtype, CudaStatistics, testing::Values(NK_F32, NK_F16, NK_BF16));

TEST(CudaStatisticsRefusals, NothingToWrite) {
  const form f = {2, 3, 4, NK_CHANNELS_FIRST};
  tensor x(NK_F32, f.count());
  const nk_channel_norm_forward_params p = call_of(f, NK_F32, x);
  EXPECT_EQ(nk_batch_norm_forward(&p), NK_ERROR_NULL);
  EXPECT_EQ(nk_cuda_batch_norm_forward(&p, nullptr), NK_ERROR_NULL);
}

}  // namespace
