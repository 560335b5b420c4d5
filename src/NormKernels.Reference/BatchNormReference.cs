using System;

namespace NormKernels.Reference;

/// <summary>
/// Batch normalization (Ioffe, Szegedy, "Batch Normalization", 2015, arXiv:1502.03167), in double precision. In
/// training:
/// <code>
/// mean = mean_R(x)      rstd = 1 / sqrt(mean_R((x - mean)^2) + epsilon)      xhat = (x - mean) * rstd
///
/// y       = xhat * weight + bias
/// dx      = rstd * (g - mean_R(g) - xhat * mean_R(g * xhat))      with g = dy * weight
/// dweight = sum of dy * xhat over all but channels                dbias = the same sum of dy
/// jvp_y   = weight * rstd * (tan_x - mean_R(tan_x) - xhat * mean_R(tan_x * xhat)) + xhat * tan_weight + tan_bias
/// </code>
/// where <c>mean_R</c> is the mean over a channel of all samples. In inference, mean and variance are constants:
/// <code>
/// xhat  = (x - running_mean) / sqrt(running_var + epsilon)
/// y     = xhat * weight + bias
/// dx    = dy * weight / sqrt(running_var + epsilon)        dweight = sum of dy * xhat        dbias = sum of dy
/// jvp_y = weight * tan_x / sqrt(running_var + epsilon) + xhat * tan_weight + tan_bias
/// </code>
/// </summary>
/// <remarks>
/// <para>Tensors of the shape of x are [batch, channels, spatial] or, with <c>channelsLast</c>, [batch, spatial,
/// channels], row-major and contiguous. An empty optional span means "not passed" for an input (weight of ones,
/// everything else zero) and "not wanted" for an output. Outputs are overwritten, not added to.</para>
/// <para>A channel gives exactly <c>bias</c> if all its elements are equal and epsilon is positive, NaN if epsilon is
/// 0. With a NaN or an infinity it gives NaN and disturbs no other; it does reach dweight. If it has no elements, its
/// mean and rstd are NaN. A tensor without elements gives a dweight and dbias of zeros. This is about training; in
/// inference every element stands alone.</para>
/// <para>An output may be the same span as an input where that is stated; the values are those of separate spans, bit
/// for bit. Any other overlap with an output is not supported and not detected.</para>
/// </remarks>
public static class BatchNormReference
{
    /// <summary><c>y = xhat * weight + bias</c> with the statistics of this batch. Running statistics do not change y;
    /// they are updated with the mean and the unbiased variance, and stay as they are if x has no elements.</summary>
    /// <param name="x">Input.</param>
    /// <param name="y">Receives the output; may be <paramref name="x"/>.</param>
    /// <param name="batch">Number of samples, at least 0.</param>
    /// <param name="channels">Number of channels, at least 0.</param>
    /// <param name="spatial">Number of positions, the product of the spatial sizes, at least 0.</param>
    /// <param name="channelsLast">Whether a tensor is [batch, spatial, channels] instead of [batch, channels,
    /// spatial].</param>
    /// <param name="weight">Scale, channels elements or empty.</param>
    /// <param name="bias">Offset, channels elements or empty.</param>
    /// <param name="epsilon">Added to the variance; at least 0.</param>
    /// <param name="mean">Receives the means: channels elements or empty.</param>
    /// <param name="rstd">Receives <c>1 / sqrt(variance + epsilon)</c>: channels elements or empty.</param>
    /// <param name="runningMean">Running mean, updated in place: channels elements or empty.</param>
    /// <param name="runningVar">Running variance, updated in place: channels elements; empty if and only if <paramref
    /// name="runningMean"/> is.</param>
    /// <param name="momentum">The weight of this batch in the running statistics, from 0 to 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="batch"/>, <paramref name="channels"/>, <paramref
    /// name="spatial"/> or <paramref name="epsilon"/> is negative or NaN, or <paramref name="momentum"/> is not from 0
    /// to 1. Nothing has been written.</exception>
    /// <exception cref="ArgumentException">A span has not the length stated for it, or running statistics are passed
    /// and channels have one element. Nothing has been written.</exception>
    public static void Forward(
        ReadOnlySpan<double> x,
        Span<double> y,
        int batch,
        int channels,
        int spatial,
        bool channelsLast,
        ReadOnlySpan<double> weight = default,
        ReadOnlySpan<double> bias = default,
        double epsilon = 1e-5,
        Span<double> mean = default,
        Span<double> rstd = default,
        Span<double> runningMean = default,
        Span<double> runningVar = default,
        double momentum = 0.1)
    {
        var norm = SliceNorm.OverBatch(batch, channels, spatial, channelsLast);
        long values = (long)batch * spatial;
        RunningStatistics.Check(runningMean, runningVar, channels, momentum, values);
        (double[] means, double[] variances) = norm.Forward(x, y, weight, bias, epsilon, mean, rstd);
        RunningStatistics.Update(runningMean, runningVar, momentum, means, variances, values);
    }

