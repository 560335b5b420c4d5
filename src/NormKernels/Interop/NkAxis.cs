using System.Runtime.InteropServices;

namespace NormKernels.Interop;

// nk_axis.h, nk_axis_norm.h, nk_l2_normalize.h, nk_weight_norm.h. The names are those of the C headers.

[StructLayout(LayoutKind.Sequential)]
internal unsafe partial struct nk_axis_forward_params
{
    public ulong struct_size;
    public nk_dtype dtype;
    public nk_dtype param_dtype;
    public nk_isa isa;
    public nk_flags flags;
    public long outer;
    public long length;
    public long inner;
    public double epsilon;
    public double p;
    public void* x;
    public void* y;
    public void* weight;
    public void* bias;
    public float* mean;
    public float* rstd;
    public float* norm;
    public long part_begin;
    public long part_end;
    public nk_stage stage;
    public int reserved;
    public void* workspace;
    public ulong workspace_size;
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe partial struct nk_axis_backward_params
{
    public ulong struct_size;
    public nk_dtype dtype;
    public nk_dtype param_dtype;
    public nk_isa isa;
    public nk_flags flags;
    public long outer;
    public long length;
    public long inner;
    public double epsilon;
    public double p;
    public void* dy;
    public void* x;
    public void* dx;
    public void* weight;
    public float* mean;
    public float* rstd;
    public float* dweight;
    public float* dbias;
    public long part_begin;
    public long part_end;
    public nk_stage stage;
    public int reserved;
    public void* workspace;
    public ulong workspace_size;
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe partial struct nk_axis_jvp_params
{
    public ulong struct_size;
    public nk_dtype dtype;
    public nk_dtype param_dtype;
    public nk_isa isa;
    public nk_flags flags;
    public long outer;
    public long length;
    public long inner;
    public double epsilon;
    public double p;
    public void* x;
    public void* tan_x;
    public void* jvp_y;
    public void* weight;
    public void* tan_weight;
    public void* tan_bias;
    public float* mean;
    public float* rstd;
    public long part_begin;
    public long part_end;
    public nk_stage stage;
    public int reserved;
    public void* workspace;
    public ulong workspace_size;
}

internal static unsafe partial class NkAxis
{
    [LibraryImport(NativeLibraryLoader.Name)]
    public static partial nk_status nk_axis_norm_plan(long outer, long length, long inner, nk_plan* plan);

    [LibraryImport(NativeLibraryLoader.Name)]
    public static partial nk_status nk_axis_norm_forward(nk_axis_forward_params* parameters);

    [LibraryImport(NativeLibraryLoader.Name)]
    public static partial nk_status nk_axis_norm_backward(nk_axis_backward_params* parameters);

    [LibraryImport(NativeLibraryLoader.Name)]
    public static partial nk_status nk_axis_norm_jvp(nk_axis_jvp_params* parameters);

    [LibraryImport(NativeLibraryLoader.Name)]
    public static partial nk_status nk_l2_normalize_plan(long outer, long length, long inner, nk_plan* plan);

    [LibraryImport(NativeLibraryLoader.Name)]
    public static partial nk_status nk_l2_normalize_forward(nk_axis_forward_params* parameters);

    [LibraryImport(NativeLibraryLoader.Name)]
    public static partial nk_status nk_l2_normalize_backward(nk_axis_backward_params* parameters);

    [LibraryImport(NativeLibraryLoader.Name)]
    public static partial nk_status nk_l2_normalize_jvp(nk_axis_jvp_params* parameters);

    [LibraryImport(NativeLibraryLoader.Name)]
    public static partial nk_status nk_weight_norm_plan(long outer, long length, long inner, nk_plan* plan);

    [LibraryImport(NativeLibraryLoader.Name)]
    public static partial nk_status nk_weight_norm_forward(nk_axis_forward_params* parameters);

    [LibraryImport(NativeLibraryLoader.Name)]
    public static partial nk_status nk_weight_norm_backward(nk_axis_backward_params* parameters);

    [LibraryImport(NativeLibraryLoader.Name)]
    public static partial nk_status nk_weight_norm_jvp(nk_axis_jvp_params* parameters);
}
