using System;
using System.Runtime.CompilerServices;

using NormKernels.Interop;

namespace NormKernels;

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
/// <para>An empty optional span means "not passed" for an input (tangents of zeros) and "not wanted" for an output. An
/// output may be the same span as an input where its description says so; any other overlap throws. Nothing is written
/// when a method throws.</para>
/// <para>The result of a slice (an index of the axis that is kept) depends on that slice alone, bit for bit: not on the
/// slices around it, the instruction set, the number of threads, alignment or in-place use. A call allocates nothing
/// and keeps nothing.</para>
/// <para>A slice with a NaN gives NaN throughout and disturbs no other. A slice of zeros gives zeros if epsilon is
/// positive, NaN (0 / 0) if it is 0.</para>
/// </remarks>
public static unsafe class WeightNorm
{
    /// <summary><c>w = g * v / norm</c>.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="v">Directions, of the shape.</param>
    /// <param name="g">Magnitudes, [length].</param>
    /// <param name="w">Receives the weights; may be <paramref name="v"/>.</param>
    /// <param name="shape">The tensor along the axis that is kept.</param>
    /// <param name="epsilon">Added to the sum of squares under the root; 0 or more.</param>
    /// <param name="norm">Receives <c>sqrt(sum v^2 + epsilon)</c> of each slice, float32, [length]; or empty.</param>
    /// <param name="options">Threads and instruction set; by default the calling thread and the best there is.</param>
    /// <exception cref="ArgumentException">A span has not the length that is stated for it, an output overlaps another
    /// argument, <typeparamref name="T"/> is not float, Half or BFloat16, or the options ask for an instruction set
    /// that is not available. Named after the parameter; nothing has been written.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="epsilon"/> is negative or NaN.</exception>
    /// <exception cref="DllNotFoundException">The native library is missing; the message lists what was
    /// probed.</exception>
    [OverloadResolutionPriority(1)]
    public static void Forward<T>(
        ReadOnlySpan<T> v,
        ReadOnlySpan<T> g,
        Span<T> w,
        AxisShape shape,
        double epsilon = 0,
        Span<float> norm = default,
        CpuOptions options = default)
        where T : unmanaged =>
        AlongAxis<Entries>.Forward(
            v, w, shape, weight: g, bias: default, epsilon, p: 0, mean: default, rstd: default, norm, options);

    /// <summary>The same with float32 magnitudes beside 16-bit tensors.</summary>
    /// <inheritdoc cref="Forward{T}(ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, AxisShape, double, Span{float}, CpuOptions)" path="/*[not(self::summary)]"/>
    public static void Forward<T>(
        ReadOnlySpan<T> v,
        ReadOnlySpan<float> g,
        Span<T> w,
        AxisShape shape,
        double epsilon = 0,
        Span<float> norm = default,
        CpuOptions options = default)
        where T : unmanaged =>
        AlongAxis<Entries>.Forward(
            v, w, shape, weight: g, bias: default, epsilon, p: 0, mean: default, rstd: default, norm, options);

    /// <summary>The vector-Jacobian product of forward at v and g: dv and dg from dw.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="dw">Cotangent of w.</param>
    /// <param name="v">The directions of the forward pass.</param>
    /// <param name="g">Magnitudes, [length].</param>
    /// <param name="dv">Receives the gradient of v; may be <paramref name="dw"/> or <paramref name="v"/>. Always
    /// overwritten.</param>
    /// <param name="shape">The tensor along the axis that is kept.</param>
    /// <param name="epsilon">Added to the sum of squares under the root; 0 or more.</param>
    /// <param name="dg">Receives the gradient of g, float32, [length]; or empty.</param>
    /// <param name="accumulate">Whether dg is added to (+=) and not overwritten (=).</param>
    /// <param name="options">Threads and instruction set; by default the calling thread and the best there is.</param>
    /// <inheritdoc cref="Forward{T}(ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, AxisShape, double, Span{float}, CpuOptions)" path="/exception"/>
    [OverloadResolutionPriority(1)]
    public static void Backward<T>(
        ReadOnlySpan<T> dw,
        ReadOnlySpan<T> v,
        ReadOnlySpan<T> g,
        Span<T> dv,
        AxisShape shape,
        double epsilon = 0,
        Span<float> dg = default,
        bool accumulate = false,
        CpuOptions options = default)
        where T : unmanaged =>
        AlongAxis<Entries>.Backward(
            dy: dw, x: v, dx: dv, shape, weight: g, epsilon, p: 0, mean: default, rstd: default, dweight: dg,
            dbias: default, accumulate, options);

