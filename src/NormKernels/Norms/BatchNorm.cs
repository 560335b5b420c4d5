using System;
using System.Runtime.CompilerServices;

using NormKernels.Interop;

namespace NormKernels;

/// <summary>
/// Batch normalization (Ioffe, Szegedy, "Batch Normalization: Accelerating Deep Network Training by Reducing Internal
/// Covariate Shift", 2015, arXiv:1502.03167):
/// <code>
/// y = (x - mean) * rstd * weight + bias        rstd = 1 / sqrt(variance + epsilon), the variance biased
/// </code>
/// over each channel of the batch: forward, backward (vector-Jacobian product) and forward-mode derivative
/// (Jacobian-vector product); the same by running statistics (inference); and inference folded into a scale and a
/// shift.
/// </summary>
/// <remarks>
/// <para>Tensors are float, <see cref="Half"/> or <see cref="BFloat16"/>, contiguous, with the channels first or last
/// (<see cref="ChannelShape"/>). Weight and bias are of the tensors' type or float32, a value for each channel.
/// Arithmetic is float32 or wider; a 16-bit result is rounded once. Statistics and parameter gradients are
/// float32.</para>
/// <para>An empty optional span means "not passed" for an input (a weight of ones, a bias of zeros) and "not wanted"
/// for an output. An output may be the same span as an input where its description says so; any other overlap throws.
/// Nothing is written when a method throws.</para>
/// <para>The result of a channel depends on that channel alone, bit for bit: not on the channels around it, the
/// instruction set, the number of threads, alignment or in-place use. A call allocates nothing and keeps
/// nothing.</para>
/// <para>A channel with a NaN or an infinity gives NaN throughout and disturbs no other; its running statistics are
/// then no longer finite either. A constant channel gives exactly the bias if epsilon is positive, NaN if it is 0. A
/// channel of one value is constant, and allowed without running statistics. An empty batch has NaN as its statistics,
/// gives parameter gradients of 0 and leaves running statistics as they are. In inference an element depends on itself
/// and on what belongs to its channel, and a NaN disturbs no other element.</para>
/// </remarks>
public static unsafe partial class BatchNorm
{
    /// <summary><c>y = norm(x)</c>, by the statistics of the batch (training); updates running statistics if there are
    /// any, on which y does not depend.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="x">Input, of the shape.</param>
    /// <param name="y">Receives the output; may be <paramref name="x"/>.</param>
    /// <param name="shape">Batch, channels, spatial and layout.</param>
    /// <param name="weight">Scale, [channels], or empty.</param>
    /// <param name="bias">Offset, [channels], or empty.</param>
    /// <param name="epsilon">Added to the variance under the root; 0 or more.</param>
    /// <param name="mean">Receives the mean of each channel, float32, [channels]; or empty.</param>
    /// <param name="rstd">Receives <c>1 / sqrt(variance + epsilon)</c> of each channel, float32, [channels]; or
    /// empty.</param>
    /// <param name="runningMean">The running means, [channels], updated:
    /// <c>(1 - momentum) * runningMean + momentum * mean</c>; or empty (with <paramref name="runningVar"/>).</param>
    /// <param name="runningVar">The running variances, [channels], updated likewise, with the unbiased variance; or
    /// empty.</param>
    /// <param name="momentum">Share of the new statistics in the running ones: 0 to 1. For their average over all
    /// batches see <see cref="CumulativeMomentum"/>.</param>
    /// <param name="options">Threads and instruction set; by default the calling thread and the best there is.</param>
    /// <exception cref="ArgumentException">A span has not the length that is stated for it, an output overlaps another
    /// argument, <typeparamref name="T"/> is not float, Half or BFloat16, the options ask for an instruction set that
    /// is not available, or there are running statistics and a channel has a single value, which has no unbiased
    /// variance. Named after the parameter; nothing has been written.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="epsilon"/> is negative or NaN, or
    /// <paramref name="momentum"/> is not within 0 and 1.</exception>
    /// <exception cref="DllNotFoundException">The native library is missing; the message lists what was
    /// probed.</exception>
    [OverloadResolutionPriority(1)]
    public static void Forward<T>(
        ReadOnlySpan<T> x,
        Span<T> y,
        ChannelShape shape,
        ReadOnlySpan<T> weight = default,
        ReadOnlySpan<T> bias = default,
        double epsilon = 1e-5,
        Span<float> mean = default,
        Span<float> rstd = default,
        Span<float> runningMean = default,
        Span<float> runningVar = default,
        double momentum = 0.1,
        CpuOptions options = default)
        where T : unmanaged =>
        ChannelNorm<Entries>.Forward(
            x, y, shape, groups: 0, weight, bias, epsilon, mean, rstd, runningMean, runningVar, momentum,
            workspace: default, options);

