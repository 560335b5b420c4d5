using System;
using System.Runtime.CompilerServices;

using NormKernels.Cuda.Interop;
using NormKernels.Interop;

namespace NormKernels.Cuda;

/// <summary>
/// Layer normalization over the rows of a matrix (Ba, Kiros, Hinton, "Layer Normalization", 2016, arXiv:1607.06450):
/// <code>
/// y = (x - mean) * rstd * weight + bias        rstd = 1 / sqrt(variance + epsilon), the variance biased
/// </code>
/// forward, backward (vector-Jacobian product) and forward-mode derivative (Jacobian-vector product).
/// </summary>
/// <remarks>
/// <para>Tensors are float, <see cref="Half"/> or <see cref="BFloat16"/>, row-major, seen as rows x columns
/// (<see cref="RowShape"/>). Weight and bias are of the tensors' type or float32. Arithmetic is float32 or wider; a
/// 16-bit result is rounded once. Statistics and parameter gradients are float32.</para>
/// <para>A null optional buffer means "not passed" for an input (a weight of ones, a bias of zeros) and "not wanted"
/// for an output. An output may be the same buffer as an input where its description says so; any other overlap throws.
/// Nothing is enqueued when a method throws.</para>
/// <para>A row's result depends on that row alone, bit for bit, on one type of device; it is that of the CPU within
/// rounding. A call enqueues its work and returns: it allocates nothing on the device and waits for nothing, so that it
/// can be captured in a graph.</para>
/// <para>A row with a NaN or an infinity gives NaN throughout and disturbs no other row. A constant row gives exactly
/// the bias if epsilon is positive, NaN if it is 0. Rows of no elements have NaN as their statistics.</para>
/// </remarks>
public static unsafe partial class LayerNorm
{
    /// <summary><c>y = norm(x)</c>.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="stream">Where the work is enqueued.</param>
    /// <param name="x">Input, [rows, cols].</param>
    /// <param name="y">Receives the output, [rows, cols]; may be <paramref name="x"/>.</param>
    /// <param name="shape">Rows, columns and strides.</param>
    /// <param name="weight">Scale, [cols], or null.</param>
    /// <param name="bias">Offset, [cols], or null.</param>
    /// <param name="epsilon">Added to the variance under the root; 0 or more.</param>
    /// <param name="mean">Receives the mean of each row, float32, [rows]; or null.</param>
    /// <param name="rstd">Receives <c>1 / sqrt(variance + epsilon)</c> of each row, float32, [rows]; or null.</param>
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
        DeviceBuffer<T> x,
        DeviceBuffer<T> y,
        RowShape shape,
        DeviceBuffer<T>? weight = null,
        DeviceBuffer<T>? bias = null,
        double epsilon = 1e-5,
        DeviceBuffer<float>? mean = null,
        DeviceBuffer<float>? rstd = null)
        where T : unmanaged =>
        RowNorm<Entries>.Forward(
            stream, x, residual: null, gate: null, h: null, y, yScale: null, shape, weight, bias, epsilon, mean, rstd,
            nk_flags.NK_FLAG_NONE, RowForm.Plain);

    /// <summary>The same with a float32 weight and bias beside 16-bit tensors.</summary>
    /// <inheritdoc cref="Forward{T}(DeviceStream, DeviceBuffer{T}, DeviceBuffer{T}, RowShape, DeviceBuffer{T}, DeviceBuffer{T}, double, DeviceBuffer{float}, DeviceBuffer{float})" path="/*[not(self::summary)]"/>
    public static void Forward<T>(
        DeviceStream stream,
        DeviceBuffer<T> x,
        DeviceBuffer<T> y,
        RowShape shape,
        DeviceBuffer<float>? weight = null,
        DeviceBuffer<float>? bias = null,
        double epsilon = 1e-5,
        DeviceBuffer<float>? mean = null,
        DeviceBuffer<float>? rstd = null)
        where T : unmanaged =>
        RowNorm<Entries>.Forward(
            stream, x, residual: null, gate: null, h: null, y, yScale: null, shape, weight, bias, epsilon, mean, rstd,
            nk_flags.NK_FLAG_NONE, RowForm.Plain);

    /// <summary><c>h = x + residual</c>, <c>y = norm(h)</c> in one pass.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="stream">Where the work is enqueued.</param>
    /// <param name="x">Input, [rows, cols].</param>
    /// <param name="residual">Added to x, [rows, cols].</param>
    /// <param name="h">Receives the sum, rounded to <typeparamref name="T"/>, and is what is normalized, [rows, cols];
    /// may be <paramref name="x"/> or <paramref name="residual"/>.</param>
    /// <param name="y">Receives the normalized sum, [rows, cols]; may be <paramref name="x"/> or
    /// <paramref name="residual"/>, if h is not.</param>
    /// <param name="shape">Rows, columns and strides.</param>
    /// <param name="weight">Scale, [cols], or null.</param>
    /// <param name="bias">Offset, [cols], or null.</param>
    /// <param name="epsilon">Added to the variance under the root; 0 or more.</param>
    /// <param name="mean">Receives the mean of each row, float32, [rows]; or null.</param>
    /// <param name="rstd">Receives <c>1 / sqrt(variance + epsilon)</c> of each row, float32, [rows]; or null.</param>
    /// <inheritdoc cref="Forward{T}(DeviceStream, DeviceBuffer{T}, DeviceBuffer{T}, RowShape, DeviceBuffer{T}, DeviceBuffer{T}, double, DeviceBuffer{float}, DeviceBuffer{float})" path="/exception"/>
    [OverloadResolutionPriority(1)]
    public static void AddForward<T>(
        DeviceStream stream,
        DeviceBuffer<T> x,
        DeviceBuffer<T> residual,
        DeviceBuffer<T> h,
        DeviceBuffer<T> y,
        RowShape shape,
        DeviceBuffer<T>? weight = null,
        DeviceBuffer<T>? bias = null,
        double epsilon = 1e-5,
        DeviceBuffer<float>? mean = null,
        DeviceBuffer<float>? rstd = null)
        where T : unmanaged =>
        RowNorm<Entries>.Forward(
            stream, x, residual, gate: null, h, y, yScale: null, shape, weight, bias, epsilon, mean, rstd,
            nk_flags.NK_FLAG_NONE, RowForm.Add);

    /// <summary>The same with a float32 weight and bias beside 16-bit tensors.</summary>
    /// <inheritdoc cref="AddForward{T}(DeviceStream, DeviceBuffer{T}, DeviceBuffer{T}, DeviceBuffer{T}, DeviceBuffer{T}, RowShape, DeviceBuffer{T}, DeviceBuffer{T}, double, DeviceBuffer{float}, DeviceBuffer{float})" path="/*[not(self::summary)]"/>
    public static void AddForward<T>(
        DeviceStream stream,
        DeviceBuffer<T> x,
        DeviceBuffer<T> residual,
        DeviceBuffer<T> h,
        DeviceBuffer<T> y,
        RowShape shape,
        DeviceBuffer<float>? weight = null,
        DeviceBuffer<float>? bias = null,
        double epsilon = 1e-5,
        DeviceBuffer<float>? mean = null,
        DeviceBuffer<float>? rstd = null)
        where T : unmanaged =>
        RowNorm<Entries>.Forward(
            stream, x, residual, gate: null, h, y, yScale: null, shape, weight, bias, epsilon, mean, rstd,
            nk_flags.NK_FLAG_NONE, RowForm.Add);

    /// <summary>How many bytes of workspace a backward call of this shape needs for dweight and dbias, on the calling
    /// thread's device.</summary>
    /// <exception cref="ArgumentException">The size overflows 64 bits.</exception>
    /// <exception cref="DllNotFoundException">The library is missing; the message lists what was probed.</exception>
    /// <exception cref="CudaException">There is no device, or CUDA reported another error.</exception>
    public static long BackwardWorkspaceSize(RowShape shape) => RowNorm<Entries>.BackwardWorkspaceSize(shape);

    /// <summary>The vector-Jacobian product of forward at x: dx, dweight and dbias from dy.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="stream">Where the work is enqueued.</param>
    /// <param name="dy">Cotangent of y, [rows, cols].</param>
    /// <param name="x">The input of the forward pass, [rows, cols].</param>
    /// <param name="dx">Receives the gradient of x, [rows, cols]; may be <paramref name="dy"/> or
    /// <paramref name="x"/>.</param>
    /// <param name="shape">Rows, columns and strides.</param>
    /// <param name="weight">Scale, [cols], or null.</param>
    /// <param name="epsilon">Added to the variance under the root; 0 or more.</param>
    /// <param name="mean">The means that forward saved, [rows]; null (with <paramref name="rstd"/>): computed again
    /// from the input, with the same bits.</param>
    /// <param name="rstd">The reciprocal standard deviations that forward saved, [rows]; or null.</param>
    /// <param name="dweight">Receives the gradient of the weight, float32, [cols]; or null.</param>
    /// <param name="dbias">Receives the gradient of the bias, float32, [cols]; or null.</param>
    /// <param name="workspace">Scratch of <see cref="BackwardWorkspaceSize"/> bytes, needed for dweight and
    /// dbias.</param>
    /// <param name="accumulate">Whether dweight and dbias are added to (+=) and not overwritten (=). dx is always
    /// overwritten; to add to it, pass it as dh to the residual form.</param>
    /// <inheritdoc cref="Forward{T}(DeviceStream, DeviceBuffer{T}, DeviceBuffer{T}, RowShape, DeviceBuffer{T}, DeviceBuffer{T}, double, DeviceBuffer{float}, DeviceBuffer{float})" path="/exception"/>
    [OverloadResolutionPriority(1)]
    public static void Backward<T>(
        DeviceStream stream,
        DeviceBuffer<T> dy,
        DeviceBuffer<T> x,
        DeviceBuffer<T> dx,
        RowShape shape,
        DeviceBuffer<T>? weight = null,
        double epsilon = 1e-5,
        DeviceBuffer<float>? mean = null,
        DeviceBuffer<float>? rstd = null,
        DeviceBuffer<float>? dweight = null,
        DeviceBuffer<float>? dbias = null,
        DeviceBuffer<byte>? workspace = null,
        bool accumulate = false)
        where T : unmanaged =>
        RowNorm<Entries>.Backward(
            stream, dy, dh: null, x, dx, shape, weight, epsilon, mean, rstd, hasMean: true, dweight, dbias, workspace,
            accumulate, nk_flags.NK_FLAG_NONE, add: false);

    /// <summary>The same with a float32 weight beside 16-bit tensors.</summary>
    /// <inheritdoc cref="Backward{T}(DeviceStream, DeviceBuffer{T}, DeviceBuffer{T}, DeviceBuffer{T}, RowShape, DeviceBuffer{T}, double, DeviceBuffer{float}, DeviceBuffer{float}, DeviceBuffer{float}, DeviceBuffer{float}, DeviceBuffer{byte}, bool)" path="/*[not(self::summary)]"/>
    public static void Backward<T>(
        DeviceStream stream,
        DeviceBuffer<T> dy,
        DeviceBuffer<T> x,
        DeviceBuffer<T> dx,
        RowShape shape,
        DeviceBuffer<float>? weight = null,
        double epsilon = 1e-5,
        DeviceBuffer<float>? mean = null,
        DeviceBuffer<float>? rstd = null,
        DeviceBuffer<float>? dweight = null,
        DeviceBuffer<float>? dbias = null,
        DeviceBuffer<byte>? workspace = null,
        bool accumulate = false)
        where T : unmanaged =>
        RowNorm<Entries>.Backward(
            stream, dy, dh: null, x, dx, shape, weight, epsilon, mean, rstd, hasMean: true, dweight, dbias, workspace,
            accumulate, nk_flags.NK_FLAG_NONE, add: false);

    /// <summary>The vector-Jacobian product of the residual form: <c>dx = dresidual = dh + VJP of dy at
    /// h</c>.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="stream">Where the work is enqueued.</param>
    /// <param name="dy">Cotangent of y, [rows, cols].</param>
    /// <param name="dh">Cotangent of h, [rows, cols]; or null for zeros.</param>
    /// <param name="h">The sum that the forward pass wrote, [rows, cols].</param>
    /// <param name="dx">Receives the gradient of x, which is that of the residual too, [rows, cols]; may be
    /// <paramref name="dy"/>, <paramref name="dh"/> or <paramref name="h"/>.</param>
    /// <param name="shape">Rows, columns and strides.</param>
    /// <param name="weight">Scale, [cols], or null.</param>
    /// <param name="epsilon">Added to the variance under the root; 0 or more.</param>
    /// <param name="mean">The means that forward saved, [rows]; null (with <paramref name="rstd"/>): computed again
    /// from the input, with the same bits.</param>
    /// <param name="rstd">The reciprocal standard deviations that forward saved, [rows]; or null.</param>
    /// <param name="dweight">Receives the gradient of the weight, float32, [cols]; or null.</param>
    /// <param name="dbias">Receives the gradient of the bias, float32, [cols]; or null.</param>
    /// <param name="workspace">Scratch of <see cref="BackwardWorkspaceSize"/> bytes, needed for dweight and
    /// dbias.</param>
    /// <param name="accumulate">Whether dweight and dbias are added to (+=) and not overwritten (=). dx is always
    /// overwritten; to add to it, pass it as dh to the residual form.</param>
    /// <inheritdoc cref="Forward{T}(DeviceStream, DeviceBuffer{T}, DeviceBuffer{T}, RowShape, DeviceBuffer{T}, DeviceBuffer{T}, double, DeviceBuffer{float}, DeviceBuffer{float})" path="/exception"/>
    [OverloadResolutionPriority(1)]
    public static void AddBackward<T>(
        DeviceStream stream,
        DeviceBuffer<T> dy,
        DeviceBuffer<T>? dh,
        DeviceBuffer<T> h,
        DeviceBuffer<T> dx,
        RowShape shape,
        DeviceBuffer<T>? weight = null,
        double epsilon = 1e-5,
        DeviceBuffer<float>? mean = null,
        DeviceBuffer<float>? rstd = null,
        DeviceBuffer<float>? dweight = null,
        DeviceBuffer<float>? dbias = null,
        DeviceBuffer<byte>? workspace = null,
        bool accumulate = false)
        where T : unmanaged =>
        RowNorm<Entries>.Backward(
            stream, dy, dh, h, dx, shape, weight, epsilon, mean, rstd, hasMean: true, dweight, dbias, workspace,
            accumulate, nk_flags.NK_FLAG_NONE, add: true);

    /// <summary>The same with a float32 weight beside 16-bit tensors.</summary>
    /// <inheritdoc cref="AddBackward{T}(DeviceStream, DeviceBuffer{T}, DeviceBuffer{T}, DeviceBuffer{T}, DeviceBuffer{T}, RowShape, DeviceBuffer{T}, double, DeviceBuffer{float}, DeviceBuffer{float}, DeviceBuffer{float}, DeviceBuffer{float}, DeviceBuffer{byte}, bool)" path="/*[not(self::summary)]"/>
    public static void AddBackward<T>(
        DeviceStream stream,
        DeviceBuffer<T> dy,
        DeviceBuffer<T>? dh,
        DeviceBuffer<T> h,
        DeviceBuffer<T> dx,
        RowShape shape,
        DeviceBuffer<float>? weight = null,
        double epsilon = 1e-5,
        DeviceBuffer<float>? mean = null,
        DeviceBuffer<float>? rstd = null,
        DeviceBuffer<float>? dweight = null,
        DeviceBuffer<float>? dbias = null,
        DeviceBuffer<byte>? workspace = null,
        bool accumulate = false)
        where T : unmanaged =>
        RowNorm<Entries>.Backward(
            stream, dy, dh, h, dx, shape, weight, epsilon, mean, rstd, hasMean: true, dweight, dbias, workspace,
            accumulate, nk_flags.NK_FLAG_NONE, add: true);

    /// <summary>The Jacobian-vector product of forward at x: the tangent of y along the tangents of x, weight and
    /// bias.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="stream">Where the work is enqueued.</param>
    /// <param name="tanX">Tangent of x, [rows, cols].</param>
    /// <param name="x">The input of the forward pass, [rows, cols].</param>
    /// <param name="jvpY">Receives the tangent of y, [rows, cols]; may be <paramref name="tanX"/> or
    /// <paramref name="x"/>.</param>
    /// <param name="shape">Rows, columns and strides.</param>
    /// <param name="weight">Scale, [cols], or null.</param>
    /// <param name="tanWeight">Tangent of the weight, [cols], or null for zeros.</param>
    /// <param name="tanBias">Tangent of the bias, [cols], or null for zeros.</param>
    /// <param name="epsilon">Added to the variance under the root; 0 or more.</param>
    /// <param name="mean">The means that forward saved, [rows]; null (with <paramref name="rstd"/>): computed again
    /// from the input, with the same bits.</param>
    /// <param name="rstd">The reciprocal standard deviations that forward saved, [rows]; or null.</param>
    /// <inheritdoc cref="Forward{T}(DeviceStream, DeviceBuffer{T}, DeviceBuffer{T}, RowShape, DeviceBuffer{T}, DeviceBuffer{T}, double, DeviceBuffer{float}, DeviceBuffer{float})" path="/exception"/>
    [OverloadResolutionPriority(1)]
    public static void Jvp<T>(
        DeviceStream stream,
        DeviceBuffer<T> tanX,
        DeviceBuffer<T> x,
        DeviceBuffer<T> jvpY,
        RowShape shape,
        DeviceBuffer<T>? weight = null,
        DeviceBuffer<T>? tanWeight = null,
        DeviceBuffer<T>? tanBias = null,
        double epsilon = 1e-5,
        DeviceBuffer<float>? mean = null,
        DeviceBuffer<float>? rstd = null)
        where T : unmanaged =>
        RowNorm<Entries>.Jvp(
            stream, tanX, tanResidual: null, x, jvpH: null, jvpY, shape, weight, tanWeight, tanBias, epsilon, mean,
            rstd, hasMean: true, nk_flags.NK_FLAG_NONE, add: false);

    /// <summary>The same with a float32 weight beside 16-bit tensors.</summary>
    /// <inheritdoc cref="Jvp{T}(DeviceStream, DeviceBuffer{T}, DeviceBuffer{T}, DeviceBuffer{T}, RowShape, DeviceBuffer{T}, DeviceBuffer{T}, DeviceBuffer{T}, double, DeviceBuffer{float}, DeviceBuffer{float})" path="/*[not(self::summary)]"/>
    public static void Jvp<T>(
        DeviceStream stream,
        DeviceBuffer<T> tanX,
        DeviceBuffer<T> x,
        DeviceBuffer<T> jvpY,
        RowShape shape,
        DeviceBuffer<float>? weight = null,
        DeviceBuffer<float>? tanWeight = null,
        DeviceBuffer<float>? tanBias = null,
        double epsilon = 1e-5,
        DeviceBuffer<float>? mean = null,
        DeviceBuffer<float>? rstd = null)
        where T : unmanaged =>
        RowNorm<Entries>.Jvp(
            stream, tanX, tanResidual: null, x, jvpH: null, jvpY, shape, weight, tanWeight, tanBias, epsilon, mean,
            rstd, hasMean: true, nk_flags.NK_FLAG_NONE, add: false);

    /// <summary>The Jacobian-vector product of the residual form: <c>jvpH = tanX + tanResidual</c>, and that of forward
    /// at h along the sum before it is rounded.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="stream">Where the work is enqueued.</param>
    /// <param name="tanX">Tangent of x, [rows, cols].</param>
    /// <param name="tanResidual">Tangent of the residual, [rows, cols].</param>
    /// <param name="h">The sum that the forward pass wrote, [rows, cols].</param>
    /// <param name="jvpH">Receives the tangent of h, rounded to <typeparamref name="T"/>, [rows, cols]; may be
    /// <paramref name="tanX"/>, <paramref name="tanResidual"/> or <paramref name="h"/>.</param>
    /// <param name="jvpY">Receives the tangent of y, [rows, cols]; may be <paramref name="tanX"/>,
    /// <paramref name="tanResidual"/> or <paramref name="h"/>, if jvpH is not.</param>
    /// <param name="shape">Rows, columns and strides.</param>
    /// <param name="weight">Scale, [cols], or null.</param>
    /// <param name="tanWeight">Tangent of the weight, [cols], or null for zeros.</param>
    /// <param name="tanBias">Tangent of the bias, [cols], or null for zeros.</param>
    /// <param name="epsilon">Added to the variance under the root; 0 or more.</param>
    /// <param name="mean">The means that forward saved, [rows]; null (with <paramref name="rstd"/>): computed again
    /// from the input, with the same bits.</param>
    /// <param name="rstd">The reciprocal standard deviations that forward saved, [rows]; or null.</param>
    /// <inheritdoc cref="Forward{T}(DeviceStream, DeviceBuffer{T}, DeviceBuffer{T}, RowShape, DeviceBuffer{T}, DeviceBuffer{T}, double, DeviceBuffer{float}, DeviceBuffer{float})" path="/exception"/>
    [OverloadResolutionPriority(1)]
    public static void AddJvp<T>(
        DeviceStream stream,
        DeviceBuffer<T> tanX,
        DeviceBuffer<T> tanResidual,
        DeviceBuffer<T> h,
        DeviceBuffer<T> jvpH,
        DeviceBuffer<T> jvpY,
        RowShape shape,
        DeviceBuffer<T>? weight = null,
        DeviceBuffer<T>? tanWeight = null,
        DeviceBuffer<T>? tanBias = null,
        double epsilon = 1e-5,
        DeviceBuffer<float>? mean = null,
        DeviceBuffer<float>? rstd = null)
        where T : unmanaged =>
        RowNorm<Entries>.Jvp(
            stream, tanX, tanResidual, h, jvpH, jvpY, shape, weight, tanWeight, tanBias, epsilon, mean, rstd,
            hasMean: true, nk_flags.NK_FLAG_NONE, add: true);

    /// <summary>The same with a float32 weight beside 16-bit tensors.</summary>
    /// <inheritdoc cref="AddJvp{T}(DeviceStream, DeviceBuffer{T}, DeviceBuffer{T}, DeviceBuffer{T}, DeviceBuffer{T}, DeviceBuffer{T}, RowShape, DeviceBuffer{T}, DeviceBuffer{T}, DeviceBuffer{T}, double, DeviceBuffer{float}, DeviceBuffer{float})" path="/*[not(self::summary)]"/>
    public static void AddJvp<T>(
        DeviceStream stream,
        DeviceBuffer<T> tanX,
        DeviceBuffer<T> tanResidual,
        DeviceBuffer<T> h,
        DeviceBuffer<T> jvpH,
        DeviceBuffer<T> jvpY,
        RowShape shape,
        DeviceBuffer<float>? weight = null,
        DeviceBuffer<float>? tanWeight = null,
        DeviceBuffer<float>? tanBias = null,
        double epsilon = 1e-5,
        DeviceBuffer<float>? mean = null,
        DeviceBuffer<float>? rstd = null)
        where T : unmanaged =>
        RowNorm<Entries>.Jvp(
            stream, tanX, tanResidual, h, jvpH, jvpY, shape, weight, tanWeight, tanBias, epsilon, mean, rstd,
            hasMean: true, nk_flags.NK_FLAG_NONE, add: true);

    private readonly struct Entries : IRowNormEntries
    {
        public static nk_status Forward(nk_row_norm_forward_params* parameters, nint stream) =>
            NkCuda.nk_cuda_layer_norm_forward(parameters, stream);

        public static nk_status Backward(nk_row_norm_backward_params* parameters, nint stream) =>
            NkCuda.nk_cuda_layer_norm_backward(parameters, stream);

        public static nk_status Jvp(nk_row_norm_jvp_params* parameters, nint stream) =>
            NkCuda.nk_cuda_layer_norm_jvp(parameters, stream);
    }
}
