// The CUDA kernels of the norms over slices, run by the emulation, against the CPU's. The shapes are such that every
// way of sharing out a slice is taken: teams of 8, 32 and 256 threads, columns, chunks, and channels of a few elements.
#include <normkernels/nk_axis_norm.h>
#include <normkernels/nk_batch_norm.h>
#include <normkernels/nk_cuda.h>
#include <normkernels/nk_group_norm.h>
#include <normkernels/nk_instance_norm.h>
#include <normkernels/nk_l2_normalize.h>
#include <normkernels/nk_vector_norm.h>
#include <normkernels/nk_weight_norm.h>

#include "cuda_support.h"

namespace {

using nk_test::outputs;
using nk_test::tensor;
using nk_test::values_of;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

float* floats(tensor& t) {
  return static_cast<float*>(t.data());
}

// The CPU's function, or CUDA's on the default stream.
template <class Params>
void call(bool cuda, nk_status (*cpu_function)(const Params*), nk_status (*cuda_function)(const Params*, nk_stream),
          const Params& p) {
  EXPECT_EQ(cuda ? cuda_function(&p, nullptr) : cpu_function(&p), NK_OK) << nk_cuda_error();
}

template <class Params>
Params params_of(int dtype) {
  Params p = {};
  p.struct_size = sizeof p;
  p.dtype = dtype;
  return p;
}

#define NK_BOTH(room, verb) nk_##room##_##verb, nk_cuda_##room##_##verb

struct channel_form {
  std::int64_t batch, channels, spatial, groups;
  int layout;
};

struct channel_case {
  std::int64_t groups;  // 0: instance_norm, -1: batch_norm
  channel_form f;
  bool saved, inference;
};

#define NK_CHANNEL_CALL(verb, p)                   \
  do {                                             \
    if (c.groups > 0) {                            \
      call(cuda, NK_BOTH(group_norm, verb), p);    \
    } else if (c.groups == 0) {                    \
      call(cuda, NK_BOTH(instance_norm, verb), p); \
    } else {                                       \
      call(cuda, NK_BOTH(batch_norm, verb), p);    \
    }                                              \
  } while (false)

outputs compute_channels(int dtype, const channel_case& c, bool cuda) {
  const channel_form& f = c.f;
  std::mt19937 random(7);
  const std::int64_t count = f.batch * f.channels * f.spatial;
  const std::int64_t slices = c.groups < 0 ? f.channels : f.batch * (c.groups == 0 ? f.channels : c.groups);
  tensor x(dtype, count), t(dtype, count), y(dtype, count), dx(dtype, count), jvp_y(dtype, count);
  tensor weight(NK_F32, f.channels), bias(NK_F32, f.channels), tan_weight(NK_F32, f.channels),
      dweight(NK_F32, f.channels), dbias(NK_F32, f.channels), running_mean(NK_F32, f.channels),
      running_var(NK_F32, f.channels), mean(NK_F32, slices), rstd(NK_F32, slices);
  x.fill(random, 3.0f, 1.0f);
  t.fill(random, 0.0f, 1.0f);
  for (tensor* p : {&weight, &bias, &tan_weight, &dweight, &dbias, &running_mean}) p->fill(random, 1.0f, 0.5f);
  for (std::int64_t i = 0; i < f.channels; ++i) running_var.set(i, 1.0f + 0.1f * static_cast<float>(i % 7));

  std::uint64_t size = 0;
  if (cuda) {
    EXPECT_EQ(nk_cuda_channel_norm_workspace_size(f.batch, f.channels, f.spatial, c.groups > 0 ? c.groups : 0, f.layout,
                                                  c.groups < 0, &size),
              NK_OK);
  } else {
    nk_plan plan = {};
    const auto layout = static_cast<nk_channel_layout>(f.layout);
    EXPECT_EQ(c.groups > 0    ? nk_group_norm_plan(f.batch, f.channels, f.spatial, c.groups, layout, &plan)
              : c.groups == 0 ? nk_instance_norm_plan(f.batch, f.channels, f.spatial, layout, &plan)
                              : nk_batch_norm_plan(f.batch, f.channels, f.spatial, layout, &plan),
              NK_OK);
    size = plan.workspace_size;
  }
  std::vector<unsigned char> workspace(size);
  const auto common = [&](auto& p) {
    p.param_dtype = NK_F32;
    p.flags = c.inference ? NK_FLAG_INFERENCE : NK_FLAG_NONE;
    p.layout = f.layout;
    p.batch = f.batch;
    p.channels = f.channels;
    p.spatial = f.spatial;
    p.groups = c.groups > 0 ? c.groups : 0;
    p.epsilon = 1e-5;
    p.x = x.data();
    p.weight = weight.data();
    p.workspace = workspace.data();
    p.workspace_size = size;
  };
  auto forward = params_of<nk_channel_norm_forward_params>(dtype);
  common(forward);
  forward.y = y.data();
  forward.bias = bias.data();
  if (c.groups <= 0) {
    forward.running_mean = floats(running_mean);
    forward.running_var = floats(running_var);
  }
  forward.momentum = 0.1;
  if (!c.inference) {
    forward.mean = floats(mean);
    forward.rstd = floats(rstd);
  }
  NK_CHANNEL_CALL(forward, forward);

  auto backward = params_of<nk_channel_norm_backward_params>(dtype);
  common(backward);
  backward.flags |= NK_FLAG_ACCUMULATE;
  backward.dy = t.data();
  backward.dx = dx.data();
  backward.dweight = floats(dweight);
  backward.dbias = floats(dbias);
  auto jvp = params_of<nk_channel_norm_jvp_params>(dtype);
  common(jvp);
  jvp.tan_x = t.data();
  jvp.jvp_y = jvp_y.data();
  jvp.tan_weight = tan_weight.data();
  jvp.tan_bias = bias.data();
  if (c.saved) {
    backward.mean = jvp.mean = forward.mean;
    backward.rstd = jvp.rstd = forward.rstd;
  }
  if (c.inference) {
    backward.running_mean = jvp.running_mean = forward.running_mean;
    backward.running_var = jvp.running_var = forward.running_var;
  }
  NK_CHANNEL_CALL(backward, backward);
  NK_CHANNEL_CALL(jvp, jvp);

  outputs all;
  for (tensor* p : {&y, &dx, &jvp_y}) all.push_back(values_of(dtype, p->data(), count));
  for (tensor* p : {&dweight, &dbias, &running_mean, &running_var}) {
    all.push_back(values_of(NK_F32, p->data(), f.channels));
  }
  for (tensor* p : {&mean, &rstd}) all.push_back(values_of(NK_F32, p->data(), slices));
  return all;
}

class CudaSlices : public testing::TestWithParam<int> {};

TEST_P(CudaSlices, OfChannelsAgreeWithTheCpuInEitherOrderOfThreads) {
  const channel_form forms[] = {{2, 4, 9, 2, NK_CHANNELS_FIRST},     {3, 6, 1, 2, NK_CHANNELS_FIRST},
                                {2, 6, 49, 3, NK_CHANNELS_FIRST},    {2, 4, 700, 2, NK_CHANNELS_FIRST},
                                {1, 2, 33000, 1, NK_CHANNELS_FIRST}, {5, 3, 17, 3, NK_CHANNELS_FIRST},
                                {2, 4, 9, 2, NK_CHANNELS_LAST},      {3, 70, 50, 7, NK_CHANNELS_LAST},
                                {1, 3, 6000, 1, NK_CHANNELS_LAST},   {40, 5, 1, 5, NK_CHANNELS_LAST}};
  for (const channel_form& f : forms) {
    for (const std::int64_t groups : {f.groups, std::int64_t{0}, std::int64_t{-1}}) {
      for (const int mode : {0, 1, 2}) {
        const channel_case c = {groups, f, mode == 1, mode == 2};
        if (groups > 0 && c.inference) continue;
        // A slice of one value has a derivative of 0, and what is left of it by rounding has no scale.
        if ((groups == 0 || groups == f.channels) && f.spatial == 1) continue;
        SCOPED_TRACE(testing::Message() << f.batch << " x " << f.channels << " x " << f.spatial << " layout "
                                        << f.layout << " groups " << groups << " mode " << mode);
        nk_test::expect_agreement(GetParam(), [&](bool cuda) { return compute_channels(GetParam(), c, cuda); });
      }
    }
  }
}

struct axis_form {
  std::int64_t outer, length, inner;
};

enum axis_kind { kAxis, kL2, kWeight };

#define NK_AXIS_CALL(verb, p)                     \
  do {                                            \
    if (kind == kAxis) {                          \
      call(cuda, NK_BOTH(axis_norm, verb), p);    \
    } else if (kind == kL2) {                     \
      call(cuda, NK_BOTH(l2_normalize, verb), p); \
    } else {                                      \
      call(cuda, NK_BOTH(weight_norm, verb), p);  \
    }                                             \
  } while (false)

outputs compute_axis(int dtype, axis_kind kind, const axis_form& f, double order, bool cuda) {
  std::mt19937 random(7);
  const std::int64_t count = f.outer * f.length * f.inner;
  const std::int64_t slices = kind == kWeight ? f.length : f.outer * f.inner;
  const std::int64_t weights = kind == kWeight ? f.length : count;
  tensor x(dtype, count), t(dtype, count), y(dtype, count), dx(dtype, count), jvp_y(dtype, count);
  tensor weight(NK_F32, weights), bias(NK_F32, count), tan_weight(NK_F32, weights), dweight(NK_F32, weights),
      dbias(NK_F32, count), mean(NK_F32, slices), rstd(NK_F32, slices);
  x.fill(random, 1.0f, 2.0f);
  t.fill(random, 0.0f, 1.0f);
  for (tensor* p : {&weight, &bias, &tan_weight, &dweight, &dbias}) p->fill(random, 1.0f, 0.5f);
  std::uint64_t size = 0;
  if (cuda) {
    EXPECT_EQ(nk_cuda_axis_workspace_size(f.outer, f.length, f.inner, kind == kWeight, &size), NK_OK);
  }
  std::vector<unsigned char> workspace(size);
  const auto common = [&](auto& p) {
    p.param_dtype = NK_F32;
    p.outer = f.outer;
    p.length = f.length;
    p.inner = f.inner;
    p.epsilon = 1e-5;
    p.p = kind == kL2 ? order : 0.0;
    p.x = x.data();
    p.weight = kind == kL2 ? nullptr : weight.data();
    p.workspace = workspace.data();
    p.workspace_size = size;
  };
  auto forward = params_of<nk_axis_forward_params>(dtype);
  common(forward);
  forward.y = y.data();
  if (kind == kAxis) {
    forward.bias = bias.data();
    forward.mean = floats(mean);
    forward.rstd = floats(rstd);
  } else {
    forward.norm = floats(rstd);
  }
  NK_AXIS_CALL(forward, forward);
  auto backward = params_of<nk_axis_backward_params>(dtype);
  common(backward);
  backward.dy = t.data();
  backward.dx = dx.data();
  auto jvp = params_of<nk_axis_jvp_params>(dtype);
  common(jvp);
  jvp.tan_x = t.data();
  jvp.jvp_y = jvp_y.data();
  if (kind != kL2) {
    backward.flags = NK_FLAG_ACCUMULATE;
    backward.dweight = floats(dweight);
    jvp.tan_weight = tan_weight.data();
  }
  if (kind == kAxis) {
    backward.dbias = floats(dbias);
    jvp.tan_bias = bias.data();
    if (order > 2.0) {  // with statistics given
      backward.mean = jvp.mean = floats(mean);
      backward.rstd = jvp.rstd = floats(rstd);
    }
  }
  NK_AXIS_CALL(backward, backward);
  NK_AXIS_CALL(jvp, jvp);
  outputs all;
  for (tensor* p : {&y, &dx, &jvp_y}) all.push_back(values_of(dtype, p->data(), count));
  for (tensor* p : {&dweight, &dbias, &mean, &rstd}) all.push_back(values_of(NK_F32, p->data(), p->count()));
  return all;
}

TEST_P(CudaSlices, AlongAnAxisAgreeWithTheCpuInEitherOrderOfThreads) {
  const axis_form forms[] = {{3, 5, 1},   {40, 33, 1},  {2, 700, 1},   {2, 33000, 1}, {2, 7, 3},
                             {1, 40, 50}, {2, 3000, 2}, {3, 2100, 33}, {5, 4, 100},   {2, 3, 2}};
  for (const axis_form& f : forms) {
    for (const axis_kind kind : {kAxis, kL2, kWeight}) {
      for (const double order : {2.0, 3.0, 1.0, 0.5, 2.5, kInfinity}) {
        if (kind == kWeight && order != 2.0) continue;
        if (kind == kAxis && order != 2.0 && order != 3.0) continue;
        SCOPED_TRACE(testing::Message() << f.outer << " x " << f.length << " x " << f.inner << " kind " << kind
                                        << " order " << order);
        nk_test::expect_agreement(GetParam(),
                                  [&](bool cuda) { return compute_axis(GetParam(), kind, f, order, cuda); });
      }
    }
  }
}

outputs compute_vector(int dtype, const nk_reduction& n, bool cuda) {
  std::mt19937 random(7);
  std::int64_t count = 1, slices = 1;
  for (int i = 0; i < n.rank; ++i) {
    count *= n.sizes[i];
    slices *= (n.reduced >> i & 1u) != 0 ? 1 : n.sizes[i];
  }
  tensor x(dtype, count), t(dtype, count), dx(dtype, count), dnorm(NK_F32, slices), norm(NK_F32, slices),
      jvp_norm(NK_F32, slices);
  x.fill(random, 1.0f, 2.0f);
  t.fill(random, 1.0f, 1.0f);  // not around 0: sums that cancel have no digits to agree in
  dnorm.fill(random, 1.0f, 0.5f);
  std::uint64_t size = 0;
  if (cuda) {
    EXPECT_EQ(nk_cuda_vector_norm_workspace_size(&n, &size), NK_OK);
  }
  std::vector<unsigned char> workspace(size);
  const auto common = [&](auto& p) {
    p.norm_dtype = NK_F32;
    p.reduction = n;
    p.x = x.data();
    p.workspace = workspace.data();
    p.workspace_size = size;
  };
  auto forward = params_of<nk_reduction_forward_params>(dtype);
  common(forward);
  forward.norm = norm.data();
  call(cuda, NK_BOTH(vector_norm, forward), forward);
  if (n.p != 0.0) {
    auto backward = params_of<nk_reduction_backward_params>(dtype);
    common(backward);
    backward.dnorm = dnorm.data();
    backward.dx = dx.data();
    call(cuda, NK_BOTH(vector_norm, backward), backward);
    auto jvp = params_of<nk_reduction_jvp_params>(dtype);
    common(jvp);
    jvp.tan_x = t.data();
    jvp.jvp_norm = jvp_norm.data();
    call(cuda, NK_BOTH(vector_norm, jvp), jvp);
  }
  return {values_of(NK_F32, norm.data(), slices), values_of(dtype, dx.data(), count),
          values_of(NK_F32, jvp_norm.data(), slices)};
}

TEST_P(CudaSlices, ReducedAgreeWithTheCpuInEitherOrderOfThreads) {
  struct form {
    std::vector<std::int64_t> sizes;
    std::uint32_t reduced;
  };
  const form forms[] = {{{3, 40}, 2},          {{3, 40}, 1},         {{70000}, 1},      {{4, 5, 6, 7}, 5},
                        {{2, 3, 4, 5, 6}, 21}, {{3, 3, 400, 3}, 10}, {{2, 3000, 3}, 2}, {{2, 17, 3, 20}, 0b1010}};
  for (const form& f : forms) {
    for (const double p : {2.0, 1.0, 3.0, 0.5, 0.0, 2.5, -1.5, kInfinity, -kInfinity}) {
      nk_reduction n = {};
      n.rank = static_cast<int>(f.sizes.size());
      for (int i = 0; i < n.rank; ++i) n.sizes[i] = f.sizes[static_cast<std::size_t>(i)];
      n.reduced = f.reduced;
      n.p = p;
      SCOPED_TRACE(testing::Message() << n.rank << " axes, first " << n.sizes[0] << ", reduced " << n.reduced << " p "
                                      << p);
      nk_test::expect_agreement(GetParam(), [&](bool cuda) { return compute_vector(GetParam(), n, cuda); });
    }
  }
}

// One sample many times over: a slice's results do not depend on where it lies, nor on how many others there are.
TEST_P(CudaSlices, HaveTheSameBitsInEverySample) {
  const int dtype = GetParam();
  const channel_form forms[] = {{5, 3, 7, 3, NK_CHANNELS_FIRST},
                                {5, 3, 49, 1, NK_CHANNELS_FIRST},
                                {5, 3, 17001, 1, NK_CHANNELS_FIRST},
                                {5, 35, 50, 7, NK_CHANNELS_LAST}};
  for (const channel_form& f : forms) {
    for (const std::int64_t groups : {f.groups, std::int64_t{0}}) {
      SCOPED_TRACE(testing::Message() << f.channels << " x " << f.spatial << " groups " << groups);
      const std::int64_t sample = f.channels * f.spatial, count = f.batch * sample;
      std::mt19937 random(3);
      tensor one(dtype, sample), tangent(dtype, sample), x(dtype, count), t(dtype, count), y(dtype, count),
          dx(dtype, count), jvp_y(dtype, count);
      one.fill(random, 1.0f, 1.0f);
      tangent.fill(random, 0.0f, 1.0f);
      for (std::int64_t i = 0; i < count; ++i) {
        x.set(i, one.get(i % sample));
        t.set(i, tangent.get(i % sample));
      }
      std::uint64_t size = 0;
      EXPECT_EQ(nk_cuda_channel_norm_workspace_size(f.batch, f.channels, f.spatial, groups, f.layout, 0, &size), NK_OK);
      std::vector<unsigned char> workspace(size);
      const auto common = [&](auto& p) {
        p.param_dtype = NK_F32;
        p.layout = f.layout;
        p.batch = f.batch;
        p.channels = f.channels;
        p.spatial = f.spatial;
        p.groups = groups;
        p.epsilon = 1e-5;
        p.x = x.data();
        p.workspace = workspace.data();
        p.workspace_size = size;
      };
      auto forward = params_of<nk_channel_norm_forward_params>(dtype);
      common(forward);
      forward.y = y.data();
      auto backward = params_of<nk_channel_norm_backward_params>(dtype);
      common(backward);
      backward.dy = t.data();
      backward.dx = dx.data();
      auto jvp = params_of<nk_channel_norm_jvp_params>(dtype);
      common(jvp);
      jvp.tan_x = t.data();
      jvp.jvp_y = jvp_y.data();
      EXPECT_EQ((groups > 0 ? nk_cuda_group_norm_forward : nk_cuda_instance_norm_forward)(&forward, nullptr), NK_OK);
      EXPECT_EQ((groups > 0 ? nk_cuda_group_norm_backward : nk_cuda_instance_norm_backward)(&backward, nullptr), NK_OK);
      EXPECT_EQ((groups > 0 ? nk_cuda_group_norm_jvp : nk_cuda_instance_norm_jvp)(&jvp, nullptr), NK_OK);
      for (tensor* result : {&y, &dx, &jvp_y}) {
        EXPECT_TRUE(nk_test::repeats(values_of(dtype, result->data(), count), static_cast<std::size_t>(sample)));
      }
    }
  }
}

// One column many times over, of values that cancel, so that another order of sums would show.
TEST_P(CudaSlices, HaveTheSameBitsInEveryColumn) {
  const int dtype = GetParam();
  for (const std::int64_t rows : {50, 1000, 3000}) {
    for (const std::int64_t channels : {3, 32, 33, 75}) {
      SCOPED_TRACE(testing::Message() << rows << " x " << channels);
      std::mt19937 random(11);
      std::uniform_int_distribution<int> exponent(-10, dtype == NK_F16 ? 10 : 60);
      std::normal_distribution<float> normal;
      const std::int64_t count = rows * channels;
      tensor x(dtype, count), dy(dtype, count), dx(dtype, count), dweight(NK_F32, channels), dbias(NK_F32, channels);
      for (std::int64_t row = 0; row < rows; ++row) {
        const float value = normal(random), large = std::ldexp(normal(random), exponent(random));
        for (std::int64_t c = 0; c < channels; ++c) {
          x.set(row * channels + c, value);
          dy.set(row * channels + c, large);
        }
      }
      std::uint64_t size = 0;
      EXPECT_EQ(nk_cuda_channel_norm_workspace_size(rows, channels, 1, 0, NK_CHANNELS_LAST, 1, &size), NK_OK);
      std::vector<unsigned char> workspace(size);
      auto p = params_of<nk_channel_norm_backward_params>(dtype);
      p.param_dtype = NK_F32;
      p.layout = NK_CHANNELS_LAST;
      p.batch = rows;
      p.channels = channels;
      p.spatial = 1;
      p.epsilon = 1e-5;
      p.x = x.data();
      p.dy = dy.data();
      p.dx = dx.data();
      p.dweight = floats(dweight);
      p.dbias = floats(dbias);
      p.workspace = workspace.data();
      p.workspace_size = size;
      EXPECT_EQ(nk_cuda_batch_norm_backward(&p, nullptr), NK_OK);
      EXPECT_TRUE(nk_test::repeats(values_of(dtype, dx.data(), count / rows), 1));
      EXPECT_TRUE(nk_test::repeats(values_of(NK_F32, dweight.data(), channels), 1));
      EXPECT_TRUE(nk_test::repeats(values_of(NK_F32, dbias.data(), channels), 1));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(EveryDtype, CudaSlices, testing::Values(NK_F32, NK_F16, NK_BF16));

}  // namespace
