// The norms over slices through the C ABI, in exactly sized heap blocks (so that a sanitizer sees a byte too many): the
// same bits on every instruction set and in parts, and forward values against plain double arithmetic. The full suites,
// against the managed reference, are in .NET.
#include <cmath>

#include <normkernels/nk_axis_norm.h>
#include <normkernels/nk_batch_norm.h>
#include <normkernels/nk_group_norm.h>
#include <normkernels/nk_instance_norm.h>
#include <normkernels/nk_l2_normalize.h>
#include <normkernels/nk_matrix_norm.h>
#include <normkernels/nk_vector_norm.h>
#include <normkernels/nk_weight_norm.h>

#include "support.h"

namespace {

using nk_test::equal;
using nk_test::tensor;

// What a call wrote.
using results = std::vector<tensor>;

bool equal_all(const results& a, const results& b) {
  bool same = a.size() == b.size();
  for (std::size_t i = 0; same && i < a.size(); ++i) same = equal(a[i], b[i]);
  return same;
}

tensor random_tensor(int dtype, std::int64_t count, unsigned seed, float mean = 1.0f, float spread = 2.0f) {
  std::mt19937 random(seed);
  tensor t(dtype, count);
  t.fill(random, mean, spread);
  return t;
}

// Runs a call as a whole, or in two halves of its parts and then the sums.
template <class Params>
void run(nk_status (*entry)(const Params*), Params p, std::int64_t part_count, bool in_parts) {
  if (!in_parts) {
    ASSERT_EQ(entry(&p), NK_OK);
    return;
  }
  p.stage = NK_STAGE_PARTS;
  const std::int64_t middle = part_count / 2;
  for (const auto& [begin, end] : {std::pair{middle, part_count}, std::pair{std::int64_t{0}, middle}}) {
    p.part_begin = begin;
    p.part_end = end;
    ASSERT_EQ(entry(&p), NK_OK);
  }
  p.stage = NK_STAGE_SUMS;
  p.part_begin = p.part_end = 0;
  ASSERT_EQ(entry(&p), NK_OK);
}

// Calls check(make), make(isa, in_parts) giving results, for every instruction set; all must have the same bits.
template <class Make>
results same_everywhere(Make&& make, const char* what) {
  results reference = make(NK_ISA_SCALAR, false);
  for (const nk_isa isa : nk_test::available_isas()) {
    for (const bool in_parts : {false, true}) {
      EXPECT_TRUE(equal_all(reference, make(isa, in_parts))) << what << " isa " << isa << " in parts " << in_parts;
    }
  }
  return reference;
}

struct channel_case {
  std::int64_t batch, channels, spatial, groups;
};

// Runs of every kind, columns folded and not, groups narrower and wider than a tile.
constexpr channel_case kChannelCases[] = {
    {1, 1, 1, 1},   {2, 3, 1, 3},   {3, 6, 5, 2},   {2, 4, 16, 2},  {2, 4, 17, 4},  {37, 2, 3, 1},     {5, 33, 7, 11},
    {2, 600, 1, 1}, {2, 600, 2, 3}, {3, 5, 100, 5}, {70, 3, 33, 3}, {1, 48, 40, 4}, {2, 1030, 1, 515}, {1, 600, 18, 1}};

enum class kind { group, instance, batch };

struct entries {
  nk_status (*forward)(const nk_channel_norm_forward_params*);
  nk_status (*backward)(const nk_channel_norm_backward_params*);
  nk_status (*jvp)(const nk_channel_norm_jvp_params*);
};

entries entries_of(kind k) {
  if (k == kind::group) return {nk_group_norm_forward, nk_group_norm_backward, nk_group_norm_jvp};
  if (k == kind::instance) return {nk_instance_norm_forward, nk_instance_norm_backward, nk_instance_norm_jvp};
  return {nk_batch_norm_forward, nk_batch_norm_backward, nk_batch_norm_jvp};
}

nk_plan plan_of(kind k, const channel_case& c, nk_channel_layout layout) {
  nk_plan plan = {};
  const nk_status status = k == kind::group
                               ? nk_group_norm_plan(c.batch, c.channels, c.spatial, c.groups, layout, &plan)
                           : k == kind::instance ? nk_instance_norm_plan(c.batch, c.channels, c.spatial, layout, &plan)
                                                 : nk_batch_norm_plan(c.batch, c.channels, c.spatial, layout, &plan);
  EXPECT_EQ(status, NK_OK);
  return plan;
}

template <class Params>
Params channel_params(kind k, const channel_case& c, nk_channel_layout layout, int dtype, nk_isa isa) {
  Params p = {};
  p.struct_size = sizeof p;
  p.dtype = dtype;
  p.param_dtype = NK_F32;
  p.isa = isa;
  p.layout = layout;
  p.batch = c.batch;
  p.channels = c.channels;
  p.spatial = c.spatial;
  p.groups = k == kind::group ? c.groups : 0;
  p.epsilon = 1e-5;
  return p;
}

std::int64_t channel_of(const channel_case& c, nk_channel_layout layout, std::int64_t i) {
  return layout == NK_CHANNELS_FIRST ? i / c.spatial % c.channels : i % c.channels;
}

std::int64_t slice_of(kind k, const channel_case& c, nk_channel_layout layout, std::int64_t i) {
  const std::int64_t sample = i / (c.channels * c.spatial), channel = channel_of(c, layout, i);
  if (k == kind::batch) return channel;
  const std::int64_t groups = k == kind::group ? c.groups : c.channels;
  return sample * groups + channel / (c.channels / groups);
}

// Slices side by side of which sums in float32 are right for the first kind only: squares leave its range, the first
// values lie far from the mean; and constants.
void make_awkward(kind k, const channel_case& c, nk_channel_layout layout, tensor& x) {
  std::int64_t seen[5000] = {};
  for (std::int64_t i = 0; i < x.count(); ++i) {
    const std::int64_t slice = slice_of(k, c, layout, i);
    const bool is_first = seen[slice]++ == 0;
    const float v = x.get(i);
    const float values[] = {v, v * 1e25f, v * 1e-25f, is_first ? 1e4f : v, 3.0f, is_first ? 1e15f : v * 1e15f};
    x.set(i, values[slice % 6]);
  }
}

results channel_norm(kind k, const channel_case& c, nk_channel_layout layout, int dtype, nk_isa isa, bool in_parts,
                     bool awkward = false) {
  const std::int64_t count = c.batch * c.channels * c.spatial;
  const std::int64_t slices = k == kind::group      ? c.batch * c.groups
                              : k == kind::instance ? c.batch * c.channels
                                                    : c.channels;
  tensor x = random_tensor(dtype, count, 1), t = random_tensor(dtype, count, 2),
         w = random_tensor(NK_F32, c.channels, 3), b = random_tensor(NK_F32, c.channels, 4);
  tensor y(dtype, count), dx(dtype, count), jvp(dtype, count), mean(NK_F32, slices), rstd(NK_F32, slices),
      dweight(NK_F32, c.channels), dbias(NK_F32, c.channels), running_mean(NK_F32, c.channels),
      running_var(NK_F32, c.channels);
  if (awkward) make_awkward(k, c, layout, x);
  const nk_plan plan = plan_of(k, c, layout);
  std::unique_ptr<unsigned char[]> workspace(new unsigned char[plan.workspace_size]);
  const auto floats = [](tensor& v) { return static_cast<float*>(v.data()); };

  auto f = channel_params<nk_channel_norm_forward_params>(k, c, layout, dtype, isa);
  f.x = x.data();
  f.y = y.data();
  f.weight = w.data();
  f.bias = b.data();
  f.mean = floats(mean);
  f.rstd = floats(rstd);
  f.momentum = 0.25;
  if (k != kind::group) {
    f.running_mean = floats(running_mean);
    f.running_var = floats(running_var);
  }
  f.workspace = workspace.get();
  f.workspace_size = plan.workspace_size;
  run(entries_of(k).forward, f, plan.part_count, in_parts);

  auto g = channel_params<nk_channel_norm_backward_params>(k, c, layout, dtype, isa);
  g.dy = t.data();
  g.x = x.data();
  g.dx = dx.data();
  g.weight = w.data();
  g.mean = in_parts ? floats(mean) : nullptr;  // saved or taken again: the same bits
  g.rstd = in_parts ? floats(rstd) : nullptr;
  g.dweight = floats(dweight);
  g.dbias = floats(dbias);
  g.workspace = workspace.get();
  g.workspace_size = plan.workspace_size;
  run(entries_of(k).backward, g, plan.part_count, in_parts);

  auto j = channel_params<nk_channel_norm_jvp_params>(k, c, layout, dtype, isa);
  j.x = x.data();
  j.tan_x = t.data();
  j.jvp_y = jvp.data();
  j.weight = w.data();
  j.tan_weight = b.data();
  j.mean = in_parts ? floats(mean) : nullptr;
  j.rstd = in_parts ? floats(rstd) : nullptr;
  run(entries_of(k).jvp, j, plan.part_count, in_parts);

  results all;
  for (tensor* r : {&y, &mean, &rstd, &dx, &dweight, &dbias, &jvp, &running_mean, &running_var}) {
    all.push_back(std::move(*r));
  }
  return all;
}

// y of every element by definition.
void check_forward(kind k, const channel_case& c, nk_channel_layout layout, const results& r, bool awkward = false) {
  const std::int64_t count = c.batch * c.channels * c.spatial;
  tensor x = random_tensor(NK_F32, count, 1);
  const tensor w = random_tensor(NK_F32, c.channels, 3), b = random_tensor(NK_F32, c.channels, 4);
  if (awkward) make_awkward(k, c, layout, x);
  const auto slice_at = [&](std::int64_t i) { return static_cast<std::size_t>(slice_of(k, c, layout, i)); };
  const std::size_t slices = static_cast<std::size_t>(r[1].count());
  std::vector<double> n(slices), mean(slices), variance(slices);
  for (std::int64_t i = 0; i < count; ++i) {
    n[slice_at(i)] += 1.0;
    mean[slice_at(i)] += static_cast<double>(x.get(i));
  }
  for (std::size_t s = 0; s < slices; ++s) mean[s] /= n[s];
  for (std::int64_t i = 0; i < count; ++i) {
    const std::size_t s = slice_at(i);
    const double d = static_cast<double>(x.get(i)) - mean[s];
    variance[s] += d * d / n[s];
  }
  for (std::int64_t i = 0; i < count; ++i) {
    const std::size_t s = slice_at(i);
    const double xhat = (static_cast<double>(x.get(i)) - mean[s]) / std::sqrt(variance[s] + 1e-5);
    const std::int64_t channel = channel_of(c, layout, i);
    const double y = xhat * static_cast<double>(w.get(channel)) + static_cast<double>(b.get(channel));
    ASSERT_NEAR(static_cast<double>(r[0].get(i)), y, 2e-5) << "element " << i;
  }
}

class Channels : public testing::TestWithParam<std::tuple<kind, nk_channel_layout>> {};

TEST_P(Channels, SameBitsEverywhereAndTheValuesOfTheDefinition) {
  const auto [k, layout] = GetParam();
  for (const channel_case& c : kChannelCases) {
    for (const int dtype : {NK_F32, NK_F16, NK_BF16}) {
      SCOPED_TRACE(testing::Message() << c.batch << " " << c.channels << " " << c.spatial << " " << c.groups
                                      << " dtype " << dtype);
      const results r = same_everywhere(
          [&, kk = k, l = layout](nk_isa isa, bool in_parts) { return channel_norm(kk, c, l, dtype, isa, in_parts); },
          "channel norm");
      if (dtype == NK_F32) check_forward(k, c, layout, r);
    }
  }
}

TEST_P(Channels, WhatFloat32CannotSumIsSummedInDouble) {
  const auto [k, layout] = GetParam();
  for (const channel_case& c : {channel_case{2, 12, 400, 12}, {3, 24, 300, 6}, {200, 7, 3, 7}, {2, 1030, 4, 515}}) {
    SCOPED_TRACE(testing::Message() << c.batch << " " << c.channels << " " << c.spatial << " " << c.groups);
    const results r =
        same_everywhere([&, kk = k, l = layout](
                            nk_isa isa, bool in_parts) { return channel_norm(kk, c, l, NK_F32, isa, in_parts, true); },
                        "channel norm");
    check_forward(k, c, layout, r, true);
    // Derivatives scale with 1 / the magnitude of the slice, and are numbers all the same.
    for (const std::size_t which : {3u, 6u}) {
      for (std::int64_t i = 0; i < r[which].count(); ++i) ASSERT_TRUE(std::isfinite(r[which].get(i))) << i;
    }
  }
}

std::string name_of(const testing::TestParamInfo<Channels::ParamType>& info) {
  const kind k = std::get<0>(info.param);
  const std::string room = k == kind::group ? "group" : k == kind::instance ? "instance" : "batch";
  return room + (std::get<1>(info.param) == NK_CHANNELS_FIRST ? "_first" : "_last");
}

INSTANTIATE_TEST_SUITE_P(EveryRoom, Channels,
                         testing::Combine(testing::Values(kind::group, kind::instance, kind::batch),
                                          testing::Values(NK_CHANNELS_FIRST, NK_CHANNELS_LAST)),
                         name_of);

struct axis_case {
  std::int64_t outer, length, inner;
};

constexpr axis_case kAxisCases[] = {{1, 1, 1},  {3, 7, 1},  {5, 16, 1},  {2, 1000, 1}, {700, 3, 1}, {3, 5, 4},
                                    {1, 40, 3}, {2, 9, 33}, {2, 3, 600}, {1, 70, 16},  {4, 1, 5}};

template <class Params>
Params axis_params(const axis_case& c, int dtype, nk_isa isa, double p) {
  Params params = {};
  params.struct_size = sizeof params;
  params.dtype = dtype;
  params.param_dtype = NK_F32;
  params.isa = isa;
  params.outer = c.outer;
  params.length = c.length;
  params.inner = c.inner;
  params.epsilon = 1e-5;
  params.p = p;
  return params;
}

// p: 0 for axis_norm, -1 for weight_norm, else that of l2_normalize.
results along_axis(double p, const axis_case& c, int dtype, nk_isa isa, bool in_parts) {
  const std::int64_t count = c.outer * c.length * c.inner;
  const bool axis = p == 0.0, weight = p == -1.0;
  const std::int64_t weights = axis ? count : c.length;
  tensor x = random_tensor(dtype, count, 1), t = random_tensor(dtype, count, 2), w = random_tensor(NK_F32, weights, 3),
         b = random_tensor(NK_F32, weights, 4);
  tensor y(dtype, count), dx(dtype, count), jvp(dtype, count), saved(NK_F32, weight ? c.length : c.outer * c.inner),
      rstd(NK_F32, c.outer * c.inner), dweight(NK_F32, weights), dbias(NK_F32, weights);
  const auto floats = [](tensor& v) { return static_cast<float*>(v.data()); };
  nk_plan plan = {};
  EXPECT_EQ((axis     ? nk_axis_norm_plan
             : weight ? nk_weight_norm_plan
                      : nk_l2_normalize_plan)(c.outer, c.length, c.inner, &plan),
            NK_OK);
  const double order = axis || weight ? 0.0 : p;

  auto f = axis_params<nk_axis_forward_params>(c, dtype, isa, order);
  f.x = x.data();
  f.y = y.data();
  if (axis || weight) f.weight = w.data();
  if (axis) {
    f.bias = b.data();
    f.mean = floats(saved);
    f.rstd = floats(rstd);
  } else {
    f.norm = floats(saved);
  }
  run(axis     ? nk_axis_norm_forward
      : weight ? nk_weight_norm_forward
               : nk_l2_normalize_forward,
      f, plan.part_count, in_parts);

  auto g = axis_params<nk_axis_backward_params>(c, dtype, isa, order);
  g.dy = t.data();
  g.x = x.data();
  g.dx = dx.data();
  if (axis || weight) {
    g.weight = w.data();
    g.dweight = floats(dweight);
  }
  if (axis) g.dbias = floats(dbias);
  run(axis     ? nk_axis_norm_backward
      : weight ? nk_weight_norm_backward
               : nk_l2_normalize_backward,
      g, plan.part_count, in_parts);

  auto j = axis_params<nk_axis_jvp_params>(c, dtype, isa, order);
  j.x = x.data();
  j.tan_x = t.data();
  j.jvp_y = jvp.data();
  if (axis || weight) j.weight = j.tan_weight = w.data();
  if (axis) j.tan_bias = b.data();
  run(axis ? nk_axis_norm_jvp : weight ? nk_weight_norm_jvp : nk_l2_normalize_jvp, j, plan.part_count, in_parts);

  results all;
  for (tensor* r : {&y, &saved, &rstd, &dx, &dweight, &dbias, &jvp}) all.push_back(std::move(*r));
  return all;
}

class AlongAxis : public testing::TestWithParam<double> {};

TEST_P(AlongAxis, SameBitsEverywhere) {
  for (const axis_case& c : kAxisCases) {
    for (const int dtype : {NK_F32, NK_F16, NK_BF16}) {
      SCOPED_TRACE(testing::Message() << c.outer << " " << c.length << " " << c.inner << " dtype " << dtype);
      same_everywhere([&](nk_isa isa, bool in_parts) { return along_axis(GetParam(), c, dtype, isa, in_parts); },
                      "along an axis");
    }
  }
}

INSTANTIATE_TEST_SUITE_P(EveryRoom, AlongAxis, testing::Values(0.0, -1.0, 2.0, 1.0, 3.0, 2.5, HUGE_VAL));

nk_reduction reduction_of(std::initializer_list<std::int64_t> sizes) {
  nk_reduction n = {};
  for (const std::int64_t size : sizes) n.sizes[n.rank++] = size;
  return n;
}

template <class Params>
Params reduction_params(const nk_reduction& n, int dtype, nk_isa isa, std::vector<unsigned char>& workspace) {
  Params p = {};
  p.struct_size = sizeof p;
  p.dtype = dtype;
  p.norm_dtype = NK_F32;
  p.isa = isa;
  p.reduction = n;
  p.workspace = workspace.data();
  p.workspace_size = workspace.size();
  return p;
}

results reduce(bool matrix, const nk_reduction& n, std::int64_t norms, int dtype, nk_isa isa, bool in_parts) {
  std::int64_t count = 1;
  for (int i = 0; i < n.rank; ++i) count *= n.sizes[i];
  tensor x = random_tensor(dtype, count, 1, 0.5f), t = random_tensor(dtype, count, 2),
         dnorm = random_tensor(NK_F32, norms, 3);
  tensor norm(NK_F32, norms), dx(dtype, count), jvp(NK_F32, norms);
  nk_plan plan = {};
  EXPECT_EQ((matrix ? nk_matrix_norm_plan : nk_vector_norm_plan)(&n, &plan), NK_OK);
  std::vector<unsigned char> workspace(plan.workspace_size);

  auto f = reduction_params<nk_reduction_forward_params>(n, dtype, isa, workspace);
  f.x = x.data();
  f.norm = norm.data();
  run(matrix ? nk_matrix_norm_forward : nk_vector_norm_forward, f, plan.part_count, in_parts);
  if (matrix || n.p != 0.0) {
    auto g = reduction_params<nk_reduction_backward_params>(n, dtype, isa, workspace);
    g.dnorm = dnorm.data();
    g.x = x.data();
    g.dx = dx.data();
    run(matrix ? nk_matrix_norm_backward : nk_vector_norm_backward, g, plan.part_count, in_parts);
    auto j = reduction_params<nk_reduction_jvp_params>(n, dtype, isa, workspace);
    j.x = x.data();
    j.tan_x = t.data();
    j.jvp_norm = jvp.data();
    run(matrix ? nk_matrix_norm_jvp : nk_vector_norm_jvp, j, plan.part_count, in_parts);
  }
  results all;
  for (tensor* r : {&norm, &dx, &jvp}) all.push_back(std::move(*r));
  return all;
}

class Reductions : public testing::TestWithParam<int> {};

TEST_P(Reductions, VectorNormsHaveTheSameBitsEverywhere) {
  nk_reduction n = reduction_of({3, 2, 5, 1, 4, 2, 3, 2});
  for (const std::uint32_t reduced : {0x00u, 0xffu, 0x55u, 0xaau, 0xc3u, 0x3cu, 0x80u, 0x01u, 0x0fu}) {
    n.reduced = reduced;
    std::int64_t norms = 1;
    for (int i = 0; i < n.rank; ++i) norms *= (reduced >> i & 1u) != 0 ? 1 : n.sizes[i];
    for (const double p : {0.0, 0.5, 1.0, 2.0, 3.0, -1.5, HUGE_VAL, -HUGE_VAL}) {
      SCOPED_TRACE(testing::Message() << "axes " << reduced << " p " << p);
      n.p = p;
      const results r = same_everywhere(
          [&](nk_isa isa, bool in_parts) { return reduce(false, n, norms, GetParam(), isa, in_parts); }, "vector norm");
      for (std::int64_t i = 0; i < norms; ++i) EXPECT_GE(r[0].get(i), 0.0f);
    }
  }
}

TEST_P(Reductions, MatrixNormsHaveTheSameBitsEverywhere) {
  nk_reduction n = reduction_of({2, 5, 3, 18});
  for (const auto& [row, column] : {std::pair{1, 3}, std::pair{3, 1}, std::pair{0, 2}, std::pair{2, 1}}) {
    n.row_axis = row;
    n.column_axis = column;
    const std::int64_t norms = 2 * 5 * 3 * 18 / n.sizes[row] / n.sizes[column];
    for (int order = NK_MATRIX_FROBENIUS; order <= NK_MATRIX_MIN_SINGULAR_VALUE; ++order) {
      SCOPED_TRACE(testing::Message() << "axes " << row << " " << column << " order " << order);
      n.order = order;
      same_everywhere([&](nk_isa isa, bool in_parts) { return reduce(true, n, norms, GetParam(), isa, in_parts); },
                      "matrix norm");
    }
  }
}

INSTANTIATE_TEST_SUITE_P(EveryDtype, Reductions, testing::Values(NK_F32, NK_F16, NK_BF16));

}  // namespace
