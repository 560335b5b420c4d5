// Frobenius, 1, -1, infinity, -infinity on a device: sums over a matrix or its lines, by as many blocks as it takes.
//
// A matrix is seen as it lies in memory: `runs` runs of `length` elements, `step` apart (1 unless other axes lie
// further in), the runs `run_stride` apart. It is cut into tiles, and a team of threads, a block or for small matrices
// a warp, sums a tile into the workspace (sum_tiles). fold_lines adds up what tiles have of a line, in one order;
// finish_lines finds the norm. gradient_tiles and sum_products go over the tiles again. All sums are double.
//
// Workspace of a matrix, in doubles: norm, slope, a product for each tile, and `chunks` rows of a sum for each line, of
// which the first becomes the totals.
#pragma once

#include "common/row_reduce.cuh"
#include "core/matrix_view.h"
#include "matrix_norm_io.cuh"

namespace nk {
namespace cuda {

template <int Threads>
constexpr int kTileBlock = Threads > 128 ? Threads : 128;
// All launch bounds here name one block a multiprocessor as the least: left to itself, ptxas aims higher and spills.

enum class line_kind : int {
  whole,   // squares of the whole matrix
  along,   // magnitudes along a run
  across,  // magnitudes across the runs
};

struct line_plan {
  loops batch;
  std::int64_t matrices;
  std::int64_t runs, length, run_stride, step;
  std::int64_t last;  // length of the last run: a matrix without gaps is cut into runs of our own
  line_kind kind;
  bool largest;
  int width;                             // lanes that work on a run side by side: a power of two up to 32
  std::int64_t tile_runs, tile_length;   // tile_length: whole times of width * kUnit
  std::int64_t tiles_down, tiles_along;  // of a matrix
  std::int64_t lines, chunks;

  bool by_warps;

