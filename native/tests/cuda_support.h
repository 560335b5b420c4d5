// What the tests of CUDA kernels share: results of the CPU against those of the emulation.
#pragma once

#include <cmath>

#include "support.h"

extern "C" {
void nk_emu_set_order(int order);                       // 0: ascending, 1: descending
void nk_emu_set_device(int cluster, int shared_bytes);  // of the largest cluster; of a block
}

namespace nk_test {

using outputs = std::vector<std::vector<float>>;

// Another type of device while this lives.
class device_kind {
 public:
  device_kind(int cluster, int shared_bytes) { nk_emu_set_device(cluster, shared_bytes); }
  ~device_kind() { nk_emu_set_device(16, 227 * 1024); }
};

inline std::vector<float> values_of(int dtype, const void* data, std::int64_t count) {
  std::vector<float> values(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) {
    values[static_cast<std::size_t>(i)] = dtype == NK_F32   ? nk::read(static_cast<const float*>(data) + i)
                                          : dtype == NK_F16 ? nk::read(static_cast<const nk::f16*>(data) + i)
                                                            : nk::read(static_cast<const nk::bf16*>(data) + i);
  }
  return values;
}

inline void expect_close(const outputs& cpu, const outputs& cuda, int dtype) {
  ASSERT_EQ(cpu.size(), cuda.size());
  const double relative = dtype == NK_F32 ? 2e-5 : dtype == NK_F16 ? 1.0 / 1024 : 1.0 / 128;
  const double least = dtype == NK_F16 ? 0x1p-24 : 1e-12;  // a step of float16 where it has the fewest digits
  for (std::size_t k = 0; k < cpu.size(); ++k) {
    double largest = 0.0;
    for (const float v : cpu[k]) largest = std::fmax(largest, std::fabs(static_cast<double>(v)));
    for (std::size_t i = 0; i < cpu[k].size(); ++i) {
      const double a = static_cast<double>(cpu[k][i]), b = static_cast<double>(cuda[k][i]);
      if (a == b || (a != a && b != b)) continue;  // infinities too
      ASSERT_LE(std::fabs(a - b), relative * std::fabs(a) + 1e-5 * largest + least)
          << "result " << k << " element " << i;
    }
  }
}

inline bool same_bits(const outputs& a, const outputs& b) {
  for (std::size_t k = 0; k < a.size(); ++k) {
    for (std::size_t i = 0; i < a[k].size(); ++i) {
      if (!nk_test::same_bits(a[k][i], b[k][i])) return false;
    }
  }
  return true;
}

// compute(whether by the CUDA kernels) -> outputs: values within rounding of the CPU's, and the same bits whether
// threads run in ascending or in descending order. Under sanitizers one order will
// do: the other touches the same memory.
template <class Compute>
void expect_agreement(int dtype, Compute&& compute) {
  nk_emu_set_order(0);
  const outputs ascending = compute(true);
#if !defined(__SANITIZE_ADDRESS__)
  nk_emu_set_order(1);
  const outputs descending = compute(true);
  nk_emu_set_order(0);
  EXPECT_TRUE(same_bits(ascending, descending));
#endif
  expect_close(compute(false), ascending, dtype);
}

// Whether values[0..count) lie in `values` again and again.
inline bool repeats(const std::vector<float>& values, std::size_t count) {
  for (std::size_t i = count; i < values.size(); ++i) {
    if (!same_bits(values[i], values[i - count])) return false;
  }
  return true;
}

}  // namespace nk_test
