// The device side of clusters: blocks that run together and reach each other's shared memory.
//
//   cluster_rank(), cluster_size()    this block among those of its cluster; 0 and 1 in a plain launch
//   cluster_sync()                    a barrier of all threads of the cluster, ordering shared and global memory
//   cluster_shared(p, rank)           p, an address in this block's shared memory, in that of block `rank`
//
// Shared memory of others may be used from the first cluster_sync() on, since before it they may not have begun, and
// until its block exits: what is still read by others then must be followed by a cluster_sync().
#pragma once

#include "cuda_compat.cuh"

namespace nk {
namespace cuda {

// Blocks that a cluster has on no device more of.
constexpr int kMostClusterBlocks = 16;

}  // namespace cuda
}  // namespace nk

#if defined(__CUDACC__)

#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 900
#include <cooperative_groups.h>
#endif

namespace nk {
namespace cuda {

// Device code for architectures without clusters is compiled too but never launched as one: there a block is alone.
__device__ __forceinline__ unsigned cluster_rank() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
  return cooperative_groups::this_cluster().block_rank();
#else
  return 0;
#endif
}

__device__ __forceinline__ unsigned cluster_size() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
  return cooperative_groups::this_cluster().num_blocks();
#else
  return 1;
#endif
}

__device__ __forceinline__ void cluster_sync() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
  cooperative_groups::this_cluster().sync();
#else
  __syncthreads();
#endif
}

template <class T>
__device__ __forceinline__ T* cluster_shared(T* p, unsigned rank) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
  return cooperative_groups::this_cluster().map_shared_rank(p, static_cast<int>(rank));
#else
  static_cast<void>(rank);
  return p;
#endif
}

}  // namespace cuda
}  // namespace nk

#else

namespace nk {
namespace cuda {

inline unsigned cluster_rank() {
  return emu::cluster_rank();
}

inline unsigned cluster_size() {
  return emu::cluster_size();
}

inline void cluster_sync(emu::site where = {}) {
  emu::sync_cluster(where);
}

template <class T>
T* cluster_shared(T* p, unsigned rank, emu::site where = {}) {
  return static_cast<T*>(emu::map_shared(p, rank, where));
}

}  // namespace cuda
}  // namespace nk

#endif