  NK_INLINE std::int64_t tiles() const { return tiles_down * tiles_along; }
  NK_INLINE std::int64_t doubles() const { return 2 + tiles() + lines * chunks; }  // of workspace, for a matrix
};

inline std::int64_t whole_times(std::int64_t n, std::int64_t of) {
  return (n + of - 1) / of;
}

// Depends on the shape alone. Not for matrices without elements.
inline line_plan line_plan_of(const nk_reduction& n) {
  const matrix_view v = matrices_of(n);
  line_plan p = {};
  p.batch = v.batch;
  p.matrices = v.batch.count();
  const bool rows_are_runs = n.row_axis < n.column_axis;
  p.runs = rows_are_runs ? v.rows : v.columns;
  p.length = rows_are_runs ? v.columns : v.rows;
  p.run_stride = rows_are_runs ? v.row_stride : v.column_stride;
  p.step = rows_are_runs ? v.column_stride : v.row_stride;
  p.kind = n.order == NK_MATRIX_FROBENIUS            ? line_kind::whole
           : is_of_columns(n.order) == rows_are_runs ? line_kind::across
                                                     : line_kind::along;
  p.largest = p.kind == line_kind::whole || is_largest_sum(n.order);
  p.last = p.length;
  constexpr std::int64_t kRun = 32 * kUnit;  // what a warp reads at once
  if (p.kind == line_kind::whole && p.step == 1 && p.run_stride == p.length) {
    const std::int64_t elements = p.runs * p.length;
    p.length = p.run_stride = elements < kRun ? elements : kRun;
    p.runs = whole_times(elements, p.length);
    p.last = elements - (p.runs - 1) * p.length;
  }
  p.width = 1;
  while (p.width < 32 && p.width * kUnit < p.length) p.width *= 2;
  p.lines = p.kind == line_kind::whole ? 1 : p.kind == line_kind::along ? p.runs : p.length;

  p.by_warps = p.runs <= 512 / p.width;
  const int groups = (p.by_warps ? 32 : 256) / p.width;
  const std::int64_t units = p.by_warps ? 16 : 8;  // of a thread: runs of its group, or steps along them
  p.tile_runs = p.runs < units * groups ? p.runs : units * groups;
  const std::int64_t steps = p.kind == line_kind::across ? 1 : whole_times(units * groups, p.tile_runs);
  p.tile_length = steps * p.width * kUnit;
  // So many tiles at most for a line: fewer where there are many lines, which fill the device by themselves.
  const std::int64_t most = p.lines > 64 ? 64 : 4096 / p.lines;
  p.tiles_along = whole_times(p.length, p.tile_length);
  p.tiles_down = whole_times(p.runs, p.tile_runs);
  if (p.kind != line_kind::across && p.tiles_along > most) {
    p.tile_length *= whole_times(p.tiles_along, most);
    p.tiles_along = whole_times(p.length, p.tile_length);
  }
  const std::int64_t most_down = p.kind == line_kind::whole ? whole_times(most, p.tiles_along) : most;
  if (p.kind != line_kind::along && p.tiles_down > most_down) {
    p.tile_runs *= whole_times(p.tiles_down, most_down);
    p.tiles_down = whole_times(p.runs, p.tile_runs);
  }
  p.chunks = p.kind == line_kind::whole ? p.tiles() : p.kind == line_kind::along ? p.tiles_along : p.tiles_down;
  return p;
}

// A matrix's part of the workspace.
struct line_sums {
  double* norm;  // and behind it the slope: what an element of a line that counts has for a gradient
  double* products;
  double* lines;
};

__device__ __forceinline__ line_sums sums_of(const line_plan& plan, double* workspace, std::int64_t matrix) {
  double* const own = workspace + matrix * plan.doubles();
  return {own, own + 2, own + 2 + plan.tiles()};
}

// One team's tile.
struct tile_range {
  std::int64_t matrix, tile;
  std::int64_t base;             // offset of the matrix
  std::int64_t first_run, runs;  // runs of this tile
  std::int64_t first, end;       // positions in them
  std::int64_t down, along;      // which tile it is
};

// Calls body(tile_range) for every tile of this team. Neighbouring teams have the same tile of neighbouring matrices,
// which share their cache lines where the matrices are interleaved.
template <int Threads, class Body>
__device__ __forceinline__ void for_each_tile(const line_plan& plan, Body&& body) {
  const int teams = static_cast<int>(blockDim.x) / Threads;
  const std::int64_t count = plan.matrices * plan.tiles();
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * teams;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * teams + static_cast<int>(threadIdx.x) / Threads;
       i < count; i += step) {
    tile_range t;
    t.tile = i / plan.matrices;
    t.matrix = i - t.tile * plan.matrices;
    t.base = matrix_offset(plan.batch, t.matrix);
    t.down = t.tile / plan.tiles_along;
    t.along = t.tile - t.down * plan.tiles_along;
    t.first_run = t.down * plan.tile_runs;
    t.runs = plan.runs - t.first_run < plan.tile_runs ? plan.runs - t.first_run : plan.tile_runs;
    t.first = t.along * plan.tile_length;
    t.end = plan.length - t.first < plan.tile_length ? plan.length : t.first + plan.tile_length;
    body(t);
  }
}

// The threads of a team on a tile: `width` of them side by side on a run, as many runs at once as there are threads.
template <int Threads>
struct tile_lanes {
  int lane, group, groups;

