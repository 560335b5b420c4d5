using System;

namespace NormKernels.Reference;

/// <summary>
/// Layer normalization over the rows of a matrix (Ba, Kiros, Hinton, "Layer Normalization", 2016, arXiv:1607.06450),
/// in double precision:
/// <code>
/// mean = mean_R(x)      rstd = 1 / sqrt(mean_R((x - mean)^2) + epsilon)      xhat = (x - mean) * rstd
///
/// y       = xhat * weight + bias
/// dx      = rstd * (g - mean_R(g) - xhat * mean_R(g * xhat))      with g = dy * weight
/// dweight = sum over rows of dy * xhat                            dbias = sum over rows of dy
/// jvp_y   = weight * rstd * (tan_x - mean_R(tan_x) - xhat * mean_R(tan_x * xhat)) + xhat * tan_weight + tan_bias
/// </code>
/// where <c>mean_R</c> is the mean over a row.
/// </summary>
/// <remarks>
/// <para>All matrices are rows x cols, row-major and contiguous. An empty optional span means "not passed" for an input
/// (weight of ones, everything else zero) and "not wanted" for an output. Outputs are overwritten, not added to.</para>
/// <para>A constant row gives exactly <c>bias</c> if epsilon is positive, and NaN if it is 0. A row with a NaN or an
/// infinity gives NaN and disturbs no other row; it does reach dweight, which is a sum over rows. Rows of no
/// elements have NaN for mean and rstd. No rows give a dweight and dbias of zeros. The squares of the deviations
/// have to be normal numbers: magnitudes from 1e-150 to 1e150 are safe.</para>
/// <para>An output may be the same span as an input of its shape (one exception is stated at
/// <see cref="AddJvp"/>); the values are those of separate spans, bit for bit. Any other overlap with an output is not
/// supported and not detected.</para>
/// </remarks>
public static class LayerNormReference
{
    private static readonly Rule _norm = new();

    /// <summary><c>y = xhat * weight + bias</c> for every row.</summary>
    /// <param name="x">Input, rows x cols.</param>
    /// <param name="y">Receives the output, rows x cols; may be <paramref name="x"/>.</param>
    /// <param name="rows">Number of rows, at least 0.</param>
    /// <param name="cols">Number of elements a row, at least 0.</param>
    /// <param name="weight">Scale, cols elements or empty.</param>
    /// <param name="bias">Offset, cols elements or empty.</param>
    /// <param name="epsilon">Added to the variance; at least 0.</param>
    /// <param name="mean">Receives the mean of each row: rows elements or empty.</param>
    /// <param name="rstd">Receives <c>1 / sqrt(variance + epsilon)</c> of each row: rows elements or empty.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="rows"/>, <paramref name="cols"/> or
    /// <paramref name="epsilon"/> is negative or NaN. Nothing has been written.</exception>
    /// <exception cref="ArgumentException">A span has not the length stated for it. Nothing has been
    /// written.</exception>
    public static void Forward(
        ReadOnlySpan<double> x,
        Span<double> y,
        int rows,
        int cols,
        ReadOnlySpan<double> weight = default,
        ReadOnlySpan<double> bias = default,
        double epsilon = 1e-5,
        Span<double> mean = default,
        Span<double> rstd = default) =>
        _norm.Forward(x, y, rows, cols, weight, bias, epsilon, mean, rstd);

