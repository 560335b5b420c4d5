/* Loads the library as .NET does, calls a norm of each skeleton on every instruction set, and prints one line that
 * ends alike wherever the library keeps its promise of equal bits. Needs the C library alone, so that it runs where the
 * tests do not: under musl, under Wine and under qemu-user (cmake/LoadTests.cmake).
 *
 * load_test LIBRARY */
#if defined(_WIN32)
#include <windows.h>
#else
#include <dlfcn.h>
#endif

#include <normkernels/nk_group_norm.h>
#include <normkernels/nk_layer_norm.h>
#include <normkernels/nk_matrix_norm.h>
#include <normkernels/nk_rms_norm.h>
#include <normkernels/nk_runtime.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  kRows = 7,
  kCols = 301,
  kChannels = 12,
  kSpatial = 25,
  kMatrix = 19,
  kMost = kRows * kCols,
  kWorkspace = 1 << 20
};

static uint32_t x[kMost], dy[kMost], y[kMost], weight[kCols], statistics[2][kMost], gradients[2][kCols];
static uint64_t workspace[kWorkspace / 8];
static uint64_t hash;

static void* symbol(const char* path, const char* name) {
  void* address;
#if defined(_WIN32)
  const HMODULE library = LoadLibraryA(path);
  address = library == NULL ? NULL : (void*)(intptr_t)GetProcAddress(library, name);
  if (address == NULL) fprintf(stderr, "%s, %s: error %lu\n", path, name, (unsigned long)GetLastError());
#else
  void* const library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  address = library == NULL ? NULL : dlsym(library, name);
  if (address == NULL) fprintf(stderr, "%s\n", dlerror());
#endif
  if (address == NULL) exit(1);
  return address;
}

static void check(const char* what, nk_status status) {
  if (status == NK_OK) return;
  fprintf(stderr, "%s: status %d\n", what, (int)status);
  exit(1);
}

/* FNV-1a. */
static void add_to_hash(const void* data, size_t size) {
  for (size_t i = 0; i < size; ++i) hash = (hash ^ ((const unsigned char*)data)[i]) * 1099511628211u;
}

/* Numbers of all signs from 2^-7 to 2. */
static void fill(void* tensor, int count, uint32_t seed, int32_t dtype) {
  for (int i = 0; i < count; ++i) {
    seed = seed * 1664525u + 1013904223u;
    const uint32_t mantissa = seed & 0x807fffffu, below = seed >> 29;
    if (dtype == NK_F32) {
      ((uint32_t*)tensor)[i] = mantissa | (127 - below) << 23;
    } else if (dtype == NK_F16) {
      ((uint16_t*)tensor)[i] = (uint16_t)((mantissa >> 16 & 0x8000u) | (mantissa >> 13 & 0x3ffu) | (15 - below) << 10);
    } else {
      ((uint16_t*)tensor)[i] = (uint16_t)((mantissa | (127 - below) << 23) >> 16);
    }
  }
}

static void fill_inputs(int32_t dtype) {
  fill(x, kMost, 1, dtype);
  fill(dy, kMost, 2, dtype);
  fill(weight, kCols, 3, dtype);
}

static void rows(const char* path, nk_isa isa, int32_t dtype) {
  nk_row_norm_forward_params forward = {.struct_size = sizeof forward, .isa = isa, .epsilon = 1e-5};
  forward.dtype = dtype;
  forward.param_dtype = dtype;
  forward.rows = kRows;
  forward.cols = kCols;
  forward.x = x;
  forward.y = y;
  forward.weight = weight;
  forward.rstd = (float*)statistics[1];
  check("nk_rms_norm_forward",
        ((nk_status(*)(const nk_row_norm_forward_params*))symbol(path, "nk_rms_norm_forward"))(&forward));
  add_to_hash(y, sizeof y);
  forward.bias = weight;
  forward.mean = (float*)statistics[0];
  check("nk_layer_norm_forward",
        ((nk_status(*)(const nk_row_norm_forward_params*))symbol(path, "nk_layer_norm_forward"))(&forward));
  add_to_hash(y, sizeof y);
  add_to_hash(statistics, sizeof statistics);

  nk_row_norm_backward_params backward = {.struct_size = sizeof backward, .isa = isa, .epsilon = 1e-5};
  backward.dtype = dtype;
  backward.param_dtype = dtype;
  backward.rows = kRows;
  backward.cols = kCols;
  backward.dy = dy;
  backward.x = x;
  backward.dx = y;
  backward.weight = weight;
  backward.mean = (const float*)statistics[0];
  backward.rstd = (const float*)statistics[1];
  backward.dweight = (float*)gradients[0];
  backward.dbias = (float*)gradients[1];
  backward.workspace = workspace;
  backward.workspace_size = sizeof workspace;
  check("nk_layer_norm_backward",
        ((nk_status(*)(const nk_row_norm_backward_params*))symbol(path, "nk_layer_norm_backward"))(&backward));
  add_to_hash(y, sizeof y);
  add_to_hash(gradients, sizeof gradients);
}

