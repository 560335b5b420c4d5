// What the C entries of the norms along an axis share: check what could corrupt memory, then walk the parts.
#pragma once

#include <normkernels/nk_axis.h>

#include "entry.h"
#include "slices.h"

namespace nk {

// What a room takes of the parameters that all share.
struct axis_room {
  bool keeps_axis;  // weight_norm; the others reduce it
  bool has_weight;  // may be given
  bool needs_weight;
  bool has_statistics;
  bool has_p;
};

inline slices axis_view(const axis_room& room, std::int64_t outer, std::int64_t length, std::int64_t inner) {
  return room.keeps_axis ? contiguous_slices(1, outer, length, inner, inner) : axis_slices(outer, length, inner);
}

inline std::int64_t part_count(const slices& v) {
  const std::int64_t outer = v.outer.count();
  return outer == 0 || v.kept == 0 || v.inner == 0 ? 0 : outer * v.bunches();
}

inline nk_status plan_axis(const axis_room& room, std::int64_t outer, std::int64_t length, std::int64_t inner,
                           nk_plan* plan) {
  if (plan == nullptr) return NK_ERROR_NULL;
  if (!sizes_fit({outer, length, inner}, 4)) return NK_ERROR_SHAPE;
  plan->part_count = part_count(axis_view(room, outer, length, inner));
  plan->workspace_size = 0;
  return NK_OK;
}

// Calls f(range) for every part of [begin, end).
template <class F>
void for_each_slice_part(const slices& v, const part_range& parts, F&& f) {
  const std::int64_t bunches = parts.begin < parts.end ? v.bunches() : 1;
  for (std::int64_t part = parts.begin; part < parts.end; ++part) {
    const std::int64_t first = part % bunches * v.bunch();
    const std::int64_t last = first + v.bunch() < v.kept ? first + v.bunch() : v.kept;
    f(slice_range{&v, part / bunches, first, last});
  }
}

// What the three structs have in common, by their common field names.
template <class Params>
nk_status check_axis(const axis_room& room, const Params& p, std::uint32_t known_flags) {
  if (!is_dtype(p.dtype) || !is_param_dtype(p.param_dtype, p.dtype)) return NK_ERROR_DTYPE;
  if ((p.flags & ~known_flags) != 0 || p.reserved != 0) return NK_ERROR_FLAGS;
  if (!sizes_fit({p.outer, p.length, p.inner}, size_of(p.dtype))) return NK_ERROR_SHAPE;
  if (!(p.epsilon >= 0.0)) return NK_ERROR_EPSILON;
  if (room.has_p ? !(p.p > 0.0) : p.p != 0.0) return NK_ERROR_EPSILON;
  if (!room.has_statistics && (p.mean != nullptr || p.rstd != nullptr)) return NK_ERROR_NULL;
  if (p.weight == nullptr ? room.needs_weight && p.length != 0 : !room.has_weight) return NK_ERROR_NULL;
  return NK_OK;
}

// Runs a checked call: f(range, strip operations) for every part.
template <class Params, class F>
nk_status run_axis(const axis_room& room, const Params& p, F&& f) {
  const strip_table* ops;
  nk_status status = pick(kStripTables, p.isa, &ops);
  if (status != NK_OK) return status;
  const slices view = axis_view(room, p.outer, p.length, p.inner);
  part_range parts;
  status = parts_of(p, part_count(view), &parts);
  if (status != NK_OK) return status;
  for_each_slice_part(view, parts, [&](const slice_range& r) { f(r, *ops); });
  return NK_OK;
}

template <class Params>
bool is_empty_axis(const Params& p) {
  return p.outer == 0 || p.length == 0 || p.inner == 0;
}

// The norm or statistic of slice k of a range, as forward saves it.
inline void save(float* values, const slice_range& r, std::int64_t k, double value) {
  if (values != nullptr) write(values + r.outer * r.view->kept + k, static_cast<float>(value));
}

}  // namespace nk
