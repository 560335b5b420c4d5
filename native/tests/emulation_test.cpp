// The emulation of CUDA: that it computes what CUDA would, and that it shows what a GPU would hide.
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "common/launch.cuh"
#include "core/dtype.h"

namespace {

using nk::cuda::launch;
using nk::cuda::launch_cluster;

constexpr nk::emu::order kOrders[] = {nk::emu::order::ascending, nk::emu::order::descending};

std::vector<float> counted(std::size_t n) {
  std::vector<float> x(n);
  for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<float>(i);
  return x;
}

bool same(const std::vector<float>& a, const std::vector<float>& b) {
  return std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

// What `y` of so many elements is after run(y), once for each order.
template <class Run>
std::vector<std::vector<float>> in_both_orders(std::size_t n, Run&& run) {
  std::vector<std::vector<float>> results;
  for (const nk::emu::order o : kOrders) {
    nk::emu::set_order(o);
    results.emplace_back(n, -1.0f);
    EXPECT_EQ(run(results.back().data()), cudaSuccess) << nk::emu::last_error();
  }
  nk::emu::set_order(nk::emu::order::ascending);
  return results;
}

// The status of a launch that must fail, in both orders, and what is said about it in the last.
template <class Run>
std::string failure(Run&& run) {
  for (const nk::emu::order o : kOrders) {
    nk::emu::set_order(o);
    EXPECT_EQ(run(), cudaErrorLaunchFailure);
    EXPECT_STRNE(nk::emu::last_error(), "");
  }
  nk::emu::set_order(nk::emu::order::ascending);
  return nk::emu::last_error();
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

__device__ float sum_of_warp(float v) {
  for (int lanes = 16; lanes > 0; lanes /= 2) v += __shfl_xor_sync(0xffffffffu, v, lanes);
  return v;
}

__global__ void sum_by_shuffles(const float* x, float* y) {
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  y[i] = sum_of_warp(x[i]);
}

TEST(Emulation, SumsByShuffles) {
  const std::vector<float> x = counted(96);
  for (const auto& y :
       in_both_orders(96, [&](float* out) { return launch(sum_by_shuffles, 3, 32, 0, nullptr, x.data(), out); })) {
    for (std::size_t i = 0; i < 96; ++i) EXPECT_EQ(y[i], 496.0f + 1024.0f * static_cast<float>(i / 32));
  }
}

template <bool Barrier>
__global__ void sum_by_shared_memory(const float* x, float* y) {
  NK_SHARED(float, parts, 256);
  const unsigned t = threadIdx.x;
  parts[t] = x[blockIdx.x * 256 + t];
  for (unsigned half = 128; half > 0; half /= 2) {
    if (Barrier) __syncthreads();
    if (t < half) parts[t] += parts[t + half];
  }
  if (t == 0) y[blockIdx.x] = parts[0];
}

TEST(Emulation, SumsBySharedMemory) {
  const std::vector<float> x = counted(1024);
  for (const auto& y : in_both_orders(
           4, [&](float* out) { return launch(sum_by_shared_memory<true>, 4, 256, 0, nullptr, x.data(), out); })) {
    for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(y[i], 32640.0f + 65536.0f * static_cast<float>(i));
  }
}

TEST(Emulation, MissingBarrierShows) {
  const std::vector<float> x = counted(1024);
  const auto y = in_both_orders(
      4, [&](float* out) { return launch(sum_by_shared_memory<false>, 4, 256, 0, nullptr, x.data(), out); });
  EXPECT_FALSE(same(y[0], y[1]));
}

// The mistake of a block reduction that is used twice: the second writes where slow threads still read the first.
template <bool Barrier>
__global__ void two_sums(const float* x, float* y) {
  NK_SHARED(float, parts, 4);
  for (int pass = 0; pass < 2; ++pass) {
    const float sum = sum_of_warp(x[threadIdx.x] * static_cast<float>(pass + 1));
    if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = sum;
    __syncthreads();
    y[pass * 128 + static_cast<int>(threadIdx.x)] = parts[0] + parts[1] + parts[2] + parts[3];
    if (Barrier) __syncthreads();
  }
}

TEST(Emulation, MissingBarrierBeforeReuseShows) {
  const std::vector<float> x = counted(128);
  const auto right =
      in_both_orders(256, [&](float* out) { return launch(two_sums<true>, 1, 128, 0, nullptr, x.data(), out); });
  EXPECT_TRUE(same(right[0], right[1]));
  EXPECT_EQ(right[0][0], 8128.0f);
  EXPECT_EQ(right[0][255], 16256.0f);
  const auto wrong =
      in_both_orders(256, [&](float* out) { return launch(two_sums<false>, 1, 128, 0, nullptr, x.data(), out); });
  EXPECT_FALSE(same(wrong[0], wrong[1]));
}

__global__ void read_unwritten(float* y) {
  NK_SHARED(float, a, 8);
  NK_DYNAMIC_SHARED(float, b);
  y[2 * blockIdx.x] = a[7];
  y[2 * blockIdx.x + 1] = b[7];
  a[7] = b[7] = 1.0f;
}

TEST(Emulation, SharedMemoryIsPoisonedBeforeEveryBlock) {
  for (const auto& y : in_both_orders(6, [](float* out) { return launch(read_unwritten, 3, 1, 32, nullptr, out); })) {
    for (const float v : y) EXPECT_TRUE(std::isnan(v));
  }
}

// Two arrays of one shape are two arrays, and a device function has the same one whoever calls it.
__device__ float* an_array() {
  NK_SHARED(float, array, 4);
  return array;
}

__global__ void three_arrays(float* y) {
  NK_SHARED(float, first, 4);
  NK_SHARED(float, second, 4);
  first[threadIdx.x] = 1.0f;
  second[threadIdx.x] = 2.0f;
  if (threadIdx.x == 0) an_array()[0] = 3.0f;
  __syncthreads();
  y[threadIdx.x] = first[3 - threadIdx.x] + 10.0f * second[3 - threadIdx.x] + 100.0f * an_array()[0];
}

TEST(Emulation, EveryDeclarationIsAnArray) {
  for (const auto& y : in_both_orders(4, [](float* out) { return launch(three_arrays, 1, 4, 0, nullptr, out); })) {
    for (const float v : y) EXPECT_EQ(v, 321.0f);
  }
}

__global__ void some_wait() {
  if (threadIdx.x >= 40) return;
  __syncthreads();
}

__global__ void wait_apart() {
  if (threadIdx.x < 32) {
    __syncthreads();
  } else {
    __syncthreads();
  }
}

__global__ void wait_at_shuffle(float* y) {
  if (threadIdx.x % 32 < 31) *y = __shfl_sync(0xffffffffu, 1.0f, 0);
  __syncthreads();
}

__global__ void not_in_its_mask(float* y) {
  *y = __shfl_xor_sync(0xffffu, 1.0f, 1);
}

TEST(Emulation, DivergenceIsReported) {
  const std::string ended = failure([] { return launch(some_wait, dim3(1, 2), 64, 0, nullptr); });
  EXPECT_TRUE(contains(ended, "threads 0-39 wait at the barrier in emulation_test.cpp:")) << ended;
  EXPECT_TRUE(contains(ended, "threads 40-63 have ended")) << ended;
  EXPECT_TRUE(contains(ended, "block (0,1,0) of grid (1,2,1)")) << ended;
#if defined(__linux__)
  EXPECT_TRUE(contains(ended, "kernel (anonymous namespace)::some_wait cannot go on")) << ended;
#endif
  const std::string apart = failure([] { return launch(wait_apart, 1, 64, 0, nullptr); });
  EXPECT_TRUE(contains(apart, "threads 0-31 wait") && contains(apart, "threads 32-63 wait")) << apart;
  float y = 0.0f;
  const std::string shuffle = failure([&] { return launch(wait_at_shuffle, 1, 32, 0, nullptr, &y); });
  EXPECT_TRUE(contains(shuffle, "threads 0-30 wait at the shuffle of lanes 0xffffffff")) << shuffle;
  EXPECT_TRUE(contains(shuffle, "thread 31 wait at the barrier")) << shuffle;
  const std::string mask = failure([&] { return launch(not_in_its_mask, 1, 32, 0, nullptr, &y); });
  EXPECT_TRUE(contains(mask, "a lane that is not in its own mask")) << mask;
  // What follows a failure is not affected by it.
  const std::vector<float> x = counted(32);
  std::vector<float> sums(32);
  EXPECT_EQ(launch(sum_by_shuffles, 1, 32, 0, nullptr, x.data(), sums.data()), cudaSuccess);
  EXPECT_EQ(sums[7], 496.0f);
  EXPECT_STREQ(nk::emu::last_error(), "");
}

__global__ void shuffles(std::int64_t* y) {
  const int t = static_cast<int>(threadIdx.x);
  const double half = t + 0.5;
  std::int64_t* mine = y + t * 8;
  mine[0] = __shfl_down_sync(0xffffffffu, t, 3, 8);
  mine[1] = __shfl_up_sync(0xffffffffu, t, 3u, 8);
  mine[2] = __shfl_xor_sync(0xffffffffu, t, 9, 8);
  mine[3] = __shfl_sync(0xffffffffu, static_cast<long long>(t) << 40, 9, 8);
  mine[4] = static_cast<std::int64_t>(2.0 * __shfl_xor_sync(0xffffffffu, half, 1));
  mine[5] = __ballot_sync(0xffffffffu, t % 2);
  // The halves of a warp on their own, one with one shuffle more than the other.
  if (t < 16) {
    mine[6] = __shfl_xor_sync(0xffffu, t, 15);
    mine[6] = __shfl_xor_sync(0xffffu, static_cast<int>(mine[6]), 1);
  } else {
    mine[6] = __shfl_xor_sync(0xffff0000u, t, 15);
  }
  mine[7] = __any_sync(0xffffffffu, t == 9) * 2 + __all_sync(0xffffffffu, t < 31);
}

TEST(Emulation, ShufflesAsDefined) {
  for (const nk::emu::order o : kOrders) {
    nk::emu::set_order(o);
    std::vector<std::int64_t> y(256);
    ASSERT_EQ(launch(shuffles, 1, 32, 0, nullptr, y.data()), cudaSuccess) << nk::emu::last_error();
    for (int t = 0; t < 32; ++t) {
      const std::int64_t* mine = y.data() + t * 8;
      EXPECT_EQ(mine[0], t % 8 + 3 < 8 ? t + 3 : t);
      EXPECT_EQ(mine[1], t % 8 >= 3 ? t - 3 : t);
      EXPECT_EQ(mine[2], (t ^ 9) < t / 8 * 8 + 8 ? t ^ 9 : t);
      EXPECT_EQ(mine[3], (t / 8 * 8 + std::int64_t{1}) << 40);
      EXPECT_EQ(mine[4], 2 * (t ^ 1) + 1);
      EXPECT_EQ(mine[5], 0xaaaaaaaa);
      EXPECT_EQ(mine[6], t < 16 ? t ^ 14 : t ^ 15);
      EXPECT_EQ(mine[7], 2);
    }
  }
  nk::emu::set_order(nk::emu::order::ascending);
}

TEST(Emulation, LanesThatDoNotTakePartGiveNaN) {
  const std::vector<float> x = counted(16);
  for (const auto& y :
       in_both_orders(16, [&](float* out) { return launch(sum_by_shuffles, 1, 16, 0, nullptr, x.data(), out); })) {
    for (const float v : y) EXPECT_TRUE(std::isnan(v));
  }
}

__global__ void sum_of_cluster(const float* x, float* y, unsigned blocks_that_stay) {
  NK_SHARED(float, part, 1);
  NK_DYNAMIC_SHARED(float, copy);
  const float sum = sum_of_warp(x[blockIdx.x * 32 + threadIdx.x]);
  if (threadIdx.x == 0) part[0] = copy[1] = sum;
  if (nk::cuda::cluster_rank() >= blocks_that_stay) return;
  nk::cuda::cluster_sync();
  float total = 0.0f, again = 0.0f;
  for (unsigned rank = 0; rank < nk::cuda::cluster_size(); ++rank) {
    total += *nk::cuda::cluster_shared(part, rank);
    again += nk::cuda::cluster_shared(copy, rank)[1];
  }
  nk::cuda::cluster_sync();
  part[0] = copy[1] = 0.0f;
  y[blockIdx.x * 32 + threadIdx.x] = total == again ? total : -1.0f;
}

TEST(Emulation, SumsOverClusters) {
  const std::vector<float> x = counted(256);
  for (const auto& y : in_both_orders(
           256, [&](float* out) { return launch_cluster(sum_of_cluster, 8, 32, 4, 8, nullptr, x.data(), out, 4u); })) {
    for (std::size_t i = 0; i < 256; ++i) EXPECT_EQ(y[i], i < 128 ? 8128.0f : 24512.0f);
  }
  // Outside of one, a block is a cluster of its own.
  for (const auto& y :
       in_both_orders(32, [&](float* out) { return launch(sum_of_cluster, 1, 32, 8, nullptr, x.data(), out, 1u); })) {
    EXPECT_EQ(y[5], 496.0f);
  }
  std::vector<float> y(256);
  const std::string left =
      failure([&] { return launch_cluster(sum_of_cluster, 8, 32, 4, 8, nullptr, x.data(), y.data(), 3u); });
  EXPECT_TRUE(contains(left, "threads 0-31 wait at the cluster's barrier")) << left;
}

// What lies in another block is neither there before it has begun nor after it has ended.
__global__ void reach_too_far(float* y, bool early) {
  NK_SHARED(float, part, 1);
  if (!early) {
    if (threadIdx.x == 0) part[0] = 1.0f;
    nk::cuda::cluster_sync();
    if (nk::cuda::cluster_rank() == 0) return;
  }
  y[0] = *nk::cuda::cluster_shared(part, 0);
}

TEST(Emulation, ClustersReachOneAnotherWhileAllOfThemAreThere) {
  float y = 0.0f;
  nk::emu::set_order(nk::emu::order::ascending);
  EXPECT_EQ(launch_cluster(reach_too_far, 2, 32, 2, 0, nullptr, &y, true), cudaErrorLaunchFailure);
  EXPECT_TRUE(contains(nk::emu::last_error(), "may not have begun")) << nk::emu::last_error();
  EXPECT_EQ(launch_cluster(reach_too_far, 2, 32, 2, 0, nullptr, &y, false), cudaErrorLaunchFailure);
  EXPECT_TRUE(contains(nk::emu::last_error(), "may have ended")) << nk::emu::last_error();
}

TEST(Emulation, IsWhicheverTypeOfDeviceIsAskedFor) {
  nk::emu::set_device({1, 99 * 1024});
  int major = 0, shared = 0;
  EXPECT_EQ(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, 0), cudaSuccess);
  EXPECT_EQ(cudaDeviceGetAttribute(&shared, cudaDevAttrMaxSharedMemoryPerBlockOptin, 0), cudaSuccess);
  EXPECT_EQ(major, 8);
  EXPECT_EQ(shared, 99 * 1024);
  float y = 0.0f;
  EXPECT_EQ(launch_cluster(reach_too_far, 2, 32, 2, 0, nullptr, &y, true), cudaErrorInvalidConfiguration);
  EXPECT_EQ(launch(reach_too_far, 1, 32, 100 * 1024, nullptr, &y, true), cudaErrorInvalidValue);
  nk::emu::set_device({16, 227 * 1024});
}

// Two buffers of 16 bytes a thread, the next one under way while this one is summed.
template <int Wait>
__global__ void sum_ahead(const float4* x, float* y, int steps) {
  NK_SHARED(float4, buffers, 2 * 32);
  const int t = static_cast<int>(threadIdx.x);
  nk::cuda::copy_async_16(buffers + t, x + t);
  nk::cuda::copy_async_commit();
  float sum = 0.0f;
  for (int step = 0; step < steps; ++step) {
    if (step + 1 < steps) nk::cuda::copy_async_16(buffers + (step + 1) % 2 * 32 + t, x + (step + 1) * 32 + t);
    nk::cuda::copy_async_commit();
    nk::cuda::copy_async_wait<Wait>();
    const float4 v = buffers[step % 2 * 32 + t];
    sum += v.x + v.y + v.z + v.w;
  }
  y[t] = sum;
}

// 8 of 16 bytes, which are all that may be read.
__global__ void copy_half(const float* x, float* y) {
  NK_SHARED(float4, to, 1);
  nk::cuda::copy_async_16(to, x, 8);
  nk::cuda::copy_async_commit();
  nk::cuda::copy_async_wait<0>();
  y[0] = to->x, y[1] = to->y, y[2] = to->z, y[3] = to->w;
}

__global__ void copy_misaligned(const float* x) {
  NK_SHARED(float4, to, 1);
  nk::cuda::copy_async_16(to, x + 1);
}

TEST(Emulation, AsynchronousCopiesArriveAtTheWait) {
  alignas(16) float x[5 * 128];
  for (int i = 0; i < 5 * 128; ++i) x[i] = static_cast<float>(i);
  const float4* quads = reinterpret_cast<const float4*>(x);
  for (const auto& y :
       in_both_orders(32, [&](float* out) { return launch(sum_ahead<1>, 1, 32, 0, nullptr, quads, out, 5); })) {
    for (int t = 0; t < 32; ++t)
      EXPECT_EQ(y[static_cast<std::size_t>(t)], 5.0f * (16.0f * static_cast<float>(t) + 6.0f) + 5120.0f);
  }
  for (const auto& y : in_both_orders(4, [&](float* out) { return launch(copy_half, 1, 1, 0, nullptr, x + 4, out); })) {
    EXPECT_EQ(y, (std::vector<float>{4.0f, 5.0f, 0.0f, 0.0f}));
  }
  // A wait that leaves one group too many is no wait.
  for (const auto& y :
       in_both_orders(32, [&](float* out) { return launch(sum_ahead<2>, 1, 32, 0, nullptr, quads, out, 5); })) {
    for (const float v : y) EXPECT_TRUE(std::isnan(v));
  }
  const std::string text = failure([&] { return launch(copy_misaligned, 1, 1, 0, nullptr, x); });
  EXPECT_TRUE(contains(text, "no multiple of 16")) << text;
}

__global__ void write_dynamic(int bytes) {
  NK_DYNAMIC_SHARED(unsigned char, p);
  for (int i = 0; i < bytes; ++i) p[i] = 1;
}

__global__ void too_much_static(float* y) {
  NK_SHARED(float, a, 8 * 1024);
  NK_SHARED(float, b, 8 * 1024);
  a[0] = b[0] = 0.0f;
  *y = a[0];
}

TEST(Emulation, SharedMemoryHasBounds) {
  EXPECT_EQ(launch(write_dynamic, 1, 1, 227 * 1024, nullptr, 227 * 1024), cudaSuccess);
  EXPECT_EQ(launch(write_dynamic, 1, 1, 227 * 1024 + 1, nullptr, 0), cudaErrorInvalidValue);
  float y = 0.0f;
  const std::string text = failure([&] { return launch(too_much_static, 1, 1, 0, nullptr, &y); });
  EXPECT_TRUE(contains(text, "more shared memory than a block can have")) << text;
#if defined(__SANITIZE_ADDRESS__)
  EXPECT_DEATH(launch(write_dynamic, 1, 1, 100, nullptr, 101), "heap-buffer-overflow");
#endif
}

__global__ void count_threads(unsigned* counts, unsigned* last) {
  const unsigned block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
  const unsigned thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
  atomicAdd(counts + block * (blockDim.x * blockDim.y * blockDim.z) + thread, 1u);
  __threadfence();
  if (thread == 0 && atomicAdd(last, 1u) == gridDim.x * gridDim.y * gridDim.z - 1) *last = 1000;
}

TEST(Emulation, EveryThreadOfTheGridRunsOnce) {
  for (const nk::emu::order o : kOrders) {
    nk::emu::set_order(o);
    std::vector<unsigned> counts(5 * 3 * 2 * 7 * 5 * 3, 0u);
    unsigned last = 0;
    ASSERT_EQ(launch(count_threads, dim3(5, 3, 2), dim3(7, 5, 3), 0, nullptr, counts.data(), &last), cudaSuccess);
    for (const unsigned c : counts) EXPECT_EQ(c, 1u);
    EXPECT_EQ(last, 1000u);
  }
  nk::emu::set_order(nk::emu::order::ascending);
  std::vector<unsigned> counts(70000, 0u);
  unsigned last = 0;
  ASSERT_EQ(launch(count_threads, 70000, 1, 0, nullptr, counts.data(), &last), cudaSuccess);
  for (const unsigned c : counts) EXPECT_EQ(c, 1u);
}

__global__ void nothing() {}

TEST(Emulation, ShapesThatCudaRefuses) {
  const auto status = [](dim3 grid, dim3 block) { return launch(nothing, grid, block, 0, nullptr); };
  EXPECT_EQ(status(dim3(1, 65535, 1), 1), cudaSuccess);
  EXPECT_EQ(status(1, 1024), cudaSuccess);
  EXPECT_EQ(status(dim3(1, 65536, 1), 1), cudaErrorInvalidConfiguration);
  EXPECT_EQ(status(dim3(1, 1, 65536), 1), cudaErrorInvalidConfiguration);
  EXPECT_EQ(status(dim3(0x80000000u), 1), cudaErrorInvalidConfiguration);
  EXPECT_EQ(status(0, 1), cudaErrorInvalidConfiguration);
  EXPECT_EQ(status(1, 0), cudaErrorInvalidConfiguration);
  EXPECT_EQ(status(1, 1025), cudaErrorInvalidConfiguration);
  EXPECT_EQ(status(1, dim3(1, 1, 65)), cudaErrorInvalidConfiguration);
  EXPECT_EQ(launch_cluster(nothing, 3, 1, 2, 0, nullptr), cudaErrorInvalidConfiguration);
  EXPECT_EQ(launch_cluster(nothing, 34, 1, 17, 0, nullptr), cudaErrorInvalidConfiguration);
}

__global__ void change_argument(nk::bf16 v, int n, float* y) {
  n += static_cast<int>(threadIdx.x);
  __syncthreads();
  y[threadIdx.x] = nk::to_float(v) * static_cast<float>(n);
}

TEST(Emulation, EveryThreadHasItsOwnArguments) {
  for (const auto& y : in_both_orders(64, [](float* out) {
         nk::bf16 two;
         nk::from_float(2.0f, &two);
         return launch(change_argument, 1, 64, 0, nullptr, two, 5, out);
       })) {
    for (std::size_t t = 0; t < 64; ++t) EXPECT_EQ(y[t], 2.0f * static_cast<float>(5 + t));
  }
}

TEST(Emulation, LaunchesOfSeveralThreadsRunSideBySide) {
  const std::vector<float> x = counted(128);
  std::vector<std::thread> threads;
  std::vector<int> failures(4, 0);
  for (std::size_t i = 0; i < failures.size(); ++i) {
    threads.emplace_back([&x, &failed = failures[i]] {
      for (int round = 0; round < 50; ++round) {
        std::vector<float> y(256, -1.0f);
        const bool good = launch(two_sums<true>, 1, 128, 0, nullptr, x.data(), y.data()) == cudaSuccess;
        if (!good || y[0] != 8128.0f || y[255] != 16256.0f) ++failed;
        if (launch(some_wait, 1, 64, 0, nullptr) != cudaErrorLaunchFailure) ++failed;
      }
    });
  }
  for (std::thread& t : threads) t.join();
  for (const int failed : failures) EXPECT_EQ(failed, 0);
}

}  // namespace