    /// <summary>The same with float32 magnitudes beside 16-bit tensors.</summary>
    /// <inheritdoc cref="Backward{T}(ReadOnlySpan{T}, ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, AxisShape, double, Span{float}, bool, CpuOptions)" path="/*[not(self::summary)]"/>
    public static void Backward<T>(
        ReadOnlySpan<T> dw,
        ReadOnlySpan<T> v,
        ReadOnlySpan<float> g,
        Span<T> dv,
        AxisShape shape,
        double epsilon = 0,
        Span<float> dg = default,
        bool accumulate = false,
        CpuOptions options = default)
        where T : unmanaged =>
        AlongAxis<Entries>.Backward(
            dy: dw, x: v, dx: dv, shape, weight: g, epsilon, p: 0, mean: default, rstd: default, dweight: dg,
            dbias: default, accumulate, options);

    /// <summary>The Jacobian-vector product of forward at v and g: the tangent of w along the tangents of v and
    /// g.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="tanV">Tangent of v.</param>
    /// <param name="tanG">Tangent of g, [length], or empty for zeros.</param>
    /// <param name="v">The directions of the forward pass.</param>
    /// <param name="g">Magnitudes, [length].</param>
    /// <param name="jvpW">Receives the tangent of w; may be <paramref name="tanV"/> or <paramref name="v"/>.</param>
    /// <param name="shape">The tensor along the axis that is kept.</param>
    /// <param name="epsilon">Added to the sum of squares under the root; 0 or more.</param>
    /// <param name="options">Threads and instruction set; by default the calling thread and the best there is.</param>
    /// <inheritdoc cref="Forward{T}(ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, AxisShape, double, Span{float}, CpuOptions)" path="/exception"/>
    [OverloadResolutionPriority(1)]
    public static void Jvp<T>(
        ReadOnlySpan<T> tanV,
        ReadOnlySpan<T> tanG,
        ReadOnlySpan<T> v,
        ReadOnlySpan<T> g,
        Span<T> jvpW,
        AxisShape shape,
        double epsilon = 0,
        CpuOptions options = default)
        where T : unmanaged =>
        AlongAxis<Entries>.Jvp(
            tanX: tanV, x: v, jvpY: jvpW, shape, weight: g, tanWeight: tanG, tanBias: default, epsilon, p: 0,
            mean: default, rstd: default, options);

    /// <summary>The same with float32 magnitudes beside 16-bit tensors.</summary>
    /// <inheritdoc cref="Jvp{T}(ReadOnlySpan{T}, ReadOnlySpan{T}, ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, AxisShape, double, CpuOptions)" path="/*[not(self::summary)]"/>
    public static void Jvp<T>(
        ReadOnlySpan<T> tanV,
        ReadOnlySpan<float> tanG,
        ReadOnlySpan<T> v,
        ReadOnlySpan<float> g,
        Span<T> jvpW,
        AxisShape shape,
        double epsilon = 0,
        CpuOptions options = default)
        where T : unmanaged =>
        AlongAxis<Entries>.Jvp(
            tanX: tanV, x: v, jvpY: jvpW, shape, weight: g, tanWeight: tanG, tanBias: default, epsilon, p: 0,
            mean: default, rstd: default, options);

    private readonly struct Entries : IAlongAxisEntries
    {
        public static string[] ForwardNames { get; } =
            ["w", string.Empty, string.Empty, "norm", "v", "g", string.Empty];

        public static string[] BackwardNames { get; } =
            ["dv", "dg", string.Empty, "dw", "v", "g", string.Empty, string.Empty];

        public static string[] JvpNames { get; } =
            ["jvpW", "tanV", "v", "g", "tanG", string.Empty, string.Empty, string.Empty];

        public static bool RequiresWeight => true;

        public static long Parameters(in AxisShape shape) => shape.Length;

        public static long Slices(in AxisShape shape) => shape.Length;

        public static nk_status Plan(in AxisShape shape, nk_plan* plan) =>
            NkAxis.nk_weight_norm_plan(shape.Outer, shape.Length, shape.Inner, plan);

        public static nk_status Forward(nk_axis_forward_params* parameters) =>
            NkAxis.nk_weight_norm_forward(parameters);

        public static nk_status Backward(nk_axis_backward_params* parameters) =>
            NkAxis.nk_weight_norm_backward(parameters);

        public static nk_status Jvp(nk_axis_jvp_params* parameters) => NkAxis.nk_weight_norm_jvp(parameters);
    }
}
