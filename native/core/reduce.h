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

// The first columns of a row that begins `skew` lanes behind a place where loads and stores of a step are aligned: so
// many that all whole steps from there on are. (RMSNorm of 1024 columns into misaligned rows: 47 ns a row, so 28.)
template <class Body>
NK_INLINE std::int64_t align_steps(int skew, std::int64_t end, Body&& body) {
  if (skew == 0 || kLanes - skew >= end) return 0;
  body(0, first{kLanes - skew});
  return kLanes - skew;
}

template <class Body>
NK_INLINE void for_each_step_behind(int skew, std::int64_t end, Body&& body) {
  for_each_step(align_steps(skew, end, body), end, body);
}
// The same for all that is written to p.
template <class T, class Body>
NK_INLINE void for_each_step_of(const T* p, std::int64_t end, Body&& body) {
  for_each_step_behind(skew_of(p), end, body);
}
// Calls body(i, lanes) for the first columns of p and pair(i) for two whole steps each from there on, the loads and
// stores of which touch as few lines of the cache as there are; then body(i, lanes) for the rest. Two pairs at a time:
// a loop of one load, two multiplications and a store is bound by its own counting (1024 columns: 26 ns a step at a
// time, 19 by fours).
template <class T, class Pair, class Body>
NK_INLINE void for_each_pair_of(const T* p, std::int64_t end, Pair&& pair, Body&& body) {
  std::int64_t i = align_steps(skew_of(p), end, body);
  if constexpr (kAligns<T> && sizeof(T) == 2) {
    const bool in_second_half = reinterpret_cast<std::uintptr_t>(p + i) % 64 >= 32;
    if (in_second_half && i + kLanes <= end) {
      body(i, whole{});
      i += kLanes;
    }
  }
  for (const std::int64_t last = end - 4 * kLanes; i <= last; i += 4 * kLanes) {
    pair(i);
    pair(i + 2 * kLanes);
  }
  for_each_step(i, end, body);
}

// Columns that one float32 tree sums; beyond them the totals of the trees are added in double. Per lane that is at most
// 256 additions, so a sum over 2^31 columns neither stalls (float32 counts only to 2^24) nor drifts.
constexpr std::int64_t kTreeColumns = 8192;

// A tree of N sums: step s of a tree is added to accumulator s % Flight, side by side to hide the latency of an
// addition (4 cycles at two a cycle); then all are added, then lane by lane. More in flight would spill on AVX2, which
// needs two of its sixteen registers for a step: 12 for all of them. (One sum with four in flight kept AVX-512 waiting:
// RMSNorm of 4096 columns 210 ns a row, with six 168.)
template <int N>
struct tree {
  static constexpr int Flight = N == 1 ? 6 : N == 2 ? 3 : 2;
  vf acc[Flight][N];
};

// The whole steps of the last round, fewer than Flight. Returns which accumulator the step behind them goes to.
template <int At, int N, class Terms>
NK_INLINE int sum_rest(std::int64_t* i, std::int64_t end, tree<N>& t, Terms&& terms) {
  if constexpr (At < tree<N>::Flight) {
    if (*i + kLanes <= end) {
      terms(*i, whole{}, t.acc[At]);
      *i += kLanes;
      return sum_rest<At + 1>(i, end, t, terms);
    }
  }
  return At % tree<N>::Flight;
}

// A step that is not whole, into accumulator `at`. There is one of it in a row: the accumulator is fetched and put
// back, so that its code is there once.
template <int N, class Terms>
NK_INLINE void sum_part(std::int64_t i, std::int64_t end, int at, tree<N>& t, Terms&& terms) {
  vf acc[N];
  for (int j = 0; j < N; ++j) {
    acc[j] = t.acc[0][j];
    for (int k = 1; k < tree<N>::Flight; ++k) {
      if (at == k) acc[j] = t.acc[k][j];
    }
  }
  terms(i, first{static_cast<int>(end - i)}, acc);
  for (int j = 0; j < N; ++j) {
    for (int k = 0; k < tree<N>::Flight; ++k) {
      if (at == k) t.acc[k][j] = acc[j];
    }
  }
}

