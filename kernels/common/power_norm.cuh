// Norms (sum |x|^p)^(1/p) of slices and their derivatives: vector_norm, l2_normalize, and weight_norm, which adds an
// epsilon under the root. Operations for slice_kernels.cuh; formulas in the rooms.
//
// For p other than 1/2, 1, 2, 3 what is raised to p is the ratio to the largest magnitude so far (the smallest for
// p < 0), and the sum is rescaled where a larger one comes: one pass, and every term is at most 1.
#pragma once

#include <normkernels/nk_types.h>

#include "core/power.h"
#include "core/power_function.h"
#include "core/statistics.h"
#include "slice_operation.cuh"

namespace nk {
namespace cuda {

__device__ __forceinline__ double infinity() {
  return double_from_bits(0x7ff0000000000000ull);
}

__device__ __forceinline__ double with_sign_of(double magnitude, double x) {
  return x < 0.0 ? -magnitude : magnitude;
}

// (numerator / denominator)^exponent. Not inline, like all that only p without a loop of their own need: kernels would
// be twice as long.
__device__ NK_NOINLINE inline double power_of_ratio(double numerator, double denominator, double exponent) {
  return power_of(numerator / denominator, exponent);
}

// Of the derivative the magnitude, for p that are not often asked for.
__device__ NK_NOINLINE inline double rare_derivative(double magnitude, double norm, power_function f) {
  if (f.kind == power::three) return (magnitude / norm) * (magnitude / norm);
  if (f.kind == power::half) return sqrt(norm / magnitude);
  return power_of(magnitude / norm, f.exponent - 1.0);
}

// A magnitude, and the sum of (|x| / magnitude)^exponent.
struct ratio_sum {
  double top, sum;
};

__device__ NK_NOINLINE inline ratio_sum join_ratios(ratio_sum a, ratio_sum b, double exponent) {
  if (a.top != a.top || b.sum == 0.0) return a;
  const bool replaces = exponent > 0.0 ? b.top > a.top : b.top < a.top;
  if (replaces || b.top != b.top || a.sum == 0.0) {
    return {b.top, b.sum + (a.sum != 0.0 ? a.sum * power_of(a.top / b.top, exponent) : 0.0)};
  }
  if (a.top != 0.0 && a.top < infinity()) a.sum += b.sum * power_of(b.top / a.top, exponent);
  return a;
}

// What sums[0] is the norm of, and for p that have no loop of their own sums[1]: the sum of (|x| / sums[0])^p.
struct power_sums {
  power_function f;

  __device__ __forceinline__ bool is_extreme() const { return f.kind == power::largest || f.kind == power::smallest; }

  __device__ __forceinline__ void start(double (&sums)[2]) const {
    const bool least = f.kind == power::smallest || (f.kind == power::general && f.exponent < 0.0);
    sums[0] = least ? infinity() : 0.0;
    sums[1] = 0.0;
  }

  // A NaN stays in the extremes once it is there.
  __device__ __forceinline__ void add(double x, double (&sums)[2]) const {
    const double m = fabs(x);
    switch (f.kind) {
      case power::zero:
        sums[0] += x != 0.0 ? 1.0 : 0.0;
        break;
      case power::half:
        sums[0] += sqrt(m);
        break;
      case power::one:
        sums[0] += m;
        break;
      case power::two:
        sums[0] = fma(x, x, sums[0]);
        break;
      case power::three:
        sums[0] += m * (x * x);
        break;
      case power::largest:
        sums[0] = m > sums[0] || m != m ? m : sums[0];
        break;
      case power::smallest:
        sums[0] = m < sums[0] || m != m ? m : sums[0];
        break;
      case power::general: {
        const double one[2] = {m, 1.0};
        join(sums, one);
        break;
      }
    }
  }

  __device__ __forceinline__ void join(double (&sums)[2], const double (&more)[2]) const {
    switch (f.kind) {
      case power::largest:
        sums[0] = more[0] > sums[0] || more[0] != more[0] ? more[0] : sums[0];
        break;
      case power::smallest:
        sums[0] = more[0] < sums[0] || more[0] != more[0] ? more[0] : sums[0];
        break;
      case power::general: {
        const ratio_sum joined = join_ratios({sums[0], sums[1]}, {more[0], more[1]}, f.exponent);
        sums[0] = joined.top;
        sums[1] = joined.sum;
        break;
      }
      default:
        sums[0] += more[0];
    }
  }

