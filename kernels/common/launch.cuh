// Launching a kernel: the only place that does, so that the emulation has one place to stand in.
//
//   launch(kernel, grid, block, dynamic_shared_bytes, stream, args...)
//   launch_cluster(kernel, grid, block, cluster, dynamic_shared_bytes, stream, args...)
//
// Both return the status of this launch and leave no error behind for others in the process to find. launch_cluster
// needs compute capability 9.0; grid.x must be a multiple of `cluster`, the number of blocks side by side along x.
#pragma once

#include <cstddef>

#include "cluster.cuh"
#include "copy_async.cuh"
#include "cuda_compat.cuh"

#if defined(__CUDACC__)

namespace nk {
namespace cuda {

// A block has 48 KB of shared memory, static and dynamic together, unless it asks for more. What of it is static is not
// known here without asking the runtime, so a third of it is left alone.
constexpr std::size_t kSharedWithoutOptIn = 32 * 1024;

// What a kernel that asks for more asks for, always the same: the limit belongs to the kernel, and a thread that
// lowered it would fail another one's launch. Every device from compute capability 8.0 on has 99 KB.
constexpr std::size_t kSharedWithOptIn = 96 * 1024;

template <class... P>
cudaError_t opt_in(void (*kernel)(P...), std::size_t dynamic_shared_bytes) {
  if (dynamic_shared_bytes <= kSharedWithoutOptIn) return cudaSuccess;
  if (dynamic_shared_bytes > kSharedWithOptIn) return cudaErrorInvalidValue;
  return cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel), cudaFuncAttributeMaxDynamicSharedMemorySize,
                              static_cast<int>(kSharedWithOptIn));
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

template <class... P, class... A>
cudaError_t launch_cluster(void (*kernel)(P...), dim3 grid, dim3 block, unsigned cluster,
                           std::size_t dynamic_shared_bytes, cudaStream_t stream, A... args) {
  cudaError_t status = opt_in(kernel, dynamic_shared_bytes);
  if (status == cudaSuccess && cluster > 8) {  // 8 is what every device of compute capability 9.0 has
    status =
        cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel), cudaFuncAttributeNonPortableClusterSizeAllowed, 1);
  }
  if (status != cudaSuccess) return taken(status);
  cudaLaunchAttribute attribute = {};
  attribute.id = cudaLaunchAttributeClusterDimension;
  attribute.val.clusterDim.x = cluster;
  attribute.val.clusterDim.y = 1;
  attribute.val.clusterDim.z = 1;
  cudaLaunchConfig_t config = {};
  config.gridDim = grid;
  config.blockDim = block;
  config.dynamicSmemBytes = dynamic_shared_bytes;
  config.stream = stream;
  config.attrs = &attribute;
  config.numAttrs = 1;
  return taken(cudaLaunchKernelEx(&config, kernel, static_cast<P>(args)...));
}

}  // namespace cuda
}  // namespace nk

#else

#include "emulation/launch_emulation.h"

#endif
