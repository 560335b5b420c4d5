// What the entries of norms over rows share on the host: check, choose the geometry, launch.
//
// Geometry by the length of a row in slots of 16 bytes: 8 threads up to 8 slots (64 16-bit columns), a warp up to 128
// (1024 columns), a block of 128 threads up to 512 (4096 columns), then blocks of 512 with 4 slots each (16384
// columns), or with 2 where a thread holds two tensors (8192 columns); beyond that the block reads the row again at
// every pass. Blocks of 1024 threads have 64 registers each, and spilled.
#pragma once

#include "core/row_norm_check.h"
#include "device.cuh"
#include "fill.cuh"
#include "launch.cuh"
#include "row_norm_backward.cuh"
#include "row_norm_forward.cuh"
#include "row_norm_jvp.cuh"
#include "row_norm_plan.cuh"

namespace nk {
namespace cuda {

template <int Threads, int Slots>
struct geometry {
  static constexpr int kThreads = Threads;
  static constexpr int kSlots = Slots;
  static constexpr int kTeams = kBlockThreads<Threads> / Threads;
};

// Calls f(element type, geometry) with the ones for this dtype and number of columns. Tensors: how many of the row's a
// thread holds.
template <int Tensors, class T, class F>
nk_status with_geometry(std::int64_t cols, F&& f) {
  const std::int64_t slots = (cols + kSlot<T> - 1) / kSlot<T>;
  if (slots <= 8) return f(T(), geometry<8, 1>());
  if (slots <= 32) return f(T(), geometry<32, 1>());
  if (slots <= 128) return f(T(), geometry<32, 4>());
  if (slots <= 512) return f(T(), geometry<128, 4>());
  constexpr int kSlots = Tensors == 1 ? 4 : 2;
  if (slots <= 512 * kSlots) return f(T(), geometry<512, kSlots>());
  return f(T(), geometry<512, 0>());
}

template <int Tensors, class F>
nk_status with_types(std::int32_t dtype, std::int64_t cols, F&& f) {
  switch (dtype) {
    case NK_F16:
      return with_geometry<Tensors, f16>(cols, f);
    case NK_BF16:
      return with_geometry<Tensors, bf16>(cols, f);
    default:
      return with_geometry<Tensors, float>(cols, f);
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
  return with_types<1>(p.dtype, p.cols, [&](auto type, auto g) {
    using G = decltype(g);
    return status_of(launch(forward_rows<Centred, decltype(type), G::kThreads, G::kSlots>,
                            dim3(blocks_for(p.rows, G::kTeams)), dim3(kBlockThreads<G::kThreads>), 0, stream_of(stream),
                            p));
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
  int multiprocessors = 0;
  status = multiprocessor_count(&multiprocessors);
  if (status != NK_OK) return status;
  std::uint64_t size = 0;
  status = nk_cuda_row_norm_workspace_size(p.rows, p.cols, &size);
  if (status != NK_OK) return status;
  if (parameters && size > 0 && (p.workspace == nullptr || p.workspace_size < size)) return NK_ERROR_WORKSPACE;
  const std::uintptr_t address = reinterpret_cast<std::uintptr_t>(p.workspace);
  float* const partial = parameters ? reinterpret_cast<float*>(address + (16 - address % 16) % 16) : nullptr;
  std::int64_t partial_rows = 0;
  if (p.rows > 0) {
    status = with_types<2>(p.dtype, p.cols, [&](auto type, auto g) {
      using G = decltype(g);
      partial_rows = backward_blocks(p.rows, p.cols, G::kTeams, multiprocessors);
      return status_of(launch(backward_rows<Centred, decltype(type), G::kThreads, G::kSlots>,
                              dim3(static_cast<unsigned>(partial_rows)), dim3(kBlockThreads<G::kThreads>), 0,
                              stream_of(stream), p, partial));
    });
    if (status != NK_OK) return status;
  }
  if (!parameters) return NK_OK;
  return status_of(launch(sum_partials, dim3(blocks_for(2 * p.cols, kSumColumns)), dim3(kSumColumns * kSumTeams), 0,
                          stream_of(stream), partial, partial_rows, p.cols, p.dweight, p.dbias,
                          (p.flags & NK_FLAG_ACCUMULATE) != 0));
}

template <bool Centred>
nk_status jvp(const row_norm_traits& norm, const nk_row_norm_jvp_params* params, nk_stream stream) {
  const nk_status status = check_jvp(norm, params);
  if (status != NK_OK) return status;
  const nk_row_norm_jvp_params& p = *params;
  if (p.isa != NK_ISA_BEST) return NK_ERROR_ISA;
  if (is_empty(p)) return NK_OK;
  return with_types<2>(p.dtype, p.cols, [&](auto type, auto g) {
    using G = decltype(g);
    return status_of(launch(jvp_rows<Centred, decltype(type), G::kThreads, G::kSlots>,
                            dim3(blocks_for(p.rows, G::kTeams)), dim3(kBlockThreads<G::kThreads>), 0, stream_of(stream),
                            p));
  });
}

}  // namespace cuda
}  // namespace nk
