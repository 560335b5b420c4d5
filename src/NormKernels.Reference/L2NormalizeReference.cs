using System;

namespace NormKernels.Reference;

/// <summary>
/// Division of the lines along one axis of a tensor by their norm, in double precision:
/// <code>
/// norm = (sum |x|^p)^(1/p)        y = x / max(norm, epsilon)
///
/// dx    = (dy - sum(dy * y) * d norm / d x) / norm         where norm >= epsilon, and dy / epsilon elsewhere
/// jvp_y = (tan_x - y * sum(tan_x * d norm / d x)) / norm   where norm >= epsilon, and tan_x / epsilon elsewhere
///
/// d norm / d x = sign(x) * (|x| / norm)^(p - 1)
/// </code>
/// with max |x| for a p of infinity, where tied elements share the derivative equally.
/// </summary>
/// <remarks>
/// <para>Tensors are [outer, length, inner], row-major and contiguous, and the axis is the one in the middle. An empty
/// optional span means "not wanted". Outputs are overwritten, not added to.</para>
/// <para>The norm is scaled by the largest element, so that it neither overflows nor vanishes on the way. The
/// derivative by an element that is 0 is taken as 0 for a p below 1. A line with a NaN gives NaN; one with an infinity
/// gives 0, and NaN at the infinity; neither disturbs another. A line without elements has norm 0.</para>
/// <para>An output may be the same span as an input where that is stated; the values are those of separate spans, bit
/// for bit. Any other overlap with an output is not supported and not detected.</para>
/// </remarks>
public static class L2NormalizeReference
{
    /// <summary><c>y = x / max(norm, epsilon)</c>.</summary>
    /// <param name="x">Input.</param>
    /// <param name="y">Receives the output; may be <paramref name="x"/>.</param>
    /// <param name="outer">Product of the sizes before the axis, at least 0.</param>
    /// <param name="length">Size of the axis, at least 0.</param>
    /// <param name="inner">Product of the sizes after the axis, at least 0.</param>
    /// <param name="p">Order of the norm: positive, infinity included.</param>
    /// <param name="epsilon">The least that x is divided by; at least 0.</param>
    /// <param name="norm">Receives the norms, whether or not less than <paramref name="epsilon"/>: [outer, inner] or
    /// empty.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="outer"/>, <paramref name="length"/>, <paramref
    /// name="inner"/> or <paramref name="epsilon"/> is negative or NaN, or <paramref name="p"/> is not positive.
    /// Nothing has been written.</exception>
    /// <exception cref="ArgumentException">A span has not the length stated for it. Nothing has been
    /// written.</exception>
    public static void Forward(
        ReadOnlySpan<double> x,
        Span<double> y,
        int outer,
        int length,
        int inner,
        double p = 2,
        double epsilon = 1e-12,
        Span<double> norm = default)
    {
        long count = Check(outer, length, inner, p, epsilon);
        long size = Require.Elements(outer, length, inner);
        Require.Length(x, size);
        Require.Length(y, size);
        Require.LengthIfPassed(norm, count);

        norm.Clear();
        if (x.IsEmpty)
        {
            return;
        }

        var rule = new PNorm(p);
        var slices = new Slices([outer, length, inner], [1]);
        double[] sliceX = new double[length];
        for (int slice = 0; slice < slices.Count; slice++)
        {
            slices.Read(x, slice, sliceX);
            double sliceNorm = rule.Of(sliceX);
            for (int i = 0; i < length; i++)
            {
                y[slices.Offset(slice, i)] = sliceX[i] / Math.Max(sliceNorm, epsilon);
            }

            if (!norm.IsEmpty)
            {
                norm[slice] = sliceNorm;
            }
        }
    }

