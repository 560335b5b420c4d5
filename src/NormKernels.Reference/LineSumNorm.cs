using System;
using System.Linq;

namespace NormKernels.Reference;

/// <summary>
/// The largest or smallest sum of magnitudes along the lines of a row-major matrix, which are its columns or its rows.
/// The derivative is the sign of the elements of that line; lines tied share it equally.
/// </summary>
internal sealed class LineSumNorm(int rows, int columns, bool ofColumns, bool largest) : ScalarNorm
{
    public override double Of(ReadOnlySpan<double> x) => Extreme(Sums(x));

    public override double Differentiate(ReadOnlySpan<double> x, Span<double> gradient)
    {
        double[] sums = Sums(x);
        double norm = Extreme(sums);
        if (double.IsNaN(norm))
        {
            return NoDerivative(gradient);
        }

        int ties = sums.Count(sum => sum == norm);
        for (int i = 0; i < x.Length; i++)
        {
            gradient[i] = sums[Line(i)] == norm ? Sign(x[i]) / ties : 0;
        }

        return norm;
    }

    private int Line(int element) => ofColumns ? element % columns : element / columns;

    private double[] Sums(ReadOnlySpan<double> x)
    {
        var sums = new CompensatedSum[ofColumns ? columns : rows];
        for (int i = 0; i < x.Length; i++)
        {
            sums[Line(i)].Add(Math.Abs(x[i]));
        }

        double[] values = new double[sums.Length];
        CompensatedSum.Store(sums, values);
        return values;
    }

    // Math.Max and Math.Min return NaN if an operand is NaN.
    private double Extreme(double[] sums) => sums.Aggregate(largest ? Math.Max : Math.Min);
}
