// How backward over rows is shared out: host code, for the launch and for the workspace.
#pragma once

#include <cstdint>

namespace nk {
namespace cuda {

// Teams of threads that each write a row of partial sums: enough to fill the device, and no more than there are rows.
// The order of the sums depends on the number of rows and the type of device alone.
constexpr std::int64_t kTeamsPerMultiprocessor = 4;
constexpr std::int64_t kMostTeamsPerBlock = 16;

inline std::int64_t backward_teams(std::int64_t rows, int multiprocessors) {
  const std::int64_t most = kTeamsPerMultiprocessor * multiprocessors;
  return rows < most ? rows : most;
}

// Blocks are whole.
inline std::int64_t partial_rows_at_most(std::int64_t rows, int multiprocessors) {
  return rows == 0 ? 0 : backward_teams(rows, multiprocessors) + kMostTeamsPerBlock - 1;
}

}  // namespace cuda
}  // namespace nk
