// Norms over channels on a device. See channel_norm.cuh.
#include "common/channel_norm.cuh"

#include "common/centred.cuh"
#include "common/fill.cuh"
#include "common/slice_launch.cuh"

namespace nk {
namespace cuda {
namespace {

// The channel's coefficients in inference, as native/core/channel_norm.cpp has them.
struct running_statistics {
  const float* mean;
  const float* var;
  double epsilon;

  __device__ __forceinline__ double rstd(std::int64_t channel) const {
    return rstd_of(static_cast<double>(var[channel]) + epsilon);
  }
};

// One channel's parameter, when the tensors' dtype is not at hand as a type.
struct channel_parameter {
  const void* p;
  std::int32_t dtype;

  __device__ __forceinline__ double at(std::int64_t channel, double if_absent) const {
    return p == nullptr ? if_absent : load_double(p, dtype, channel);
  }
};

// What operations without sums need not say.
struct no_sums {
  static constexpr int kPhases = 0;
  static constexpr int kSums = 1;
  static constexpr bool kMaps = true;
  __host__ __device__ int first_phase() const { return 0; }
  __host__ __device__ bool alike() const { return true; }
};

// out = x * scale + shift in double: scale = rstd * weight, shift = bias - mean * scale. The mean only where it is
// wanted: the derivatives along x have no shift but tan_bias.
struct channel_scale : no_sums {
  struct record {
    double scale, shift;
  };
  static constexpr int kTensors = 1;

  const void* x;
  const void* t;
  void* out;
  running_statistics running;
  channel_parameter weight, shift;
  bool with_mean;

  __device__ __forceinline__ void begin(record& r, std::int64_t channel, std::int64_t) const {
    r.scale = running.rstd(channel) * weight.at(channel, 1.0);
    r.shift = shift.at(channel, 0.0);
    if (with_mean) r.shift -= static_cast<double>(running.mean[channel]) * r.scale;
  }
  template <class T, int N>
  __device__ __forceinline__ void map(const record& r, const place&, const T (&v)[N], const T (&)[N], int,
                                      float (&values)[N]) const {
#pragma unroll
    for (int i = 0; i < N; ++i) {
      values[i] = static_cast<float>(fma(static_cast<double>(to_float(v[i])), r.scale, r.shift));
    }
  }
};

// jvp of inference with a tangent of the weight: t * rstd * weight + xhat * tan_weight + tan_bias.
struct channel_tangent : no_sums {
  struct record {
    float center, rstd, factor, tan_weight, tan_bias;
  };
  static constexpr int kTensors = 2;

  const void* x;
  const void* t;
  void* out;
  running_statistics running;
  channel_parameter weight, tan_weight, tan_bias;

  __device__ __forceinline__ void begin(record& r, std::int64_t channel, std::int64_t) const {
    const double rstd = running.rstd(channel);
    r = {running.mean[channel], static_cast<float>(rstd), static_cast<float>(rstd * weight.at(channel, 1.0)),
         static_cast<float>(tan_weight.at(channel, 0.0)), static_cast<float>(tan_bias.at(channel, 0.0))};
  }
  template <class T, int N>
  __device__ __forceinline__ void map(const record& r, const place&, const T (&v)[N], const T (&tangent)[N], int,
                                      float (&values)[N]) const {
#pragma unroll
    for (int i = 0; i < N; ++i) {
      const float xhat = (to_float(v[i]) - r.center) * r.rstd;
      values[i] = fmaf(to_float(tangent[i]), r.factor, fmaf(xhat, r.tan_weight, r.tan_bias));
    }
  }
};

// dweight and dbias of inference.
struct channel_gradients {
  struct record {
    float center, rstd;
  };
  static constexpr int kPhases = 1;
  static constexpr int kSums = 2;
  static constexpr bool kMaps = false;
  static constexpr int kTensors = 2;

  const void* x;
  const void* t;
  running_statistics running;
  float* dweight;
  float* dbias;
  bool accumulate;

