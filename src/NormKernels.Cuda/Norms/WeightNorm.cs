using System;
using System.Runtime.CompilerServices;

using NormKernels.Cuda.Interop;
using NormKernels.Interop;

namespace NormKernels.Cuda;

/// <summary>
/// Weight normalization (Salimans, Kingma, "Weight Normalization: A Simple Reparameterization to Accelerate Training of
/// Deep Neural Networks", 2016, arXiv:1602.07868):
/// <code>
/// w = g * v / norm        norm = sqrt(sum v^2 + epsilon)
/// </code>
/// where the sum is over all axes but one, so that g and norm have a value for each index of that axis: forward,
/// backward (vector-Jacobian product) and forward-mode derivative (Jacobian-vector product).
/// </summary>
/// <remarks>
/// <para>Tensors are float, <see cref="Half"/> or <see cref="BFloat16"/> and contiguous (<see cref="AxisShape"/>). g is
/// of the tensors' type or float32. Arithmetic is float32 or wider; a 16-bit result is rounded once. Norms and the
/// gradient of g are float32. With <see cref="AxisShape.Whole"/> the sum is over the whole tensor, and g and norm have
/// one value.</para>
/// <para>A null optional buffer means "not passed" for an input (tangents of zeros) and "not wanted" for an output. An
/// output may be the same buffer as an input where its description says so; any other overlap throws. Nothing is
/// enqueued when a method throws.</para>
/// <para>The result of a slice (an index of the axis that is kept) depends on that slice alone, bit for bit, on one
/// type of device; it is that of the CPU within rounding. A call enqueues its work and returns: it allocates nothing on
/// the device and waits for nothing, so that it can be captured in a graph.</para>
/// <para>A slice with a NaN gives NaN throughout and disturbs no other. A slice of zeros gives zeros if epsilon is
/// positive, NaN (0 / 0) if it is 0.</para>
/// </remarks>
public static unsafe class WeightNorm
{
    /// <summary><c>w = g * v / norm</c>.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="stream">Where the work is enqueued.</param>
    /// <param name="v">Directions, of the shape.</param>
    /// <param name="g">Magnitudes, [length].</param>
    /// <param name="w">Receives the weights; may be <paramref name="v"/>.</param>
    /// <param name="shape">The tensor along the axis that is kept.</param>
    /// <param name="epsilon">Added to the sum of squares under the root; 0 or more.</param>
    /// <param name="norm">Receives <c>sqrt(sum v^2 + epsilon)</c> of each slice, float32, [length]; or null.</param>
    /// <param name="workspace">Scratch of <see cref="WorkspaceSize"/> bytes; may be null if those are 0.</param>
    /// <exception cref="ArgumentException">A buffer has not the length that is stated for it or is not on the device of
    /// the stream, an output overlaps another argument, or <typeparamref name="T"/> is not float, Half or BFloat16.
    /// Named after the parameter; nothing has been enqueued.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="epsilon"/> is negative or NaN.</exception>
    /// <exception cref="ArgumentNullException">The stream, or a buffer that is not optional, is null.</exception>
    /// <exception cref="ObjectDisposedException">The stream or a buffer has been disposed.</exception>
    /// <exception cref="CudaException">CUDA reported an error, of this or of something that was enqueued
    /// before.</exception>
    [OverloadResolutionPriority(1)]
    public static void Forward<T>(
        DeviceStream stream,
        DeviceBuffer<T> v,
        DeviceBuffer<T> g,
        DeviceBuffer<T> w,
        AxisShape shape,
        double epsilon = 0,
        DeviceBuffer<float>? norm = null,
        DeviceBuffer<byte>? workspace = null)
        where T : unmanaged =>
        AlongAxis<Entries>.Forward(
            stream, v, w, shape, weight: g, bias: null, epsilon, p: 0, mean: null, rstd: null, norm,
            workspace);

