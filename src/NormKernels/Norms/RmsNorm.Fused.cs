using System;
using System.Runtime.CompilerServices;

using NormKernels.Interop;

namespace NormKernels;

// What inference servers run right behind the norm, in the same pass. Forward only.
public static unsafe partial class RmsNorm
{
    /// <summary>The norm in 8 bits, with a scale for each row: <c>y = round(norm(x) / yScale)</c>.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="x">Input, [rows, cols].</param>
    /// <param name="y">Receives the quantized norm, [rows, cols]: -127 to 127, halves rounded to even. 0 throughout a row of
    /// zeros, and one with a NaN or an infinity.</param>
    /// <param name="yScale">Receives <c>max |norm| / 127</c> of each row, float32, [rows]: what y is to be multiplied
    /// by.</param>
    /// <param name="shape">Rows, columns and strides.</param>
    /// <param name="weight">Scale, [cols], or empty.</param>
    /// <param name="bias">Offset, [cols], or empty.</param>
    /// <param name="epsilon">Added to the mean square under the root; 0 or more.</param>
    /// <param name="rstd">Receives <c>1 / sqrt(mean square + epsilon)</c> of each row, float32, [rows]; or empty.</param>
    /// <param name="zeroCentered">Whether the weight is stored as its difference from one.</param>
    /// <param name="roundFirst">Whether the norm is rounded to <typeparamref name="T"/> before it is quantized, as a norm
    /// and a quantization apart would have it.</param>
    /// <param name="options">Threads and instruction set; by default the calling thread and the best there is.</param>
    /// <inheritdoc cref="Forward{T}(ReadOnlySpan{T}, Span{T}, in RowShape, ReadOnlySpan{T}, ReadOnlySpan{T}, double, Span{float}, bool, CpuOptions)" path="/exception"/>
    [OverloadResolutionPriority(1)]
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void ForwardInt8<T>(
        ReadOnlySpan<T> x,
        Span<sbyte> y,
        Span<float> yScale,
        in RowShape shape,
        ReadOnlySpan<T> weight = default,
        ReadOnlySpan<T> bias = default,
        double epsilon = 1e-5,
        Span<float> rstd = default,
        bool zeroCentered = false,
        bool roundFirst = false,
        CpuOptions options = default)
        where T : unmanaged =>
        RowNorm<Entries>.Forward(
            x, residual: default, gate: default, h: default, y, yScale, shape, weight, bias, epsilon, mean: default, rstd,
            Flags(zeroCentered) | Int8Flags(roundFirst), RowForm.Plain, options);