  __host__ __device__ int first_phase() const { return 0; }
  __host__ __device__ bool alike() const { return true; }
  __device__ __forceinline__ void begin(record& r, std::int64_t channel, std::int64_t) const {
    r = {running.mean[channel], static_cast<float>(running.rstd(channel))};
  }
  template <int Phase>
  __device__ __forceinline__ void start(double (&sums)[2]) const {
    sums[0] = sums[1] = 0.0;
  }
  template <int Phase, class T, int N>
  __device__ __forceinline__ void add(const record& r, const place&, const T (&v)[N], const T (&dy)[N], int count,
                                      double (&sums)[2]) const {
#pragma unroll
    for (int i = 0; i < N; ++i) {
      if (i >= count) break;
      const double d = static_cast<double>(to_float(dy[i]));
      sums[0] += d;
      sums[1] = fma(d, static_cast<double>((to_float(v[i]) - r.center) * r.rstd), sums[1]);
    }
  }
  template <int Phase>
  __device__ __forceinline__ void join(double (&sums)[2], const double (&more)[2]) const {
    sums[0] += more[0];
    sums[1] += more[1];
  }
  template <int Phase>
  __device__ __forceinline__ void weigh(double (&)[2], std::int64_t) const {}
  template <int Phase>
  __device__ __forceinline__ void finish(record&, const double (&sums)[2], std::int64_t channel, bool writes) const {
    if (!writes) return;
    put_gradient(dbias, channel, sums[0], accumulate);
    put_gradient(dweight, channel, sums[1], accumulate);
  }
};

// Sums over the samples of a channel, from what was found of its slices. A source has
//   add(channel, sample, sums)      write(channel, sums)
constexpr int kSampleTeams = 8;
constexpr int kSampleChannels = 32;

template <class Source>
__global__ void __launch_bounds__(kSampleTeams* kSampleChannels)
    sum_samples(Source source, std::int64_t channels, std::int64_t samples) {
  const int column = static_cast<int>(threadIdx.x) % kSampleChannels;
  const int team = static_cast<int>(threadIdx.x) / kSampleChannels;
  NK_SHARED(double, scratch, 2 * kSampleTeams * kSampleChannels);
  for (std::int64_t first = static_cast<std::int64_t>(blockIdx.x) * kSampleChannels; first < channels;
       first += static_cast<std::int64_t>(gridDim.x) * kSampleChannels) {
    const std::int64_t channel = first + column;
    double sums[2] = {0.0, 0.0};
    if (channel < channels) {
      for (std::int64_t sample = team; sample < samples; sample += kSampleTeams) source.add(channel, sample, sums);
    }
    __syncthreads();
    scratch[2 * threadIdx.x] = sums[0];
    scratch[2 * threadIdx.x + 1] = sums[1];
    __syncthreads();
    if (team != 0 || channel >= channels) continue;
    for (int other = 1; other < kSampleTeams; ++other) {
      sums[0] += scratch[2 * (other * kSampleChannels + column)];
      sums[1] += scratch[2 * (other * kSampleChannels + column) + 1];
    }
    source.write(channel, sums);
  }
}

// Slices that are channels of a sample have all they add in their records.
struct from_records {
  slice_workspace w;
  std::int64_t channels;

  __device__ __forceinline__ void add(std::int64_t channel, std::int64_t sample, double (&sums)[2]) const {
    const centred_record& r = w.record<centred_record>(sample * channels + channel);
    sums[0] += r.first;
    sums[1] += r.second;
  }
};

struct gradient_target {
  float* dweight;
  float* dbias;
  bool accumulate;

  __device__ __forceinline__ void write(std::int64_t channel, const double (&sums)[2]) const {
    put_gradient(dweight, channel, sums[0], accumulate);
    put_gradient(dbias, channel, sums[1], accumulate);
  }
};

struct gradients_of_records : from_records, gradient_target {};

struct running_of_records : from_records {
  float* mean;
  float* var;
  double momentum, samples;

  __device__ __forceinline__ void write(std::int64_t channel, const double (&sums)[2]) const {
    update_running(mean + channel, momentum, sums[0] / samples);
    update_running(var + channel, momentum, sums[1] / samples);
  }
};

// Channels that are units of a slice: from their sums, and what the slice has found xhat to lack.
struct gradients_of_units : gradient_target {
  slice_workspace w;
  std::int64_t channels, groups, units, chunks;

  __device__ __forceinline__ void add(std::int64_t channel, std::int64_t sample, double (&sums)[2]) const {
    const std::int64_t slice = sample * groups + channel / (channels / groups);
    const double lack = static_cast<double>(w.record<centred_record>(slice).low);
    const std::int64_t unit = sample * channels + channel;
    for (std::int64_t chunk = 0; chunk < chunks; ++chunk) {
      const double* const at = w.partial + chunk * centred::kSums * units + unit;
      sums[0] += at[units] - lack * at[0];
      sums[1] += at[0];
    }
  }
};

// Channels of a few elements: from these.
template <class T>
struct gradients_of_elements : gradient_target {
  slice_workspace w;
  const T* x;
  const T* dy;
  std::int64_t channels, groups, spatial;

