// The tables of layer_norm, one for each instruction set.
#pragma once

#include "core/row_norm_table.h"

namespace nk {
namespace scalar {
extern const row_norm_table layer_norm_table;
}
namespace avx2 {
extern const row_norm_table layer_norm_table;
}
namespace avx512 {
extern const row_norm_table layer_norm_table;
}
}  // namespace nk
