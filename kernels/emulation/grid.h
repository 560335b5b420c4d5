// Running a grid on the CPU: what the device vocabulary of cuda_emulation.h and the launches are made of.
//
// Every CUDA thread is a fibre that runs until it reaches a barrier or a shuffle, or ends. A warp goes as far as it
// can, to a barrier of the block, before the next one starts, and the lanes of a warp likewise: threads are as far
// apart as they can ever be, so that a missing barrier shows. In which order is for the caller to choose; correct
// kernels give the same bits in both.
#pragma once

#include <cstddef>
#include <cstdint>

#include "vector_types.h"

namespace nk {
namespace emu {

enum class order { ascending, descending };

// For all launches of the process that begin later. Until it is called, NK_EMU_ORDER=ascending|descending decides, and
// without that variable the order is ascending.
void set_order(order o);
order current_order();

// What differs between types of devices: the blocks of the largest cluster (1: compute capability 8.0, without
// clusters) and the shared memory that a block may ask for. For all launches of the process that begin later; until it
// is set, those of compute capability 9.0.
struct device_kind {
  unsigned cluster;
  std::size_t shared_bytes;
};
void set_device(device_kind kind);
device_kind current_device();

// What went wrong in the last launch of this OS thread that failed: kernel, block, threads. Empty if none did.
const char* last_error();

// Where in the source a thread waits: as a default argument, the place of the call.
struct site {
  const char* file;
  int line;

  constexpr site(const char* f = __builtin_FILE(), int l = __builtin_LINE()) : file(f), line(l) {}
};

// What a thread may know of itself.
struct thread_context {
  uint3 thread_index = {0, 0, 0};
  const uint3* block_index = nullptr;
  const dim3* block_dim = nullptr;
  const dim3* grid_dim = nullptr;
};

// The CUDA thread that runs now on this OS thread, null outside of kernels.
inline thread_local const thread_context* current = nullptr;

// The following are calls of the CUDA thread that runs now.

void sync_threads(site where);
void sync_cluster(site where);
void sync_warp(unsigned mask, site where);

// The value that lane `source` of the warp brought to the same call. 0xff bytes if it is not in the mask.
std::uint64_t exchange(unsigned mask, std::uint64_t value, unsigned source, site where);
// The lanes of the mask that brought a true predicate.
unsigned ballot(unsigned mask, bool predicate, site where);
unsigned lane();

// The block's array of this declaration, which `key` identifies. The first request makes it, filled with 0xff bytes.
void* shared_array(const void* key, std::size_t bytes, std::size_t alignment, site where);
void* dynamic_shared();

unsigned cluster_rank();
unsigned cluster_size();
void* map_shared(void* p, unsigned rank, site where);

void copy_async_16(void* shared, const void* global, std::size_t bytes, site where);
void copy_async_commit();
void copy_async_wait(std::size_t groups_left);

// Ends the launch with a message: for what CUDA leaves undefined.
[[noreturn]] void fail(const char* what, site where);

struct launch_shape {
  dim3 grid, block;
  unsigned cluster = 1;
  std::size_t dynamic_shared_bytes = 0;
};

enum class outcome { done, bad_shape, bad_shared, no_memory, failed };

// Runs body(arguments) for every thread of the grid, block after block. `kernel` is for messages.
outcome run(const launch_shape& shape, const void* kernel, void (*body)(const void*), const void* arguments);

}  // namespace emu
}  // namespace nk
