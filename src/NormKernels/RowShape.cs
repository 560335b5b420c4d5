using System;

using NormKernels.Validation;

namespace NormKernels;

/// <summary>
/// A tensor seen as a matrix: the normalized axes, flattened, are the columns, the axes before them the rows.
/// Element (r, c) lies at <c>r * stride + c</c>; the stride is <see cref="Cols"/> unless <see cref="Strides"/> says
/// otherwise.
/// </summary>
public readonly record struct RowShape
{
    private readonly RowStrides _strides;

    /// <summary>A matrix of <paramref name="rows"/> x <paramref name="cols"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A size is negative, or rows * cols overflows 64 bits.</exception>
    public RowShape(long rows, long cols)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegative(cols);
        if (rows != 0 && cols > long.MaxValue / rows)
        {
            throw new ArgumentOutOfRangeException(nameof(cols), cols, $"{rows} rows of {cols} columns overflow 64 bits.");
        }

        Rows = rows;
        Cols = cols;
    }

    /// <summary>Number of rows: what is normalized separately.</summary>
    public long Rows { get; }

    /// <summary>Number of columns: what is normalized over.</summary>
    public long Cols { get; }

    /// <summary>Rows * cols.</summary>
    public long Count => Rows * Cols;

    /// <summary>Distances between rows, for tensors that are not contiguous; by default all are.</summary>
    public RowStrides Strides
    {
        get => _strides;
        init => _strides = value;
    }

    /// <summary><see cref="Strides"/> without a copy, for the hot path.</summary>
    internal static ref readonly RowStrides StridesOf(ref readonly RowShape shape) => ref shape._strides;

    /// <summary>
    /// The matrix of a tensor whose last <paramref name="normalizedAxes"/> axes are normalized together.
    /// </summary>
    /// <param name="tensorShape">The length of every axis, outermost first.</param>
    /// <param name="normalizedAxes">How many trailing axes are normalized: 1 to the rank.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="normalizedAxes"/> is not within 1 and the rank, an
    /// axis is negative, or the product overflows 64 bits.</exception>
    public static RowShape Of(ReadOnlySpan<long> tensorShape, int normalizedAxes = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(normalizedAxes, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(normalizedAxes, tensorShape.Length);
        Sizes.RequireNoneNegative(tensorShape, nameof(tensorShape));
        long rows = Sizes.Product(tensorShape[..^normalizedAxes], nameof(tensorShape));
        long cols = Sizes.Product(tensorShape[^normalizedAxes..], nameof(tensorShape));
        Sizes.RequireFit([rows, cols], nameof(tensorShape));
        return new RowShape(rows, cols);
    }
}

/// <summary>
/// The distance in elements from one row to the next of each tensor, by the name of the parameter; 0 means contiguous
/// (<see cref="RowShape.Cols"/>). A tensor that a method does not have is ignored, so that one shape serves forward and
/// backward.
/// </summary>
/// <remarks>A stride must be at least the number of columns. The span of a strided tensor holds its last row, so at
/// least <c>(rows - 1) * stride + cols</c> and at most <c>rows * stride</c> elements.</remarks>
public readonly record struct RowStrides
{
    /// <summary>Stride of x.</summary>
    public long X { get; init; }

    /// <summary>Stride of residual.</summary>
    public long Residual { get; init; }

    /// <summary>Stride of h, the sum of x and residual.</summary>
    public long H { get; init; }

    /// <summary>Stride of y.</summary>
    public long Y { get; init; }

    /// <summary>Stride of dy.</summary>
    public long Dy { get; init; }

    /// <summary>Stride of dh.</summary>
    public long Dh { get; init; }

    /// <summary>Stride of dx.</summary>
    public long Dx { get; init; }

    /// <summary>Stride of tanX.</summary>
    public long TanX { get; init; }

    /// <summary>Stride of tanResidual.</summary>
    public long TanResidual { get; init; }

    /// <summary>Stride of jvpH.</summary>
    public long JvpH { get; init; }

    /// <summary>Stride of jvpY.</summary>
    public long JvpY { get; init; }
}
