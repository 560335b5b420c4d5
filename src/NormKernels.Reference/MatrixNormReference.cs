using System;

namespace NormKernels.Reference;

/// <summary>Norms of the matrices that two axes of a tensor hold, in double precision.</summary>
/// <remarks>
/// <para>Tensors are row-major and contiguous. The norms are one for each index into the other axes, in the order of
/// the shape. Outputs are overwritten, not added to.</para>
/// <para>Where the mathematics leaves a choice: the derivative is 0 where the norm is 0 and by an element that is 0;
/// lines or singular values tied for the largest or smallest share it equally; a singular value of 0 adds nothing to
/// that of the nuclear norm. Elements from 1e-300 to 1e300 neither overflow nor vanish on the way. A NaN makes the norm
/// of its matrix NaN and disturbs no other; so does an infinity in norms of singular values. The Frobenius and nuclear
/// norm of a matrix without elements is 0, and so is a sum over a line without elements.</para>
/// <para>An output may be the same span as an input where that is stated; the values are those of separate spans, bit
/// for bit. Any other overlap with an output is not supported and not detected.</para>
/// </remarks>
public static class MatrixNormReference
{
    /// <summary>The norm of every matrix.</summary>
    /// <param name="x">Input.</param>
    /// <param name="norm">Receives the norms, of the shape of the axes that are kept.</param>
    /// <param name="shape">The sizes of x, each at least 0.</param>
    /// <param name="rowAxis">The axis of the index of a row; a negative one counts from the end.</param>
    /// <param name="columnAxis">The axis of the index of a column, another one; a negative one counts from the
    /// end.</param>
    /// <param name="order">Which norm.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size in <paramref name="shape"/> is negative, <paramref
    /// name="rowAxis"/> or <paramref name="columnAxis"/> does not exist, or <paramref name="order"/> is no value of its
    /// type. Nothing has been written.</exception>
    /// <exception cref="ArgumentException">A span has not the length stated for it, <paramref name="columnAxis"/> is
    /// <paramref name="rowAxis"/>, or <paramref name="order"/> is the largest or smallest of nothing in each matrix.
    /// Nothing has been written.</exception>
    public static void Forward(
        ReadOnlySpan<double> x,
        Span<double> norm,
        ReadOnlySpan<int> shape,
        int rowAxis,
        int columnAxis,
        MatrixNormOrder order = MatrixNormOrder.Frobenius) =>
        Prepare(shape, rowAxis, columnAxis, order).Forward(x, norm);

    /// <summary>The vector-Jacobian product of <see cref="Forward"/> at <paramref name="x"/>.</summary>
    /// <param name="dnorm">Cotangent of the norms, of the shape of the axes that are kept.</param>
    /// <param name="x">The input of the forward pass.</param>
    /// <param name="dx">Receives the gradient of x; may be <paramref name="x"/>.</param>
    /// <param name="shape">The sizes of x, each at least 0.</param>
    /// <param name="rowAxis">The axis of the index of a row; a negative one counts from the end.</param>
    /// <param name="columnAxis">The axis of the index of a column, another one; a negative one counts from the
    /// end.</param>
    /// <param name="order">Which norm.</param>
    /// <inheritdoc cref="Forward" path="/exception"/>
    public static void Backward(
        ReadOnlySpan<double> dnorm,
        ReadOnlySpan<double> x,
        Span<double> dx,
        ReadOnlySpan<int> shape,
        int rowAxis,
        int columnAxis,
        MatrixNormOrder order = MatrixNormOrder.Frobenius) =>
        Prepare(shape, rowAxis, columnAxis, order).Backward(dnorm, x, dx);

    /// <summary>The Jacobian-vector product of <see cref="Forward"/> at <paramref name="x"/>.</summary>
    /// <param name="tanX">Tangent of x.</param>
    /// <param name="x">The input of the forward pass.</param>
    /// <param name="jvpNorm">Receives the tangent of the norms, of the shape of the axes that are kept.</param>
    /// <param name="shape">The sizes of x, each at least 0.</param>
    /// <param name="rowAxis">The axis of the index of a row; a negative one counts from the end.</param>
    /// <param name="columnAxis">The axis of the index of a column, another one; a negative one counts from the
    /// end.</param>
    /// <param name="order">Which norm.</param>
    /// <inheritdoc cref="Forward" path="/exception"/>
    public static void Jvp(
        ReadOnlySpan<double> tanX,
        ReadOnlySpan<double> x,
        Span<double> jvpNorm,
        ReadOnlySpan<int> shape,
        int rowAxis,
        int columnAxis,
        MatrixNormOrder order = MatrixNormOrder.Frobenius) =>
        Prepare(shape, rowAxis, columnAxis, order).Jvp(tanX, x, jvpNorm);

    private static Reduction Prepare(ReadOnlySpan<int> shape, int rowAxis, int columnAxis, MatrixNormOrder order)
    {
        Require.Shape(shape);
        int[] axes = [Require.Axis(rowAxis, shape.Length), Require.Axis(columnAxis, shape.Length)];
        if (axes[0] == axes[1])
        {
            throw new ArgumentException("Rows and columns need an axis each.", nameof(columnAxis));
        }

        int rows = shape[axes[0]];
        int columns = shape[axes[1]];

        // The rule, and among how many numbers it looks for the largest or smallest.
        (ScalarNorm rule, int candidates) = order switch
        {
            MatrixNormOrder.Frobenius => ((ScalarNorm)new PNorm(2), 1),
            MatrixNormOrder.Nuclear => (new SingularValueNorm(rows, columns, order), 1),
            MatrixNormOrder.MaxColumnSum or MatrixNormOrder.MinColumnSum =>
                (new LineSumNorm(rows, columns, ofColumns: true, order == MatrixNormOrder.MaxColumnSum), columns),
            MatrixNormOrder.MaxRowSum or MatrixNormOrder.MinRowSum =>
                (new LineSumNorm(rows, columns, ofColumns: false, order == MatrixNormOrder.MaxRowSum), rows),
            MatrixNormOrder.MaxSingularValue or MatrixNormOrder.MinSingularValue =>
                (new SingularValueNorm(rows, columns, order), Math.Min(rows, columns)),
            _ => throw new ArgumentOutOfRangeException(nameof(order), order, "No such norm."),
        };
        var reduction = new Reduction(rule, shape.ToArray(), axes);
        if (candidates == 0 && reduction.HasEmptySlices)
        {
            throw new ArgumentException($"A matrix of {rows} x {columns} has no {order}.", nameof(order));
        }

        return reduction;
    }
}
