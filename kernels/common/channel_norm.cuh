// Norms over channels on a device, furnished by group_norm, instance_norm and batch_norm: they differ in what a slice
// is. Formulas: native/core/channel_norm.h. In inference every channel of the batch is a slice with constant
// coefficients, whatever the norm.
#pragma once

#include <normkernels/nk_cuda.h>

#include "core/channel_norm_check.h"

namespace nk {
namespace cuda {

nk_status forward(const channel_norm_room& room, const nk_channel_norm_forward_params* params, nk_stream stream);
nk_status backward(const channel_norm_room& room, const nk_channel_norm_backward_params* params, nk_stream stream);
nk_status jvp(const channel_norm_room& room, const nk_channel_norm_jvp_params* params, nk_stream stream);

}  // namespace cuda
}  // namespace nk
