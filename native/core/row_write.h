// Writing a row: aligned, two steps at a time, and past the caches where that is wanted.
#pragma once

#include <type_traits>

#include "reduce.h"

NK_BEGIN_ISA

// Whether single steps of a type are ever streamed past the caches: those of 16 bits are half a line.
template <class T>
constexpr bool kStreams = std::is_same_v<T, float>;

// Whether the pairs of for_each_pair_of() are whole lines in all rows, which alone can be streamed.
template <class T>
NK_INLINE bool in_lines(const T* data, std::int64_t stride) {
  const std::uintptr_t address = reinterpret_cast<std::uintptr_t>(data);
  return kAligns<T> ? address % sizeof(T) == 0
                    : address % 64 == 0 && stride * static_cast<std::int64_t>(sizeof(T)) % 64 == 0;
}

// A step, past the caches if that is wanted and it is a whole one: p is aligned to it then.
template <bool Streamed, class T, class Lanes>
NK_INLINE void put(T* p, vf v, Lanes lanes) {
  if constexpr (Streamed && kStreams<T> && std::is_same_v<Lanes, whole>) {
    stream(p, v);
  } else {
    store(p, v, lanes);
  }
}

// Two whole steps, past the caches if that is wanted: p is aligned to 64 bytes then.
template <bool Streamed, class T>
NK_INLINE void put_pair(T* p, vf a, vf b) {
  if constexpr (Streamed) {
    stream_pair(p, a, b);
  } else {
    store_pair(p, a, b);
  }
}

// Writes value(i, lanes) to all columns of a row.
template <bool Streamed, class T, class Value>
NK_INLINE void write_row(T* y, std::int64_t cols, Value&& value) {
  for_each_pair_of(
      y, cols,
      [&](std::int64_t i)
          NK_INLINE_LAMBDA { put_pair<Streamed>(y + i, value(i, whole{}), value(i + kLanes, whole{})); },
      [&](std::int64_t i, auto lanes) NK_INLINE_LAMBDA { store(y + i, value(i, lanes), lanes); });
}

NK_END_ISA
