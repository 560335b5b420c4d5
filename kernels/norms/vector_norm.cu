// Vector norms over any axes on a device. Formulas, NaN and empty rules: native/norms/vector_norm.
#include "common/axis_norm.cuh"

#include <normkernels/nk_cuda.h>

#include "core/reduction.h"

namespace {

using nk::cuda::check_whole_call;
using nk::cuda::fill_zeros;

template <class Params, class Op>
nk_status reduce(const Params& p, Op* op, nk_stream stream) {
  op->x = p.x;
  op->role = nk::cuda::power_role::vector_norm;
  op->sums_of.f = nk::power_function_of(p.reduction.p);
  const nk::cuda::slice_layout l = nk::cuda::layout_of(nk::vector_view(p.reduction));
  return nk::cuda::run(*op, p.dtype, l, {p.workspace, p.workspace_size}, false, stream);
}

}  // namespace

nk_status nk_cuda_vector_norm_forward(const nk_reduction_forward_params* params, nk_stream stream) {
  nk_status status = nk::check_vector_norm(params);
  if (status == NK_OK) status = check_whole_call(*params);
  if (status != NK_OK) return status;
  const nk_reduction_forward_params& p = *params;
  if (nk::element_count(p.reduction) == 0)
    return fill_zeros(p.norm, p.norm_dtype, nk::slice_count(p.reduction), stream);
  nk::cuda::power_forward op = {};
  op.norm = {p.norm, p.norm_dtype};
  return reduce(p, &op, stream);
}

nk_status nk_cuda_vector_norm_backward(const nk_reduction_backward_params* params, nk_stream stream) {
  nk_status status = nk::check_vector_norm(params);
  if (status == NK_OK) status = check_whole_call(*params);
  if (status != NK_OK || nk::element_count(params->reduction) == 0) return status;
  const nk_reduction_backward_params& p = *params;
  nk::cuda::power_derivative op = {};
  op.backward = true;
  op.along = {const_cast<void*>(p.dnorm), p.norm_dtype};
  op.out = p.dx;
  return reduce(p, &op, stream);
}

nk_status nk_cuda_vector_norm_jvp(const nk_reduction_jvp_params* params, nk_stream stream) {
  nk_status status = nk::check_vector_norm(params);
  if (status == NK_OK) status = check_whole_call(*params);
  if (status != NK_OK) return status;
  const nk_reduction_jvp_params& p = *params;
  if (nk::element_count(p.reduction) == 0) {
    return fill_zeros(p.jvp_norm, p.norm_dtype, nk::slice_count(p.reduction), stream);
  }
  nk::cuda::power_derivative op = {};
  op.along = {p.jvp_norm, p.norm_dtype};
  op.t = p.tan_x;
  return reduce(p, &op, stream);
}
