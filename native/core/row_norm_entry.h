// What the C entries of row norms share: check what could corrupt memory, pick the table, call. Callers check in full.
#pragma once

#include "row_norm_check.h"
#include "row_norm_table.h"

namespace nk {

struct row_norm_room {
  isa_tables<row_norm_table> tables;
  row_norm_traits norm;
};

nk_status forward(const row_norm_room& room, const nk_row_norm_forward_params* params);
nk_status backward(const row_norm_room& room, const nk_row_norm_backward_params* params);
nk_status jvp(const row_norm_room& room, const nk_row_norm_jvp_params* params);

}  // namespace nk