    /// <summary>The same with float32 magnitudes beside 16-bit tensors.</summary>
    /// <inheritdoc cref="Forward{T}(DeviceStream, DeviceBuffer{T}, DeviceBuffer{T}, DeviceBuffer{T}, AxisShape, double, DeviceBuffer{float}, DeviceBuffer{byte})" path="/*[not(self::summary)]"/>
    public static void Forward<T>(
        DeviceStream stream,
        DeviceBuffer<T> v,
        DeviceBuffer<float> g,
        DeviceBuffer<T> w,
        AxisShape shape,
        double epsilon = 0,
        DeviceBuffer<float>? norm = null,
        DeviceBuffer<byte>? workspace = null)
        where T : unmanaged =>
        AlongAxis<Entries>.Forward(
            stream, v, w, shape, weight: g, bias: null, epsilon, p: 0, mean: null, rstd: null, norm,
            workspace);

    /// <summary>How many bytes of workspace a call of this shape needs, forward, backward or Jvp, on the calling thread's
    /// device.</summary>
    /// <exception cref="ArgumentException">The size overflows 64 bits.</exception>
    /// <exception cref="DllNotFoundException">The library is missing; the message lists what was probed.</exception>
    /// <exception cref="CudaException">There is no device, or CUDA reported another error.</exception>
    public static long WorkspaceSize(AxisShape shape) => AlongAxis<Entries>.WorkspaceSize(shape);

    /// <summary>The vector-Jacobian product of forward at v and g: dv and dg from dw.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="stream">Where the work is enqueued.</param>
    /// <param name="dw">Cotangent of w.</param>
    /// <param name="v">The directions of the forward pass.</param>
    /// <param name="g">Magnitudes, [length].</param>
    /// <param name="dv">Receives the gradient of v; may be <paramref name="dw"/> or <paramref name="v"/>. Always
    /// overwritten.</param>
    /// <param name="shape">The tensor along the axis that is kept.</param>
    /// <param name="epsilon">Added to the sum of squares under the root; 0 or more.</param>
    /// <param name="dg">Receives the gradient of g, float32, [length]; or null.</param>
    /// <param name="workspace">Scratch of <see cref="WorkspaceSize"/> bytes; may be null if those are 0.</param>
    /// <param name="accumulate">Whether dg is added to (+=) and not overwritten (=).</param>
    /// <inheritdoc cref="Forward{T}(DeviceStream, DeviceBuffer{T}, DeviceBuffer{T}, DeviceBuffer{T}, AxisShape, double, DeviceBuffer{float}, DeviceBuffer{byte})" path="/exception"/>
    [OverloadResolutionPriority(1)]
    public static void Backward<T>(
        DeviceStream stream,
        DeviceBuffer<T> dw,
        DeviceBuffer<T> v,
        DeviceBuffer<T> g,
        DeviceBuffer<T> dv,
        AxisShape shape,
        double epsilon = 0,
        DeviceBuffer<float>? dg = null,
        DeviceBuffer<byte>? workspace = null,
        bool accumulate = false)
        where T : unmanaged =>
        AlongAxis<Entries>.Backward(
            stream, dy: dw, x: v, dx: dv, shape, weight: g, epsilon, p: 0, mean: null, rstd: null, dweight: dg,
            dbias: null, workspace, accumulate);

    /// <summary>The same with float32 magnitudes beside 16-bit tensors.</summary>
    /// <inheritdoc cref="Backward{T}(DeviceStream, DeviceBuffer{T}, DeviceBuffer{T}, DeviceBuffer{T}, DeviceBuffer{T}, AxisShape, double, DeviceBuffer{float}, DeviceBuffer{byte}, bool)" path="/*[not(self::summary)]"/>
    public static void Backward<T>(
        DeviceStream stream,
        DeviceBuffer<T> dw,
        DeviceBuffer<T> v,
        DeviceBuffer<float> g,
        DeviceBuffer<T> dv,
        AxisShape shape,
        double epsilon = 0,
        DeviceBuffer<float>? dg = null,
        DeviceBuffer<byte>? workspace = null,
        bool accumulate = false)
        where T : unmanaged =>
        AlongAxis<Entries>.Backward(
            stream, dy: dw, x: v, dx: dv, shape, weight: g, epsilon, p: 0, mean: null, rstd: null, dweight: dg,
            dbias: null, workspace, accumulate);

