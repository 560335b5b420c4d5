// Slices: the elements of a tensor that share statistics, for every norm that is not over rows.
//
// A tensor is seen as [outer][blocks][rows][kept][inner]. `outer` and `kept` number the slices, `blocks`, `rows` and
// `inner` run over the elements of one. A row is what `kept` and `inner` span: adjacent elements, of kept * inner
// columns. Within a slice every `run` adjacent elements share their coefficients (a channel): run divides inner.
//
//   group_norm    NCHW    outer N, rows 1, kept G, inner C/G * HW, run HW        NHWC  N, HW, G, C/G, run 1
//   instance_norm         the same with G = C
//   batch_norm    NCHW    outer 1, rows N, kept C, inner HW, run HW              NHWC  1, NHW, C, 1, run 1
//   weight_norm           outer 1, rows before the axis, kept the axis, inner behind it
//   one axis reduced      outer before it, rows the axis, kept behind it, inner 1; the last axis: rows 1, inner the
//   axis
//
// Plain numbers: for the CPU's walks (slices.h) and for CUDA's.
#pragma once

#include <cstdint>

#include "compiler.h"

namespace nk {

constexpr int kMaxLoops = 4;

// A loop nest over offsets: index i runs over the product of the sizes, the last one fastest.
struct loops {
  int rank = 0;
  std::int64_t sizes[kMaxLoops] = {};
  std::int64_t strides[kMaxLoops] = {};

  NK_INLINE std::int64_t count() const {
    std::int64_t n = 1;
    for (int i = 0; i < rank; ++i) n *= sizes[i];
    return n;
  }
  NK_INLINE std::int64_t offset(std::int64_t index) const {
    std::int64_t at = 0;
    for (int i = rank - 1; i > 0; --i) {
      at += index % sizes[i] * strides[i];
      index /= sizes[i];
    }
    // What is left is below the first size: most nests are a single loop, and need no division.
    return rank == 0 ? 0 : at + index * strides[0];
  }
};

inline loops one_loop(std::int64_t size, std::int64_t stride) {
  loops l;
  l.rank = 1;
  l.sizes[0] = size;
  l.strides[0] = stride;
  return l;
}

struct slices {
  loops outer;
  loops blocks;
  std::int64_t rows;
  std::int64_t row_stride;
  std::int64_t kept;
  std::int64_t inner;
  std::int64_t run;

  NK_INLINE std::int64_t row_columns() const { return kept * inner; }
  NK_INLINE std::int64_t values() const { return blocks.count() * rows * inner; }  // of a slice
  NK_INLINE std::int64_t runs() const { return inner / run; }                      // of a slice in a row
  NK_INLINE bool by_run() const { return run >= 16; }
};

// A contiguous [outer][rows][kept][inner] tensor.
inline slices contiguous_slices(std::int64_t outer, std::int64_t rows, std::int64_t kept, std::int64_t inner,
                                std::int64_t run) {
  const std::int64_t row = kept * inner;
  return {one_loop(outer, rows * row), loops{}, rows, row, kept, inner, run};
}

// One axis of [outer][length][inner] reduced.
inline slices axis_slices(std::int64_t outer, std::int64_t length, std::int64_t inner) {
  return inner == 1 ? contiguous_slices(1, 1, outer, length, length) : contiguous_slices(outer, length, inner, 1, 1);
}

}  // namespace nk
