using System;
using System.Linq;

namespace NormKernels.Reference;

/// <summary>
/// The vector norm over any axes of a tensor, in double precision:
/// <code>
/// norm = (sum |x|^ord)^(1/ord)        d norm / d x = sign(x) * (|x| / norm)^(ord - 1)
///
/// dx = dnorm * d norm / d x           jvp_norm = sum(tan_x * d norm / d x)
/// </code>
/// An ord of infinity is max |x|, of minus infinity min |x|, and of 0 the number of elements that are not zero.
/// </summary>
/// <remarks>
/// <para>Tensors are row-major and contiguous. Outputs are overwritten, not added to.</para>
/// <para>The derivative is 0 where the norm is 0, and by an element that is 0 for an ord below 1; elements tied for the
/// maximum or minimum share it equally. The norm is scaled by the largest element, the smallest for a negative ord, so
/// that it neither overflows nor vanishes on the way. A NaN makes the norm of its slice NaN, except for ord 0, where it
/// counts as not zero. The norm of a slice without elements is 0 if ord is 0 or positive and finite, and does not exist
/// otherwise.</para>
/// <para>An output may be the same span as an input where that is stated; the values are those of separate spans, bit
/// for bit. Any other overlap with an output is not supported and not detected.</para>
/// </remarks>
public static class VectorNormReference
{
    /// <summary>The norm of every slice.</summary>
    /// <param name="x">Input.</param>
    /// <param name="norm">Receives the norms, of the shape of the axes that are kept.</param>
    /// <param name="shape">The sizes of x, each at least 0; a single number has none.</param>
    /// <param name="axes">The axes to reduce, each once, in any order; negative ones count from the end. None means
    /// all.</param>
    /// <param name="ord">Order of the norm, infinite or not.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size in <paramref name="shape"/> is negative, an axis in
    /// <paramref name="axes"/> does not exist, or <paramref name="ord"/> is NaN. Nothing has been written.</exception>
    /// <exception cref="ArgumentException">A span has not the length stated for it, <paramref name="axes"/> has an axis
    /// twice, or <paramref name="ord"/> is negative or infinite and there are slices without elements. Nothing has been
    /// written.</exception>
    public static void Forward(
        ReadOnlySpan<double> x,
        Span<double> norm,
        ReadOnlySpan<int> shape,
        ReadOnlySpan<int> axes,
        double ord = 2) =>
        Prepare(shape, axes, ord).Forward(x, norm);

    /// <summary>The vector-Jacobian product of <see cref="Forward"/> at <paramref name="x"/>.</summary>
    /// <param name="dnorm">Cotangent of the norms, of the shape of the axes that are kept.</param>
    /// <param name="x">The input of the forward pass.</param>
    /// <param name="dx">Receives the gradient of x; may be <paramref name="x"/>.</param>
    /// <param name="shape">The sizes of x, each at least 0; a single number has none.</param>
    /// <param name="axes">The axes to reduce, each once, in any order; negative ones count from the end. None means
    /// all.</param>
    /// <param name="ord">Order of the norm, infinite or not, but not 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size in <paramref name="shape"/> is negative, an axis in
    /// <paramref name="axes"/> does not exist, or <paramref name="ord"/> is NaN or 0. Nothing has been
    /// written.</exception>
    /// <exception cref="ArgumentException">A span has not the length stated for it, <paramref name="axes"/> has an axis
    /// twice, or <paramref name="ord"/> is negative or infinite and there are slices without elements. Nothing has been
    /// written.</exception>
    public static void Backward(
        ReadOnlySpan<double> dnorm,
        ReadOnlySpan<double> x,
        Span<double> dx,
        ReadOnlySpan<int> shape,
        ReadOnlySpan<int> axes,
        double ord = 2) =>
        PrepareDerivative(shape, axes, ord).Backward(dnorm, x, dx);

    /// <summary>The Jacobian-vector product of <see cref="Forward"/> at <paramref name="x"/>.</summary>
    /// <param name="tanX">Tangent of x.</param>
    /// <param name="x">The input of the forward pass.</param>
    /// <param name="jvpNorm">Receives the tangent of the norms, of the shape of the axes that are kept.</param>
    /// <param name="shape">The sizes of x, each at least 0; a single number has none.</param>
    /// <param name="axes">The axes to reduce, each once, in any order; negative ones count from the end. None means
    /// all.</param>
    /// <param name="ord">Order of the norm, infinite or not, but not 0.</param>
    /// <inheritdoc cref="Backward" path="/exception"/>
    public static void Jvp(
        ReadOnlySpan<double> tanX,
        ReadOnlySpan<double> x,
        Span<double> jvpNorm,
        ReadOnlySpan<int> shape,
        ReadOnlySpan<int> axes,
        double ord = 2) =>
        PrepareDerivative(shape, axes, ord).Jvp(tanX, x, jvpNorm);

    private static Reduction PrepareDerivative(ReadOnlySpan<int> shape, ReadOnlySpan<int> axes, double ord)
    {
        if (ord == 0)
        {
            throw new ArgumentOutOfRangeException(nameof(ord), ord, "The number of nonzeros has no derivative.");
        }

        return Prepare(shape, axes, ord);
    }

    private static Reduction Prepare(ReadOnlySpan<int> shape, ReadOnlySpan<int> axes, double ord)
    {
        Require.Shape(shape);
        int[] reduced = [.. Enumerable.Range(0, axes.IsEmpty ? shape.Length : axes.Length)];
        for (int i = 0; i < axes.Length; i++)
        {
            reduced[i] = Require.Axis(axes[i], shape.Length, nameof(axes));
        }

        if (reduced.Distinct().Count() < reduced.Length)
        {
            throw new ArgumentException("An axis is given twice.", nameof(axes));
        }

        if (double.IsNaN(ord))
        {
            throw new ArgumentOutOfRangeException(nameof(ord), ord, "The order must be a number.");
        }

        var reduction = new Reduction(new PNorm(ord), shape.ToArray(), reduced);
        if (reduction.HasEmptySlices && (ord < 0 || double.IsInfinity(ord)))
        {
            throw new ArgumentException($"Slices without elements have no norm of order {ord}.", nameof(ord));
        }

        return reduction;
    }
}
