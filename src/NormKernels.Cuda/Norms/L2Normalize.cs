using System;

using NormKernels.Cuda.Interop;
using NormKernels.Interop;

namespace NormKernels.Cuda;

/// <summary>
/// Division of slices along one axis of a tensor by their norm:
/// <code>
/// y = x / max(norm, epsilon)        norm = (sum |x|^p)^(1/p), the largest |x| if p is infinite
/// </code>
/// forward, backward (vector-Jacobian product) and forward-mode derivative (Jacobian-vector product).
/// </summary>
/// <remarks>
/// <para>Tensors are float, <see cref="Half"/> or <see cref="BFloat16"/> and contiguous (<see cref="AxisShape"/>).
/// Arithmetic is float32 or wider; a 16-bit result is rounded once. Norms are float32, in the order of the axes that
/// are left, [outer, inner].</para>
/// <para>Where the norm is below epsilon the divisor is a constant, for the derivatives too: <c>y = x / epsilon</c>,
/// <c>dx = dy / epsilon</c>, <c>jvpY = tanX / epsilon</c>. If p is infinite, elements tied for the largest share the
/// derivative of the norm equally.</para>
/// <para>A null norm means "not wanted". An output may be the same buffer as an input where its description says so;
/// any other overlap throws. Nothing is enqueued when a method throws.</para>
/// <para>The result of a slice depends on that slice alone, bit for bit, on one type of device; it is that of the CPU
/// within rounding. A call enqueues its work and returns: it allocates nothing on the device and waits for nothing, so
/// that it can be captured in a graph.</para>
/// <para>A slice with a NaN gives NaN throughout and disturbs no other. A slice of zeros gives zeros, or NaN if epsilon
/// is 0. The norm of no elements is 0.</para>
/// </remarks>
public static unsafe class L2Normalize
{
    /// <summary><c>y = x / max(norm, epsilon)</c>.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="stream">Where the work is enqueued.</param>
    /// <param name="x">Input, of the shape.</param>
    /// <param name="y">Receives the output; may be <paramref name="x"/>.</param>
    /// <param name="shape">The tensor along its axis.</param>
    /// <param name="p">Order of the norm: more than 0; or positive infinity, for the largest absolute value.</param>
    /// <param name="epsilon">What is divided by where the norm is smaller; 0 or more.</param>
    /// <param name="norm">Receives the norm of each slice before it is held against epsilon, float32, [outer * inner];
    /// or null.</param>
    /// <param name="workspace">Scratch of <see cref="WorkspaceSize"/> bytes; may be null if those are 0.</param>
    /// <exception cref="ArgumentException">A buffer has not the length that is stated for it or is not on the device of
    /// the stream, an output overlaps another argument, or <typeparamref name="T"/> is not float, Half or BFloat16.
    /// Named after the parameter; nothing has been enqueued.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="p"/> is not above 0, or <paramref name="epsilon"/>
    /// is negative; or one of them is NaN.</exception>
    /// <exception cref="ArgumentNullException">The stream, or a buffer that is not optional, is null.</exception>
    /// <exception cref="ObjectDisposedException">The stream or a buffer has been disposed.</exception>
    /// <exception cref="CudaException">CUDA reported an error, of this or of something that was enqueued
    /// before.</exception>
    public static void Forward<T>(
        DeviceStream stream,
        DeviceBuffer<T> x,
        DeviceBuffer<T> y,
        AxisShape shape,
        double p = 2,
        double epsilon = 1e-12,
        DeviceBuffer<float>? norm = null,
        DeviceBuffer<byte>? workspace = null)
        where T : unmanaged =>
        AlongAxis<Entries>.Forward(
            stream, x, y, shape, weight: NoParameters, bias: NoParameters, epsilon, NormKernels.L2Normalize.Order(p),
            mean: null, rstd: null, norm, workspace);

    /// <summary><c>y = x / max(norm, epsilon)</c> for the rows of a matrix and p = 2.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="stream">Where the work is enqueued.</param>
    /// <param name="x">Input, of the shape.</param>
    /// <param name="y">Receives the output; may be <paramref name="x"/>.</param>
    /// <param name="tensorShape">Rows and columns: exactly two axes.</param>
    /// <param name="epsilon">What is divided by where the norm is smaller; 0 or more.</param>
    /// <param name="norm">Receives the norm of each row before it is held against epsilon, float32, [rows]; or
    /// null.</param>
    /// <param name="workspace">Scratch of <see cref="WorkspaceSize"/> bytes; may be null if those are 0.</param>
    /// <exception cref="ArgumentException">A buffer has not the length that is stated for it or is not on the device of
    /// the stream, <paramref name="tensorShape"/> has not two axes, an output overlaps another argument, or
    /// <typeparamref name="T"/> is not float, Half or BFloat16. Named after the parameter; nothing has been
    /// enqueued.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="epsilon"/> is negative or NaN, or
    /// <paramref name="tensorShape"/> is negative or overflows 64 bits.</exception>
    /// <exception cref="ArgumentNullException">The stream, or a buffer that is not optional, is null.</exception>
    /// <exception cref="ObjectDisposedException">The stream or a buffer has been disposed.</exception>
    /// <exception cref="CudaException">CUDA reported an error, of this or of something that was enqueued
    /// before.</exception>
    public static void UnitRows<T>(
        DeviceStream stream,
        DeviceBuffer<T> x,
        DeviceBuffer<T> y,
        ReadOnlySpan<long> tensorShape,
        double epsilon = 1e-12,
        DeviceBuffer<float>? norm = null,
        DeviceBuffer<byte>? workspace = null)
        where T : unmanaged =>
        Forward(stream, x, y, NormKernels.L2Normalize.MatrixRows(tensorShape), p: 2, epsilon, norm, workspace);

