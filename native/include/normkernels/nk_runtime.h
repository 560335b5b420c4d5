/* What the library is and what this machine lets it use. */
#ifndef NORMKERNELS_NK_RUNTIME_H
#define NORMKERNELS_NK_RUNTIME_H

#include "nk_types.h"

/** Raised whenever a struct or a function changes in a way that old callers cannot take. */
#define NK_ABI_VERSION 1

#ifdef __cplusplus
extern "C" {
#endif

/** NK_ABI_VERSION of the library that was loaded. */
NK_API int32_t nk_abi_version(void);

/** The library's version, "0.1.0"; a static string. */
NK_API const char* nk_version(void);

/** A static English sentence for a status. */
NK_API const char* nk_status_message(nk_status status);

/** The best instruction set that the processor, the operating system and NK_MAX_ISA allow; NK_ISA_BEST (0) when
 *  NK_MAX_ISA holds anything but scalar, on x86-64 avx2 or avx512, on arm64 neon. */
NK_API nk_isa nk_best_isa(void);

/** The best instruction set that the processor and the operating system allow, whatever NK_MAX_ISA says. */
NK_API nk_isa nk_hardware_isa(void);

/** One field of one struct as the library was compiled, for checking bindings. Types are those of C without const,
 *  "float*", "int64_t[8]". */
typedef struct nk_field_layout {
  const char* struct_name;
  const char* field_name;
  const char* field_type;
  uint64_t offset;
  uint64_t size;
  uint64_t struct_size;
} nk_field_layout;

/** One value of one enum. */
typedef struct nk_enumerator {
  const char* enum_name;
  const char* name;
  int64_t value;
} nk_enumerator;

/** One function of the headers, be it in this library or in that for CUDA: "nk_status(int64_t, nk_plan*)". */
typedef struct nk_entry_point {
  const char* name;
  const char* signature;
} nk_entry_point;

/** The layout of every struct of the ABI, field by field; a static array of *count entries. */
NK_API const nk_field_layout* nk_abi_layout(int64_t* count);
/** The values of every enum of the ABI; a static array of *count entries. */
NK_API const nk_enumerator* nk_abi_enumerators(int64_t* count);
/** The functions of the ABI; a static array of *count entries. */
NK_API const nk_entry_point* nk_abi_entry_points(int64_t* count);

#ifdef __cplusplus
}
#endif

#endif
