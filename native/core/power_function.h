// Which function of |x| a power norm sums: for the CPU's strips and for CUDA's kernels.
#pragma once

#include "compiler.h"

namespace nk {

// The functions of |x| that power norms sum. With u = |x| / norm, the derivative of the norm is sign(x) * u^(p - 1), or
// for the extremes sign(x) where |x| is the norm.
enum class power { zero, half, one, two, three, general, largest, smallest };

struct power_function {
  power kind;
  double exponent;  // p; read by `general` alone
};

namespace {

// The function for p: any number but NaN, or an infinity.
NK_INLINE power_function power_function_of(double p) {
  if (p > 0x1.fffffffffffffp1023) return {power::largest, p};
  if (p < -0x1.fffffffffffffp1023) return {power::smallest, p};
  if (p == 0.0) return {power::zero, p};
  if (p == 0.5) return {power::half, p};
  if (p == 1.0) return {power::one, p};
  if (p == 2.0) return {power::two, p};
  if (p == 3.0) return {power::three, p};
  return {power::general, p};
}

}  // namespace

}  // namespace nk
