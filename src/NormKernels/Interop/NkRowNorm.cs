using System.Runtime.InteropServices;

namespace NormKernels.Interop;

// nk_row_norm.h, nk_layer_norm.h, nk_rms_norm.h. The names are those of the C headers.

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct nk_row_norm_forward_params
{
    public ulong struct_size;
    public nk_dtype dtype;
    public nk_dtype param_dtype;
    public nk_isa isa;
    public nk_flags flags;
    public long rows;
    public long cols;
    public double epsilon;
    public void* x;
    public void* residual;
    public void* h;
    public void* y;
    public long x_stride;
    public long residual_stride;
    public long h_stride;
    public long y_stride;
    public void* weight;
    public void* bias;
    public float* mean;
    public float* rstd;
    public void* gate;
    public long gate_stride;
    public float* y_scale;
    public nk_quantize quantize;
    public int reserved;
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe partial struct nk_row_norm_backward_params
{
    public ulong struct_size;
    public nk_dtype dtype;
    public nk_dtype param_dtype;
    public nk_isa isa;
    public nk_flags flags;
    public long rows;
    public long cols;
    public double epsilon;
    public void* dy;
    public void* x;
    public void* dh;
    public void* dx;
    public long dy_stride;
    public long x_stride;
    public long dh_stride;
    public long dx_stride;
    public void* weight;
    public float* mean;
    public float* rstd;
    public float* dweight;
    public float* dbias;
    public void* workspace;
    public ulong workspace_size;
    public nk_stage stage;
    public int reserved;
    public long part_begin;
    public long part_end;
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct nk_row_norm_jvp_params
{
    public ulong struct_size;
    public nk_dtype dtype;
    public nk_dtype param_dtype;
    public nk_isa isa;
    public nk_flags flags;
    public long rows;
    public long cols;
    public double epsilon;
    public void* x;
    public void* tan_x;
    public void* tan_residual;
    public void* jvp_h;
    public void* jvp_y;
    public long x_stride;
    public long tan_x_stride;
    public long tan_residual_stride;
    public long jvp_h_stride;
    public long jvp_y_stride;
    public void* weight;
    public void* tan_weight;
    public void* tan_bias;
    public float* mean;
    public float* rstd;
}

/// <remarks>An entry that ends in _brief leaves the thread in the state in which a garbage collection has to wait for
/// it, which saves 5 ns: for calls that take well under a microsecond, as <see cref="BriefElements"/> does.</remarks>
internal static unsafe partial class NkRowNorm
{
    /// <summary>Rows and elements that a brief call has at most: 0.2 us on AVX2.</summary>
    public const long BriefElements = 2048;

    [LibraryImport(NativeLibraryLoader.Name)]
    public static partial nk_status nk_row_norm_plan(long rows, long cols, nk_plan* plan);

    [LibraryImport(NativeLibraryLoader.Name)]
    public static partial nk_status nk_layer_norm_forward(nk_row_norm_forward_params* parameters);

    [SuppressGCTransition]
    [LibraryImport(NativeLibraryLoader.Name, EntryPoint = nameof(nk_layer_norm_forward))]
    public static partial nk_status nk_layer_norm_forward_brief(nk_row_norm_forward_params* parameters);

    [LibraryImport(NativeLibraryLoader.Name)]
    public static partial nk_status nk_layer_norm_backward(nk_row_norm_backward_params* parameters);

    [LibraryImport(NativeLibraryLoader.Name)]
    public static partial nk_status nk_layer_norm_jvp(nk_row_norm_jvp_params* parameters);

    [LibraryImport(NativeLibraryLoader.Name)]
    public static partial nk_status nk_rms_norm_forward(nk_row_norm_forward_params* parameters);

    [SuppressGCTransition]
    [LibraryImport(NativeLibraryLoader.Name, EntryPoint = nameof(nk_rms_norm_forward))]
    public static partial nk_status nk_rms_norm_forward_brief(nk_row_norm_forward_params* parameters);

    [LibraryImport(NativeLibraryLoader.Name)]
    public static partial nk_status nk_rms_norm_backward(nk_row_norm_backward_params* parameters);

    [LibraryImport(NativeLibraryLoader.Name)]
    public static partial nk_status nk_rms_norm_jvp(nk_row_norm_jvp_params* parameters);
}
