using System.Runtime.InteropServices;

namespace NormKernels.Interop;

// nk_channel_norm.h, nk_group_norm.h, nk_instance_norm.h, nk_batch_norm.h. The names are those of the C headers.

internal enum nk_channel_layout
{
    NK_CHANNELS_FIRST = 0,
    NK_CHANNELS_LAST = 1,
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe partial struct nk_channel_norm_forward_params
{
    public ulong struct_size;
    public nk_dtype dtype;
    public nk_dtype param_dtype;
    public nk_isa isa;
    public nk_flags flags;
    public nk_channel_layout layout;
    public nk_stage stage;
    public long batch;
    public long channels;
    public long spatial;
    public long groups;
    public double epsilon;
    public double momentum;
    public void* x;
    public void* y;
    public void* weight;
    public void* bias;
    public float* mean;
    public float* rstd;
    public float* running_mean;
    public float* running_var;
    public void* workspace;
    public ulong workspace_size;
    public long part_begin;
    public long part_end;
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe partial struct nk_channel_norm_backward_params
{
    public ulong struct_size;
    public nk_dtype dtype;
    public nk_dtype param_dtype;
    public nk_isa isa;
    public nk_flags flags;
    public nk_channel_layout layout;
    public nk_stage stage;
    public long batch;
    public long channels;
    public long spatial;
    public long groups;
    public double epsilon;
    public void* dy;
    public void* x;
    public void* dx;
    public void* weight;
    public float* mean;
    public float* rstd;
    public float* running_mean;
    public float* running_var;
    public float* dweight;
    public float* dbias;
    public void* workspace;
    public ulong workspace_size;
    public long part_begin;
    public long part_end;
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe partial struct nk_channel_norm_jvp_params
{
    public ulong struct_size;
    public nk_dtype dtype;
    public nk_dtype param_dtype;
    public nk_isa isa;
    public nk_flags flags;
    public nk_channel_layout layout;
    public nk_stage stage;
    public long batch;
    public long channels;
    public long spatial;
    public long groups;
    public double epsilon;
    public void* x;
    public void* tan_x;
    public void* jvp_y;
    public void* weight;
    public void* tan_weight;
    public void* tan_bias;
    public float* mean;
    public float* rstd;
    public float* running_mean;
    public float* running_var;
    public long part_begin;
    public long part_end;
    public void* workspace;
    public ulong workspace_size;
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe partial struct nk_batch_norm_fold_params
{
    public ulong struct_size;
    public nk_dtype param_dtype;
    public int reserved;
    public long channels;
    public double epsilon;
    public float* running_mean;
    public float* running_var;
    public void* weight;
    public void* bias;
    public double* scale;
    public double* shift;
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe partial struct nk_batch_norm_apply_params
{
    public ulong struct_size;
    public nk_dtype dtype;
    public nk_isa isa;
    public nk_channel_layout layout;
    public nk_stage stage;
    public long batch;
    public long channels;
    public long spatial;
    public void* x;
    public void* y;
    public double* scale;
    public double* shift;
    public long part_begin;
    public long part_end;
}

internal static unsafe partial class NkChannelNorm
{
    [LibraryImport(NativeLibraryLoader.Name)]
    public static partial nk_status nk_group_norm_plan(
        long batch, long channels, long spatial, long groups, nk_channel_layout layout, nk_plan* plan);

    [LibraryImport(NativeLibraryLoader.Name)]
    public static partial nk_status nk_group_norm_forward(nk_channel_norm_forward_params* parameters);

    [LibraryImport(NativeLibraryLoader.Name)]
    public static partial nk_status nk_group_norm_backward(nk_channel_norm_backward_params* parameters);

    [LibraryImport(NativeLibraryLoader.Name)]
    public static partial nk_status nk_group_norm_jvp(nk_channel_norm_jvp_params* parameters);

    [LibraryImport(NativeLibraryLoader.Name)]
    public static partial nk_status nk_instance_norm_plan(
        long batch, long channels, long spatial, nk_channel_layout layout, nk_plan* plan);

    [LibraryImport(NativeLibraryLoader.Name)]
    public static partial nk_status nk_instance_norm_forward(nk_channel_norm_forward_params* parameters);

    [LibraryImport(NativeLibraryLoader.Name)]
    public static partial nk_status nk_instance_norm_backward(nk_channel_norm_backward_params* parameters);

    [LibraryImport(NativeLibraryLoader.Name)]
    public static partial nk_status nk_instance_norm_jvp(nk_channel_norm_jvp_params* parameters);

    [LibraryImport(NativeLibraryLoader.Name)]
    public static partial nk_status nk_batch_norm_plan(
        long batch, long channels, long spatial, nk_channel_layout layout, nk_plan* plan);

    [LibraryImport(NativeLibraryLoader.Name)]
    public static partial nk_status nk_batch_norm_forward(nk_channel_norm_forward_params* parameters);

    [LibraryImport(NativeLibraryLoader.Name)]
    public static partial nk_status nk_batch_norm_backward(nk_channel_norm_backward_params* parameters);

    [LibraryImport(NativeLibraryLoader.Name)]
    public static partial nk_status nk_batch_norm_jvp(nk_channel_norm_jvp_params* parameters);

    [LibraryImport(NativeLibraryLoader.Name)]
    public static partial nk_status nk_batch_norm_fold(nk_batch_norm_fold_params* parameters);

    [LibraryImport(NativeLibraryLoader.Name)]
    public static partial nk_status nk_batch_norm_apply(nk_batch_norm_apply_params* parameters);
}
