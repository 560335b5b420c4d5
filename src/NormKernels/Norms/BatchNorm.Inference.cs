using System;
using System.Runtime.CompilerServices;

using NormKernels.Interop;

namespace NormKernels;

public static partial class BatchNorm
{
    /// <summary><c>y = (x - runningMean) / sqrt(runningVar + epsilon) * weight + bias</c>.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="x">Input, of the shape.</param>
    /// <param name="y">Receives the output; may be <paramref name="x"/>.</param>
    /// <param name="shape">Batch, channels, spatial and layout.</param>
    /// <param name="runningMean">The running means, [channels].</param>
    /// <param name="runningVar">The running variances, [channels].</param>
    /// <param name="weight">Scale, [channels], or empty.</param>
    /// <param name="bias">Offset, [channels], or empty.</param>
    /// <param name="epsilon">Added to the variance under the root; 0 or more.</param>
    /// <param name="options">Threads and instruction set; by default the calling thread and the best there is.</param>
    /// <inheritdoc cref="Forward{T}(ReadOnlySpan{T}, Span{T}, ChannelShape, ReadOnlySpan{T}, ReadOnlySpan{T}, double, Span{float}, Span{float}, Span{float}, Span{float}, double, CpuOptions)" path="/exception"/>
    [OverloadResolutionPriority(1)]
    public static void Inference<T>(
        ReadOnlySpan<T> x,
        Span<T> y,
        ChannelShape shape,
        ReadOnlySpan<float> runningMean,
        ReadOnlySpan<float> runningVar,
        ReadOnlySpan<T> weight = default,
        ReadOnlySpan<T> bias = default,
        double epsilon = 1e-5,
        CpuOptions options = default)
        where T : unmanaged =>
        ChannelNorm<Entries>.Inference(x, y, shape, runningMean, runningVar, weight, bias, epsilon, options);

    /// <summary>The same with a float32 weight and bias beside 16-bit tensors.</summary>
    /// <inheritdoc cref="Inference{T}(ReadOnlySpan{T}, Span{T}, ChannelShape, ReadOnlySpan{float}, ReadOnlySpan{float}, ReadOnlySpan{T}, ReadOnlySpan{T}, double, CpuOptions)" path="/*[not(self::summary)]"/>
    public static void Inference<T>(
        ReadOnlySpan<T> x,
        Span<T> y,
        ChannelShape shape,
        ReadOnlySpan<float> runningMean,
        ReadOnlySpan<float> runningVar,
        ReadOnlySpan<float> weight = default,
        ReadOnlySpan<float> bias = default,
        double epsilon = 1e-5,
        CpuOptions options = default)
        where T : unmanaged =>
        ChannelNorm<Entries>.Inference(x, y, shape, runningMean, runningVar, weight, bias, epsilon, options);

    /// <summary>The vector-Jacobian product of inference at x: dx, dweight and dbias from dy. Running statistics are
    /// constants.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="dy">Cotangent of y.</param>
    /// <param name="x">The input of the forward pass.</param>
    /// <param name="dx">Receives the gradient of x; may be <paramref name="dy"/> or <paramref name="x"/>. Always
    /// overwritten.</param>
    /// <param name="shape">Batch, channels, spatial and layout.</param>
    /// <param name="runningMean">The running means, [channels]; constants.</param>
    /// <param name="runningVar">The running variances, [channels]; constants.</param>
    /// <param name="weight">Scale, [channels], or empty.</param>
    /// <param name="epsilon">Added to the variance under the root; 0 or more.</param>
    /// <param name="dweight">Receives the gradient of the weight, float32, [channels]; or empty.</param>
    /// <param name="dbias">Receives the gradient of the bias, float32, [channels]; or empty.</param>
    /// <param name="accumulate">Whether dweight and dbias are added to (+=) and not overwritten (=).</param>
    /// <param name="options">Threads and instruction set; by default the calling thread and the best there is.</param>
    /// <inheritdoc cref="Forward{T}(ReadOnlySpan{T}, Span{T}, ChannelShape, ReadOnlySpan{T}, ReadOnlySpan{T}, double, Span{float}, Span{float}, Span{float}, Span{float}, double, CpuOptions)" path="/exception"/>
    [OverloadResolutionPriority(1)]
    public static void InferenceBackward<T>(
        ReadOnlySpan<T> dy,
        ReadOnlySpan<T> x,
        Span<T> dx,
        ChannelShape shape,
        ReadOnlySpan<float> runningMean,
        ReadOnlySpan<float> runningVar,
        ReadOnlySpan<T> weight = default,
        double epsilon = 1e-5,
        Span<float> dweight = default,
        Span<float> dbias = default,
        bool accumulate = false,
        CpuOptions options = default)
        where T : unmanaged =>
        ChannelNorm<Entries>.Backward(
            dy, x, dx, shape, groups: 0, weight, epsilon, mean: default, rstd: default, runningMean, runningVar,
            dweight, dbias, workspace: default, accumulate, nk_flags.NK_FLAG_INFERENCE, options);