// all[j] = sum over [begin, end), at most kTreeColumns columns, of what terms(i, lanes, acc) adds to acc[j] for the
// columns i.. of a step, lane by lane. With lanes that are not whole the others must be left as they are (loads give 0
// there; see keep()).
//
// A skew of k has the steps begin k columns earlier, so that their loads are aligned (see skew_of()); the sum over the
// lanes is the same to the bit. A column is k lanes further right then, and the sum over lanes is the same for all
// rotations: it adds lanes half of them apart, in pairs, and a + b is b + a. Columns that come round to the first k
// lanes are a step further on, in the next accumulator, from where they are taken back at the end.
template <int N, class Terms>
NK_INLINE void sum_tree(std::int64_t begin, std::int64_t end, int skew, vf (&all)[N], Terms&& terms) {
  constexpr int Flight = tree<N>::Flight;
  tree<N> t;
  for (int k = 0; k < Flight; ++k) {
    for (int j = 0; j < N; ++j) t.acc[k][j] = zero();
  }
  std::int64_t i = begin - skew;
  const int lanes = static_cast<int>(end - i < kLanes ? end - i : kLanes);
  if (skew != 0) {
    terms(i, between{skew, lanes}, t.acc[0]);
  } else if (lanes == kLanes) {
    terms(i, whole{}, t.acc[0]);
  } else {
    terms(i, first{lanes}, t.acc[0]);
  }
  i += kLanes;
  for (const std::int64_t last = end - Flight * kLanes; i <= last; i += Flight * kLanes) {
    terms(i, whole{}, t.acc[1 % Flight]);
    terms(i + kLanes, whole{}, t.acc[2 % Flight]);
    if constexpr (Flight > 2) terms(i + 2 * kLanes, whole{}, t.acc[3 % Flight]);
    if constexpr (Flight > 3) terms(i + 3 * kLanes, whole{}, t.acc[4 % Flight]);
    if constexpr (Flight > 4) terms(i + 4 * kLanes, whole{}, t.acc[5 % Flight]);
    if constexpr (Flight > 5) terms(i + 5 * kLanes, whole{}, t.acc[6 % Flight]);
  }
  const int at = sum_rest<1>(&i, end, t, terms);
  if (i < end) sum_part(i, end, at, t, terms);
  for (int j = 0; j < N; ++j) {
    if (skew != 0) {
      const vf last = t.acc[0][j];
      for (int k = 0; k + 1 < Flight; ++k) t.acc[k][j] = select(first{skew}, t.acc[k + 1][j], t.acc[k][j]);
      t.acc[Flight - 1][j] = select(first{skew}, last, t.acc[Flight - 1][j]);
    }
    all[j] = add(t.acc[0][j], t.acc[1][j]);
    if constexpr (Flight == 3) all[j] = add(all[j], t.acc[2][j]);
    if constexpr (Flight == 6) {
      all[j] = add(add(all[j], add(t.acc[2][j], t.acc[3][j])), add(t.acc[4][j], t.acc[5][j]));
    }
  }
}

// Calls body(begin, end) for every tree of [0, n).
template <class Body>
NK_INLINE void for_each_tree(std::int64_t n, std::int64_t columns, Body&& body) {
  for (std::int64_t begin = 0; begin < n; begin += columns) {
    body(begin, n - begin < columns ? n : begin + columns);
  }
}

// totals[j] = sum over [0, n), n > 0, of what terms adds to acc[j].
template <int N, class Terms>
NK_INLINE void sum_row(std::int64_t n, int skew, double (&totals)[N], Terms&& terms) {
  for (int j = 0; j < N; ++j) totals[j] = 0.0;
  for_each_tree(n, kTreeColumns, [&](std::int64_t begin, std::int64_t end) NK_INLINE_LAMBDA {
    vf all[N];
    sum_tree(begin, end, skew, all, terms);
    for (int j = 0; j < N; ++j) totals[j] += static_cast<double>(sum(all[j]));
  });
}

NK_END_ISA
