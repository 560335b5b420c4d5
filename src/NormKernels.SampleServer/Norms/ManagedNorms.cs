using System;
using System.IO;
using System.Numerics.Tensors;

using NormKernels.SampleServer.Configuration;
using NormKernels.SampleServer.Requests;

namespace NormKernels.SampleServer.Norms;

/// <summary>
/// What one would write without NormKernels: a row at a time, one call of TensorPrimitives after the other, float32 alone.
/// Not a fallback, but there to be measured: everything around it is the same.
/// </summary>
internal sealed class ManagedNorms : INormPath
{
    private readonly float _rmsNormEpsilon;
    private readonly float _layerNormEpsilon;
    private readonly float[] _rmsNormWeight;
    private readonly float[] _layerNormWeight;
    private readonly float[] _layerNormBias;

    /// <summary>Loads the parameters.</summary>
    /// <exception cref="InvalidDataException">A file of parameters does not fit; the message says where.</exception>
    /// <exception cref="IOException">A file of parameters cannot be read.</exception>
    public ManagedNorms(ServerOptions options)
    {
        using NormLayers<float> layers = new(options);
        _rmsNormEpsilon = (float)options.RmsNorm.Epsilon;
        _layerNormEpsilon = (float)options.LayerNorm.Epsilon;
        _rmsNormWeight = layers.RmsNorm.Weight!.ToArray();
        _layerNormWeight = layers.LayerNorm.Weight!.ToArray();
        _layerNormBias = layers.LayerNorm.Bias!.ToArray();
    }

    /// <inheritdoc/>
    public void Run(NormKind norm, Batch batch)
    {
        if (batch.Type != ElementType.Float32)
        {
            throw RequestException.Bad("The managed path takes float32 alone.");
        }

        for (int at = 0; at < batch.Rows * batch.Dimension; at += batch.Dimension)
        {
            Span<float> y = batch.EmbeddingsAs<float>().Slice(at, batch.Dimension);
            Span<float> x = y;
            if (batch.ResidualAt is not null)
            {
                x = batch.ResidualAs<float>().Slice(at, batch.Dimension);
                TensorPrimitives.Add(y, x, x);
            }

            Run(norm, x, y);
        }
    }

    // x and y may be the same.
    private void Run(NormKind norm, ReadOnlySpan<float> x, Span<float> y)
    {
        switch (norm)
        {
            case NormKind.RmsNorm:
                float meanSquare = TensorPrimitives.SumOfSquares(x) / x.Length;
                TensorPrimitives.Multiply(x, 1 / MathF.Sqrt(meanSquare + _rmsNormEpsilon), y);
                TensorPrimitives.Multiply(y, _rmsNormWeight, y);
                break;
            case NormKind.LayerNorm:
                TensorPrimitives.Subtract(x, TensorPrimitives.Sum(x) / x.Length, y);
                float variance = TensorPrimitives.SumOfSquares<float>(y) / y.Length;
                TensorPrimitives.Multiply(y, 1 / MathF.Sqrt(variance + _layerNormEpsilon), y);
                TensorPrimitives.MultiplyAdd(y, _layerNormWeight, _layerNormBias, y);
                break;
            default:
                TensorPrimitives.Divide(x, MathF.Max(TensorPrimitives.Norm(x), 1e-12f), y);
                break;
        }
    }
}
