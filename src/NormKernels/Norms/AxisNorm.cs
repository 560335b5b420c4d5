using System;
using System.Runtime.CompilerServices;

using NormKernels.Interop;

namespace NormKernels;

/// <summary>
/// Normalization along one axis of a tensor, with a weight and a bias for every element:
/// <code>
/// y = (x - mean) * rstd * weight + bias        rstd = 1 / sqrt(variance + epsilon), the variance biased
/// </code>
/// forward, backward (vector-Jacobian product) and forward-mode derivative (Jacobian-vector product).
/// </summary>
/// <remarks>
/// <para>Tensors are float, <see cref="Half"/> or <see cref="BFloat16"/> and contiguous (<see cref="AxisShape"/>).
/// Weight and bias have the shape of x and are of the tensors' type or float32. Arithmetic is float32 or wider; a
/// 16-bit result is rounded once. Statistics and parameter gradients are float32. Statistics are in the order of the
/// axes that are left, [outer, inner].</para>
/// <para>An empty optional span means "not passed" for an input (a weight of ones, a bias of zeros) and "not wanted"
/// for an output. An output may be the same span as an input where its description says so; any other overlap throws.
/// Nothing is written when a method throws.</para>
/// <para>The result of a slice depends on that slice alone, bit for bit: not on the slices around it, the instruction
/// set, the number of threads, alignment or in-place use. A call allocates nothing and keeps nothing.</para>
/// <para>A slice with a NaN or an infinity gives NaN throughout and disturbs no other. A constant slice gives exactly
/// the bias if epsilon is positive, NaN if it is 0. Slices of no elements have NaN as their statistics.</para>
/// </remarks>
public static unsafe class AxisNorm
{
    /// <summary><c>y = norm(x)</c>.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="x">Input, of the shape.</param>
    /// <param name="y">Receives the output; may be <paramref name="x"/>.</param>
    /// <param name="shape">The tensor along its axis.</param>
    /// <param name="weight">Scale, of the shape of x, or empty.</param>
    /// <param name="bias">Offset, of the shape of x, or empty.</param>
    /// <param name="epsilon">Added to the variance under the root; 0 or more.</param>
    /// <param name="mean">Receives the mean of each slice, float32, [outer * inner]; or empty.</param>
    /// <param name="rstd">Receives <c>1 / sqrt(variance + epsilon)</c> of each slice, float32, [outer * inner]; or
    /// empty.</param>
    /// <param name="options">Threads and instruction set; by default the calling thread and the best there is.</param>
    /// <exception cref="ArgumentException">A span has not the length that is stated for it, an output overlaps another
    /// argument, <typeparamref name="T"/> is not float, Half or BFloat16, or the options ask for an instruction set
    /// that is not available. Named after the parameter; nothing has been written.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="epsilon"/> is negative or NaN.</exception>
    /// <exception cref="DllNotFoundException">The native library is missing; the message lists what was
    /// probed.</exception>
    [OverloadResolutionPriority(1)]
    public static void Forward<T>(
        ReadOnlySpan<T> x,
        Span<T> y,
        AxisShape shape,
        ReadOnlySpan<T> weight = default,
        ReadOnlySpan<T> bias = default,
        double epsilon = 1e-5,
        Span<float> mean = default,
        Span<float> rstd = default,
        CpuOptions options = default)
        where T : unmanaged =>
        AlongAxis<Entries>.Forward(x, y, shape, weight, bias, epsilon, p: 0, mean, rstd, norm: default, options);

    /// <summary>The same with a float32 weight and bias beside 16-bit tensors.</summary>
    /// <inheritdoc cref="Forward{T}(ReadOnlySpan{T}, Span{T}, AxisShape, ReadOnlySpan{T}, ReadOnlySpan{T}, double, Span{float}, Span{float}, CpuOptions)" path="/*[not(self::summary)]"/>
    public static void Forward<T>(
        ReadOnlySpan<T> x,
        Span<T> y,
        AxisShape shape,
        ReadOnlySpan<float> weight = default,
        ReadOnlySpan<float> bias = default,
        double epsilon = 1e-5,
        Span<float> mean = default,
        Span<float> rstd = default,
        CpuOptions options = default)
        where T : unmanaged =>
        AlongAxis<Entries>.Forward(x, y, shape, weight, bias, epsilon, p: 0, mean, rstd, norm: default, options);

