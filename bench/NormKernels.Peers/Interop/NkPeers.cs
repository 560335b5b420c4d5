using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

[assembly: DisableRuntimeMarshalling]
[assembly: DefaultDllImportSearchPaths(DllImportSearchPath.AssemblyDirectory)]

namespace NormKernels.Peers.Interop;

// bench/peers/peers.h. The names are those of the C header.
internal static unsafe partial class NkPeers
{
    private const string Name = "normkernels_peers";

    [LibraryImport(Name)]
    public static partial int nkp_naive_available();

    [LibraryImport(Name)]
    public static partial void nkp_naive_rms_norm(
        float* x, float* y, float* weight, long rows, long cols, float epsilon);

    [LibraryImport(Name)]
    public static partial void nkp_naive_layer_norm(
        float* x, float* y, float* weight, float* bias, long rows, long cols, float epsilon);

    [LibraryImport(Name)]
    public static partial byte* nkp_onednn_version();

    [LibraryImport(Name)]
    public static partial nint nkp_onednn_layer_norm_forward(
        float* x, float* y, float* weight, float* bias, float* mean, float* variance, long rows, long cols,
        float epsilon);

    [LibraryImport(Name)]
    public static partial nint nkp_onednn_layer_norm_backward(
        float* dy, float* x, float* dx, float* weight, float* mean, float* variance, float* dweight, float* dbias,
        long rows, long cols, float epsilon);

    [LibraryImport(Name)]
    public static partial nint nkp_onednn_group_norm_backward(
        float* dy, float* x, float* dx, float* weight, float* mean, float* variance, float* dweight, float* dbias,
        long* shape, long groups, float epsilon);

    [LibraryImport(Name)]
    public static partial int nkp_onednn_run(nint primitive);

    [LibraryImport(Name)]
    public static partial void nkp_onednn_free(nint primitive);
}
