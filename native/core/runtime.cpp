#include <normkernels/nk_runtime.h>

#include "cpu.h"

int32_t nk_abi_version(void) {
  return NK_ABI_VERSION;
}

const char* nk_version(void) {
  return NK_VERSION;
}

const char* nk_status_message(nk_status status) {
  switch (status) {
    case NK_OK:
      return "no error";
    case NK_ERROR_STRUCT_SIZE:
      return "the parameter struct has a size that this version of the library does not know";
    case NK_ERROR_NULL:
      return "a required pointer is null, or one was given that the function has no use for";
    case NK_ERROR_DTYPE:
      return "the dtype is unknown, or the parameters' dtype is neither the tensors' nor f32";
    case NK_ERROR_SHAPE:
      return "a size is negative, a stride is below the number of columns, or the tensor is beyond int64 bytes";
    case NK_ERROR_EPSILON:
      return "epsilon is negative or NaN";
    case NK_ERROR_FLAGS:
      return "a flag or stage that the function does not know";
    case NK_ERROR_WORKSPACE:
      return "the workspace is missing or too small";
    case NK_ERROR_ISA:
      return "the instruction set asked for is not available here, or NK_MAX_ISA is not scalar, on x86-64 avx2 or "
             "avx512, or on arm64 neon";
    case NK_ERROR_CUDA:
      return "CUDA refused";
  }
  return "unknown status";
}

nk_isa nk_best_isa(void) {
  return nk::best_isa();
}

nk_isa nk_hardware_isa(void) {
  return nk::hardware_isa();
}
