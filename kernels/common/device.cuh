// The host side of a call: its stream, its device, and what became of it.
#pragma once

#include <normkernels/nk_cuda.h>

#include <cstdint>

#include "cuda_compat.cuh"

#if !defined(__CUDACC__)
#include "emulation/memory_emulation.h"
#else
inline const char* nk_emulation_error() {
  return "";
}
#endif

namespace nk {
namespace cuda {

inline cudaStream_t stream_of(nk_stream stream) {
  return static_cast<cudaStream_t>(stream);
}

// NK_OK, or NK_ERROR_CUDA with the error kept for nk_cuda_error.
nk_status status_of(cudaError_t error);

// What plans are made from. Of one type of device all are alike.
struct device_facts {
  int multiprocessors;
  int shared_bytes;  // that a block may have
  int cluster;       // blocks of the largest cluster; 1: no clusters
};

// Of the current device. Asked of CUDA once for each device: 20 ns from then on, most of it for which one is current.
nk_status facts_of_device(device_facts* facts);

// The workspace of backward over rows.
nk_status row_norm_workspace(std::int64_t rows, std::int64_t cols, const device_facts& device, std::uint64_t* size);

// On a device a call is one whole, of the one instruction set there is.
template <class Params>
nk_status check_whole_call(const Params& p) {
  if (p.isa != NK_ISA_BEST) return NK_ERROR_ISA;
  return p.stage == NK_STAGE_ALL && p.part_begin == 0 && p.part_end == 0 ? NK_OK : NK_ERROR_FLAGS;
}

// Blocks for so many items: all of them, or as many as a grid has.
inline unsigned blocks_for(std::int64_t items, int per_block) {
  const std::int64_t blocks = items / per_block + (items % per_block != 0 ? 1 : 0);
  constexpr std::int64_t kMost = 0x7fffffff;
  return static_cast<unsigned>(blocks < kMost ? blocks : kMost);
}

}  // namespace cuda
}  // namespace nk
