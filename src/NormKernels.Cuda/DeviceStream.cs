using System;
using System.Diagnostics.CodeAnalysis;

using NormKernels.Cuda.Interop;
using NormKernels.Cuda.Memory;

namespace NormKernels.Cuda;

/// <summary>
/// A CUDA stream: what is enqueued on it runs in order, beside the calling thread and beside other streams.
/// </summary>
/// <remarks>
/// <para>A stream belongs to a device, and calls on it run there whatever the calling thread's device is. Any thread may
/// use it.</para>
/// <para>An own stream that is disposed takes no more work. It is destroyed when the buffers that were allocated or used
/// on it have been disposed too. A wrapped one has to stay until then.</para>
/// </remarks>
[SuppressMessage("Naming", "CA1711:Identifiers should not have incorrect suffix",
    Justification = "That is what CUDA calls it.")]
public sealed unsafe class DeviceStream : IDisposable
{
    private const int CurrentDevice = -1;

    private readonly StreamHandle _handle;
    private readonly int _device;

    /// <summary>A new stream of the calling thread's device (<see cref="CudaDevice.Current"/>).</summary>
    /// <exception cref="DllNotFoundException">The library is missing; the message lists what was probed.</exception>
    /// <exception cref="CudaUnavailableException">There is no driver, it is too old, or there is no device.</exception>
    /// <exception cref="CudaException">CUDA reported another error.</exception>
    public DeviceStream()
    {
        _device = CudaDevice.CurrentIndex;
        nint stream;
        CudaStatus.Check(NkCuda.nk_stream_create(&stream));
        _handle = new(stream, owns: true);
    }

    private DeviceStream(nint stream, int device)
    {
        _device = device;
        _handle = new(stream, owns: false);
    }

    /// <summary>The default stream of whichever device is the calling thread's. Disposing it does nothing.</summary>
    public static DeviceStream Default { get; } = new(0, CurrentDevice);

    /// <summary>The number of the device that the stream belongs to.</summary>
    /// <exception cref="ObjectDisposedException">The stream has been disposed.</exception>
    public int Device
    {
        get
        {
            ObjectDisposedException.ThrowIf(_handle.IsDisposed, this);
            return _device == CurrentDevice ? CudaDevice.CurrentIndex : _device;
        }
    }

    /// <summary>The cudaStream_t; 0 is the default stream. Keep the stream alive while it is used.</summary>
    /// <exception cref="ObjectDisposedException">The stream has been disposed.</exception>
    public nint Pointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(_handle.IsDisposed, this);
            return _handle.Value;
        }
    }

    internal StreamHandle Handle => _handle;

    /// <summary>A stream that something else has made and destroys, of the calling thread's device.</summary>
    /// <param name="stream">A cudaStream_t.</param>
    /// <exception cref="DllNotFoundException">The library is missing; the message lists what was probed.</exception>
    /// <exception cref="CudaUnavailableException">There is no driver, it is too old, or there is no device.</exception>
    /// <exception cref="CudaException">CUDA reported another error.</exception>
    public static DeviceStream Wrap(nint stream) => new(stream, CudaDevice.CurrentIndex);

    /// <summary>Waits until everything that was enqueued is done.</summary>
    /// <exception cref="ObjectDisposedException">The stream has been disposed.</exception>
    /// <exception cref="CudaException">Something that was enqueued before has failed.</exception>
    public void Synchronize()
    {
        using DeviceScope scope = new(Device);
        bool held = false;
        try
        {
            _handle.DangerousAddRef(ref held);
            CudaStatus.Check(NkCuda.nk_stream_synchronize(_handle.Value));
        }
        finally
        {
            if (held)
            {
                _handle.DangerousRelease();
            }
        }
    }

    /// <summary>Takes no more work. What was enqueued is done nevertheless.</summary>
    public void Dispose()
    {
        if (_device != CurrentDevice)
        {
            _handle.Dispose();
        }
    }
}
