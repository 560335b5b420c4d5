using System;
using System.Runtime.CompilerServices;

using NormKernels.Cuda.Interop;
using NormKernels.Interop;

namespace NormKernels.Cuda;

/// <summary>
/// Norms of matrices, over any two axes of a tensor:
/// <code>
/// Frobenius            sqrt(sum x^2)
/// Nuclear              the sum of the singular values
/// Max-, MinColumnSum   the largest, smallest sum of |x| down a column (1, -1)
/// Max-, MinRowSum      the largest, smallest sum of |x| along a row (infinity, -infinity)
/// Max-, MinSingularValue   the largest, smallest singular value (2, -2)
/// </code>
/// Forward, backward (vector-Jacobian product) and forward-mode derivative (Jacobian-vector product).
/// </summary>
/// <remarks>
/// <para>Tensors are float, <see cref="Half"/> or <see cref="BFloat16"/> and contiguous (<see cref="MatrixShape"/>).
/// Norms, their cotangents and tangents are of the tensor's type or float32. Arithmetic is float32 or wider; a 16-bit
/// result is rounded once.</para>
/// <para>Where the norm is 0 its derivative is taken to be 0. Columns or rows tied for the largest or the smallest
/// share the derivative equally.</para>
/// <para>dx may be x; any other overlap of an output throws. Nothing is enqueued when a method throws.</para>
/// <para>The norm of a matrix depends on that matrix alone, bit for bit, on one type of device; it is that of the CPU
/// within rounding. A call enqueues its work and returns: it allocates nothing on the device and waits for nothing, so
/// that it can be captured in a graph.</para>
/// <para>The norm of a matrix with a NaN is NaN and disturbs no other. The norm of a matrix without elements is 0; but
/// the largest or smallest of no columns, rows or singular values does not exist, and the call throws.</para>
/// </remarks>
public static unsafe class MatrixNorm
{
    /// <summary>The norm of each matrix.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="stream">Where the work is enqueued.</param>
    /// <param name="x">Input, of the shape.</param>
    /// <param name="norm">Receives the norm of each matrix.</param>
    /// <param name="shape">The tensor and the axes of its matrices.</param>
    /// <param name="order">Which norm.</param>
    /// <param name="workspace">Scratch of <see cref="WorkspaceSize(MatrixShape, MatrixNormOrder)"/> bytes; may be null if
    /// those are 0.</param>
    /// <exception cref="ArgumentException">A buffer has not the length that is stated for it or is not on the device of
    /// the stream, the norm is the largest or smallest of nothing, an output overlaps another argument, or
    /// <typeparamref name="T"/> is not float, Half or BFloat16. Named after the parameter; nothing has been
    /// enqueued.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such <paramref name="order"/>.</exception>
    /// <exception cref="ArgumentNullException">The stream, or a buffer that is not optional, is null.</exception>
    /// <exception cref="ObjectDisposedException">The stream or a buffer has been disposed.</exception>
    /// <exception cref="CudaException">CUDA reported an error, of this or of something that was enqueued
    /// before.</exception>
    [OverloadResolutionPriority(1)]
    public static void Forward<T>(
        DeviceStream stream,
        DeviceBuffer<T> x,
        DeviceBuffer<T> norm,
        MatrixShape shape,
        MatrixNormOrder order = MatrixNormOrder.Frobenius,
        DeviceBuffer<byte>? workspace = null)
        where T : unmanaged =>
        OverAxes<Entries>.Forward(
            stream, x, norm, NormKernels.MatrixNorm.Reduction(shape, order), shape.Count, shape.NormCount, workspace);

    /// <summary>The same with float32 norms beside a 16-bit tensor.</summary>
    /// <inheritdoc cref="Forward{T}(DeviceStream, DeviceBuffer{T}, DeviceBuffer{T}, MatrixShape, MatrixNormOrder, DeviceBuffer{byte})" path="/*[not(self::summary)]"/>
    public static void Forward<T>(
        DeviceStream stream,
        DeviceBuffer<T> x,
        DeviceBuffer<float> norm,
        MatrixShape shape,
        MatrixNormOrder order = MatrixNormOrder.Frobenius,
        DeviceBuffer<byte>? workspace = null)
        where T : unmanaged =>
        OverAxes<Entries>.Forward(
            stream, x, norm, NormKernels.MatrixNorm.Reduction(shape, order), shape.Count, shape.NormCount, workspace);

    /// <summary>How many bytes of workspace a call needs, forward, backward or Jvp, on the calling thread's
    /// device.</summary>
    /// <param name="shape">The tensor and the axes of its matrices.</param>
    /// <param name="order">Which norm.</param>
    /// <exception cref="ArgumentException">The size overflows 64 bits, or the norm is the largest or smallest of
    /// nothing.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such <paramref name="order"/>.</exception>
    /// <exception cref="DllNotFoundException">The library is missing; the message lists what was probed.</exception>
    /// <exception cref="CudaException">There is no device, or CUDA reported another error.</exception>
    public static long WorkspaceSize(MatrixShape shape, MatrixNormOrder order) =>
        OverAxes<Entries>.WorkspaceSize(NormKernels.MatrixNorm.Reduction(shape, order));

    /// <summary>How many bytes of workspace a call needs, whatever the order of the norm, on the calling thread's
    /// device.</summary>
    /// <param name="shape">The tensor and the axes of its matrices.</param>
    /// <exception cref="ArgumentException">The size overflows 64 bits.</exception>
    /// <exception cref="DllNotFoundException">The library is missing; the message lists what was probed.</exception>
    /// <exception cref="CudaException">There is no device, or CUDA reported another error.</exception>
    public static long WorkspaceSize(MatrixShape shape)
    {
        long most = 0;
        for (MatrixNormOrder order = 0; order <= NormKernels.MatrixNorm.Last; order++)
        {
            if (NormKernels.MatrixNorm.Exists(shape, order))
            {
                most = Math.Max(most, WorkspaceSize(shape, order));
            }
        }

        return most;
    }

