using System;
using System.IO;

using NormKernels.SampleServer.Configuration;
using NormKernels.SampleServer.Memory;
using NormKernels.SampleServer.Requests;

namespace NormKernels.SampleServer.Norms;

/// <summary>The native kernels, by way of the layers of NormKernels.Layers.</summary>
/// <exception cref="InvalidDataException">A file of parameters does not fit; the message says where.</exception>
/// <exception cref="IOException">A file of parameters cannot be read.</exception>
internal sealed class NativeNorms(ServerOptions options) : INormPath, IDisposable
{
    private readonly NormLayers<float> _float32 = new(options);
    private readonly NormLayers<Half> _float16 = new(options);
    private readonly NormLayers<BFloat16> _bfloat16 = new(options);

    /// <summary>Calls every norm once, so that a native library that is missing is found before the server listens, and
    /// the first client does not wait for code to be compiled.</summary>
    /// <exception cref="DllNotFoundException">It is missing; the message lists what was probed.</exception>
    public void WarmUp(TensorBufferPool buffers)
    {
        int bytes = options.Dimension * sizeof(float);
        using RequestMemory memory = new(buffers);
        memory.Reserve(2 * bytes);
        memory.Span.Clear();
        foreach (ElementType type in Enum.GetValues<ElementType>())
        {
            foreach (NormKind norm in Enum.GetValues<NormKind>())
            {
                Run(norm, new(memory, type, Rows: 1, options.Dimension));
                Run(norm, new(memory, type, Rows: 1, options.Dimension, ResidualAt: bytes));
            }
        }
    }

    /// <inheritdoc/>
    public void Run(NormKind norm, Batch batch)
    {
        switch (batch.Type)
        {
            case ElementType.Float32:
                _float32.Run(norm, batch);
                break;
            case ElementType.Float16:
                _float16.Run(norm, batch);
                break;
            default:
                _bfloat16.Run(norm, batch);
                break;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _float32.Dispose();
        _float16.Dispose();
        _bfloat16.Dispose();
    }
}
