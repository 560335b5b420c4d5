using System;
using System.IO;

using NormKernels.Layers;
using NormKernels.SampleServer.Configuration;
using NormKernels.SampleServer.Requests;

namespace NormKernels.SampleServer.Norms;

/// <summary>The layers of the model for one type of elements, with parameters of that type.</summary>
internal sealed class NormLayers<T> : IDisposable
    where T : unmanaged
{
    private readonly L2NormalizeLayer<T> _l2Normalize;
    private readonly CpuOptions _cpu;

    /// <summary>Makes the layers and loads their parameters.</summary>
    /// <exception cref="InvalidDataException">A file does not fit; the message says where.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public NormLayers(ServerOptions options)
    {
        long[] shape = [options.Dimension];
        _cpu = new() { MaxDegreeOfParallelism = options.ThreadsPerRequest };
        _l2Normalize = new(epsilon: options.L2Normalize.Epsilon) { IsTraining = false };
        RmsNorm = new(shape, options.RmsNorm.Epsilon, zeroCentered: options.RmsNorm.ZeroCentered) { IsTraining = false };
        LayerNorm = new(shape, options.LayerNorm.Epsilon, bias: options.LayerNorm.Bias) { IsTraining = false };
        Load(RmsNorm, options.RmsNorm);
        Load(LayerNorm, options.LayerNorm);
    }

    /// <summary>The RMSNorm layer.</summary>
    public RmsNormLayer<T> RmsNorm { get; }

    /// <summary>The LayerNorm layer.</summary>
    public LayerNormLayer<T> LayerNorm { get; }

    /// <summary>Norms a batch in place. Nothing is allocated.</summary>
    public void Run(NormKind norm, Batch batch)
    {
        Span<T> x = batch.Elements<T>(BatchTensor.Embeddings);
        Span<T> residual = batch.Elements<T>(BatchTensor.Residual);
        RowNormLayer<T> layer = norm == NormKind.RmsNorm ? RmsNorm : LayerNorm;
        if (norm == NormKind.L2Normalize)
        {
            _l2Normalize.Forward(x, x, AxisShape.Of([batch.Rows, batch.Dimension], axis: 1), _cpu);
        }
        else if (batch.HasResidual)
        {
            // The sum replaces the residual, its norm the embeddings.
            layer.AddForward(x, residual, h: residual, y: x, _cpu);
        }
        else
        {
            layer.Forward(x, x, _cpu);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        RmsNorm.Dispose();
        LayerNorm.Dispose();
        _l2Normalize.Dispose();
    }

    private static void Load(NormLayer<T> layer, LayerOptions options)
    {
        if (options.File is not null)
        {
            using ParameterFile file = ParameterFile.Open(options.File);
            layer.Load(file, options.Prefix);
        }
    }
}
