// How backward over rows is shared out: host code, for the launch and for the workspace.
#pragma once

#include <cstdint>

namespace nk {
namespace cuda {

// Blocks that each write a row of partial sums: as many as multiprocessors hold at once, fewer where rows are long and
// so are the sums, and no more than there are rows. The order of the sums depends on the shape and the type of device
// alone.
inline std::int64_t backward_blocks(std::int64_t rows, std::int64_t cols, int rows_at_once, int multiprocessors) {
  const std::int64_t most = (cols <= 256 ? 6 : cols <= 4096 ? 2 : 1) * static_cast<std::int64_t>(multiprocessors);
  const std::int64_t blocks = rows / rows_at_once + (rows % rows_at_once != 0 ? 1 : 0);
  return blocks < most ? blocks : most;
}

// Whatever the dtype, and so the geometry.
inline std::int64_t partial_rows_at_most(std::int64_t rows, std::int64_t cols, int multiprocessors) {
  return backward_blocks(rows, cols, 1, multiprocessors);
}

}  // namespace cuda
}  // namespace nk
