// The emulation of CUDA: that it computes what CUDA would, and that it shows what CUDA would hide.
#include <vector>

#include <gtest/gtest.h>

#include "common/launch.cuh"

namespace {

__global__ void sum_by_shuffles(const float* x, float* y) {
  float sum = x[blockIdx.x * 32 + threadIdx.x];
  for (int lanes = 16; lanes > 0; lanes /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, lanes);
  y[blockIdx.x * 32 + threadIdx.x] = sum;
}

TEST(Emulation, SumsByShuffles) {
  std::vector<float> x(96), y(96);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i);
  ASSERT_EQ(nk::cuda::launch(sum_by_shuffles, 3, 32, 0, nullptr, x.data(), y.data()), cudaSuccess);
  for (std::size_t i = 0; i < x.size(); ++i) EXPECT_EQ(y[i], 496.0f + 1024.0f * static_cast<float>(i / 32));
}

}  // namespace
