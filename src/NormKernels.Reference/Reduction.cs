using System;
using System.Linq;

namespace NormKernels.Reference;

/// <summary>
/// A norm of every slice of a tensor:
/// <code>
/// dx = dnorm * d norm / d x        jvp_norm = sum of tan_x * d norm / d x
/// </code>
/// The norm of a slice without elements is 0.
/// </summary>
/// <remarks>
/// Every slice is read into scratch before its result is written, which is what makes in-place use work.
/// All checks come before the first write.
/// </remarks>
internal sealed class Reduction(ScalarNorm rule, int[] shape, int[] axes)
{
    private readonly long _size = Require.Elements(shape);

    /// <summary>The number of slices.</summary>
    public long Count { get; } = Require.Elements([.. shape.Where((_, axis) => !axes.Contains(axis))]);

    /// <summary>Whether there are slices, but no elements in them.</summary>
    public bool HasEmptySlices => _size == 0 && Count > 0;

    public void Forward(ReadOnlySpan<double> x, Span<double> norm)
    {
        Require.Length(x, _size);
        Require.Length(norm, Count);

        if (x.IsEmpty)
        {
            norm.Clear();
            return;
        }

        var slices = new Slices(shape, axes);
        double[] sliceX = new double[slices.Length];
        for (int slice = 0; slice < slices.Count; slice++)
        {
            slices.Read(x, slice, sliceX);
            norm[slice] = rule.Of(sliceX);
        }
    }

    public void Backward(ReadOnlySpan<double> dnorm, ReadOnlySpan<double> x, Span<double> dx)
    {
        Require.Length(dnorm, Count);
        Require.Length(x, _size);
        Require.Length(dx, _size);
        if (x.IsEmpty)
        {
            return;
        }

        var slices = new Slices(shape, axes);
        double[] sliceX = new double[slices.Length];
        double[] gradient = new double[slices.Length];
        for (int slice = 0; slice < slices.Count; slice++)
        {
            slices.Read(x, slice, sliceX);
            rule.Differentiate(sliceX, gradient);
            double factor = dnorm[slice];
            for (int i = 0; i < slices.Length; i++)
            {
                dx[slices.Offset(slice, i)] = factor * gradient[i];
            }
        }
    }

    public void Jvp(ReadOnlySpan<double> tanX, ReadOnlySpan<double> x, Span<double> jvpNorm)
    {
        Require.Length(tanX, _size);
        Require.Length(x, _size);
        Require.Length(jvpNorm, Count);

        if (x.IsEmpty)
        {
            jvpNorm.Clear();
            return;
        }

        var slices = new Slices(shape, axes);
        double[] sliceX = new double[slices.Length];
        double[] sliceTan = new double[slices.Length];
        double[] gradient = new double[slices.Length];
        for (int slice = 0; slice < slices.Count; slice++)
        {
            slices.Read(x, slice, sliceX);
            slices.Read(tanX, slice, sliceTan);
            rule.Differentiate(sliceX, gradient);
            jvpNorm[slice] = CompensatedSum.OfProduct(sliceTan, gradient);
        }
    }
}
