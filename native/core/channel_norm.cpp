#include "channel_norm.h"

#include "entry.h"

namespace nk {

namespace {

constexpr std::uint64_t kDoublesPerChannel = 4;
constexpr std::uint64_t kAlignment = 64;

// A block's part of the workspace: two sums for each channel over the samples so far, and two over the present sample.
struct channel_workspace {
  double* base;
  std::int64_t channels;

  channel_workspace(void* memory, std::int64_t n) : channels(n) {
    const std::uintptr_t address = reinterpret_cast<std::uintptr_t>(memory);
    const std::uintptr_t padding = (kAlignment - address % kAlignment) % kAlignment;
    base = memory == nullptr ? nullptr : reinterpret_cast<double*>(static_cast<char*>(memory) + padding);
  }
  double* at(std::int64_t block, int which) const { return base + (block * 4 + which) * channels; }
};

enum workspace_slot { kTotalFirst, kTotalSecond, kNowFirst, kNowSecond };

// gradient (+)= the sum over blocks, from first to last.
void add_blocks(const channel_workspace& workspace, std::int64_t blocks, int slot, float* gradient,
                std::uint32_t flags) {
  if (gradient == nullptr) return;
  const std::int64_t stride = 4 * workspace.channels;
  for (std::int64_t c = 0; c < workspace.channels; ++c) {
    const double* const sums = workspace.at(0, slot) + c;
    double total = 0.0 + sums[0];
    for (std::int64_t block = 1; block < blocks; ++block) total += sums[block * stride];
    put_gradient(gradient, c, total, flags);
  }
}

void update_running(float* running, std::int64_t channel, double momentum, double value) {
  const double before = static_cast<double>(read(running + channel));
  write(running + channel, static_cast<float>((1.0 - momentum) * before + momentum * value));
}

// Inference normalizes every channel alike: the slices of batch_norm, whatever the room.
template <class Params>
channel_parts parts_of_call(const channel_norm_room& room, const Params& p) {
  const bool over_batch = room.over_batch || is_inference(p);
  return channel_parts_of(over_batch, p.batch, p.channels, p.spatial, p.groups, p.layout);
}

// Statistics of the slices of a range as float32: what forward saves, and what backward and jvp work with.
struct slice_statistics {
  float center[kStripColumns];
  float scale[kStripColumns];
};

template <class Params>
void statistics_again(const slice_range& r, const strip_table& ops, const Params& p, slice_statistics* s) {
  const std::int64_t count = r.end - r.begin;
  if (p.mean != nullptr) {
    const std::int64_t first = r.outer * r.view->kept + r.begin;
    for (std::int64_t k = 0; k < count; ++k) {
      s->center[k] = read(p.mean + first + k);
      s->scale[k] = read(p.rstd + first + k);
    }
    return;
  }
  double mean[kStripColumns], variance[kStripColumns];
  slice_moments(r, ops, summing::in_float_first, p.dtype, p.x, true, p.epsilon, mean, variance);
  for (std::int64_t k = 0; k < count; ++k) {
    s->center[k] = static_cast<float>(mean[k]);
    s->scale[k] = static_cast<float>(rstd_of(variance[k] + p.epsilon));
  }
}

void forward_slices(const slice_range& r, const strip_table& ops, const nk_channel_norm_forward_params& p,
                    double* running_first, double* running_second) {
  const slices& v = *r.view;
  double mean[kStripColumns], variance[kStripColumns], rstd[kStripColumns];
  slice_moments(r, ops, summing::in_float_first, p.dtype, p.x, true, p.epsilon, mean, variance);
  const double values = static_cast<double>(v.values());
  for (std::int64_t k = r.begin; k < r.end; ++k) {
    const std::int64_t i = k - r.begin;
    rstd[i] = rstd_of(variance[i] + p.epsilon);
    const std::int64_t slice = r.outer * v.kept + k;
    if (p.mean != nullptr) write(p.mean + slice, static_cast<float>(mean[i]));
    if (p.rstd != nullptr) write(p.rstd + slice, static_cast<float>(rstd[i]));
    if (p.running_mean != nullptr) {
      const double unbiased = variance[i] * values / (values - 1.0);
      if (running_first != nullptr) {
        running_first[k] += mean[i];
        running_second[k] += unbiased;
      } else {
        update_running(p.running_mean, k, p.momentum, mean[i]);
        update_running(p.running_var, k, p.momentum, unbiased);
      }
    }
  }
  if (p.y == nullptr) return;
  channel_affine(r, ops, p.dtype, p.x, p.y, [&](std::int64_t k, std::int64_t channel) {
    const double m = mean[k - r.begin];
    const float center = static_cast<float>(m);
    const double factor = rstd[k - r.begin] * parameter_at(p.weight, p.param_dtype, channel, 1.0);
    // The center is rounded; what it lacks goes to the offset. In a constant slice that is nothing.
    const double lack = (m - static_cast<double>(center)) * factor;
    const double offset = parameter_at(p.bias, p.param_dtype, channel, 0.0) - lack;
    return affine_coefficients{center, static_cast<float>(factor), static_cast<float>(offset)};
  });
}

// Sums over the slices of a range, from which both derivatives are made.
struct slice_sums {
  double t[kStripColumns];
  double t_xhat[kStripColumns];
  double xhat[kStripColumns];

