// What a CUDA thread can do besides arithmetic: wait for others, shared memory, asynchronous copies.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "engine.h"
#include "runtime_emulation.h"

namespace nk {
namespace emu {
namespace {

thread_state& self() {
  return *const_cast<thread_state*>(static_cast<const thread_state*>(current));
}

bool same(const site& a, const site& b) {
  return a.line == b.line && (a.file == b.file || std::strcmp(a.file, b.file) == 0);
}

// A barrier is one line of the source. Who waits at another is not counted, and the grid gets stuck, as it may on a
// GPU.
bool arrives_at(site& barrier, unsigned& count, site where) {
  if (count == 0) barrier = where;
  if (!same(barrier, where)) return false;
  ++count;
  return true;
}

// Waits until every lane of the mask is at the same call, and leaves each with its result. The one that comes last
// works them out for all, so that nobody's value need outlive the call.
std::uint64_t meet(state what, unsigned mask, std::uint64_t value, unsigned source, site where) {
  thread_state& t = self();
  warp_state& warp = *t.warp;
  if ((mask >> t.lane & 1u) == 0) fail("a lane that is not in its own mask", where);
  t.waits = what;
  t.mask = mask;
  t.value = value;
  t.source = source;
  t.where = where;
  const unsigned taking_part = mask & warp.existing;
  // The lanes that run later are looked at first: one that has not arrived ends the search at once.
  const bool ascending = t.owner->direction == order::ascending;
  for (unsigned left = taking_part; left != 0;) {
    const int l = ascending ? 31 - __builtin_clz(left) : __builtin_ctz(left);
    left &= ~(1u << l);
    const thread_state& other = warp.threads[l];
    if (other.waits != what || other.mask != mask || !same(other.where, where)) {
      t.owner->yield(t);
      return t.result;
    }
  }
  std::uint64_t votes = 0;
  for (unsigned left = taking_part; left != 0; left &= left - 1) {
    const int l = __builtin_ctz(left);
    if (warp.threads[l].value != 0) votes |= std::uint64_t{1} << l;
  }
  for (unsigned left = taking_part; left != 0; left &= left - 1) {
    thread_state& other = warp.threads[__builtin_ctz(left)];
    other.waits = state::ready;
    if (what == state::at_vote) {
      other.result = votes;
    } else {
      const bool known = other.source < kWarp && (taking_part >> other.source & 1u) != 0;
      other.result = known ? warp.threads[other.source].value : ~std::uint64_t{0};
    }
  }
  warp.ready |= taking_part;
  t.owner->yield(t);
  return t.result;
}

}  // namespace

void sync_threads(site where) {
  thread_state& t = self();
  block_state& block = *t.block;
  t.waits = state::at_barrier;
  t.where = where;
  if (arrives_at(block.barrier, block.at_barrier, where) && block.at_barrier == t.owner->threads_per_block) {
    block.at_barrier = 0;
    t.owner->release(block);
  }
  t.owner->yield(t);
}

void sync_cluster(site where) {
  thread_state& t = self();
  engine& e = *t.owner;
  t.waits = state::at_cluster_barrier;
  t.where = where;
  if (arrives_at(e.cluster_barrier, e.at_cluster_barrier, where) &&
      e.at_cluster_barrier == e.threads_per_block * e.shape.cluster) {
    e.at_cluster_barrier = 0;
    e.cluster_has_begun = true;
    for (block_state& block : e.blocks) e.release(block);
  }
  e.yield(t);
}

void sync_warp(unsigned mask, site where) {
  meet(state::at_warp_barrier, mask, 0, self().lane, where);
}

std::uint64_t exchange(unsigned mask, std::uint64_t value, unsigned source, site where) {
  return meet(state::at_shuffle, mask, value, source, where);
}

unsigned ballot(unsigned mask, bool predicate, site where) {
  return static_cast<unsigned>(meet(state::at_vote, mask, predicate ? 1 : 0, 0, where));
}

unsigned lane() {
  return self().lane;
}

void fail(const char* what, site where) {
  if (current == nullptr) {
    std::fprintf(stderr, "%s:%d: %s, outside of a kernel\n", where.file, where.line, what);
    std::abort();
  }
  thread_state& t = self();
  t.owner->error = describe_failure(t, what, where);
  current = nullptr;
  fiber::change(t.context, *t.owner->outside, false);
  std::abort();
}

buffer::buffer(std::size_t bytes, std::size_t alignment) : bytes_(bytes) {
  void* p = nullptr;
  // At an odd multiple of the alignment.
  if (posix_memalign(&p, alignment < 8 ? 16 : 2 * alignment, alignment + bytes) != 0) std::abort();
  base_.reset(static_cast<unsigned char*>(p));
  data_ = base_.get() + alignment;
  poison();
}

void buffer::release::operator()(unsigned char* p) const {
  std::free(p);
}

bool buffer::holds(const void* p) const {
  const unsigned char* b = static_cast<const unsigned char*>(p);
  return b >= data_ && b < data_ + bytes_;
}

void buffer::poison() {
  std::memset(data_, 0xff, bytes_);
}

namespace {

shared_array_state& array_of(block_state& block, const void* key, std::size_t bytes, std::size_t alignment,
                             const engine& e, site where) {
  for (shared_array_state& a : block.arrays) {
    if (a.key == key) return a;
  }
  const std::size_t dynamic = e.shape.dynamic_shared_bytes;
  block.static_bytes += bytes;
  const std::size_t limit = dynamic > kDynamicWithoutOptIn ? e.shared_bytes : kSharedByDefault;
  if (block.static_bytes > kSharedByDefault || block.static_bytes + dynamic > limit) {
    fail("more shared memory than a block can have", where);
  }
  block.arrays.push_back({key, alignment, buffer(bytes, alignment)});
  return block.arrays.back();
}

}  // namespace

void* shared_array(const void* key, std::size_t bytes, std::size_t alignment, site where) {
  thread_state& t = self();
  return array_of(*t.block, key, bytes, alignment, *t.owner, where).memory.data();
}

void* dynamic_shared() {
  return self().block->dynamic->data();
}

unsigned cluster_rank() {
  return self().block->rank;
}

unsigned cluster_size() {
  return self().owner->shape.cluster;
}

void* map_shared(void* p, unsigned rank, site where) {
  thread_state& t = self();
  engine& e = *t.owner;
  if (rank >= e.shape.cluster) fail("a block that the cluster does not have", where);
  block_state& there = e.blocks[rank];
  if (!e.cluster_has_begun) fail("shared memory of a block that may not have begun: no cluster_sync() before", where);
  if (there.ends) fail("shared memory of a block that may have ended", where);
  const auto moved = [p](const buffer& from, const buffer& to) {
    return to.data() + (static_cast<unsigned char*>(p) - from.data());
  };
  if (t.block->dynamic->holds(p)) return moved(*t.block->dynamic, *there.dynamic);
  for (std::size_t i = 0; i < t.block->arrays.size(); ++i) {
    const shared_array_state& a = t.block->arrays[i];
    if (!a.memory.holds(p)) continue;
    return moved(a.memory, array_of(there, a.key, a.memory.bytes(), a.alignment, e, where).memory);
  }
  fail("an address that is not in shared memory", where);
}

void copy_async_16(void* shared, const void* global, std::size_t bytes, site where) {
  thread_state& t = self();
  if (reinterpret_cast<std::uintptr_t>(shared) % 16 != 0 || reinterpret_cast<std::uintptr_t>(global) % 16 != 0) {
    fail("a copy of 16 bytes at an address that is no multiple of 16", where);
  }
  if (bytes > 16) fail("a copy of more than 16 bytes", where);
  // The bytes may come at any time from now on, so whoever still needs the old ones, or takes the new ones for granted,
  // is to see neither.
  std::memset(shared, 0xff, 16);
  t.copies.push_back({shared, global, bytes});
}

void copy_async_commit() {
  self().committed.push_back(self().copies.size());
}

void copy_async_wait(std::size_t groups_left) {
  thread_state& t = self();
  if (t.committed.size() <= groups_left) return;
  const std::size_t groups = t.committed.size() - groups_left;
  const std::size_t done = t.committed[groups - 1];
  for (std::size_t i = 0; i < done; ++i) {
    const thread_state::copy& c = t.copies[i];
    std::memcpy(c.to, c.from, c.bytes);
    std::memset(static_cast<unsigned char*>(c.to) + c.bytes, 0, 16 - c.bytes);
  }
  t.copies.erase(t.copies.begin(), t.copies.begin() + static_cast<std::ptrdiff_t>(done));
  t.committed.erase(t.committed.begin(), t.committed.begin() + static_cast<std::ptrdiff_t>(groups));
  for (std::size_t& c : t.committed) c -= done;
}

}  // namespace emu
}  // namespace nk
