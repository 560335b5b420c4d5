// The state of a running grid. Private to the emulation.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "fiber.h"
#include "grid.h"

namespace nk {
namespace emu {

constexpr unsigned kWarp = 32;

enum class state : unsigned char {
  ready,
  at_barrier,
  at_cluster_barrier,
  at_warp_barrier,
  at_shuffle,
  at_vote,
  exited
};

struct engine;
struct block_state;
struct warp_state;

struct thread_state : thread_context {
  engine* owner = nullptr;
  block_state* block = nullptr;
  warp_state* warp = nullptr;
  unsigned number = 0;  // in its block
  unsigned lane = 0;

  state waits = state::ready;
  site where = {nullptr, 0};
  // Of a shuffle or vote: who takes part, what this lane brought, whose value it asked for, what it gets.
  unsigned mask = 0;
  std::uint64_t value = 0;
  unsigned source = 0;
  std::uint64_t result = 0;

  struct copy {
    void* to;
    const void* from;
    std::size_t bytes;  // the rest of 16 becomes 0
  };
  std::vector<copy> copies;            // under way, oldest first
  std::vector<std::size_t> committed;  // copies.size() at each commit

  fiber context;
};

struct warp_state {
  unsigned ready = 0;     // lanes that could run now
  unsigned existing = 0;  // all of them: the last warp of a block may have fewer than 32
  thread_state* threads = nullptr;
};

// Memory of exactly so many bytes, for AddressSanitizer to see one too many, aligned as asked for and no better, for a
// wider access than the alignment allows to be misaligned here too.
class buffer {
 public:
  buffer(std::size_t bytes, std::size_t alignment);

  unsigned char* data() const { return data_; }
  std::size_t bytes() const { return bytes_; }
  bool holds(const void* p) const;
  // 0xff bytes: NaN as a float, nonsense as anything else.
  void poison();

 private:
  struct release {
    void operator()(unsigned char* p) const;
  };
  std::unique_ptr<unsigned char, release> base_;
  unsigned char* data_ = nullptr;
  std::size_t bytes_ = 0;
};

struct shared_array_state {
  const void* key;
  std::size_t alignment;
  buffer memory;
};

struct block_state {
  uint3 index = {0, 0, 0};
  unsigned rank = 0;        // in its cluster
  unsigned first_warp = 0;  // among those of the cluster
  thread_state* threads = nullptr;
  unsigned at_barrier = 0;  // threads that arrived
  bool ends = false;        // some have exited
  site barrier = {nullptr, 0};
  std::size_t static_bytes = 0;
  std::vector<shared_array_state> arrays;
  std::unique_ptr<buffer> dynamic;
};

struct engine {
  // Makes threads, stacks and shared memory; false if there is no memory.
  bool prepare(const launch_shape& what);
  // Runs the blocks from (x, y, z) on that are one cluster; false if that failed.
  bool run_cluster(unsigned x, unsigned y, unsigned z);

  // The thread that runs next, null if all wait or have ended.
  thread_state* next();
  // Lets others run, until somebody made this thread ready again.
  void yield(thread_state& self);
  // Makes all threads of a block ready.
  void release(block_state& block);
  [[noreturn]] void finish(thread_state& self);

  launch_shape shape;
  const void* kernel = nullptr;
  void (*body)(const void*) = nullptr;
  const void* arguments = nullptr;
  order direction = order::ascending;

  unsigned threads_per_block = 0;
  unsigned warps_per_block = 0;
  unsigned warps_in_use = 0;  // of the cluster
  unsigned cursor = 0;        // how many warps, in the order chosen, can do nothing now
  unsigned live = 0;          // threads of the cluster that have not ended
  unsigned at_cluster_barrier = 0;
  bool cluster_has_begun = false;  // all of its blocks have, since they met
  std::size_t shared_bytes = 0;    // that a block may have
  site cluster_barrier = {nullptr, 0};

  std::vector<block_state> blocks;
  std::vector<warp_state> warps;
  std::unique_ptr<thread_state[]> threads;
  std::size_t thread_count = 0;
  std::unique_ptr<stacks> memory;
  fiber* outside = nullptr;
  std::string error;
};

// Who waits where, for a grid that cannot go on; and where a single thread went wrong.
std::string describe_stuck(const engine& e);
std::string describe_failure(const thread_state& t, const char* what, site where);

// "nk::(anonymous namespace)::forward<float>", or the address if it has no symbol.
std::string kernel_name(const void* kernel);

}  // namespace emu
}  // namespace nk
