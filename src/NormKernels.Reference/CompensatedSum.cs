using System;

namespace NormKernels.Reference;

/// <summary>
/// A sum whose rounding error does not grow with the number of terms: the error of each addition is found exactly and
/// carried beside the sum (A. Neumaier, Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen,
/// ZAMM 54, 1974).
/// </summary>
internal struct CompensatedSum
{
    private double _sum;
    private double _lost;

    /// <summary>
    /// The sum of all terms. Where it is not finite the lost digits are NaN, and the plain sum is the answer: terms
    /// with one infinity sum to that infinity.
    /// </summary>
    public readonly double Value => double.IsFinite(_sum) ? _sum + _lost : _sum;

    public void Add(double term)
    {
        double sum = _sum + term;
        _lost += Math.Abs(_sum) >= Math.Abs(term) ? _sum - sum + term : term - sum + _sum;
        _sum = sum;
    }

    /// <summary>The mean of <c>a - shift</c>; NaN if there are no elements.</summary>
    public static double Mean(ReadOnlySpan<double> a, double shift = 0)
    {
        CompensatedSum sum = default;
        foreach (double value in a)
        {
            sum.Add(value - shift);
        }

        return sum.Value / a.Length;
    }

    /// <summary>The mean of <c>a * b</c>; NaN if there are no elements.</summary>
    public static double MeanOfProduct(ReadOnlySpan<double> a, ReadOnlySpan<double> b) => OfProduct(a, b) / a.Length;

    /// <summary>The sum of <c>a * b</c>.</summary>
    public static double OfProduct(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        CompensatedSum sum = default;
        for (int i = 0; i < a.Length; i++)
        {
            sum.Add(a[i] * b[i]);
        }

        return sum.Value;
    }

    /// <summary>Writes the values of the sums.</summary>
    public static void Store(ReadOnlySpan<CompensatedSum> sums, Span<double> values)
    {
        for (int i = 0; i < sums.Length; i++)
        {
            values[i] = sums[i].Value;
        }
    }
}
