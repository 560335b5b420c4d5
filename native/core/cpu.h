// Which instruction set a call runs on.
#pragma once

#include <normkernels/nk_runtime.h>

#include <cstdint>

#include "isas.h"

namespace nk {

// What the processor and the operating system allow; then also NK_MAX_ISA, read once when the library is loaded.
nk_isa hardware_isa();
nk_isa best_isa();

// The place (see isas.h) of the instruction set for a call that asks for `requested`, an nk_isa: never one that is not
// there, and never silently another one.
nk_status resolve_isa(std::int32_t requested, int* place);

// Whether the processor converts float32 to bfloat16 (AVX512-BF16).
extern const bool kConvertsBf16;

// The size from which an output goes past the caches: that of the last-level cache. Streaming saves reading the lines
// that are about to be overwritten, a third of the traffic of a forward pass (RMSNorm of 16384 x 4096 on Zen 5: 1.05 of
// the rate of memcpy, which streams too, against 0.82). Intel's processors lost by it (8.1 against 8.7 GB/s on Cascade
// Lake), so there it is never; nor on arm64, where no store that passes the caches by can be asked for.
std::uint64_t streaming_bytes();

}  // namespace nk
