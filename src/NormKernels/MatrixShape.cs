using System;

using NormKernels.Interop;
using NormKernels.Validation;

namespace NormKernels;

/// <summary>
/// A tensor of up to eight axes, two of which are the rows and the columns of matrices. There is a value for each
/// matrix, in the order of the other axes. Tensors are contiguous. The default is one matrix of no rows and no columns.
/// </summary>
public readonly record struct MatrixShape
{
    private readonly TensorAxes _sizes;
    private readonly int _otherAxes;
    private readonly int _rowAxis;
    private readonly int _columnAxis;

    private MatrixShape(TensorAxes sizes, int rank, int rowAxis, int columnAxis)
    {
        _sizes = sizes;
        _otherAxes = rank - 2;
        _rowAxis = rowAxis;
        _columnAxis = columnAxis;
    }

    /// <summary>Number of elements of the tensor.</summary>
    public long Count => _sizes.Product(Rank, ~0u);

    /// <summary>Number of matrices, each of which has one value: the product of the other axes, 1 without
    /// any.</summary>
    public long NormCount => _sizes.Product(Rank, ~(1u << RowAxis | 1u << ColumnAxis));

    internal long Rows => _sizes[RowAxis];

    internal long Columns => _sizes[ColumnAxis];

    private int Rank => _otherAxes + 2;

    private int RowAxis => _rowAxis;

    // The default has two axes of 0, the first of which are the rows.
    private int ColumnAxis => _columnAxis == _rowAxis ? 1 : _columnAxis;

    /// <summary>A tensor and the axes of its matrices.</summary>
    /// <param name="tensorShape">The length of every axis, outermost first: two to eight.</param>
    /// <param name="rowAxis">The axis along which the row number grows; negative numbers count from the end, -1 is the
    /// last.</param>
    /// <param name="columnAxis">The axis along which the column number grows.</param>
    /// <exception cref="ArgumentException">Both are the same axis, or there are fewer than two axes or more than
    /// eight.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such axis, an axis is negative, or the product of the
    /// axes that are not 0 overflows 64 bits.</exception>
    public static MatrixShape Of(ReadOnlySpan<long> tensorShape, int rowAxis = -2, int columnAxis = -1)
    {
        if (tensorShape.Length < 2)
        {
            throw new ArgumentException(
                $"A tensor with {tensorShape.Length} axes has no rows and columns.", nameof(tensorShape));
        }

        var sizes = TensorAxes.Of(tensorShape, nameof(tensorShape));
        int row = Sizes.Axis(rowAxis, tensorShape.Length, nameof(rowAxis));
        int column = Sizes.Axis(columnAxis, tensorShape.Length, nameof(columnAxis));
        return row != column
            ? new MatrixShape(sizes, tensorShape.Length, row, column)
            : throw new ArgumentException($"Axis {columnAxis} is that of the rows.", nameof(columnAxis));
    }

    internal unsafe nk_reduction ToReduction()
    {
        nk_reduction reduction = default;
        for (int i = 0; i < Rank; i++)
        {
            reduction.sizes[i] = _sizes[i];
        }

        reduction.rank = Rank;
        reduction.row_axis = RowAxis;
        reduction.column_axis = ColumnAxis;
        return reduction;
    }
}

/// <summary>Norms of a matrix.</summary>
public enum MatrixNormOrder
{
    /// <summary>The root of the sum of squares.</summary>
    Frobenius = 0,

    /// <summary>The sum of the singular values.</summary>
    Nuclear = 1,

    /// <summary>The largest sum of absolute values down a column: order 1.</summary>
    MaxColumnSum = 2,

    /// <summary>The smallest sum of absolute values down a column: order -1.</summary>
    MinColumnSum = 3,

    /// <summary>The largest sum of absolute values along a row: order infinity.</summary>
    MaxRowSum = 4,

    /// <summary>The smallest sum of absolute values along a row: order -infinity.</summary>
    MinRowSum = 5,

    /// <summary>The largest singular value: order 2, the spectral norm.</summary>
    MaxSingularValue = 6,

    /// <summary>The smallest singular value: order -2.</summary>
    MinSingularValue = 7,
}
