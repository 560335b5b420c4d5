using System;
using System.Linq;

namespace NormKernels.Reference;

/// <summary>
/// The sum, the largest or the smallest of the singular values of a row-major matrix. The derivative is the sum of
/// <c>u_k v_k^T</c> over the values that count; of values tied for the largest or smallest, the mean. A value that is
/// zero but for rounding has no part in it.
/// </summary>
internal sealed class SingularValueNorm(int rows, int columns, MatrixNormOrder order) : ScalarNorm
{
    public override double Of(ReadOnlySpan<double> x) =>
        AllFinite(x) ? Of(new SingularValues(x, rows, columns)) : double.NaN;

    public override double Differentiate(ReadOnlySpan<double> x, Span<double> gradient)
    {
        if (!AllFinite(x))
        {
            return NoDerivative(gradient);
        }

        var decomposition = new SingularValues(x, rows, columns);
        double norm = Of(decomposition);
        int[] counting =
        [
            .. from k in Enumerable.Range(0, decomposition.Values.Length)
               let value = decomposition.Values[k]
               where value > decomposition.Negligible
               where order == MatrixNormOrder.Nuclear || Math.Abs(value - norm) <= decomposition.Negligible
               select k
        ];
        for (int i = 0; i < x.Length; i++)
        {
            CompensatedSum sum = default;
            foreach (int k in counting)
            {
                sum.Add(decomposition.Outer(k, i / columns, i % columns));
            }

            gradient[i] = order == MatrixNormOrder.Nuclear || counting.Length == 0
                ? sum.Value
                : sum.Value / counting.Length;
        }

        return norm;
    }

    private double Of(SingularValues decomposition) => order switch
    {
        MatrixNormOrder.Nuclear => new PNorm(1).Of(decomposition.Values),
        MatrixNormOrder.MaxSingularValue => decomposition.Largest,
        MatrixNormOrder.MinSingularValue => decomposition.Values.Min(),
        _ => throw new NotSupportedException(),
    };

    private static bool AllFinite(ReadOnlySpan<double> x)
    {
        foreach (double value in x)
        {
            if (!double.IsFinite(value))
            {
                return false;
            }
        }

        return true;
    }
}
