using System;
using System.Linq;

namespace NormKernels.Reference;

/// <summary>
/// The singular value decomposition <c>A = sum over k of value_k * u_k v_k^T</c> by one-sided Jacobi rotations (M. R.
/// Hestenes, Inversion of matrices by biorthogonalization and related results, J. SIAM 6, 1958): pairs of columns are
/// rotated into each other until all are orthogonal. Their lengths are then the singular values, their directions the
/// u, and the rotations applied to unit vectors give the v. A wide matrix is transposed first.
/// </summary>
internal sealed class SingularValues
{
    private const double Ulp = 1.0 / (1L << 52);
    private const int MaxSweeps = 100;

    private readonly bool _transposed;
    private readonly double[][] _columns;
    private readonly double[][] _rotations;
    private readonly double _scale;

    /// <param name="a">A matrix of finite elements, row-major.</param>
    /// <param name="rows">Number of rows, at least 1.</param>
    /// <param name="columns">Number of columns, at least 1.</param>
    public SingularValues(ReadOnlySpan<double> a, int rows, int columns)
    {
        _transposed = rows < columns;
        int length = Math.Max(rows, columns);
        int count = Math.Min(rows, columns);

        // A power of two next to the largest magnitude: squares stay in range, and no digit is lost.
        double largest = new PNorm(double.PositiveInfinity).Of(a);
        _scale = largest == 0 ? 1 : Math.ScaleB(1, Math.ILogB(largest));

        _columns = new double[count][];
        _rotations = new double[count][];
        for (int k = 0; k < count; k++)
        {
            _columns[k] = new double[length];
            for (int i = 0; i < length; i++)
            {
                _columns[k][i] = a[_transposed ? k * columns + i : i * columns + k] / _scale;
            }

            _rotations[k] = new double[count];
            _rotations[k][k] = 1;
        }

        // Rounding keeps the product of two columns from getting closer to 0.
        double orthogonal = length * Ulp;
        bool rotated = true;
        for (int sweep = 0; rotated && sweep < MaxSweeps; sweep++)
        {
            rotated = false;
            for (int p = 0; p < count; p++)
            {
                for (int q = p + 1; q < count; q++)
                {
                    rotated |= Orthogonalize(p, q, orthogonal);
                }
            }
        }

        Values = [.. _columns.Select(column => Math.Sqrt(CompensatedSum.OfProduct(column, column)) * _scale)];
        Largest = Values.Max();
        Negligible = length * Ulp * Largest;
    }

    /// <summary>The singular values, in no order.</summary>
    public double[] Values { get; }

    public double Largest { get; }

    /// <summary>A value or difference of values that is no more than this is rounding.</summary>
    public double Negligible { get; }

    /// <summary>The element of <c>u_k v_k^T</c>, for a value that is not zero.</summary>
    public double Outer(int k, int row, int column)
    {
        (int along, int across) = _transposed ? (column, row) : (row, column);
        return _columns[k][along] / (Values[k] / _scale) * _rotations[k][across];
    }

    /// <summary>Makes two columns orthogonal; false if they were.</summary>
    private bool Orthogonalize(int p, int q, double orthogonal)
    {
        double[] first = _columns[p];
        double[] second = _columns[q];
        double firstSquare = CompensatedSum.OfProduct(first, first);
        double secondSquare = CompensatedSum.OfProduct(second, second);
        double product = CompensatedSum.OfProduct(first, second);
        if (Math.Abs(product) <= orthogonal * Math.Sqrt(firstSquare) * Math.Sqrt(secondSquare))
        {
            return false;
        }

        // The smaller root of t^2 + 2 zeta t = 1, the tangent of the angle.
        double zeta = (secondSquare - firstSquare) / (2 * product);
        double tangent = Math.CopySign(1 / (Math.Abs(zeta) + double.Hypot(1, zeta)), zeta);
        double cosine = 1 / double.Hypot(1, tangent);
        double sine = cosine * tangent;
        Rotate(first, second, cosine, sine);
        Rotate(_rotations[p], _rotations[q], cosine, sine);
        return true;
    }

    private static void Rotate(double[] first, double[] second, double cosine, double sine)
    {
        for (int i = 0; i < first.Length; i++)
        {
            (first[i], second[i]) = (cosine * first[i] - sine * second[i], sine * first[i] + cosine * second[i]);
        }
    }
}
