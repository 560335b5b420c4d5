// Norms that subtract a mean and divide by a standard deviation, over slices: the norms over channels, and axis_norm.
// Operations for slice_kernels.cuh.
//
//   xhat = (x - mean) * rstd      forward: y = xhat * w + bias
//   backward: dx = rstd * (g - mean(g) - xhat * mean(g * xhat)), g = dy * w
//   jvp: w * rstd * (t - mean(t) - xhat * mean(t * xhat)) + xhat * tan_w + tan_bias
//
// The mean is float32 and what that lacks is subtracted from xhat: at a mean of 1e6 it is 0.03 off. Forward knows it;
// backward and jvp, which may be given a float32 mean, sum xhat.
#pragma once

#include <normkernels/nk_types.h>

#include "core/statistics.h"
#include "slice_operation.cuh"

namespace nk {
namespace cuda {

// Where the parameters of an element are.
enum class parameters { of_slice, of_unit, of_element, own };

struct parameter_source {
  parameters kind;
  bool is_float;
  std::int64_t kept;  // of_slice: slice % kept

  template <class T>
  __device__ __forceinline__ float read_one(const void* p, std::int64_t i) const {
    return is_float ? static_cast<const float*>(p)[i] : to_float(static_cast<const T*>(p)[i]);
  }

  // Those of a slot.
  template <class T, int N>
  __device__ __forceinline__ void fill(const void* p, const place& at, float if_absent, float (&values)[N]) const {
    if (p != nullptr && kind == parameters::own && N > 1) {
      const std::int64_t size = is_float ? 4 : static_cast<std::int64_t>(sizeof(T));
      float all[kSlot<T>];
      load_parameters<T>(static_cast<const char*>(p) + at.row * size, is_float, at.first, at.layout->unit_run,
                         if_absent, all);
#pragma unroll
      for (int i = 0; i < N; ++i) values[i] = all[i < kSlot<T> ? i : 0];
      return;
    }
    const float same = p == nullptr ? if_absent : kind == parameters::of_element ? 0.0f : read_one<T>(p, index(at));
#pragma unroll
    for (int i = 0; i < N; ++i) values[i] = same;
    if (p == nullptr || kind != parameters::of_element) return;
#pragma unroll
    for (int i = 0; i < N; ++i) {
      if (at.first + i < at.layout->unit_run) values[i] = read_one<T>(p, at.channel_of(i));
    }
  }

 private:
  __device__ __forceinline__ std::int64_t index(const place& at) const {
    return kind == parameters::own ? at.row + at.first : at.channel;
  }
};

struct centred_record {
  float pivot;
  float center, scale, low;  // xhat = (x - center) * scale - low
  double b, e;               // of the derivatives: rstd * g + xhat * b + e
  double first, second;      // forward: mean and unbiased variance; backward: what the slice adds to dweight and dbias
};

// What the three operations share.
struct centred {
  using record = centred_record;
  static constexpr int kPhases = 2;
  static constexpr int kSums = 3;
  static constexpr bool kMaps = true;

  const void* x;
  const void* t;
  void* out;
  parameter_source source;
  const void* weight;
  std::int32_t dtype;
  double epsilon;
  double values;      // of a slice
  const float* mean;  // given, or null
  const float* rstd;

  __host__ __device__ int first_phase() const { return rstd != nullptr ? 1 : 0; }

  __device__ __forceinline__ void begin(record& r, std::int64_t slice, std::int64_t origin) const {
    // What is summed is the distance from the first value of a slice, so a constant slice has exactly its constant for
    // a mean, and no variance. Not an infinity, from which every distance is infinite or NaN.
    if (rstd == nullptr) {
      const float first = static_cast<float>(load_double(x, dtype, origin));
      r.pivot = first - first == 0.0f ? first : 0.0f;
    } else {
      r.center = mean[slice];
      r.scale = rstd[slice];
    }
  }

  template <int Phase>
  __device__ __forceinline__ void start(double (&sums)[kSums]) const {
    sums[0] = sums[1] = sums[2] = 0.0;
  }
  template <int Phase>
  __device__ __forceinline__ void join(double (&sums)[kSums], const double (&more)[kSums]) const {
#pragma unroll
    for (int j = 0; j < kSums; ++j) sums[j] += more[j];
  }

  template <class T, int N>
  __device__ __forceinline__ void add_moments(const record& r, const T (&v)[N], int count,
                                              double (&sums)[kSums]) const {
#pragma unroll
    for (int i = 0; i < N; ++i) {
      if (i >= count) break;
      const double d = static_cast<double>(to_float(v[i])) - static_cast<double>(r.pivot);
      sums[0] += d;
      sums[1] = fma(d, d, sums[1]);
    }
  }

