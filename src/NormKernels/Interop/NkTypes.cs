using System.Runtime.InteropServices;

namespace NormKernels.Interop;

// nk_types.h. The names are those of the C header.

internal enum nk_status
{
    NK_OK = 0,
    NK_ERROR_STRUCT_SIZE = 1,
    NK_ERROR_NULL = 2,
    NK_ERROR_DTYPE = 3,
    NK_ERROR_SHAPE = 4,
    NK_ERROR_EPSILON = 5,
    NK_ERROR_FLAGS = 6,
    NK_ERROR_WORKSPACE = 7,
    NK_ERROR_ISA = 8,
    NK_ERROR_CUDA = 9,
}

internal enum nk_dtype
{
    NK_F32 = 0,
    NK_F16 = 1,
    NK_BF16 = 2,
}

internal enum nk_isa
{
    NK_ISA_BEST = 0,
    NK_ISA_SCALAR = 1,
    NK_ISA_AVX2 = 2,
    NK_ISA_AVX512 = 3,
}

internal enum nk_flags : uint
{
    NK_FLAG_NONE = 0,
    NK_FLAG_ZERO_CENTERED = 1,
    NK_FLAG_ACCUMULATE = 2,
    NK_FLAG_INFERENCE = 4,
    NK_FLAG_ROUND_FIRST = 8,
}

internal enum nk_quantize
{
    NK_QUANTIZE_NONE = 0,
    NK_QUANTIZE_I8 = 1,
    NK_QUANTIZE_E4M3 = 2,
}

internal enum nk_stage
{
    NK_STAGE_ALL = 0,
    NK_STAGE_PARTS = 1,
    NK_STAGE_SUMS = 2,
}

[StructLayout(LayoutKind.Sequential)]
internal struct nk_plan
{
    public long part_count;
    public ulong workspace_size;
}
