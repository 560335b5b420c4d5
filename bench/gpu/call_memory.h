// Device memory for every_kernel.cpp: filled, or left as it is allocated, and looked at after a call.
#pragma once

#include <normkernels/nk_cuda.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <string>
#include <vector>

namespace {

nk_stream stream = nullptr;
int calls = 0;

void require(nk_status status, const std::string& what) {
  if (status == NK_OK) return;
  std::fprintf(stderr, "%s: status %d, %s\n", what.c_str(), static_cast<int>(status), nk_cuda_error());
  std::exit(1);
}

std::int64_t size_of(std::int32_t dtype) {
  return dtype == NK_F32 ? 4 : 2;
}

bool is_finite(const unsigned char* bytes, std::int32_t dtype) {
  std::uint32_t bits = 0;
  std::memcpy(&bits, bytes, static_cast<std::size_t>(size_of(dtype)));
  const std::uint32_t exponent = dtype == NK_F32 ? 0x7f800000u : dtype == NK_F16 ? 0x7c00u : 0x7f80u;
  return (bits & exponent) != exponent;
}

// Device memory of one call, given back after it.
class memory {
 public:
  memory() = default;
  memory(const memory&) = delete;
  memory& operator=(const memory&) = delete;
  ~memory() {
    for (const auto& a : all_) nk_device_release(a.base, stream);
  }

  // Not filled. `offset`: how many elements its start lies behind an allocation's.
  void* room(std::int64_t count, std::int32_t dtype, int offset = 0) {
    return take(count, size_of(dtype), dtype, offset);
  }
  void* bytes(std::uint64_t size) { return take(static_cast<std::int64_t>(size), 1, -1, 0); }
  float* floats(std::int64_t count) { return static_cast<float*>(room(count, NK_F32)); }

  // Magnitudes between a half and two, of either sign unless `positive`.
  void* filled(std::int64_t count, std::int32_t dtype, int offset = 0, bool positive = false) {
    void* const p = room(count, dtype, offset);
    if (count == 0) return p;
    // What lies before it too: read it is, in the same 16 bytes, but not used.
    const std::int64_t all = count + offset;
    std::vector<unsigned char> host(static_cast<std::size_t>(all * size_of(dtype)));
    for (std::int64_t i = 0; i < all; ++i) {
      seed_ = seed_ * 6364136223846793005ull + 1442695040888963407ull;
      const std::uint32_t random = static_cast<std::uint32_t>(seed_ >> 32);
      const std::uint32_t sign = positive ? 0u : random >> 31;
      unsigned char* const at = host.data() + i * size_of(dtype);
      if (dtype == NK_F32) {
        const std::uint32_t bits = sign << 31 | (0x7eu + (random >> 30 & 1u)) << 23 | (random & 0x7fffffu);
        std::memcpy(at, &bits, 4);
      } else {
        const std::uint32_t fraction = dtype == NK_F16 ? 10 : 7, half = dtype == NK_F16 ? 14 : 0x7e;
        const std::uint16_t bits = static_cast<std::uint16_t>(sign << 15 | (half + (random >> 30 & 1u)) << fraction |
                                                              (random & ((1u << fraction) - 1u)));
        std::memcpy(at, &bits, 2);
      }
    }
    require(
        nk_device_copy_in(static_cast<unsigned char*>(p) - offset * size_of(dtype), host.data(), host.size(), stream),
        "copy in");
    return p;
  }
  float* filled_floats(std::int64_t count, bool positive = false) {
    return static_cast<float*>(filled(count, NK_F32, 0, positive));
  }

  // Waits for the call, and looks at what it has written.
  void check(const std::string& what, std::initializer_list<const void*> outputs) {
    require(nk_stream_synchronize(stream), what);
    ++calls;
    for (const void* output : outputs) {
      if (output == nullptr) continue;
      for (const auto& a : all_) {
        if (a.start != output) continue;
        std::vector<unsigned char> host(static_cast<std::size_t>(a.count * a.size));
        require(nk_device_copy_out(host.data(), a.start, host.size(), stream), "copy out");
        require(nk_stream_synchronize(stream), "copy out");
        for (std::int64_t i = 0; a.dtype >= 0 && i < a.count; ++i) {
          if (is_finite(host.data() + i * a.size, a.dtype)) continue;
          std::fprintf(stderr, "%s: element %lld is not finite\n", what.c_str(), static_cast<long long>(i));
          std::exit(1);
        }
      }
    }
  }

 private:
  struct allocation {
    void* base;
    void* start;
    std::int64_t count;
    std::int64_t size;
    std::int32_t dtype;
  };

  void* take(std::int64_t count, std::int64_t size, std::int32_t dtype, int offset) {
    if (count == 0) return nullptr;
    void* base = nullptr;
    require(nk_device_allocate(static_cast<std::uint64_t>((count + offset) * size), stream, &base), "allocate");
    void* const start = static_cast<unsigned char*>(base) + offset * size;
    all_.push_back({base, start, count, size, dtype});
    return start;
  }

  std::vector<allocation> all_;
  std::uint64_t seed_ = 1;
};

}  // namespace
