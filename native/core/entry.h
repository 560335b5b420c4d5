// What every C entry checks: that nothing it is given can corrupt memory. Callers check in full.
#pragma once

#include <normkernels/nk_types.h>

#include <cstdint>
#include <initializer_list>
#include <limits>

#include "cpu.h"

namespace nk {

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

inline bool is_dtype(std::int32_t dtype) {
  return dtype >= NK_F32 && dtype <= NK_BF16;
}

inline bool is_param_dtype(std::int32_t param_dtype, std::int32_t dtype) {
  return param_dtype == NK_F32 || param_dtype == dtype;
}

inline std::int64_t size_of(std::int32_t dtype) {
  return dtype == NK_F32 ? 4 : 2;
}

// Whether a tensor of these axes has no negative one and fits int64 bytes.
inline bool sizes_fit(std::initializer_list<std::int64_t> sizes, std::int64_t bytes_each) {
  std::int64_t product = bytes_each;
  bool empty = false;
  for (const std::int64_t size : sizes) {
    if (size < 0) return false;
    empty = empty || size == 0;
    // A zero anywhere does not excuse what the others would multiply to: offsets are computed from them.
    const std::int64_t factor = size == 0 ? 1 : size;
    if (factor > kMax / product) return false;
    product *= factor;
  }
  return true;
}

// Index of a pair of dtypes in the tables of kernels: f32 f32, f16 f16, f16 f32, bf16 bf16, bf16 f32.
inline int pair_index(std::int32_t dtype, std::int32_t param_dtype) {
  if (dtype == NK_F32) return 0;
  return 2 * dtype - 1 + (param_dtype == NK_F32 ? 1 : 0);
}

// All of them given, or none.
template <class... P>
bool both_or_none(const P*... pointers) {
  int given = 0;
  for (const bool is_given : {pointers != nullptr...}) given += is_given ? 1 : 0;
  return given == 0 || given == static_cast<int>(sizeof...(pointers));
}

// The table of kernels for a call that asks for `requested`.
template <class Table>
nk_status pick(const isa_tables<Table>& tables, std::int32_t requested, const Table** table) {
  int place;
  const nk_status status = resolve_isa(requested, &place);
  if (status == NK_OK) *table = tables[place];
  return status;
}

// The parts that a call does: those it names, or all of them.
struct part_range {
  std::int64_t begin;
  std::int64_t end;
};

template <class Params>
nk_status parts_of(const Params& p, std::int64_t count, part_range* parts) {
  if (p.stage < NK_STAGE_ALL || p.stage > NK_STAGE_SUMS) return NK_ERROR_FLAGS;
  if (p.stage == NK_STAGE_PARTS) {
    if (p.part_begin < 0 || p.part_end < p.part_begin || p.part_end > count) return NK_ERROR_SHAPE;
    *parts = {p.part_begin, p.part_end};
    return NK_OK;
  }
  if (p.part_begin != 0 || p.part_end != 0) return NK_ERROR_SHAPE;
  *parts = {0, p.stage == NK_STAGE_ALL ? count : 0};
  return NK_OK;
}

}  // namespace nk