    /// <summary>The vector-Jacobian product of forward at x: dx from dnorm.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="stream">Where the work is enqueued.</param>
    /// <param name="dnorm">Cotangent of the norms.</param>
    /// <param name="x">The input of the forward pass.</param>
    /// <param name="dx">Receives the gradient of x; may be <paramref name="x"/>. Always overwritten.</param>
    /// <param name="shape">The tensor and the axes of its matrices.</param>
    /// <param name="order">Which norm.</param>
    /// <param name="workspace">Scratch of <see cref="WorkspaceSize(MatrixShape, MatrixNormOrder)"/> bytes; may be null if
    /// those are 0.</param>
    /// <inheritdoc cref="Forward{T}(DeviceStream, DeviceBuffer{T}, DeviceBuffer{T}, MatrixShape, MatrixNormOrder, DeviceBuffer{byte})" path="/exception"/>
    [OverloadResolutionPriority(1)]
    public static void Backward<T>(
        DeviceStream stream,
        DeviceBuffer<T> dnorm,
        DeviceBuffer<T> x,
        DeviceBuffer<T> dx,
        MatrixShape shape,
        MatrixNormOrder order = MatrixNormOrder.Frobenius,
        DeviceBuffer<byte>? workspace = null)
        where T : unmanaged =>
        OverAxes<Entries>.Backward(
            stream, dnorm, x, dx, NormKernels.MatrixNorm.Reduction(shape, order), shape.Count, shape.NormCount,
            workspace);

    /// <summary>The same with float32 norms beside a 16-bit tensor.</summary>
    /// <inheritdoc cref="Backward{T}(DeviceStream, DeviceBuffer{T}, DeviceBuffer{T}, DeviceBuffer{T}, MatrixShape, MatrixNormOrder, DeviceBuffer{byte})" path="/*[not(self::summary)]"/>
    public static void Backward<T>(
        DeviceStream stream,
        DeviceBuffer<float> dnorm,
        DeviceBuffer<T> x,
        DeviceBuffer<T> dx,
        MatrixShape shape,
        MatrixNormOrder order = MatrixNormOrder.Frobenius,
        DeviceBuffer<byte>? workspace = null)
        where T : unmanaged =>
        OverAxes<Entries>.Backward(
            stream, dnorm, x, dx, NormKernels.MatrixNorm.Reduction(shape, order), shape.Count, shape.NormCount,
            workspace);

    /// <summary>The Jacobian-vector product of forward at x: the tangent of the norms along that of x.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="stream">Where the work is enqueued.</param>
    /// <param name="tanX">Tangent of x.</param>
    /// <param name="x">The input of the forward pass.</param>
    /// <param name="jvpNorm">Receives the tangent of the norms.</param>
    /// <param name="shape">The tensor and the axes of its matrices.</param>
    /// <param name="order">Which norm.</param>
    /// <param name="workspace">Scratch of <see cref="WorkspaceSize(MatrixShape, MatrixNormOrder)"/> bytes; may be null if
    /// those are 0.</param>
    /// <inheritdoc cref="Forward{T}(DeviceStream, DeviceBuffer{T}, DeviceBuffer{T}, MatrixShape, MatrixNormOrder, DeviceBuffer{byte})" path="/exception"/>
    [OverloadResolutionPriority(1)]
    public static void Jvp<T>(
        DeviceStream stream,
        DeviceBuffer<T> tanX,
        DeviceBuffer<T> x,
        DeviceBuffer<T> jvpNorm,
        MatrixShape shape,
        MatrixNormOrder order = MatrixNormOrder.Frobenius,
        DeviceBuffer<byte>? workspace = null)
        where T : unmanaged =>
        OverAxes<Entries>.Jvp(
            stream, tanX, x, jvpNorm, NormKernels.MatrixNorm.Reduction(shape, order), shape.Count, shape.NormCount,
            workspace);

    /// <summary>The same with float32 norms beside a 16-bit tensor.</summary>
    /// <inheritdoc cref="Jvp{T}(DeviceStream, DeviceBuffer{T}, DeviceBuffer{T}, DeviceBuffer{T}, MatrixShape, MatrixNormOrder, DeviceBuffer{byte})" path="/*[not(self::summary)]"/>
    public static void Jvp<T>(
        DeviceStream stream,
        DeviceBuffer<T> tanX,
        DeviceBuffer<T> x,
        DeviceBuffer<float> jvpNorm,
        MatrixShape shape,
        MatrixNormOrder order = MatrixNormOrder.Frobenius,
        DeviceBuffer<byte>? workspace = null)
        where T : unmanaged =>
        OverAxes<Entries>.Jvp(
            stream, tanX, x, jvpNorm, NormKernels.MatrixNorm.Reduction(shape, order), shape.Count, shape.NormCount,
            workspace);

    private readonly struct Entries : IOverAxesEntries
    {
        public static nk_status WorkspaceSize(nk_reduction* reduction, ulong* size) =>
            NkCuda.nk_cuda_matrix_norm_workspace_size(reduction, size);

        public static nk_status Forward(nk_reduction_forward_params* parameters, nint stream) =>
            NkCuda.nk_cuda_matrix_norm_forward(parameters, stream);

        public static nk_status Backward(nk_reduction_backward_params* parameters, nint stream) =>
            NkCuda.nk_cuda_matrix_norm_backward(parameters, stream);

        public static nk_status Jvp(nk_reduction_jvp_params* parameters, nint stream) =>
            NkCuda.nk_cuda_matrix_norm_jvp(parameters, stream);
    }
}