    /// <summary>The vector-Jacobian product of forward at x: dx, dweight and dbias from dy.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="dy">Cotangent of y.</param>
    /// <param name="x">The input of the forward pass.</param>
    /// <param name="dx">Receives the gradient of x; may be <paramref name="dy"/> or <paramref name="x"/>. Always
    /// overwritten.</param>
    /// <param name="shape">The tensor along its axis.</param>
    /// <param name="weight">Scale, of the shape of x, or empty.</param>
    /// <param name="epsilon">Added to the variance under the root; 0 or more.</param>
    /// <param name="mean">The means that forward saved, [outer * inner]; empty (with <paramref name="rstd"/>): computed
    /// again from the input, with the same bits.</param>
    /// <param name="rstd">The reciprocal standard deviations that forward saved, [outer * inner]; or empty.</param>
    /// <param name="dweight">Receives the gradient of the weight, float32, of the shape of x; or empty.</param>
    /// <param name="dbias">Receives the gradient of the bias, float32, of the shape of x; or empty.</param>
    /// <param name="accumulate">Whether dweight and dbias are added to (+=) and not overwritten (=).</param>
    /// <param name="options">Threads and instruction set; by default the calling thread and the best there is.</param>
    /// <inheritdoc cref="Forward{T}(ReadOnlySpan{T}, Span{T}, AxisShape, ReadOnlySpan{T}, ReadOnlySpan{T}, double, Span{float}, Span{float}, CpuOptions)" path="/exception"/>
    [OverloadResolutionPriority(1)]
    public static void Backward<T>(
        ReadOnlySpan<T> dy,
        ReadOnlySpan<T> x,
        Span<T> dx,
        AxisShape shape,
        ReadOnlySpan<T> weight = default,
        double epsilon = 1e-5,
        ReadOnlySpan<float> mean = default,
        ReadOnlySpan<float> rstd = default,
        Span<float> dweight = default,
        Span<float> dbias = default,
        bool accumulate = false,
        CpuOptions options = default)
        where T : unmanaged =>
        AlongAxis<Entries>.Backward(
            dy, x, dx, shape, weight, epsilon, p: 0, mean, rstd, dweight, dbias, accumulate, options);

    /// <summary>The same with a float32 weight beside 16-bit tensors.</summary>
    /// <inheritdoc cref="Backward{T}(ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, AxisShape, ReadOnlySpan{T}, double, ReadOnlySpan{float}, ReadOnlySpan{float}, Span{float}, Span{float}, bool, CpuOptions)" path="/*[not(self::summary)]"/>
    public static void Backward<T>(
        ReadOnlySpan<T> dy,
        ReadOnlySpan<T> x,
        Span<T> dx,
        AxisShape shape,
        ReadOnlySpan<float> weight = default,
        double epsilon = 1e-5,
        ReadOnlySpan<float> mean = default,
        ReadOnlySpan<float> rstd = default,
        Span<float> dweight = default,
        Span<float> dbias = default,
        bool accumulate = false,
        CpuOptions options = default)
        where T : unmanaged =>
        AlongAxis<Entries>.Backward(
            dy, x, dx, shape, weight, epsilon, p: 0, mean, rstd, dweight, dbias, accumulate, options);