    /// <summary>The vector-Jacobian product of <see cref="Forward"/> at <paramref name="x"/>.</summary>
    /// <param name="dy">Cotangent of y, rows x cols.</param>
    /// <param name="x">The input of the forward pass, rows x cols; its statistics are computed again.</param>
    /// <param name="dx">Receives the gradient of x, rows x cols; may be <paramref name="dy"/> or
    /// <paramref name="x"/>.</param>
    /// <param name="rows">Number of rows, at least 0.</param>
    /// <param name="cols">Number of elements a row, at least 0.</param>
    /// <param name="weight">Scale, cols elements or empty.</param>
    /// <param name="epsilon">Added to the variance; at least 0.</param>
    /// <param name="dweight">Receives the gradient of the weight: cols elements or empty.</param>
    /// <param name="dbias">Receives the gradient of the bias: cols elements or empty.</param>
    /// <inheritdoc cref="Forward" path="/exception"/>
    public static void Backward(
        ReadOnlySpan<double> dy,
        ReadOnlySpan<double> x,
        Span<double> dx,
        int rows,
        int cols,
        ReadOnlySpan<double> weight = default,
        double epsilon = 1e-5,
        Span<double> dweight = default,
        Span<double> dbias = default) =>
        _norm.Backward(dy, x, dx, rows, cols, weight, epsilon, dweight, dbias);

    /// <summary>The Jacobian-vector product of <see cref="Forward"/> at <paramref name="x"/>.</summary>
    /// <param name="tanX">Tangent of x, rows x cols.</param>
    /// <param name="x">The input of the forward pass, rows x cols; its statistics are computed again.</param>
    /// <param name="jvpY">Receives the tangent of y, rows x cols; may be <paramref name="tanX"/> or
    /// <paramref name="x"/>.</param>
    /// <param name="rows">Number of rows, at least 0.</param>
    /// <param name="cols">Number of elements a row, at least 0.</param>
    /// <param name="weight">Scale, cols elements or empty.</param>
    /// <param name="tanWeight">Tangent of the weight, cols elements or empty.</param>
    /// <param name="tanBias">Tangent of the bias, cols elements or empty.</param>
    /// <param name="epsilon">Added to the variance; at least 0.</param>
    /// <inheritdoc cref="Forward" path="/exception"/>
    public static void Jvp(
        ReadOnlySpan<double> tanX,
        ReadOnlySpan<double> x,
        Span<double> jvpY,
        int rows,
        int cols,
        ReadOnlySpan<double> weight = default,
        ReadOnlySpan<double> tanWeight = default,
        ReadOnlySpan<double> tanBias = default,
        double epsilon = 1e-5) =>
        _norm.Jvp(tanX, x, jvpY, rows, cols, weight, tanWeight, tanBias, epsilon);

    /// <summary><c>h = x + residual</c>, then <see cref="Forward"/> of h.</summary>
    /// <param name="x">Input, rows x cols.</param>
    /// <param name="residual">Added to x, rows x cols.</param>
    /// <param name="h">Receives the sum, rows x cols; may be <paramref name="x"/> or
    /// <paramref name="residual"/>.</param>
    /// <param name="y">Receives the normalized sum, rows x cols; may be <paramref name="x"/> or
    /// <paramref name="residual"/>.</param>
    /// <param name="rows">Number of rows, at least 0.</param>
    /// <param name="cols">Number of elements a row, at least 0.</param>
    /// <param name="weight">Scale, cols elements or empty.</param>
    /// <param name="bias">Offset, cols elements or empty.</param>
    /// <param name="epsilon">Added to the variance; at least 0.</param>
    /// <param name="mean">Receives the mean of each row of h: rows elements or empty.</param>
    /// <param name="rstd">Receives <c>1 / sqrt(variance + epsilon)</c> of each row of h: rows elements or
    /// empty.</param>
    /// <inheritdoc cref="Forward" path="/exception"/>
    public static void AddForward(
        ReadOnlySpan<double> x,
        ReadOnlySpan<double> residual,
        Span<double> h,
        Span<double> y,
        int rows,
        int cols,
        ReadOnlySpan<double> weight = default,
        ReadOnlySpan<double> bias = default,
        double epsilon = 1e-5,
        Span<double> mean = default,
        Span<double> rstd = default) =>
        _norm.AddForward(x, residual, h, y, rows, cols, weight, bias, epsilon, mean, rstd);

