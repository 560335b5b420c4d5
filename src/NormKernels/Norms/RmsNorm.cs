using System;
using System.Runtime.CompilerServices;

using NormKernels.Interop;

namespace NormKernels;

/// <summary>
/// Root mean square layer normalization over the rows of a matrix (Zhang, Sennrich, "Root Mean Square Layer
/// Normalization", 2019, arXiv:1910.07467):
/// <code>
/// y = x * rstd * W + bias        rstd = 1 / sqrt(mean(x^2) + epsilon)        W = weight or 1 + weight
/// </code>
/// forward, backward (vector-Jacobian product) and forward-mode derivative (Jacobian-vector product).
/// </summary>
/// <remarks>
/// <para>Tensors are float, <see cref="Half"/> or <see cref="BFloat16"/>, row-major, seen as rows x columns
/// (<see cref="RowShape"/>). Weight and bias are of the tensors' type or float32. Arithmetic is float32 or wider; a
/// 16-bit result is rounded once. Statistics and parameter gradients are float32.</para>
/// <para>An empty optional span means "not passed" for an input (a weight of ones, a bias of zeros) and "not wanted" for
/// an output. An output may be the same span as an input where its description says so; any other overlap throws.
/// Nothing is written when a method throws.</para>
/// <para>A row's result depends on that row alone, bit for bit: not on the rows around it, the instruction set, the
/// number of threads, alignment, stride or in-place use. A call allocates nothing and keeps nothing.</para>
/// <para>A row with a NaN gives NaN throughout; one with an infinity gives NaN there and <c>0 * W + bias</c> elsewhere;
/// neither disturbs another row. A row of zeros gives exactly the bias if epsilon is positive, NaN if it is 0. Rows of
/// no elements have NaN as their statistics.</para>
/// </remarks>
public static unsafe partial class RmsNorm
{
    /// <summary><c>y = norm(x)</c>.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="x">Input, [rows, cols].</param>
    /// <param name="y">Receives the output, [rows, cols]; may be <paramref name="x"/>.</param>
    /// <param name="shape">Rows, columns and strides.</param>
    /// <param name="weight">Scale, [cols], or empty.</param>
    /// <param name="bias">Offset, [cols], or empty.</param>
    /// <param name="epsilon">Added to the mean square under the root; 0 or more.</param>
    /// <param name="rstd">Receives <c>1 / sqrt(mean(x^2) + epsilon)</c> of each row, float32, [rows]; or empty.</param>
    /// <param name="zeroCentered">Whether the weight is stored as its difference from one: W = 1 + weight.</param>
    /// <param name="options">Threads and instruction set; by default the calling thread and the best there is.</param>
    /// <exception cref="ArgumentException">A span has not the length that is stated for it, an output overlaps another
    /// argument, <typeparamref name="T"/> is not float, Half or BFloat16, or the options ask for an instruction set that
    /// is not available. Named after the parameter; nothing has been written.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="epsilon"/> is negative or NaN.</exception>
    /// <exception cref="DllNotFoundException">The native library is missing; the message lists what was
    /// probed.</exception>
    [OverloadResolutionPriority(1)]
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Forward<T>(
        ReadOnlySpan<T> x,
        Span<T> y,
        in RowShape shape,
        ReadOnlySpan<T> weight = default,
        ReadOnlySpan<T> bias = default,
        double epsilon = 1e-5,
        Span<float> rstd = default,
        bool zeroCentered = false,
        CpuOptions options = default)
        where T : unmanaged =>
        RowNorm<Entries>.Forward(
            x, residual: default, gate: default, h: default, y, yScale: default, shape, weight, bias, epsilon,
            mean: default, rstd, Flags(zeroCentered), RowForm.Plain, options);

