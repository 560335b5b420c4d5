// How norms over rows are shared out: by the length of a row in slots of 16 bytes and the type of device alone, since
// every bit of a result depends on it.
//
// Forward and jvp hold rows in registers: 8, 16 or 32 threads up to as many slots (64, 128, 256 16-bit columns), a warp
// up to 128 slots (1024 columns), a block of 128 threads up to 512 (4096 columns), one of 256 up to 1024 (8192
// columns). Longer rows of forward take blocks of 256 threads with 8 slots each: one up to 2048 slots (16384 columns),
// clusters of 2, 4, 8 or 16 up to 32768 (262144 columns); those of jvp, where a thread holds two tensors, clusters of
// blocks with 4.
//
// Backward holds them in shared memory, and sums of the parameters' gradients in registers. Every row of those sums is
// written once and read once, a block or cluster each: 8 bytes a column, so the blocks that stay are few, and from 4096
// columns on the more of them share a row. 8192 x 8192, bfloat16: 132 pairs of blocks write and read 17 MB in the
// second-level cache, beside 400 MB from and to memory.
//
// Rows longer than all that are read again at every pass, by the largest cluster there is.
#pragma once

#include <cstdint>
#include <initializer_list>

#include "core/compiler.h"
#include "device.cuh"

namespace nk {
namespace cuda {

struct row_plan {
  int threads;  // of a block, for a row
  int slots;    // of a thread; 0: any number
  int cluster;  // blocks for a row
};

inline std::int64_t slots_of_row(std::int64_t cols, int element_size) {
  const std::int64_t per_slot = 16 / element_size;
  return cols / per_slot + (cols % per_slot != 0 ? 1 : 0);
}

// The fewest blocks of a cluster, a power of two, that have `slots` slots at `each` or less; 0 if the largest have
// more.
inline int blocks_of_cluster(std::int64_t slots, std::int64_t each, int largest) {
  for (int blocks = 1; blocks <= largest; blocks *= 2) {
    if (slots <= each * blocks) return blocks;
  }
  return 0;
}

// Of rows in registers. `tensors`: how many a thread holds of them.
inline row_plan plan_in_registers(std::int64_t slots, int tensors, const device_facts& device) {
  if (slots <= 8) return {8, 1, 1};
  if (slots <= 16) return {16, 1, 1};
  if (slots <= 32) return {32, 1, 1};
  if (slots <= 128) return {32, 4, 1};
  if (slots <= 512) return {128, 4, 1};
  if (slots <= 1024) return {256, 4, 1};
  const int most = tensors == 1 ? 8 : 4;
  const int blocks = blocks_of_cluster(slots, 256 * most, device.cluster);
  return blocks != 0 ? row_plan{256, most, blocks} : row_plan{256, 0, device.cluster};
}

// Threads of a block of backward.
template <int Threads>
constexpr int kBackwardThreads = Threads > 32 ? Threads : 256;

// Rows that a block has in shared memory at once, for each of its teams: the one it works on, and those to come. Some
// 32 KB are on their way at any time.
constexpr int kStagesOfOneSlot = 4;
constexpr int kStagesOfMore = 2;

inline int backward_teams(const row_plan& plan) {
  return plan.threads > 32 ? 1 : 256 / plan.threads;
}

// Of x and dy, with 16 bytes more for rows off a 16-byte boundary; of the widest blocks also for their sums of dbias.
inline std::int64_t backward_shared_bytes(const row_plan& plan) {
  if (plan.slots == 0) return 0;
  const int stages = plan.slots == 1 ? kStagesOfOneSlot : kStagesOfMore;
  const std::int64_t slots = std::int64_t{plan.threads} * plan.slots;
  return 2 * stages * backward_teams(plan) * (slots + 1) * 16 + (plan.threads > 256 ? slots * 8 * 4 : 0);
}

inline row_plan backward_plan(std::int64_t slots, const device_facts& device) {
  if (slots <= 8) return {8, 1, 1};
  if (slots <= 16) return {16, 1, 1};
  if (slots <= 32) return {32, 1, 1};
  if (slots <= 128) return {32, 4, 1};
  if (slots <= 256) return {128, 2, 1};
  const int blocks = blocks_of_cluster(slots, 512, device.cluster);
  if (blocks != 0) return {256, 2, blocks};
  const row_plan wide = {512, 4, device.cluster};
  if (slots <= 2048 * device.cluster && backward_shared_bytes(wide) <= device.shared_bytes) return wide;
  return {256, 0, device.cluster};
}

// Blocks or clusters of backward, which each write a row of partial sums: as many as the device holds at once, fewer
// where each would have less than 4 turns at its rows, no more than there are rows. The order of the sums depends on
// the shape and the type of device alone.
inline std::int64_t backward_groups(std::int64_t rows, const row_plan& plan, const device_facts& device) {
  const std::int64_t processors = device.multiprocessors;
  std::int64_t most = plan.threads > 256 ? processors : plan.threads == 128 ? 4 * processors : 2 * processors;
  // A cluster lies within a part of the device whose multiprocessors are not all a multiple of it.
  if (plan.cluster > 2) most -= most / 32;
  most /= plan.cluster;
  const int teams = backward_teams(plan);
  const auto groups_for = [&](std::int64_t turns) {
    return rows / (turns * teams) + (rows % (turns * teams) != 0 ? 1 : 0);
  };
  std::int64_t groups = groups_for(4);
  if (groups * plan.cluster < processors) groups = processors / plan.cluster;
  if (groups > groups_for(1)) groups = groups_for(1);
  if (groups > most) groups = most;
  return groups > 0 ? groups : rows > 0 ? 1 : 0;
}

// Columns of a row of partial sums, for whole slots of them: dweight's, then as many of dbias.
NK_INLINE std::int64_t padded_cols(std::int64_t cols) {
  return (cols + 7) / 8 * 8;
}

// Whatever the dtype, and so the plan.
inline std::int64_t partial_rows_at_most(std::int64_t rows, std::int64_t cols, const device_facts& device) {
  std::int64_t most = 0;
  for (const int element_size : {2, 4}) {
    const row_plan plan = backward_plan(slots_of_row(cols, element_size), device);
    const std::int64_t groups = backward_groups(rows, plan, device);
    if (groups > most) most = groups;
  }
  return most;
}

}  // namespace cuda
}  // namespace nk
