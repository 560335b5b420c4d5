using System;
using System.Collections.Generic;

using NormKernels.Cuda;

namespace NormKernels.Cli.Operations;

/// <summary>
/// The device's side of the calls that share it: a stream, and for each buffer of the host a twin on the device, which is
/// made with the host's values when it is first asked for. Results stay on the device until they are fetched.
/// </summary>
internal sealed class DeviceTwins : IDisposable
{
    private readonly Dictionary<(nint Address, Type Element), Twin> _twins = [];

    /// <summary>Where the calls are enqueued.</summary>
    public DeviceStream Stream { get; } = new();

    /// <summary>The twin of a buffer; one without elements, which is not passed, of a buffer without any.</summary>
    public DeviceBuffer<T> Of<T>(NativeBuffer<T> host)
        where T : unmanaged => Find(host, isScratch: false);

    /// <summary>The twin of scratch, which nobody fills and nobody fetches.</summary>
    public DeviceBuffer<byte> Scratch(NativeBuffer<byte> host) => Find(host, isScratch: true);

    /// <summary>Waits for everything that was enqueued.</summary>
    /// <exception cref="CudaException">Some of it has failed.</exception>
    public void Wait() => Stream.Synchronize();

    /// <summary>Waits, and copies every twin to its buffer of the host.</summary>
    /// <inheritdoc cref="Wait" path="/exception"/>
    public void Fetch()
    {
        foreach (Twin twin in _twins.Values)
        {
            twin.Fetch(Stream);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Twin twin in _twins.Values)
        {
            twin.Dispose();
        }

        _twins.Clear();
        Stream.Dispose();
    }

    private DeviceBuffer<T> Find<T>(NativeBuffer<T> host, bool isScratch)
        where T : unmanaged
    {
        if (!_twins.TryGetValue((host.Address, typeof(T)), out Twin? twin))
        {
            twin = new Twin<T>(host, isScratch, Stream);
            _twins.Add((host.Address, typeof(T)), twin);
        }

        return ((Twin<T>)twin).Buffer;
    }

    private abstract class Twin : IDisposable
    {
        public abstract void Fetch(DeviceStream stream);

        public abstract void Dispose();
    }

    private sealed class Twin<T> : Twin
        where T : unmanaged
    {
        private readonly NativeBuffer<T> _host;
        private readonly bool _isScratch;

        public Twin(NativeBuffer<T> host, bool isScratch, DeviceStream stream)
        {
            _host = host;
            _isScratch = isScratch;
            Buffer = new(host.Span.Length, stream);
            if (!isScratch)
            {
                Buffer.CopyFrom(host.Span, stream);
            }
        }

        public DeviceBuffer<T> Buffer { get; }

        public override void Fetch(DeviceStream stream)
        {
            if (!_isScratch)
            {
                Buffer.CopyTo(_host.Span, stream);
            }
        }

        public override void Dispose() => Buffer.Dispose();
    }
}
