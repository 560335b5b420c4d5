// Calls every entry of the CUDA library, in every dtype, with every fusion, on a few small shapes that reach each of
// the kernels' geometries. Says whether the calls succeed and what they write is finite: what the values are is for the
// tests. This is what bench/gpu/run.sh runs under compute-sanitizer; outputs and workspaces are therefore left as they
// are allocated, and nothing is larger than it has to be.
#include <limits>
#include <utility>

#include "call_memory.h"

namespace {

template <class Params>
Params make(std::int32_t dtype, std::int32_t param_dtype) {
  Params p;
  std::memset(&p, 0, sizeof p);
  p.struct_size = sizeof p;
  p.dtype = dtype;
  p.param_dtype = param_dtype;
  p.epsilon = 1e-5;
  return p;
}

std::string title(const char* name, std::int32_t dtype, std::initializer_list<std::int64_t> shape) {
  std::string text = std::string(name) + (dtype == NK_F32 ? " f32" : dtype == NK_F16 ? " f16" : " bf16");
  for (const std::int64_t n : shape) text += ' ' + std::to_string(n);
  return text;
}

#define NK_ENTRIES(room) \
  { #room, nk_cuda_##room##_forward, nk_cuda_##room##_backward, nk_cuda_##room##_jvp }

template <class Forward, class Backward, class Jvp>
struct entries {
  const char* name;
  nk_status (*forward)(const Forward*, nk_stream);
  nk_status (*backward)(const Backward*, nk_stream);
  nk_status (*jvp)(const Jvp*, nk_stream);
};

using row_entries = entries<nk_row_norm_forward_params, nk_row_norm_backward_params, nk_row_norm_jvp_params>;
using channel_entries =
    entries<nk_channel_norm_forward_params, nk_channel_norm_backward_params, nk_channel_norm_jvp_params>;
using axis_entries = entries<nk_axis_forward_params, nk_axis_backward_params, nk_axis_jvp_params>;
using reduction_entries = entries<nk_reduction_forward_params, nk_reduction_backward_params, nk_reduction_jvp_params>;

const row_entries kLayerNorm = NK_ENTRIES(layer_norm), kRmsNorm = NK_ENTRIES(rms_norm);
const channel_entries kGroupNorm = NK_ENTRIES(group_norm), kInstanceNorm = NK_ENTRIES(instance_norm),
                      kBatchNorm = NK_ENTRIES(batch_norm);
const axis_entries kAxisNorm = NK_ENTRIES(axis_norm), kL2Normalize = NK_ENTRIES(l2_normalize),
                   kWeightNorm = NK_ENTRIES(weight_norm);
const reduction_entries kVectorNorm = NK_ENTRIES(vector_norm), kMatrixNorm = NK_ENTRIES(matrix_norm);

// With pointers `offset` elements off the alignment of an allocation.
void rows_of(const row_entries& room, bool has_mean, std::int32_t dtype, std::int32_t param_dtype, std::int64_t rows,
             std::int64_t cols, int offset) {
  const std::string what = title(room.name, dtype, {rows, cols});
  const std::int64_t n = rows * cols;
  for (int form = 0; form < 5; ++form) {  // plain, with a residual, int8, e4m3 with a residual, gated
    if (form == 4 && has_mean) continue;
    memory m;
    auto p = make<nk_row_norm_forward_params>(dtype, param_dtype);
    p.rows = rows;
    p.cols = cols;
    p.x = m.filled(n, dtype, offset);
    p.weight = m.filled(cols, param_dtype);
    p.bias = m.filled(cols, param_dtype);
    p.mean = has_mean ? m.floats(rows) : nullptr;
    p.rstd = m.floats(rows);
    if (form == 1 || form == 3) {
      p.residual = m.filled(n, dtype, offset);
      p.h = m.room(n, dtype, offset);
    }
    if (form == 4) p.gate = m.filled(n, dtype, offset);
    if (form == 2 || form == 3) {
      p.quantize = form == 2 ? NK_QUANTIZE_I8 : NK_QUANTIZE_E4M3;
      p.y_scale = m.floats(rows);
      p.y = m.bytes(static_cast<std::uint64_t>(n));
    } else {
      p.y = m.room(n, dtype, offset);
    }
    require(room.forward(&p, stream), what + " forward");
    m.check(what + " forward", {p.y, p.h, p.mean, p.rstd, p.y_scale});
  }
  for (int form = 0; form < 3; ++form) {  // all gradients, accumulated to and with dh, dx alone
    memory m;
    auto p = make<nk_row_norm_backward_params>(dtype, param_dtype);
    p.rows = rows;
    p.cols = cols;
    p.x = m.filled(n, dtype, offset);
    p.dy = m.filled(n, dtype, offset);
    p.dx = m.room(n, dtype, offset);
    p.weight = m.filled(cols, param_dtype);
    if (form == 1) p.dh = m.filled(n, dtype, offset);
    if (form < 2) {
      p.flags = form == 1 ? NK_FLAG_ACCUMULATE : NK_FLAG_NONE;
      p.dweight = form == 1 ? m.filled_floats(cols) : m.floats(cols);
      p.dbias = form == 1 ? m.filled_floats(cols) : m.floats(cols);
      require(nk_cuda_row_norm_workspace_size(rows, cols, &p.workspace_size), what);
      p.workspace = m.bytes(p.workspace_size);
    }
    require(room.backward(&p, stream), what + " backward");
    m.check(what + " backward", {p.dx, p.dweight, p.dbias});
  }
  for (const bool add : {false, true}) {
    memory m;
    auto p = make<nk_row_norm_jvp_params>(dtype, param_dtype);
    p.rows = rows;
    p.cols = cols;
    p.x = m.filled(n, dtype, offset);
    p.tan_x = m.filled(n, dtype, offset);
    p.jvp_y = m.room(n, dtype, offset);
    p.weight = m.filled(cols, param_dtype);
    p.tan_weight = m.filled(cols, param_dtype);
    p.tan_bias = m.filled(cols, param_dtype);
    if (add) {
      p.tan_residual = m.filled(n, dtype, offset);
      p.jvp_h = m.room(n, dtype, offset);
    }
    require(room.jvp(&p, stream), what + " jvp");
    m.check(what + " jvp", {p.jvp_y, p.jvp_h});
  }
}

template <class Params>
void set_shape(Params& p, std::int64_t batch, std::int64_t channels, std::int64_t spatial, std::int64_t groups,
               std::int32_t layout, memory& m, bool over_batch, bool inference) {
  p.layout = layout;
  p.batch = batch;
  p.channels = channels;
  p.spatial = spatial;
  p.groups = groups;
  require(nk_cuda_channel_norm_workspace_size(batch, channels, spatial, groups, layout, over_batch ? 1 : 0,
                                              &p.workspace_size),
          "workspace");
  p.workspace = m.bytes(p.workspace_size);
  if (!inference) return;
  p.flags = NK_FLAG_INFERENCE;
  p.running_mean = m.filled_floats(channels);
  p.running_var = m.filled_floats(channels, true);
}

void channels_of(const channel_entries& room, std::int64_t groups, bool over_batch, std::int32_t dtype,
                 std::int32_t param_dtype, std::int64_t batch, std::int64_t channels, std::int64_t spatial,
                 std::int32_t layout) {
  const std::string what = title(room.name, dtype, {batch, channels, spatial, layout});
  const std::int64_t n = batch * channels * spatial;
  const std::int64_t slices = groups != 0 ? batch * groups : over_batch ? channels : batch * channels;
  for (const bool inference : {false, true}) {
    if (inference && groups != 0) continue;
    {
      memory m;
      auto p = make<nk_channel_norm_forward_params>(dtype, param_dtype);
      set_shape(p, batch, channels, spatial, groups, layout, m, over_batch, inference);
      p.x = m.filled(n, dtype);
      p.y = m.room(n, dtype);
      p.weight = m.filled(channels, param_dtype);
      p.bias = m.filled(channels, param_dtype);
      if (!inference) {
        p.mean = m.floats(slices);
        p.rstd = m.floats(slices);
        if (groups == 0) {
          p.momentum = 0.1;
          p.running_mean = m.filled_floats(channels);
          p.running_var = m.filled_floats(channels, true);
        }
      }
      require(room.forward(&p, stream), what + " forward");
      m.check(what + " forward", {p.y, p.mean, p.rstd, p.running_mean, p.running_var});
    }
    if (inference && !over_batch) continue;
    {
      memory m;
      auto p = make<nk_channel_norm_backward_params>(dtype, param_dtype);
      set_shape(p, batch, channels, spatial, groups, layout, m, over_batch, inference);
      p.x = m.filled(n, dtype);
      p.dy = m.filled(n, dtype);
      p.dx = m.room(n, dtype);
      p.weight = m.filled(channels, param_dtype);
      p.dweight = m.floats(channels);
      p.dbias = m.floats(channels);
      require(room.backward(&p, stream), what + " backward");
      m.check(what + " backward", {p.dx, p.dweight, p.dbias});
    }
    memory m;
    auto p = make<nk_channel_norm_jvp_params>(dtype, param_dtype);
    set_shape(p, batch, channels, spatial, groups, layout, m, over_batch, inference);
    p.x = m.filled(n, dtype);
    p.tan_x = m.filled(n, dtype);
    p.jvp_y = m.room(n, dtype);
    p.weight = m.filled(channels, param_dtype);
    p.tan_weight = m.filled(channels, param_dtype);
    p.tan_bias = m.filled(channels, param_dtype);
    require(room.jvp(&p, stream), what + " jvp");
    m.check(what + " jvp", {p.jvp_y});
  }
}

template <class Params>
void set_axis(Params& p, std::int64_t outer, std::int64_t length, std::int64_t inner, bool keeps_axis, double order,
              memory& m) {
  p.outer = outer;
  p.length = length;
  p.inner = inner;
  p.p = order;
  require(nk_cuda_axis_workspace_size(outer, length, inner, keeps_axis ? 1 : 0, &p.workspace_size), "workspace");
  p.workspace = m.bytes(p.workspace_size);
}

void axis_of(const axis_entries& room, std::int32_t dtype, std::int32_t param_dtype, std::int64_t outer,
             std::int64_t length, std::int64_t inner, double order) {
  const std::string what = title(room.name, dtype, {outer, length, inner});
  const bool keeps_axis = room.forward == kWeightNorm.forward, centred = room.forward == kAxisNorm.forward;
  const std::int64_t n = outer * length * inner, slices = keeps_axis ? length : outer * inner;
  const std::int64_t parameters = keeps_axis ? length : centred ? n : 0;
  {
    memory m;
    auto p = make<nk_axis_forward_params>(dtype, param_dtype);
    set_axis(p, outer, length, inner, keeps_axis, order, m);
    p.x = m.filled(n, dtype);
    p.y = m.room(n, dtype);
    p.weight = m.filled(parameters, param_dtype);
    p.bias = centred ? m.filled(parameters, param_dtype) : nullptr;
    p.mean = centred ? m.floats(slices) : nullptr;
    p.rstd = centred ? m.floats(slices) : nullptr;
    p.norm = centred ? nullptr : m.floats(slices);
    require(room.forward(&p, stream), what + " forward");
    m.check(what + " forward", {p.y, p.mean, p.rstd, p.norm});
  }
  {
    memory m;
    auto p = make<nk_axis_backward_params>(dtype, param_dtype);
    set_axis(p, outer, length, inner, keeps_axis, order, m);
    p.x = m.filled(n, dtype);
    p.dy = m.filled(n, dtype);
    p.dx = m.room(n, dtype);
    p.weight = m.filled(parameters, param_dtype);
    p.dweight = m.floats(parameters);
    p.dbias = centred ? m.floats(parameters) : nullptr;
    require(room.backward(&p, stream), what + " backward");
    m.check(what + " backward", {p.dx, p.dweight, p.dbias});
  }
  memory m;
  auto p = make<nk_axis_jvp_params>(dtype, param_dtype);
  set_axis(p, outer, length, inner, keeps_axis, order, m);
  p.x = m.filled(n, dtype);
  p.tan_x = m.filled(n, dtype);
  p.jvp_y = m.room(n, dtype);
  p.weight = m.filled(parameters, param_dtype);
  p.tan_weight = m.filled(parameters, param_dtype);
  p.tan_bias = centred ? m.filled(parameters, param_dtype) : nullptr;
  require(room.jvp(&p, stream), what + " jvp");
  m.check(what + " jvp", {p.jvp_y});
}

template <class Params>
Params make_reduction(std::int32_t dtype, std::int32_t norm_dtype, const nk_reduction& reduction, memory& m) {
  Params p;
  std::memset(&p, 0, sizeof p);
  p.struct_size = sizeof p;
  p.dtype = dtype;
  p.norm_dtype = norm_dtype;
  p.reduction = reduction;
  require(reduction.reduced != 0 ? nk_cuda_vector_norm_workspace_size(&reduction, &p.workspace_size)
                                 : nk_cuda_matrix_norm_workspace_size(&reduction, &p.workspace_size),
          "workspace");
  p.workspace = m.bytes(p.workspace_size);
  return p;
}

void reduction_of(const reduction_entries& room, std::int32_t dtype, std::int32_t norm_dtype,
                  const nk_reduction& reduction, std::int64_t norms) {
  std::int64_t n = 1;
  for (int i = 0; i < reduction.rank; ++i) n *= reduction.sizes[i];
  const std::string what = title(room.name, dtype, {n, norms, reduction.order});
  {
    memory m;
    auto p = make_reduction<nk_reduction_forward_params>(dtype, norm_dtype, reduction, m);
    p.x = m.filled(n, dtype);
    p.norm = m.room(norms, norm_dtype);
    require(room.forward(&p, stream), what + " forward");
    m.check(what + " forward", {p.norm});
  }
  {
    memory m;
    auto p = make_reduction<nk_reduction_backward_params>(dtype, norm_dtype, reduction, m);
    p.x = m.filled(n, dtype);
    p.dnorm = m.filled(norms, norm_dtype);
    p.dx = m.room(n, dtype);
    require(room.backward(&p, stream), what + " backward");
    m.check(what + " backward", {p.dx});
  }
  memory m;
  auto p = make_reduction<nk_reduction_jvp_params>(dtype, norm_dtype, reduction, m);
  p.x = m.filled(n, dtype);
  p.tan_x = m.filled(n, dtype);
  p.jvp_norm = m.room(norms, norm_dtype);
  require(room.jvp(&p, stream), what + " jvp");
  m.check(what + " jvp", {p.jvp_norm});
}

nk_reduction reduction_over(std::initializer_list<std::int64_t> sizes) {
  nk_reduction r;
  std::memset(&r, 0, sizeof r);
  for (const std::int64_t n : sizes) r.sizes[r.rank++] = n;
  return r;
}

void rows_of_blocks(std::int32_t dtype, std::int32_t param_dtype) {
  // One for each geometry, in slots of 16 bytes, and a tail or a shift in each.
  const std::pair<std::int64_t, std::int64_t> shapes[] = {{33, 8},  {17, 16}, {9, 31},   {9, 125},
                                                          {5, 250}, {5, 500}, {3, 1000}, {2, 2000}};
  const std::int64_t slot = 16 / size_of(dtype);
  for (const auto& s : shapes) {
    for (const int offset : {0, 1}) {
      const std::int64_t cols = s.second * slot - offset;
      rows_of(kLayerNorm, true, dtype, param_dtype, s.first, cols, offset);
      rows_of(kRmsNorm, false, dtype, param_dtype, s.first, cols, offset);
    }
  }
}

// Clusters, and rows that are read again: of all dtypes alike.
void long_rows(std::int32_t dtype, std::int32_t param_dtype) {
  if (dtype != NK_F32) return;
  for (const std::int64_t slots : {4001, 8001, 16001, 32001, 33001}) {
    rows_of(kLayerNorm, true, dtype, param_dtype, 1, slots * 4 - 1, 1);  // 4 to a slot
  }
}

void all_channels(std::int32_t dtype, std::int32_t param_dtype) {
  const std::int64_t shapes[][3] = {{2, 4, 9}, {2, 6, 500}, {3, 8, 4099}, {2, 64, 35}};
  for (const auto& s : shapes) {
    for (const std::int32_t layout : {0, 1}) {
      channels_of(kGroupNorm, 2, false, dtype, param_dtype, s[0], s[1], s[2], layout);
      channels_of(kInstanceNorm, 0, false, dtype, param_dtype, s[0], s[1], s[2], layout);
      channels_of(kBatchNorm, 0, true, dtype, param_dtype, s[0], s[1], s[2], layout);
    }
  }
}

void all_axes(std::int32_t dtype, std::int32_t param_dtype) {
  const std::int64_t shapes[][3] = {{2, 5, 3}, {3, 700, 1}, {1, 40000, 1}, {4, 300, 6}, {2, 9, 5000}};
  for (const auto& s : shapes) {
    axis_of(kAxisNorm, dtype, param_dtype, s[0], s[1], s[2], 0);
    axis_of(kWeightNorm, dtype, param_dtype, s[0], s[1], s[2], 0);
    for (const double p : {2.0, 1.0, 3.0, std::numeric_limits<double>::infinity()}) {
      axis_of(kL2Normalize, dtype, param_dtype, s[0], s[1], s[2], p);
    }
  }
}

void all_reductions(std::int32_t dtype, std::int32_t param_dtype) {
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double p : {2.0, 1.0, -1.0, 0.5, 3.0, infinity, -infinity}) {
    // The norm of order 1/2 of 30000 elements is beyond float16.
    const std::int32_t norm_dtype = p == 0.5 ? static_cast<std::int32_t>(NK_F32) : param_dtype;
    nk_reduction r = reduction_over({3, 50, 40});
    r.p = p;
    r.reduced = 2;
    reduction_of(kVectorNorm, dtype, norm_dtype, r, 3 * 40);
    r.reduced = 7;
    reduction_of(kVectorNorm, dtype, norm_dtype, r, 1);
    r = reduction_over({2, 30000});
    r.p = p;
    r.reduced = 2;
    reduction_of(kVectorNorm, dtype, norm_dtype, r, 2);
  }
  for (int order = NK_MATRIX_FROBENIUS; order <= NK_MATRIX_MIN_SINGULAR_VALUE; ++order) {
    nk_reduction r = reduction_over({3, 24, 20});
    r.row_axis = 1;
    r.column_axis = 2;
    r.order = order;
    reduction_of(kMatrixNorm, dtype, param_dtype, r, 3);
    r.row_axis = 2;
    r.column_axis = 0;
    reduction_of(kMatrixNorm, dtype, param_dtype, r, 24);
  }
}

}  // namespace

// With an argument only the families whose name begins so: rows, long_rows, channels, axes, reductions.
int main(int argc, char** argv) {
  const std::pair<const char*, void (*)(std::int32_t, std::int32_t)> families[] = {{"rows", rows_of_blocks},
                                                                                   {"long_rows", long_rows},
                                                                                   {"channels", all_channels},
                                                                                   {"axes", all_axes},
                                                                                   {"reductions", all_reductions}};
  require(nk_stream_create(&stream), "stream");
  for (const auto& family : families) {
    if (argc > 1 && std::strncmp(family.first, argv[1], std::strlen(argv[1])) != 0) continue;
    family.second(NK_F32, NK_F32);
    family.second(NK_F16, NK_F16);
    family.second(NK_BF16, NK_F32);
  }
  require(nk_stream_destroy(stream), "stream");
  std::printf("%d calls, all well\n", calls);
  return calls == 0 ? 1 : 0;
}
