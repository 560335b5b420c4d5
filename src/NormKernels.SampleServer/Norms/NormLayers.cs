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
    // One thread a request: with many requests at a time that is best. Not in training, so any number of threads may
    // call a layer at a time.
    private readonly L2NormalizeLayer<T> _l2Normalize = new() { IsTraining = false };

    /// <summary>Makes the layers and loads their parameters.</summary>
    /// <exception cref="InvalidDataException">A file does not fit; the message says where.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public NormLayers(ServerOptions options)
    {
        long[] shape = [options.Dimension];
        RmsNorm = new(shape, options.RmsNorm.Epsilon) { IsTraining = false };
        LayerNorm = new(shape, options.LayerNorm.Epsilon) { IsTraining = false };
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
        Span<T> x = batch.EmbeddingsAs<T>();
        Span<T> residual = batch.ResidualAs<T>();
        RowNormLayer<T> layer = norm == NormKind.RmsNorm ? RmsNorm : LayerNorm;
        if (norm == NormKind.L2Normalize)
        {
            _l2Normalize.Forward(x, x, AxisShape.Of([batch.Rows, batch.Dimension], axis: 1));
        }
        else if (batch.ResidualAt is not null)
        {
            // The sum replaces the residual, its norm the embeddings.
            layer.AddForward(x, residual, h: residual, y: x);
        }
        else
        {
            layer.Forward(x, x);
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
