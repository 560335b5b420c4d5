// Parameters of a call, once for all of its rows: in float32, with the 1 of NK_FLAG_ZERO_CENTERED, and so placed that
// they are aligned where the rows are that are written. Rows of .NET's arrays lie anywhere, and a loop in which every
// load and store touches two lines of the cache takes up to twice as long (RMSNorm of 1024 columns: 101 ns a row, so
// 73, aligned 54); parameters of 16 bits are converted once.
#pragma once

#include "row_norm.h"

NK_BEGIN_ISA

// What is staged lies on the stack: 16 KiB a parameter. Longer rows wait for memory, not for their parameters.
constexpr std::int64_t kStagedColumns = 4096;
// Below these, staging costs more than it saves.
constexpr std::int64_t kRowsWorthStaging = 8, kElementsWorthStaging = 8192;

struct staged_parameter {
  alignas(64) float values[kStagedColumns + kLanes];

  // value(i, lanes) for all columns, of which the first lies `skew` lanes behind the beginning of a step.
  template <class Value>
  NK_INLINE const float* stage(int skew, std::int64_t cols, Value&& value) {
    float* const to = values + skew;
    for_each_step_of(to, cols,
                     [&](std::int64_t i, auto lanes) NK_INLINE_LAMBDA { store(to + i, value(i, lanes), lanes); });
    return to;
  }

  // Null stays null.
  template <class P>
  NK_INLINE const void* stage(int skew, std::int64_t cols, const void* parameter) {
    const P* const p = static_cast<const P*>(parameter);
    if (p == nullptr) return nullptr;
    return stage(skew, cols, [&](std::int64_t i, auto lanes) NK_INLINE_LAMBDA { return load(p + i, lanes); });
  }
};

// What all rows have for a skew: none, where it is not the same for all.
template <class T>
NK_INLINE int skew_of_rows(const T* rows, std::int64_t stride) {
  return stride % kLanes == 0 ? skew_of(rows) : 0;
}

template <class P, class... Parameters>
NK_INLINE bool worth_staging(std::int64_t rows, std::int64_t cols, std::uint32_t flags, int skew,
                             const Parameters*... parameters) {
  if (rows < kRowsWorthStaging || cols > kStagedColumns || rows * cols < kElementsWorthStaging) return false;
  if (!std::is_same_v<P, float> || (flags & NK_FLAG_ZERO_CENTERED) != 0) return true;
  return ((parameters != nullptr && skew_of(static_cast<const float*>(parameters)) != skew) || ...);
}

// The weight with what NK_FLAG_ZERO_CENTERED adds to it, which is then no longer asked for.
template <class P>
NK_INLINE const void* stage_weight(staged_parameter& to, int skew, std::int64_t cols, const void* weight,
                                   std::uint32_t& flags) {
  if (weight == nullptr) return nullptr;
  const weight_row<operand::any, P> w(weight, flags);
  flags &= ~static_cast<std::uint32_t>(NK_FLAG_ZERO_CENTERED);
  return to.stage(skew, cols, [&](std::int64_t i, auto lanes) NK_INLINE_LAMBDA { return w.load_at(i, lanes); });
}

NK_END_ISA
