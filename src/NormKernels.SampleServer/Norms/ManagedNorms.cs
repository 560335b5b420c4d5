using System;
using System.Buffers;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

using NormKernels.Layers;
using NormKernels.SampleServer.Configuration;
using NormKernels.SampleServer.Requests;

namespace NormKernels.SampleServer.Norms;

/// <summary>
/// What one would write without NormKernels: a row at a time, one call of TensorPrimitives after the other; 16-bit rows
/// by way of float32. Not a fallback, but there to be measured: everything around it is the same.
/// </summary>
/// <exception cref="InvalidDataException">A file of parameters does not fit; the message says where.</exception>
/// <exception cref="IOException">A file of parameters cannot be read.</exception>
internal sealed class ManagedNorms(ServerOptions options) : INormPath
{
    private readonly float _rmsNormEpsilon = (float)options.RmsNorm.Epsilon;
    private readonly float _layerNormEpsilon = (float)options.LayerNorm.Epsilon;
    private readonly float _l2NormalizeEpsilon = (float)options.L2Normalize.Epsilon;
    private readonly Parameters _float32 = Parameters.Of<float>(options);
    private readonly Parameters _float16 = Parameters.Of<Half>(options);
    private readonly Parameters _bfloat16 = Parameters.Of<BFloat16>(options);

    /// <inheritdoc/>
    public void Run(NormKind norm, Batch batch)
    {
        switch (batch.Type)
        {
            case ElementType.Float32:
                Run<float>(norm, batch, _float32);
                break;
            case ElementType.Float16:
                Run<Half>(norm, batch, _float16);
                break;
            default:
                Run<BFloat16>(norm, batch, _bfloat16);
                break;
        }
    }

    private void Run<T>(NormKind norm, Batch batch, Parameters parameters)
        where T : unmanaged
    {
        int dimension = batch.Dimension;
        Span<T> embeddings = batch.Elements<T>(BatchTensor.Embeddings);
        Span<T> residual = batch.Elements<T>(BatchTensor.Residual);
        float[]? scratch = typeof(T) == typeof(float) ? null : ArrayPool<float>.Shared.Rent(2 * dimension);
        for (int row = 0; row < batch.Rows; row++)
        {
            Span<T> x = embeddings.Slice(row * dimension, dimension);
            Span<T> h = batch.HasResidual ? residual.Slice(row * dimension, dimension) : x;
            if (scratch is null)
            {
                NormRow(norm, MemoryMarshal.Cast<T, float>(x), MemoryMarshal.Cast<T, float>(h), batch.HasResidual,
                    parameters);
                continue;
            }

            Span<float> y = scratch.AsSpan(0, dimension);
            Widen(x, y);
            if (batch.HasResidual)
            {
                // What is stored is what is normalized.
                Span<float> sum = scratch.AsSpan(dimension, dimension);
                Widen(h, sum);
                TensorPrimitives.Add(y, sum, sum);
                Narrow(sum, h);
                Widen(h, y);
            }

            NormRow(norm, y, y, add: false, parameters);
            Narrow(y, x);
        }

        if (scratch is not null)
        {
            ArrayPool<float>.Shared.Return(scratch);
        }
    }

    // y holds the input, h the residual that becomes the sum; or both are the input.
    private void NormRow(NormKind norm, Span<float> y, Span<float> h, bool add, Parameters parameters)
    {
        if (add)
        {
            TensorPrimitives.Add(y, h, h);
        }

        switch (norm)
        {
            case NormKind.RmsNorm:
                TensorPrimitives.Multiply(
                    h, 1 / MathF.Sqrt(TensorPrimitives.SumOfSquares<float>(h) / h.Length + _rmsNormEpsilon), y);
                TensorPrimitives.Multiply(y, parameters.RmsNormWeight, y);
                break;
            case NormKind.LayerNorm:
                TensorPrimitives.Subtract(h, TensorPrimitives.Sum<float>(h) / h.Length, y);
                TensorPrimitives.Multiply(
                    y, 1 / MathF.Sqrt(TensorPrimitives.SumOfSquares<float>(y) / y.Length + _layerNormEpsilon), y);
                if (parameters.LayerNormBias is null)
                {
                    TensorPrimitives.Multiply(y, parameters.LayerNormWeight, y);
                }
                else
                {
                    TensorPrimitives.MultiplyAdd(y, parameters.LayerNormWeight, parameters.LayerNormBias, y);
                }

                break;
            default:
                TensorPrimitives.Divide(h, MathF.Max(TensorPrimitives.Norm<float>(h), _l2NormalizeEpsilon), y);
                break;
        }
    }

    private static void Widen<T>(ReadOnlySpan<T> from, Span<float> to)
        where T : unmanaged
    {
        if (typeof(T) == typeof(Half))
        {
            TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<T, Half>(from), to);
            return;
        }

        for (int i = 0; i < to.Length; i++)
        {
            to[i] = Element.ToSingle(from[i]);
        }
    }

    private static void Narrow<T>(ReadOnlySpan<float> from, Span<T> to)
        where T : unmanaged
    {
        if (typeof(T) == typeof(Half))
        {
            TensorPrimitives.ConvertToHalf(from, MemoryMarshal.Cast<T, Half>(to));
            return;
        }

        Span<BFloat16> rounded = MemoryMarshal.Cast<T, BFloat16>(to);
        for (int i = 0; i < from.Length; i++)
        {
            rounded[i] = (BFloat16)from[i];
        }
    }

    /// <summary>Those of the layers, as float32.</summary>
    private sealed record Parameters(float[] RmsNormWeight, float[] LayerNormWeight, float[]? LayerNormBias)
    {
        public static Parameters Of<T>(ServerOptions options)
            where T : unmanaged
        {
            using NormLayers<T> layers = new(options);
            float offset = options.RmsNorm.ZeroCentered ? 1 : 0;
            return new(
                [.. Values(layers.RmsNorm.Weight).Select(value => offset + value)], [.. Values(layers.LayerNorm.Weight)],
                layers.LayerNorm.Bias is null ? null : [.. Values(layers.LayerNorm.Bias)]);
        }

        private static IEnumerable<float> Values<T>(LayerTensor<T>? tensor)
            where T : unmanaged =>
            tensor!.ToArray().Select(Element.ToSingle);
    }
}
