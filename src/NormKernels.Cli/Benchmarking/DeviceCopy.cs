using System;

using NormKernels.Cuda;

namespace NormKernels.Cli.Benchmarking;

/// <summary>A copy within the memory of a device.</summary>
internal sealed class DeviceCopy : ICopy
{
    private readonly DeviceStream _stream = new();
    private readonly DeviceBuffer<byte> _from;
    private readonly DeviceBuffer<byte> _to;

    /// <summary>Allocates both sides.</summary>
    /// <param name="bytesMoved">Bytes read and written together.</param>
    public DeviceCopy(long bytesMoved)
    {
        long bytes = Math.Max(1, bytesMoved / 2);
        _from = new(bytes, _stream);
        _to = new(bytes, _stream);
    }

    /// <inheritdoc/>
    public void Run() => _from.CopyTo(_to, _stream);

    /// <inheritdoc/>
    public void Wait() => _stream.Synchronize();

    /// <inheritdoc/>
    public void Dispose()
    {
        _from.Dispose();
        _to.Dispose();
        _stream.Dispose();
    }
}
