// Launching the kernels of slice_kernels.cuh: which of them, with which geometry. Host code.
#pragma once

#include "device.cuh"
#include "launch.cuh"
#include "slice_kernels.cuh"

namespace nk {
namespace cuda {

template <class Op, class T, int Threads>
cudaError_t launch_whole_runs(const Op& op, const slice_layout& l, const slice_workspace& w, cudaStream_t stream) {
  const std::size_t shared = static_cast<std::size_t>(held_bytes(l, kSlot<T>) * Op::kTensors * kTeamsOfBlock<Threads>);
  return launch(whole_runs<Op, T, Threads>, dim3(blocks_for(l.slice_count, kTeamsOfBlock<Threads>)),
                dim3(kBlockOf<Threads>), shared, stream, op, l, w);
}

template <class Op, class T>
cudaError_t launch_whole(const Op& op, const slice_layout& l, const slice_workspace& w, cudaStream_t stream) {
  if (l.columns) {
    return launch(whole_columns<Op, T>, dim3(blocks_for(tile_count(l), 1)), dim3(kColumnThreads), 0, stream, op, l, w);
  }
  // A thread has up to 4 slots, of a warp up to 8.
  const std::int64_t slots = held_bytes(l, kSlot<T>) / kSlotBytes;
  if (slots <= 32) return launch_whole_runs<Op, T, 8>(op, l, w, stream);
  if (slots <= 256) return launch_whole_runs<Op, T, 32>(op, l, w, stream);
  return launch_whole_runs<Op, T, 256>(op, l, w, stream);
}

template <class Op, class T, int Phase>
cudaError_t launch_phase(const Op& op, const slice_layout& l, const slice_workspace& w, cudaStream_t stream) {
  const std::int64_t chunks = l.chunks(kSlot<T>);
  cudaError_t status;
  if (l.columns) {
    status = launch(part_columns<Op, T, Phase>, dim3(blocks_for(tile_count(l) * chunks, 1)), dim3(kColumnThreads), 0,
                    stream, op, l, w);
  } else if (l.rows * l.row_slots(kSlot<T>) <= 256) {
    status = launch(part_runs<Op, T, Phase, 32>, dim3(blocks_for(l.units * chunks, kTeamsOfBlock<32>)), dim3(128), 0,
                    stream, op, l, w);
  } else {
    status =
        launch(part_runs<Op, T, Phase, 256>, dim3(blocks_for(l.units * chunks, 1)), dim3(256), 0, stream, op, l, w);
  }
  if (status != cudaSuccess) return status;
  if (l.units_per_slice * chunks <= 256) {
    return launch(finish_slices<Op, Phase, 32>, dim3(blocks_for(l.slice_count, kTeamsOfBlock<32>)), dim3(128), 0,
                  stream, op, l, w, chunks);
  }
  return launch(finish_slices<Op, Phase, 256>, dim3(blocks_for(l.slice_count, 1)), dim3(256), 0, stream, op, l, w,
                chunks);
}

template <class Op, class T>
cudaError_t launch_map(const Op& op, const slice_layout& l, const slice_workspace& w, cudaStream_t stream) {
  const std::int64_t chunks = l.chunks(kSlot<T>);
  if (l.columns) {
    return launch(map_columns<Op, T>, dim3(blocks_for(tile_count(l) * chunks, 1)), dim3(kColumnThreads), 0, stream, op,
                  l, w);
  }
  if (l.rows * l.row_slots(kSlot<T>) <= 256) {
    return launch(map_runs<Op, T, 32>, dim3(blocks_for(l.units * chunks, kTeamsOfBlock<32>)), dim3(128), 0, stream, op,
                  l, w);
  }
  return launch(map_runs<Op, T, 256>, dim3(blocks_for(l.units * chunks, 1)), dim3(256), 0, stream, op, l, w);
}

template <class Op, class T>
cudaError_t launch_parts(const Op& op, const slice_layout& l, const slice_workspace& w, cudaStream_t stream) {
  cudaError_t status = cudaSuccess;
  if constexpr (Op::kPhases > 0) {
    if (op.first_phase() == 0) status = launch_phase<Op, T, 0>(op, l, w, stream);
  }
  if constexpr (Op::kPhases > 1) {
    if (status == cudaSuccess) status = launch_phase<Op, T, 1>(op, l, w, stream);
  }
  if constexpr (Op::kMaps) {
    if (status == cudaSuccess && op.out != nullptr) status = launch_map<Op, T>(op, l, w, stream);
  }
  return status;
}

// Runs an operation. `keeps`: records are wanted afterwards, in the workspace, and if units are not alike their sums.
template <class Op, class T>
nk_status run_typed(const Op& op, const slice_layout& l, const given_workspace& given, bool keeps,
                    cudaStream_t stream) {
  const bool sums = op.first_phase() < Op::kPhases;
  const bool whole = sums && is_whole(l, kSlot<T>, Op::kTensors, op.alike());
  const bool needs = keeps || (sums && !whole);
  if (needs && (given.memory == nullptr || given.size < workspace_bytes(l))) return NK_ERROR_WORKSPACE;
  const slice_workspace w = workspace_at(needs ? given.memory : nullptr, l);
  if constexpr (Op::kPhases > 0) {
    if (whole) return status_of(launch_whole<Op, T>(op, l, w, stream));
  }
  return status_of(launch_parts<Op, T>(op, l, w, stream));
}

template <class Op>
nk_status run_slices(const Op& op, std::int32_t dtype, const slice_layout& l, const given_workspace& given, bool keeps,
                     nk_stream stream) {
  static_assert(sizeof(typename Op::record) <= kRecordBytes && Op::kSums <= kMostSums, "the workspace is too small");
  if (l.units > kMostUnits) return NK_ERROR_SHAPE;
  switch (dtype) {
    case NK_F16:
      return run_typed<Op, f16>(op, l, given, keeps, stream_of(stream));
    case NK_BF16:
      return run_typed<Op, bf16>(op, l, given, keeps, stream_of(stream));
    default:
      return run_typed<Op, float>(op, l, given, keeps, stream_of(stream));
  }
}

}  // namespace cuda
}  // namespace nk
