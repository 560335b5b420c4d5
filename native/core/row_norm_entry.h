// What the C entries of row norms share: check what could corrupt memory, pick the table, call. Callers check in full.
#pragma once

#include "cpu.h"
#include "row_norm_table.h"

namespace nk {

// A room: its table for each instruction set, in the order of nk_isa.
struct row_norm_room {
  const row_norm_table* tables[3];  // scalar, avx2, avx512
  bool has_mean;                    // layer_norm; rms_norm takes no mean
  std::uint32_t flags;              // the flags that every verb of the room knows
  bool has_gate;                    // rms_norm
};

nk_status forward(const row_norm_room& room, const nk_row_norm_forward_params* params);
nk_status backward(const row_norm_room& room, const nk_row_norm_backward_params* params);
nk_status jvp(const row_norm_room& room, const nk_row_norm_jvp_params* params);

}  // namespace nk