  __device__ __forceinline__ double finish_moments(record& r, const double (&sums)[kSums], double* variance) const {
    const double shift = sums[0] / values;
    const double square = sums[1] / values - shift * shift;
    const double found = static_cast<double>(r.pivot) + shift;
    // Rounding may leave a trace below zero. NaN must stay NaN.
    *variance = square < 0.0 ? 0.0 : square;
    r.center = static_cast<float>(found);
    r.scale = rstd_of_float(*variance + epsilon);
    r.low = static_cast<float>((found - static_cast<double>(r.center)) * static_cast<double>(r.scale));
    return found;
  }

  __device__ __forceinline__ float rough(const record& r, float v) const {
    return (v - r.center) * r.scale;
  }

  // sums of g, g * xhat and xhat
  template <class T, int N>
  __device__ __forceinline__ void add_products(const record& r, const T (&v)[N], const T (&g)[N], const float (&w)[N],
                                               int count, double (&sums)[kSums]) const {
#pragma unroll
    for (int i = 0; i < N; ++i) {
      if (i >= count) break;
      const double xhat = static_cast<double>(rough(r, to_float(v[i])));
      const double product = static_cast<double>(to_float(g[i])) * static_cast<double>(w[i]);
      sums[0] += product;
      sums[1] = fma(product, xhat, sums[1]);
      sums[2] += xhat;
    }
  }

  // From the means of g, g * xhat and xhat.
  __device__ __forceinline__ void finish_products(record& r, double g, double product, double xhat) const {
    const double rstd_found = static_cast<double>(r.scale);
    r.low = static_cast<float>(xhat);
    r.b = -rstd_found * (product - xhat * g);
    r.e = -rstd_found * g;
  }

  // value * w for the weights of a slot, rounded once: what overflows in float32 on the way may end up finite.
  template <int N>
  __device__ __forceinline__ void weighted(double value, const float (&w)[N], float (&products)[N]) const {
    const bool same = source.kind == parameters::of_slice || source.kind == parameters::of_unit;
    const float first = static_cast<float>(value * static_cast<double>(w[0]));
#pragma unroll
    for (int i = 0; i < N; ++i) products[i] = same ? first : static_cast<float>(value * static_cast<double>(w[i]));
  }
};

__device__ __forceinline__ void update_running(float* running, double momentum, double value) {
  *running = static_cast<float>((1.0 - momentum) * static_cast<double>(*running) + momentum * value);
}

struct centred_forward : centred {
  static constexpr int kPhases = 1;
  static constexpr int kTensors = 1;

  const void* bias;
  float* saved_mean;
  float* saved_rstd;
  float* running_mean;  // updated here where slices are channels, or null
  float* running_var;
  double momentum;

  __host__ __device__ int first_phase() const { return 0; }
  __host__ __device__ bool alike() const { return true; }

  template <int Phase, class T, int N>
  __device__ __forceinline__ void add(const record& r, const place&, const T (&v)[N], const T (&)[N], int count,
                                      double (&sums)[kSums]) const {
    add_moments(r, v, count, sums);
  }
  template <int Phase>
  __device__ __forceinline__ void weigh(double (&)[kSums], std::int64_t) const {}

  template <int Phase>
  __device__ __forceinline__ void finish(record& r, const double (&sums)[kSums], std::int64_t slice,
                                         bool writes) const {
    double variance;
    r.first = finish_moments(r, sums, &variance);
    r.second = variance * values / (values - 1.0);
    if (!writes) return;
    if (saved_mean != nullptr) saved_mean[slice] = static_cast<float>(r.first);
    if (saved_rstd != nullptr) saved_rstd[slice] = r.scale;
    if (running_mean != nullptr) {
      update_running(running_mean + slice, momentum, r.first);
      update_running(running_var + slice, momentum, r.second);
    }
  }

  template <class T, int N>
  __device__ __forceinline__ void map(const record& r, const place& at, const T (&v)[N], const T (&)[N], int,
                                      float (&values_out)[N]) const {
    float w[N], b[N];
    source.fill<T>(weight, at, 1.0f, w);
    source.fill<T>(bias, at, 0.0f, b);
#pragma unroll
    for (int i = 0; i < N; ++i) values_out[i] = fmaf(rough(r, to_float(v[i])) - r.low, w[i], b[i]);
  }
};

struct centred_backward : centred {
  static constexpr int kTensors = 2;

  float* dweight;  // own: of every element, or null
  float* dbias;
  bool accumulate;

  // Units that are channels of a slice have weights of their own.
  __host__ __device__ bool alike() const { return source.kind != parameters::of_unit; }

  template <int Phase, class T, int N>
  __device__ __forceinline__ void add(const record& r, const place& at, const T (&v)[N], const T (&g)[N], int count,
                                      double (&sums)[kSums]) const {
    if constexpr (Phase == 0) {
      add_moments(r, v, count, sums);
    } else {
      float w[N];
      const bool each = source.kind == parameters::of_element || source.kind == parameters::own;
      source.fill<T>(each ? weight : nullptr, at, 1.0f, w);
      add_products(r, v, g, w, count, sums);
    }
  }

