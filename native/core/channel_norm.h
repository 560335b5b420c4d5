// The skeleton of norms over channels, furnished by group_norm, instance_norm and batch_norm: they differ in what a
// slice is. Ordinary code over slices.h; it knows no instruction set.
//
//   xhat = (x - mean) * rstd      y = xhat * W + bias
//   dx = rstd * (dy * W - mean(dy * W) - xhat * mean(dy * W * xhat))      dweight = sum dy * xhat      dbias = sum dy
//   jvp_y = W * rstd * (t - mean(t) - xhat * mean(t * xhat)) + xhat * tan_weight + tan_bias
//
// In inference mean and rstd are constants, and the terms with a mean of theirs drop out.
//
// Backward and jvp sum dy (or t), its product with xhat, and xhat itself over every channel. The last sum is what the
// float32 mean lacks: at a mean of 1e6 it is 0.03 off, and xhat must be corrected by it.
#pragma once

#include "channel_norm_check.h"
#include "slices.h"

namespace nk {

// Sums over the outer index (samples) run over blocks of it, so that their order depends on the shape alone. A block's
// channels hold four doubles in the workspace, so there are no more blocks than keep that below a quarter of the
// tensor.
struct channel_parts {
  slices view;
  std::int64_t outer;       // how many
  std::int64_t block_size;  // of outer
  std::int64_t blocks;
  std::int64_t channels;

  std::int64_t count() const { return blocks * (view.kept == 0 ? 0 : bunches_of(view)); }
  std::uint64_t workspace_size() const;
  bool needs_workspace() const { return outer != 1 || view.runs() != 1; }
};

nk_status plan(const channel_norm_room& room, std::int64_t batch, std::int64_t channels, std::int64_t spatial,
               std::int64_t groups, std::int32_t layout, nk_plan* plan);
nk_status forward(const channel_norm_room& room, const nk_channel_norm_forward_params* params);
nk_status backward(const channel_norm_room& room, const nk_channel_norm_backward_params* params);
nk_status jvp(const channel_norm_room& room, const nk_channel_norm_jvp_params* params);

// Inference, for batch_norm's fold and apply.
struct folded {
  double scale;
  double shift;
};
folded fold(const float* running_mean, const float* running_var, const void* weight, const void* bias,
            std::int32_t param_dtype, double epsilon, std::int64_t channel);
channel_parts channel_parts_of(bool over_batch, std::int64_t batch, std::int64_t channels, std::int64_t spatial,
                               std::int64_t groups, std::int32_t layout);

// Calls f(block, range) for every part, range holding the slices; its outer index is the block's first.
template <class F>
void for_each_part(const channel_parts& parts, std::int64_t begin, std::int64_t end, F&& f) {
  const std::int64_t bunches = bunches_of(parts.view);
  for (std::int64_t part = begin; part < end; ++part) {
    const std::int64_t block = part / bunches, first = part % bunches * bunch_of(parts.view);
    const std::int64_t last = first + bunch_of(parts.view);
    f(block,
      slice_range{&parts.view, block * parts.block_size, first, last < parts.view.kept ? last : parts.view.kept});
  }
}

}  // namespace nk