    /// <summary>The vector-Jacobian product of <see cref="Forward"/> at <paramref name="x"/>.</summary>
    /// <param name="dy">Cotangent of y.</param>
    /// <param name="x">The input of the forward pass; its statistics are computed again.</param>
    /// <param name="dx">Receives the gradient of x; may be <paramref name="dy"/> or <paramref name="x"/>.</param>
    /// <param name="batch">Number of samples, at least 0.</param>
    /// <param name="channels">Number of channels, at least 0.</param>
    /// <param name="spatial">Number of positions, the product of the spatial sizes, at least 0.</param>
    /// <param name="channelsLast">Whether a tensor is [batch, spatial, channels] instead of [batch, channels,
    /// spatial].</param>
    /// <param name="weight">Scale, channels elements or empty.</param>
    /// <param name="epsilon">Added to the variance; at least 0.</param>
    /// <param name="dweight">Receives the gradient of the weight: channels elements or empty.</param>
    /// <param name="dbias">Receives the gradient of the bias: channels elements or empty.</param>
    /// <inheritdoc cref="Forward" path="/exception"/>
    public static void Backward(
        ReadOnlySpan<double> dy,
        ReadOnlySpan<double> x,
        Span<double> dx,
        int batch,
        int channels,
        int spatial,
        bool channelsLast,
        ReadOnlySpan<double> weight = default,
        double epsilon = 1e-5,
        Span<double> dweight = default,
        Span<double> dbias = default) =>
        SliceNorm.OverBatch(batch, channels, spatial, channelsLast)
            .Backward(dy, x, dx, weight, epsilon, dweight, dbias);

    /// <summary>The Jacobian-vector product of <see cref="Forward"/> at <paramref name="x"/>.</summary>
    /// <param name="tanX">Tangent of x.</param>
    /// <param name="x">The input of the forward pass; its statistics are computed again.</param>
    /// <param name="jvpY">Receives the tangent of y; may be <paramref name="tanX"/> or <paramref name="x"/>.</param>
    /// <param name="batch">Number of samples, at least 0.</param>
    /// <param name="channels">Number of channels, at least 0.</param>
    /// <param name="spatial">Number of positions, the product of the spatial sizes, at least 0.</param>
    /// <param name="channelsLast">Whether a tensor is [batch, spatial, channels] instead of [batch, channels,
    /// spatial].</param>
    /// <param name="weight">Scale, channels elements or empty.</param>
    /// <param name="tanWeight">Tangent of the weight, channels elements or empty.</param>
    /// <param name="tanBias">Tangent of the bias, channels elements or empty.</param>
    /// <param name="epsilon">Added to the variance; at least 0.</param>
    /// <inheritdoc cref="Forward" path="/exception"/>
    public static void Jvp(
        ReadOnlySpan<double> tanX,
        ReadOnlySpan<double> x,
        Span<double> jvpY,
        int batch,
        int channels,
        int spatial,
        bool channelsLast,
        ReadOnlySpan<double> weight = default,
        ReadOnlySpan<double> tanWeight = default,
        ReadOnlySpan<double> tanBias = default,
        double epsilon = 1e-5) =>
        SliceNorm.OverBatch(batch, channels, spatial, channelsLast)
            .Jvp(tanX, x, jvpY, weight, tanWeight, tanBias, epsilon);

