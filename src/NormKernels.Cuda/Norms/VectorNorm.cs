using System;
using System.Runtime.CompilerServices;

using NormKernels.Cuda.Interop;
using NormKernels.Interop;

namespace NormKernels.Cuda;

/// <summary>
/// Norms of vectors, over any axes of a tensor:
/// <code>
/// norm = (sum |x|^p)^(1/p)
/// </code>
/// and for p = infinity the largest |x|, for -infinity the smallest, for 0 how many x are not zero (NaN is not):
/// forward, backward (vector-Jacobian product) and forward-mode derivative (Jacobian-vector product).
/// </summary>
/// <remarks>
/// <para>Tensors are float, <see cref="Half"/> or <see cref="BFloat16"/> and contiguous (<see cref="ReductionShape"/>).
/// Norms, their cotangents and tangents are of the tensor's type or float32. Arithmetic is float32 or wider; a 16-bit
/// result is rounded once.</para>
/// <para>Where the norm is 0 its derivative is taken to be 0, and so is that by an element of 0 if p is below 1.
/// Elements tied for the largest or the smallest share the derivative equally. Order 0 has no derivative.</para>
/// <para>dx may be x; any other overlap of an output throws. Nothing is enqueued when a method throws.</para>
/// <para>A norm depends on the elements that it is the norm of alone, bit for bit, on one type of device; it is that of
/// the CPU within rounding. A call enqueues its work and returns: it allocates nothing on the device and waits for
/// nothing, so that it can be captured in a graph.</para>
/// <para>A norm over a NaN is NaN (but for order 0) and disturbs no other. The norm of no elements is 0, if p is finite
/// and not negative; for other p it does not exist, and the call throws.</para>
/// </remarks>
public static unsafe class VectorNorm
{
    /// <summary><c>norm = (sum |x|^p)^(1/p)</c> over the axes that are reduced.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="stream">Where the work is enqueued.</param>
    /// <param name="x">Input, of the shape.</param>
    /// <param name="norm">Receives the norms, a value for each index of the axes that are kept.</param>
    /// <param name="shape">The tensor and the axes that are reduced.</param>
    /// <param name="p">Order of the norm: any number, or an infinity.</param>
    /// <param name="workspace">Scratch of <see cref="WorkspaceSize"/> bytes; may be null if those are 0.</param>
    /// <exception cref="ArgumentException">A buffer has not the length that is stated for it or is not on the device of
    /// the stream, there is no norm of this order of no elements, an output overlaps another argument, or
    /// <typeparamref name="T"/> is not float, Half or BFloat16. Named after the parameter; nothing has been
    /// enqueued.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="p"/> is NaN.</exception>
    /// <exception cref="ArgumentNullException">The stream, or a buffer that is not optional, is null.</exception>
    /// <exception cref="ObjectDisposedException">The stream or a buffer has been disposed.</exception>
    /// <exception cref="CudaException">CUDA reported an error, of this or of something that was enqueued
    /// before.</exception>
    [OverloadResolutionPriority(1)]
    public static void Forward<T>(
        DeviceStream stream,
        DeviceBuffer<T> x,
        DeviceBuffer<T> norm,
        ReductionShape shape,
        double p = 2,
        DeviceBuffer<byte>? workspace = null)
        where T : unmanaged =>
        OverAxes<Entries>.Forward(
            stream, x, norm, NormKernels.VectorNorm.Reduction(shape, p, derivative: false), shape.Count,
            shape.NormCount, workspace);

    /// <summary>The same with float32 norms beside a 16-bit tensor.</summary>
    /// <inheritdoc cref="Forward{T}(DeviceStream, DeviceBuffer{T}, DeviceBuffer{T}, ReductionShape, double, DeviceBuffer{byte})" path="/*[not(self::summary)]"/>
    public static void Forward<T>(
        DeviceStream stream,
        DeviceBuffer<T> x,
        DeviceBuffer<float> norm,
        ReductionShape shape,
        double p = 2,
        DeviceBuffer<byte>? workspace = null)
        where T : unmanaged =>
        OverAxes<Entries>.Forward(
            stream, x, norm, NormKernels.VectorNorm.Reduction(shape, p, derivative: false), shape.Count,
            shape.NormCount, workspace);

    /// <summary>How many bytes of workspace a call needs, forward, backward or Jvp, on the calling thread's
    /// device.</summary>
    /// <param name="shape">The tensor and the axes that are reduced.</param>
    /// <param name="p">Order of the norm: any number, or an infinity.</param>
    /// <exception cref="ArgumentException">The size overflows 64 bits, or there is no norm of this order of no
    /// elements.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="p"/> is NaN.</exception>
    /// <exception cref="DllNotFoundException">The library is missing; the message lists what was probed.</exception>
    /// <exception cref="CudaException">There is no device, or CUDA reported another error.</exception>
    public static long WorkspaceSize(ReductionShape shape, double p = 2) =>
        OverAxes<Entries>.WorkspaceSize(NormKernels.VectorNorm.Reduction(shape, p, derivative: false));

