// Rows that a team of threads reads and writes side by side: thread i has slot i, and then every `Threads`-th.
//
// A row that begins off a 16-byte boundary is read in aligned 16 bytes all the same, each thread those that its slot
// begins in; what a slot has beyond them is the next lane's, by a shuffle, and only the last lane of a warp reads 16
// bytes more. Written, 16 aligned bytes hold the end of the slot before and the beginning of the thread's own; only the
// first slot and the last of a warp leave a piece that goes element by element. That is, for a slot of 8 elements, 4
// shuffles and 15 selections and shifts read and as many written, some 5 instructions an element where a misaligned
// norm has 15 to 30; and no registers beyond those of one more slot.
#pragma once

#include "row_reduce.cuh"
#include "vec_io.cuh"

namespace nk {
namespace cuda {

// A place in a row: int where a row is held in registers, which takes half the instructions of int64.
template <int Slots>
using index_of = std::conditional_t<(Slots > 0), int, std::int64_t>;

// The lanes of a row within a warp.
template <int Threads>
constexpr int kLanes = Threads < 32 ? Threads : 32;

// One thread's share of a row: slots `Threads` apart. Slots = 0: any number of them.
template <class T, int Threads, int Slots>
struct row_slots {
  using index = index_of<Slots>;
  index first;  // element of the row
  index end;    // of what this block has of the row; 0: no row for this thread

  __device__ __forceinline__ int lane() const { return static_cast<int>(threadIdx.x) % kLanes<Threads>; }

  // Calls body(index in registers, first element) for each of the thread's slots.
  template <class Body>
  __device__ __forceinline__ void for_each(Body&& body) const {
    if constexpr (Slots > 0) {
#pragma unroll
      for (int s = 0; s < Slots; ++s) {
        const int at = first + s * Threads * kSlot<T>;
        if (at < end) body(s, at);
      }
    } else {
      for (std::int64_t at = first; at < end; at += Threads * kSlot<T>) body(0, at);
    }
  }

  // How many elements of the slot that begins at `at` are there.
  __device__ __forceinline__ int count(index at) const {
    return at_most(end - at, kSlot<T>);
  }
};

// values[i] of elements that are not there, of the slot at `at`: none but a row's last one lacks any.
template <class Slots, int N>
__device__ __forceinline__ void clear_absent(const Slots& slots, typename Slots::index at, float (&values)[N]) {
  const int count = slots.count(at);
  if (count == N) return;
#pragma unroll
  for (int i = 0; i < N; ++i) {
    if (i >= count) values[i] = 0.0f;
  }
}

// 16 aligned bytes of a row, of which those before element `end` are there.
template <class T>
__device__ __forceinline__ slot<T> load_unit(const T* aligned, int first, int end) {
  if (first + kSlot<T> <= end) return *reinterpret_cast<const slot<T>*>(aligned + first);
  return first < end ? load_edge(aligned + first, end - first) : slot<T>{};
}

// A thread's slots of a row.
template <class T, int Threads, int Slots>
__device__ __forceinline__ void load_row(const T* row, const row_slots<T, Threads, Slots>& slots,
                                         slot<T> (&held)[Slots]) {
  const unsigned bytes = misalignment(row);
  const int before = static_cast<int>(bytes / sizeof(T));
  // What lies before the row but in the same 16 bytes may be read: nobody allocates less. Not what lies behind it.
  const T* const aligned = row - before;
  const int end = slots.end == 0 ? 0 : slots.end + before;
#pragma unroll
  for (int s = 0; s < Slots; ++s) held[s] = load_unit(aligned, slots.first + s * Threads * kSlot<T>, end);
  if (bytes == 0) return;  // for all threads of the row
#pragma unroll
  for (int s = 0; s < Slots; ++s) {
    slot<T> next;
#pragma unroll
    for (int i = 0; i < 4; ++i) next.w[i] = __shfl_down_sync(row_mask<Threads>(), held[s].w[i], 1, kLanes<Threads>);
    if (slots.lane() == kLanes<Threads> - 1) {
      next = load_unit(aligned, slots.first + (s * Threads + 1) * kSlot<T>, end);
    }
    held[s] = straddle<T>(held[s], next, bytes);
  }
}

// Stores a slot of a row, for every thread that has one at this place of the program: for_each's body.
template <class T, int Threads, int Slots>
__device__ __forceinline__ void store_row_slot(T* row, const row_slots<T, Threads, Slots>& slots, index_of<Slots> at,
                                               const slot<T>& s) {
  T* const p = row + at;
  const int count = slots.count(at);
  const unsigned bytes = misalignment(p);
  if (bytes == 0) {
    if (count == kSlot<T>) {
      *reinterpret_cast<slot<T>*>(p) = s;
    } else {
      store_edge(p, 0, count, s);
    }
    return;
  }
  // Lanes of the row that have a slot here: the first ones.
  constexpr int kAll = kLanes<Threads>;
  const int lane = slots.lane();
  const index_of<Slots> from_first = slots.end - at + lane * kSlot<T>;
  const int lanes = at_most((from_first + kSlot<T> - 1) / kSlot<T>, kAll);
  const unsigned mask = (0xffffffffu >> (32 - lanes)) << (threadIdx.x % 32 - static_cast<unsigned>(lane));
  slot<T> previous;
#pragma unroll
  for (int i = 0; i < 4; ++i) previous.w[i] = __shfl_up_sync(mask, s.w[i], 1, kAll);
  const int before = static_cast<int>(bytes / sizeof(T)), own = kSlot<T> - before;
  if (lane > 0) {
    const slot<T> unit = straddle<T>(previous, s, 16 - bytes);
    if (count >= own) {
      *reinterpret_cast<slot<T>*>(p - before) = unit;
    } else {
      store_edge(p - before, 0, before + count, unit);
    }
  }
  // The pieces at both ends, at once.
  const int from = lane == 0 ? 0 : own;
  const int to = lane == lanes - 1 ? count : lane == 0 ? at_most(count, own) : 0;
  if (from < to) store_edge(p, from, to, s);
}

}  // namespace cuda
}  // namespace nk
