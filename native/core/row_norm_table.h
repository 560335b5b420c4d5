// What a room of row norms hands to its C entry: one function per verb and pair of dtypes, for one instruction set.
#pragma once

#include <normkernels/nk_row_norm.h>

#include <cstdint>

#include "compiler.h"

namespace nk {

// (dtype of tensors, dtype of parameters): f32 f32, f16 f16, f16 f32, bf16 bf16, bf16 f32.
constexpr int kDtypePairs = 5;

// How far the tensors of a call reach.
enum class reach {
  cache,   // inputs may be in the cache: to ask for them ahead would only cost (47 to 50 ns a row of 1024 columns)
  memory,  // inputs are asked for ahead
  beyond,  // and the output is too large for the caches to be of use to whoever reads it next: it is streamed past them
};

struct row_norm_table {
  void (*forward[kDtypePairs])(const nk_row_norm_forward_params&, reach);
  void (*forward_fused[kDtypePairs])(const nk_row_norm_forward_params&);  // with a gate or quantized
  void (*backward_rows[kDtypePairs])(const nk_row_norm_backward_params&, reach);
  void (*backward_parameters)(const nk_row_norm_backward_params&);
  void (*jvp[kDtypePairs])(const nk_row_norm_jvp_params&, reach);
};

// Row blocks of the backward pass: the unit that threads share out, and the grain of the sums over rows. They depend
// on the number of rows alone: at most 64, each a multiple of 32 rows but for the last.
constexpr std::int64_t kFlushRows = 32;
constexpr std::int64_t kMaxBlocks = 64;

struct row_blocks {
  std::int64_t rows_each;
  std::int64_t count;
};

// Internal linkage: kernel files of every instruction set see this (see NK_BEGIN_ISA).
namespace {

NK_INLINE row_blocks row_blocks_of(std::int64_t rows) {
  const std::int64_t flushes = rows / kFlushRows + (rows % kFlushRows != 0 ? 1 : 0);
  const std::int64_t flushes_each = flushes <= kMaxBlocks ? 1 : (flushes + kMaxBlocks - 1) / kMaxBlocks;
  return {flushes_each * kFlushRows, (flushes + flushes_each - 1) / flushes_each};
}

}  // namespace

// A block's part of the workspace: sums of up to 32 rows in float (dweight, then dbias), and their totals in double.
// Per column and block that is 24 bytes; 32 rows of x and dy are 256 in f32. The float sums begin as many lanes behind
// a line of the cache as dx does, so that both are aligned at once.
constexpr std::int64_t kWorkspaceLine = 16;  // floats

struct row_norm_workspace {
  double* totals;  // [block][2][cols]
  float* partial;  // [block][2][partial_stride]
  std::int64_t partial_stride;

  static NK_INLINE std::int64_t stride_of(std::int64_t cols) {
    return (cols / kWorkspaceLine + 2) * kWorkspaceLine;  // whole lines, and one for what the skew shifts beyond
  }

  static NK_INLINE std::uint64_t size(std::int64_t blocks, std::int64_t cols) {
    return static_cast<std::uint64_t>(2 * blocks) * (static_cast<std::uint64_t>(cols) * sizeof(double) +
                                                     static_cast<std::uint64_t>(stride_of(cols)) * sizeof(float)) +
           2 * kWorkspaceLine * sizeof(float);
  }

  NK_INLINE row_norm_workspace(void* memory, std::int64_t blocks, std::int64_t cols) : partial_stride(stride_of(cols)) {
    partial = static_cast<float*>(in_line(memory));
    totals = reinterpret_cast<double*>(partial + 2 * blocks * partial_stride);
  }

 private:
  static NK_INLINE void* in_line(void* p) {
    constexpr std::uintptr_t line = kWorkspaceLine * sizeof(float);
    return static_cast<char*>(p) + (line - reinterpret_cast<std::uintptr_t>(p) % line) % line;
  }
};

}  // namespace nk
