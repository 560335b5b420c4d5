// LayerNorm: the rows are centred. Formulas, what is saved and how it is summed: core/row_norm.h, core/row_stats.h.
// Compiled once for each instruction set.
#include "layer_norm_kernels.h"

#include "core/row_norm_kernels.h"

namespace nk {
namespace NK_ISA {

const row_norm_table layer_norm_table = make_row_norm_table<true>();

}  // namespace NK_ISA
}  // namespace nk
