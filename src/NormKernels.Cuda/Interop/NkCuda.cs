using System.Runtime.InteropServices;

using NormKernels.Interop;

namespace NormKernels.Cuda.Interop;

// nk_cuda.h. The names are those of the C header; an nk_stream is a nint.

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct nk_device_info
{
    public fixed byte name[256];
    public int compute_major;
    public int compute_minor;
    public int multiprocessors;
    public int reserved;
    public ulong memory;
}

internal static unsafe partial class NkCuda
{
    [LibraryImport(CudaLibraryLoader.Name)]
    public static partial int nk_cuda_abi_version();

    [LibraryImport(CudaLibraryLoader.Name)]
    public static partial byte* nk_cuda_error();

    [LibraryImport(CudaLibraryLoader.Name)]
    public static partial nk_status nk_cuda_versions(int* driver, int* runtime);

    [LibraryImport(CudaLibraryLoader.Name)]
    public static partial nk_status nk_device_count(int* count);

    [LibraryImport(CudaLibraryLoader.Name)]
    public static partial nk_status nk_device_describe(int device, nk_device_info* info);

    [LibraryImport(CudaLibraryLoader.Name)]
    public static partial nk_status nk_device_current(int* device);

    [LibraryImport(CudaLibraryLoader.Name)]
    public static partial nk_status nk_device_select(int device);

    [LibraryImport(CudaLibraryLoader.Name)]
    public static partial nk_status nk_device_allocate(ulong bytes, nint stream, void** memory);

    [LibraryImport(CudaLibraryLoader.Name)]
    public static partial nk_status nk_device_release(void* memory, nint stream);

    [LibraryImport(CudaLibraryLoader.Name)]
    public static partial nk_status nk_device_of(void* memory, int* device);

    [LibraryImport(CudaLibraryLoader.Name)]
    public static partial nk_status nk_device_copy_in(void* device_memory, void* host_memory, ulong bytes, nint stream);

    [LibraryImport(CudaLibraryLoader.Name)]
    public static partial nk_status nk_device_copy_out(void* host_memory, void* device_memory, ulong bytes, nint stream);

    [LibraryImport(CudaLibraryLoader.Name)]
    public static partial nk_status nk_device_copy(void* to, void* from, ulong bytes, nint stream);

    [LibraryImport(CudaLibraryLoader.Name)]
    public static partial nk_status nk_stream_create(nint* stream);

    [LibraryImport(CudaLibraryLoader.Name)]
    public static partial nk_status nk_stream_destroy(nint stream);

    [LibraryImport(CudaLibraryLoader.Name)]
    public static partial nk_status nk_stream_synchronize(nint stream);

    [LibraryImport(CudaLibraryLoader.Name)]
    public static partial nk_status nk_cuda_row_norm_workspace_size(long rows, long cols, ulong* size);

    [LibraryImport(CudaLibraryLoader.Name)]
    public static partial nk_status nk_cuda_channel_norm_workspace_size(
        long batch, long channels, long spatial, long groups, int layout, int over_batch, ulong* size);

    [LibraryImport(CudaLibraryLoader.Name)]
    public static partial nk_status nk_cuda_axis_workspace_size(
        long outer, long length, long inner, int keeps_axis, ulong* size);

    [LibraryImport(CudaLibraryLoader.Name)]
    public static partial nk_status nk_cuda_vector_norm_workspace_size(nk_reduction* reduction, ulong* size);

    [LibraryImport(CudaLibraryLoader.Name)]
    public static partial nk_status nk_cuda_matrix_norm_workspace_size(nk_reduction* reduction, ulong* size);

    [LibraryImport(CudaLibraryLoader.Name)]
    public static partial nk_status nk_cuda_layer_norm_forward(nk_row_norm_forward_params* parameters, nint stream);

    [LibraryImport(CudaLibraryLoader.Name)]
    public static partial nk_status nk_cuda_layer_norm_backward(nk_row_norm_backward_params* parameters, nint stream);

    [LibraryImport(CudaLibraryLoader.Name)]
    public static partial nk_status nk_cuda_layer_norm_jvp(nk_row_norm_jvp_params* parameters, nint stream);

    [LibraryImport(CudaLibraryLoader.Name)]
    public static partial nk_status nk_cuda_rms_norm_forward(nk_row_norm_forward_params* parameters, nint stream);

    [LibraryImport(CudaLibraryLoader.Name)]
    public static partial nk_status nk_cuda_rms_norm_backward(nk_row_norm_backward_params* parameters, nint stream);

