// The kernels of norms over slices, for any operation (slice_operation.cuh) and layout (slice_layout.cuh).
#pragma once

#include "copy_async.cuh"
#include "row_reduce.cuh"
#include "slice_operation.cuh"

namespace nk {
namespace cuda {

template <int Phase, int Threads, class Op, int N>
__device__ __forceinline__ void team_join(const Op& op, double (&sums)[N]) {
  constexpr int kWithin = Threads < 32 ? Threads : 32;
#pragma unroll
  for (int distance = kWithin / 2; distance > 0; distance /= 2) {
    double other[N];
#pragma unroll
    for (int j = 0; j < N; ++j) other[j] = __shfl_xor_sync(row_mask<Threads>(), sums[j], distance, 32);
    // The lower lane's come first, so that both lanes have the same bits.
    const bool upper = (threadIdx.x & static_cast<unsigned>(distance)) != 0;
    double a[N], b[N];
#pragma unroll
    for (int j = 0; j < N; ++j) {
      a[j] = upper ? other[j] : sums[j];
      b[j] = upper ? sums[j] : other[j];
    }
    op.template join<Phase>(a, b);
#pragma unroll
    for (int j = 0; j < N; ++j) sums[j] = a[j];
  }
  if constexpr (Threads > 32) {
    constexpr int kWarps = Threads / 32;
    NK_SHARED(double, scratch, kWarps* N);
    const int warp = static_cast<int>(threadIdx.x) / 32;
    // The scratch may still be read by the reduction before.
    __syncthreads();
    if (threadIdx.x % 32 == 0) {
#pragma unroll
      for (int j = 0; j < N; ++j) scratch[warp * N + j] = sums[j];
    }
    __syncthreads();
#pragma unroll
    for (int j = 0; j < N; ++j) sums[j] = scratch[j];
    for (int w = 1; w < kWarps; ++w) {
      double more[N];
#pragma unroll
      for (int j = 0; j < N; ++j) more[j] = scratch[w * N + j];
      op.template join<Phase>(sums, more);
    }
  }
}

template <class T>
__device__ __forceinline__ T nothing() {
  T zero;
  from_float(0.0f, &zero);
  return zero;
}

// A slot's elements, for an operation.
template <class T>
struct slot_elements {
  T e[kSlot<T>];

  __device__ __forceinline__ explicit slot_elements(const slot<T>& s) {
#pragma unroll
    for (int i = 0; i < kSlot<T>; ++i) e[i] = s.element(i);
  }
};

// Sums of a slot, and its results.
template <int Phase, class Op, class T, int N>
__device__ __forceinline__ void add_slot(const Op& op, const typename Op::record& r, const place& at, const T (&x)[N],
                                         const T (&t)[N], double (&sums)[Op::kSums]) {
  const std::int64_t left = at.layout->unit_run - at.first;
  op.template add<Phase>(r, at, x, t, left < N ? static_cast<int>(left) : N, sums);
}

template <class Op, class T, int N>
__device__ __forceinline__ void map_slot(const Op& op, const typename Op::record& r, const place& at, const T (&x)[N],
                                         const T (&t)[N], float (&values)[N]) {
  const std::int64_t left = at.layout->unit_run - at.first;
#pragma unroll
  for (int i = 0; i < N; ++i) values[i] = 0.0f;
  op.map(r, at, x, t, left < N ? static_cast<int>(left) : N, values);
}

template <class Op, class T>
__device__ __forceinline__ slot<T> load_t(const Op& op, const place& at, std::int64_t length) {
  slot<T> t = {};
  if (Op::kTensors == 2 && op.t != nullptr) t = load_slot(static_cast<const T*>(op.t) + at.row, at.first, length);
  return t;
}

// A team's slices, whole: x and t lie in shared memory between the phases, every slot with the thread that read it.
template <class Op, class T, int Threads>
struct whole_team {
  const Op& op;
  const slice_layout& l;
  slot<T>* held;  // this team's
  std::int64_t slots, row_slots;
  int lane;

  __device__ __forceinline__ place place_of(std::int64_t slice, std::int64_t origin, std::int64_t index) const {
    std::int64_t first, unit;
    const std::int64_t row_of_slice = quotient(index, row_slots, &first);
    const std::int64_t row = quotient(row_of_slice, l.units_per_slice, &unit);
    return {&l, origin + l.row_offset(row) + unit * l.unit_run, first * kSlot<T>,
            l.channel(slice * l.units_per_slice + unit)};
  }