    /// <summary>The same with a float32 weight and bias beside 16-bit tensors.</summary>
    /// <inheritdoc cref="Forward{T}(ReadOnlySpan{T}, Span{T}, ChannelShape, ReadOnlySpan{T}, ReadOnlySpan{T}, double, Span{float}, Span{float}, Span{float}, Span{float}, double, CpuOptions)" path="/*[not(self::summary)]"/>
    public static void Forward<T>(
        ReadOnlySpan<T> x,
        Span<T> y,
        ChannelShape shape,
        ReadOnlySpan<float> weight = default,
        ReadOnlySpan<float> bias = default,
        double epsilon = 1e-5,
        Span<float> mean = default,
        Span<float> rstd = default,
        Span<float> runningMean = default,
        Span<float> runningVar = default,
        double momentum = 0.1,
        CpuOptions options = default)
        where T : unmanaged =>
        ChannelNorm<Entries>.Forward(
            x, y, shape, groups: 0, weight, bias, epsilon, mean, rstd, runningMean, runningVar, momentum,
            workspace: default, options);

    /// <summary>The statistics of the batch alone, those of <c>Forward</c> to the bit: for statistics that several
    /// processes put together before any of them normalizes, or to renew running ones.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="x">Input, of the shape.</param>
    /// <param name="shape">Batch, channels, spatial and layout.</param>
    /// <param name="mean">Receives the mean of each channel, float32, [channels]; or empty.</param>
    /// <param name="rstd">Receives <c>1 / sqrt(variance + epsilon)</c> of each channel, float32, [channels]; or
    /// empty.</param>
    /// <param name="epsilon">Added to the variance under the root; 0 or more.</param>
    /// <param name="runningMean">The running means, [channels], updated:
    /// <c>(1 - momentum) * runningMean + momentum * mean</c>; or empty (with <paramref name="runningVar"/>).</param>
    /// <param name="runningVar">The running variances, [channels], updated likewise, with the unbiased variance; or
    /// empty.</param>
    /// <param name="momentum">Share of the new statistics in the running ones: 0 to 1.</param>
    /// <param name="options">Threads and instruction set; by default the calling thread and the best there is.</param>
    /// <exception cref="ArgumentException">As with <c>Forward</c>, or all outputs are empty.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="epsilon"/> is negative or NaN, or
    /// <paramref name="momentum"/> is not within 0 and 1.</exception>
    /// <exception cref="DllNotFoundException">The native library is missing; the message lists what was
    /// probed.</exception>
    public static void Statistics<T>(
        ReadOnlySpan<T> x,
        ChannelShape shape,
        Span<float> mean = default,
        Span<float> rstd = default,
        double epsilon = 1e-5,
        Span<float> runningMean = default,
        Span<float> runningVar = default,
        double momentum = 0.1,
        CpuOptions options = default)
        where T : unmanaged =>
        ChannelNorm<Entries>.Statistics(
            x, shape, groups: 0, epsilon, mean, rstd, runningMean, runningVar, momentum, workspace: default, options);

