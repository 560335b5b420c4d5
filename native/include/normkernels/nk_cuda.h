/* The norms on a CUDA device: libnormkernels_cuda, and libnormkernels_emu, which runs the same kernels on the CPU.
 *
 * Parameters are those of the CPU; pointers are to device memory, isa, stage and the parts are 0. A call enqueues its
 * work on the stream, in the caller's current device, and returns: it allocates nothing, waits for nothing, and can be
 * captured in a CUDA graph. The workspace must stay until the work is done; its size is asked for with
 * nk_cuda_*_workspace_size.
 *
 * On one type of device a slice's results depend, bit for bit, on that slice and how its elements lie beside one
 * another: not on how many such slices there are, on where they lie, or on alignment. Results agree with those of the
 * CPU within rounding, not to the bit; and so do, in norms over slices, results with statistics that were saved with
 * those where backward or jvp compute them again. */
#ifndef NORMKERNELS_NK_CUDA_H
#define NORMKERNELS_NK_CUDA_H

#include "nk_axis.h"
#include "nk_channel_norm.h"
#include "nk_reduction.h"
#include "nk_row_norm.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A cudaStream_t; null is the default stream. */
typedef void* nk_stream;

/** One device. */
typedef struct nk_device_info {
  char name[256];
  int32_t compute_major;
  int32_t compute_minor;
  int32_t multiprocessors;
  int32_t reserved; /* 0 */
  uint64_t memory;  /* bytes */
} nk_device_info;

/* What the library and this machine have. Every function that can fail for CUDA's reasons answers NK_ERROR_CUDA; then
 * nk_cuda_error says which. */

/** NK_ABI_VERSION of the library that was loaded. */
NK_API int32_t nk_cuda_abi_version(void);
/** The name and the sentence of the calling thread's last CUDA error, "cudaErrorNoDevice: no CUDA-capable device is
 *  detected"; a string that stays until the thread's next call. */
NK_API const char* nk_cuda_error(void);
/** The CUDA version of the driver (0: none) and that the library was built with, as 1000 * major + 10 * minor. */
NK_API nk_status nk_cuda_versions(int32_t* driver, int32_t* runtime);
NK_API nk_status nk_device_count(int32_t* count);
NK_API nk_status nk_device_describe(int32_t device, nk_device_info* info);
NK_API nk_status nk_device_current(int32_t* device);
NK_API nk_status nk_device_select(int32_t device);

/** Device memory of the current device, from the stream's pool: free when the stream gets there. */
NK_API nk_status nk_device_allocate(uint64_t bytes, nk_stream stream, void** memory);
NK_API nk_status nk_device_release(void* memory, nk_stream stream);
/** The device that a pointer belongs to; -1: none, it is host memory. */
NK_API nk_status nk_device_of(const void* memory, int32_t* device);
NK_API nk_status nk_device_copy_in(void* device_memory, const void* host_memory, uint64_t bytes, nk_stream stream);
NK_API nk_status nk_device_copy_out(void* host_memory, const void* device_memory, uint64_t bytes, nk_stream stream);
NK_API nk_status nk_device_copy(void* to, const void* from, uint64_t bytes, nk_stream stream);

NK_API nk_status nk_stream_create(nk_stream* stream);
NK_API nk_status nk_stream_destroy(nk_stream stream);
/** Waits; also reports errors of work that was enqueued before. */
NK_API nk_status nk_stream_synchronize(nk_stream stream);

/* The bytes of workspace that calls of a shape need, whatever their verb, dtype and pointers; 0: they take null. */

/** layer_norm and rms_norm: needed by backward with dweight or dbias alone. Depends on the current device. */
NK_API nk_status nk_cuda_row_norm_workspace_size(int64_t rows, int64_t cols, uint64_t* size);
/** group_norm, instance_norm and batch_norm. `groups` and `layout` as in the parameters; over_batch: whether slices are
 *  channels of the whole batch (batch_norm). Inference needs none. */
NK_API nk_status nk_cuda_channel_norm_workspace_size(int64_t batch, int64_t channels, int64_t spatial, int64_t groups,
                                                     int32_t layout, int32_t over_batch, uint64_t* size);
/** axis_norm and l2_normalize; with keeps_axis weight_norm. */
NK_API nk_status nk_cuda_axis_workspace_size(int64_t outer, int64_t length, int64_t inner, int32_t keeps_axis,
                                             uint64_t* size);
NK_API nk_status nk_cuda_vector_norm_workspace_size(const nk_reduction* reduction, uint64_t* size);
/** For all matrices at once. */
NK_API nk_status nk_cuda_matrix_norm_workspace_size(const nk_reduction* reduction, uint64_t* size);

#define NK_CUDA_VERBS(room, family)                                                                          \
  NK_API nk_status nk_cuda_##room##_forward(const nk_##family##_forward_params* params, nk_stream stream);   \
  NK_API nk_status nk_cuda_##room##_backward(const nk_##family##_backward_params* params, nk_stream stream); \
  NK_API nk_status nk_cuda_##room##_jvp(const nk_##family##_jvp_params* params, nk_stream stream)

NK_CUDA_VERBS(layer_norm, row_norm);
NK_CUDA_VERBS(rms_norm, row_norm);
NK_CUDA_VERBS(group_norm, channel_norm);
NK_CUDA_VERBS(instance_norm, channel_norm);
NK_CUDA_VERBS(batch_norm, channel_norm);
NK_CUDA_VERBS(axis_norm, axis);
NK_CUDA_VERBS(l2_normalize, axis);
NK_CUDA_VERBS(weight_norm, axis);
NK_CUDA_VERBS(vector_norm, reduction);
NK_CUDA_VERBS(matrix_norm, reduction);

#undef NK_CUDA_VERBS

#ifdef __cplusplus
}
#endif

#endif
