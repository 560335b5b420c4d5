using System;

using NormKernels.Interop;

namespace NormKernels;

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
/// <para>An empty norm means "not wanted". An output may be the same span as an input where its description says so;
/// any other overlap throws. Nothing is written when a method throws.</para>
/// <para>The result of a slice depends on that slice alone, bit for bit: not on the slices around it, the instruction
/// set, the number of threads, alignment or in-place use. A call allocates nothing and keeps nothing.</para>
/// <para>A slice with a NaN gives NaN throughout and disturbs no other. A slice of zeros gives zeros, or NaN if epsilon
/// is 0. The norm of no elements is 0.</para>
/// </remarks>
public static unsafe class L2Normalize
{
    /// <summary><c>y = x / max(norm, epsilon)</c>.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="x">Input, of the shape.</param>
    /// <param name="y">Receives the output; may be <paramref name="x"/>.</param>
    /// <param name="shape">The tensor along its axis.</param>
    /// <param name="p">Order of the norm: more than 0; or positive infinity, for the largest absolute value.</param>
    /// <param name="epsilon">What is divided by where the norm is smaller; 0 or more.</param>
    /// <param name="norm">Receives the norm of each slice before it is held against epsilon, float32, [outer * inner];
    /// or empty.</param>
    /// <param name="options">Threads and instruction set; by default the calling thread and the best there is.</param>
    /// <exception cref="ArgumentException">A span has not the length that is stated for it, an output overlaps another
    /// argument, <typeparamref name="T"/> is not float, Half or BFloat16, or the options ask for an instruction set
    /// that is not available. Named after the parameter; nothing has been written.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="p"/> is not above 0, or <paramref name="epsilon"/>
    /// is negative; or one of them is NaN.</exception>
    /// <exception cref="DllNotFoundException">The native library is missing; the message lists what was
    /// probed.</exception>
    public static void Forward<T>(
        ReadOnlySpan<T> x,
        Span<T> y,
        AxisShape shape,
        double p = 2,
        double epsilon = 1e-12,
        Span<float> norm = default,
        CpuOptions options = default)
        where T : unmanaged =>
        AlongAxis<Entries>.Forward(
            x, y, shape, weight: NoParameters, bias: NoParameters, epsilon, Order(p), mean: default, rstd: default,
            norm, options);

    /// <summary><c>y = x / max(norm, epsilon)</c> for the rows of a matrix and p = 2.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="x">Input, of the shape.</param>
    /// <param name="y">Receives the output; may be <paramref name="x"/>.</param>
    /// <param name="tensorShape">Rows and columns: exactly two axes.</param>
    /// <param name="epsilon">What is divided by where the norm is smaller; 0 or more.</param>
    /// <param name="norm">Receives the norm of each row before it is held against epsilon, float32, [rows]; or
    /// empty.</param>
    /// <param name="options">Threads and instruction set; by default the calling thread and the best there is.</param>
    /// <exception cref="ArgumentException">A span has not the length that is stated for it,
    /// <paramref name="tensorShape"/> has not two axes, an output overlaps another argument, <typeparamref name="T"/>
    /// is not float, Half or BFloat16, or the options ask for an instruction set that is not available. Named after the
    /// parameter; nothing has been written.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="epsilon"/> is negative or NaN, or
    /// <paramref name="tensorShape"/> is negative or overflows 64 bits.</exception>
    /// <exception cref="DllNotFoundException">The native library is missing; the message lists what was
    /// probed.</exception>
    public static void UnitRows<T>(
        ReadOnlySpan<T> x,
        Span<T> y,
        ReadOnlySpan<long> tensorShape,
        double epsilon = 1e-12,
        Span<float> norm = default,
        CpuOptions options = default)
        where T : unmanaged =>
        Forward(x, y, MatrixRows(tensorShape), p: 2, epsilon, norm, options);

