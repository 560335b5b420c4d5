// Nuclear, 2 and -2 on a device: singular values by one-sided Jacobi rotations in double, a warp or a block for each
// matrix. See native/core/matrix_math.h.
//
// The matrix's columns, along its longer side, become vectors in scratch: in shared memory where they fit, in the
// workspace where they do not. In a round of a sweep the vectors meet in disjoint pairs, each pair rotated by a few
// lanes; a sweep is as many rounds as let each meet each, like a tournament. Which lanes rotate which pair changes
// nothing: all that counts is the order of rounds, which depends on the shape.
#pragma once

#include "common/row_reduce.cuh"
#include "core/matrix_view.h"
#include "matrix_norm_io.cuh"

namespace nk {
namespace cuda {

// Matrices of so many elements have a warp each, four to a block of 128; larger ones have the block, or one of 512
// where there are more pairs than 128 threads rotate at once.
constexpr std::int64_t kWarpElements = 512;
// Every device from compute capability 8.0 on has 99 KB.
constexpr std::int64_t kSharedScratch = 96 * 1024;

struct singular_plan {
  loops batch;
  std::int64_t matrices;
  std::int64_t count, length;  // of vectors, and of each: the shorter side and the longer
  std::int64_t count_stride, length_stride;
  std::int32_t order;
  int lanes;    // for a pair
  int threads;  // for a matrix: 32, 128 or 512
  int teams;    // matrices of a block
  bool in_shared;

