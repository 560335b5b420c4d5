// What the native tests share.
#pragma once

#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include <gtest/gtest.h>
#include <normkernels/nk_runtime.h>

namespace nk_test {

inline std::vector<nk_isa> available_isas() {
  std::vector<nk_isa> isas;
  for (int isa = NK_ISA_SCALAR; isa <= nk_best_isa(); ++isa) isas.push_back(static_cast<nk_isa>(isa));
  return isas;
}

// The columns that matter: every partial step, and around the sizes at which the loops and sums change.
inline std::vector<std::int64_t> interesting_cols() {
  std::vector<std::int64_t> cols;
  for (std::int64_t n = 1; n <= 130; ++n) cols.push_back(n);
  for (std::int64_t n : {255, 257, 1000, 1024, 8191, 8192, 8193, 20000}) cols.push_back(n);
  return cols;
}

inline std::uint32_t bits_of(float f) {
  std::uint32_t u;
  std::memcpy(&u, &f, sizeof u);
  return u;
}

inline bool same_bits(float a, float b) {
  return (a != a && b != b) || bits_of(a) == bits_of(b);
}

}  // namespace nk_test