    /// <summary>The momentum that makes running statistics the average of those of all batches:
    /// <c>1 / (batchesTracked + 1)</c>.</summary>
    /// <param name="batchesTracked">How many batches were tracked before this one.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="batchesTracked"/> is negative.</exception>
    public static double CumulativeMomentum(long batchesTracked)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(batchesTracked);
        return 1 / (batchesTracked + 1.0);
    }

    /// <summary>The vector-Jacobian product of forward at x: dx, dweight and dbias from dy.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="dy">Cotangent of y.</param>
    /// <param name="x">The input of the forward pass.</param>
    /// <param name="dx">Receives the gradient of x; may be <paramref name="dy"/> or <paramref name="x"/>. Always
    /// overwritten.</param>
    /// <param name="shape">Batch, channels, spatial and layout.</param>
    /// <param name="weight">Scale, [channels], or empty.</param>
    /// <param name="epsilon">Added to the variance under the root; 0 or more.</param>
    /// <param name="mean">The means that forward saved, [channels]; empty (with <paramref name="rstd"/>): computed
    /// again from the input, with the same bits.</param>
    /// <param name="rstd">The reciprocal standard deviations that forward saved, [channels]; or empty.</param>
    /// <param name="dweight">Receives the gradient of the weight, float32, [channels]; or empty.</param>
    /// <param name="dbias">Receives the gradient of the bias, float32, [channels]; or empty.</param>
    /// <param name="accumulate">Whether dweight and dbias are added to (+=) and not overwritten (=).</param>
    /// <param name="options">Threads and instruction set; by default the calling thread and the best there is.</param>
    /// <inheritdoc cref="Forward{T}(ReadOnlySpan{T}, Span{T}, ChannelShape, ReadOnlySpan{T}, ReadOnlySpan{T}, double, Span{float}, Span{float}, Span{float}, Span{float}, double, CpuOptions)" path="/exception"/>
    [OverloadResolutionPriority(1)]
    public static void Backward<T>(
        ReadOnlySpan<T> dy,
        ReadOnlySpan<T> x,
        Span<T> dx,
        ChannelShape shape,
        ReadOnlySpan<T> weight = default,
        double epsilon = 1e-5,
        ReadOnlySpan<float> mean = default,
        ReadOnlySpan<float> rstd = default,
        Span<float> dweight = default,
        Span<float> dbias = default,
        bool accumulate = false,
        CpuOptions options = default)
        where T : unmanaged =>
        ChannelNorm<Entries>.Backward(
            dy, x, dx, shape, groups: 0, weight, epsilon, mean, rstd, runningMean: default, runningVar: default,
            dweight, dbias, workspace: default, accumulate, nk_flags.NK_FLAG_NONE, options);

    /// <summary>The same with a float32 weight beside 16-bit tensors.</summary>
    /// <inheritdoc cref="Backward{T}(ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, ChannelShape, ReadOnlySpan{T}, double, ReadOnlySpan{float}, ReadOnlySpan{float}, Span{float}, Span{float}, bool, CpuOptions)" path="/*[not(self::summary)]"/>
    public static void Backward<T>(
        ReadOnlySpan<T> dy,
        ReadOnlySpan<T> x,
        Span<T> dx,
        ChannelShape shape,
        ReadOnlySpan<float> weight = default,
        double epsilon = 1e-5,
        ReadOnlySpan<float> mean = default,
        ReadOnlySpan<float> rstd = default,
        Span<float> dweight = default,
        Span<float> dbias = default,
        bool accumulate = false,
        CpuOptions options = default)
        where T : unmanaged =>
        ChannelNorm<Entries>.Backward(
            dy, x, dx, shape, groups: 0, weight, epsilon, mean, rstd, runningMean: default, runningVar: default,
            dweight, dbias, workspace: default, accumulate, nk_flags.NK_FLAG_NONE, options);

    /// <summary>The Jacobian-vector product of forward at x: the tangent of y along the tangents of x, weight and
    /// bias.</summary>
    /// <typeparam name="T">float, Half or BFloat16.</typeparam>
    /// <param name="tanX">Tangent of x.</param>
    /// <param name="x">The input of the forward pass.</param>
    /// <param name="jvpY">Receives the tangent of y; may be <paramref name="tanX"/> or <paramref name="x"/>.</param>
    /// <param name="shape">Batch, channels, spatial and layout.</param>
    /// <param name="weight">Scale, [channels], or empty.</param>
    /// <param name="tanWeight">Tangent of the weight, [channels], or empty for zeros.</param>
    /// <param name="tanBias">Tangent of the bias, [channels], or empty for zeros.</param>
    /// <param name="epsilon">Added to the variance under the root; 0 or more.</param>
    /// <param name="mean">The means that forward saved, [channels]; empty (with <paramref name="rstd"/>): computed
    /// again from the input, with the same bits.</param>
    /// <param name="rstd">The reciprocal standard deviations that forward saved, [channels]; or empty.</param>
    /// <param name="options">Threads and instruction set; by default the calling thread and the best there is.</param>
    /// <inheritdoc cref="Forward{T}(ReadOnlySpan{T}, Span{T}, ChannelShape, ReadOnlySpan{T}, ReadOnlySpan{T}, double, Span{float}, Span{float}, Span{float}, Span{float}, double, CpuOptions)" path="/exception"/>
    [OverloadResolutionPriority(1)]
    public static void Jvp<T>(
        ReadOnlySpan<T> tanX,
        ReadOnlySpan<T> x,
        Span<T> jvpY,
        ChannelShape shape,
        ReadOnlySpan<T> weight = default,
        ReadOnlySpan<T> tanWeight = default,
        ReadOnlySpan<T> tanBias = default,
        double epsilon = 1e-5,
        ReadOnlySpan<float> mean = default,
        ReadOnlySpan<float> rstd = default,
        CpuOptions options = default)
        where T : unmanaged =>
        ChannelNorm<Entries>.Jvp(
            tanX, x, jvpY, shape, groups: 0, weight, tanWeight, tanBias, epsilon, mean, rstd, runningMean: default,
            runningVar: default, nk_flags.NK_FLAG_NONE, options);

    /// <summary>The same with a float32 weight and float32 tangents of parameters beside 16-bit tensors.</summary>
    /// <inheritdoc cref="Jvp{T}(ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, ChannelShape, ReadOnlySpan{T}, ReadOnlySpan{T}, ReadOnlySpan{T}, double, ReadOnlySpan{float}, ReadOnlySpan{float}, CpuOptions)" path="/*[not(self::summary)]"/>
    public static void Jvp<T>(
        ReadOnlySpan<T> tanX,
        ReadOnlySpan<T> x,
        Span<T> jvpY,
        ChannelShape shape,
        ReadOnlySpan<float> weight = default,
        ReadOnlySpan<float> tanWeight = default,
        ReadOnlySpan<float> tanBias = default,
        double epsilon = 1e-5,
        ReadOnlySpan<float> mean = default,
        ReadOnlySpan<float> rstd = default,
        CpuOptions options = default)
        where T : unmanaged =>
        ChannelNorm<Entries>.Jvp(
            tanX, x, jvpY, shape, groups: 0, weight, tanWeight, tanBias, epsilon, mean, rstd, runningMean: default,
            runningVar: default, nk_flags.NK_FLAG_NONE, options);

    private readonly struct Entries : IChannelNormEntries
    {
        public static bool SumsInWorkspace => false;

        public static long Slices(in ChannelShape shape, long groups) => shape.Channels;

        public static long ValuesPerSlice(in ChannelShape shape) => shape.Batch * shape.Spatial;

        public static nk_status Plan(in ChannelShape shape, long groups, nk_plan* plan) =>
            NkChannelNorm.nk_batch_norm_plan(
                shape.Batch, shape.Channels, shape.Spatial, (nk_channel_layout)shape.Layout, plan);

        public static nk_status Forward(nk_channel_norm_forward_params* parameters) =>
            NkChannelNorm.nk_batch_norm_forward(parameters);

        public static nk_status Backward(nk_channel_norm_backward_params* parameters) =>
            NkChannelNorm.nk_batch_norm_backward(parameters);

        public static nk_status Jvp(nk_channel_norm_jvp_params* parameters) =>
            NkChannelNorm.nk_batch_norm_jvp(parameters);
    }
}