    /// <summary>How many bytes of workspace a call of this shape needs, forward, backward or Jvp, on the calling thread's
    /// device.</summary>
    /// <exception cref="ArgumentException">The size overflows 64 bits.</exception>
    /// <exception cref="DllNotFoundException">The library is missing; the message lists what was probed.</exception>
    /// <exception cref="CudaException">There is no device, or CUDA reported another error.</exception>
    public static long WorkspaceSize(AxisShape shape) => AlongAxis<Entries>.WorkspaceSize(shape);

    /// <summary>The vector-Jacobian product of forward at x: dx from dy.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="stream">Where the work is enqueued.</param>
    /// <param name="dy">Cotangent of y.</param>
    /// <param name="x">The input of the forward pass.</param>
    /// <param name="dx">Receives the gradient of x; may be <paramref name="dy"/> or <paramref name="x"/>. Always
    /// overwritten.</param>
    /// <param name="shape">The tensor along its axis.</param>
    /// <param name="p">Order of the norm: more than 0; or positive infinity, for the largest absolute value.</param>
    /// <param name="epsilon">What is divided by where the norm is smaller; 0 or more.</param>
    /// <param name="workspace">Scratch of <see cref="WorkspaceSize"/> bytes; may be null if those are 0.</param>
    /// <inheritdoc cref="Forward{T}(DeviceStream, DeviceBuffer{T}, DeviceBuffer{T}, AxisShape, double, double, DeviceBuffer{float}, DeviceBuffer{byte})" path="/exception"/>
    public static void Backward<T>(
        DeviceStream stream,
        DeviceBuffer<T> dy,
        DeviceBuffer<T> x,
        DeviceBuffer<T> dx,
        AxisShape shape,
        double p = 2,
        double epsilon = 1e-12,
        DeviceBuffer<byte>? workspace = null)
        where T : unmanaged =>
        AlongAxis<Entries>.Backward(
            stream, dy, x, dx, shape, weight: NoParameters, epsilon, NormKernels.L2Normalize.Order(p), mean: null,
            rstd: null, dweight: null, dbias: null, workspace, accumulate: false);

    /// <summary>The Jacobian-vector product of forward at x: the tangent of y along that of x.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="stream">Where the work is enqueued.</param>
    /// <param name="tanX">Tangent of x.</param>
    /// <param name="x">The input of the forward pass.</param>
    /// <param name="jvpY">Receives the tangent of y; may be <paramref name="tanX"/> or <paramref name="x"/>.</param>
    /// <param name="shape">The tensor along its axis.</param>
    /// <param name="p">Order of the norm: more than 0; or positive infinity, for the largest absolute value.</param>
    /// <param name="epsilon">What is divided by where the norm is smaller; 0 or more.</param>
    /// <param name="workspace">Scratch of <see cref="WorkspaceSize"/> bytes; may be null if those are 0.</param>
    /// <inheritdoc cref="Forward{T}(DeviceStream, DeviceBuffer{T}, DeviceBuffer{T}, AxisShape, double, double, DeviceBuffer{float}, DeviceBuffer{byte})" path="/exception"/>
    public static void Jvp<T>(
        DeviceStream stream,
        DeviceBuffer<T> tanX,
        DeviceBuffer<T> x,
        DeviceBuffer<T> jvpY,
        AxisShape shape,
        double p = 2,
        double epsilon = 1e-12,
        DeviceBuffer<byte>? workspace = null)
        where T : unmanaged =>
        AlongAxis<Entries>.Jvp(
            stream, tanX, x, jvpY, shape, weight: NoParameters, tanWeight: NoParameters, tanBias: NoParameters, epsilon,
            NormKernels.L2Normalize.Order(p), mean: null, rstd: null, workspace);

    // There is no weight and no bias.
    private static DeviceBuffer<float>? NoParameters => null;

    private readonly struct Entries : IAlongAxisEntries
    {
        public static string[] ForwardNames { get; } =
            ["y", string.Empty, string.Empty, "norm", "x", string.Empty, string.Empty];

        public static string[] BackwardNames { get; } =
            ["dx", string.Empty, string.Empty, "dy", "x", string.Empty, string.Empty, string.Empty];

        public static string[] JvpNames { get; } =
            ["jvpY", "tanX", "x", string.Empty, string.Empty, string.Empty, string.Empty, string.Empty];

        public static bool KeepsAxis => false;

        public static bool RequiresWeight => false;

        public static long Parameters(in AxisShape shape) => 0;

        public static long Slices(in AxisShape shape) => shape.Outer * shape.Inner;

        public static nk_status Forward(nk_axis_forward_params* parameters, nint stream) =>
            NkCuda.nk_cuda_l2_normalize_forward(parameters, stream);

        public static nk_status Backward(nk_axis_backward_params* parameters, nint stream) =>
            NkCuda.nk_cuda_l2_normalize_backward(parameters, stream);

        public static nk_status Jvp(nk_axis_jvp_params* parameters, nint stream) =>
            NkCuda.nk_cuda_l2_normalize_jvp(parameters, stream);
    }
}