  __device__ __forceinline__ void add(std::int64_t channel, std::int64_t sample, double (&sums)[2]) const {
    const std::int64_t slice = sample * groups + channel / (channels / groups);
    const centred_record& r = w.record<centred_record>(slice);
    const std::int64_t first = (sample * channels + channel) * spatial;
    for (std::int64_t i = first; i < first + spatial; ++i) {
      const double d = static_cast<double>(to_float(dy[i]));
      sums[0] = fma(d, static_cast<double>((to_float(x[i]) - r.center) * r.scale - r.low), sums[0]);
      sums[1] += d;
    }
  }
};

template <class Source>
nk_status launch_samples(const Source& source, std::int64_t channels, std::int64_t samples, nk_stream stream) {
  return status_of(launch(sum_samples<Source>, dim3(blocks_for(channels, kSampleChannels)),
                          dim3(kSampleTeams * kSampleChannels), 0, stream_of(stream), source, channels, samples));
}

// What the three structs have in common.
template <class Params>
slice_layout layout_of_call(const channel_norm_room& room, const Params& p) {
  return layout_of(
      channel_view(room.over_batch || is_inference(p), p.batch, p.channels, p.spatial, p.groups, p.layout));
}

template <class Params>
void share(const Params& p, const slice_layout& l, centred* op) {
  op->x = p.x;
  op->source.kind = l.view.kept == p.channels ? parameters::of_slice
                    : l.element_channels      ? parameters::of_element
                                              : parameters::of_unit;
  op->source.is_float = p.param_dtype == NK_F32;
  op->source.kept = l.view.kept;
  op->weight = p.weight;
  op->dtype = p.dtype;
  op->epsilon = p.epsilon;
  op->values = static_cast<double>(l.values);
}

template <class Params>
running_statistics running_of(const Params& p) {
  return {p.running_mean, p.running_var, p.epsilon};
}

template <class T>
nk_status sum_elements(const nk_channel_norm_backward_params& p, const slice_layout& l, const gradient_target& target,
                       nk_stream stream) {
  gradients_of_elements<T> source = {};
  static_cast<gradient_target&>(source) = target;
  source.w = workspace_at(p.workspace, l);
  source.x = static_cast<const T*>(p.x);
  source.dy = static_cast<const T*>(p.dy);
  source.channels = p.channels;
  source.groups = l.view.kept;
  source.spatial = p.spatial;
  return launch_samples(source, p.channels, p.batch, stream);
}

// dweight and dbias, once the records or the sums of units are there.
nk_status sum_gradients(const nk_channel_norm_backward_params& p, const slice_layout& l, parameters kind,
                        nk_stream stream) {
  const gradient_target target = {p.dweight, p.dbias, (p.flags & NK_FLAG_ACCUMULATE) != 0};
  if (kind == parameters::of_slice) {
    gradients_of_records source = {};
    static_cast<gradient_target&>(source) = target;
    source.w = workspace_at(p.workspace, l);
    source.channels = p.channels;
    return launch_samples(source, p.channels, l.slice_count / p.channels, stream);
  }
  if (kind == parameters::of_unit) {
    gradients_of_units source = {};
    static_cast<gradient_target&>(source) = target;
    source.w = workspace_at(p.workspace, l);
    source.channels = p.channels;
    source.groups = l.view.kept;
    source.units = l.units;
    source.chunks = l.chunks(p.dtype == NK_F32 ? kSlot<float> : kSlot<f16>);
    return launch_samples(source, p.channels, p.batch, stream);
  }
  return p.dtype == NK_F32   ? sum_elements<float>(p, l, target, stream)
         : p.dtype == NK_F16 ? sum_elements<f16>(p, l, target, stream)
                             : sum_elements<bf16>(p, l, target, stream);
}

}  // namespace

nk_status forward(const channel_norm_room& room, const nk_channel_norm_forward_params* params, nk_stream stream) {
  nk_status status = check_forward(room, params);
  if (status == NK_OK) status = check_whole_call(*params);
  if (status != NK_OK) return status;
  const nk_channel_norm_forward_params& p = *params;
  if (is_empty(p)) {  // no values: nothing to write but statistics, which are 0 / 0
    const std::int64_t slices = room.over_batch ? p.channels : p.batch * (room.has_groups ? p.groups : p.channels);
    if (is_inference(p)) return NK_OK;
    status = fill(p.mean, slices, kNan, stream);
    return status != NK_OK ? status : fill(p.rstd, slices, kNan, stream);
  }
  const slice_layout l = layout_of_call(room, p);
  if (is_inference(p)) {
    channel_scale op = {};
    op.x = p.x;
    op.out = p.y;
    op.running = running_of(p);
    op.weight = {p.weight, p.param_dtype};
    op.shift = {p.bias, p.param_dtype};
    op.with_mean = true;
    return run_slices(op, p.dtype, l, {}, false, stream);
  }
  centred_forward op = {};
  share(p, l, &op);
  op.out = p.y;
  op.bias = p.bias;
  op.saved_mean = p.mean;
  op.saved_rstd = p.rstd;
  op.momentum = p.momentum;
  const bool over_samples = p.running_mean != nullptr && !room.over_batch;
  if (!over_samples) {
    op.running_mean = p.running_mean;
    op.running_var = p.running_var;
  }
  const given_workspace given = {p.workspace, p.workspace_size};
  status = run(op, p.dtype, l, given, over_samples, stream);
  if (status != NK_OK || !over_samples) return status;
  running_of_records source = {};
  source.w = workspace_at(p.workspace, l);
  source.channels = p.channels;
  source.mean = p.running_mean;
  source.var = p.running_var;
  source.momentum = p.momentum;
  source.samples = static_cast<double>(p.batch);
  return launch_samples(source, p.channels, p.batch, stream);
}

nk_status backward(const channel_norm_room& room, const nk_channel_norm_backward_params* params, nk_stream stream) {
  nk_status status = check_backward(room, params);
  if (status == NK_OK) status = check_whole_call(*params);
  if (status != NK_OK) return status;
  const nk_channel_norm_backward_params& p = *params;
  const bool accumulate = (p.flags & NK_FLAG_ACCUMULATE) != 0;
  if (is_empty(p)) {  // sums of nothing
    if (accumulate) return NK_OK;
    status = fill(p.dweight, p.channels, 0.0f, stream);
    return status != NK_OK ? status : fill(p.dbias, p.channels, 0.0f, stream);
  }
  const slice_layout l = layout_of_call(room, p);
  const bool gradients = p.dweight != nullptr || p.dbias != nullptr;
  const given_workspace given = {p.workspace, p.workspace_size};
  if (is_inference(p)) {
    if (gradients) {
      channel_gradients sums = {};
      sums.x = p.x;
      sums.t = p.dy;
      sums.running = running_of(p);
      sums.dweight = p.dweight;
      sums.dbias = p.dbias;
      sums.accumulate = accumulate;
      status = run_slices(sums, p.dtype, l, given, false, stream);
      if (status != NK_OK) return status;
    }
    channel_scale op = {};
    op.x = p.dy;
    op.out = p.dx;
    op.running = running_of(p);
    op.weight = {p.weight, p.param_dtype};
    return run_slices(op, p.dtype, l, {}, false, stream);
  }
  centred_backward op = {};
  share(p, l, &op);
  op.t = p.dy;
  op.out = p.dx;
  op.mean = p.mean;
  op.rstd = p.rstd;
  // Those of a few elements are summed from x and dy, which dx may be written over.
  const bool from_elements = gradients && op.source.kind == parameters::of_element;
  if (from_elements) op.out = nullptr;
  status = run(op, p.dtype, l, given, gradients, stream);
  if (status == NK_OK && gradients) status = sum_gradients(p, l, op.source.kind, stream);
  if (status != NK_OK || !from_elements) return status;
  op.out = p.dx;
  return run(op, p.dtype, l, given, false, stream);
}

nk_status jvp(const channel_norm_room& room, const nk_channel_norm_jvp_params* params, nk_stream stream) {
  nk_status status = check_jvp(room, params);
  if (status == NK_OK) status = check_whole_call(*params);
  if (status != NK_OK) return status;
  const nk_channel_norm_jvp_params& p = *params;
  if (is_empty(p)) return NK_OK;
  const slice_layout l = layout_of_call(room, p);
  if (!is_inference(p)) {
    centred_jvp op = {};
    share(p, l, &op);
    op.t = p.tan_x;
    op.out = p.jvp_y;
    op.mean = p.mean;
    op.rstd = p.rstd;
    op.tan_weight = p.tan_weight;
    op.tan_bias = p.tan_bias;
    return run(op, p.dtype, l, {p.workspace, p.workspace_size}, false, stream);
  }
  if (p.tan_weight == nullptr) {  // x has no part in it, be it infinite
    channel_scale op = {};
    op.x = p.tan_x;
    op.out = p.jvp_y;
    op.running = running_of(p);
    op.weight = {p.weight, p.param_dtype};
    op.shift = {p.tan_bias, p.param_dtype};
    return run_slices(op, p.dtype, l, {}, false, stream);
  }
  channel_tangent op = {};
  op.x = p.x;
  op.t = p.tan_x;
  op.out = p.jvp_y;
  op.running = running_of(p);
  op.weight = {p.weight, p.param_dtype};
  op.tan_weight = {p.tan_weight, p.param_dtype};
  op.tan_bias = {p.tan_bias, p.param_dtype};
  return run_slices(op, p.dtype, l, {}, false, stream);
}

}  // namespace cuda
}  // namespace nk
