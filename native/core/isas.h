// The instruction sets that kernels are compiled for, by architecture: the list of cmake/Isa.cmake once more.
//
//   NK_DECLARE_TABLES(type, name)  a kernel file's table, declared as nk::<isa>::name for each
//   NK_TABLES(name)                their addresses, as an isa_tables<type>
#pragma once

#include <normkernels/nk_types.h>

#include <cstdint>

#define NK_DECLARE_TABLE(isa, type, name) \
  namespace nk {                          \
  namespace isa {                         \
  extern const type name;                 \
  }                                       \
  }

#if defined(__aarch64__) || defined(_M_ARM64)
#define NK_ARM64 1
#define NK_DECLARE_TABLES(type, name)  \
  NK_DECLARE_TABLE(scalar, type, name) \
  NK_DECLARE_TABLE(neon, type, name)
#define NK_TABLES(name) \
  { &nk::scalar::name, &nk::neon::name }
#else
#define NK_ARM64 0
#define NK_DECLARE_TABLES(type, name)  \
  NK_DECLARE_TABLE(scalar, type, name) \
  NK_DECLARE_TABLE(avx2, type, name)   \
  NK_DECLARE_TABLE(avx512, type, name)
#define NK_TABLES(name) \
  { &nk::scalar::name, &nk::avx2::name, &nk::avx512::name }
#endif

namespace nk {

struct isa_name {
  nk_isa isa;
  const char* name;
};

// In rising order, that of NK_TABLES.
#if NK_ARM64
constexpr isa_name kIsas[] = {{NK_ISA_SCALAR, "scalar"}, {NK_ISA_NEON, "neon"}};
#else
constexpr isa_name kIsas[] = {{NK_ISA_SCALAR, "scalar"}, {NK_ISA_AVX2, "avx2"}, {NK_ISA_AVX512, "avx512"}};
#endif
constexpr int kIsaCount = sizeof kIsas / sizeof *kIsas;

// Where a table of kernels is, by place_of() an instruction set.
template <class Table>
using isa_tables = const Table* const[kIsaCount];

// The place of an instruction set among those of this architecture, or -1.
constexpr int place_of(std::int32_t isa) {
  for (int i = 0; i < kIsaCount; ++i) {
    if (kIsas[i].isa == isa) return i;
  }
  return -1;
}

}  // namespace nk
