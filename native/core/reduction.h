// The axes of a reduction as loops, for vector_norm and matrix_norm.
#pragma once

#include <normkernels/nk_reduction.h>

#include "entry.h"
#include "slices.h"

namespace nk {

inline nk_status check_sizes(const nk_reduction& n, std::int64_t bytes_each) {
  if (n.rank < 0 || n.rank > NK_MAX_RANK || n.reserved != 0) return NK_ERROR_SHAPE;
  std::int64_t used[NK_MAX_RANK];
  for (int i = 0; i < NK_MAX_RANK; ++i) used[i] = i < n.rank ? n.sizes[i] : 1;
  if (!sizes_fit({used[0], used[1], used[2], used[3], used[4], used[5], used[6], used[7]}, bytes_each)) {
    return NK_ERROR_SHAPE;
  }
  return NK_OK;
}

inline std::int64_t element_count(const nk_reduction& n) {
  std::int64_t count = 1;
  for (int i = 0; i < n.rank; ++i) count *= n.sizes[i];
  return count;
}

// What the three structs have in common, by their common field names.
template <class Params>
nk_status check_reduction_call(const Params& p) {
  if (!is_dtype(p.dtype) || !is_param_dtype(p.norm_dtype, p.dtype)) return NK_ERROR_DTYPE;
  if (p.flags != NK_FLAG_NONE || p.reserved != 0) return NK_ERROR_FLAGS;
  return check_sizes(p.reduction, size_of(p.dtype));
}

// A norm, as forward and jvp write it.
inline void write_norm(void* norm, std::int32_t dtype, std::int64_t i, double value) {
  const float rounded = static_cast<float>(value);
  switch (dtype) {
    case NK_F16:
      write(static_cast<f16*>(norm) + i, rounded);
      break;
    case NK_BF16:
      write(static_cast<bf16*>(norm) + i, rounded);
      break;
    default:
      write(static_cast<float*>(norm) + i, rounded);
      break;
  }
}

}  // namespace nk