    /// <summary>
    /// The vector-Jacobian product of <see cref="AddForward"/>: <c>dx = dresidual = dh + VJP of dy at h</c>.
    /// </summary>
    /// <param name="dy">Cotangent of y, rows x cols.</param>
    /// <param name="dh">Cotangent of h, rows x cols or empty.</param>
    /// <param name="h">The sum from the forward pass, rows x cols; its statistics are computed again.</param>
    /// <param name="dx">Receives the gradient of x, which is that of the residual too, rows x cols; may be
    /// <paramref name="dy"/>, <paramref name="dh"/> or <paramref name="h"/>.</param>
    /// <param name="rows">Number of rows, at least 0.</param>
    /// <param name="cols">Number of elements a row, at least 0.</param>
    /// <param name="weight">Scale, cols elements or empty.</param>
    /// <param name="epsilon">Added to the variance; at least 0.</param>
    /// <param name="dweight">Receives the gradient of the weight: cols elements or empty.</param>
    /// <param name="dbias">Receives the gradient of the bias: cols elements or empty.</param>
    /// <inheritdoc cref="Forward" path="/exception"/>
    public static void AddBackward(
        ReadOnlySpan<double> dy,
        ReadOnlySpan<double> dh,
        ReadOnlySpan<double> h,
        Span<double> dx,
        int rows,
        int cols,
        ReadOnlySpan<double> weight = default,
        double epsilon = 1e-5,
        Span<double> dweight = default,
        Span<double> dbias = default) =>
        _norm.AddBackward(dy, dh, h, dx, rows, cols, weight, epsilon, dweight, dbias);

    /// <summary>
    /// The Jacobian-vector product of <see cref="AddForward"/>: <c>jvp_h = tan_x + tan_residual</c>, then
    /// <see cref="Jvp"/> of that at h.
    /// </summary>
    /// <param name="tanX">Tangent of x, rows x cols.</param>
    /// <param name="tanResidual">Tangent of the residual, rows x cols.</param>
    /// <param name="h">The sum from the forward pass, rows x cols; its statistics are computed again.</param>
    /// <param name="jvpH">Receives the tangent of h, rows x cols; may be <paramref name="tanX"/> or
    /// <paramref name="tanResidual"/>, but not <paramref name="h"/>, which is still read after it is written.</param>
    /// <param name="jvpY">Receives the tangent of y, rows x cols; may be <paramref name="tanX"/>,
    /// <paramref name="tanResidual"/> or <paramref name="h"/>.</param>
    /// <param name="rows">Number of rows, at least 0.</param>
    /// <param name="cols">Number of elements a row, at least 0.</param>
    /// <param name="weight">Scale, cols elements or empty.</param>
    /// <param name="tanWeight">Tangent of the weight, cols elements or empty.</param>
    /// <param name="tanBias">Tangent of the bias, cols elements or empty.</param>
    /// <param name="epsilon">Added to the variance; at least 0.</param>
    /// <inheritdoc cref="Forward" path="/exception"/>
    public static void AddJvp(
        ReadOnlySpan<double> tanX,
        ReadOnlySpan<double> tanResidual,
        ReadOnlySpan<double> h,
        Span<double> jvpH,
        Span<double> jvpY,
        int rows,
        int cols,
        ReadOnlySpan<double> weight = default,
        ReadOnlySpan<double> tanWeight = default,
        ReadOnlySpan<double> tanBias = default,
        double epsilon = 1e-5) =>
        _norm.AddJvp(tanX, tanResidual, h, jvpH, jvpY, rows, cols, weight, tanWeight, tanBias, epsilon);

    private sealed class Rule() : RowNorm(weightOffset: 0)
    {
        protected override (double Mean, double Rstd) Normalize(
            ReadOnlySpan<double> x, double epsilon, Span<double> xhat)
        {
            (double mean, _, double rstd) = Centering.Normalize(x, epsilon, xhat);
            return (mean, rstd);
        }

        protected override void Project(Span<double> v, ReadOnlySpan<double> xhat) => Centering.Project(v, xhat);
    }
}
