// Filling outputs of tensors without elements: statistics of nothing, sums of nothing.
#pragma once

#include <limits>

#include "core/dtype.h"
#include "device.cuh"
#include "launch.cuh"

namespace nk {
namespace cuda {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

template <class T>
__global__ void fill_values(T* values, std::int64_t count, T value) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < count; i += step) {
    values[i] = value;
  }
}

// `values` may be null: nobody wants them.
template <class T>
nk_status fill(T* values, std::int64_t count, T value, nk_stream stream) {
  if (values == nullptr || count == 0) return NK_OK;
  return status_of(
      launch(fill_values<T>, dim3(blocks_for(count, 128)), dim3(128), 0, stream_of(stream), values, count, value));
}

// The norms of nothing, in any dtype.
inline nk_status fill_zeros(void* values, std::int32_t dtype, std::int64_t count, nk_stream stream) {
  if (dtype == NK_F32) return fill(static_cast<float*>(values), count, 0.0f, stream);
  return fill(static_cast<std::uint16_t*>(values), count, std::uint16_t{0}, stream);
}

}  // namespace cuda
}  // namespace nk
