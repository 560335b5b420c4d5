using System;

using NormKernels.Peers.Interop;

namespace NormKernels.Peers;

/// <summary>A primitive of oneDNN with its memory, made once: what is timed is its execution alone.</summary>
public sealed unsafe class OneDnnCall : IDisposable
{
    private nint _primitive;

    private OneDnnCall(nint primitive) => _primitive = primitive;

    /// <summary>LayerNorm with weight, bias and saved statistics; null if oneDNN has none. The spans must live as long,
    /// and not move.</summary>
    public static OneDnnCall? LayerNormForward(
        ReadOnlySpan<float> x, Span<float> y, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, Span<float> mean,
        Span<float> variance, float epsilon)
    {
        fixed (float* px = x, py = y, pweight = weight, pbias = bias, pmean = mean, pvariance = variance)
        {
            return Of(NkPeers.nkp_onednn_layer_norm_forward(
                px, py, pweight, pbias, pmean, pvariance, mean.Length, weight.Length, epsilon));
        }
    }

    /// <summary>Its backward pass, with both gradients of the parameters.</summary>
    public static OneDnnCall? LayerNormBackward(
        ReadOnlySpan<float> dy, ReadOnlySpan<float> x, Span<float> dx, ReadOnlySpan<float> weight,
        ReadOnlySpan<float> mean, ReadOnlySpan<float> variance, Span<float> dweight, Span<float> dbias, float epsilon)
    {
        fixed (float* pdy = dy, px = x, pdx = dx, pweight = weight, pmean = mean, pvariance = variance)
        fixed (float* pdweight = dweight, pdbias = dbias)
        {
            return Of(NkPeers.nkp_onednn_layer_norm_backward(
                pdy, px, pdx, pweight, pmean, pvariance, pdweight, pdbias, mean.Length, weight.Length, epsilon));
        }
    }

    /// <summary>The backward pass of GroupNorm over a tensor NCHW, with both gradients of the parameters; oneDNN has it
    /// from 3.2 on.</summary>
    public static OneDnnCall? GroupNormBackward(
        ReadOnlySpan<float> dy, ReadOnlySpan<float> x, Span<float> dx, ReadOnlySpan<long> shape, long groups,
        ReadOnlySpan<float> weight, ReadOnlySpan<float> mean, ReadOnlySpan<float> variance, Span<float> dweight,
        Span<float> dbias, float epsilon)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(shape.Length, 4);
        fixed (long* pshape = shape)
        fixed (float* pdy = dy, px = x, pdx = dx, pweight = weight, pmean = mean, pvariance = variance)
        fixed (float* pdweight = dweight, pdbias = dbias)
        {
            return Of(NkPeers.nkp_onednn_group_norm_backward(
                pdy, px, pdx, pweight, pmean, pvariance, pdweight, pdbias, pshape, groups, epsilon));
        }
    }

    /// <summary>Executes it and waits.</summary>
    /// <exception cref="InvalidOperationException">oneDNN refused.</exception>
    public void Run()
    {
        if (NkPeers.nkp_onednn_run(_primitive) == 0)
        {
            throw new InvalidOperationException("oneDNN refused to execute a primitive");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        NkPeers.nkp_onednn_free(_primitive);
        _primitive = 0;
        GC.SuppressFinalize(this);
    }

    private static OneDnnCall? Of(nint primitive) => primitive == 0 ? null : new OneDnnCall(primitive);
}