    /// <summary>The same with a float32 weight beside 16-bit tensors.</summary>
    /// <inheritdoc cref="InferenceBackward{T}(ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, ChannelShape, ReadOnlySpan{float}, ReadOnlySpan{float}, ReadOnlySpan{T}, double, Span{float}, Span{float}, bool, CpuOptions)" path="/*[not(self::summary)]"/>
    public static void InferenceBackward<T>(
        ReadOnlySpan<T> dy,
        ReadOnlySpan<T> x,
        Span<T> dx,
        ChannelShape shape,
        ReadOnlySpan<float> runningMean,
        ReadOnlySpan<float> runningVar,
        ReadOnlySpan<float> weight = default,
        double epsilon = 1e-5,
        Span<float> dweight = default,
        Span<float> dbias = default,
        bool accumulate = false,
        CpuOptions options = default)
        where T : unmanaged =>
        ChannelNorm<Entries>.Backward(
            dy, x, dx, shape, groups: 0, weight, epsilon, mean: default, rstd: default, runningMean, runningVar,
            dweight, dbias, workspace: default, accumulate, nk_flags.NK_FLAG_INFERENCE, options);

    /// <summary>The Jacobian-vector product of inference at x: the tangent of y along the tangents of x, weight and
    /// bias. Running statistics are constants.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="tanX">Tangent of x.</param>
    /// <param name="x">The input of the forward pass.</param>
    /// <param name="jvpY">Receives the tangent of y; may be <paramref name="tanX"/> or <paramref name="x"/>.</param>
    /// <param name="shape">Batch, channels, spatial and layout.</param>
    /// <param name="runningMean">The running means, [channels]; constants.</param>
    /// <param name="runningVar">The running variances, [channels]; constants.</param>
    /// <param name="weight">Scale, [channels], or empty.</param>
    /// <param name="tanWeight">Tangent of the weight, [channels], or empty for zeros.</param>
    /// <param name="tanBias">Tangent of the bias, [channels], or empty for zeros.</param>
    /// <param name="epsilon">Added to the variance under the root; 0 or more.</param>
    /// <param name="options">Threads and instruction set; by default the calling thread and the best there is.</param>
    /// <inheritdoc cref="Forward{T}(ReadOnlySpan{T}, Span{T}, ChannelShape, ReadOnlySpan{T}, ReadOnlySpan{T}, double, Span{float}, Span{float}, Span{float}, Span{float}, double, CpuOptions)" path="/exception"/>
    [OverloadResolutionPriority(1)]
    public static void InferenceJvp<T>(
        ReadOnlySpan<T> tanX,
        ReadOnlySpan<T> x,
        Span<T> jvpY,
        ChannelShape shape,
        ReadOnlySpan<float> runningMean,
        ReadOnlySpan<float> runningVar,
        ReadOnlySpan<T> weight = default,
        ReadOnlySpan<T> tanWeight = default,
        ReadOnlySpan<T> tanBias = default,
        double epsilon = 1e-5,
        CpuOptions options = default)
        where T : unmanaged =>
        ChannelNorm<Entries>.Jvp(
            tanX, x, jvpY, shape, groups: 0, weight, tanWeight, tanBias, epsilon, mean: default, rstd: default,
            runningMean, runningVar, nk_flags.NK_FLAG_INFERENCE, options);

    /// <summary>The same with a float32 weight and float32 tangents of parameters beside 16-bit tensors.</summary>
    /// <inheritdoc cref="InferenceJvp{T}(ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, ChannelShape, ReadOnlySpan{float}, ReadOnlySpan{float}, ReadOnlySpan{T}, ReadOnlySpan{T}, ReadOnlySpan{T}, double, CpuOptions)" path="/*[not(self::summary)]"/>
    public static void InferenceJvp<T>(
        ReadOnlySpan<T> tanX,
        ReadOnlySpan<T> x,
        Span<T> jvpY,
        ChannelShape shape,
        ReadOnlySpan<float> runningMean,
        ReadOnlySpan<float> runningVar,
        ReadOnlySpan<float> weight = default,
        ReadOnlySpan<float> tanWeight = default,
        ReadOnlySpan<float> tanBias = default,
        double epsilon = 1e-5,
        CpuOptions options = default)
        where T : unmanaged =>
        ChannelNorm<Entries>.Jvp(
            tanX, x, jvpY, shape, groups: 0, weight, tanWeight, tanBias, epsilon, mean: default, rstd: default,
            runningMean, runningVar, nk_flags.NK_FLAG_INFERENCE, options);
}
