// What the C entries of the norms along an axis share on the CPU: the walk over the parts.
#pragma once

#include "axis_check.h"
#include "slices.h"

namespace nk {

inline std::int64_t part_count(const slices& v) {
  const std::int64_t outer = v.outer.count();
  return outer == 0 || v.kept == 0 || v.inner == 0 ? 0 : outer * bunches_of(v);
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
  const std::int64_t bunches = parts.begin < parts.end ? bunches_of(v) : 1;
  for (std::int64_t part = parts.begin; part < parts.end; ++part) {
    const std::int64_t first = part % bunches * bunch_of(v);
    const std::int64_t last = first + bunch_of(v) < v.kept ? first + bunch_of(v) : v.kept;
    f(slice_range{&v, part / bunches, first, last});
  }
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

// The norm or statistic of slice k of a range, as forward saves it.
inline void save(float* values, const slice_range& r, std::int64_t k, double value) {
  if (values != nullptr) write(values + r.outer * r.view->kept + k, static_cast<float>(value));
}

}  // namespace nk
