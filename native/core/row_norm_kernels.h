// The table of a room of row norms for the instruction set being compiled. A room's <room>_kernels.cpp is this and the
// name of its table.
#pragma once

#include "row_norm_backward.h"
#include "row_norm_forward.h"
#include "row_norm_fused.h"
#include "row_norm_jvp.h"

NK_BEGIN_ISA

template <bool Centred>
constexpr row_norm_table make_row_norm_table() {
  return {{forward_rows<Centred, float, float>, forward_rows<Centred, f16, f16>, forward_rows<Centred, f16, float>,
           forward_rows<Centred, bf16, bf16>, forward_rows<Centred, bf16, float>},
          {forward_fused_rows<Centred, float, float>, forward_fused_rows<Centred, f16, f16>,
           forward_fused_rows<Centred, f16, float>, forward_fused_rows<Centred, bf16, bf16>,
           forward_fused_rows<Centred, bf16, float>},
          {backward_rows<Centred, float, float>, backward_rows<Centred, f16, f16>, backward_rows<Centred, f16, float>,
           backward_rows<Centred, bf16, bf16>, backward_rows<Centred, bf16, float>},
          backward_parameters,
          {jvp_rows<Centred, float, float>, jvp_rows<Centred, f16, f16>, jvp_rows<Centred, f16, float>,
           jvp_rows<Centred, bf16, bf16>, jvp_rows<Centred, bf16, float>}};
}

NK_END_ISA
