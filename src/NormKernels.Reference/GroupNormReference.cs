using System;

namespace NormKernels.Reference;

/// <summary>
/// Group normalization (Wu, He, "Group Normalization", 2018, arXiv:1803.08494), in double precision:
/// <code>
/// mean = mean_R(x)      rstd = 1 / sqrt(mean_R((x - mean)^2) + epsilon)      xhat = (x - mean) * rstd
///
/// y       = xhat * weight + bias
/// dx      = rstd * (g - mean_R(g) - xhat * mean_R(g * xhat))      with g = dy * weight
/// dweight = sum of dy * xhat over all but channels                dbias = the same sum of dy
/// jvp_y   = weight * rstd * (tan_x - mean_R(tan_x) - xhat * mean_R(tan_x * xhat)) + xhat * tan_weight + tan_bias
/// </code>
/// where <c>mean_R</c> is the mean over a group: channels / groups consecutive channels of one sample.
/// </summary>
/// <remarks>
/// <para>Tensors of the shape of x are [batch, channels, spatial] or, with <c>channelsLast</c>, [batch, spatial,
/// channels], row-major and contiguous. An empty optional span means "not passed" for an input (weight of ones,
/// everything else zero) and "not wanted" for an output. Outputs are overwritten, not added to.</para>
/// <para>A group gives exactly <c>bias</c> if all its elements are equal and epsilon is positive, NaN if epsilon is 0.
/// With a NaN or an infinity it gives NaN and disturbs no other; it does reach dweight. If it has no elements, its mean
/// and rstd are NaN. A tensor without elements gives a dweight and dbias of zeros.</para>
/// <para>An output may be the same span as an input where that is stated; the values are those of separate spans, bit
/// for bit. Any other overlap with an output is not supported and not detected.</para>
/// </remarks>
public static class GroupNormReference
{
    /// <summary><c>y = xhat * weight + bias</c>.</summary>
    /// <param name="x">Input.</param>
    /// <param name="y">Receives the output; may be <paramref name="x"/>.</param>
    /// <param name="batch">Number of samples, at least 0.</param>
    /// <param name="channels">Number of channels, at least 0.</param>
    /// <param name="spatial">Number of positions, the product of the spatial sizes, at least 0.</param>
    /// <param name="channelsLast">Whether a tensor is [batch, spatial, channels] instead of [batch, channels,
    /// spatial].</param>
    /// <param name="groups">Number of groups, at least 1; divides <paramref name="channels"/>.</param>
    /// <param name="weight">Scale, channels elements or empty.</param>
    /// <param name="bias">Offset, channels elements or empty.</param>
    /// <param name="epsilon">Added to the variance; at least 0.</param>
    /// <param name="mean">Receives the means: [batch, groups] or empty.</param>
    /// <param name="rstd">Receives <c>1 / sqrt(variance + epsilon)</c>: [batch, groups] or empty.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="batch"/>, <paramref name="channels"/>, <paramref
    /// name="spatial"/> or <paramref name="epsilon"/> is negative or NaN, or <paramref name="groups"/> is not positive.
    /// Nothing has been written.</exception>
    /// <exception cref="ArgumentException">A span has not the length stated for it, or <paramref name="groups"/> does
    /// not divide <paramref name="channels"/>. Nothing has been written.</exception>
    public static void Forward(
        ReadOnlySpan<double> x,
        Span<double> y,
        int batch,
        int channels,
        int spatial,
        bool channelsLast,
        int groups,
        ReadOnlySpan<double> weight = default,
        ReadOnlySpan<double> bias = default,
        double epsilon = 1e-5,
        Span<double> mean = default,
        Span<double> rstd = default) =>
        SliceNorm.OverGroups(batch, channels, spatial, channelsLast, groups)
            .Forward(x, y, weight, bias, epsilon, mean, rstd);

    /// <summary>The vector-Jacobian product of <see cref="Forward"/> at <paramref name="x"/>.</summary>
    /// <param name="dy">Cotangent of y.</param>
    /// <param name="x">The input of the forward pass; its statistics are computed again.</param>
    /// <param name="dx">Receives the gradient of x; may be <paramref name="dy"/> or <paramref name="x"/>.</param>
    /// <param name="batch">Number of samples, at least 0.</param>
    /// <param name="channels">Number of channels, at least 0.</param>
    /// <param name="spatial">Number of positions, the product of the spatial sizes, at least 0.</param>
    /// <param name="channelsLast">Whether a tensor is [batch, spatial, channels] instead of [batch, channels,
    /// spatial].</param>
    /// <param name="groups">Number of groups, at least 1; divides <paramref name="channels"/>.</param>
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
        int groups,
        ReadOnlySpan<double> weight = default,
        double epsilon = 1e-5,
        Span<double> dweight = default,
        Span<double> dbias = default) =>
        SliceNorm.OverGroups(batch, channels, spatial, channelsLast, groups)
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
    /// <param name="groups">Number of groups, at least 1; divides <paramref name="channels"/>.</param>
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
        int groups,
        ReadOnlySpan<double> weight = default,
        ReadOnlySpan<double> tanWeight = default,
        ReadOnlySpan<double> tanBias = default,
        double epsilon = 1e-5) =>
        SliceNorm.OverGroups(batch, channels, spatial, channelsLast, groups)
            .Jvp(tanX, x, jvpY, weight, tanWeight, tanBias, epsilon);
}
