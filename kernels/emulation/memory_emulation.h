// The names of the CUDA runtime that common/device.cu uses: memory, streams, and what the device and its software are.
// Device memory is the heap; what was allocated is remembered, so that a pointer to the host can be told from one to
// the device.
#pragma once

#include <cstddef>

#include "runtime_emulation.h"

struct cudaDeviceProp {
  char name[256];
  int major;
  int minor;
  int multiProcessorCount;
  std::size_t totalGlobalMem;
};

enum cudaMemoryType { cudaMemoryTypeUnregistered, cudaMemoryTypeHost, cudaMemoryTypeDevice, cudaMemoryTypeManaged };

struct cudaPointerAttributes {
  cudaMemoryType type;
  int device;
};

constexpr unsigned cudaStreamNonBlocking = 1;

#define CUDART_VERSION 12000

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* found, int device);
cudaError_t cudaMallocAsync(void** p, std::size_t bytes, cudaStream_t);
cudaError_t cudaFreeAsync(void* p, cudaStream_t);
cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* found, const void* p);
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags);
cudaError_t cudaStreamDestroy(cudaStream_t stream);
cudaError_t cudaDriverGetVersion(int* version);
const char* cudaGetErrorName(cudaError_t error);

// What went wrong in the last launch of this thread, in words.
const char* nk_emulation_error();