  // A slot into shared memory; all that are aligned are on their way at once.
  __device__ __forceinline__ void copy_slot(slot<T>* to, const void* tensor, const place& at) const {
    const T* const row = static_cast<const T*>(tensor) + at.row;
    if (at.first + kSlot<T> <= l.unit_run && misalignment(row + at.first) == 0) {
      copy_async_16(to, row + at.first);
    } else {
      *to = load_slot(row, at.first, l.unit_run);
    }
  }

  // Every slot is copied, and read, by one thread: nobody else waits for it.
  __device__ __forceinline__ void load(std::int64_t slice, std::int64_t origin) const {
    for (std::int64_t i = lane; i < slots; i += Threads) {
      const place at = place_of(slice, origin, i);
      copy_slot(held + i, op.x, at);
      if (Op::kTensors == 2) {
        if (op.t != nullptr) {
          copy_slot(held + slots + i, op.t, at);
        } else {
          held[slots + i] = {};
        }
      }
    }
    copy_async_commit();
    copy_async_wait<0>();
  }

  template <int Phase>
  __device__ __forceinline__ void phase(typename Op::record& r, std::int64_t slice, std::int64_t origin) const {
    double sums[Op::kSums];
    op.template start<Phase>(sums);
    for (std::int64_t i = lane; i < slots; i += Threads) {
      const place at = place_of(slice, origin, i);
      const slot_elements<T> x(held[i]), t(held[(Op::kTensors - 1) * slots + i]);
      add_slot<Phase>(op, r, at, x.e, t.e, sums);
    }
    team_join<Phase, Threads>(op, sums);
    if (l.units_per_slice == 1) op.template weigh<Phase>(sums, l.channel(slice));
    op.template finish<Phase>(r, sums, slice, lane == 0);
  }

  __device__ __forceinline__ void map(const typename Op::record& r, std::int64_t slice, std::int64_t origin) const {
    for (std::int64_t i = lane; i < slots; i += Threads) {
      const place at = place_of(slice, origin, i);
      const slot_elements<T> x(held[i]), t(held[(Op::kTensors - 1) * slots + i]);
      float values[kSlot<T>];
      map_slot(op, r, at, x.e, t.e, values);
      slot<T> out;
      out.set(values);
      store_slot(static_cast<T*>(op.out) + at.row, at.first, l.unit_run, out);
    }
  }
};

template <int Threads>
constexpr int kBlockOf = Threads < 128 ? 128 : Threads;
template <int Threads>
constexpr int kTeamsOfBlock = kBlockOf<Threads> / Threads;

template <class Op, class T, int Threads>
__global__ void __launch_bounds__(kBlockOf<Threads>, 512 / kBlockOf<Threads>)
    whole_runs(Op op, slice_layout l, slice_workspace w) {
  NK_DYNAMIC_SHARED(slot<T>, shared);
  const int team = static_cast<int>(threadIdx.x) / Threads;
  const std::int64_t row_slots = l.row_slots(kSlot<T>), slots = l.rows * l.units_per_slice * row_slots;
  const whole_team<Op, T, Threads> work = {op,    l,         shared + team * slots * Op::kTensors,
                                           slots, row_slots, static_cast<int>(threadIdx.x) % Threads};
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * kTeamsOfBlock<Threads>;
  for (std::int64_t slice = static_cast<std::int64_t>(blockIdx.x) * kTeamsOfBlock<Threads> + team;
       slice < l.slice_count; slice += step) {
    const std::int64_t origin = l.origin(slice);
    typename Op::record r = {};
    op.begin(r, slice, origin);
    const int first = op.first_phase();
    work.load(slice, origin);
    if (first == 0) work.template phase<0>(r, slice, origin);
    if constexpr (Op::kPhases > 1) work.template phase<1>(r, slice, origin);
    if (w.records != nullptr && work.lane == 0) w.record<typename Op::record>(slice) = r;
    if constexpr (Op::kMaps) {
      if (op.out != nullptr) work.map(r, slice, origin);
    }
  }
}

// A tile: up to 32 adjacent columns, and groups of threads that take their rows in turn.
struct column_tile {
  std::int64_t first;  // column of the row
  std::int64_t outer;
  int width, groups, column, group;

