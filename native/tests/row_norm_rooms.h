// The norms over rows, for the tests that do the same with each.
#pragma once

#include <normkernels/nk_layer_norm.h>
#include <normkernels/nk_rms_norm.h>

namespace nk_test {

struct room {
  const char* name;
  bool centred;
  nk_status (*forward)(const nk_row_norm_forward_params*);
  nk_status (*backward)(const nk_row_norm_backward_params*);
  nk_status (*jvp)(const nk_row_norm_jvp_params*);
};

constexpr room kRooms[] = {{"layer_norm", true, nk_layer_norm_forward, nk_layer_norm_backward, nk_layer_norm_jvp},
                           {"rms_norm", false, nk_rms_norm_forward, nk_rms_norm_backward, nk_rms_norm_jvp}};

}  // namespace nk_test