    /// <summary>The vector-Jacobian product of forward at x: dx from dy.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="dy">Cotangent of y.</param>
    /// <param name="x">The input of the forward pass.</param>
    /// <param name="dx">Receives the gradient of x; may be <paramref name="dy"/> or <paramref name="x"/>. Always
    /// overwritten.</param>
    /// <param name="shape">The tensor along its axis.</param>
    /// <param name="p">Order of the norm: more than 0; or positive infinity, for the largest absolute value.</param>
    /// <param name="epsilon">What is divided by where the norm is smaller; 0 or more.</param>
    /// <param name="options">Threads and instruction set; by default the calling thread and the best there is.</param>
    /// <inheritdoc cref="Forward{T}(ReadOnlySpan{T}, Span{T}, AxisShape, double, double, Span{float}, CpuOptions)" path="/exception"/>
    public static void Backward<T>(
        ReadOnlySpan<T> dy,
        ReadOnlySpan<T> x,
        Span<T> dx,
        AxisShape shape,
        double p = 2,
        double epsilon = 1e-12,
        CpuOptions options = default)
        where T : unmanaged =>
        AlongAxis<Entries>.Backward(
            dy, x, dx, shape, weight: NoParameters, epsilon, Order(p), mean: default, rstd: default, dweight: default,
            dbias: default, accumulate: false, options);

    /// <summary>The Jacobian-vector product of forward at x: the tangent of y along that of x.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="tanX">Tangent of x.</param>
    /// <param name="x">The input of the forward pass.</param>
    /// <param name="jvpY">Receives the tangent of y; may be <paramref name="tanX"/> or <paramref name="x"/>.</param>
    /// <param name="shape">The tensor along its axis.</param>
    /// <param name="p">Order of the norm: more than 0; or positive infinity, for the largest absolute value.</param>
    /// <param name="epsilon">What is divided by where the norm is smaller; 0 or more.</param>
    /// <param name="options">Threads and instruction set; by default the calling thread and the best there is.</param>
    /// <inheritdoc cref="Forward{T}(ReadOnlySpan{T}, Span{T}, AxisShape, double, double, Span{float}, CpuOptions)" path="/exception"/>
    public static void Jvp<T>(
        ReadOnlySpan<T> tanX,
        ReadOnlySpan<T> x,
        Span<T> jvpY,
        AxisShape shape,
        double p = 2,
        double epsilon = 1e-12,
        CpuOptions options = default)
        where T : unmanaged =>
        AlongAxis<Entries>.Jvp(
            tanX, x, jvpY, shape, weight: NoParameters, tanWeight: NoParameters, tanBias: NoParameters, epsilon,
            Order(p), mean: default, rstd: default, options);

    // There is no weight and no bias.
    private static ReadOnlySpan<float> NoParameters => default;

    // The order of the norm, checked.
    internal static double Order(double p) =>
        p > 0
            ? p
            : throw new ArgumentOutOfRangeException(nameof(p), p, "p must be more than 0, and not NaN.");

    internal static AxisShape MatrixRows(ReadOnlySpan<long> tensorShape) =>
        tensorShape.Length == 2
            ? AxisShape.Of(tensorShape, axis: 1)
            : throw new ArgumentException(
                $"A tensor with {tensorShape.Length} axes is not a matrix.", nameof(tensorShape));

    private readonly struct Entries : IAlongAxisEntries
    {
        public static string[] ForwardNames { get; } =
            ["y", string.Empty, string.Empty, "norm", "x", string.Empty, string.Empty];

        public static string[] BackwardNames { get; } =
            ["dx", string.Empty, string.Empty, "dy", "x", string.Empty, string.Empty, string.Empty];

        public static string[] JvpNames { get; } =
            ["jvpY", "tanX", "x", string.Empty, string.Empty, string.Empty, string.Empty, string.Empty];

        public static bool RequiresWeight => false;

        public static long Parameters(in AxisShape shape) => 0;

        public static long Slices(in AxisShape shape) => shape.Outer * shape.Inner;

        public static nk_status Plan(in AxisShape shape, nk_plan* plan) =>
            NkAxis.nk_l2_normalize_plan(shape.Outer, shape.Length, shape.Inner, plan);

        public static nk_status Forward(nk_axis_forward_params* parameters) =>
            NkAxis.nk_l2_normalize_forward(parameters);

        public static nk_status Backward(nk_axis_backward_params* parameters) =>
            NkAxis.nk_l2_normalize_backward(parameters);

        public static nk_status Jvp(nk_axis_jvp_params* parameters) => NkAxis.nk_l2_normalize_jvp(parameters);
    }
}
