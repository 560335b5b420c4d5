// Normalization along one axis on a device: a weight and a bias for every element. Formulas, what is saved, NaN and
// empty rules: native/norms/axis_norm.
#include "common/axis_norm.cuh"

#include <normkernels/nk_cuda.h>

#include "common/centred.cuh"

namespace {

using nk::cuda::check_whole_call;
using nk::cuda::fill;
using nk::cuda::slice_layout;

template <class Params>
slice_layout share(const Params& p, nk::cuda::centred* op) {
  const slice_layout l = nk::cuda::axis_layout(nk::kAxisNorm, p);
  op->x = p.x;
  op->source = {nk::cuda::parameters::own, p.param_dtype == NK_F32, l.view.kept};
  op->weight = p.weight;
  op->dtype = p.dtype;
  op->epsilon = p.epsilon;
  op->values = static_cast<double>(l.values);
  return l;
}

}  // namespace

nk_status nk_cuda_axis_norm_forward(const nk_axis_forward_params* params, nk_stream stream) {
  nk_status status = nk::check_forward(nk::kAxisNorm, params);
  if (status == NK_OK) status = check_whole_call(*params);
  if (status != NK_OK) return status;
  const nk_axis_forward_params& p = *params;
  if (nk::is_empty_axis(p)) {  // no values: nothing to write but statistics, which are 0 / 0
    const std::int64_t count = p.length == 0 ? p.outer * p.inner : 0;
    status = fill(p.mean, count, nk::cuda::kNan, stream);
    return status != NK_OK ? status : fill(p.rstd, count, nk::cuda::kNan, stream);
  }
  nk::cuda::centred_forward op = {};
  const slice_layout l = share(p, &op);
  op.out = p.y;
  op.bias = p.bias;
  op.saved_mean = p.mean;
  op.saved_rstd = p.rstd;
  return run(op, p.dtype, l, {p.workspace, p.workspace_size}, false, stream);
}

nk_status nk_cuda_axis_norm_backward(const nk_axis_backward_params* params, nk_stream stream) {
  nk_status status = nk::check_backward(nk::kAxisNorm, params);
  if (status == NK_OK) status = check_whole_call(*params);
  if (status != NK_OK || nk::is_empty_axis(*params)) return status;
  const nk_axis_backward_params& p = *params;
  nk::cuda::centred_backward op = {};
  const slice_layout l = share(p, &op);
  op.t = p.dy;
  op.out = p.dx;
  op.mean = p.mean;
  op.rstd = p.rstd;
  op.dweight = p.dweight;
  op.dbias = p.dbias;
  op.accumulate = (p.flags & NK_FLAG_ACCUMULATE) != 0;
  return run(op, p.dtype, l, {p.workspace, p.workspace_size}, false, stream);
}

nk_status nk_cuda_axis_norm_jvp(const nk_axis_jvp_params* params, nk_stream stream) {
  nk_status status = nk::check_jvp(nk::kAxisNorm, params);
  if (status == NK_OK) status = check_whole_call(*params);
  if (status != NK_OK || nk::is_empty_axis(*params)) return status;
  const nk_axis_jvp_params& p = *params;
  nk::cuda::centred_jvp op = {};
  const slice_layout l = share(p, &op);
  op.t = p.tan_x;
  op.out = p.jvp_y;
  op.mean = p.mean;
  op.rstd = p.rstd;
  op.tan_weight = p.tan_weight;
  op.tan_bias = p.tan_bias;
  return run(op, p.dtype, l, {p.workspace, p.workspace_size}, false, stream);
}
