using System;

namespace NormKernels.Reference;

/// <summary>
/// Normalization along one axis of a tensor, with a weight and a bias of the shape of the tensor, in double precision:
/// <code>
/// mean = mean_R(x)      rstd = 1 / sqrt(mean_R((x - mean)^2) + epsilon)      xhat = (x - mean) * rstd
///
/// y       = xhat * weight + bias
/// dx      = rstd * (g - mean_R(g) - xhat * mean_R(g * xhat))      with g = dy * weight
/// dweight = dy * xhat                                             dbias = dy
/// jvp_y   = weight * rstd * (tan_x - mean_R(tan_x) - xhat * mean_R(tan_x * xhat)) + xhat * tan_weight + tan_bias
/// </code>
/// where <c>mean_R</c> is the mean along the axis.
/// </summary>
/// <remarks>
/// <para>Tensors, weight and bias among them, are [outer, length, inner], row-major and contiguous, and the axis is the
/// one in the middle. An empty optional span means "not passed" for an input (weight of ones, everything else zero) and
/// "not wanted" for an output. Outputs are overwritten, not added to.</para>
/// <para>A line along the axis gives exactly <c>bias</c> if all its elements are equal and epsilon is positive, NaN if
/// epsilon is 0. With a NaN or an infinity it gives NaN and disturbs no other. If it has no elements, its mean and rstd
/// are NaN.</para>
/// <para>An output may be the same span as an input where that is stated; the values are those of separate spans, bit
/// for bit. Any other overlap with an output is not supported and not detected.</para>
/// </remarks>
public static class AxisNormReference
{
    /// <summary><c>y = xhat * weight + bias</c>.</summary>
    /// <param name="x">Input.</param>
    /// <param name="y">Receives the output; may be <paramref name="x"/>.</param>
    /// <param name="outer">Product of the sizes before the axis, at least 0.</param>
    /// <param name="length">Size of the axis, at least 0.</param>
    /// <param name="inner">Product of the sizes after the axis, at least 0.</param>
    /// <param name="weight">Scale, as many elements as x or empty.</param>
    /// <param name="bias">Offset, as many elements as x or empty.</param>
    /// <param name="epsilon">Added to the variance; at least 0.</param>
    /// <param name="mean">Receives the means: [outer, inner] or empty.</param>
    /// <param name="rstd">Receives <c>1 / sqrt(variance + epsilon)</c>: [outer, inner] or empty.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="outer"/>, <paramref name="length"/>, <paramref
    /// name="inner"/> or <paramref name="epsilon"/> is negative or NaN. Nothing has been written.</exception>
    /// <exception cref="ArgumentException">A span has not the length stated for it. Nothing has been
    /// written.</exception>
    public static void Forward(
        ReadOnlySpan<double> x,
        Span<double> y,
        int outer,
        int length,
        int inner,
        ReadOnlySpan<double> weight = default,
        ReadOnlySpan<double> bias = default,
        double epsilon = 1e-5,
        Span<double> mean = default,
        Span<double> rstd = default) =>
        SliceNorm.OverAxis(outer, length, inner).Forward(x, y, weight, bias, epsilon, mean, rstd);

    /// <summary>The vector-Jacobian product of <see cref="Forward"/> at <paramref name="x"/>.</summary>
    /// <param name="dy">Cotangent of y.</param>
    /// <param name="x">The input of the forward pass; its statistics are computed again.</param>
    /// <param name="dx">Receives the gradient of x; may be <paramref name="dy"/> or <paramref name="x"/>.</param>
    /// <param name="outer">Product of the sizes before the axis, at least 0.</param>
    /// <param name="length">Size of the axis, at least 0.</param>
    /// <param name="inner">Product of the sizes after the axis, at least 0.</param>
    /// <param name="weight">Scale, as many elements as x or empty.</param>
    /// <param name="epsilon">Added to the variance; at least 0.</param>
    /// <param name="dweight">Receives the gradient of the weight: as many elements as x or empty.</param>
    /// <param name="dbias">Receives the gradient of the bias: as many elements as x or empty.</param>
    /// <inheritdoc cref="Forward" path="/exception"/>
    public static void Backward(
        ReadOnlySpan<double> dy,
        ReadOnlySpan<double> x,
        Span<double> dx,
        int outer,
        int length,
        int inner,
        ReadOnlySpan<double> weight = default,
        double epsilon = 1e-5,
        Span<double> dweight = default,
        Span<double> dbias = default) =>
        SliceNorm.OverAxis(outer, length, inner).Backward(dy, x, dx, weight, epsilon, dweight, dbias);

    /// <summary>The Jacobian-vector product of <see cref="Forward"/> at <paramref name="x"/>.</summary>
    /// <param name="tanX">Tangent of x.</param>
    /// <param name="x">The input of the forward pass; its statistics are computed again.</param>
    /// <param name="jvpY">Receives the tangent of y; may be <paramref name="tanX"/> or <paramref name="x"/>.</param>
    /// <param name="outer">Product of the sizes before the axis, at least 0.</param>
    /// <param name="length">Size of the axis, at least 0.</param>
    /// <param name="inner">Product of the sizes after the axis, at least 0.</param>
    /// <param name="weight">Scale, as many elements as x or empty.</param>
    /// <param name="tanWeight">Tangent of the weight, as many elements as x or empty.</param>
    /// <param name="tanBias">Tangent of the bias, as many elements as x or empty.</param>
    /// <param name="epsilon">Added to the variance; at least 0.</param>
    /// <inheritdoc cref="Forward" path="/exception"/>
    public static void Jvp(
        ReadOnlySpan<double> tanX,
        ReadOnlySpan<double> x,
        Span<double> jvpY,
        int outer,
        int length,
        int inner,
        ReadOnlySpan<double> weight = default,
        ReadOnlySpan<double> tanWeight = default,
        ReadOnlySpan<double> tanBias = default,
        double epsilon = 1e-5) =>
        SliceNorm.OverAxis(outer, length, inner).Jvp(tanX, x, jvpY, weight, tanWeight, tanBias, epsilon);
}