  NK_INLINE std::int64_t doubles() const { return count * (length + count + 1); }  // of scratch, for a matrix
};

// Depends on the shape alone. Not for matrices without elements.
inline singular_plan singular_plan_of(const nk_reduction& n) {
  const matrix_view v = matrices_of(n);
  const bool transposed = v.rows < v.columns;
  singular_plan p = {};
  p.batch = v.batch;
  p.matrices = v.batch.count();
  p.count = transposed ? v.rows : v.columns;
  p.length = transposed ? v.columns : v.rows;
  p.count_stride = transposed ? v.row_stride : v.column_stride;
  p.length_stride = transposed ? v.column_stride : v.row_stride;
  p.order = n.order;
  p.lanes = 1;
  while (p.lanes < 32 && p.lanes < p.length) p.lanes *= 2;
  p.threads = p.length <= kWarpElements / p.count ? 32 : (p.count + 1) / 2 <= 128 / p.lanes ? 128 : 512;
  p.teams = p.threads == 32 ? 4 : 1;
  p.in_shared = p.length <= kSharedScratch && p.doubles() <= kSharedScratch / 8 / p.teams;
  return p;
}

// One of forward, backward and jvp: whichever has its result given.
struct singular_call {
  const void* x;
  void* norm;         // forward
  const void* dnorm;  // backward
  void* dx;
  const void* tangent;  // jvp
  void* jvp_norm;
  std::int32_t dtype, norm_dtype;
};

// Vectors, each a singular value times a left vector once all are orthogonal; the right vectors; the values.
struct singular_scratch {
  double* vectors;  // [count][length]
  double* rights;   // [count][count]
  double* values;   // [count]
};

template <int Threads>
__device__ __forceinline__ void sync_team() {
  if constexpr (Threads == 32) {
    __syncwarp();
  } else {
    __syncthreads();
  }
}

struct larger_double {
  __device__ __forceinline__ double operator()(double a, double b) const { return a > b ? a : b; }
};
struct smaller_double {
  __device__ __forceinline__ double operator()(double a, double b) const { return a < b ? a : b; }
};

template <int Threads, class Join>
__device__ __forceinline__ double over_team(double value, Join join) {
  double values[1] = {value};
  row_reduce<Threads>(values, join);
  return values[0];
}

// Calls body(vector, position) for every element of the matrix, neighbours in memory by neighbouring threads.
template <int Threads, class Body>
__device__ __forceinline__ void for_each_element(const singular_plan& plan, Body&& body) {
  const bool along = plan.length_stride < plan.count_stride;
  const std::int64_t inner = along ? plan.length : plan.count;
  for (std::int64_t i = threadIdx.x % Threads; i < plan.count * plan.length; i += Threads) {
    const std::int64_t major = i / inner, minor = i - major * inner;
    body(along ? major : minor, along ? minor : major);
  }
}

// The matrix into scratch; whether all of it is finite.
template <int Threads>
__device__ __forceinline__ bool load_vectors(const singular_plan& plan, const singular_scratch& s, const void* x,
                                             std::int32_t dtype, std::int64_t base) {
  double infinite = 0.0;
  for_each_element<Threads>(plan, [&](std::int64_t k, std::int64_t i) {
    const double v = load_double(x, dtype, base + k * plan.count_stride + i * plan.length_stride);
    if (!(magnitude(v) < 3.5e38)) infinite = 1.0;
    s.vectors[k * plan.length + i] = v;
  });
  for (std::int64_t i = threadIdx.x % Threads; i < plan.count * plan.count; i += Threads) {
    s.rights[i] = i / plan.count == i % plan.count ? 1.0 : 0.0;
  }
  const bool finite = over_team<Threads>(infinite, larger_double()) == 0.0;
  sync_team<Threads>();
  return finite;
}

// The two that meet as pair `pair` of a round, of `seats` in all, an even number: the last one stays, the others move
// up by one from round to round.
__device__ __forceinline__ void meet(std::int64_t round, std::int64_t pair, std::int64_t seats, std::int64_t* p,
                                     std::int64_t* q) {
  const std::int64_t circle = seats - 1;
  const std::int64_t a = pair == 0 ? circle : (round + pair) % circle;
  const std::int64_t b = pair == 0 ? round : (round + circle - pair) % circle;
  *p = a < b ? a : b;
  *q = a < b ? b : a;
}

// (a, b) = (c a - s b, s a + c b), by the lanes of a pair.
__device__ __forceinline__ void rotate_pair(double* a, double* b, std::int64_t n, int lane, int lanes,
                                            const rotation& r) {
  for (std::int64_t i = lane; i < n; i += lanes) {
    const double x = a[i], y = b[i];
    a[i] = fma(r.cosine, x, -r.sine * y);
    b[i] = fma(r.sine, x, r.cosine * y);
  }
}

// Every vector meets every other one; whether any was rotated.
template <int Threads>
__device__ __forceinline__ bool sweep(const singular_plan& plan, const singular_scratch& s, bool with_rights) {
  const int thread = static_cast<int>(threadIdx.x) % Threads;
  const int lane = thread % plan.lanes, group = thread / plan.lanes, groups = Threads / plan.lanes;
  const std::int64_t seats = plan.count + plan.count % 2;
  double rotated = 0.0;
  for (std::int64_t round = 0; round + 1 < seats; ++round) {
    // As often for every group: the lanes of a warp meet in the shuffles.
    for (std::int64_t first = 0; first < seats / 2; first += groups) {
      std::int64_t p = 0, q = 0;
      if (first + group < seats / 2) meet(round, first + group, seats, &p, &q);
      const bool there = p < q && q < plan.count;  // the last seat may be empty
      double* const a = s.vectors + p * plan.length;
      double* const b = s.vectors + q * plan.length;
      double dots[3] = {0.0, 0.0, 0.0};
      for (std::int64_t i = lane; there && i < plan.length; i += plan.lanes) {
        dots[0] = fma(a[i], a[i], dots[0]);
        dots[1] = fma(b[i], b[i], dots[1]);
        dots[2] = fma(a[i], b[i], dots[2]);
      }
      for (int distance = plan.lanes / 2; distance > 0; distance /= 2) {
#pragma unroll
        for (int j = 0; j < 3; ++j) dots[j] += __shfl_xor_sync(0xffffffffu, dots[j], distance, 32);
      }
      if (!there) continue;
      const rotation r = rotation_of(dots[0], dots[1], dots[2]);
      if (!r.needed) continue;
      rotated = 1.0;
      rotate_pair(a, b, plan.length, lane, plan.lanes, r);
      if (with_rights) {
        rotate_pair(s.rights + p * plan.count, s.rights + q * plan.count, plan.count, lane, plan.lanes, r);
      }
    }
    sync_team<Threads>();
  }
  return over_team<Threads>(rotated, larger_double()) != 0.0;
}

// The lengths of the vectors.
template <int Threads>
__device__ __forceinline__ void measure(const singular_plan& plan, const singular_scratch& s) {
  const int thread = static_cast<int>(threadIdx.x) % Threads;
  const int lane = thread % plan.lanes, group = thread / plan.lanes, groups = Threads / plan.lanes;
  for (std::int64_t first = 0; first < plan.count; first += groups) {
    const std::int64_t k = first + group;
    double square = 0.0;
    for (std::int64_t i = lane; k < plan.count && i < plan.length; i += plan.lanes) {
      const double v = s.vectors[k * plan.length + i];
      square = fma(v, v, square);
    }
    for (int distance = plan.lanes / 2; distance > 0; distance /= 2) {
      square += __shfl_xor_sync(0xffffffffu, square, distance, 32);
    }
    if (k < plan.count && lane == 0) s.values[k] = sqrt(square);
  }
  sync_team<Threads>();
}

// Turns the values into the weights of the gradient, sum of weight * u v^T, with u still times the singular value: 1 /
// value for every singular value that is not zero (nuclear), or for those that tie for the extreme. A least singular
// value of zero has no gradient, whatever others are near.
template <int Threads>
__device__ __forceinline__ void weigh(const singular_plan& plan, const singular_scratch& s, double largest,
                                      double wanted) {
  const bool nuclear = plan.order == NK_MATRIX_NUCLEAR;
  const double zero = rounded_zero(largest, plan.length, plan.count);
  const auto counts = [&](double value) { return value > zero && (nuclear || is_tied(value, wanted)); };
  double ties = 0.0;
  for (std::int64_t k = threadIdx.x % Threads; k < plan.count; k += Threads) ties += counts(s.values[k]) ? 1.0 : 0.0;
  ties = over_team<Threads>(ties, add_values());
  for (std::int64_t k = threadIdx.x % Threads; k < plan.count; k += Threads) {
    s.values[k] = counts(s.values[k]) ? 1.0 / (s.values[k] * (nuclear ? 1.0 : ties)) : 0.0;
  }
  sync_team<Threads>();
}

template <int Threads>
__global__ void __launch_bounds__(Threads < 128 ? 128 : Threads, 1)
    singular_values(singular_plan plan, singular_call call, double* workspace) {
  NK_DYNAMIC_SHARED(double, shared);
  const int teams = static_cast<int>(blockDim.x) / Threads, team = static_cast<int>(threadIdx.x) / Threads;
  const bool is_first = threadIdx.x % Threads == 0;
  const double nan = static_cast<double>(float_from_bits(0x7fc00000u));
  for (std::int64_t matrix = static_cast<std::int64_t>(blockIdx.x) * teams + team; matrix < plan.matrices;
       matrix += static_cast<std::int64_t>(gridDim.x) * teams) {
    double* const scratch = plan.in_shared ? shared + team * plan.doubles() : workspace + matrix * plan.doubles();
    const singular_scratch s = {scratch, scratch + plan.count * plan.length,
                                scratch + plan.count * (plan.length + plan.count)};
    const std::int64_t base = matrix_offset(plan.batch, matrix);
    // The scratch may still be read for the matrix before.
    sync_team<Threads>();
    const bool finite = load_vectors<Threads>(plan, s, call.x, call.dtype, base);
    double largest = nan, wanted = nan;
    if (finite) {
      for (int i = 0; i < kMostSweeps && sweep<Threads>(plan, s, call.norm == nullptr); ++i) {
      }
      measure<Threads>(plan, s);
      double smallest = static_cast<double>(float_from_bits(0x7f800000u)), sum = 0.0;
      largest = 0.0;
      for (std::int64_t k = threadIdx.x % Threads; k < plan.count; k += Threads) {
        largest = larger_double()(largest, s.values[k]);
        smallest = smaller_double()(smallest, s.values[k]);
        sum += s.values[k];
      }
      largest = over_team<Threads>(largest, larger_double());
      wanted = plan.order == NK_MATRIX_MAX_SINGULAR_VALUE   ? largest
               : plan.order == NK_MATRIX_MIN_SINGULAR_VALUE ? over_team<Threads>(smallest, smaller_double())
                                                            : over_team<Threads>(sum, add_values());
    }
    if (call.norm != nullptr) {
      if (is_first) store_double(call.norm, call.norm_dtype, matrix, wanted);
      continue;
    }
    if (finite) weigh<Threads>(plan, s, largest, wanted);
    const double g = call.dx != nullptr ? load_double(call.dnorm, call.norm_dtype, matrix) : 0.0;
    double product = 0.0;
    for_each_element<Threads>(plan, [&](std::int64_t across, std::int64_t along) {
      double slope = finite ? 0.0 : nan;
      for (std::int64_t k = 0; finite && k < plan.count; ++k) {
        if (s.values[k] == 0.0) continue;
        slope += s.vectors[k * plan.length + along] * s.values[k] * s.rights[k * plan.count + across];
      }
      const std::int64_t at = base + across * plan.count_stride + along * plan.length_stride;
      if (call.dx != nullptr) {
        store_double(call.dx, call.dtype, at, g * slope);
      } else {
        product = fma(load_double(call.tangent, call.dtype, at), slope, product);
      }
    });
    if (call.dx != nullptr) continue;
    product = over_team<Threads>(product, add_values());
    if (is_first) store_double(call.jvp_norm, call.norm_dtype, matrix, product);
  }
}

}  // namespace cuda
}  // namespace nk
