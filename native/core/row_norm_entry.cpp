#include "row_norm_entry.h"

#include "dtype.h"

namespace nk {
namespace {

// Tensors up to these sizes may well lie in a cache in which to ask for rows ahead costs more than it gains (forward,
// 1024 x 1024: LayerNorm 127 ns a row, so 110; backward, 512 x 1024: 257, so 230). The derivative's four streams are
// more than the processor follows by itself, even out of the third level (512 x 1024: 176 ns a row, asked for ahead
// 160).
constexpr std::uint64_t kCachedBytes = 4 * 1024 * 1024, kBackwardCachedBytes = 2 * 1024 * 1024,
                        kJvpCachedBytes = 256 * 1024;

// In place the output's lines are in the cache already.
template <class Params>
reach reach_of(const Params& p, bool in_place, std::uint64_t cached_bytes = kCachedBytes) {
  const std::uint64_t bytes =
      static_cast<std::uint64_t>(p.rows) * static_cast<std::uint64_t>(p.cols * size_of(p.dtype));
  if (bytes >= streaming_bytes() && !in_place) return reach::beyond;
  return bytes <= cached_bytes ? reach::cache : reach::memory;
}

}  // namespace

nk_status forward(const row_norm_room& room, const nk_row_norm_forward_params* params) {
  nk_status status = check_forward(room.norm, params, NK_QUANTIZE_I8);
  if (status != NK_OK) return status;
  const nk_row_norm_forward_params& p = *params;
  int place;
  status = resolve_isa(p.isa, &place);
  if (status != NK_OK) return status;
  if (p.cols == 0) {  // rows of no elements: nothing to write but their statistics, which are 0 / 0
    for (float* const statistic : {p.mean, p.rstd, p.y_scale}) {
      for (std::int64_t row = 0; statistic != nullptr && row < p.rows; ++row) {
        write(statistic + row, statistic == p.y_scale ? 0.0f : std::numeric_limits<float>::quiet_NaN());
      }
    }
    return NK_OK;
  }
  if (p.rows == 0) return NK_OK;
  const row_norm_table& table = *room.tables[place];
  const int pair = pair_index(p.dtype, p.param_dtype);
  if (p.gate != nullptr || p.quantize != NK_QUANTIZE_NONE) {
    table.forward_fused[pair](p);
    return NK_OK;
  }
  table.forward[pair](p, reach_of(p, p.y == p.x || p.y == p.residual));
  return NK_OK;
}

nk_status backward(const row_norm_room& room, const nk_row_norm_backward_params* params) {
  nk_status status = check_backward(room.norm, params);
  if (status != NK_OK) return status;
  nk_row_norm_backward_params p = *params;
  nk_plan plan;
  status = nk_row_norm_plan(p.rows, p.cols, &plan);
  if (status != NK_OK) return status;
  if (p.stage == NK_STAGE_PARTS) {
    if (p.part_begin < 0 || p.part_end < p.part_begin || p.part_end > plan.part_count) return NK_ERROR_SHAPE;
  } else {
    if (p.part_begin != 0 || p.part_end != 0) return NK_ERROR_SHAPE;
    p.part_end = plan.part_count;
  }
  const bool parameters = p.dweight != nullptr || p.dbias != nullptr;
  if (parameters && !is_empty(p) && (p.workspace == nullptr || p.workspace_size < plan.workspace_size)) {
    return NK_ERROR_WORKSPACE;
  }
  int place;
  status = resolve_isa(p.isa, &place);
  if (status != NK_OK) return status;
  if (is_empty(p)) {  // sums over no rows
    const bool written = p.stage != NK_STAGE_PARTS && (p.flags & NK_FLAG_ACCUMULATE) == 0;
    for (float* const gradient : {p.dweight, p.dbias}) {
      for (std::int64_t i = 0; written && gradient != nullptr && i < p.cols; ++i) write(gradient + i, 0.0f);
    }
    return NK_OK;
  }
  const row_norm_table& table = *room.tables[place];
  if (p.stage != NK_STAGE_SUMS) {
    const bool in_place = p.dx == p.dy || p.dx == p.x || p.dx == p.dh;
    table.backward_rows[pair_index(p.dtype, p.param_dtype)](p, reach_of(p, in_place, kBackwardCachedBytes));
  }
  if (p.stage == NK_STAGE_SUMS && parameters) table.backward_parameters(p);
  return NK_OK;
}

nk_status jvp(const row_norm_room& room, const nk_row_norm_jvp_params* params) {
  nk_status status = check_jvp(room.norm, params);
  if (status != NK_OK) return status;
  const nk_row_norm_jvp_params& p = *params;
  int place;
  status = resolve_isa(p.isa, &place);
  if (status != NK_OK || is_empty(p)) return status;
  const bool in_place = p.jvp_y == p.tan_x || p.jvp_y == p.x || p.jvp_y == p.tan_residual;
  room.tables[place]->jvp[pair_index(p.dtype, p.param_dtype)](p, reach_of(p, in_place, kJvpCachedBytes));
  return NK_OK;
}

}  // namespace nk

nk_status nk_row_norm_plan(int64_t rows, int64_t cols, nk_plan* plan) {
  if (plan == nullptr) return NK_ERROR_NULL;
  if (rows < 0 || cols < 0) return NK_ERROR_SHAPE;
  const nk::row_blocks blocks = nk::row_blocks_of(rows);
  // 24 bytes a column and block, and some for the ends.
  if (cols > nk::kMax / 32 / nk::kMaxBlocks && rows > 0) return NK_ERROR_SHAPE;
  plan->part_count = blocks.count;
  plan->workspace_size = nk::row_norm_workspace::size(blocks.count, cols);
  return NK_OK;
}