  __device__ __forceinline__ column_tile(const slice_layout& l, std::int64_t tile) {
    const std::int64_t columns = l.view.row_columns(), tiles = (columns + kTileColumns - 1) / kTileColumns;
    std::int64_t which;
    outer = quotient(tile, tiles, &which);
    first = which * kTileColumns;
    // The last tile of a row is as wide as the others, or its columns would be summed in another order.
    width = static_cast<int>(columns < kTileColumns ? columns : kTileColumns);
    groups = kColumnThreads / width;
    column = static_cast<int>(threadIdx.x) % width;
    group = static_cast<int>(threadIdx.x) / width;  // threads that are left over have the one behind the last
  }
  // Not all threads have a column, nor a row of it.
  __device__ __forceinline__ bool has_column(const slice_layout& l) const {
    return first + column < l.view.row_columns();
  }
};

inline __host__ __device__ std::int64_t tile_count(const slice_layout& l) {
  return l.units / l.view.row_columns() * ((l.view.row_columns() + kTileColumns - 1) / kTileColumns);
}

// A thread's column: its unit, its slice, and its rows [begin, end).
template <class Op, class T>
struct column_work {
  const Op& op;
  const slice_layout& l;
  column_tile tile;
  bool there;
  std::int64_t unit, slice, origin, channel;

  __device__ __forceinline__ column_work(const Op& o, const slice_layout& layout, std::int64_t which)
      : op(o), l(layout), tile(layout, which) {
    there = tile.has_column(l);
    // The others keep to the last column, of which they do nothing.
    const std::int64_t column = there ? tile.first + tile.column : l.view.row_columns() - 1;
    unit = tile.outer * l.view.row_columns() + column;
    slice = unit / l.units_per_slice;
    origin = l.origin(slice);
    channel = l.channel(unit);
  }

  template <class Body>
  __device__ __forceinline__ void each_row(std::int64_t begin, std::int64_t end, Body&& body) const {
    const std::int64_t base = origin + unit % l.units_per_slice;
    if (!there || tile.group >= tile.groups) return;
#pragma unroll 4
    for (std::int64_t row = begin + tile.group; row < end; row += tile.groups) {
      const place at = {&l, base + l.row_offset(row), 0, channel};
      T x[1] = {static_cast<const T*>(op.x)[at.row]}, t[1] = {nothing<T>()};
      if (Op::kTensors == 2 && op.t != nullptr) t[0] = static_cast<const T*>(op.t)[at.row];
      body(at, x, t);
    }
  }

  // Every thread of a column ends with the column's sums.
  template <int Phase>
  __device__ __forceinline__ void sum(const typename Op::record& r, std::int64_t begin, std::int64_t end,
                                      double (&sums)[Op::kSums]) const {
    op.template start<Phase>(sums);
    each_row(begin, end,
             [&](const place& at, const T(&x)[1], const T(&t)[1]) { add_slot<Phase>(op, r, at, x, t, sums); });
    NK_SHARED(double, scratch, kColumnThreads* Op::kSums);
    double* const own = scratch + threadIdx.x * Op::kSums;
    // The scratch may still be read by the reduction before.
    __syncthreads();
    for (int j = 0; j < Op::kSums; ++j) own[j] = sums[j];
    int distance = 1;
    while (distance < tile.groups) distance *= 2;
    for (distance /= 2; distance > 0; distance /= 2) {
      __syncthreads();
      if (tile.group < distance && tile.group + distance < tile.groups) {
        double more[Op::kSums];
        for (int j = 0; j < Op::kSums; ++j) more[j] = own[distance * tile.width * Op::kSums + j];
        op.template join<Phase>(sums, more);
        for (int j = 0; j < Op::kSums; ++j) own[j] = sums[j];
      }
    }
    __syncthreads();
    for (int j = 0; j < Op::kSums; ++j) sums[j] = scratch[tile.column * Op::kSums + j];
  }