    /// <summary>The vector-Jacobian product of <see cref="Forward"/> at <paramref name="x"/>.</summary>
    /// <param name="dy">Cotangent of y.</param>
    /// <param name="x">The input of the forward pass; its norms are computed again.</param>
    /// <param name="dx">Receives the gradient of x; may be <paramref name="dy"/> or <paramref name="x"/>.</param>
    /// <param name="outer">Product of the sizes before the axis, at least 0.</param>
    /// <param name="length">Size of the axis, at least 0.</param>
    /// <param name="inner">Product of the sizes after the axis, at least 0.</param>
    /// <param name="p">Order of the norm: positive, infinity included.</param>
    /// <param name="epsilon">The least that x is divided by; at least 0.</param>
    /// <inheritdoc cref="Forward" path="/exception"/>
    public static void Backward(
        ReadOnlySpan<double> dy,
        ReadOnlySpan<double> x,
        Span<double> dx,
        int outer,
        int length,
        int inner,
        double p = 2,
        double epsilon = 1e-12)
    {
        _ = Check(outer, length, inner, p, epsilon);
        long size = Require.Elements(outer, length, inner);
        Require.Length(dy, size);
        Require.Length(x, size);
        Require.Length(dx, size);
        if (x.IsEmpty)
        {
            return;
        }

        var rule = new PNorm(p);
        var slices = new Slices([outer, length, inner], [1]);
        double[] sliceX = new double[length];
        double[] sliceDy = new double[length];
        double[] gradient = new double[length];
        for (int slice = 0; slice < slices.Count; slice++)
        {
            slices.Read(x, slice, sliceX);
            slices.Read(dy, slice, sliceDy);
            double norm = rule.Differentiate(sliceX, gradient);
            bool constant = norm < epsilon;
            CompensatedSum sum = default;
            for (int i = 0; i < length; i++)
            {
                sum.Add(sliceDy[i] * (sliceX[i] / norm));
            }

            for (int i = 0; i < length; i++)
            {
                dx[slices.Offset(slice, i)] = constant
                    ? sliceDy[i] / epsilon
                    : (sliceDy[i] - sum.Value * gradient[i]) / norm;
            }
        }
    }

    /// <summary>The Jacobian-vector product of <see cref="Forward"/> at <paramref name="x"/>.</summary>
    /// <param name="tanX">Tangent of x.</param>
    /// <param name="x">The input of the forward pass; its norms are computed again.</param>
    /// <param name="jvpY">Receives the tangent of y; may be <paramref name="tanX"/> or <paramref name="x"/>.</param>
    /// <param name="outer">Product of the sizes before the axis, at least 0.</param>
    /// <param name="length">Size of the axis, at least 0.</param>
    /// <param name="inner">Product of the sizes after the axis, at least 0.</param>
    /// <param name="p">Order of the norm: positive, infinity included.</param>
    /// <param name="epsilon">The least that x is divided by; at least 0.</param>
    /// <inheritdoc cref="Forward" path="/exception"/>
    public static void Jvp(
        ReadOnlySpan<double> tanX,
        ReadOnlySpan<double> x,
        Span<double> jvpY,
        int outer,
        int length,
        int inner,
        double p = 2,
        double epsilon = 1e-12)
    {
        _ = Check(outer, length, inner, p, epsilon);
        long size = Require.Elements(outer, length, inner);
        Require.Length(tanX, size);
        Require.Length(x, size);
        Require.Length(jvpY, size);
        if (x.IsEmpty)
        {
            return;
        }

        var rule = new PNorm(p);
        var slices = new Slices([outer, length, inner], [1]);
        double[] sliceX = new double[length];
        double[] sliceTan = new double[length];
        double[] gradient = new double[length];
        for (int slice = 0; slice < slices.Count; slice++)
        {
            slices.Read(x, slice, sliceX);
            slices.Read(tanX, slice, sliceTan);
            double norm = rule.Differentiate(sliceX, gradient);
            bool constant = norm < epsilon;
            double tanNorm = CompensatedSum.OfProduct(sliceTan, gradient);
            for (int i = 0; i < length; i++)
            {
                jvpY[slices.Offset(slice, i)] = constant
                    ? sliceTan[i] / epsilon
                    : (sliceTan[i] - sliceX[i] / norm * tanNorm) / norm;
            }
        }
    }

    /// <summary>Checks what all methods share and returns the number of lines.</summary>
    private static long Check(int outer, int length, int inner, double p, double epsilon)
    {
        Require.AxisSizes(outer, length, inner);
        if (!(p > 0))
        {
            throw new ArgumentOutOfRangeException(nameof(p), p, "The order must be positive.");
        }

        Require.Epsilon(epsilon);
        return (long)outer * inner;
    }
}