  __device__ __forceinline__ explicit tile_lanes(const line_plan& plan) {
    const int thread = static_cast<int>(threadIdx.x) % Threads;
    lane = thread % plan.width;
    group = thread / plan.width;
    groups = Threads / plan.width;
  }
};

__device__ __forceinline__ std::int64_t length_of(const line_plan& plan, std::int64_t run) {
  return run == plan.runs - 1 ? plan.last : plan.length;
}

// Sums across runs: every lane has those of its columns, and its own runs of them; added over the groups, first within
// a warp, then warp by warp.
template <int Threads>
__device__ __forceinline__ void write_columns(const line_plan& plan, const tile_range& t, double (&sums)[kUnit],
                                              double* out) {
  const tile_lanes<Threads> lanes(plan);
  for (int distance = plan.width; distance < 32; distance *= 2) {
#pragma unroll
    for (int i = 0; i < kUnit; ++i) sums[i] += __shfl_xor_sync(0xffffffffu, sums[i], distance, 32);
  }
  const std::int64_t first = t.first + lanes.lane * kUnit;
  if constexpr (Threads == 32) {
    if (lanes.group != 0) return;
#pragma unroll
    for (int i = 0; i < kUnit; ++i) {
      if (first + i < t.end) out[first + i] = sums[i];
    }
  } else {
    constexpr int kWarps = Threads / 32;
    static_assert(32 * kUnit <= Threads, "a thread for each column");
    NK_SHARED(double, scratch, kWarps * 32 * kUnit);
    const int thread = static_cast<int>(threadIdx.x), columns = plan.width * kUnit;
    // The scratch may still be read for the tile before.
    __syncthreads();
    if (thread % 32 < plan.width) {
#pragma unroll
      for (int i = 0; i < kUnit; ++i) scratch[thread / 32 * columns + lanes.lane * kUnit + i] = sums[i];
    }
    __syncthreads();
    if (thread < columns && t.first + thread < t.end) {
      double sum = scratch[thread];
      for (int warp = 1; warp < kWarps; ++warp) sum += scratch[warp * columns + thread];
      out[t.first + thread] = sum;
    }
  }
}

template <class T, int Threads, line_kind Kind>
__global__ void __launch_bounds__(kTileBlock<Threads>, 1) sum_tiles(line_plan plan, const T* x, double* workspace) {
  const tile_lanes<Threads> lanes(plan);
  for_each_tile<Threads>(plan, [&](const tile_range& t) {
    double* const out = sums_of(plan, workspace, t.matrix).lines;
    double columns[kUnit] = {};
    double whole[1] = {0.0};
    // As often for every group: lanes of a warp meet in the shuffles.
    for (std::int64_t base = 0; base < t.runs; base += lanes.groups) {
      const bool there = base + lanes.group < t.runs;
      const std::int64_t run = t.first_run + base + lanes.group;
      double sum = 0.0;
      for (std::int64_t first = t.first + lanes.lane * kUnit; there && first < t.end; first += plan.width * kUnit) {
        float v[kUnit];
        load_unit(x + t.base + run * plan.run_stride, plan.step, first, length_of(plan, run), v);
#pragma unroll
        for (int i = 0; i < kUnit; ++i) {
          const double value = static_cast<double>(v[i]);
          if constexpr (Kind == line_kind::across) {
            columns[i] += magnitude(value);
          } else {
            sum = Kind == line_kind::whole ? fma(value, value, sum) : sum + magnitude(value);
          }
        }
      }
      if constexpr (Kind == line_kind::whole) {
        whole[0] += sum;
      } else if constexpr (Kind == line_kind::along) {
        for (int distance = plan.width / 2; distance > 0; distance /= 2) {
          sum += __shfl_xor_sync(0xffffffffu, sum, distance, 32);
        }
        if (there && lanes.lane == 0) out[t.along * plan.lines + run] = sum;
      }
    }
    if constexpr (Kind == line_kind::across) {
      write_columns<Threads>(plan, t, columns, out + t.down * plan.lines);
    } else if constexpr (Kind == line_kind::whole) {
      row_reduce<Threads>(whole, add_values());
      if (threadIdx.x % Threads == 0) out[t.tile] = whole[0];
    }
  });
}

// The extreme of two sums; NaN if one of them is.
struct extreme_value {
  bool largest;

