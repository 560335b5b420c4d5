// Which thread runs when, and the launch around it.
#include "engine.h"

#include <cstdlib>
#include <cstring>
#include <mutex>

#include "runtime_emulation.h"

namespace nk {
namespace emu {
namespace {

thread_local std::string last_failure;

// Stacks and threads are kept for the next launch, a set for each that runs at the same time.
class spares {
 public:
  std::unique_ptr<engine> take() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (free_.empty()) return std::make_unique<engine>();
    std::unique_ptr<engine> e = std::move(free_.back());
    free_.pop_back();
    return e;
  }

  void give(std::unique_ptr<engine> e) {
    const std::lock_guard<std::mutex> lock(mutex_);
    free_.push_back(std::move(e));
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<engine>> free_;
};

spares& all_spares() {
  static spares s;
  return s;
}

struct order_setting {
  order value = order::ascending;
  bool valid = true;

  order_setting() {
    const char* name = std::getenv("NK_EMU_ORDER");
    if (name == nullptr || *name == 0 || std::strcmp(name, "ascending") == 0) return;
    value = order::descending;
    valid = std::strcmp(name, "descending") == 0;
  }
};

std::mutex setting_mutex;
device_kind device = {16, 227 * 1024};

order_setting& setting() {
  static order_setting s;
  return s;
}

bool shape_is_valid(const launch_shape& s, const device_kind& d) {
  const dim3 g = s.grid, b = s.block;
  if (g.x == 0 || g.y == 0 || g.z == 0 || b.x == 0 || b.y == 0 || b.z == 0) return false;
  if (g.x > 0x7fffffffu || g.y > 65535 || g.z > 65535) return false;
  if (b.x > 1024 || b.y > 1024 || b.z > 64 || std::uint64_t{b.x} * b.y * b.z > 1024) return false;
  const unsigned c = s.cluster;
  return c != 0 && c <= d.cluster && g.x % c == 0;
}

void thread_body(void* argument) {
  thread_state* self = static_cast<thread_state*>(argument);
  self->owner->body(self->owner->arguments);
  self->owner->finish(*self);
}

}  // namespace

void set_order(order o) {
  const std::lock_guard<std::mutex> lock(setting_mutex);
  setting().value = o;
  setting().valid = true;
}

order current_order() {
  const std::lock_guard<std::mutex> lock(setting_mutex);
  return setting().value;
}

void set_device(device_kind kind) {
  const std::lock_guard<std::mutex> lock(setting_mutex);
  device = kind;
}

device_kind current_device() {
  const std::lock_guard<std::mutex> lock(setting_mutex);
  return device;
}

const char* last_error() {
  return last_failure.c_str();
}

thread_state* engine::next() {
  for (; cursor < warps_in_use; ++cursor) {
    warp_state& w = warps[direction == order::ascending ? cursor : warps_in_use - 1 - cursor];
    if (w.ready == 0) continue;
    const int lane = direction == order::ascending ? __builtin_ctz(w.ready) : 31 - __builtin_clz(w.ready);
    w.ready &= ~(1u << lane);
    return w.threads + lane;
  }
  return nullptr;
}

void engine::yield(thread_state& self) {
  thread_state* t = next();
  if (t == &self) return;
  current = t;
  fiber::change(self.context, t != nullptr ? t->context : *outside, false);
}

void engine::finish(thread_state& self) {
  self.waits = state::exited;
  self.block->ends = true;
  --live;
  thread_state* t = next();
  current = t;
  fiber::change(self.context, t != nullptr ? t->context : *outside, true);
  std::abort();
}

void engine::release(block_state& block) {
  for (unsigned w = 0; w < warps_per_block; ++w) {
    warp_state& warp = warps[block.first_warp + w];
    warp.ready = warp.existing;
  }
  for (unsigned t = 0; t < threads_per_block; ++t) block.threads[t].waits = state::ready;
  // Everything before this block, in the order chosen, still waits.
  const unsigned first =
      direction == order::ascending ? block.first_warp : warps_in_use - block.first_warp - warps_per_block;
  if (first < cursor) cursor = first;
}

bool engine::prepare(const launch_shape& what) {
  shape = what;
  threads_per_block = what.block.x * what.block.y * what.block.z;
  warps_per_block = (threads_per_block + kWarp - 1) / kWarp;
  warps_in_use = warps_per_block * what.cluster;
  const std::size_t count = std::size_t{threads_per_block} * what.cluster;
  if (thread_count < count) {
    thread_count = 0;
    memory = std::make_unique<stacks>();
    if (!memory->allocate(count)) return false;
    threads = std::make_unique<thread_state[]>(count);
    for (std::size_t i = 0; i < count; ++i) threads[i].context.adopt(memory->bottom(i), i);
    thread_count = count;
  }
  // Shared memory of its own for each launch: another kernel has other arrays.
  blocks.clear();
  blocks.resize(what.cluster);
  warps.assign(warps_in_use, warp_state());
  for (unsigned rank = 0; rank < what.cluster; ++rank) {
    block_state& block = blocks[rank];
    block.rank = rank;
    block.first_warp = rank * warps_per_block;
    block.threads = threads.get() + std::size_t{rank} * threads_per_block;
    block.dynamic = std::make_unique<buffer>(what.dynamic_shared_bytes, 16);
    for (unsigned i = 0; i < threads_per_block; ++i) {
      thread_state& t = block.threads[i];
      t.thread_index = {i % what.block.x, i / what.block.x % what.block.y, i / (what.block.x * what.block.y)};
      t.block_index = &block.index;
      t.block_dim = &shape.block;
      t.grid_dim = &shape.grid;
      t.owner = this;
      t.block = &block;
      t.warp = &warps[block.first_warp + i / kWarp];
      t.number = i;
      t.lane = i % kWarp;
      if (t.lane == 0) t.warp->threads = &t;
      t.warp->existing |= 1u << t.lane;
    }
  }
  return true;
}

bool engine::run_cluster(unsigned x, unsigned y, unsigned z) {
  live = threads_per_block * shape.cluster;
  at_cluster_barrier = 0;
  cluster_has_begun = shape.cluster == 1;
  cursor = warps_in_use;
  for (block_state& block : blocks) {
    block.index = {x + block.rank, y, z};
    block.at_barrier = 0;
    block.ends = false;
    for (shared_array_state& a : block.arrays) a.memory.poison();
    block.dynamic->poison();
    for (unsigned i = 0; i < threads_per_block; ++i) {
      thread_state& t = block.threads[i];
      t.copies.clear();
      t.committed.clear();
      t.context.begin(thread_body, &t);
    }
    release(block);
  }
  cursor = 0;
  fiber here;
  outside = &here;
  thread_state* t = next();
  current = t;
  fiber::change(here, t->context, false);
  current = nullptr;
  if (live == 0) return true;
  if (error.empty()) error = describe_stuck(*this);
  for (block_state& block : blocks) {
    for (unsigned i = 0; i < threads_per_block; ++i) {
      if (block.threads[i].waits != state::exited) block.threads[i].context.forget();
    }
  }
  return false;
}

outcome run(const launch_shape& shape, const void* kernel, void (*body)(const void*), const void* arguments) {
  const device_kind kind = current_device();
  if (!shape_is_valid(shape, kind)) return outcome::bad_shape;
  if (shape.dynamic_shared_bytes > kind.shared_bytes) return outcome::bad_shared;
  last_failure.clear();
  order direction;
  {
    const std::lock_guard<std::mutex> lock(setting_mutex);
    direction = setting().value;
    if (!setting().valid) {
      last_failure = "NK_EMU_ORDER is neither ascending nor descending";
      return outcome::failed;
    }
  }
  std::unique_ptr<engine> e = all_spares().take();
  if (!e->prepare(shape)) return outcome::no_memory;
  e->kernel = kernel;
  e->body = body;
  e->arguments = arguments;
  e->direction = direction;
  e->shared_bytes = kind.shared_bytes;
  e->error.clear();
  // Blocks go the same way as threads: which of them is last must not matter either.
  const std::uint64_t clusters = std::uint64_t{shape.grid.x / shape.cluster} * shape.grid.y * shape.grid.z;
  bool good = true;
  for (std::uint64_t i = 0; good && i < clusters; ++i) {
    const std::uint64_t c = direction == order::ascending ? i : clusters - 1 - i;
    const std::uint64_t row = c / (shape.grid.x / shape.cluster);
    good = e->run_cluster(static_cast<unsigned>(c % (shape.grid.x / shape.cluster)) * shape.cluster,
                          static_cast<unsigned>(row % shape.grid.y), static_cast<unsigned>(row / shape.grid.y));
  }
  if (!good) last_failure = e->error;
  all_spares().give(std::move(e));
  return good ? outcome::done : outcome::failed;
}

}  // namespace emu
}  // namespace nk