    /// <summary>The same with a float32 weight and bias beside 16-bit tensors.</summary>
    /// <inheritdoc cref="Forward{T}(ReadOnlySpan{T}, Span{T}, in RowShape, ReadOnlySpan{T}, ReadOnlySpan{T}, double, Span{float}, bool, CpuOptions)" path="/*[not(self::summary)]"/>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Forward<T>(
        ReadOnlySpan<T> x,
        Span<T> y,
        in RowShape shape,
        ReadOnlySpan<float> weight = default,
        ReadOnlySpan<float> bias = default,
        double epsilon = 1e-5,
        Span<float> rstd = default,
        bool zeroCentered = false,
        CpuOptions options = default)
        where T : unmanaged =>
        RowNorm<Entries>.Forward(
            x, residual: default, gate: default, h: default, y, yScale: default, shape, weight, bias, epsilon,
            mean: default, rstd, Flags(zeroCentered), RowForm.Plain, options);

    /// <summary><c>h = x + residual</c>, <c>y = norm(h)</c> in one pass.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="x">Input, [rows, cols].</param>
    /// <param name="residual">Added to x, [rows, cols].</param>
    /// <param name="h">Receives the sum, rounded to <typeparamref name="T"/>, and is what is normalized, [rows, cols]; may be
    /// <paramref name="x"/> or <paramref name="residual"/>.</param>
    /// <param name="y">Receives the normalized sum, [rows, cols]; may be <paramref name="x"/> or
    /// <paramref name="residual"/>, if h is not.</param>
    /// <param name="shape">Rows, columns and strides.</param>
    /// <param name="weight">Scale, [cols], or empty.</param>
    /// <param name="bias">Offset, [cols], or empty.</param>
    /// <param name="epsilon">Added to the mean square under the root; 0 or more.</param>
    /// <param name="rstd">Receives <c>1 / sqrt(mean(x^2) + epsilon)</c> of each row, float32, [rows]; or empty.</param>
    /// <param name="zeroCentered">Whether the weight is stored as its difference from one: W = 1 + weight.</param>
    /// <param name="options">Threads and instruction set; by default the calling thread and the best there is.</param>
    /// <inheritdoc cref="Forward{T}(ReadOnlySpan{T}, Span{T}, in RowShape, ReadOnlySpan{T}, ReadOnlySpan{T}, double, Span{float}, bool, CpuOptions)" path="/exception"/>
    [OverloadResolutionPriority(1)]
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void AddForward<T>(
        ReadOnlySpan<T> x,
        ReadOnlySpan<T> residual,
        Span<T> h,
        Span<T> y,
        in RowShape shape,
        ReadOnlySpan<T> weight = default,
        ReadOnlySpan<T> bias = default,
        double epsilon = 1e-5,
        Span<float> rstd = default,
        bool zeroCentered = false,
        CpuOptions options = default)
        where T : unmanaged =>
        RowNorm<Entries>.Forward(
            x, residual, gate: default, h, y, yScale: default, shape, weight, bias, epsilon, mean: default, rstd,
            Flags(zeroCentered), RowForm.Add, options);

    /// <summary>The same with a float32 weight and bias beside 16-bit tensors.</summary>
    /// <inheritdoc cref="AddForward{T}(ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, Span{T}, in RowShape, ReadOnlySpan{T}, ReadOnlySpan{T}, double, Span{float}, bool, CpuOptions)" path="/*[not(self::summary)]"/>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void AddForward<T>(
        ReadOnlySpan<T> x,
        ReadOnlySpan<T> residual,
        Span<T> h,
        Span<T> y,
        in RowShape shape,
        ReadOnlySpan<float> weight = default,
        ReadOnlySpan<float> bias = default,
        double epsilon = 1e-5,
        Span<float> rstd = default,
        bool zeroCentered = false,
        CpuOptions options = default)
        where T : unmanaged =>
        RowNorm<Entries>.Forward(
            x, residual, gate: default, h, y, yScale: default, shape, weight, bias, epsilon, mean: default, rstd,
            Flags(zeroCentered), RowForm.Add, options);

    /// <summary>How many bytes of workspace a backward call of this shape needs for dweight and dbias.</summary>
    /// <exception cref="ArgumentException">The size overflows 64 bits.</exception>
    public static long BackwardWorkspaceSize(in RowShape shape) => RowNorm<Entries>.BackwardWorkspaceSize(shape);

    /// <summary>The vector-Jacobian product of forward at x: dx, dweight and dbias from dy.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="dy">Cotangent of y, [rows, cols].</param>
    /// <param name="x">The input of the forward pass, [rows, cols].</param>
    /// <param name="dx">Receives the gradient of x, [rows, cols]; may be <paramref name="dy"/> or
    /// <paramref name="x"/>.</param>
    /// <param name="shape">Rows, columns and strides.</param>
    /// <param name="weight">Scale, [cols], or empty.</param>
    /// <param name="epsilon">Added to the mean square under the root; 0 or more.</param>
    /// <param name="rstd">The values that forward saved, [rows]; empty: computed again from the input, with the same
    /// bits.</param>
    /// <param name="dweight">Receives the gradient of the weight, float32, [cols]; or empty.</param>
    /// <param name="dbias">Receives the gradient of the bias, float32, [cols]; or empty.</param>
    /// <param name="workspace">Scratch of <see cref="BackwardWorkspaceSize"/> bytes, needed for dweight and dbias; may be
    /// empty while that is 16 KiB or less.</param>
    /// <param name="accumulate">Whether dweight and dbias are added to (+=) and not overwritten (=). dx is always
    /// overwritten; to add to it, pass it as dh to the residual form.</param>
    /// <param name="zeroCentered">Whether the weight is stored as its difference from one: W = 1 + weight.</param>
    /// <param name="options">Threads and instruction set; by default the calling thread and the best there is.</param>
    /// <inheritdoc cref="Forward{T}(ReadOnlySpan{T}, Span{T}, in RowShape, ReadOnlySpan{T}, ReadOnlySpan{T}, double, Span{float}, bool, CpuOptions)" path="/exception"/>
    [OverloadResolutionPriority(1)]
    public static void Backward<T>(
        ReadOnlySpan<T> dy,
        ReadOnlySpan<T> x,
        Span<T> dx,
        in RowShape shape,
        ReadOnlySpan<T> weight = default,
        double epsilon = 1e-5,
        ReadOnlySpan<float> rstd = default,
        Span<float> dweight = default,
        Span<float> dbias = default,
        Span<byte> workspace = default,
        bool accumulate = false,
        bool zeroCentered = false,
        CpuOptions options = default)
        where T : unmanaged =>
        RowNorm<Entries>.Backward(
            dy, dh: default, x, dx, shape, weight, epsilon, mean: default, rstd, hasMean: false, dweight, dbias, workspace,
            accumulate, Flags(zeroCentered), add: false, options);

    /// <summary>The same with a float32 weight beside 16-bit tensors.</summary>
    /// <inheritdoc cref="Backward{T}(ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, in RowShape, ReadOnlySpan{T}, double, ReadOnlySpan{float}, Span{float}, Span{float}, Span{byte}, bool, bool, CpuOptions)" path="/*[not(self::summary)]"/>
    public static void Backward<T>(
        ReadOnlySpan<T> dy,
        ReadOnlySpan<T> x,
        Span<T> dx,
        in RowShape shape,
        ReadOnlySpan<float> weight = default,
        double epsilon = 1e-5,
        ReadOnlySpan<float> rstd = default,
        Span<float> dweight = default,
        Span<float> dbias = default,
        Span<byte> workspace = default,
        bool accumulate = false,
        bool zeroCentered = false,
        CpuOptions options = default)
        where T : unmanaged =>
        RowNorm<Entries>.Backward(
            dy, dh: default, x, dx, shape, weight, epsilon, mean: default, rstd, hasMean: false, dweight, dbias, workspace,
            accumulate, Flags(zeroCentered), add: false, options);

    /// <summary>The vector-Jacobian product of the residual form: <c>dx = dresidual = dh + VJP of dy at h</c>.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="dy">Cotangent of y, [rows, cols].</param>
    /// <param name="dh">Cotangent of h, [rows, cols]; or empty for zeros.</param>
    /// <param name="h">The sum that the forward pass wrote, [rows, cols].</param>
    /// <param name="dx">Receives the gradient of x, which is that of the residual too, [rows, cols]; may be
    /// <paramref name="dy"/>, <paramref name="dh"/> or <paramref name="h"/>.</param>
    /// <param name="shape">Rows, columns and strides.</param>
    /// <param name="weight">Scale, [cols], or empty.</param>
    /// <param name="epsilon">Added to the mean square under the root; 0 or more.</param>
    /// <param name="rstd">The values that forward saved, [rows]; empty: computed again from the input, with the same
    /// bits.</param>
    /// <param name="dweight">Receives the gradient of the weight, float32, [cols]; or empty.</param>
    /// <param name="dbias">Receives the gradient of the bias, float32, [cols]; or empty.</param>
    /// <param name="workspace">Scratch of <see cref="BackwardWorkspaceSize"/> bytes, needed for dweight and dbias; may be
    /// empty while that is 16 KiB or less.</param>
    /// <param name="accumulate">Whether dweight and dbias are added to (+=) and not overwritten (=). dx is always
    /// overwritten; to add to it, pass it as dh to the residual form.</param>
    /// <param name="zeroCentered">Whether the weight is stored as its difference from one: W = 1 + weight.</param>
    /// <param name="options">Threads and instruction set; by default the calling thread and the best there is.</param>
    /// <inheritdoc cref="Forward{T}(ReadOnlySpan{T}, Span{T}, in RowShape, ReadOnlySpan{T}, ReadOnlySpan{T}, double, Span{float}, bool, CpuOptions)" path="/exception"/>
    [OverloadResolutionPriority(1)]
    public static void AddBackward<T>(
        ReadOnlySpan<T> dy,
        ReadOnlySpan<T> dh,
        ReadOnlySpan<T> h,
        Span<T> dx,
        in RowShape shape,
        ReadOnlySpan<T> weight = default,
        double epsilon = 1e-5,
        ReadOnlySpan<float> rstd = default,
        Span<float> dweight = default,
        Span<float> dbias = default,
        Span<byte> workspace = default,
        bool accumulate = false,
        bool zeroCentered = false,
        CpuOptions options = default)
        where T : unmanaged =>
        RowNorm<Entries>.Backward(
            dy, dh, h, dx, shape, weight, epsilon, mean: default, rstd, hasMean: false, dweight, dbias, workspace,
            accumulate, Flags(zeroCentered), add: true, options);

    /// <summary>The same with a float32 weight beside 16-bit tensors.</summary>
    /// <inheritdoc cref="AddBackward{T}(ReadOnlySpan{T}, ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, in RowShape, ReadOnlySpan{T}, double, ReadOnlySpan{float}, Span{float}, Span{float}, Span{byte}, bool, bool, CpuOptions)" path="/*[not(self::summary)]"/>
    public static void AddBackward<T>(
        ReadOnlySpan<T> dy,
        ReadOnlySpan<T> dh,
        ReadOnlySpan<T> h,
        Span<T> dx,
        in RowShape shape,
        ReadOnlySpan<float> weight = default,
        double epsilon = 1e-5,
        ReadOnlySpan<float> rstd = default,
        Span<float> dweight = default,
        Span<float> dbias = default,
        Span<byte> workspace = default,
        bool accumulate = false,
        bool zeroCentered = false,
        CpuOptions options = default)
        where T : unmanaged =>
        RowNorm<Entries>.Backward(
            dy, dh, h, dx, shape, weight, epsilon, mean: default, rstd, hasMean: false, dweight, dbias, workspace,
            accumulate, Flags(zeroCentered), add: true, options);

    /// <summary>The Jacobian-vector product of forward at x: the tangent of y along the tangents of x, weight and bias.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="tanX">Tangent of x, [rows, cols].</param>
    /// <param name="x">The input of the forward pass, [rows, cols].</param>
    /// <param name="jvpY">Receives the tangent of y, [rows, cols]; may be <paramref name="tanX"/> or
    /// <paramref name="x"/>.</param>
    /// <param name="shape">Rows, columns and strides.</param>
    /// <param name="weight">Scale, [cols], or empty.</param>
    /// <param name="tanWeight">Tangent of the weight, [cols], or empty for zeros.</param>
    /// <param name="tanBias">Tangent of the bias, [cols], or empty for zeros.</param>
    /// <param name="epsilon">Added to the mean square under the root; 0 or more.</param>
    /// <param name="rstd">The values that forward saved, [rows]; empty: computed again from the input, with the same
    /// bits.</param>
    /// <param name="zeroCentered">Whether the weight is stored as its difference from one: W = 1 + weight.</param>
    /// <param name="options">Threads and instruction set; by default the calling thread and the best there is.</param>
    /// <inheritdoc cref="Forward{T}(ReadOnlySpan{T}, Span{T}, in RowShape, ReadOnlySpan{T}, ReadOnlySpan{T}, double, Span{float}, bool, CpuOptions)" path="/exception"/>
    [OverloadResolutionPriority(1)]
    public static void Jvp<T>(
        ReadOnlySpan<T> tanX,
        ReadOnlySpan<T> x,
        Span<T> jvpY,
        in RowShape shape,
        ReadOnlySpan<T> weight = default,
        ReadOnlySpan<T> tanWeight = default,
        ReadOnlySpan<T> tanBias = default,
        double epsilon = 1e-5,
        ReadOnlySpan<float> rstd = default,
        bool zeroCentered = false,
        CpuOptions options = default)
        where T : unmanaged =>
        RowNorm<Entries>.Jvp(
            tanX, tanResidual: default, x, jvpH: default, jvpY, shape, weight, tanWeight, tanBias, epsilon, mean: default, rstd,
            hasMean: false, Flags(zeroCentered), add: false, options);

    /// <summary>The same with a float32 weight beside 16-bit tensors.</summary>
    /// <inheritdoc cref="Jvp{T}(ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, in RowShape, ReadOnlySpan{T}, ReadOnlySpan{T}, ReadOnlySpan{T}, double, ReadOnlySpan{float}, bool, CpuOptions)" path="/*[not(self::summary)]"/>
    public static void Jvp<T>(
        ReadOnlySpan<T> tanX,
        ReadOnlySpan<T> x,
        Span<T> jvpY,
        in RowShape shape,
        ReadOnlySpan<float> weight = default,
        ReadOnlySpan<float> tanWeight = default,
        ReadOnlySpan<float> tanBias = default,
        double epsilon = 1e-5,
        ReadOnlySpan<float> rstd = default,
        bool zeroCentered = false,
        CpuOptions options = default)
        where T : unmanaged =>
        RowNorm<Entries>.Jvp(
            tanX, tanResidual: default, x, jvpH: default, jvpY, shape, weight, tanWeight, tanBias, epsilon, mean: default, rstd,
            hasMean: false, Flags(zeroCentered), add: false, options);

    /// <summary>The Jacobian-vector product of the residual form: <c>jvpH = tanX + tanResidual</c>, and that of
    /// forward at h along the sum before it is rounded.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="tanX">Tangent of x, [rows, cols].</param>
    /// <param name="tanResidual">Tangent of the residual, [rows, cols].</param>
    /// <param name="h">The sum that the forward pass wrote, [rows, cols].</param>
    /// <param name="jvpH">Receives the tangent of h, rounded to <typeparamref name="T"/>, [rows, cols]; may be
    /// <paramref name="tanX"/>, <paramref name="tanResidual"/> or <paramref name="h"/>.</param>
    /// <param name="jvpY">Receives the tangent of y, [rows, cols]; may be <paramref name="tanX"/>,
    /// <paramref name="tanResidual"/> or <paramref name="h"/>, if jvpH is not.</param>
    /// <param name="shape">Rows, columns and strides.</param>
    /// <param name="weight">Scale, [cols], or empty.</param>
    /// <param name="tanWeight">Tangent of the weight, [cols], or empty for zeros.</param>
    /// <param name="tanBias">Tangent of the bias, [cols], or empty for zeros.</param>
    /// <param name="epsilon">Added to the mean square under the root; 0 or more.</param>
    /// <param name="rstd">The values that forward saved, [rows]; empty: computed again from the input, with the same
    /// bits.</param>
    /// <param name="zeroCentered">Whether the weight is stored as its difference from one: W = 1 + weight.</param>
    /// <param name="options">Threads and instruction set; by default the calling thread and the best there is.</param>
    /// <inheritdoc cref="Forward{T}(ReadOnlySpan{T}, Span{T}, in RowShape, ReadOnlySpan{T}, ReadOnlySpan{T}, double, Span{float}, bool, CpuOptions)" path="/exception"/>
    [OverloadResolutionPriority(1)]
    public static void AddJvp<T>(
        ReadOnlySpan<T> tanX,
        ReadOnlySpan<T> tanResidual,
        ReadOnlySpan<T> h,
        Span<T> jvpH,
        Span<T> jvpY,
        in RowShape shape,
        ReadOnlySpan<T> weight = default,
        ReadOnlySpan<T> tanWeight = default,
        ReadOnlySpan<T> tanBias = default,
        double epsilon = 1e-5,
        ReadOnlySpan<float> rstd = default,
        bool zeroCentered = false,
        CpuOptions options = default)
        where T : unmanaged =>
        RowNorm<Entries>.Jvp(
            tanX, tanResidual, h, jvpH, jvpY, shape, weight, tanWeight, tanBias, epsilon, mean: default, rstd,
            hasMean: false, Flags(zeroCentered), add: true, options);

    /// <summary>The same with a float32 weight beside 16-bit tensors.</summary>
    /// <inheritdoc cref="AddJvp{T}(ReadOnlySpan{T}, ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, Span{T}, in RowShape, ReadOnlySpan{T}, ReadOnlySpan{T}, ReadOnlySpan{T}, double, ReadOnlySpan{float}, bool, CpuOptions)" path="/*[not(self::summary)]"/>
    public static void AddJvp<T>(
        ReadOnlySpan<T> tanX,
        ReadOnlySpan<T> tanResidual,
        ReadOnlySpan<T> h,
        Span<T> jvpH,
        Span<T> jvpY,
        in RowShape shape,
        ReadOnlySpan<float> weight = default,
        ReadOnlySpan<float> tanWeight = default,
        ReadOnlySpan<float> tanBias = default,
        double epsilon = 1e-5,
        ReadOnlySpan<float> rstd = default,
        bool zeroCentered = false,
        CpuOptions options = default)
        where T : unmanaged =>
        RowNorm<Entries>.Jvp(
            tanX, tanResidual, h, jvpH, jvpY, shape, weight, tanWeight, tanBias, epsilon, mean: default, rstd,
            hasMean: false, Flags(zeroCentered), add: true, options);

    private static nk_flags Flags(bool zeroCentered) =>
        zeroCentered ? nk_flags.NK_FLAG_ZERO_CENTERED : nk_flags.NK_FLAG_NONE;

    private readonly struct Entries : IRowNormEntries
    {
        [MethodImpl(MethodImplOptions.NoInlining)]
        public static nk_status Forward(nk_row_norm_forward_params* parameters) =>
            NkRowNorm.nk_rms_norm_forward(parameters);

        public static nk_status ForwardShort(nk_row_norm_forward_params* parameters) =>
            NkRowNorm.nk_rms_norm_forward_short(parameters);

        public static nk_status Backward(nk_row_norm_backward_params* parameters) =>
            NkRowNorm.nk_rms_norm_backward(parameters);

        public static nk_status Jvp(nk_row_norm_jvp_params* parameters) => NkRowNorm.nk_rms_norm_jvp(parameters);
    }
}