    [LibraryImport(CudaLibraryLoader.Name)]
    public static partial nk_status nk_cuda_rms_norm_jvp(nk_row_norm_jvp_params* parameters, nint stream);

    [LibraryImport(CudaLibraryLoader.Name)]
    public static partial nk_status nk_cuda_group_norm_forward(nk_channel_norm_forward_params* parameters, nint stream);

    [LibraryImport(CudaLibraryLoader.Name)]
    public static partial nk_status nk_cuda_group_norm_backward(
        nk_channel_norm_backward_params* parameters, nint stream);

    [LibraryImport(CudaLibraryLoader.Name)]
    public static partial nk_status nk_cuda_group_norm_jvp(nk_channel_norm_jvp_params* parameters, nint stream);

    [LibraryImport(CudaLibraryLoader.Name)]
    public static partial nk_status nk_cuda_instance_norm_forward(
        nk_channel_norm_forward_params* parameters, nint stream);

    [LibraryImport(CudaLibraryLoader.Name)]
    public static partial nk_status nk_cuda_instance_norm_backward(
        nk_channel_norm_backward_params* parameters, nint stream);

    [LibraryImport(CudaLibraryLoader.Name)]
    public static partial nk_status nk_cuda_instance_norm_jvp(nk_channel_norm_jvp_params* parameters, nint stream);

    [LibraryImport(CudaLibraryLoader.Name)]
    public static partial nk_status nk_cuda_batch_norm_forward(nk_channel_norm_forward_params* parameters, nint stream);

    [LibraryImport(CudaLibraryLoader.Name)]
    public static partial nk_status nk_cuda_batch_norm_backward(
        nk_channel_norm_backward_params* parameters, nint stream);

    [LibraryImport(CudaLibraryLoader.Name)]
    public static partial nk_status nk_cuda_batch_norm_jvp(nk_channel_norm_jvp_params* parameters, nint stream);

    [LibraryImport(CudaLibraryLoader.Name)]
    public static partial nk_status nk_cuda_axis_norm_forward(nk_axis_forward_params* parameters, nint stream);

    [LibraryImport(CudaLibraryLoader.Name)]
    public static partial nk_status nk_cuda_axis_norm_backward(nk_axis_backward_params* parameters, nint stream);

    [LibraryImport(CudaLibraryLoader.Name)]
    public static partial nk_status nk_cuda_axis_norm_jvp(nk_axis_jvp_params* parameters, nint stream);

    [LibraryImport(CudaLibraryLoader.Name)]
    public static partial nk_status nk_cuda_l2_normalize_forward(nk_axis_forward_params* parameters, nint stream);

    [LibraryImport(CudaLibraryLoader.Name)]
    public static partial nk_status nk_cuda_l2_normalize_backward(nk_axis_backward_params* parameters, nint stream);

    [LibraryImport(CudaLibraryLoader.Name)]
    public static partial nk_status nk_cuda_l2_normalize_jvp(nk_axis_jvp_params* parameters, nint stream);

    [LibraryImport(CudaLibraryLoader.Name)]
    public static partial nk_status nk_cuda_weight_norm_forward(nk_axis_forward_params* parameters, nint stream);

    [LibraryImport(CudaLibraryLoader.Name)]
    public static partial nk_status nk_cuda_weight_norm_backward(nk_axis_backward_params* parameters, nint stream);

    [LibraryImport(CudaLibraryLoader.Name)]
    public static partial nk_status nk_cuda_weight_norm_jvp(nk_axis_jvp_params* parameters, nint stream);

    [LibraryImport(CudaLibraryLoader.Name)]
    public static partial nk_status nk_cuda_vector_norm_forward(nk_reduction_forward_params* parameters, nint stream);

    [LibraryImport(CudaLibraryLoader.Name)]
    public static partial nk_status nk_cuda_vector_norm_backward(nk_reduction_backward_params* parameters, nint stream);

    [LibraryImport(CudaLibraryLoader.Name)]
    public static partial nk_status nk_cuda_vector_norm_jvp(nk_reduction_jvp_params* parameters, nint stream);

    [LibraryImport(CudaLibraryLoader.Name)]
    public static partial nk_status nk_cuda_matrix_norm_forward(nk_reduction_forward_params* parameters, nint stream);

    [LibraryImport(CudaLibraryLoader.Name)]
    public static partial nk_status nk_cuda_matrix_norm_backward(nk_reduction_backward_params* parameters, nint stream);

    [LibraryImport(CudaLibraryLoader.Name)]
    public static partial nk_status nk_cuda_matrix_norm_jvp(nk_reduction_jvp_params* parameters, nint stream);
}
