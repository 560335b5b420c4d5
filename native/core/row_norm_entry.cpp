#include "row_norm_entry.h"

#include "dtype.h"
#include "entry.h"

namespace nk {
namespace {

// Index of a pair of dtypes in the tables of row_norm_table.h.
int pair_index(std::int32_t dtype, std::int32_t param_dtype) {
  if (dtype == NK_F32) return 0;
  return 2 * dtype - 1 + (param_dtype == NK_F32 ? 1 : 0);
}

// What the three structs have in common, by their common field names.
template <class Params>
nk_status check_common(const Params& p, std::uint32_t known_flags) {
  if (!is_dtype(p.dtype) || !is_param_dtype(p.param_dtype, p.dtype)) return NK_ERROR_DTYPE;
  if ((p.flags & ~known_flags) != 0) return NK_ERROR_FLAGS;
  if (p.rows < 0 || p.cols < 0) return NK_ERROR_SHAPE;
  if (!(p.epsilon >= 0.0)) return NK_ERROR_EPSILON;
  return NK_OK;
}

// A stride of 0 means cols; rows * stride elements must be addressable.
template <class Params>
nk_status check_stride(const Params& p, std::int64_t stride) {
  if (stride != 0 && stride < p.cols) return NK_ERROR_SHAPE;
  const std::int64_t actual = stride != 0 ? stride : p.cols;
  // A division costs as much as normalizing 64 columns: sizes of everyday calls need none.
  constexpr std::int64_t kSmall = std::int64_t{1} << 30;
  if (p.rows <= kSmall && actual <= kSmall) return NK_OK;
  return p.rows > 0 && actual > kMax / size_of(p.dtype) / p.rows ? NK_ERROR_SHAPE : NK_OK;
}

template <class Params, class... Strides>
nk_status check_strides(const Params& p, Strides... strides) {
  nk_status result = NK_OK;
  for (const std::int64_t stride : {static_cast<std::int64_t>(strides)...}) {
    if (result == NK_OK) result = check_stride(p, stride);
  }
  return result;
}

template <class Params>
bool is_empty(const Params& p) {
  return p.rows == 0 || p.cols == 0;
}

// Saved statistics come as a whole: mean and rstd for centred norms, rstd alone for the others.
template <class Params>
bool statistics_fit(const row_norm_room& room, const Params& p) {
  return room.has_mean ? (p.mean == nullptr) == (p.rstd == nullptr) : p.mean == nullptr;
}

std::uint64_t workspace_size(std::int64_t blocks, std::int64_t cols) {
  return static_cast<std::uint64_t>(blocks) * static_cast<std::uint64_t>(cols) * kWorkspaceBytesPerColumn +
         kWorkspaceAlignment;
}

}  // namespace

nk_status forward(const row_norm_room& room, const nk_row_norm_forward_params* params) {
  if (params == nullptr) return NK_ERROR_NULL;
  if (params->struct_size != sizeof *params) return NK_ERROR_STRUCT_SIZE;
  const nk_row_norm_forward_params& p = *params;
  nk_status status = check_common(p, room.flags | (p.quantize != NK_QUANTIZE_NONE ? NK_FLAG_ROUND_FIRST : 0));
  if (status == NK_OK) {
    status = check_strides(p, p.x_stride, p.residual_stride, p.h_stride, p.y_stride, p.gate_stride);
  }
  if (status != NK_OK) return status;
  if (p.quantize < NK_QUANTIZE_NONE || p.quantize > NK_QUANTIZE_I8 || p.reserved != 0) return NK_ERROR_FLAGS;
  if ((p.quantize != NK_QUANTIZE_NONE) != (p.y_scale != nullptr) && p.rows > 0) return NK_ERROR_NULL;
  if (p.gate != nullptr && !room.has_gate) return NK_ERROR_NULL;
  if (!room.has_mean && p.mean != nullptr) return NK_ERROR_NULL;
  if (!is_empty(p) && (p.x == nullptr || p.y == nullptr)) return NK_ERROR_NULL;
  if (!is_empty(p) && (p.residual == nullptr) != (p.h == nullptr)) return NK_ERROR_NULL;
  nk_isa isa;
  status = resolve_isa(p.isa, &isa);
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
  const row_norm_table& table = *room.tables[isa - NK_ISA_SCALAR];
  const int pair = pair_index(p.dtype, p.param_dtype);
  if (p.gate != nullptr || p.quantize != NK_QUANTIZE_NONE) {
    table.forward_fused[pair](p);
    return NK_OK;
  }
  // In place the lines are in the cache already.
  const std::uint64_t bytes =
      static_cast<std::uint64_t>(p.rows) * static_cast<std::uint64_t>(p.cols * size_of(p.dtype));
  const bool streaming = bytes >= streaming_bytes() && p.y != p.x && p.y != p.residual;
  table.forward[pair](p, streaming);
  return NK_OK;
}

nk_status backward(const row_norm_room& room, const nk_row_norm_backward_params* params) {
  if (params == nullptr) return NK_ERROR_NULL;
  if (params->struct_size != sizeof *params) return NK_ERROR_STRUCT_SIZE;
  nk_row_norm_backward_params p = *params;
  nk_status status = check_common(p, room.flags | NK_FLAG_ACCUMULATE);
  if (status == NK_OK) status = check_strides(p, p.dy_stride, p.x_stride, p.dh_stride, p.dx_stride);
  if (status != NK_OK) return status;
  if (p.stage < NK_STAGE_ALL || p.stage > NK_STAGE_SUMS || p.reserved != 0) return NK_ERROR_FLAGS;
  if (!statistics_fit(room, p)) return NK_ERROR_NULL;
  if (!is_empty(p) && p.stage != NK_STAGE_SUMS && (p.dy == nullptr || p.x == nullptr || p.dx == nullptr)) {
    return NK_ERROR_NULL;
  }
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
  nk_isa isa;
  status = resolve_isa(p.isa, &isa);
  if (status != NK_OK) return status;
  const row_norm_table& table = *room.tables[isa - NK_ISA_SCALAR];
  if (p.stage != NK_STAGE_SUMS && !is_empty(p)) table.backward_rows[pair_index(p.dtype, p.param_dtype)](p);
  if (p.stage != NK_STAGE_PARTS && parameters && p.cols > 0) table.backward_parameters(p);
  return NK_OK;
}

nk_status jvp(const row_norm_room& room, const nk_row_norm_jvp_params* params) {
  if (params == nullptr) return NK_ERROR_NULL;
  if (params->struct_size != sizeof *params) return NK_ERROR_STRUCT_SIZE;
  const nk_row_norm_jvp_params& p = *params;
  nk_status status = check_common(p, room.flags);
  if (status == NK_OK) {
    status = check_strides(p, p.x_stride, p.tan_x_stride, p.tan_residual_stride, p.jvp_h_stride, p.jvp_y_stride);
  }
  if (status != NK_OK) return status;
  if (!statistics_fit(room, p)) return NK_ERROR_NULL;
  nk_isa isa;
  status = resolve_isa(p.isa, &isa);
  if (status != NK_OK) return status;
  if (is_empty(p)) return NK_OK;
  if (p.x == nullptr || p.tan_x == nullptr || p.jvp_y == nullptr) return NK_ERROR_NULL;
  if ((p.tan_residual == nullptr) != (p.jvp_h == nullptr)) return NK_ERROR_NULL;
  room.tables[isa - NK_ISA_SCALAR]->jvp[pair_index(p.dtype, p.param_dtype)](p);
  return NK_OK;
}

}  // namespace nk

nk_status nk_row_norm_plan(int64_t rows, int64_t cols, nk_plan* plan) {
  if (plan == nullptr) return NK_ERROR_NULL;
  if (rows < 0 || cols < 0) return NK_ERROR_SHAPE;
  const nk::row_blocks blocks = nk::row_blocks_of(rows);
  const std::int64_t limit = nk::kMax / static_cast<std::int64_t>(nk::kWorkspaceBytesPerColumn) / nk::kMaxBlocks - 1;
  if (cols > limit && rows > 0) return NK_ERROR_SHAPE;
  plan->part_count = blocks.count;
  plan->workspace_size = nk::workspace_size(blocks.count, cols);
  return NK_OK;
}
