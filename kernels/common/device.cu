// The device side of the C ABI that is not a norm: what there is, memory, streams, errors.
#include "common/device.cuh"

#include <atomic>
#include <cstdio>
#include <cstring>

#include <normkernels/nk_runtime.h>

#include "core/entry.h"
#include "launch.cuh"
#include "row_norm_plan.cuh"

namespace nk {
namespace cuda {
namespace {

thread_local char last_error[512] = "cudaSuccess: no error";

// A cluster must fit however much shared memory its blocks have.
__global__ void nothing() {}

cudaError_t ask(int device, device_facts* facts) {
  int major = 0;
  cudaError_t status = cudaDeviceGetAttribute(&facts->multiprocessors, cudaDevAttrMultiProcessorCount, device);
  if (status == cudaSuccess) {
    status = cudaDeviceGetAttribute(&facts->shared_bytes, cudaDevAttrMaxSharedMemoryPerBlockOptin, device);
  }
  if (status == cudaSuccess) status = cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device);
  if (status != cudaSuccess) return status;
  facts->cluster = 1;
  if (major < 9) return cudaSuccess;
  for (int blocks = kMostClusterBlocks; blocks > 1; blocks /= 2) {
    bool fits = false;
    status = cluster_fits(nothing, dim3(512), blocks, static_cast<std::size_t>(facts->shared_bytes), &fits);
    if (status != cudaSuccess) return status;
    if (fits) {
      facts->cluster = blocks;
      break;
    }
  }
  return cudaSuccess;
}

// For each device its three facts in a number, 0 as long as nobody has asked. No thread waits for another: at worst
// some ask at the same time.
constexpr int kRememberedDevices = 64;
std::atomic<std::uint64_t> remembered[kRememberedDevices];

}  // namespace

nk_status status_of(cudaError_t error) {
  if (error == cudaSuccess) return NK_OK;
  // The caller learns of it here. Left in the runtime as well, it would be taken for a failure of somebody's next call.
  static_cast<void>(cudaGetLastError());
  const char* const more = nk_emulation_error();
  std::snprintf(last_error, sizeof last_error, "%s: %s%s%s", cudaGetErrorName(error), cudaGetErrorString(error),
                *more != '\0' ? ": " : "", more);
  return NK_ERROR_CUDA;
}

nk_status facts_of_device(device_facts* facts) {
  int device = 0;
  const cudaError_t found = cudaGetDevice(&device);
  if (found != cudaSuccess) return status_of(found);
  const bool remembers = kDevicesStayTheSame && device >= 0 && device < kRememberedDevices;
  const std::uint64_t known = remembers ? remembered[device].load(std::memory_order_relaxed) : 0;
  if (known != 0) {
    *facts = {static_cast<int>(known >> 40), static_cast<int>(known >> 8 & 0xffffffffu),
              static_cast<int>(known & 0xffu)};
    return NK_OK;
  }
  const nk_status status = status_of(ask(device, facts));
  if (status == NK_OK && remembers) {
    remembered[device].store(static_cast<std::uint64_t>(facts->multiprocessors) << 40 |
                                 static_cast<std::uint64_t>(facts->shared_bytes) << 8 |
                                 static_cast<std::uint64_t>(facts->cluster),
                             std::memory_order_relaxed);
  }
  return status;
}

nk_status row_norm_workspace(std::int64_t rows, std::int64_t cols, const device_facts& device, std::uint64_t* size) {
  *size = 0;
  const std::int64_t partial_rows = partial_rows_at_most(rows, cols, device);
  if (rows == 0 || cols == 0) return NK_OK;
  const std::int64_t padded = padded_cols(cols);
  if (!sizes_fit({partial_rows, padded}, 2 * sizeof(float))) return NK_ERROR_SHAPE;
  *size = static_cast<std::uint64_t>(partial_rows) * static_cast<std::uint64_t>(padded) * 2 * sizeof(float) + 16;
  return NK_OK;
}

}  // namespace cuda
}  // namespace nk

using nk::cuda::status_of;
using nk::cuda::stream_of;

int32_t nk_cuda_abi_version(void) {
  return NK_ABI_VERSION;
}

const char* nk_cuda_error(void) {
  return nk::cuda::last_error;
}

nk_status nk_cuda_versions(int32_t* driver, int32_t* runtime) {
  if (driver == nullptr || runtime == nullptr) return NK_ERROR_NULL;
  // Not cudaRuntimeGetVersion, which fails where the driver does.
  *runtime = CUDART_VERSION;
  int found = 0;
  const nk_status status = status_of(cudaDriverGetVersion(&found));
  *driver = found;
  return status;
}

