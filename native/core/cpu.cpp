#include "cpu.h"

#include <cstdlib>
#include <cstring>

#if !NK_ARM64
#if defined(_MSC_VER)
#include <immintrin.h>
#include <intrin.h>
#else
#include <cpuid.h>
#endif
#endif

namespace nk {
namespace {

constexpr std::uint64_t kNeverStream = ~std::uint64_t{0};

#if NK_ARM64

// Advanced SIMD is part of the architecture.
nk_isa detect_hardware() {
  return NK_ISA_NEON;
}

std::uint64_t detect_streaming_bytes() {
  return kNeverStream;
}

bool detect_bf16() {
  return false;
}

#else

struct cpuid_result {
  unsigned eax, ebx, ecx, edx;
};

cpuid_result cpuid(unsigned leaf, unsigned subleaf = 0) {
  cpuid_result r = {};
#if defined(_MSC_VER)
  int regs[4];
  __cpuidex(regs, static_cast<int>(leaf), static_cast<int>(subleaf));
  r = {static_cast<unsigned>(regs[0]), static_cast<unsigned>(regs[1]), static_cast<unsigned>(regs[2]),
       static_cast<unsigned>(regs[3])};
#else
  __cpuid_count(leaf, subleaf, r.eax, r.ebx, r.ecx, r.edx);
#endif
  return r;
}

// The register states that the operating system saves. A processor with AVX-512 under a system that does not save its
// registers would run and then corrupt them.
unsigned long long saved_states() {
#if defined(_MSC_VER)
  return _xgetbv(0);
#else
  unsigned low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (static_cast<unsigned long long>(high) << 32) | low;
#endif
}

bool all(unsigned value, unsigned bits) {
  return (value & bits) == bits;
}

nk_isa detect_hardware() {
  if (cpuid(0).eax < 7) return NK_ISA_SCALAR;
  const cpuid_result one = cpuid(1);
  constexpr unsigned kFma = 1u << 12, kOsxsave = 1u << 27, kAvx = 1u << 28, kF16c = 1u << 29;
  if (!all(one.ecx, kFma | kOsxsave | kAvx | kF16c)) return NK_ISA_SCALAR;
  const cpuid_result seven = cpuid(7);
  constexpr unsigned kAvx2 = 1u << 5;
  constexpr unsigned kAvx512 = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31;  // F, DQ, BW, VL
  constexpr unsigned long long kYmm = 0x6, kZmm = 0xe6;
  const unsigned long long states = saved_states();
  if (!all(seven.ebx, kAvx2) || (states & kYmm) != kYmm) return NK_ISA_SCALAR;
  return all(seven.ebx, kAvx512) && (states & kZmm) == kZmm ? NK_ISA_AVX512 : NK_ISA_AVX2;
}

bool detect_bf16() {
  constexpr unsigned kBf16 = 1u << 5;
  return detect_hardware() == NK_ISA_AVX512 && cpuid(7).eax >= 1 && all(cpuid(7, 1).eax, kBf16);
}

// The last-level cache that a core of an AMD processor shares with its neighbours. Virtual machines may hide its
// topology and show only the sum over the whole socket (508 MiB were seen on a Zen 5 whose cores share 32): no core has
// more than kMostShared to itself then.
std::uint64_t amd_last_level_cache() {
  constexpr unsigned kCaches = 0x8000001d, kOldCaches = 0x80000006;
  constexpr std::uint64_t kMostShared = std::uint64_t{32} << 20;
  const unsigned last_leaf = cpuid(0x80000000).eax;
  std::uint64_t largest = 0;
  for (unsigned i = 0; i < 8 && last_leaf >= kCaches; ++i) {
    const cpuid_result cache = cpuid(kCaches, i);
    if ((cache.eax & 31) == 0) break;
    const std::uint64_t ways = (cache.ebx >> 22) + 1, partitions = ((cache.ebx >> 12) & 0x3ff) + 1;
    const std::uint64_t size = ways * partitions * ((cache.ebx & 0xfff) + 1) * (std::uint64_t{cache.ecx} + 1);
    if (size > largest) largest = size;
  }
  if (largest != 0 || last_leaf < kOldCaches) return largest;
  const std::uint64_t whole = (std::uint64_t{cpuid(kOldCaches).edx} >> 18) * (512 << 10);
  return whole < kMostShared ? whole : kMostShared;
}

std::uint64_t detect_streaming_bytes() {
  const cpuid_result zero = cpuid(0);
  const bool amd = zero.ebx == 0x68747541 && zero.edx == 0x69746e65 && zero.ecx == 0x444d4163;  // "AuthenticAMD"
  const std::uint64_t cache = amd ? amd_last_level_cache() : 0;
  return cache != 0 ? cache : kNeverStream;
}

#endif

// The place of the best instruction set that NK_MAX_ISA leaves; -1 where it holds the name of none.
int apply_cap(int hardware) {
  const char* const cap = std::getenv("NK_MAX_ISA");
  if (cap == nullptr || *cap == '\0') return hardware;
  for (int place = 0; place < kIsaCount; ++place) {
    if (std::strcmp(cap, kIsas[place].name) == 0) return place < hardware ? place : hardware;
  }
  return -1;
}

// Places; see isas.h.
const int kHardware = place_of(detect_hardware());
const int kBest = apply_cap(kHardware);
const std::uint64_t kStreamingBytes = detect_streaming_bytes();

}  // namespace

const bool kConvertsBf16 = detect_bf16();

nk_isa hardware_isa() {
  return kIsas[kHardware].isa;
}
nk_isa best_isa() {
  return kBest < 0 ? NK_ISA_BEST : kIsas[kBest].isa;
}
std::uint64_t streaming_bytes() {
  return kStreamingBytes;
}

nk_status resolve_isa(std::int32_t requested, int* place) {
  const int wanted = requested == NK_ISA_BEST ? kBest : place_of(requested);
  if (wanted < 0 || wanted > kBest) return NK_ERROR_ISA;
  *place = wanted;
  return NK_OK;
}

}  // namespace nk