  __device__ __forceinline__ double weight_at(std::int64_t i) const {
    return weight == nullptr ? 1.0 : load_double(weight, source.is_float ? NK_F32 : dtype, i);
  }

  template <int Phase>
  __device__ __forceinline__ void weigh(double (&sums)[kSums], std::int64_t channel) const {
    if (Phase == 0 || source.kind != parameters::of_unit) return;
    const double w = weight_at(channel);
    sums[0] *= w;
    sums[1] *= w;
  }

  template <int Phase>
  __device__ __forceinline__ void finish(record& r, const double (&sums)[kSums], std::int64_t slice, bool) const {
    if constexpr (Phase == 0) {
      double variance;
      finish_moments(r, sums, &variance);
    } else {
      const double xhat = sums[2] / values;
      const double w = source.kind == parameters::of_slice ? weight_at(slice % source.kept) : 1.0;
      r.first = sums[1] - xhat * sums[0];
      r.second = sums[0];
      finish_products(r, w * (sums[0] / values), w * (sums[1] / values), xhat);
    }
  }

  template <class T, int N>
  __device__ __forceinline__ void map(const record& r, const place& at, const T (&v)[N], const T (&g)[N], int count,
                                      float (&values_out)[N]) const {
    float w[N], factor[N];
    source.fill<T>(weight, at, 1.0f, w);
    weighted(static_cast<double>(r.scale), w, factor);
    const float b = static_cast<float>(r.b), e = static_cast<float>(r.e);
#pragma unroll
    for (int i = 0; i < N; ++i) {
      const float xhat = rough(r, to_float(v[i])) - r.low, dy = to_float(g[i]);
      values_out[i] = fmaf(dy, factor[i], fmaf(xhat, b, e));
      if (i < count) {
        const std::int64_t element = at.row + at.first + i;
        if (dweight != nullptr) dweight[element] = accumulate ? fmaf(dy, xhat, dweight[element]) : dy * xhat;
        if (dbias != nullptr) dbias[element] = accumulate ? dy + dbias[element] : dy;
      }
    }
  }
};

struct centred_jvp : centred {
  static constexpr int kTensors = 2;

  const void* tan_weight;
  const void* tan_bias;

  __host__ __device__ bool alike() const { return true; }

  template <int Phase, class T, int N>
  __device__ __forceinline__ void add(const record& r, const place&, const T (&v)[N], const T (&tangent)[N], int count,
                                      double (&sums)[kSums]) const {
    if constexpr (Phase == 0) {
      add_moments(r, v, count, sums);
    } else {
      float ones[N];
#pragma unroll
      for (int i = 0; i < N; ++i) ones[i] = 1.0f;
      add_products(r, v, tangent, ones, count, sums);
    }
  }
  template <int Phase>
  __device__ __forceinline__ void weigh(double (&)[kSums], std::int64_t) const {}

  template <int Phase>
  __device__ __forceinline__ void finish(record& r, const double (&sums)[kSums], std::int64_t, bool) const {
    if constexpr (Phase == 0) {
      double variance;
      finish_moments(r, sums, &variance);
    } else {
      finish_products(r, sums[0] / values, sums[1] / values, sums[2] / values);
    }
  }

  template <class T, int N>
  __device__ __forceinline__ void map(const record& r, const place& at, const T (&v)[N], const T (&tangent)[N], int,
                                      float (&values_out)[N]) const {
    float w[N], tw[N], tb[N], factor[N], b[N], e[N];
    source.fill<T>(weight, at, 1.0f, w);
    weighted(static_cast<double>(r.scale), w, factor);
    weighted(r.b, w, b);
    weighted(r.e, w, e);
    source.fill<T>(tan_weight, at, 0.0f, tw);
    source.fill<T>(tan_bias, at, 0.0f, tb);
#pragma unroll
    for (int i = 0; i < N; ++i) {
      const float xhat = rough(r, to_float(v[i])) - r.low;
      const float along = fmaf(to_float(tangent[i]), factor[i], fmaf(xhat, b[i], e[i]));
      // Without a tangent of the weight xhat has no part in it, be it infinite.
      values_out[i] = (tan_weight != nullptr ? fmaf(xhat, tw[i], along) : along) + tb[i];
    }
  }
};

// Compiled once, in centred.cu; see slice_launch.cuh.
nk_status run(const centred_forward& op, std::int32_t dtype, const slice_layout& l, const given_workspace& given,
              bool keeps, nk_stream stream);
nk_status run(const centred_backward& op, std::int32_t dtype, const slice_layout& l, const given_workspace& given,
              bool keeps, nk_stream stream);
nk_status run(const centred_jvp& op, std::int32_t dtype, const slice_layout& l, const given_workspace& given,
              bool keeps, nk_stream stream);

}  // namespace cuda
}  // namespace nk
