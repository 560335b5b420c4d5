// Which instruction set a call runs on.
#pragma once

#include <normkernels/nk_runtime.h>

#include <cstdint>

namespace nk {

// What the processor and the operating system allow; then also NK_MAX_ISA, read once when the library is loaded.
nk_isa hardware_isa();
nk_isa best_isa();

// The instruction set for a call that asks for `requested` (an nk_isa): never one that is not there, and never silently
// another one.
nk_status resolve_isa(std::int32_t requested, nk_isa* isa);

}  // namespace nk
