// Norms of matrices on a device. Formulas, gradients, NaN and empty rules: native/norms/matrix_norm.
#include <normkernels/nk_cuda.h>

#include "common/fill.cuh"
#include "matrix_norm_lines.cuh"
#include "matrix_norm_singular.cuh"

namespace {

using nk::cuda::blocks_for;
using nk::cuda::launch;
using nk::cuda::line_kind;
using nk::cuda::line_plan;
using nk::cuda::singular_call;
using nk::cuda::singular_plan;
using nk::cuda::status_of;
using nk::cuda::stream_of;

template <int Threads>
using team = std::integral_constant<int, Threads>;

// Bytes, aligned by the call. False: more than there can be.
bool workspace_bytes(const nk_reduction& n, std::uint64_t* size) {
  *size = 0;
  if (nk::element_count(n) == 0) return true;
  std::int64_t matrices, each;
  if (nk::is_singular(n.order)) {
    const nk::matrix_view v = nk::matrices_of(n);
    const std::int64_t less = v.rows < v.columns ? v.rows : v.columns, more = v.rows < v.columns ? v.columns : v.rows;
    if (!nk::sizes_fit({v.batch.count(), less, more + less + 1}, sizeof(double))) return false;
    const singular_plan plan = nk::cuda::singular_plan_of(n);
    if (plan.in_shared) return true;
    matrices = plan.matrices;
    each = plan.doubles();
  } else {
    const line_plan plan = nk::cuda::line_plan_of(n);
    matrices = plan.matrices;
    each = plan.doubles();
  }
  if (!nk::sizes_fit({matrices, each}, 2 * sizeof(double))) return false;
  *size = static_cast<std::uint64_t>(matrices * each) * sizeof(double) + sizeof(double);
  return true;
}

// What the verbs check beyond the shared checks, and where the workspace begins.
template <class Params>
nk_status prepare(const Params* params, double** workspace) {
  nk_status status = nk::check_matrix_norm(params);
  if (status == NK_OK) status = nk::cuda::check_whole_call(*params);
  if (status != NK_OK) return status;
  const Params& p = *params;
  std::uint64_t size;
  if (!workspace_bytes(p.reduction, &size)) return NK_ERROR_SHAPE;
  if (size > 0 && (p.workspace == nullptr || p.workspace_size < size)) return NK_ERROR_WORKSPACE;
  const std::uintptr_t address = reinterpret_cast<std::uintptr_t>(p.workspace);
  *workspace = reinterpret_cast<double*>(address + (8 - address % 8) % 8);
  return NK_OK;
}

// Norms of matrices without elements, and their derivatives.
nk_status fill_zeros(const nk_reduction& n, void* norm, std::int32_t dtype, nk_stream stream) {
  return nk::cuda::fill_zeros(norm, dtype, nk::matrices_of(n).batch.count(), stream);
}

nk_status run_singular(const nk_reduction& n, const singular_call& call, double* workspace, nk_stream stream) {
  const singular_plan plan = nk::cuda::singular_plan_of(n);
  const std::size_t shared =
      plan.in_shared ? static_cast<std::size_t>(plan.doubles() * plan.teams) * sizeof(double) : 0;
  const auto kernel = plan.threads == 32    ? nk::cuda::singular_values<32>
                      : plan.threads == 128 ? nk::cuda::singular_values<128>
                                            : nk::cuda::singular_values<512>;
  return status_of(launch(kernel, dim3(blocks_for(plan.matrices, plan.teams)),
                          dim3(static_cast<unsigned>(plan.threads * plan.teams)), shared, stream_of(stream), plan, call,
                          workspace));
}

// Calls f(element type, threads of a team) for the kernels over lines.
template <class F>
nk_status with_kernels(const line_plan& plan, std::int32_t dtype, F&& f) {
  const auto with_threads = [&](auto type) { return plan.by_warps ? f(type, team<32>()) : f(type, team<256>()); };
  switch (dtype) {
    case NK_F16:
      return with_threads(nk::f16());
    case NK_BF16:
      return with_threads(nk::bf16());
    default:
      return with_threads(float());
  }
}

template <int Threads>
constexpr int kTeams = nk::cuda::kTileBlock<Threads> / Threads;

// The lines' totals, norms and slopes into the workspace, and norms where they are asked for.
template <class T, int Threads>
nk_status sum_lines(const line_plan& plan, const T* x, double* workspace, void* norm, std::int32_t norm_dtype,
                    nk_stream stream) {
  const dim3 block(nk::cuda::kTileBlock<Threads>);
  const auto sum_tiles = plan.kind == line_kind::whole   ? nk::cuda::sum_tiles<T, Threads, line_kind::whole>
                         : plan.kind == line_kind::along ? nk::cuda::sum_tiles<T, Threads, line_kind::along>
                                                         : nk::cuda::sum_tiles<T, Threads, line_kind::across>;
  cudaError_t error = launch(sum_tiles, dim3(blocks_for(plan.matrices * plan.tiles(), kTeams<Threads>)), block, 0,
                             stream_of(stream), plan, x, workspace);
  if (error == cudaSuccess && plan.chunks > 1) {
    const int at_once = plan.chunks > plan.lines ? kTeams<Threads> : nk::cuda::kTileBlock<Threads>;
    error = launch(nk::cuda::fold_lines<Threads>, dim3(blocks_for(plan.matrices * plan.lines, at_once)), block, 0,
                   stream_of(stream), plan, workspace);
  }
  if (error != cudaSuccess) return status_of(error);
  // Extremes and how many tie for one have no order: many lines get a block, whatever the team of a tile.
  if (plan.lines > 1024) {
    error = launch(nk::cuda::finish_lines<256>, dim3(blocks_for(plan.matrices, 1)), dim3(256), 0, stream_of(stream),
                   plan, workspace, norm, norm_dtype);
  } else {
    error = launch(nk::cuda::finish_lines<Threads>, dim3(blocks_for(plan.matrices, kTeams<Threads>)), block, 0,
                   stream_of(stream), plan, workspace, norm, norm_dtype);
  }
  return status_of(error);
}

}  // namespace

