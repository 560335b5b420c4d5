// Backward (VJP) over rows on a device. See row_norm.cuh.
//
// A block, or a cluster of them, stays for many rows, as far apart as the grid is wide. While it works on one, the next
// are on their way into its shared memory, by asynchronous copies that take no registers. Its threads keep to their
// columns, so that each sums its share of dweight and dbias in registers; at the end the block adds up those of its
// teams, writes one row of partial sums, and a second kernel adds these up, all in one fixed order. No atomics; two
// launches at most. Rows too long for that keep their partial sums in the workspace as they go.
#pragma once

#include "row_norm.cuh"
#include "row_norm_plan.cuh"

namespace nk {
namespace cuda {

// As in row_norm_forward.cuh. Blocks here are few, and need not be many: what they wait for is asked for ahead.
template <int Threads, int Slots>
constexpr int kBackwardLeast = Threads > 256    ? 1
                               : Threads == 256 ? 2
                               : Threads == 128 ? 4
                               : Slots == 1     ? 3
                                                : 2;

// A row's slots in shared memory, in the aligned 16 bytes that they lie in. What is behind the row is 0.
template <class T, int Threads, int Slots>
struct staged_row {
  const slot<T>* units;  // from the thread's first on
  unsigned bytes;        // of the first that lie before the row