    /// <summary>The vector-Jacobian product of forward at x: dx from dnorm.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="stream">Where the work is enqueued.</param>
    /// <param name="dnorm">Cotangent of the norms.</param>
    /// <param name="x">The input of the forward pass.</param>
    /// <param name="dx">Receives the gradient of x; may be <paramref name="x"/>. Always overwritten.</param>
    /// <param name="shape">The tensor and the axes that are reduced.</param>
    /// <param name="p">Order of the norm: any number but 0, or an infinity.</param>
    /// <param name="workspace">Scratch of <see cref="WorkspaceSize"/> bytes; may be null if those are 0.</param>
    /// <exception cref="ArgumentException">A buffer has not the length that is stated for it or is not on the device of
    /// the stream, there is no norm of this order of no elements, an output overlaps another argument, or
    /// <typeparamref name="T"/> is not float, Half or BFloat16. Named after the parameter; nothing has been
    /// enqueued.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="p"/> is NaN or 0.</exception>
    /// <exception cref="ArgumentNullException">The stream, or a buffer that is not optional, is null.</exception>
    /// <exception cref="ObjectDisposedException">The stream or a buffer has been disposed.</exception>
    /// <exception cref="CudaException">CUDA reported an error, of this or of something that was enqueued
    /// before.</exception>
    [OverloadResolutionPriority(1)]
    public static void Backward<T>(
        DeviceStream stream,
        DeviceBuffer<T> dnorm,
        DeviceBuffer<T> x,
        DeviceBuffer<T> dx,
        ReductionShape shape,
        double p = 2,
        DeviceBuffer<byte>? workspace = null)
        where T : unmanaged =>
        OverAxes<Entries>.Backward(
            stream, dnorm, x, dx, NormKernels.VectorNorm.Reduction(shape, p, derivative: true), shape.Count,
            shape.NormCount, workspace);

    /// <summary>The same with float32 norms beside a 16-bit tensor.</summary>
    /// <inheritdoc cref="Backward{T}(DeviceStream, DeviceBuffer{T}, DeviceBuffer{T}, DeviceBuffer{T}, ReductionShape, double, DeviceBuffer{byte})" path="/*[not(self::summary)]"/>
    public static void Backward<T>(
        DeviceStream stream,
        DeviceBuffer<float> dnorm,
        DeviceBuffer<T> x,
        DeviceBuffer<T> dx,
        ReductionShape shape,
        double p = 2,
        DeviceBuffer<byte>? workspace = null)
        where T : unmanaged =>
        OverAxes<Entries>.Backward(
            stream, dnorm, x, dx, NormKernels.VectorNorm.Reduction(shape, p, derivative: true), shape.Count,
            shape.NormCount, workspace);

    /// <summary>The Jacobian-vector product of forward at x: the tangent of the norms along that of x.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="stream">Where the work is enqueued.</param>
    /// <param name="tanX">Tangent of x.</param>
    /// <param name="x">The input of the forward pass.</param>
    /// <param name="jvpNorm">Receives the tangent of the norms.</param>
    /// <param name="shape">The tensor and the axes that are reduced.</param>
    /// <param name="p">Order of the norm: any number but 0, or an infinity.</param>
    /// <param name="workspace">Scratch of <see cref="WorkspaceSize"/> bytes; may be null if those are 0.</param>
    /// <inheritdoc cref="Backward{T}(DeviceStream, DeviceBuffer{T}, DeviceBuffer{T}, DeviceBuffer{T}, ReductionShape, double, DeviceBuffer{byte})" path="/exception"/>
    [OverloadResolutionPriority(1)]
    public static void Jvp<T>(
        DeviceStream stream,
        DeviceBuffer<T> tanX,
        DeviceBuffer<T> x,
        DeviceBuffer<T> jvpNorm,
        ReductionShape shape,
        double p = 2,
        DeviceBuffer<byte>? workspace = null)
        where T : unmanaged =>
        OverAxes<Entries>.Jvp(
            stream, tanX, x, jvpNorm, NormKernels.VectorNorm.Reduction(shape, p, derivative: true), shape.Count,
            shape.NormCount, workspace);

    /// <summary>The same with float32 norms beside a 16-bit tensor.</summary>
    /// <inheritdoc cref="Jvp{T}(DeviceStream, DeviceBuffer{T}, DeviceBuffer{T}, DeviceBuffer{T}, ReductionShape, double, DeviceBuffer{byte})" path="/*[not(self::summary)]"/>
    public static void Jvp<T>(
        DeviceStream stream,
        DeviceBuffer<T> tanX,
        DeviceBuffer<T> x,
        DeviceBuffer<float> jvpNorm,
        ReductionShape shape,
        double p = 2,
        DeviceBuffer<byte>? workspace = null)
        where T : unmanaged =>
        OverAxes<Entries>.Jvp(
            stream, tanX, x, jvpNorm, NormKernels.VectorNorm.Reduction(shape, p, derivative: true), shape.Count,
            shape.NormCount, workspace);

    private readonly struct Entries : IOverAxesEntries
    {
        public static nk_status WorkspaceSize(nk_reduction* reduction, ulong* size) =>
            NkCuda.nk_cuda_vector_norm_workspace_size(reduction, size);

        public static nk_status Forward(nk_reduction_forward_params* parameters, nint stream) =>
            NkCuda.nk_cuda_vector_norm_forward(parameters, stream);

        public static nk_status Backward(nk_reduction_backward_params* parameters, nint stream) =>
            NkCuda.nk_cuda_vector_norm_backward(parameters, stream);

        public static nk_status Jvp(nk_reduction_jvp_params* parameters, nint stream) =>
            NkCuda.nk_cuda_vector_norm_jvp(parameters, stream);
    }
}