    /// <summary>The Jacobian-vector product of forward at x: the tangent of y along the tangents of x, weight and
    /// bias.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="tanX">Tangent of x.</param>
    /// <param name="x">The input of the forward pass.</param>
    /// <param name="jvpY">Receives the tangent of y; may be <paramref name="tanX"/> or <paramref name="x"/>.</param>
    /// <param name="shape">The tensor along its axis.</param>
    /// <param name="weight">Scale, of the shape of x, or empty.</param>
    /// <param name="tanWeight">Tangent of the weight, of the shape of x, or empty for zeros.</param>
    /// <param name="tanBias">Tangent of the bias, of the shape of x, or empty for zeros.</param>
    /// <param name="epsilon">Added to the variance under the root; 0 or more.</param>
    /// <param name="mean">The means that forward saved, [outer * inner]; empty (with <paramref name="rstd"/>): computed
    /// again from the input, with the same bits.</param>
    /// <param name="rstd">The reciprocal standard deviations that forward saved, [outer * inner]; or empty.</param>
    /// <param name="options">Threads and instruction set; by default the calling thread and the best there is.</param>
    /// <inheritdoc cref="Forward{T}(ReadOnlySpan{T}, Span{T}, AxisShape, ReadOnlySpan{T}, ReadOnlySpan{T}, double, Span{float}, Span{float}, CpuOptions)" path="/exception"/>
    [OverloadResolutionPriority(1)]
    public static void Jvp<T>(
        ReadOnlySpan<T> tanX,
        ReadOnlySpan<T> x,
        Span<T> jvpY,
        AxisShape shape,
        ReadOnlySpan<T> weight = default,
        ReadOnlySpan<T> tanWeight = default,
        ReadOnlySpan<T> tanBias = default,
        double epsilon = 1e-5,
        ReadOnlySpan<float> mean = default,
        ReadOnlySpan<float> rstd = default,
        CpuOptions options = default)
        where T : unmanaged =>
        AlongAxis<Entries>.Jvp(tanX, x, jvpY, shape, weight, tanWeight, tanBias, epsilon, p: 0, mean, rstd, options);

    /// <summary>The same with a float32 weight and float32 tangents of parameters beside 16-bit tensors.</summary>
    /// <inheritdoc cref="Jvp{T}(ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, AxisShape, ReadOnlySpan{T}, ReadOnlySpan{T}, ReadOnlySpan{T}, double, ReadOnlySpan{float}, ReadOnlySpan{float}, CpuOptions)" path="/*[not(self::summary)]"/>
    public static void Jvp<T>(
        ReadOnlySpan<T> tanX,
        ReadOnlySpan<T> x,
        Span<T> jvpY,
        AxisShape shape,
        ReadOnlySpan<float> weight = default,
        ReadOnlySpan<float> tanWeight = default,
        ReadOnlySpan<float> tanBias = default,
        double epsilon = 1e-5,
        ReadOnlySpan<float> mean = default,
        ReadOnlySpan<float> rstd = default,
        CpuOptions options = default)
        where T : unmanaged =>
        AlongAxis<Entries>.Jvp(tanX, x, jvpY, shape, weight, tanWeight, tanBias, epsilon, p: 0, mean, rstd, options);

    private readonly struct Entries : IAlongAxisEntries
    {
        public static string[] ForwardNames { get; } = ["y", "mean", "rstd", string.Empty, "x", "weight", "bias"];

        public static string[] BackwardNames { get; } = ["dx", "dweight", "dbias", "dy", "x", "weight", "mean", "rstd"];

        public static string[] JvpNames { get; } =
            ["jvpY", "tanX", "x", "weight", "tanWeight", "tanBias", "mean", "rstd"];

        public static bool RequiresWeight => false;

        public static long Parameters(in AxisShape shape) => shape.Count;

        public static long Slices(in AxisShape shape) => shape.Outer * shape.Inner;

        public static nk_status Plan(in AxisShape shape, nk_plan* plan) =>
            NkAxis.nk_axis_norm_plan(shape.Outer, shape.Length, shape.Inner, plan);

        public static nk_status Forward(nk_axis_forward_params* parameters) =>
            NkAxis.nk_axis_norm_forward(parameters);

        public static nk_status Backward(nk_axis_backward_params* parameters) =>
            NkAxis.nk_axis_norm_backward(parameters);

        public static nk_status Jvp(nk_axis_jvp_params* parameters) => NkAxis.nk_axis_norm_jvp(parameters);
    }
}