  __device__ __forceinline__ double finish(const double (&sums)[2]) const {
    const double s = sums[0];
    switch (f.kind) {
      case power::half:
        return s * s;
      case power::two:
        return sqrt(s);
      case power::three:
        return power_of_ratio(s, 1.0, 1.0 / 3.0);
      case power::general:
        // A top that is 0, infinite or NaN is the norm already.
        return s > 0.0 && s < infinity() ? s * power_of_ratio(sums[1], 1.0, 1.0 / f.exponent) : s;
      default:
        return s;
    }
  }

  // The derivative of the norm; 0 where x is 0, whatever p may be.
  __device__ __forceinline__ double derivative(double x, double norm) const {
    if (x == 0.0) return 0.0;
    const double m = fabs(x);
    switch (f.kind) {
      case power::one:
        return with_sign_of(1.0, x);
      case power::two:
        return x / norm;
      case power::largest:
      case power::smallest:
        return m == norm ? with_sign_of(1.0, x) : 0.0;
      default:
        return with_sign_of(rare_derivative(m, norm, f), x);
    }
  }
};

// What the norm is for.
enum class power_role { vector_norm, l2_normalize, weight_norm };

// A scalar of a slice, in one of the dtypes.
struct slice_values {
  void* p;
  std::int32_t dtype;

  __device__ __forceinline__ double at(std::int64_t i) const { return load_double(p, dtype, i); }
  __device__ __forceinline__ void put(std::int64_t i, double value) const { store_double(p, dtype, i, value); }
};

struct power_record {
  double norm;
  double factor;  // what t is multiplied by, in forward x
  double slope;   // what the norm's derivative is multiplied by
};

struct power_operands {
  using record = power_record;
  static constexpr int kSums = 2;
  static constexpr bool kMaps = true;

  const void* x;
  const void* t;
  void* out;
  power_sums sums_of;
  power_role role;
  double epsilon;
  slice_values weight;  // weight_norm: g

  __host__ __device__ bool alike() const { return true; }
  __host__ __device__ int first_phase() const { return 0; }
  __device__ __forceinline__ void begin(record&, std::int64_t, std::int64_t) const {}
  template <int Phase>
  __device__ __forceinline__ void weigh(double (&)[2], std::int64_t) const {}

  template <class T, int N>
  __device__ __forceinline__ void add_powers(const T (&v)[N], int count, double (&sums)[2]) const {
#pragma unroll
    for (int i = 0; i < N; ++i) {
      if (i < count) sums_of.add(static_cast<double>(to_float(v[i])), sums);
    }
  }

  // The norm, and what elements are multiplied by.
  __device__ __forceinline__ void finish_norm(record& r, const double (&sums)[2], std::int64_t slice) const {
    r.norm = role == power_role::weight_norm ? sqrt(sums[0] + epsilon) : sums_of.finish(sums);
    r.factor = role == power_role::vector_norm   ? 0.0
               : role == power_role::weight_norm ? weight.at(slice) / r.norm
                                                 : 1.0 / (r.norm < epsilon ? epsilon : r.norm);
  }
};

struct power_forward : power_operands {
  static constexpr int kPhases = 1;
  static constexpr int kTensors = 1;

  slice_values norm;

  template <int Phase>
  __device__ __forceinline__ void start(double (&sums)[2]) const {
    sums_of.start(sums);
  }
  template <int Phase, class T, int N>
  __device__ __forceinline__ void add(const record&, const place&, const T (&v)[N], const T (&)[N], int count,
                                      double (&sums)[2]) const {
    add_powers(v, count, sums);
  }
  template <int Phase>
  __device__ __forceinline__ void join(double (&sums)[2], const double (&more)[2]) const {
    sums_of.join(sums, more);
  }
  template <int Phase>
  __device__ __forceinline__ void finish(record& r, const double (&sums)[2], std::int64_t slice, bool writes) const {
    finish_norm(r, sums, slice);
    if (writes && norm.p != nullptr) norm.put(slice, r.norm);
  }
  template <class T, int N>
  __device__ __forceinline__ void map(const record& r, const place&, const T (&v)[N], const T (&)[N], int,
                                      float (&values)[N]) const {
#pragma unroll
    for (int i = 0; i < N; ++i) values[i] = static_cast<float>(static_cast<double>(to_float(v[i])) * r.factor);
  }
};

// Backward and jvp: out = t * factor + d * slope. The second phase sums t * d', and how many elements tie for an
// extreme. d and d' are the derivative of the norm; but for l2_normalize d is y in jvp, and d' is y in backward.
struct power_derivative : power_operands {
  static constexpr int kPhases = 2;
  static constexpr int kTensors = 2;

