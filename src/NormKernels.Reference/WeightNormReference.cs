using System;

namespace NormKernels.Reference;

/// <summary>
/// Weight normalization (Salimans, Kingma, "Weight Normalization", 2016, arXiv:1602.07868), in double precision:
/// <code>
/// norm = sqrt(sum v^2 + epsilon)        u = v / norm        w = g * u
///
/// dg    = sum(dw * u)                   dv = g / norm * (dw - u * dg)
/// jvp_w = tan_g * u + g / norm * (tan_v - u * sum(tan_v * u))
/// </code>
/// where the sums are over all elements with the same index into the axis of g.
/// </summary>
/// <remarks>
/// <para>Tensors of the shape of v are [outer, length, inner], row-major and contiguous, and g has an element for each
/// index into the axis in the middle; a single g for the whole tensor is an outer and a length of 1. An empty optional
/// span means zeros for an input and "not wanted" for an output. Outputs are overwritten, not added to.</para>
/// <para>The norm is scaled by the largest element, so that it neither overflows nor vanishes on the way. A slice of
/// zeros gives NaN for w, dv, dg and jvp_w if epsilon is 0. A slice that is not finite disturbs no other. A slice
/// without elements has norm <c>sqrt(epsilon)</c> and dg 0.</para>
/// <para>An output may be the same span as an input where that is stated; the values are those of separate spans, bit
/// for bit. Any other overlap with an output is not supported and not detected.</para>
/// </remarks>
public static class WeightNormReference
{
    /// <summary><c>w = g * v / norm</c>.</summary>
    /// <param name="v">Direction, [outer, length, inner].</param>
    /// <param name="g">Magnitudes, length elements.</param>
    /// <param name="w">Receives the weight, [outer, length, inner]; may be <paramref name="v"/>.</param>
    /// <param name="outer">Product of the sizes before the axis, at least 0.</param>
    /// <param name="length">Size of the axis, at least 0.</param>
    /// <param name="inner">Product of the sizes after the axis, at least 0.</param>
    /// <param name="epsilon">Added to the sum of squares; at least 0.</param>
    /// <param name="norm">Receives the norms: length elements or empty.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="outer"/>, <paramref name="length"/>, <paramref
    /// name="inner"/> or <paramref name="epsilon"/> is negative or NaN. Nothing has been written.</exception>
    /// <exception cref="ArgumentException">A span has not the length stated for it. Nothing has been
    /// written.</exception>
    public static void Forward(
        ReadOnlySpan<double> v,
        ReadOnlySpan<double> g,
        Span<double> w,
        int outer,
        int length,
        int inner,
        double epsilon = 0,
        Span<double> norm = default)
    {
        Require.AxisSizes(outer, length, inner);
        long size = Require.Elements(outer, length, inner);
        Require.Length(v, size);
        Require.Length(g, length);
        Require.Length(w, size);
        Require.Epsilon(epsilon);
        Require.LengthIfPassed(norm, length);

        norm.Fill(Math.Sqrt(epsilon));
        if (v.IsEmpty)
        {
            return;
        }

        var slices = new Slices([outer, length, inner], [0, 2]);
        double[] u = new double[slices.Length];
        for (int slice = 0; slice < length; slice++)
        {
            slices.Read(v, slice, u);
            double sliceNorm = Normalize(u, epsilon);
            for (int i = 0; i < u.Length; i++)
            {
                w[slices.Offset(slice, i)] = g[slice] * u[i];
            }

            if (!norm.IsEmpty)
            {
                norm[slice] = sliceNorm;
            }
        }
    }