static void channels(const char* path, nk_isa isa, int32_t layout) {
  nk_channel_norm_forward_params forward = {.struct_size = sizeof forward, .isa = isa, .epsilon = 1e-5};
  forward.layout = layout;
  forward.batch = kRows;
  forward.channels = kChannels;
  forward.spatial = kSpatial;
  forward.groups = 3;
  forward.x = x;
  forward.y = y;
  forward.weight = weight;
  check("nk_group_norm_forward",
        ((nk_status(*)(const nk_channel_norm_forward_params*))symbol(path, "nk_group_norm_forward"))(&forward));
  add_to_hash(y, sizeof y);

  nk_channel_norm_backward_params backward = {.struct_size = sizeof backward, .isa = isa, .epsilon = 1e-5};
  backward.layout = layout;
  backward.batch = kRows;
  backward.channels = kChannels;
  backward.spatial = kSpatial;
  backward.groups = 3;
  backward.dy = dy;
  backward.x = x;
  backward.dx = y;
  backward.weight = weight;
  backward.dweight = (float*)gradients[0];
  backward.dbias = (float*)gradients[1];
  backward.workspace = workspace;
  backward.workspace_size = sizeof workspace;
  check("nk_group_norm_backward",
        ((nk_status(*)(const nk_channel_norm_backward_params*))symbol(path, "nk_group_norm_backward"))(&backward));
  add_to_hash(y, sizeof y);
  add_to_hash(gradients, sizeof gradients);
}

static void matrices(const char* path, nk_isa isa) {
  nk_reduction_forward_params forward = {.struct_size = sizeof forward, .isa = isa};
  forward.reduction.sizes[0] = 5;
  forward.reduction.sizes[1] = kMatrix;
  forward.reduction.sizes[2] = kMatrix;
  forward.reduction.rank = 3;
  forward.reduction.row_axis = 1;
  forward.reduction.column_axis = 2;
  forward.reduction.order = NK_MATRIX_NUCLEAR;
  forward.x = x;
  forward.norm = y;
  forward.workspace = workspace;
  forward.workspace_size = sizeof workspace;
  check("nk_matrix_norm_forward",
        ((nk_status(*)(const nk_reduction_forward_params*))symbol(path, "nk_matrix_norm_forward"))(&forward));
  add_to_hash(y, sizeof y);
}

int main(int argc, char** argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: load_test LIBRARY\n");
    return 2;
  }
  const char* const path = argv[1];
  const int32_t version = ((int32_t(*)(void))symbol(path, "nk_abi_version"))();
  if (version != NK_ABI_VERSION) {
    fprintf(stderr, "%s has ABI version %d, not %d\n", path, (int)version, NK_ABI_VERSION);
    return 1;
  }

  const nk_isa best = ((nk_isa(*)(void))symbol(path, "nk_best_isa"))();
  if (best == NK_ISA_BEST) {
    fprintf(stderr, "NK_MAX_ISA names no instruction set\n");
    return 1;
  }
  uint64_t first = 0;
  for (int isa = NK_ISA_SCALAR; isa <= (int)best; ++isa) {
    /* Those between are of another architecture. */
    if (best == NK_ISA_NEON && isa != NK_ISA_SCALAR && isa != NK_ISA_NEON) continue;
    memset(y, 0, sizeof y);
    memset(statistics, 0, sizeof statistics);
    hash = 14695981039346656037u;
    for (int32_t dtype = NK_BF16; dtype >= NK_F32; --dtype) {
      fill_inputs(dtype);
      rows(path, (nk_isa)isa, dtype);
    }
    for (int32_t layout = NK_CHANNELS_FIRST; layout <= NK_CHANNELS_LAST; ++layout) channels(path, (nk_isa)isa, layout);
    matrices(path, (nk_isa)isa);
    if (isa == NK_ISA_SCALAR) first = hash;
    if (hash != first) {
      fprintf(stderr, "the bits of instruction set %d are not those of the scalar build\n", isa);
      return 1;
    }
  }
  printf("instruction sets up to %d: %08lx%08lx\n", (int)best, (unsigned long)(hash >> 32),
         (unsigned long)(hash & 0xffffffffu));
  return 0;
}
