using System.Runtime.InteropServices;

namespace NormKernels.Interop;

// nk_reduction.h, nk_vector_norm.h, nk_matrix_norm.h. The names are those of the C headers.

internal enum nk_matrix_order
{
    NK_MATRIX_FROBENIUS = 0,
    NK_MATRIX_NUCLEAR = 1,
    NK_MATRIX_MAX_COLUMN_SUM = 2,
    NK_MATRIX_MIN_COLUMN_SUM = 3,
    NK_MATRIX_MAX_ROW_SUM = 4,
    NK_MATRIX_MIN_ROW_SUM = 5,
    NK_MATRIX_MAX_SINGULAR_VALUE = 6,
    NK_MATRIX_MIN_SINGULAR_VALUE = 7,
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe partial struct nk_reduction
{
    public fixed long sizes[NkReduction.NK_MAX_RANK];
    public int rank;
    public uint reduced;
    public int row_axis;
    public int column_axis;
    public double p;
    public nk_matrix_order order;
    public int reserved;
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe partial struct nk_reduction_forward_params
{
    public ulong struct_size;
    public nk_dtype dtype;
    public nk_dtype norm_dtype;
    public nk_isa isa;
    public nk_flags flags;
    public nk_reduction reduction;
    public void* x;
    public void* norm;
    public void* workspace;
    public ulong workspace_size;
    public long part_begin;
    public long part_end;
    public nk_stage stage;
    public int reserved;
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe partial struct nk_reduction_backward_params
{
    public ulong struct_size;
    public nk_dtype dtype;
    public nk_dtype norm_dtype;
    public nk_isa isa;
    public nk_flags flags;
    public nk_reduction reduction;
    public void* dnorm;
    public void* x;
    public void* dx;
    public void* workspace;
    public ulong workspace_size;
    public long part_begin;
    public long part_end;
    public nk_stage stage;
    public int reserved;
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe partial struct nk_reduction_jvp_params
{
    public ulong struct_size;
    public nk_dtype dtype;
    public nk_dtype norm_dtype;
    public nk_isa isa;
    public nk_flags flags;
    public nk_reduction reduction;
    public void* x;
    public void* tan_x;
    public void* jvp_norm;
    public void* workspace;
    public ulong workspace_size;
    public long part_begin;
    public long part_end;
    public nk_stage stage;
    public int reserved;
}

internal static unsafe partial class NkReduction
{
    public const int NK_MAX_RANK = 8;

    [LibraryImport(NativeLibraryLoader.Name)]
    public static partial nk_status nk_vector_norm_plan(nk_reduction* reduction, nk_plan* plan);

    [LibraryImport(NativeLibraryLoader.Name)]
    public static partial nk_status nk_vector_norm_forward(nk_reduction_forward_params* parameters);

    [LibraryImport(NativeLibraryLoader.Name)]
    public static partial nk_status nk_vector_norm_backward(nk_reduction_backward_params* parameters);

    [LibraryImport(NativeLibraryLoader.Name)]
    public static partial nk_status nk_vector_norm_jvp(nk_reduction_jvp_params* parameters);

    [LibraryImport(NativeLibraryLoader.Name)]
    public static partial nk_status nk_matrix_norm_plan(nk_reduction* reduction, nk_plan* plan);

    [LibraryImport(NativeLibraryLoader.Name)]
    public static partial nk_status nk_matrix_norm_forward(nk_reduction_forward_params* parameters);

    [LibraryImport(NativeLibraryLoader.Name)]
    public static partial nk_status nk_matrix_norm_backward(nk_reduction_backward_params* parameters);

    [LibraryImport(NativeLibraryLoader.Name)]
    public static partial nk_status nk_matrix_norm_jvp(nk_reduction_jvp_params* parameters);
}
