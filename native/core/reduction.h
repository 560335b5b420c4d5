// The axes of a reduction as loops, for vector_norm and matrix_norm.
#pragma once

#include <normkernels/nk_reduction.h>

#include <cmath>
#include <initializer_list>

#include "dtype.h"
#include "entry.h"
#include "slice_view.h"

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

// Axes of a kind that follow one another are one. The last reduced and the last kept run make the strips, in the order
// in which they lie; whatever is before them is looped over.
inline slices vector_view(const nk_reduction& n) {
  struct axis {
    std::int64_t size;
    std::int64_t stride;
    bool reduced;
  };
  axis axes[NK_MAX_RANK + 2];
  int count = 0;
  std::int64_t stride = 1;
  // Innermost first.
  for (int i = n.rank - 1; i >= 0; --i) {
    const bool reduced = (n.reduced >> i & 1u) != 0;
    if (n.sizes[i] != 1) {
      if (count > 0 && axes[count - 1].reduced == reduced) {
        axes[count - 1].size *= n.sizes[i];
      } else {
        axes[count++] = {n.sizes[i], stride, reduced};
      }
    }
    stride *= n.sizes[i];
  }
  slices v = contiguous_slices(1, 1, 1, 1, 1);
  v.outer = v.blocks = loops{};
  int next = 0;
  if (next < count && axes[next].reduced) v.inner = v.run = axes[next++].size;
  if (next < count && !axes[next].reduced) v.kept = axes[next++].size;
  v.row_stride = v.kept * v.inner;
  if (next < count && axes[next].reduced) {
    v.rows = axes[next].size;
    v.row_stride = axes[next++].stride;
  }
  // The rest alternates; loops hold their outermost first.
  for (int i = count - 1; i >= next; --i) {
    loops& loop = axes[i].reduced ? v.blocks : v.outer;
    loop.sizes[loop.rank] = axes[i].size;
    loop.strides[loop.rank++] = axes[i].stride;
  }
  return v;
}

inline nk_status check_vector_axes(const nk_reduction& n) {
  if (n.row_axis != 0 || n.column_axis != 0 || n.order != 0) return NK_ERROR_FLAGS;
  if (n.p != n.p) return NK_ERROR_EPSILON;
  if (n.reduced >> n.rank != 0) return NK_ERROR_SHAPE;
  std::int64_t kept = 1, reduced = 1;
  for (int i = 0; i < n.rank; ++i) ((n.reduced >> i & 1u) != 0 ? reduced : kept) *= n.sizes[i];
  const bool of_nothing = n.p >= 0.0 && !std::isinf(n.p);
  return reduced == 0 && kept > 0 && !of_nothing ? NK_ERROR_SHAPE : NK_OK;
}

inline std::int64_t slice_count(const nk_reduction& n) {
  std::int64_t kept = 1;
  for (int i = 0; i < n.rank; ++i) kept *= (n.reduced >> i & 1u) != 0 ? 1 : n.sizes[i];
  return kept;
}

// Everything that an entry of vector_norm checks.
template <class Params>
nk_status check_vector_call(const Params& p, bool differentiates, bool gives_norms, const void* result,
                            std::initializer_list<const void*> others) {
  nk_status status = check_reduction_call(p);
  if (status == NK_OK) status = check_vector_axes(p.reduction);
  if (status != NK_OK) return status;
  if (differentiates && p.reduction.p == 0.0) return NK_ERROR_EPSILON;
  const bool empty = element_count(p.reduction) == 0;
  if (result == nullptr && (gives_norms ? slice_count(p.reduction) > 0 : !empty)) return NK_ERROR_NULL;
  for (const void* const other : others) {
    if (!empty && other == nullptr) return NK_ERROR_NULL;
  }
  return NK_OK;
}

inline nk_status check_vector_norm(const nk_reduction_forward_params* p) {
  if (p == nullptr) return NK_ERROR_NULL;
  if (p->struct_size != sizeof *p) return NK_ERROR_STRUCT_SIZE;
  return check_vector_call(*p, false, true, p->norm, {p->x});
}
inline nk_status check_vector_norm(const nk_reduction_backward_params* p) {
  if (p == nullptr) return NK_ERROR_NULL;
  if (p->struct_size != sizeof *p) return NK_ERROR_STRUCT_SIZE;
  return check_vector_call(*p, true, false, p->dx, {p->dnorm, p->x});
}
inline nk_status check_vector_norm(const nk_reduction_jvp_params* p) {
  if (p == nullptr) return NK_ERROR_NULL;
  if (p->struct_size != sizeof *p) return NK_ERROR_STRUCT_SIZE;
  return check_vector_call(*p, true, true, p->jvp_norm, {p->x, p->tan_x});
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