nk_status nk_device_count(int32_t* count) {
  if (count == nullptr) return NK_ERROR_NULL;
  int n = 0;
  const nk_status status = status_of(cudaGetDeviceCount(&n));
  *count = status == NK_OK ? n : 0;
  return status;
}

nk_status nk_device_describe(int32_t device, nk_device_info* info) {
  if (info == nullptr) return NK_ERROR_NULL;
  cudaDeviceProp found = {};
  const nk_status status = status_of(cudaGetDeviceProperties(&found, device));
  if (status != NK_OK) return status;
  *info = nk_device_info();
  std::snprintf(info->name, sizeof info->name, "%s", found.name);
  info->compute_major = found.major;
  info->compute_minor = found.minor;
  info->multiprocessors = found.multiProcessorCount;
  info->memory = found.totalGlobalMem;
  return NK_OK;
}

nk_status nk_device_current(int32_t* device) {
  if (device == nullptr) return NK_ERROR_NULL;
  int found = 0;
  const nk_status status = status_of(cudaGetDevice(&found));
  *device = found;
  return status;
}

nk_status nk_device_select(int32_t device) {
  return status_of(cudaSetDevice(device));
}

nk_status nk_device_allocate(uint64_t bytes, nk_stream stream, void** memory) {
  if (memory == nullptr) return NK_ERROR_NULL;
  *memory = nullptr;
  return bytes == 0 ? NK_OK : status_of(cudaMallocAsync(memory, static_cast<size_t>(bytes), stream_of(stream)));
}

nk_status nk_device_release(void* memory, nk_stream stream) {
  return memory == nullptr ? NK_OK : status_of(cudaFreeAsync(memory, stream_of(stream)));
}

nk_status nk_device_of(const void* memory, int32_t* device) {
  if (memory == nullptr || device == nullptr) return NK_ERROR_NULL;
  cudaPointerAttributes found = {};
  const nk_status status = status_of(cudaPointerGetAttributes(&found, memory));
  if (status != NK_OK) return status;
  *device = found.type == cudaMemoryTypeDevice || found.type == cudaMemoryTypeManaged ? found.device : -1;
  return NK_OK;
}

nk_status nk_device_copy_in(void* device_memory, const void* host_memory, uint64_t bytes, nk_stream stream) {
  if (bytes == 0) return NK_OK;
  if (device_memory == nullptr || host_memory == nullptr) return NK_ERROR_NULL;
  return status_of(cudaMemcpyAsync(device_memory, host_memory, static_cast<size_t>(bytes), cudaMemcpyHostToDevice,
                                   stream_of(stream)));
}

nk_status nk_device_copy_out(void* host_memory, const void* device_memory, uint64_t bytes, nk_stream stream) {
  if (bytes == 0) return NK_OK;
  if (device_memory == nullptr || host_memory == nullptr) return NK_ERROR_NULL;
  return status_of(cudaMemcpyAsync(host_memory, device_memory, static_cast<size_t>(bytes), cudaMemcpyDeviceToHost,
                                   stream_of(stream)));
}

nk_status nk_device_copy(void* to, const void* from, uint64_t bytes, nk_stream stream) {
  if (bytes == 0) return NK_OK;
  if (to == nullptr || from == nullptr) return NK_ERROR_NULL;
  return status_of(cudaMemcpyAsync(to, from, static_cast<size_t>(bytes), cudaMemcpyDeviceToDevice, stream_of(stream)));
}

nk_status nk_stream_create(nk_stream* stream) {
  if (stream == nullptr) return NK_ERROR_NULL;
  cudaStream_t made = nullptr;
  // Not blocking: it waits for nobody else's work in the default stream.
  const nk_status status = status_of(cudaStreamCreateWithFlags(&made, cudaStreamNonBlocking));
  *stream = made;
  return status;
}

nk_status nk_stream_destroy(nk_stream stream) {
  return stream == nullptr ? NK_OK : status_of(cudaStreamDestroy(stream_of(stream)));
}

nk_status nk_stream_synchronize(nk_stream stream) {
  return status_of(cudaStreamSynchronize(stream_of(stream)));
}

nk_status nk_cuda_row_norm_workspace_size(int64_t rows, int64_t cols, uint64_t* size) {
  if (size == nullptr) return NK_ERROR_NULL;
  *size = 0;
  if (!nk::sizes_fit({rows, cols}, 4)) return NK_ERROR_SHAPE;
  nk::cuda::device_facts device;
  const nk_status status = nk::cuda::facts_of_device(&device);
  return status != NK_OK ? status : nk::cuda::row_norm_workspace(rows, cols, device, size);
}
