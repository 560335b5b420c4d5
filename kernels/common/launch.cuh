// Launching a kernel: the only place that does, so that the emulation has one place to stand in.
//
//   launch(kernel, grid, block, dynamic_shared_bytes, stream, args...)
//   launch_cluster(kernel, grid, block, cluster, dynamic_shared_bytes, stream, args...)
//   cluster_fits(kernel, block, cluster, dynamic_shared_bytes, &fits)
//
// Both launches return the status of this launch and leave no error behind for others in the process to find. Clusters
// of more than one block need compute capability 9.0; grid.x must be a multiple of `cluster`, the number of blocks side
// by side along x. cluster_fits: whether the device can run such a cluster at all.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "cluster.cuh"
#include "copy_async.cuh"
#include "cuda_compat.cuh"

#if defined(__CUDACC__)

namespace nk {
namespace cuda {

// A block has 48 KB of shared memory, static and dynamic together, unless it asks for more. What of it is static is not
// known here without asking the runtime, so a third of it is left alone.
constexpr std::size_t kSharedWithoutOptIn = 32 * 1024;

// What is asked of CUDA for a kernel on a device once: it takes half a microsecond. A number for each, in a table that
// is never full (some 500 are needed); if it were, CUDA would be asked again.
enum class request : unsigned { shared_memory, wide_cluster };

template <class Ask>
cudaError_t once_for_each(const void* kernel, request what, Ask&& ask) {
  int device = 0;
  cudaError_t status = cudaGetDevice(&device);
  if (status != cudaSuccess) return status;
  const std::uint64_t key = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(kernel)) << 8 |
                            static_cast<std::uint64_t>(device) << 1 | static_cast<std::uint64_t>(what);
  constexpr int kEntries = 2048;
  static std::atomic<std::uint64_t> done[kEntries];
  std::atomic<std::uint64_t>* free = nullptr;
  std::uint64_t at = key * 0x9e3779b97f4a7c15u >> 53;
  for (int i = 0; i < kEntries && free == nullptr; ++i, at = (at + 1) % kEntries) {
    const std::uint64_t found = done[at].load(std::memory_order_relaxed);
    if (found == key) return cudaSuccess;
    if (found == 0) free = done + at;
  }
  status = ask(device);
  std::uint64_t nobody = 0;
  if (status == cudaSuccess && free != nullptr) free->compare_exchange_strong(nobody, key, std::memory_order_relaxed);
  return status;
}

// A kernel that asks for more than usual may have all that the device has, always the same: the limit belongs to the
// kernel, and a thread that lowered it would fail another one's launch.
template <class... P>
cudaError_t opt_in(void (*kernel)(P...), std::size_t dynamic_shared_bytes) {
  if (dynamic_shared_bytes <= kSharedWithoutOptIn) return cudaSuccess;
  const void* const k = reinterpret_cast<const void*>(kernel);
  return once_for_each(k, request::shared_memory, [&](int device) {
    int most = 0;
    cudaFuncAttributes attributes = {};
    cudaError_t status = cudaDeviceGetAttribute(&most, cudaDevAttrMaxSharedMemoryPerBlockOptin, device);
    if (status == cudaSuccess) status = cudaFuncGetAttributes(&attributes, k);
    if (status != cudaSuccess) return status;
    return cudaFuncSetAttribute(k, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                most - static_cast<int>(attributes.sharedSizeBytes));
  });
}

// The caller gets the status. Left in the runtime as well, it would be taken for a failure of whatever comes next.
inline cudaError_t taken(cudaError_t status) {
  if (status != cudaSuccess) static_cast<void>(cudaGetLastError());
  return status;
}

// Not <<<>>>, whose status is that of whichever call failed last, in anybody's code.
template <class... P>
cudaError_t launch_exactly(void (*kernel)(P...), dim3 grid, dim3 block, std::size_t dynamic_shared_bytes,
                           cudaStream_t stream, P... args) {
  void* arguments[sizeof...(P) + 1] = {static_cast<void*>(&args)..., nullptr};
  return taken(
      cudaLaunchKernel(reinterpret_cast<const void*>(kernel), grid, block, arguments, dynamic_shared_bytes, stream));
}

template <class... P, class... A>
cudaError_t launch(void (*kernel)(P...), dim3 grid, dim3 block, std::size_t dynamic_shared_bytes, cudaStream_t stream,
                   A... args) {
  const cudaError_t status = opt_in(kernel, dynamic_shared_bytes);
  if (status != cudaSuccess) return taken(status);
  return launch_exactly<P...>(kernel, grid, block, dynamic_shared_bytes, stream, static_cast<P>(args)...);
}

// More than 8 blocks, which every device of compute capability 9.0 has, are for the device to allow.
template <class... P>
cudaError_t allow_cluster(void (*kernel)(P...), int cluster) {
  if (cluster <= 8) return cudaSuccess;
  const void* const k = reinterpret_cast<const void*>(kernel);
  return once_for_each(k, request::wide_cluster,
                       [&](int) { return cudaFuncSetAttribute(k, cudaFuncAttributeNonPortableClusterSizeAllowed, 1); });
}

inline cudaLaunchAttribute cluster_attribute(unsigned cluster) {
  cudaLaunchAttribute attribute = {};
  attribute.id = cudaLaunchAttributeClusterDimension;
  attribute.val.clusterDim.x = cluster;
  attribute.val.clusterDim.y = 1;
  attribute.val.clusterDim.z = 1;
  return attribute;
}

template <class... P, class... A>
cudaError_t launch_cluster(void (*kernel)(P...), dim3 grid, dim3 block, int cluster, std::size_t dynamic_shared_bytes,
                           cudaStream_t stream, A... args) {
  if (cluster == 1) return launch(kernel, grid, block, dynamic_shared_bytes, stream, args...);
  cudaError_t status = opt_in(kernel, dynamic_shared_bytes);
  if (status == cudaSuccess) status = allow_cluster(kernel, cluster);
  if (status != cudaSuccess) return taken(status);
  cudaLaunchAttribute attribute = cluster_attribute(static_cast<unsigned>(cluster));
  cudaLaunchConfig_t config = {};
  config.gridDim = grid;
  config.blockDim = block;
  config.dynamicSmemBytes = dynamic_shared_bytes;
  config.stream = stream;
  config.attrs = &attribute;
  config.numAttrs = 1;
  return taken(cudaLaunchKernelEx(&config, kernel, static_cast<P>(args)...));
}

template <class... P>
cudaError_t cluster_fits(void (*kernel)(P...), dim3 block, int cluster, std::size_t dynamic_shared_bytes, bool* fits) {
  cudaError_t status = opt_in(kernel, dynamic_shared_bytes);
  if (status == cudaSuccess) status = allow_cluster(kernel, cluster);
  int clusters = 0;
  if (status == cudaSuccess) {
    cudaLaunchAttribute attribute = cluster_attribute(static_cast<unsigned>(cluster));
    cudaLaunchConfig_t config = {};
    config.gridDim = dim3(static_cast<unsigned>(cluster));
    config.blockDim = block;
    config.dynamicSmemBytes = dynamic_shared_bytes;
    config.attrs = &attribute;
    config.numAttrs = 1;
    status = cudaOccupancyMaxActiveClusters(&clusters, kernel, &config);
  }
  *fits = status == cudaSuccess && clusters > 0;
  // A size that the device does not know is an answer too.
  if (status == cudaErrorInvalidValue || status == cudaErrorInvalidClusterSize) {
    static_cast<void>(cudaGetLastError());
    return cudaSuccess;
  }
  return taken(status);
}

// Whether what is known of a device stays true.
constexpr bool kDevicesStayTheSame = true;

}  // namespace cuda
}  // namespace nk

#else

#include "emulation/launch_emulation.h"

#endif