  __device__ __forceinline__ double operator()(double a, double b) const {
    if (a != a || b != b) return a != a ? a : b;
    return (largest ? a > b : a < b) ? a : b;
  }
};

// Calls body(matrix) for every matrix of this team.
template <int Threads, class Body>
__device__ __forceinline__ void for_each_matrix(std::int64_t matrices, Body&& body) {
  const int teams = static_cast<int>(blockDim.x) / Threads;
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * teams;
  for (std::int64_t matrix = static_cast<std::int64_t>(blockIdx.x) * teams + static_cast<int>(threadIdx.x) / Threads;
       matrix < matrices; matrix += step) {
    body(matrix);
  }
}

// Adds up the chunks of every line, into the first: a team a line where chunks are many, or a thread a line.
template <int Threads>
__global__ void __launch_bounds__(kTileBlock<Threads>, 1) fold_lines(line_plan plan, double* workspace) {
  const bool by_team = plan.chunks > plan.lines;
  const int thread = by_team ? static_cast<int>(threadIdx.x) % Threads : 0;
  const int together = by_team ? Threads : 1;
  const std::int64_t count = plan.matrices * plan.lines;
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * blockDim.x / together;
  for (std::int64_t i = (static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x) / together; i < count;
       i += step) {
    const std::int64_t matrix = i / plan.lines, line = i - matrix * plan.lines;
    double* const lines = sums_of(plan, workspace, matrix).lines;
    double total[1] = {0.0};
    for (std::int64_t chunk = thread; chunk < plan.chunks; chunk += together) {
      total[0] += lines[chunk * plan.lines + line];
    }
    if (by_team) row_reduce<Threads>(total, add_values());
    if (thread == 0) lines[line] = total[0];
  }
}

// The norm and the slope, from the totals of the lines; norm may be null.
template <int Threads>
__global__ void __launch_bounds__(kTileBlock<Threads>, 1)
    finish_lines(line_plan plan, double* workspace, void* norm, std::int32_t norm_dtype) {
  const int thread = static_cast<int>(threadIdx.x) % Threads;
  for_each_matrix<Threads>(plan.matrices, [&](std::int64_t matrix) {
    const line_sums sums = sums_of(plan, workspace, matrix);
    const extreme_value extreme_of = {plan.largest};
    // Sums of magnitudes and squares are not negative.
    double extreme[1] = {plan.largest ? -1.0 : static_cast<double>(float_from_bits(0x7f800000u))};
    for (std::int64_t line = thread; line < plan.lines; line += Threads) {
      extreme[0] = extreme_of(extreme[0], sums.lines[line]);
    }
    row_reduce<Threads>(extreme, extreme_of);
    double result = extreme[0], slope;
    if (plan.kind == line_kind::whole) {
      result = sqrt(result);
      slope = result == 0.0 ? 0.0 : 1.0 / result;
    } else {
      double ties[1] = {0.0};
      for (std::int64_t line = thread; line < plan.lines; line += Threads) {
        ties[0] += sums.lines[line] == result ? 1.0 : 0.0;
      }
      row_reduce<Threads>(ties, add_values());
      slope = 1.0 / ties[0];
    }
    if (thread == 0) {
      sums.norm[0] = result;
      sums.norm[1] = slope;
      if (norm != nullptr) store_double(norm, norm_dtype, matrix, result);
    }
  });
}

// kUnit elements of a run: where the run begins, where they do in it, and where it ends.
struct unit_at {
  std::int64_t run, first, length;
};

// The gradient of a matrix's norm.
struct line_slope {
  bool whole;
  double norm, slope;