    /// <summary><c>y = (x - runningMean) / sqrt(runningVar + epsilon) * weight + bias</c>.</summary>
    /// <param name="x">Input.</param>
    /// <param name="y">Receives the output; may be <paramref name="x"/>.</param>
    /// <param name="batch">Number of samples, at least 0.</param>
    /// <param name="channels">Number of channels, at least 0.</param>
    /// <param name="spatial">Number of positions, the product of the spatial sizes, at least 0.</param>
    /// <param name="channelsLast">Whether a tensor is [batch, spatial, channels] instead of [batch, channels,
    /// spatial].</param>
    /// <param name="runningMean">Mean of each channel, channels elements.</param>
    /// <param name="runningVar">Variance of each channel, channels elements.</param>
    /// <param name="weight">Scale, channels elements or empty.</param>
    /// <param name="bias">Offset, channels elements or empty.</param>
    /// <param name="epsilon">Added to the running variance; at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="batch"/>, <paramref name="channels"/>, <paramref
    /// name="spatial"/> or <paramref name="epsilon"/> is negative or NaN. Nothing has been written.</exception>
    /// <exception cref="ArgumentException">A span has not the length stated for it. Nothing has been
    /// written.</exception>
    public static void Inference(
        ReadOnlySpan<double> x,
        Span<double> y,
        int batch,
        int channels,
        int spatial,
        bool channelsLast,
        ReadOnlySpan<double> runningMean,
        ReadOnlySpan<double> runningVar,
        ReadOnlySpan<double> weight = default,
        ReadOnlySpan<double> bias = default,
        double epsilon = 1e-5)
    {
        Require.Sizes(batch, channels, spatial);
        long size = Require.Elements(batch, channels, spatial);
        Require.Length(x, size);
        Require.Length(y, size);
        Require.Length(runningMean, channels);
        Require.Length(runningVar, channels);
        Require.LengthIfPassed(weight, channels);
        Require.LengthIfPassed(bias, channels);
        Require.Epsilon(epsilon);

        for (int i = 0; i < x.Length; i++)
        {
            int channel = Channel(i, channels, spatial, channelsLast);
            double xhat = (x[i] - runningMean[channel]) / Math.Sqrt(runningVar[channel] + epsilon);
            y[i] = xhat * ValueOr(1, weight, channel) + ValueOr(0, bias, channel);
        }
    }

    /// <summary>The vector-Jacobian product of <see cref="Inference"/> at <paramref name="x"/>; the running statistics
    /// are constants.</summary>
    /// <param name="dy">Cotangent of y.</param>
    /// <param name="x">The input of the forward pass.</param>
    /// <param name="dx">Receives the gradient of x; may be <paramref name="dy"/> or <paramref name="x"/>.</param>
    /// <param name="batch">Number of samples, at least 0.</param>
    /// <param name="channels">Number of channels, at least 0.</param>
    /// <param name="spatial">Number of positions, the product of the spatial sizes, at least 0.</param>
    /// <param name="channelsLast">Whether a tensor is [batch, spatial, channels] instead of [batch, channels,
    /// spatial].</param>
    /// <param name="runningMean">Mean of each channel, channels elements.</param>
    /// <param name="runningVar">Variance of each channel, channels elements.</param>
    /// <param name="weight">Scale, channels elements or empty.</param>
    /// <param name="epsilon">Added to the running variance; at least 0.</param>
    /// <param name="dweight">Receives the gradient of the weight: channels elements or empty.</param>
    /// <param name="dbias">Receives the gradient of the bias: channels elements or empty.</param>
    /// <inheritdoc cref="Inference" path="/exception"/>
    public static void InferenceBackward(
        ReadOnlySpan<double> dy,
        ReadOnlySpan<double> x,
        Span<double> dx,
        int batch,
        int channels,
        int spatial,
        bool channelsLast,
        ReadOnlySpan<double> runningMean,
        ReadOnlySpan<double> runningVar,
        ReadOnlySpan<double> weight = default,
        double epsilon = 1e-5,
        Span<double> dweight = default,
        Span<double> dbias = default)
    {
        Require.Sizes(batch, channels, spatial);
        long size = Require.Elements(batch, channels, spatial);
        Require.Length(dy, size);
        Require.Length(x, size);
        Require.Length(dx, size);
        Require.Length(runningMean, channels);
        Require.Length(runningVar, channels);
        Require.LengthIfPassed(weight, channels);
        Require.Epsilon(epsilon);
        Require.LengthIfPassed(dweight, channels);
        Require.LengthIfPassed(dbias, channels);

        var dweightSums = new CompensatedSum[dweight.Length];
        var dbiasSums = new CompensatedSum[dbias.Length];
        for (int i = 0; i < x.Length; i++)
        {
            int channel = Channel(i, channels, spatial, channelsLast);
            double deviation = Math.Sqrt(runningVar[channel] + epsilon);
            if (!dweight.IsEmpty)
            {
                dweightSums[channel].Add(dy[i] * ((x[i] - runningMean[channel]) / deviation));
            }

            if (!dbias.IsEmpty)
            {
                dbiasSums[channel].Add(dy[i]);
            }

            dx[i] = dy[i] * ValueOr(1, weight, channel) / deviation;
        }

        CompensatedSum.Store(dweightSums, dweight);
        CompensatedSum.Store(dbiasSums, dbias);
    }

