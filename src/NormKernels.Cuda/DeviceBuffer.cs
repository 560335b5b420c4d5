using System;
using System.Diagnostics.CodeAnalysis;

using NormKernels.Cuda.Dispatch;
using NormKernels.Cuda.Interop;
using NormKernels.Cuda.Memory;

namespace NormKernels.Cuda;

/// <summary>
/// Elements in the memory of a device: own memory, memory of somebody else, or a part of either.
/// </summary>
/// <remarks>
/// <para>Own memory comes from the pool of a stream and goes back to it when the buffer is disposed and the stream gets
/// there: work that was enqueued on that stream before is safe. If the buffer was used on other streams too, disposing
/// it waits for them.</para>
/// <para>Any thread may use a buffer; what order its elements are read and written in is for streams to say. No call
/// frees memory under another one that has begun.</para>
/// </remarks>
/// <typeparam name="T">The type of the elements.</typeparam>
public sealed unsafe class DeviceBuffer<T> : IDisposable
    where T : unmanaged
{
    private readonly DeviceMemory _memory;
    private readonly nint _pointer;
    private readonly bool _isView;
    private bool _disposed;

    /// <summary>Memory from the pool of a stream, on its device. What it holds is undefined.</summary>
    /// <param name="length">Number of elements.</param>
    /// <param name="stream">The stream that may use the memory at once; others after it has been waited for.</param>
    /// <exception cref="ArgumentNullException"><paramref name="stream"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is negative, or as many bytes overflow 64
    /// bits.</exception>
    /// <exception cref="ObjectDisposedException">The stream has been disposed.</exception>
    /// <exception cref="CudaException">There is not enough memory, or CUDA reported another error.</exception>
    public DeviceBuffer(long length, DeviceStream stream)
    {
        RequireLength(length);
        ArgumentNullException.ThrowIfNull(stream);
        int device = stream.Device;
        Length = length;
        // Nothing is nothing, and pools refuse to give it.
        _memory = length == 0
            ? new DeviceMemory(0, device)
            : DeviceMemory.Allocate((ulong)length * (ulong)sizeof(T), stream.Handle, device);
        _pointer = _memory.Pointer;
    }

    private DeviceBuffer(nint pointer, long length, int device)
    {
        Length = length;
        _memory = new DeviceMemory(pointer, device);
        _pointer = pointer;
    }

    private DeviceBuffer(DeviceBuffer<T> whole, long start, long length)
    {
        Length = length;
        _memory = whole._memory;
        _pointer = whole._pointer + (nint)(start * sizeof(T));
        _isView = true;
    }

    /// <summary>Number of elements.</summary>
    public long Length { get; }

    /// <summary>The number of the device that the memory belongs to.</summary>
    public int Device => _memory.Device;

    /// <summary>Where the elements lie on the device; 0 if there are none. Keep the buffer alive while it is
    /// used.</summary>
    /// <exception cref="ObjectDisposedException">The buffer has been disposed, or what it is a part of.</exception>
    public nint Pointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed || _memory.IsDisposed, this);
            return Length == 0 ? 0 : _pointer;
        }
    }

    internal DeviceMemory Memory => _memory;

    // What an element is aligned to: how far one lies behind a byte.
    private static int Alignment => sizeof(Aligned) - sizeof(T);

    /// <summary>Memory that something else has allocated and frees, after the buffer's last use.</summary>
    /// <param name="pointer">Where the elements lie on the device.</param>
    /// <param name="length">Number of elements.</param>
    /// <param name="device">The number of the device.</param>
    /// <exception cref="ArgumentException"><paramref name="pointer"/> is null, not aligned to an element, or not memory of
    /// the device.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> or <paramref name="device"/> is negative,
    /// or as many bytes overflow 64 bits.</exception>
    /// <exception cref="DllNotFoundException">The library is missing; the message lists what was probed.</exception>
    /// <exception cref="CudaException">CUDA reported an error.</exception>
    [SuppressMessage("Design", "CA1000:Do not declare static members on generic types",
        Justification = "Nothing infers the type of the elements from a pointer: it has to be written either way.")]
    public static DeviceBuffer<T> Wrap(nint pointer, long length, int device)
    {
        RequireLength(length);
        ArgumentOutOfRangeException.ThrowIfNegative(device);
        if (length != 0)
        {
            RequireMemory(pointer, device);
        }

        return new(pointer, length, device);
    }

    /// <summary>A part of the buffer, as a buffer of its own on the same memory. Disposing it disposes of nothing
    /// else.</summary>
    /// <param name="start">Its first element.</param>
    /// <param name="length">Number of elements.</param>
    /// <exception cref="ArgumentOutOfRangeException">The part is not within the buffer.</exception>
    /// <exception cref="ObjectDisposedException">The buffer has been disposed.</exception>
    public DeviceBuffer<T> Slice(long start, long length)
    {
        if (start < 0 || start > Length)
        {
            throw new ArgumentOutOfRangeException(nameof(start), start, $"The buffer has {Length} elements.");
        }

        if (length < 0 || length > Length - start)
        {
            throw new ArgumentOutOfRangeException(
                nameof(length), length, $"The buffer has {Length - start} elements from {start} on.");
        }

        ObjectDisposedException.ThrowIf(_disposed || _memory.IsDisposed, this);
        return new(this, start, length);
    }

    /// <summary>The rest of the buffer from an element on.</summary>
    /// <inheritdoc cref="Slice(long, long)" path="/*[not(self::summary)]"/>
    public DeviceBuffer<T> Slice(long start) => Slice(start, Length - start);

    /// <summary>Copies elements of the host into the buffer, and waits for the stream.</summary>
    /// <param name="source">As many elements as the buffer has.</param>
    /// <param name="stream">A stream of the buffer's device.</param>
    /// <exception cref="ArgumentNullException"><paramref name="stream"/> is null.</exception>
    /// <exception cref="ArgumentException">The number of elements is not that of the buffer, or the stream is one of
    /// another device.</exception>
    /// <exception cref="ObjectDisposedException">The buffer or the stream has been disposed.</exception>
    /// <exception cref="CudaException">CUDA reported an error, of this or of something that was enqueued
    /// before.</exception>
    public void CopyFrom(ReadOnlySpan<T> source, DeviceStream stream)
    {
        RequireSame(source.Length, nameof(source));
        DeviceCall call = On(stream);
        void* to = call.Tensor(DeviceRole.Output, this, Length, "this");
        fixed (T* from = source)
        {
            try
            {
                nint on = call.Enter();
                if (Length != 0)
                {
                    CudaStatus.Check(NkCuda.nk_device_copy_in(to, from, (ulong)Length * (ulong)sizeof(T), on));
                }

                CudaStatus.Check(NkCuda.nk_stream_synchronize(on));
            }
            finally
            {
                call.Exit();
            }
        }
    }

    /// <summary>Copies the elements of the buffer to the host, and waits for the stream.</summary>
    /// <param name="destination">Room for as many elements as the buffer has.</param>
    /// <param name="stream">A stream of the buffer's device.</param>
    /// <inheritdoc cref="CopyFrom" path="/exception"/>
    public void CopyTo(Span<T> destination, DeviceStream stream)
    {
        RequireSame(destination.Length, nameof(destination));
        DeviceCall call = On(stream);
        void* from = call.Tensor(DeviceRole.Input, this, Length, "this");
        fixed (T* to = destination)
        {
            try
            {
                nint on = call.Enter();
                if (Length != 0)
                {
                    CudaStatus.Check(NkCuda.nk_device_copy_out(to, from, (ulong)Length * (ulong)sizeof(T), on));
                }

                CudaStatus.Check(NkCuda.nk_stream_synchronize(on));
            }
            finally
            {
                call.Exit();
            }
        }
    }

    /// <summary>Enqueues a copy of the elements into another buffer of the same device.</summary>
    /// <param name="destination">A buffer of as many elements that shares none with this one.</param>
    /// <param name="stream">A stream of the buffers' device.</param>
    /// <exception cref="ArgumentNullException"><paramref name="destination"/> or <paramref name="stream"/> is
    /// null.</exception>
    /// <exception cref="ArgumentException">The buffers have not the same number of elements, overlap, or are not on the
    /// stream's device.</exception>
    /// <exception cref="ObjectDisposedException">A buffer or the stream has been disposed.</exception>
    /// <exception cref="CudaException">CUDA reported an error.</exception>
    public void CopyTo(DeviceBuffer<T> destination, DeviceStream stream)
    {
        ArgumentNullException.ThrowIfNull(destination);
        RequireSame(destination.Length, nameof(destination));
        DeviceCall call = On(stream);
        void* to = call.Tensor(DeviceRole.Output, destination, Length, nameof(destination));
        void* from = call.Tensor(DeviceRole.Input, this, Length, "this");
        try
        {
            nint on = call.Enter();
            if (Length != 0)
            {
                CudaStatus.Check(NkCuda.nk_device_copy(to, from, (ulong)Length * (ulong)sizeof(T), on));
            }
        }
        finally
        {
            call.Exit();
        }
    }

    /// <summary>Frees own memory; other memory stays.</summary>
    public void Dispose()
    {
        _disposed = true;
        if (!_isView)
        {
            _memory.Dispose();
        }
    }

    private static void RequireLength(long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, long.MaxValue / sizeof(T));
    }

    private static void RequireMemory(nint pointer, int device)
    {
        if (pointer == 0)
        {
            throw new ArgumentException("The pointer is null.", nameof(pointer));
        }

        if (pointer % Alignment != 0)
        {
            throw new ArgumentException(
                $"The pointer is not aligned to elements of type {typeof(T)} ({Alignment} bytes).", nameof(pointer));
        }

        int owner;
        CudaStatus.Check(NkCuda.nk_device_of((void*)pointer, &owner));
        if (owner != device)
        {
            throw new ArgumentException(
                owner < 0 ? "The pointer is to memory of the host." : $"The pointer is to memory of device {owner}.",
                nameof(pointer));
        }
    }

    // A call on a stream of the buffer's device.
    private DeviceCall On(DeviceStream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        int device = stream.Device;
        return device == Device
            ? new(stream)
            : throw new ArgumentException($"The stream is one of device {device}, the buffer on {Device}.", nameof(stream));
    }

    private void RequireSame(long length, string name)
    {
        if (length != Length)
        {
            throw new ArgumentException($"{name} has {length} elements, the buffer {Length}.", name);
        }
    }

    private readonly record struct Aligned(byte Before, T Element);
}