  __device__ __forceinline__ slot<T> get(int s, int) const {
    const slot<T> unit = units[s * Threads];
    return bytes == 0 ? unit : straddle<T>(unit, units[s * Threads + 1], bytes);
  }
};

// Asks for what a team has of a row: 16 bytes more than it has slots where the row is misaligned.
template <class T, int Threads, int Slots>
__device__ __forceinline__ void stage_row(slot<T>* units, const T* row, const row_slots<T, Threads, Slots>& slots) {
  const unsigned bytes = misalignment(row);
  const int before = static_cast<int>(bytes / sizeof(T));
  const T* const aligned = row - before;
  const int lane = static_cast<int>(threadIdx.x) % Threads;
  const int end = slots.end + before;
  const int last = bytes == 0 || slots.end == 0 ? slots.end : slots.end + kSlot<T>;
  // Threads * Slots of them and one.
#pragma unroll
  for (int s = 0; s <= Slots; ++s) {
    const int at = slots.first + s * Threads * kSlot<T>;
    if (at >= last || (s == Slots && lane != 0)) break;
    const int left = at_most(end - at, kSlot<T>);
    copy_async_16(units + s * Threads + lane, aligned + (left > 0 ? at : 0),
                  left > 0 ? left * static_cast<int>(sizeof(T)) : 0);
  }
}

template <bool Centred, class T, int Threads, int Slots>
__global__ void __launch_bounds__(kBackwardThreads<Threads>, kBackwardLeast<Threads, Slots>)
    backward_rows(nk_row_norm_backward_params p, float* partial) {
  constexpr int kTeams = kBackwardThreads<Threads> / Threads;
  constexpr int kStages = Slots == 1 ? kStagesOfOneSlot : kStagesOfMore;
  constexpr int kUnits = Threads * Slots + 1;  // of a row
  row_team<Threads> team;
  const row_part<T, Threads, Slots> part(p.cols, team);
  const row_parameter weight = weight_of(p);
  const int lane = static_cast<int>(threadIdx.x) % Threads;
  const unsigned groups = gridDim.x / static_cast<unsigned>(team.blocks);
  const unsigned group = blockIdx.x / static_cast<unsigned>(team.blocks);
  // Where the group keeps its sums of dweight, and behind them those of dbias.
  const std::int64_t padded = padded_cols(p.cols);
  const auto sums_of_group = [&] { return partial + group * 2 * padded; };
  float dweight[Slots > 0 ? Slots : 1][kSlot<T>] = {}, dbias[Slots > 0 ? Slots : 1][kSlot<T>] = {};
  // The widest blocks have no registers for both: dbias lies in shared memory, behind the stages, 4 columns side by
  // side for every thread.
  constexpr bool kSharedBias = Threads > 256;

  const std::int64_t begin = static_cast<std::int64_t>(group) * kTeams;
  const std::int64_t step = static_cast<std::int64_t>(groups) * kTeams;
  // The row of this thread among those from `base` on; the last one if there is none.
  const auto is_there = [&](std::int64_t base) { return base + static_cast<int>(threadIdx.x) / Threads < p.rows; };
  const auto number_of = [&](std::int64_t base) {
    return is_there(base) ? base + static_cast<int>(threadIdx.x) / Threads : p.rows - 1;
  };
  const auto x_of = [&](std::int64_t row) { return row_of(static_cast<const T*>(p.x), row, p.x_stride, p.cols); };
  const auto dy_of = [&](std::int64_t row) { return row_of(static_cast<const T*>(p.dy), row, p.dy_stride, p.cols); };

  // The teams' rows of a stage, x and dy of each side by side.
  NK_DYNAMIC_SHARED(slot<T>, shared);
  const auto staged = [&](int stage) {
    return shared + (stage * kTeams + static_cast<int>(threadIdx.x) / Threads) * 2 * kUnits;
  };
  const auto bias_sums = [&](int s, int four) {
    return reinterpret_cast<float4*>(shared + 2 * kStages * kTeams * kUnits) + (s * (kSlot<T> / 4) + four) * Threads +
           lane;
  };
  if constexpr (kSharedBias) {
    for (int s = 0; s < Slots; ++s) {
      for (int four = 0; four < kSlot<T> / 4; ++four) *bias_sums(s, four) = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
    }
  }
  const auto ask_for = [&](std::int64_t base, int stage) {
    if constexpr (Slots > 0) {
      if (base < p.rows) {
        stage_row(staged(stage), x_of(number_of(base)), part.slots(is_there(base)));
        stage_row(staged(stage) + kUnits, dy_of(number_of(base)), part.slots(is_there(base)));
      }
      copy_async_commit();
    }
  };
  for (int ahead = 0; ahead < kStages - 1; ++ahead) ask_for(begin + ahead * step, ahead);
  team.begin();

  int stage = 0;
  for (std::int64_t base = begin; base < p.rows; base += step) {
    const std::int64_t row = number_of(base);
    const row_slots<T, Threads, Slots> slots = part.slots(is_there(base));
    using row_source = std::conditional_t<(Slots > 0), staged_row<T, Threads, Slots>, held_row<T, 0>>;
    row_source x, dy;
    if constexpr (Slots > 0) {
      copy_async_wait<kStages - 2>();
      // The row is there for the others too, and all have done with the stage that is filled next.
      if constexpr (Threads > 32) {
        __syncthreads();
      } else {
        __syncwarp(row_mask<Threads>());
      }
      ask_for(base + (kStages - 1) * step, stage == 0 ? kStages - 1 : stage - 1);
      x = {staged(stage) + lane, misalignment(x_of(row))};
      dy = {staged(stage) + kUnits + lane, misalignment(dy_of(row))};
      stage = stage == kStages - 1 ? 0 : stage + 1;
    } else {
      x = {x_of(row), slots.end};
      dy = {dy_of(row), slots.end};
    }
    const T* const dh = p.dh == nullptr ? nullptr : row_of(static_cast<const T*>(p.dh), row, p.dh_stride, p.cols);
    if (Slots > 0 && dh != nullptr) slots.for_each([&](int, auto first) { prefetch(dh + first); });
    const row_stats stats = statistics_again<Centred, T>(x, slots, team, p.cols, p.epsilon, p.mean, p.rstd, row);
    const row_means means =
        means_of<Centred, T>(x, slots, team, p.cols, stats, [&](int s, auto first, float(&g)[kSlot<T>]) {
          float w[kSlot<T>];
          dy.get(s, first).get(g);
          weight.get<T>(first, slots.end, w);
#pragma unroll
          for (int i = 0; i < kSlot<T>; ++i) g[i] *= w[i];
        });
    T* const dx = row_of(static_cast<T*>(p.dx), row, p.dx_stride, p.cols);
    slots.for_each([&](int s, auto first) {
      float xhat[kSlot<T>], d[kSlot<T>], w[kSlot<T>];
      x.get(s, first).get(xhat);
      dy.get(s, first).get(d);
      weight.get<T>(first, slots.end, w);
#pragma unroll
      for (int i = 0; i < kSlot<T>; ++i) {
        xhat[i] = rough_xhat<Centred>(xhat[i], stats) - means.xhat;
        float g = d[i] * w[i];
        if (Centred) g -= means.g;
        g = fmaf(-xhat[i], means.g_by_xhat, g);
        // The scale comes last, or what ends up finite might overflow on the way.
        w[i] = g * stats.rstd * stats.scale;
      }
      // Sums of columns that are not there are never written.
      if constexpr (Slots > 0) {
#pragma unroll
        for (int i = 0; i < kSlot<T>; ++i) {
          dweight[s][i] = fmaf(d[i], xhat[i], dweight[s][i]);
          if (!kSharedBias) dbias[s][i] += d[i];
        }
        if (kSharedBias) {
#pragma unroll
          for (int i = 0; i < kSlot<T>; i += 4) {
            float4* const b = bias_sums(s, i / 4);
            *b = make_float4(b->x + d[i], b->y + d[i + 1], b->z + d[i + 2], b->w + d[i + 3]);
          }
        }
      } else if (partial != nullptr) {
        float* const sums = sums_of_group();
        for (int i = 0; i < slots.count(first); ++i) {
          float* const dw = sums + first + i;
          dw[0] = fmaf(d[i], xhat[i], base == begin ? 0.0f : dw[0]);
          dw[padded] = d[i] + (base == begin ? 0.0f : dw[padded]);
        }
      }
      if (dh != nullptr) {
        float added[kSlot<T>];
        load_slot(dh, first, slots.end).get(added);
#pragma unroll
        for (int i = 0; i < kSlot<T>; ++i) w[i] += added[i];
      }
      slot<T> out;
      out.set(w);
      store_row_slot(dx, slots, first, out);
    });
  }

  if constexpr (Slots > 0) {
    if (partial == nullptr) return;
    const row_slots<T, Threads, Slots> slots = part.slots(true);
    // 4 columns at a time, those behind the row's end too: nobody reads them.
    const auto put = [&](float* dw, float* db) {
      slots.for_each([&](int s, auto at) {
#pragma unroll
        for (int i = 0; i < kSlot<T>; i += 4) {
          const float* const w = dweight[s] + i;
          const float* const b = dbias[s] + i;
          *reinterpret_cast<float4*>(dw + at + i) = make_float4(w[0], w[1], w[2], w[3]);
          *reinterpret_cast<float4*>(db + at + i) =
              kSharedBias ? *bias_sums(s, i / 4) : make_float4(b[0], b[1], b[2], b[3]);
        }
      });
    };
    if constexpr (kTeams == 1) {
      put(sums_of_group(), sums_of_group() + padded);
    } else {
      // Side by side where the rows were, then added up team after team.
      constexpr int kWidth = Threads * Slots * kSlot<T>;
      static_assert(8 * kWidth <= 2 * kStages * kUnits * 16, "they need more room than the rows did");
      float* const joined = reinterpret_cast<float*>(shared);
      float* const mine = joined + static_cast<int>(threadIdx.x) / Threads * 2 * kWidth;
      __syncthreads();
      put(mine, mine + kWidth);
      __syncthreads();
      for (int c = static_cast<int>(threadIdx.x); c < 2 * kWidth; c += kBackwardThreads<Threads>) {
        const int at = c % kWidth;
        if (at >= part.end) continue;
        float sum = joined[c];
#pragma unroll
        for (int t = 1; t < kTeams; ++t) sum += joined[t * 2 * kWidth + c];
        sums_of_group()[(c < kWidth ? 0 : padded) + at] = sum;
      }
    }
  }
}

}  // namespace cuda
}  // namespace nk