  // `counts`: whether the element's line ties for the extreme.
  __device__ __forceinline__ double operator()(float v, bool counts) const {
    const double value = static_cast<double>(v);
    if (whole) return value * slope;
    if (norm != norm) return norm;
    return !counts || value == 0.0 ? 0.0 : value < 0.0 ? -slope : slope;
  }
};

// Calls body(where, elements, bits of those whose lines count, slope) for all units of a tile that this thread has.
template <class T, int Threads, class Body>
__device__ __forceinline__ void for_each_unit(const line_plan& plan, const tile_range& t, const line_sums& sums,
                                              const T* x, Body&& body) {
  const tile_lanes<Threads> lanes(plan);
  const line_slope slope = {plan.kind == line_kind::whole, sums.norm[0], sums.norm[1]};
  for (std::int64_t run = t.first_run + lanes.group; run < t.first_run + t.runs; run += lanes.groups) {
    for (std::int64_t first = t.first + lanes.lane * kUnit; first < t.end; first += plan.width * kUnit) {
      const unit_at u = {t.base + run * plan.run_stride, first, length_of(plan, run)};
      unsigned counts = plan.kind == line_kind::along && sums.lines[run] == slope.norm ? 0xffu : 0u;
      if (plan.kind == line_kind::across) {
#pragma unroll
        for (int i = 0; i < kUnit; ++i) {
          if (first + i < u.length && sums.lines[first + i] == slope.norm) counts |= 1u << i;
        }
      }
      float v[kUnit];
      load_unit(x + u.run, plan.step, first, u.length, v);
      body(u, v, counts, slope);
    }
  }
}

template <class T, int Threads>
__global__ void __launch_bounds__(kTileBlock<Threads>, 1)
    gradient_tiles(line_plan plan, const T* x, const void* dnorm, std::int32_t norm_dtype, T* dx, double* workspace) {
  for_each_tile<Threads>(plan, [&](const tile_range& t) {
    const double g = load_double(dnorm, norm_dtype, t.matrix);
    for_each_unit<T, Threads>(plan, t, sums_of(plan, workspace, t.matrix), x,
                              [&](const unit_at& u, float(&v)[kUnit], unsigned counts, const line_slope& slope) {
#pragma unroll
                                for (int i = 0; i < kUnit; ++i) {
                                  v[i] = static_cast<float>(g * slope(v[i], (counts >> i & 1u) != 0));
                                }
                                store_unit(dx + u.run, plan.step, u.first, u.length, v);
                              });
  });
}

// Products of the gradient with a tangent, a sum for each tile.
template <class T, int Threads>
__global__ void __launch_bounds__(kTileBlock<Threads>, 1)
    sum_products(line_plan plan, const T* x, const T* tangent, double* workspace) {
  for_each_tile<Threads>(plan, [&](const tile_range& t) {
    const line_sums sums = sums_of(plan, workspace, t.matrix);
    double total[1] = {0.0};
    for_each_unit<T, Threads>(
        plan, t, sums, x, [&](const unit_at& u, float(&v)[kUnit], unsigned counts, const line_slope& slope) {
          float tangents[kUnit];
          load_unit(tangent + u.run, plan.step, u.first, u.length, tangents);
#pragma unroll
          for (int i = 0; i < kUnit; ++i) {
            // What is not there has a tangent of 0, but a slope may be NaN.
            if (u.first + i < u.length) {
              total[0] = fma(static_cast<double>(tangents[i]), slope(v[i], (counts >> i & 1u) != 0), total[0]);
            }
          }
        });
    row_reduce<Threads>(total, add_values());
    if (threadIdx.x % Threads == 0) sums.products[t.tile] = total[0];
  });
}

template <int Threads>
__global__ void __launch_bounds__(kTileBlock<Threads>, 1)
    finish_products(line_plan plan, double* workspace, void* jvp_norm, std::int32_t norm_dtype) {
  const int thread = static_cast<int>(threadIdx.x) % Threads;
  for_each_matrix<Threads>(plan.matrices, [&](std::int64_t matrix) {
    const double* const products = sums_of(plan, workspace, matrix).products;
    double total[1] = {0.0};
    for (std::int64_t tile = thread; tile < plan.tiles(); tile += Threads) total[0] += products[tile];
    row_reduce<Threads>(total, add_values());
    if (thread == 0) store_double(jvp_norm, norm_dtype, matrix, total[0]);
  });
}

}  // namespace cuda
}  // namespace nk
