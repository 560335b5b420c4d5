// Norms over slices on a device: how the work on a view (native/core/slice_view.h) is shared out.
//
// A unit is what has sums of its own: a run of adjacent elements, in every row of its slice, or a column. Runs are read
// in slots of 16 bytes by a team of threads; columns, where runs are short and there are many rows, by 32 lanes side by
// side. A slice has one unit or several: the channels of a group, the columns of a slice.
//
//   whole    a team works on a slice from beginning to end and holds it in shared memory: one launch, one read
//   parts    units are cut into chunks that are summed by many teams; the sums of a slice are added up, and a last
//            launch, with the same chunks, writes the results
//
// Which of the two depends on the slice alone, not on how many there are, and so do its results.
#pragma once

#include <cstdint>

#include "core/slice_view.h"
#include "cuda_compat.cuh"

namespace nk {
namespace cuda {

constexpr int kColumnThreads = 256;
constexpr int kTileColumns = 32;

constexpr std::int64_t kSlotBytes = 16;
constexpr std::int64_t kChunkSlots = 4096;       // of a run: 64 KiB
constexpr std::int64_t kChunkElements = 8192;    // of the columns of a tile
constexpr std::int64_t kWholeBytes = 96 * 1024;  // of a slice: every device from 8.0 on has them for a block
constexpr std::int64_t kWholeRows = 2048;        // of a column
constexpr int kMostSums = 3;
constexpr std::int64_t kRecordBytes = 64;  // what is kept of a slice between launches

struct slice_layout {
  slices view;
  bool columns;
  bool element_channels;  // runs shorter than a unit: a channel every `run` elements
  std::int64_t unit_run;  // adjacent elements of a unit; 1 for a column
  std::int64_t units_per_slice;
  std::int64_t units;
  std::int64_t slice_count;
  std::int64_t rows;    // of a unit: all its blocks
  std::int64_t values;  // of a slice

  NK_INLINE std::int64_t row_offset(std::int64_t row) const {
    if (view.blocks.rank == 0) return row * view.row_stride;
    return view.blocks.offset(row / view.rows) + row % view.rows * view.row_stride;
  }
  // Of a slice's first element.
  NK_INLINE std::int64_t origin(std::int64_t slice) const {
    return view.outer.offset(slice / view.kept) + slice % view.kept * view.inner;
  }
  // Of a unit's first element; what a slice's units begin with is its origin.
  NK_INLINE std::int64_t unit_origin(std::int64_t unit) const {
    return origin(unit / units_per_slice) + unit % units_per_slice * unit_run;
  }
  // The channel of a unit's first element.
  NK_INLINE std::int64_t channel(std::int64_t unit) const {
    if (columns) return unit % view.row_columns() / view.run;
    if (element_channels) return unit % view.kept * view.runs();
    return unit % (view.kept * units_per_slice);
  }

  // Slots of a row of a unit, and chunks of a unit.
  NK_INLINE std::int64_t row_slots(int per_slot) const { return (unit_run + per_slot - 1) / per_slot; }
  NK_INLINE std::int64_t chunk_rows() const {
    const std::int64_t width = view.row_columns();
    return kChunkElements / (width < kTileColumns ? width : kTileColumns);
  }
  NK_INLINE std::int64_t chunks(int per_slot) const {
    if (columns) return (rows + chunk_rows() - 1) / chunk_rows();
    return (rows * row_slots(per_slot) + kChunkSlots - 1) / kChunkSlots;
  }
};

// More units than any memory holds, and few enough that their workspace is a number.
constexpr std::int64_t kMostUnits = std::int64_t{1} << 52;

// Of a view that is not empty.
inline slice_layout layout_of(const slices& view) {
  slice_layout l = {};
  l.view = view;
  l.rows = view.blocks.count() * view.rows;
  l.slice_count = view.outer.count() * view.kept;
  l.values = view.values();
  l.columns = l.rows > 1 && !view.by_run();
  l.element_channels = !l.columns && view.run < view.inner && !view.by_run();
  l.unit_run = l.columns ? 1 : l.element_channels ? view.inner : view.run;
  l.units_per_slice = view.inner / l.unit_run;
  l.units = l.slice_count * l.units_per_slice;
  return l;
}

// Shared memory for a slice that a team holds, of each tensor.
inline std::int64_t held_bytes(const slice_layout& l, int per_slot) {
  const std::int64_t slots = l.row_slots(per_slot);
  if (l.rows > kWholeBytes || slots > kWholeBytes || l.units_per_slice > kWholeBytes) return kWholeBytes + 1;
  return l.rows * l.units_per_slice * slots * kSlotBytes;
}

// Whether a team takes whole slices. Alike: units need no coefficients of their own before they are added up.
inline bool is_whole(const slice_layout& l, int per_slot, int tensors, bool alike) {
  if (l.units_per_slice != 1 && (l.columns || !alike)) return false;
  return l.columns ? l.rows <= kWholeRows : held_bytes(l, per_slot) * tensors <= kWholeBytes;
}

// The workspace: a record for each slice, then the sums of chunks.
struct slice_workspace {
  unsigned char* records;
  double* partial;  // [chunk][sum][unit]

  template <class Record>
  NK_INLINE Record& record(std::int64_t slice) const {
    return *reinterpret_cast<Record*>(records + slice * kRecordBytes);
  }
};

inline std::uint64_t workspace_bytes(const slice_layout& l) {
  constexpr int kFewestPerSlot = 4;  // float32 has the most slots
  return 16 + static_cast<std::uint64_t>(l.slice_count * kRecordBytes) +
         static_cast<std::uint64_t>(l.chunks(kFewestPerSlot) * kMostSums * l.units) * sizeof(double);
}

inline slice_workspace workspace_at(void* memory, const slice_layout& l) {
  if (memory == nullptr) return {nullptr, nullptr};
  const std::uintptr_t address = reinterpret_cast<std::uintptr_t>(memory);
  unsigned char* const aligned = static_cast<unsigned char*>(memory) + (16 - address % 16) % 16;
  return {aligned, reinterpret_cast<double*>(aligned + l.slice_count * kRecordBytes)};
}

}  // namespace cuda
}  // namespace nk