    /// <summary>The Jacobian-vector product of <see cref="Inference"/> at <paramref name="x"/>; the running statistics
    /// are constants.</summary>
    /// <param name="tanX">Tangent of x.</param>
    /// <param name="x">The input of the forward pass.</param>
    /// <param name="jvpY">Receives the tangent of y; may be <paramref name="tanX"/> or <paramref name="x"/>.</param>
    /// <param name="batch">Number of samples, at least 0.</param>
    /// <param name="channels">Number of channels, at least 0.</param>
    /// <param name="spatial">Number of positions, the product of the spatial sizes, at least 0.</param>
    /// <param name="channelsLast">Whether a tensor is [batch, spatial, channels] instead of [batch, channels,
    /// spatial].</param>
    /// <param name="runningMean">Mean of each channel, channels elements.</param>
    /// <param name="runningVar">Variance of each channel, channels elements.</param>
    /// <param name="weight">Scale, channels elements or empty.</param>
    /// <param name="tanWeight">Tangent of the weight, channels elements or empty.</param>
    /// <param name="tanBias">Tangent of the bias, channels elements or empty.</param>
    /// <param name="epsilon">Added to the running variance; at least 0.</param>
    /// <inheritdoc cref="Inference" path="/exception"/>
    public static void InferenceJvp(
        ReadOnlySpan<double> tanX,
        ReadOnlySpan<double> x,
        Span<double> jvpY,
        int batch,
        int channels,
        int spatial,
        bool channelsLast,
        ReadOnlySpan<double> runningMean,
        ReadOnlySpan<double> runningVar,
        ReadOnlySpan<double> weight = default,
        ReadOnlySpan<double> tanWeight = default,
        ReadOnlySpan<double> tanBias = default,
        double epsilon = 1e-5)
    {
        Require.Sizes(batch, channels, spatial);
        long size = Require.Elements(batch, channels, spatial);
        Require.Length(tanX, size);
        Require.Length(x, size);
        Require.Length(jvpY, size);
        Require.Length(runningMean, channels);
        Require.Length(runningVar, channels);
        Require.LengthIfPassed(weight, channels);
        Require.LengthIfPassed(tanWeight, channels);
        Require.LengthIfPassed(tanBias, channels);
        Require.Epsilon(epsilon);

        for (int i = 0; i < x.Length; i++)
        {
            int channel = Channel(i, channels, spatial, channelsLast);
            double deviation = Math.Sqrt(runningVar[channel] + epsilon);
            double xhat = (x[i] - runningMean[channel]) / deviation;
            jvpY[i] = ValueOr(1, weight, channel) * tanX[i] / deviation
                + xhat * ValueOr(0, tanWeight, channel)
                + ValueOr(0, tanBias, channel);
        }
    }

    private static int Channel(int offset, int channels, int spatial, bool channelsLast) =>
        (channelsLast ? offset : offset / spatial) % channels;

    private static double ValueOr(double value, ReadOnlySpan<double> parameters, int channel) =>
        parameters.IsEmpty ? value : parameters[channel];
}
