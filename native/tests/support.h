// What the native tests share.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <random>
#include <vector>

#include <gtest/gtest.h>
#include <normkernels/nk_runtime.h>

#include "core/dtype.h"
#include "core/isas.h"

namespace nk_test {

inline std::vector<nk_isa> available_isas() {
  std::vector<nk_isa> isas;
  for (int place = 0; place <= nk::place_of(nk_best_isa()); ++place) isas.push_back(nk::kIsas[place].isa);
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

// A heap block of exactly so many elements of a dtype, filled from floats and read back as floats, that begins `offset`
// elements behind a line of the cache.
class tensor {
 public:
  tensor(int dtype, std::int64_t count, std::int64_t offset = 0)
      : dtype_(dtype),
        count_(count),
        offset_(static_cast<std::size_t>(offset) * size()),
        data_(new (std::align_val_t{64}) unsigned char[offset_ + bytes()]()) {}

  void* data() { return data_.get() + offset_; }
  std::int64_t count() const { return count_; }

  void set(std::int64_t i, float v) {
    if (dtype_ == NK_F32) {
      std::memcpy(at(i), &v, 4);
    } else if (dtype_ == NK_F16) {
      nk::f16 h;
      nk::from_float(v, &h);
      std::memcpy(at(i), &h, 2);
    } else {
      nk::bf16 h;
      nk::from_float(v, &h);
      std::memcpy(at(i), &h, 2);
    }
  }

  float get(std::int64_t i) const {
    std::uint16_t half = 0;
    float v = 0;
    std::memcpy(dtype_ == NK_F32 ? static_cast<void*>(&v) : &half,
                data_.get() + offset_ + static_cast<std::size_t>(i) * size(), size());
    return dtype_ == NK_F32 ? v : dtype_ == NK_F16 ? nk::to_float(nk::f16{half}) : nk::to_float(nk::bf16{half});
  }

  tensor& fill(std::mt19937& random, float mean, float spread) {
    std::normal_distribution<float> normal(mean, spread);
    for (std::int64_t i = 0; i < count_; ++i) set(i, normal(random));
    return *this;
  }

 private:
  std::size_t size() const { return dtype_ == NK_F32 ? 4 : 2; }
  std::size_t bytes() const { return static_cast<std::size_t>(count_) * size(); }
  unsigned char* at(std::int64_t i) { return data_.get() + offset_ + static_cast<std::size_t>(i) * size(); }

  struct free_aligned {
    void operator()(unsigned char* p) const { operator delete[](p, std::align_val_t{64}); }
  };

  int dtype_;
  std::int64_t count_;
  std::size_t offset_;
  std::unique_ptr<unsigned char[], free_aligned> data_;
};

inline bool equal(const tensor& a, const tensor& b) {
  for (std::int64_t i = 0; i < a.count(); ++i) {
    if (!same_bits(a.get(i), b.get(i))) return false;
  }
  return true;
}

}  // namespace nk_test