nk_status nk_cuda_matrix_norm_workspace_size(const nk_reduction* reduction, uint64_t* size) {
  if (reduction == nullptr || size == nullptr) return NK_ERROR_NULL;
  *size = 0;
  nk_status status = nk::check_sizes(*reduction, 4);
  if (status == NK_OK) status = nk::check_matrix_axes(*reduction);
  if (status != NK_OK) return status;
  std::uint64_t bytes;
  if (!workspace_bytes(*reduction, &bytes)) return NK_ERROR_SHAPE;
  *size = bytes;
  return NK_OK;
}

nk_status nk_cuda_matrix_norm_forward(const nk_reduction_forward_params* params, nk_stream stream) {
  double* workspace;
  const nk_status status = prepare(params, &workspace);
  if (status != NK_OK) return status;
  const nk_reduction_forward_params& p = *params;
  if (nk::element_count(p.reduction) == 0) return fill_zeros(p.reduction, p.norm, p.norm_dtype, stream);
  if (nk::is_singular(p.reduction.order)) {
    singular_call call = {};
    call.x = p.x;
    call.norm = p.norm;
    call.dtype = p.dtype;
    call.norm_dtype = p.norm_dtype;
    return run_singular(p.reduction, call, workspace, stream);
  }
  const line_plan plan = nk::cuda::line_plan_of(p.reduction);
  return with_kernels(plan, p.dtype, [&](auto type, auto t) {
    const auto* const x = static_cast<const decltype(type)*>(p.x);
    return sum_lines<decltype(type), decltype(t)::value>(plan, x, workspace, p.norm, p.norm_dtype, stream);
  });
}

nk_status nk_cuda_matrix_norm_backward(const nk_reduction_backward_params* params, nk_stream stream) {
  double* workspace;
  const nk_status status = prepare(params, &workspace);
  if (status != NK_OK) return status;
  const nk_reduction_backward_params& p = *params;
  if (nk::element_count(p.reduction) == 0) return NK_OK;
  if (nk::is_singular(p.reduction.order)) {
    singular_call call = {};
    call.x = p.x;
    call.dnorm = p.dnorm;
    call.dx = p.dx;
    call.dtype = p.dtype;
    call.norm_dtype = p.norm_dtype;
    return run_singular(p.reduction, call, workspace, stream);
  }
  const line_plan plan = nk::cuda::line_plan_of(p.reduction);
  return with_kernels(plan, p.dtype, [&](auto type, auto t) {
    using T = decltype(type);
    constexpr int kThreads = decltype(t)::value;
    const T* const x = static_cast<const T*>(p.x);
    const nk_status summed = sum_lines<T, kThreads>(plan, x, workspace, nullptr, p.norm_dtype, stream);
    if (summed != NK_OK) return summed;
    return status_of(launch(nk::cuda::gradient_tiles<T, kThreads>,
                            dim3(blocks_for(plan.matrices * plan.tiles(), kTeams<kThreads>)),
                            dim3(nk::cuda::kTileBlock<kThreads>), 0, stream_of(stream), plan, x, p.dnorm, p.norm_dtype,
                            static_cast<T*>(p.dx), workspace));
  });
}

nk_status nk_cuda_matrix_norm_jvp(const nk_reduction_jvp_params* params, nk_stream stream) {
  double* workspace;
  const nk_status status = prepare(params, &workspace);
  if (status != NK_OK) return status;
  const nk_reduction_jvp_params& p = *params;
  if (nk::element_count(p.reduction) == 0) return fill_zeros(p.reduction, p.jvp_norm, p.norm_dtype, stream);
  if (nk::is_singular(p.reduction.order)) {
    singular_call call = {};
    call.x = p.x;
    call.tangent = p.tan_x;
    call.jvp_norm = p.jvp_norm;
    call.dtype = p.dtype;
    call.norm_dtype = p.norm_dtype;
    return run_singular(p.reduction, call, workspace, stream);
  }
  const line_plan plan = nk::cuda::line_plan_of(p.reduction);
  return with_kernels(plan, p.dtype, [&](auto type, auto t) {
    using T = decltype(type);
    constexpr int kThreads = decltype(t)::value;
    const T* const x = static_cast<const T*>(p.x);
    const dim3 block(nk::cuda::kTileBlock<kThreads>);
    const nk_status summed = sum_lines<T, kThreads>(plan, x, workspace, nullptr, p.norm_dtype, stream);
    if (summed != NK_OK) return summed;
    cudaError_t error =
        launch(nk::cuda::sum_products<T, kThreads>, dim3(blocks_for(plan.matrices * plan.tiles(), kTeams<kThreads>)),
               block, 0, stream_of(stream), plan, x, static_cast<const T*>(p.tan_x), workspace);
    if (error == cudaSuccess) {
      error = launch(nk::cuda::finish_products<kThreads>, dim3(blocks_for(plan.matrices, kTeams<kThreads>)), block, 0,
                     stream_of(stream), plan, workspace, p.jvp_norm, p.norm_dtype);
    }
    return status_of(error);
  });
}