    /// <summary>The same with a float32 weight and bias beside 16-bit tensors.</summary>
    /// <inheritdoc cref="ForwardInt8{T}(ReadOnlySpan{T}, Span{sbyte}, Span{float}, in RowShape, ReadOnlySpan{T}, ReadOnlySpan{T}, double, Span{float}, bool, bool, CpuOptions)" path="/*[not(self::summary)]"/>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void ForwardInt8<T>(
        ReadOnlySpan<T> x,
        Span<sbyte> y,
        Span<float> yScale,
        in RowShape shape,
        ReadOnlySpan<float> weight = default,
        ReadOnlySpan<float> bias = default,
        double epsilon = 1e-5,
        Span<float> rstd = default,
        bool zeroCentered = false,
        bool roundFirst = false,
        CpuOptions options = default)
        where T : unmanaged =>
        RowNorm<Entries>.Forward(
            x, residual: default, gate: default, h: default, y, yScale, shape, weight, bias, epsilon, mean: default, rstd,
            Flags(zeroCentered) | Int8Flags(roundFirst), RowForm.Plain, options);

    /// <summary><c>h = x + residual</c> and its norm in 8 bits: <c>y = round(norm(h) / yScale)</c>.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="x">Input, [rows, cols].</param>
    /// <param name="residual">Added to x, [rows, cols].</param>
    /// <param name="h">Receives the sum, rounded to <typeparamref name="T"/>, and is what is normalized, [rows, cols]; may be
    /// <paramref name="x"/> or <paramref name="residual"/>.</param>
    /// <param name="y">Receives the quantized norm, [rows, cols]: -127 to 127, halves rounded to even. 0 throughout a row of
    /// zeros, and one with a NaN or an infinity.</param>
    /// <param name="yScale">Receives <c>max |norm| / 127</c> of each row, float32, [rows]: what y is to be multiplied
    /// by.</param>
    /// <param name="shape">Rows, columns and strides.</param>
    /// <param name="weight">Scale, [cols], or empty.</param>
    /// <param name="bias">Offset, [cols], or empty.</param>
    /// <param name="epsilon">Added to the mean square under the root; 0 or more.</param>
    /// <param name="rstd">Receives <c>1 / sqrt(mean square + epsilon)</c> of each row, float32, [rows]; or empty.</param>
    /// <param name="zeroCentered">Whether the weight is stored as its difference from one.</param>
    /// <param name="roundFirst">Whether the norm is rounded to <typeparamref name="T"/> before it is quantized, as a norm
    /// and a quantization apart would have it.</param>
    /// <param name="options">Threads and instruction set; by default the calling thread and the best there is.</param>
    /// <inheritdoc cref="Forward{T}(ReadOnlySpan{T}, Span{T}, in RowShape, ReadOnlySpan{T}, ReadOnlySpan{T}, double, Span{float}, bool, CpuOptions)" path="/exception"/>
    [OverloadResolutionPriority(1)]
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void AddForwardInt8<T>(
        ReadOnlySpan<T> x,
        ReadOnlySpan<T> residual,
        Span<T> h,
        Span<sbyte> y,
        Span<float> yScale,
        in RowShape shape,
        ReadOnlySpan<T> weight = default,
        ReadOnlySpan<T> bias = default,
        double epsilon = 1e-5,
        Span<float> rstd = default,
        bool zeroCentered = false,
        bool roundFirst = false,
        CpuOptions options = default)
        where T : unmanaged =>
        RowNorm<Entries>.Forward(
            x, residual, gate: default, h, y, yScale, shape, weight, bias, epsilon, mean: default, rstd,
            Flags(zeroCentered) | Int8Flags(roundFirst), RowForm.Add, options);

    /// <summary>The same with a float32 weight and bias beside 16-bit tensors.</summary>
    /// <inheritdoc cref="AddForwardInt8{T}(ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, Span{sbyte}, Span{float}, in RowShape, ReadOnlySpan{T}, ReadOnlySpan{T}, double, Span{float}, bool, bool, CpuOptions)" path="/*[not(self::summary)]"/>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void AddForwardInt8<T>(
        ReadOnlySpan<T> x,
        ReadOnlySpan<T> residual,
        Span<T> h,
        Span<sbyte> y,
        Span<float> yScale,
        in RowShape shape,
        ReadOnlySpan<float> weight = default,
        ReadOnlySpan<float> bias = default,
        double epsilon = 1e-5,
        Span<float> rstd = default,
        bool zeroCentered = false,
        bool roundFirst = false,
        CpuOptions options = default)
        where T : unmanaged =>
        RowNorm<Entries>.Forward(
            x, residual, gate: default, h, y, yScale, shape, weight, bias, epsilon, mean: default, rstd,
            Flags(zeroCentered) | Int8Flags(roundFirst), RowForm.Add, options);

    /// <summary><c>y = norm(x) * silu(gate)</c> with <c>silu(z) = z / (1 + exp(-z))</c>.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="x">Input, [rows, cols].</param>
    /// <param name="gate">The gate, [rows, cols].</param>
    /// <param name="y">Receives the output, [rows, cols]; may be <paramref name="x"/> or <paramref name="gate"/>.</param>
    /// <param name="shape">Rows, columns and strides.</param>
    /// <param name="weight">Scale, [cols], or empty.</param>
    /// <param name="bias">Offset, [cols], or empty.</param>
    /// <param name="epsilon">Added to the mean square under the root; 0 or more.</param>
    /// <param name="rstd">Receives <c>1 / sqrt(mean square + epsilon)</c> of each row, float32, [rows]; or empty.</param>
    /// <param name="zeroCentered">Whether the weight is stored as its difference from one.</param>
    /// <param name="options">Threads and instruction set; by default the calling thread and the best there is.</param>
    /// <inheritdoc cref="Forward{T}(ReadOnlySpan{T}, Span{T}, in RowShape, ReadOnlySpan{T}, ReadOnlySpan{T}, double, Span{float}, bool, CpuOptions)" path="/exception"/>
    [OverloadResolutionPriority(1)]
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void ForwardGated<T>(
        ReadOnlySpan<T> x,
        ReadOnlySpan<T> gate,
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
            x, residual: default, gate, h: default, y, yScale: default, shape, weight, bias, epsilon, mean: default, rstd,
            Flags(zeroCentered), RowForm.Gated, options);

    /// <summary>The same with a float32 weight and bias beside 16-bit tensors.</summary>
    /// <inheritdoc cref="ForwardGated{T}(ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, in RowShape, ReadOnlySpan{T}, ReadOnlySpan{T}, double, Span{float}, bool, CpuOptions)" path="/*[not(self::summary)]"/>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void ForwardGated<T>(
        ReadOnlySpan<T> x,
        ReadOnlySpan<T> gate,
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
            x, residual: default, gate, h: default, y, yScale: default, shape, weight, bias, epsilon, mean: default, rstd,
            Flags(zeroCentered), RowForm.Gated, options);

    private static nk_flags Int8Flags(bool roundFirst) =>
        roundFirst ? nk_flags.NK_FLAG_ROUND_FIRST : nk_flags.NK_FLAG_NONE;
}