  std::int64_t count;

  // Not all of the arrays: that would take longer than the sums of a short slice.
  explicit slice_sums(std::int64_t slices) : count(slices) {
    for (std::int64_t i = 0; i < count; ++i) t[i] = t_xhat[i] = xhat[i] = 0.0;
  }

  // Makes them means of t, of t * (xhat - its mean), and of xhat.
  void take_means(double values) {
    for (std::int64_t i = 0; i < count; ++i) {
      xhat[i] /= values;
      t[i] /= values;
      t_xhat[i] = t_xhat[i] / values - xhat[i] * t[i];
    }
  }
};

void backward_slices(const slice_range& r, const strip_table& ops, const nk_channel_norm_backward_params& p,
                     const channel_workspace& workspace, std::int64_t block) {
  const slices& v = *r.view;
  const bool parameters = p.dweight != nullptr || p.dbias != nullptr;
  const auto weight_at = [&](std::int64_t channel) { return parameter_at(p.weight, p.param_dtype, channel, 1.0); };
  const double values = static_cast<double>(v.values());
  slice_statistics stats;
  statistics_again(r, ops, p, &stats);
  slice_sums sums(r.count());
  // Without a workspace a channel is a slice of its own, and its sums are kept here.
  double here[2][kStripColumns];
  const std::int64_t runs = v.runs(), first_channel = r.begin * runs;
  double* const now_dy = workspace.base != nullptr ? workspace.at(block, kNowFirst) + first_channel : here[0];
  double* const now_product = workspace.base != nullptr ? workspace.at(block, kNowSecond) + first_channel : here[1];
  const auto center = [&](std::int64_t k) { return stats.center[k - r.begin]; };
  const auto scale = [&](std::int64_t k) { return stats.scale[k - r.begin]; };
  channel_products(r, ops, summing::in_float_first, p.dtype, p.dy, p.x, center, scale,
                   [&](std::int64_t k, std::int64_t channel, double dy, double dy_xhat, double xhat) {
                     const double w = weight_at(channel);
                     sums.t[k - r.begin] += w * dy;
                     sums.t_xhat[k - r.begin] += w * dy_xhat;
                     sums.xhat[k - r.begin] += xhat;
                     if (parameters) {
                       now_dy[channel - first_channel] = dy;
                       now_product[channel - first_channel] = dy_xhat;
                     }
                   });
  sums.take_means(values);
  if (parameters) {
    for (std::int64_t i = 0; i < r.count(); ++i) {
      for (std::int64_t j = i * runs; j < (i + 1) * runs; ++j) {
        const std::int64_t channel = first_channel + j;
        const double dbias = now_dy[j];
        const double dweight = now_product[j] - sums.xhat[i] * now_dy[j];
        if (workspace.base != nullptr) {
          workspace.at(block, kTotalFirst)[channel] += dbias;
          workspace.at(block, kTotalSecond)[channel] += dweight;
        } else {
          put_gradient(p.dbias, channel, dbias, p.flags);
          put_gradient(p.dweight, channel, dweight, p.flags);
        }
      }
    }
  }
  channel_combine(r, ops, p.dtype, p.dy, p.x, p.dx, [&](std::int64_t k, std::int64_t channel) {
    const std::int64_t i = k - r.begin;
    const double rstd = static_cast<double>(stats.scale[i]), slope = sums.t_xhat[i];
    return combine_run{stats.center[i], stats.scale[i], static_cast<float>(weight_at(channel) * rstd),
                       static_cast<float>(-rstd * slope),
                       static_cast<float>(rstd * (sums.xhat[i] * slope - sums.t[i]))};
  });
}

void jvp_slices(const slice_range& r, const strip_table& ops, const nk_channel_norm_jvp_params& p) {
  const double values = static_cast<double>(r.view->values());
  slice_statistics stats;
  statistics_again(r, ops, p, &stats);
  slice_sums sums(r.count());
  const auto center = [&](std::int64_t k) { return stats.center[k - r.begin]; };
  const auto scale = [&](std::int64_t k) { return stats.scale[k - r.begin]; };
  channel_products(r, ops, summing::in_float_first, p.dtype, p.tan_x, p.x, center, scale,
                   [&](std::int64_t k, std::int64_t, double t, double t_xhat, double xhat) {
                     sums.t[k - r.begin] += t;
                     sums.t_xhat[k - r.begin] += t_xhat;
                     sums.xhat[k - r.begin] += xhat;
                   });
  sums.take_means(values);
  channel_combine(r, ops, p.dtype, p.tan_x, p.x, p.jvp_y, [&](std::int64_t k, std::int64_t channel) {
    const std::int64_t i = k - r.begin;
    const double a = static_cast<double>(stats.scale[i]) * parameter_at(p.weight, p.param_dtype, channel, 1.0);
    const double b = parameter_at(p.tan_weight, p.param_dtype, channel, 0.0) - a * sums.t_xhat[i];
    const double e = parameter_at(p.tan_bias, p.param_dtype, channel, 0.0) - a * sums.t[i] - sums.xhat[i] * b;
    return combine_run{stats.center[i], stats.scale[i], static_cast<float>(a), static_cast<float>(b),
                       static_cast<float>(e)};
  });
}

// What inference multiplies by, in double.
double running_rstd(const float* running_var, double epsilon, std::int64_t channel) {
  return rstd_of(static_cast<double>(read(running_var + channel)) + epsilon);
}

void infer_slices(const slice_range& r, const strip_table& ops, const nk_channel_norm_forward_params& p) {
  channel_affine_double(r, ops, p.dtype, p.x, p.y, [&](std::int64_t, std::int64_t channel) {
    const folded f = fold(p.running_mean, p.running_var, p.weight, p.bias, p.param_dtype, p.epsilon, channel);
    return affine_double_coefficients{f.scale, f.shift};
  });
}

void infer_slices_backward(const slice_range& r, const strip_table& ops, const nk_channel_norm_backward_params& p) {
  if (p.dweight != nullptr || p.dbias != nullptr) {
    const auto center = [&](std::int64_t k) { return read(p.running_mean + k); };
    const auto scale = [&](std::int64_t k) { return static_cast<float>(running_rstd(p.running_var, p.epsilon, k)); };
    channel_products(r, ops, summing::in_float_first, p.dtype, p.dy, p.x, center, scale,
                     [&](std::int64_t, std::int64_t channel, double dy, double dy_xhat, double) {
                       put_gradient(p.dbias, channel, dy, p.flags);
                       put_gradient(p.dweight, channel, dy_xhat, p.flags);
                     });
  }
  channel_affine(r, ops, p.dtype, p.dy, p.dx, [&](std::int64_t, std::int64_t channel) {
    const double factor =
        running_rstd(p.running_var, p.epsilon, channel) * parameter_at(p.weight, p.param_dtype, channel, 1.0);
    return affine_coefficients{0.0f, static_cast<float>(factor), 0.0f};
  });
}

void infer_slices_jvp(const slice_range& r, const strip_table& ops, const nk_channel_norm_jvp_params& p) {
  const auto factor = [&](std::int64_t channel) {
    return static_cast<float>(running_rstd(p.running_var, p.epsilon, channel) *
                              parameter_at(p.weight, p.param_dtype, channel, 1.0));
  };
  const auto offset = [&](std::int64_t channel) {
    return static_cast<float>(parameter_at(p.tan_bias, p.param_dtype, channel, 0.0));
  };
  // Without a tangent of the weight x has no part in it, be it infinite.
  if (p.tan_weight == nullptr) {
    channel_affine(r, ops, p.dtype, p.tan_x, p.jvp_y, [&](std::int64_t, std::int64_t channel) {
      return affine_coefficients{0.0f, factor(channel), offset(channel)};
    });
    return;
  }
  channel_combine(r, ops, p.dtype, p.tan_x, p.x, p.jvp_y, [&](std::int64_t, std::int64_t channel) {
    return combine_run{read(p.running_mean + channel),
                       static_cast<float>(running_rstd(p.running_var, p.epsilon, channel)), factor(channel),
                       static_cast<float>(parameter_at(p.tan_weight, p.param_dtype, channel, 0.0)), offset(channel)};
  });
}

void fill_nan(float* values, std::int64_t count) {
  for (std::int64_t i = 0; values != nullptr && i < count; ++i) {
    write(values + i, std::numeric_limits<float>::quiet_NaN());
  }
}

template <class Params>
std::uint64_t tensor_bytes(const Params& p) {
  return static_cast<std::uint64_t>(p.batch) * static_cast<std::uint64_t>(p.channels * p.spatial) *
         static_cast<std::uint64_t>(size_of(p.dtype));
}

// Whether a call writes a tensor that is too large for the caches to be of use to whoever reads it next, and not in
// place.
template <class Params>
bool streams(const Params& p, const void* out, const void* first, const void* second) {
  return out != first && out != second && tensor_bytes(p) >= streaming_bytes();
}

// Smaller tensors may well be in a cache, where to ask for them ahead would only cost (8 x 256 x 14 x 14: GroupNorm 80
// us, so 87). Larger ones are asked for (64 x 64 x 56 x 56: 5250 us, so 3160).
constexpr std::uint64_t kCachedBytes = 2 * 1024 * 1024;

// Calls f(block, range) for every outer index of every part.
template <class Params, class F>
void for_each_outer(const channel_parts& parts, const part_range& range, const Params& p, bool streamed, F&& f) {
  const bool from_memory = tensor_bytes(p) > kCachedBytes;
  for_each_part(parts, range.begin, range.end, [&](std::int64_t block, slice_range r) {
    r.streamed = streamed;
    r.from_memory = from_memory;
    const std::int64_t end = r.outer + parts.block_size;
    for (; r.outer < end && r.outer < parts.outer; ++r.outer) f(block, r);
  });
}

// Sets the sums over samples of every part to zero.
void clear_totals(const channel_parts& parts, const part_range& range, const channel_workspace& workspace) {
  const std::int64_t runs = parts.view.runs();
  for_each_part(parts, range.begin, range.end, [&](std::int64_t block, const slice_range& r) {
    for (const int slot : {kTotalFirst, kTotalSecond}) {
      double* const totals = workspace.at(block, slot);
      for (std::int64_t c = r.begin * runs; c < r.end * runs; ++c) totals[c] = 0.0;
    }
  });
}

}  // namespace

std::uint64_t channel_parts::workspace_size() const {
  if (!needs_workspace() || channels == 0) return 0;
  return static_cast<std::uint64_t>(blocks) * static_cast<std::uint64_t>(channels) * kDoublesPerChannel *
             sizeof(double) +
         kAlignment;
}

channel_parts channel_parts_of(bool over_batch, std::int64_t batch, std::int64_t channels, std::int64_t spatial,
                               std::int64_t groups, std::int32_t layout) {
  channel_parts parts;
  parts.channels = channels;
  parts.outer = over_batch ? 1 : batch;
  parts.view = channel_view(over_batch, batch, channels, spatial, groups, layout);
  // Values of a channel in one outer index.
  const std::int64_t values = over_batch ? 0 : spatial;
  constexpr std::int64_t kMostBlocks = 64, kValuesPerBlock = 32;
  const std::int64_t worth = values >= kValuesPerBlock ? parts.outer : parts.outer / kValuesPerBlock * values;
  const std::int64_t wanted = worth < 1 ? 1 : worth < kMostBlocks ? worth : kMostBlocks;
  parts.block_size = parts.outer / wanted + (parts.outer % wanted != 0 ? 1 : 0);
  if (parts.block_size == 0) parts.block_size = 1;
  parts.blocks = parts.outer / parts.block_size + (parts.outer % parts.block_size != 0 ? 1 : 0);
  return parts;
}

folded fold(const float* running_mean, const float* running_var, const void* weight, const void* bias,
            std::int32_t param_dtype, double epsilon, std::int64_t channel) {
  const double scale = running_rstd(running_var, epsilon, channel) * parameter_at(weight, param_dtype, channel, 1.0);
  const double mean = static_cast<double>(read(running_mean + channel));
  return {scale, parameter_at(bias, param_dtype, channel, 0.0) - mean * scale};
}

nk_status plan(const channel_norm_room& room, std::int64_t batch, std::int64_t channels, std::int64_t spatial,
               std::int64_t groups, std::int32_t layout, nk_plan* plan) {
  if (plan == nullptr) return NK_ERROR_NULL;
  const nk_status status = check_channel_shape(room.has_groups, batch, channels, spatial, groups, layout, 4);
  if (status != NK_OK) return status;
  const channel_parts parts = channel_parts_of(room.over_batch, batch, channels, spatial, groups, layout);
  const bool empty = batch == 0 || channels == 0 || spatial == 0;
  plan->part_count = empty ? 0 : parts.count();
  plan->workspace_size = empty ? 0 : parts.workspace_size();
  return NK_OK;
}

nk_status forward(const channel_norm_room& room, const nk_channel_norm_forward_params* params) {
  nk_status status = check_forward(room, params);
  if (status != NK_OK) return status;
  const nk_channel_norm_forward_params& p = *params;
  const strip_table* ops;
  status = pick(kStripTables, p.isa, &ops);
  if (status != NK_OK) return status;
  const bool inference = is_inference(p);
  const channel_parts parts = parts_of_call(room, p);
  part_range range;
  status = parts_of(p, is_empty(p) ? 0 : parts.count(), &range);
  if (status != NK_OK) return status;
  const bool sums = !inference && p.running_mean != nullptr && !is_empty(p) && parts.outer != 1;
  if (sums && (p.workspace == nullptr || p.workspace_size < parts.workspace_size())) return NK_ERROR_WORKSPACE;
  const channel_workspace workspace(sums ? p.workspace : nullptr, parts.channels);

  if (is_empty(p)) {  // no values: nothing to write but statistics, which are 0 / 0
    if (p.stage != NK_STAGE_PARTS && !inference) {
      fill_nan(p.mean, parts.outer * parts.view.kept);
      fill_nan(p.rstd, parts.outer * parts.view.kept);
    }
    return NK_OK;
  }
  const bool streamed = streams(p, p.y, p.x, p.x);
  if (inference) {
    for_each_outer(parts, range, p, streamed, [&](std::int64_t, const slice_range& r) { infer_slices(r, *ops, p); });
    return NK_OK;
  }
  if (sums) clear_totals(parts, range, workspace);
  for_each_outer(parts, range, p, streamed, [&](std::int64_t block, const slice_range& r) {
    forward_slices(r, *ops, p, sums ? workspace.at(block, kTotalFirst) : nullptr,
                   sums ? workspace.at(block, kTotalSecond) : nullptr);
  });
  if (sums && p.stage != NK_STAGE_PARTS) {
    const double samples = static_cast<double>(parts.outer);
    for (std::int64_t c = 0; c < parts.channels; ++c) {
      double mean = 0.0, variance = 0.0;
      for (std::int64_t block = 0; block < parts.blocks; ++block) {
        mean += workspace.at(block, kTotalFirst)[c];
        variance += workspace.at(block, kTotalSecond)[c];
      }
      update_running(p.running_mean, c, p.momentum, mean / samples);
      update_running(p.running_var, c, p.momentum, variance / samples);
    }
  }
  return NK_OK;
}

nk_status backward(const channel_norm_room& room, const nk_channel_norm_backward_params* params) {
  nk_status status = check_backward(room, params);
  if (status != NK_OK) return status;
  const nk_channel_norm_backward_params& p = *params;
  const strip_table* ops;
  status = pick(kStripTables, p.isa, &ops);
  if (status != NK_OK) return status;
  const channel_parts parts = parts_of_call(room, p);
  part_range range;
  status = parts_of(p, is_empty(p) ? 0 : parts.count(), &range);
  if (status != NK_OK) return status;
  const bool parameters = p.dweight != nullptr || p.dbias != nullptr;
  const bool sums = parameters && !is_empty(p) && parts.needs_workspace();
  if (sums && (p.workspace == nullptr || p.workspace_size < parts.workspace_size())) return NK_ERROR_WORKSPACE;
  const channel_workspace workspace(sums ? p.workspace : nullptr, parts.channels);

  if (is_empty(p)) {  // sums of nothing
    // The channels of nothing may be very many.
    for (std::int64_t c = 0; parameters && c < p.channels && p.stage != NK_STAGE_PARTS; ++c) {
      put_gradient(p.dbias, c, 0.0, p.flags);
      put_gradient(p.dweight, c, 0.0, p.flags);
    }
    return NK_OK;
  }
  const bool streamed = streams(p, p.dx, p.dy, p.x);
  if (is_inference(p)) {
    for_each_outer(parts, range, p, streamed,
                   [&](std::int64_t, const slice_range& r) { infer_slices_backward(r, *ops, p); });
    return NK_OK;
  }
  if (sums) clear_totals(parts, range, workspace);
  for_each_outer(parts, range, p, streamed,
                 [&](std::int64_t block, const slice_range& r) { backward_slices(r, *ops, p, workspace, block); });
  if (sums && p.stage != NK_STAGE_PARTS) {
    add_blocks(workspace, parts.blocks, kTotalFirst, p.dbias, p.flags);
    add_blocks(workspace, parts.blocks, kTotalSecond, p.dweight, p.flags);
  }
  return NK_OK;
}

nk_status jvp(const channel_norm_room& room, const nk_channel_norm_jvp_params* params) {
  nk_status status = check_jvp(room, params);
  if (status != NK_OK) return status;
  const nk_channel_norm_jvp_params& p = *params;
  const strip_table* ops;
  status = pick(kStripTables, p.isa, &ops);
  if (status != NK_OK) return status;
  const channel_parts parts = parts_of_call(room, p);
  part_range range;
  status = parts_of(p, is_empty(p) ? 0 : parts.count(), &range);
  if (status != NK_OK) return status;
  if (is_empty(p)) return NK_OK;
  for_each_outer(parts, range, p, streams(p, p.jvp_y, p.tan_x, p.x), [&](std::int64_t, const slice_range& r) {
    if (is_inference(p)) {
      infer_slices_jvp(r, *ops, p);
    } else {
      jvp_slices(r, *ops, p);
    }
  });
  return NK_OK;
}

}  // namespace nk
