using System;
using System.Runtime.InteropServices;

using NormKernels.Peers.Interop;

namespace NormKernels.Peers;

/// <summary>
/// The peers that run in the process: loops with one accumulator on AVX2, as many libraries have them, and oneDNN where
/// it was there when this was built. All on one thread; spans must not move (memory from outside the managed heap).
/// </summary>
public static unsafe class NativePeers
{
    /// <summary>Whether the loops are there: the library was built, and the processor has AVX2.</summary>
    public static bool HasNaive { get; } = Try(() => NkPeers.nkp_naive_available() != 0);

    /// <summary>The version of oneDNN, or null.</summary>
    public static string? OneDnnVersion { get; } =
        Try(() => NkPeers.nkp_onednn_version() != null) ? Marshal.PtrToStringUTF8((nint)NkPeers.nkp_onednn_version()) : null;

    /// <summary>RMSNorm with a weight.</summary>
    public static void NaiveRmsNorm(
        ReadOnlySpan<float> x, Span<float> y, ReadOnlySpan<float> weight, long rows, float epsilon)
    {
        fixed (float* px = x, py = y, pweight = weight)
        {
            NkPeers.nkp_naive_rms_norm(px, py, pweight, rows, weight.Length, epsilon);
        }
    }

    /// <summary>LayerNorm with a weight and a bias.</summary>
    public static void NaiveLayerNorm(
        ReadOnlySpan<float> x, Span<float> y, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, long rows,
        float epsilon)
    {
        fixed (float* px = x, py = y, pweight = weight, pbias = bias)
        {
            NkPeers.nkp_naive_layer_norm(px, py, pweight, pbias, rows, weight.Length, epsilon);
        }
    }

    private static bool Try(Func<bool> question)
    {
        try
        {
            return question();
        }
        catch (DllNotFoundException)
        {
            return false;
        }
    }
}