  __device__ __forceinline__ void map(const typename Op::record& r, std::int64_t begin, std::int64_t end) const {
    each_row(begin, end, [&](const place& at, const T(&x)[1], const T(&t)[1]) {
      float value[1];
      map_slot(op, r, at, x, t, value);
      from_float(value[0], static_cast<T*>(op.out) + at.row);
    });
  }
};

template <class Op, class T>
__global__ void __launch_bounds__(kColumnThreads, 2) whole_columns(Op op, slice_layout l, slice_workspace w) {
  const std::int64_t tiles = tile_count(l);
  for (std::int64_t tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
    const column_work<Op, T> work(op, l, tile);
    const bool writes = work.there && work.tile.group == 0;
    typename Op::record r = {};
    op.begin(r, work.slice, work.origin);
    double sums[Op::kSums];
    if (op.first_phase() == 0) {
      work.template sum<0>(r, 0, l.rows, sums);
      op.template weigh<0>(sums, work.channel);
      op.template finish<0>(r, sums, work.slice, writes);
    }
    if constexpr (Op::kPhases > 1) {
      work.template sum<1>(r, 0, l.rows, sums);
      op.template weigh<1>(sums, work.channel);
      op.template finish<1>(r, sums, work.slice, writes);
    }
    if (w.records != nullptr && writes) w.record<typename Op::record>(work.slice) = r;
    if constexpr (Op::kMaps) {
      if (op.out != nullptr) work.map(r, 0, l.rows);
    }
  }
}

template <class Op>
__device__ __forceinline__ typename Op::record record_of(const Op& op, const slice_workspace& w, std::int64_t slice,
                                                         std::int64_t origin, bool found) {
  typename Op::record r = {};
  if (found) r = w.record<typename Op::record>(slice);
  op.begin(r, slice, origin);
  return r;
}

// Calls body(unit, slice, first slot, last slot, chunk) for the chunks of a team.
template <int Threads, class Body>
__device__ __forceinline__ void each_chunk(const slice_layout& l, int per_slot, Body&& body) {
  const std::int64_t chunks = l.chunks(per_slot), slots = l.rows * l.row_slots(per_slot);
  const std::int64_t items = l.units * chunks, step = static_cast<std::int64_t>(gridDim.x) * kTeamsOfBlock<Threads>;
  for (std::int64_t item = static_cast<std::int64_t>(blockIdx.x) * kTeamsOfBlock<Threads> + threadIdx.x / Threads;
       item < items; item += step) {
    std::int64_t chunk;
    const std::int64_t unit = quotient(item, chunks, &chunk);
    const std::int64_t begin = chunk * kChunkSlots, end = begin + kChunkSlots;
    body(unit, unit / l.units_per_slice, begin, end < slots ? end : slots, chunk);
  }
}

template <class T>
__device__ __forceinline__ place place_in_unit(const slice_layout& l, std::int64_t unit_origin, std::int64_t channel,
                                               std::int64_t row_slots, std::int64_t index) {
  std::int64_t row = 0, first = index;
  if (l.rows > 1) row = quotient(index, row_slots, &first);
  return {&l, unit_origin + l.row_offset(row), first * kSlot<T>, channel};
}

// Calls body(place, x, t) for the slots [begin, end) of a unit that are a thread's: AtOnce at a time, all of them on
// their way before the first is looked at.
template <class Op, class T, int Threads, int AtOnce, class Body>
__device__ __forceinline__ void each_slot(const Op& op, const slice_layout& l, std::int64_t unit, std::int64_t begin,
                                          std::int64_t end, Body&& body) {
  const std::int64_t origin = l.unit_origin(unit), channel = l.channel(unit), row_slots = l.row_slots(kSlot<T>);
  for (std::int64_t first = begin + static_cast<int>(threadIdx.x) % Threads; first < end; first += AtOnce * Threads) {
    place at[AtOnce];
    slot<T> x[AtOnce], t[AtOnce];
#pragma unroll
    for (int k = 0; k < AtOnce; ++k) {
      if (first + k * Threads >= end) break;
      at[k] = place_in_unit<T>(l, origin, channel, row_slots, first + k * Threads);
      x[k] = load_slot(static_cast<const T*>(op.x) + at[k].row, at[k].first, l.unit_run);
      t[k] = load_t<Op, T>(op, at[k], l.unit_run);
    }
#pragma unroll
    for (int k = 0; k < AtOnce; ++k) {
      if (first + k * Threads >= end) break;
      body(at[k], slot_elements<T>(x[k]), slot_elements<T>(t[k]));
    }
  }
}

template <class Op, class T, int Phase, int Threads>
__global__ void __launch_bounds__(kBlockOf<Threads>, 512 / kBlockOf<Threads>)
    part_runs(Op op, slice_layout l, slice_workspace w) {
  const int lane = static_cast<int>(threadIdx.x) % Threads;
  each_chunk<Threads>(
      l, kSlot<T>,
      [&](std::int64_t unit, std::int64_t slice, std::int64_t begin, std::int64_t end, std::int64_t chunk) {
        const typename Op::record r = record_of(op, w, slice, l.origin(slice), Phase > op.first_phase());
        double sums[Op::kSums];
        op.template start<Phase>(sums);
        each_slot<Op, T, Threads, Op::kTensors == 2 ? 3 : 4>(
            op, l, unit, begin, end, [&](const place& at, const slot_elements<T>& x, const slot_elements<T>& t) {
              add_slot<Phase>(op, r, at, x.e, t.e, sums);
            });
        team_join<Phase, Threads>(op, sums);
        for (int j = 0; j < Op::kSums && lane == 0; ++j) w.partial[(chunk * Op::kSums + j) * l.units + unit] = sums[j];
      });
}

template <class Op, class T, int Threads>
__global__ void __launch_bounds__(kBlockOf<Threads>, 512 / kBlockOf<Threads>)
    map_runs(Op op, slice_layout l, slice_workspace w) {
  each_chunk<Threads>(
      l, kSlot<T>, [&](std::int64_t unit, std::int64_t slice, std::int64_t begin, std::int64_t end, std::int64_t) {
        const typename Op::record r = record_of(op, w, slice, l.origin(slice), Op::kPhases > op.first_phase());
        each_slot<Op, T, Threads, 4 / Op::kTensors>(
            op, l, unit, begin, end, [&](const place& at, const slot_elements<T>& x, const slot_elements<T>& t) {
              float values[kSlot<T>];
              map_slot(op, r, at, x.e, t.e, values);
              slot<T> out;
              out.set(values);
              store_slot(static_cast<T*>(op.out) + at.row, at.first, l.unit_run, out);
            });
      });
}

// Calls body(work, record, first row, last row, chunk) for the chunks of tiles of a block.
template <class Op, class T, class Body>
__device__ __forceinline__ void each_column_chunk(const Op& op, const slice_layout& l, const slice_workspace& w,
                                                  bool found, Body&& body) {
  const std::int64_t chunks = l.chunks(1), items = tile_count(l) * chunks;
  for (std::int64_t item = blockIdx.x; item < items; item += gridDim.x) {
    std::int64_t chunk;
    const column_work<Op, T> work(op, l, quotient(item, chunks, &chunk));
    const typename Op::record r = record_of(op, w, work.slice, work.origin, found);
    const std::int64_t begin = chunk * l.chunk_rows(), end = begin + l.chunk_rows();
    body(work, r, begin, end < l.rows ? end : l.rows, chunk);
  }
}

template <class Op, class T, int Phase>
__global__ void __launch_bounds__(kColumnThreads, 2) part_columns(Op op, slice_layout l, slice_workspace w) {
  each_column_chunk<Op, T>(op, l, w, Phase > op.first_phase(),
                           [&](const column_work<Op, T>& work, const typename Op::record& r, std::int64_t begin,
                               std::int64_t end, std::int64_t chunk) {
                             double sums[Op::kSums];
                             work.template sum<Phase>(r, begin, end, sums);
                             if (!work.there || work.tile.group != 0) return;
                             for (int j = 0; j < Op::kSums; ++j) {
                               w.partial[(chunk * Op::kSums + j) * l.units + work.unit] = sums[j];
                             }
                           });
}

template <class Op, class T>
__global__ void __launch_bounds__(kColumnThreads, 2) map_columns(Op op, slice_layout l, slice_workspace w) {
  each_column_chunk<Op, T>(op, l, w, Op::kPhases > op.first_phase(),
                           [&](const column_work<Op, T>& work, const typename Op::record& r, std::int64_t begin,
                               std::int64_t end, std::int64_t) { work.map(r, begin, end); });
}

// Adds up the sums of a slice's units and chunks.
template <class Op, int Phase, int Threads>
__global__ void __launch_bounds__(kBlockOf<Threads>, 512 / kBlockOf<Threads>)
    finish_slices(Op op, slice_layout l, slice_workspace w, std::int64_t chunks) {
  const int lane = static_cast<int>(threadIdx.x) % Threads;
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * kTeamsOfBlock<Threads>;
  for (std::int64_t slice = static_cast<std::int64_t>(blockIdx.x) * kTeamsOfBlock<Threads> + threadIdx.x / Threads;
       slice < l.slice_count; slice += step) {
    // Read by all before the sums are joined: the first lane writes it.
    typename Op::record r = record_of(op, w, slice, l.origin(slice), Phase > op.first_phase());
    double sums[Op::kSums];
    op.template start<Phase>(sums);
    for (std::int64_t i = lane; i < l.units_per_slice * chunks; i += Threads) {
      std::int64_t which;
      const std::int64_t chunk = quotient(i, l.units_per_slice, &which);
      const std::int64_t unit = slice * l.units_per_slice + which;
      double more[Op::kSums];
      for (int j = 0; j < Op::kSums; ++j) more[j] = w.partial[(chunk * Op::kSums + j) * l.units + unit];
      op.template weigh<Phase>(more, l.channel(unit));
      op.template join<Phase>(sums, more);
    }
    team_join<Phase, Threads>(op, sums);
    op.template finish<Phase>(r, sums, slice, lane == 0);
    if (lane == 0) w.record<typename Op::record>(slice) = r;
  }
}

}  // namespace cuda
}  // namespace nk
