using System;
using System.Diagnostics.CodeAnalysis;

using ManagedCuda;
using ManagedCuda.BasicTypes;

using NormKernels.Cuda;
using NormKernels.Cuda.Memory;

namespace NormKernels.ManagedCuda;

/// <summary>
/// ManagedCuda's variables and streams as buffers and streams of NormKernels, and the other way round: the same memory
/// and the same stream, nothing is copied. So every norm runs on ManagedCuda's types:
/// <c>RmsNorm.Forward(stream.View(context), x.View(context), y.View(context), shape)</c>.
/// </summary>
/// <remarks>
/// <para>A view owns nothing: what it shows has to stay until the view's last use, and disposing the view frees
/// nothing.</para>
/// <para>Memory and streams have to be of a device's primary context (<see cref="PrimaryContext"/>), which is the one
/// that the CUDA runtime, and with it NormKernels, works in. A <c>new CudaContext()</c> is another one.</para>
/// </remarks>
public static unsafe class ManagedCudaViews
{
    /// <summary>A variable's memory as a buffer.</summary>
    /// <typeparam name="T">The type of the elements.</typeparam>
    /// <param name="variable">The variable; null gives null, so that what a norm need not be given need not be.</param>
    /// <param name="context">The context that the variable was made in.</param>
    /// <exception cref="ArgumentNullException"><paramref name="context"/> is null.</exception>
    /// <inheritdoc cref="View{T}(CudaDeviceVariable{T}, int)" path="/exception"/>
    [return: NotNullIfNotNull(nameof(variable))]
    public static DeviceBuffer<T>? View<T>(this CudaDeviceVariable<T>? variable, PrimaryContext context)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(context);
        return View(variable, context.DeviceId);
    }

    /// <summary>A variable's memory as a buffer.</summary>
    /// <typeparam name="T">The type of the elements.</typeparam>
    /// <param name="variable">The variable; null gives null.</param>
    /// <param name="device">The number of the device that it is on, in that device's primary context.</param>
    /// <exception cref="ArgumentException">The variable is on another device or in the host's memory, is not aligned to
    /// an element, or counts in elements of another size, as ManagedCuda does where marshalling changes the
    /// size.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="device"/> is negative.</exception>
    /// <exception cref="DllNotFoundException">The library is missing; the message lists what was probed.</exception>
    /// <exception cref="NormKernels.Cuda.CudaException">CUDA reported an error.</exception>
    [return: NotNullIfNotNull(nameof(variable))]
    public static DeviceBuffer<T>? View<T>(this CudaDeviceVariable<T>? variable, int device)
        where T : unmanaged
    {
        if (variable is null)
        {
            return null;
        }

        if ((ulong)variable.TypeSize != (ulong)sizeof(T))
        {
            throw new ArgumentException(
                $"ManagedCuda takes {typeof(T)} to have {(ulong)variable.TypeSize} bytes, it has {sizeof(T)}.",
                nameof(variable));
        }

        return DeviceBuffer<T>.Wrap(
            (nint)(ulong)variable.DevicePointer.Pointer, checked((long)(ulong)variable.Size), device);
    }

    /// <summary>A buffer's memory as a variable.</summary>
    /// <typeparam name="T">The type of the elements.</typeparam>
    /// <param name="buffer">The buffer.</param>
    /// <exception cref="ArgumentNullException"><paramref name="buffer"/> is null.</exception>
    /// <exception cref="ObjectDisposedException">The buffer has been disposed.</exception>
    public static CudaDeviceVariable<T> View<T>(this DeviceBuffer<T> buffer)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(buffer);
        CUdeviceptr pointer = new((SizeT)(ulong)buffer.Pointer);
        return new(pointer, false, (SizeT)((ulong)buffer.Length * (ulong)sizeof(T)));
    }

    /// <summary>A stream of ManagedCuda as one of NormKernels.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="context">The context that the stream was made in.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <inheritdoc cref="View(CudaStream, int)" path="/exception"/>
    public static DeviceStream View(this CudaStream stream, PrimaryContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return View(stream, context.DeviceId);
    }

    /// <summary>A stream of ManagedCuda as one of NormKernels.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="device">The number of its device, whose primary context it was made in.</param>
    /// <exception cref="ArgumentNullException"><paramref name="stream"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="device"/> is negative.</exception>
    /// <exception cref="DllNotFoundException">The library is missing; the message lists what was probed.</exception>
    /// <exception cref="CudaUnavailableException">There is no driver, it is too old, or there is no device.</exception>
    /// <exception cref="NormKernels.Cuda.CudaException">CUDA reported another error; there is no such device, for
    /// instance.</exception>
    public static DeviceStream View(this CudaStream stream, int device)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentOutOfRangeException.ThrowIfNegative(device);
        using DeviceScope scope = new(device);
        return DeviceStream.Wrap(stream.Stream.Pointer);
    }

    /// <summary>A stream of NormKernels as one of ManagedCuda.</summary>
    /// <param name="stream">The stream.</param>
    /// <exception cref="ArgumentNullException"><paramref name="stream"/> is null.</exception>
    /// <exception cref="ObjectDisposedException">The stream has been disposed.</exception>
    public static CudaStream View(this DeviceStream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return new(new CUstream { Pointer = stream.Pointer });
    }
}