    /// <summary>The Jacobian-vector product of forward at v and g: the tangent of w along the tangents of v and
    /// g.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="stream">Where the work is enqueued.</param>
    /// <param name="tanV">Tangent of v.</param>
    /// <param name="tanG">Tangent of g, [length], or null for zeros.</param>
    /// <param name="v">The directions of the forward pass.</param>
    /// <param name="g">Magnitudes, [length].</param>
    /// <param name="jvpW">Receives the tangent of w; may be <paramref name="tanV"/> or <paramref name="v"/>.</param>
    /// <param name="shape">The tensor along the axis that is kept.</param>
    /// <param name="epsilon">Added to the sum of squares under the root; 0 or more.</param>
    /// <param name="workspace">Scratch of <see cref="WorkspaceSize"/> bytes; may be null if those are 0.</param>
    /// <inheritdoc cref="Forward{T}(DeviceStream, DeviceBuffer{T}, DeviceBuffer{T}, DeviceBuffer{T}, AxisShape, double, DeviceBuffer{float}, DeviceBuffer{byte})" path="/exception"/>
    [OverloadResolutionPriority(1)]
    public static void Jvp<T>(
        DeviceStream stream,
        DeviceBuffer<T> tanV,
        DeviceBuffer<T>? tanG,
        DeviceBuffer<T> v,
        DeviceBuffer<T> g,
        DeviceBuffer<T> jvpW,
        AxisShape shape,
        double epsilon = 0,
        DeviceBuffer<byte>? workspace = null)
        where T : unmanaged =>
        AlongAxis<Entries>.Jvp(
            stream, tanX: tanV, x: v, jvpY: jvpW, shape, weight: g, tanWeight: tanG, tanBias: null, epsilon, p: 0,
            mean: null, rstd: null, workspace);

    /// <summary>The same with float32 magnitudes beside 16-bit tensors.</summary>
    /// <inheritdoc cref="Jvp{T}(DeviceStream, DeviceBuffer{T}, DeviceBuffer{T}, DeviceBuffer{T}, DeviceBuffer{T}, DeviceBuffer{T}, AxisShape, double, DeviceBuffer{byte})" path="/*[not(self::summary)]"/>
    public static void Jvp<T>(
        DeviceStream stream,
        DeviceBuffer<T> tanV,
        DeviceBuffer<float>? tanG,
        DeviceBuffer<T> v,
        DeviceBuffer<float> g,
        DeviceBuffer<T> jvpW,
        AxisShape shape,
        double epsilon = 0,
        DeviceBuffer<byte>? workspace = null)
        where T : unmanaged =>
        AlongAxis<Entries>.Jvp(
            stream, tanX: tanV, x: v, jvpY: jvpW, shape, weight: g, tanWeight: tanG, tanBias: null, epsilon, p: 0,
            mean: null, rstd: null, workspace);

    private readonly struct Entries : IAlongAxisEntries
    {
        public static string[] ForwardNames { get; } =
            ["w", string.Empty, string.Empty, "norm", "v", "g", string.Empty];

        public static string[] BackwardNames { get; } =
            ["dv", "dg", string.Empty, "dw", "v", "g", string.Empty, string.Empty];

        public static string[] JvpNames { get; } =
            ["jvpW", "tanV", "v", "g", "tanG", string.Empty, string.Empty, string.Empty];

        public static bool KeepsAxis => true;

        public static bool RequiresWeight => true;

        public static long Parameters(in AxisShape shape) => shape.Length;

        public static long Slices(in AxisShape shape) => shape.Length;

        public static nk_status Forward(nk_axis_forward_params* parameters, nint stream) =>
            NkCuda.nk_cuda_weight_norm_forward(parameters, stream);

        public static nk_status Backward(nk_axis_backward_params* parameters, nint stream) =>
            NkCuda.nk_cuda_weight_norm_backward(parameters, stream);

        public static nk_status Jvp(nk_axis_jvp_params* parameters, nint stream) =>
            NkCuda.nk_cuda_weight_norm_jvp(parameters, stream);
    }
}
