// How the operations of strips.h walk a strip.
#pragma once

#include "reduce.h"
#include "strips.h"

NK_BEGIN_ISA

// Rows that the column forms sum at a time. In double, column after column: 32 rows of 512 floats are 64 KiB, which
// stay in the second-level cache between the first column and the last. In float32 each of four sums is over 8 of them.
constexpr std::int64_t kChunkRows = 32;

// Calls body(j, lanes, begin, end) for every step of columns, for one chunk of rows after the other. What it sums must
// be 0 in lanes beyond the strip: where rows are folded they are columns that another strip still adds to.
template <class Body>
NK_INLINE void for_each_column_step(const strip& s, Body&& body) {
  for (std::int64_t begin = 0; begin < s.rows; begin += kChunkRows) {
    const std::int64_t end = s.rows - begin < kChunkRows ? s.rows : begin + kChunkRows;
    for_each_step(0, s.width, [&](std::int64_t j, auto lanes) NK_INLINE_LAMBDA { body(j, lanes, begin, end); });
  }
}

// Calls body(offset, j, lanes) for every step of every row.
template <class Body>
NK_INLINE void for_each_row_step(const strip& s, Body&& body) {
  for (std::int64_t row = 0; row < s.rows; ++row) {
    const std::int64_t base = row * s.row_stride;
    for_each_step(0, s.width, [&](std::int64_t j, auto lanes) NK_INLINE_LAMBDA { body(base + j, j, lanes); });
  }
}

NK_END_ISA
