// Walking a row in steps of 16 lanes, and summing over it on one fixed tree.
#pragma once

#include "vec.h"

NK_BEGIN_ISA

// Calls body(i, lanes) for every step of [begin, end), the last one with first{n} when it is not whole.
template <class Body>
NK_INLINE void for_each_step(std::int64_t begin, std::int64_t end, Body&& body) {
  std::int64_t i = begin;
  for (; i + kLanes <= end; i += kLanes) body(i, whole{});
  if (i < end) body(i, first{static_cast<int>(end - i)});
}

// The same, four whole steps at a time: a loop of one load, two multiplications and a store is bound by its own
// counting (1024 columns: 26 ns by ones, 19 by fours).
template <class Body>
NK_INLINE void for_each_step_by_fours(std::int64_t begin, std::int64_t end, Body&& body) {
  std::int64_t i = begin;
  for (; i + 4 * kLanes <= end; i += 4 * kLanes) {
    body(i, whole{});
    body(i + kLanes, whole{});
    body(i + 2 * kLanes, whole{});
    body(i + 3 * kLanes, whole{});
  }
  for_each_step(i, end, body);
}

// Columns that one float32 tree sums; beyond them the totals of the trees are added in double. Per lane that is at most
// 256 additions, so a sum over 2^31 columns neither stalls (float32 counts only to 2^24) nor drifts.
constexpr std::int64_t kTreeColumns = 8192;

// A tree of N sums: `Flight` steps are accumulated side by side to hide the latency of an addition (4 cycles at two a
// cycle); what is left at the end, fewer than Flight whole steps and one that is not, goes to the first two; then all
// are added, then lane by lane. More in flight would spill on AVX2, which needs two of its sixteen registers for a
// step: 12 for all of them. (One sum with four in flight kept AVX-512 waiting: RMSNorm of 4096 columns 210 ns a row,
// with six 168.)
template <int N>
struct tree {
  static constexpr int Flight = N == 1 ? 6 : N == 2 ? 3 : 2;
  vf acc[Flight][N];
};

// totals[j] = sum over [0, n) of what terms(i, lanes, acc) adds to acc[j] for the columns i.. of a step. With first{n}
// the lanes beyond n must be left as they are (loads give 0 there; see keep()).
template <int N, class Terms>
NK_INLINE void sum_row(std::int64_t n, double (&totals)[N], Terms&& terms) {
  for (int j = 0; j < N; ++j) totals[j] = 0.0;
  for (std::int64_t begin = 0; begin < n; begin += kTreeColumns) {
    const std::int64_t end = n - begin < kTreeColumns ? n : begin + kTreeColumns;
    tree<N> t;
    constexpr int Flight = tree<N>::Flight;
    for (int k = 0; k < Flight; ++k) {
      for (int j = 0; j < N; ++j) t.acc[k][j] = zero();
    }
    std::int64_t i = begin;
    for (; i + Flight * kLanes <= end; i += Flight * kLanes) {
      terms(i, whole{}, t.acc[0]);
      terms(i + kLanes, whole{}, t.acc[1]);
      if constexpr (Flight > 2) terms(i + 2 * kLanes, whole{}, t.acc[2]);
      if constexpr (Flight > 3) terms(i + 3 * kLanes, whole{}, t.acc[3]);
      if constexpr (Flight > 4) terms(i + 4 * kLanes, whole{}, t.acc[4]);
      if constexpr (Flight > 5) terms(i + 5 * kLanes, whole{}, t.acc[5]);
    }
    for (; i + kLanes <= end; i += kLanes) terms(i, whole{}, t.acc[0]);
    if (i < end) terms(i, first{static_cast<int>(end - i)}, t.acc[1]);
    for (int j = 0; j < N; ++j) {
      vf all = add(t.acc[0][j], t.acc[1][j]);
      if constexpr (Flight == 3) all = add(all, t.acc[2][j]);
      if constexpr (Flight == 6) all = add(add(all, add(t.acc[2][j], t.acc[3][j])), add(t.acc[4][j], t.acc[5][j]));
      totals[j] += static_cast<double>(sum(all));
    }
  }
}

NK_END_ISA