    /// <summary>The vector-Jacobian product of <see cref="Forward"/> at <paramref name="v"/> and <paramref
    /// name="g"/>.</summary>
    /// <param name="dw">Cotangent of w, [outer, length, inner].</param>
    /// <param name="v">Direction, [outer, length, inner].</param>
    /// <param name="g">Magnitudes, length elements.</param>
    /// <param name="dv">Receives the gradient of v, [outer, length, inner]; may be <paramref name="dw"/> or <paramref
    /// name="v"/>.</param>
    /// <param name="outer">Product of the sizes before the axis, at least 0.</param>
    /// <param name="length">Size of the axis, at least 0.</param>
    /// <param name="inner">Product of the sizes after the axis, at least 0.</param>
    /// <param name="epsilon">Added to the sum of squares; at least 0.</param>
    /// <param name="dg">Receives the gradient of g: length elements or empty.</param>
    /// <inheritdoc cref="Forward" path="/exception"/>
    public static void Backward(
        ReadOnlySpan<double> dw,
        ReadOnlySpan<double> v,
        ReadOnlySpan<double> g,
        Span<double> dv,
        int outer,
        int length,
        int inner,
        double epsilon = 0,
        Span<double> dg = default)
    {
        Require.AxisSizes(outer, length, inner);
        long size = Require.Elements(outer, length, inner);
        Require.Length(dw, size);
        Require.Length(v, size);
        Require.Length(g, length);
        Require.Length(dv, size);
        Require.Epsilon(epsilon);
        Require.LengthIfPassed(dg, length);

        dg.Clear();
        if (v.IsEmpty)
        {
            return;
        }

        var slices = new Slices([outer, length, inner], [0, 2]);
        double[] u = new double[slices.Length];
        double[] sliceDw = new double[slices.Length];
        for (int slice = 0; slice < length; slice++)
        {
            slices.Read(v, slice, u);
            slices.Read(dw, slice, sliceDw);
            double norm = Normalize(u, epsilon);
            double sliceDg = CompensatedSum.OfProduct(sliceDw, u);
            for (int i = 0; i < u.Length; i++)
            {
                dv[slices.Offset(slice, i)] = g[slice] / norm * (sliceDw[i] - u[i] * sliceDg);
            }

            if (!dg.IsEmpty)
            {
                dg[slice] = sliceDg;
            }
        }
    }

    /// <summary>The Jacobian-vector product of <see cref="Forward"/> at <paramref name="v"/> and <paramref
    /// name="g"/>.</summary>
    /// <param name="tanV">Tangent of v, [outer, length, inner].</param>
    /// <param name="tanG">Tangent of g, length elements or empty.</param>
    /// <param name="v">Direction, [outer, length, inner].</param>
    /// <param name="g">Magnitudes, length elements.</param>
    /// <param name="jvpW">Receives the tangent of w, [outer, length, inner]; may be <paramref name="tanV"/> or
    /// <paramref name="v"/>.</param>
    /// <param name="outer">Product of the sizes before the axis, at least 0.</param>
    /// <param name="length">Size of the axis, at least 0.</param>
    /// <param name="inner">Product of the sizes after the axis, at least 0.</param>
    /// <param name="epsilon">Added to the sum of squares; at least 0.</param>
    /// <inheritdoc cref="Forward" path="/exception"/>
    public static void Jvp(
        ReadOnlySpan<double> tanV,
        ReadOnlySpan<double> tanG,
        ReadOnlySpan<double> v,
        ReadOnlySpan<double> g,
        Span<double> jvpW,
        int outer,
        int length,
        int inner,
        double epsilon = 0)
    {
        Require.AxisSizes(outer, length, inner);
        long size = Require.Elements(outer, length, inner);
        Require.Length(tanV, size);
        Require.LengthIfPassed(tanG, length);
        Require.Length(v, size);
        Require.Length(g, length);
        Require.Length(jvpW, size);
        Require.Epsilon(epsilon);
        if (v.IsEmpty)
        {
            return;
        }

        var slices = new Slices([outer, length, inner], [0, 2]);
        double[] u = new double[slices.Length];
        double[] sliceTan = new double[slices.Length];
        for (int slice = 0; slice < length; slice++)
        {
            slices.Read(v, slice, u);
            slices.Read(tanV, slice, sliceTan);
            double norm = Normalize(u, epsilon);
            double along = CompensatedSum.OfProduct(sliceTan, u);
            double sliceTanG = tanG.IsEmpty ? 0 : tanG[slice];
            for (int i = 0; i < u.Length; i++)
            {
                jvpW[slices.Offset(slice, i)] = sliceTanG * u[i] + g[slice] / norm * (sliceTan[i] - u[i] * along);
            }
        }
    }

    /// <summary>Replaces v by <c>u = v / norm</c> and returns the norm.</summary>
    private static double Normalize(double[] v, double epsilon)
    {
        // The square root of epsilon is one more element.
        double norm = new PNorm(2).Of([.. v, Math.Sqrt(epsilon)]);
        for (int i = 0; i < v.Length; i++)
        {
            v[i] /= norm;
        }

        return norm;
    }
}
