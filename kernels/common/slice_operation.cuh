// What a norm over slices is to the kernels of slice_kernels.cuh.
//
// An operation Op is a struct that is passed by value. It has phases: sums over a slice, of what the phase before has
// found. What it has found is its record, which goes from launch to launch through the workspace.
//
//   using record              plain, at most kRecordBytes
//   kPhases, kSums            at most 3 sums in any phase
//   kTensors                  1: reads x; 2: reads x and t, which may be null
//   kMaps                     whether there are results for every element: map, out
//   alike()                   the sums of a slice's units are added up as they are
//   x, t, out                 tensors of one geometry; out may be null, and x or t
//   first_phase()             phases before it are not needed
//   begin(record, slice, origin)                               before a phase; origin: of the slice's first element
//   start<Phase>(sums)                                         what nothing sums to
//   add<Phase>(record, place, x, t, count, sums)               `count` elements of a slot
//   join<Phase>(sums, more)
//   weigh<Phase>(sums, channel)                                the sums of a unit, before they are joined
//   finish<Phase>(record, sums, slice, whether to write)
//   map(record, place, x, t, count, values)                    results
#pragma once

#include <normkernels/nk_cuda.h>

#include "core/dtype.h"
#include "slice_layout.cuh"
#include "vec_io.cuh"

namespace nk {
namespace cuda {

// The workspace of a call, as the caller gave it.
struct given_workspace {
  void* memory;
  std::uint64_t size;
};

// Where a slot lies.
struct place {
  const slice_layout* layout;
  std::int64_t row;      // offset of the first element of its row of a unit
  std::int64_t first;    // of its elements, in that row
  std::int64_t channel;  // of the row's first element

  __device__ __forceinline__ std::int64_t channel_of(int i) const {
    return layout->element_channels ? channel + (first + i) / layout->view.run : channel;
  }
};

// gradient[i] (+)= value; null: nobody wants it.
__device__ __forceinline__ void put_gradient(float* gradient, std::int64_t i, double value, bool accumulate) {
  if (gradient == nullptr) return;
  const double before = accumulate ? static_cast<double>(gradient[i]) : 0.0;
  gradient[i] = static_cast<float>(before + value);
}

// a / b and a % b, with 32 bits where they do: an eighth of the time.
__device__ __forceinline__ std::int64_t quotient(std::int64_t a, std::int64_t b, std::int64_t* rest) {
  if (b == 1) {
    *rest = 0;
    return a;
  }
  if (((a | b) >> 32) == 0) {
    const std::uint32_t q = static_cast<std::uint32_t>(a) / static_cast<std::uint32_t>(b);
    *rest = static_cast<std::uint32_t>(a) - q * static_cast<std::uint32_t>(b);
    return q;
  }
  *rest = a % b;
  return a / b;
}

}  // namespace cuda
}  // namespace nk