  bool backward;
  slice_values along;       // vector_norm: dnorm, read by backward, or jvp_norm, written by jvp
  slice_values tan_weight;  // weight_norm
  float* dweight;           // weight_norm
  bool accumulate;

  template <int Phase>
  __device__ __forceinline__ void start(double (&sums)[2]) const {
    if (Phase == 0) {
      sums_of.start(sums);
    } else {
      sums[0] = sums[1] = 0.0;
    }
  }

  template <int Phase, class T, int N>
  __device__ __forceinline__ void add(const record& r, const place&, const T (&v)[N], const T (&tangent)[N], int count,
                                      double (&sums)[2]) const {
    if constexpr (Phase == 0) {
      add_powers(v, count, sums);
    } else {
#pragma unroll
      for (int i = 0; i < N; ++i) {
        if (i >= count) break;
        const double value = static_cast<double>(to_float(v[i]));
        const bool by_value = backward && role == power_role::l2_normalize;
        const double d = by_value && !sums_of.is_extreme() ? 0.0 : sums_of.derivative(value, r.norm);
        sums[0] = fma(static_cast<double>(to_float(tangent[i])), by_value ? value * r.factor : d, sums[0]);
        sums[1] += fabs(d);
      }
    }
  }

  template <int Phase>
  __device__ __forceinline__ void join(double (&sums)[2], const double (&more)[2]) const {
    if (Phase == 0) {
      sums_of.join(sums, more);
    } else {
      sums[0] += more[0];
      sums[1] += more[1];
    }
  }

  template <int Phase>
  __device__ __forceinline__ void finish(record& r, const double (&sums)[2], std::int64_t slice, bool writes) const {
    if (Phase == 0) {
      finish_norm(r, sums, slice);
      return;
    }
    // A norm of 0 has a derivative of 0, a norm that is NaN one of NaN.
    const double ties = r.norm != r.norm ? r.norm : r.norm == 0.0 ? infinity() : sums_of.is_extreme() ? sums[1] : 1.0;
    if (role == power_role::vector_norm) {
      if (backward) {
        r.slope = along.at(slice) / ties;
      } else if (writes) {
        // With a norm of 0 the products may be of infinities.
        along.put(slice, r.norm == 0.0 ? 0.0 : sums[0] / ties);
      }
    } else if (role == power_role::l2_normalize) {
      // Where the divisor is a constant x has no part in it.
      r.slope = r.norm < epsilon ? 0.0 : -(sums[0] / ties) * r.factor;
    } else {
      const double projected = r.norm == 0.0 ? r.norm / r.norm : sums[0];  // 0 / 0, as in forward
      r.slope = -r.factor * projected;
      if (backward) {
        if (writes) put_gradient(dweight, slice, projected, accumulate);
      } else if (tan_weight.p != nullptr) {
        r.slope += tan_weight.at(slice);
      }
    }
  }

  template <class T, int N>
  __device__ __forceinline__ void map(const record& r, const place&, const T (&v)[N], const T (&tangent)[N], int,
                                      float (&values)[N]) const {
#pragma unroll
    for (int i = 0; i < N; ++i) {
      const double value = static_cast<double>(to_float(v[i]));
      double result = t == nullptr ? 0.0 : static_cast<double>(to_float(tangent[i])) * r.factor;
      if (r.slope != 0.0) {
        const double direction =
            !backward && role == power_role::l2_normalize ? value * r.factor : sums_of.derivative(value, r.norm);
        result = fma(direction, r.slope, result);
      }
      values[i] = static_cast<float>(result);
    }
  }
};

// Compiled once, in power_norm.cu; see slice_launch.cuh.
nk_status run(const power_forward& op, std::int32_t dtype, const slice_layout& l, const given_workspace& given,
              bool keeps, nk_stream stream);
nk_status run(const power_derivative& op, std::int32_t dtype, const slice_layout& l, const given_workspace& given,
              bool keeps, nk_stream stream);

}  // namespace cuda
}  // namespace nk
