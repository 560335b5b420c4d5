namespace NormKernels.Reference;

/// <summary>The norms of a matrix.</summary>
public enum MatrixNormOrder
{
    /// <summary>The square root of the sum of squares ("fro").</summary>
    Frobenius,

    /// <summary>The sum of the singular values ("nuc").</summary>
    Nuclear,

    /// <summary>The largest sum of magnitudes down a column (1).</summary>
    MaxColumnSum,

    /// <summary>The smallest sum of magnitudes down a column (-1).</summary>
    MinColumnSum,

    /// <summary>The largest sum of magnitudes along a row (infinity).</summary>
    MaxRowSum,

    /// <summary>The smallest sum of magnitudes along a row (minus infinity).</summary>
    MinRowSum,

    /// <summary>The largest singular value (2).</summary>
    MaxSingularValue,

    /// <summary>The smallest singular value (-2).</summary>
    MinSingularValue,
}
