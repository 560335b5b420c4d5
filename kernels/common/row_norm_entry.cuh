// What the entries of norms over rows share on the host: check, plan, launch.
#pragma once

#include <normkernels/nk_row_norm.h>

#include "core/dtype.h"
#include "core/row_norm_check.h"
#include "device.cuh"
#include "fill.cuh"
#include "row_norm_plan.cuh"

namespace nk {
namespace cuda {

// Of row_norm_launch.cuh, compiled for one norm and element type at a time.
template <bool Centred, class T>
nk_status launch_forward(const nk_row_norm_forward_params& p, const row_plan& plan, cudaStream_t stream);
template <bool Centred, class T>
nk_status launch_backward(const nk_row_norm_backward_params& p, const row_plan& plan, std::int64_t groups,
                          float* partial, cudaStream_t stream);
template <bool Centred, class T>
nk_status launch_jvp(const nk_row_norm_jvp_params& p, const row_plan& plan, cudaStream_t stream);

// dweight and dbias (+)= the sum of `groups` rows of partial sums.
nk_status sum_partials(const nk_row_norm_backward_params& p, const float* partial, std::int64_t groups,
                       cudaStream_t stream);

// Calls f(element type) for a dtype.
template <class F>
nk_status with_element(std::int32_t dtype, F&& f) {
  switch (dtype) {
    case NK_F16:
      return f(f16());
    case NK_BF16:
      return f(bf16());
    default:
      return f(float());
  }
}

template <bool Centred>
nk_status forward(const row_norm_traits& norm, const nk_row_norm_forward_params* params, nk_stream stream) {
  nk_status status = check_forward(norm, params, NK_QUANTIZE_E4M3);
  if (status != NK_OK) return status;
  const nk_row_norm_forward_params& p = *params;
  if (p.isa != NK_ISA_BEST) return NK_ERROR_ISA;
  if (p.rows == 0) return NK_OK;
  if (p.cols == 0) {  // statistics of nothing
    status = fill(p.mean, p.rows, kNan, stream);
    if (status == NK_OK) status = fill(p.rstd, p.rows, kNan, stream);
    return status != NK_OK ? status : fill(p.y_scale, p.rows, 0.0f, stream);
  }
  device_facts device;
  status = facts_of_device(&device);
  if (status != NK_OK) return status;
  return with_element(p.dtype, [&](auto type) {
    const row_plan plan = plan_in_registers(slots_of_row(p.cols, sizeof type), 1, device);
    return launch_forward<Centred, decltype(type)>(p, plan, stream_of(stream));
  });
}

template <bool Centred>
nk_status backward(const row_norm_traits& norm, const nk_row_norm_backward_params* params, nk_stream stream) {
  nk_status status = check_backward(norm, params);
  if (status == NK_OK) status = check_whole_call(*params);
  if (status != NK_OK) return status;
  const nk_row_norm_backward_params& p = *params;
  const bool parameters = p.dweight != nullptr || p.dbias != nullptr;
  if (p.cols == 0 || (p.rows == 0 && !parameters)) return NK_OK;
  device_facts device;
  status = facts_of_device(&device);
  if (status != NK_OK) return status;
  std::uint64_t size = 0;
  if (parameters) {
    status = row_norm_workspace(p.rows, p.cols, device, &size);
    if (status != NK_OK) return status;
    if (size > 0 && (p.workspace == nullptr || p.workspace_size < size)) return NK_ERROR_WORKSPACE;
  }
  const std::uintptr_t address = reinterpret_cast<std::uintptr_t>(p.workspace);
  float* const partial = parameters ? reinterpret_cast<float*>(address + (16 - address % 16) % 16) : nullptr;
  std::int64_t groups = 0;
  if (p.rows > 0) {
    status = with_element(p.dtype, [&](auto type) {
      const row_plan plan = backward_plan(slots_of_row(p.cols, sizeof type), device);
      groups = backward_groups(p.rows, plan, device);
      return launch_backward<Centred, decltype(type)>(p, plan, groups, partial, stream_of(stream));
    });
    if (status != NK_OK) return status;
  }
  return parameters ? sum_partials(p, partial, groups, stream_of(stream)) : NK_OK;
}

template <bool Centred>
nk_status jvp(const row_norm_traits& norm, const nk_row_norm_jvp_params* params, nk_stream stream) {
  nk_status status = check_jvp(norm, params);
  if (status != NK_OK) return status;
  const nk_row_norm_jvp_params& p = *params;
  if (p.isa != NK_ISA_BEST) return NK_ERROR_ISA;
  if (is_empty(p)) return NK_OK;
  device_facts device;
  status = facts_of_device(&device);
  if (status != NK_OK) return status;
  return with_element(p.dtype, [&](auto type) {
    const row_plan plan = plan_in_registers(slots_of_row(p.cols, sizeof type), 2, device);
    return launch_jvp<Centred, decltype(type)>(p, plan, stream_of(stream));
  });
}

}  // namespace cuda
}  // namespace nk
