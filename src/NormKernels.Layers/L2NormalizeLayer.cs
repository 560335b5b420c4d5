using System;

using NormKernels.Cuda;
using NormKernels.Cuda.Memory;
using NormKernels.Layers.Memory;

namespace NormKernels.Layers;

/// <summary>
/// Division by the norm as a layer, PyTorch's <c>F.normalize</c>: slices along one axis, the embeddings of a batch for
/// instance, by <c>max(norm, epsilon)</c>. It has no parameters and keeps nothing.
/// </summary>
/// <remarks>Any number of threads may call it at a time, forward and backward; <see cref="NormLayer{T}.IsTraining"/>
/// changes nothing. See <see cref="NormLayer{T}"/> for where it lives and memory, and <see cref="L2Normalize"/> for the
/// norm.</remarks>
/// <inheritdoc cref="NormLayer{T}" path="/typeparam"/>
public sealed class L2NormalizeLayer<T> : NormLayer<T>
    where T : unmanaged
{
    /// <summary>A layer.</summary>
    /// <param name="p">Order of the norm: more than 0; or positive infinity, for the largest absolute value.</param>
    /// <param name="epsilon">What is divided by where the norm is smaller; 0 or more.</param>
    /// <param name="device">Where the layer works; null: in the computer's memory.</param>
    /// <exception cref="ArgumentException"><typeparamref name="T"/> is not float, Half or BFloat16.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="p"/> is not above 0, <paramref name="epsilon"/> is
    /// negative, or one of them is NaN.</exception>
    public L2NormalizeLayer(double p = 2, double epsilon = 1e-12, CudaDevice? device = null)
        : base(epsilon, device) =>
        P = L2Normalize.Order(p);

    /// <summary>Order of the norm.</summary>
    public double P { get; }

    /// <summary><c>y = x / max(norm, epsilon)</c>, in the computer's memory.</summary>
    /// <param name="x">Input, of the shape.</param>
    /// <param name="y">Receives the output; may be <paramref name="x"/>.</param>
    /// <param name="shape">The tensor along its axis: <c>AxisShape.Of([rows, cols], axis: 1)</c> for rows.</param>
    /// <param name="options">Threads and instruction set; by default the calling thread and the best there is.</param>
    /// <exception cref="ArgumentException">A span has not the length that is stated for it, or an output overlaps
    /// another argument in part. Nothing has been written.</exception>
    /// <exception cref="InvalidOperationException">The layer is on a device.</exception>
    /// <exception cref="ObjectDisposedException">The layer has been disposed.</exception>
    /// <exception cref="DllNotFoundException">The native library is missing; the message lists what was
    /// probed.</exception>
    public void Forward(ReadOnlySpan<T> x, Span<T> y, AxisShape shape, CpuOptions options = default)
    {
        RequireHost();
        L2Normalize.Forward(x, y, shape, P, Epsilon, norm: default, options);
    }

    /// <summary><c>y = x / max(norm, epsilon)</c>, on the device.</summary>
    /// <param name="stream">Where the work is enqueued.</param>
    /// <param name="x">Input, of the shape.</param>
    /// <param name="y">Receives the output; may be <paramref name="x"/>.</param>
    /// <param name="shape">The tensor along its axis.</param>
    /// <exception cref="ArgumentException">A buffer has not the length that is stated for it or is not on the layer's
    /// device, or an output overlaps another argument in part. Nothing has been enqueued.</exception>
    /// <exception cref="ArgumentNullException">The stream or a buffer is null.</exception>
    /// <exception cref="InvalidOperationException">The layer is in the computer's memory.</exception>
    /// <exception cref="ObjectDisposedException">The layer, the stream or a buffer has been disposed.</exception>
    /// <exception cref="CudaException">CUDA reported an error, of this or of something that was enqueued
    /// before.</exception>
    public void Forward(DeviceStream stream, DeviceBuffer<T> x, DeviceBuffer<T> y, AxisShape shape)
    {
        RequireDevice(stream);
        using DeviceWorkspaces.Lease workspace = Lease(shape, stream);
        Cuda.L2Normalize.Forward(stream, x, y, shape, P, Epsilon, norm: null, workspace.Buffer);
    }

    /// <summary>The vector-Jacobian product of forward at x, in the computer's memory: dx from dy.</summary>
    /// <param name="dy">Cotangent of y.</param>
    /// <param name="x">The input of the forward pass.</param>
    /// <param name="dx">Receives the gradient of x; may be <paramref name="dy"/> or <paramref name="x"/>.</param>
    /// <param name="shape">The tensor along its axis.</param>
    /// <param name="options">Threads and instruction set; by default the calling thread and the best there is.</param>
    /// <inheritdoc cref="Forward(ReadOnlySpan{T}, Span{T}, AxisShape, CpuOptions)" path="/exception"/>
    public void Backward(
        ReadOnlySpan<T> dy, ReadOnlySpan<T> x, Span<T> dx, AxisShape shape, CpuOptions options = default)
    {
        RequireHost();
        L2Normalize.Backward(dy, x, dx, shape, P, Epsilon, options);
    }

    /// <summary>The vector-Jacobian product of forward at x, on the device: dx from dy.</summary>
    /// <param name="stream">Where the work is enqueued.</param>
    /// <param name="dy">Cotangent of y.</param>
    /// <param name="x">The input of the forward pass.</param>
    /// <param name="dx">Receives the gradient of x; may be <paramref name="dy"/> or <paramref name="x"/>.</param>
    /// <param name="shape">The tensor along its axis.</param>
    /// <inheritdoc cref="Forward(DeviceStream, DeviceBuffer{T}, DeviceBuffer{T}, AxisShape)" path="/exception"/>
    public void Backward(
        DeviceStream stream, DeviceBuffer<T> dy, DeviceBuffer<T> x, DeviceBuffer<T> dx, AxisShape shape)
    {
        RequireDevice(stream);
        using DeviceWorkspaces.Lease workspace = Lease(shape, stream);
        Cuda.L2Normalize.Backward(stream, dy, x, dx, shape, P, Epsilon, workspace.Buffer);
    }

    private DeviceWorkspaces.Lease Lease(in AxisShape shape, DeviceStream stream)
    {
        using DeviceScope scope = new(stream.Device);
        return Workspaces.Take(Cuda.L2Normalize.WorkspaceSize(shape), stream);
    }
}
