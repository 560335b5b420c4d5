/* Types shared by every function of the C ABI. Pure C; depends on nothing but <stdint.h>. */
#ifndef NORMKERNELS_NK_TYPES_H
#define NORMKERNELS_NK_TYPES_H

#include <stdint.h>

#if defined(_WIN32)
#if defined(NK_BUILDING_LIBRARY)
#define NK_API __declspec(dllexport)
#else
#define NK_API __declspec(dllimport)
#endif
#else
#define NK_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** What a call answers. Nothing is written unless the answer is NK_OK. */
typedef enum nk_status {
  NK_OK = 0,
  NK_ERROR_STRUCT_SIZE = 1, /* struct_size is not the size of a version of the struct known here */
  NK_ERROR_NULL = 2,        /* a required pointer is null, or one is given that the function has no use for */
  NK_ERROR_DTYPE = 3,       /* unknown dtype, or param_dtype is neither dtype nor NK_F32 */
  NK_ERROR_SHAPE = 4,       /* a negative size, a stride below cols, or rows * stride beyond int64 */
  NK_ERROR_EPSILON = 5,     /* epsilon is negative or NaN */
  NK_ERROR_FLAGS = 6,       /* a flag or stage that the function does not know */
  NK_ERROR_WORKSPACE = 7,   /* the workspace is missing or too small */
  NK_ERROR_ISA = 8,         /* the instruction set asked for is not available here, or NK_MAX_ISA names none */
  NK_ERROR_CUDA = 9,        /* CUDA refused; see nk_cuda_error */
} nk_status;

/** Element types. Arithmetic is always float32; a 16-bit type exists only at loads and stores. */
typedef enum nk_dtype {
  NK_F32 = 0,
  NK_F16 = 1,  /* IEEE binary16 */
  NK_BF16 = 2, /* bfloat16 */
} nk_dtype;

/** CPU instruction sets, those of x86-64 in rising order. All give the same bits. */
typedef enum nk_isa {
  NK_ISA_BEST = 0,   /* the best that is available (the default) */
  NK_ISA_SCALAR = 1, /* any x86-64 or arm64 */
  NK_ISA_AVX2 = 2,   /* AVX2, FMA, F16C */
  NK_ISA_AVX512 = 3, /* AVX-512 F, BW, VL, DQ */
  NK_ISA_NEON = 4,   /* NEON, which any arm64 has */
} nk_isa;

/** Bits of the `flags` fields. */
typedef enum nk_flags {
  NK_FLAG_NONE = 0,
  NK_FLAG_ZERO_CENTERED = 1, /* the stored weight is an offset from one: W = 1 + weight */
  NK_FLAG_ACCUMULATE = 2,    /* parameter gradients are added to (+=) and not overwritten (=) */
  NK_FLAG_INFERENCE = 4,     /* normalize by running statistics */
  NK_FLAG_ROUND_FIRST = 8, /* round to the tensors' dtype before quantizing, as a norm and a quantization apart would */
} nk_flags;

/** Outputs of 8 bits, with a scale for each row. */
typedef enum nk_quantize {
  NK_QUANTIZE_NONE = 0,
  NK_QUANTIZE_I8 = 1,   /* signed integers from -127 to 127, rounded to nearest even */
  NK_QUANTIZE_E4M3 = 2, /* floats of 8 bits (e4m3, no infinities) up to 448; on CUDA devices */
} nk_quantize;

/** How much of a call is done: everything, or one of its two stages, so that a caller can run the parts on threads of
 * its own, all with the same parameters but for the parts. The results have the same bits either way. */
typedef enum nk_stage {
  NK_STAGE_ALL = 0,
  NK_STAGE_PARTS = 1, /* the parts [part_begin, part_end), which are independent; sums over parts into the workspace */
  NK_STAGE_SUMS = 2,  /* results that are sums over all parts, from the workspace */
} nk_stage;

/** How a call is cut up; depends on the shape alone. */
typedef struct nk_plan {
  int64_t part_count;
  uint64_t workspace_size; /* bytes; what a call needs that needs any */
} nk_plan;

#ifdef __cplusplus
}
#endif

#endif
