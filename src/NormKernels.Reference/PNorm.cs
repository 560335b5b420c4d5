using System;

namespace NormKernels.Reference;

/// <summary>
/// <code>
/// norm = (sum |x|^ord)^(1/ord)        d norm / d x = sign(x) * (|x| / norm)^(ord - 1)
/// </code>
/// with the limits max |x| and min |x| for an ord of infinity and minus infinity, and the number of elements that are
/// not zero, NaN among them, for 0, which has no derivative. Where the mathematics leaves a choice, the derivative by
/// an element that is 0 is 0, and elements tied for the maximum or minimum share the derivative equally.
/// </summary>
internal sealed class PNorm(double ord) : ScalarNorm
{
    public override double Of(ReadOnlySpan<double> x)
    {
        if (ord == 0)
        {
            int nonzeros = 0;
            foreach (double value in x)
            {
                nonzeros += value != 0 ? 1 : 0;
            }

            return nonzeros;
        }

        // The term that counts most: relative to it no term overflows, and those that vanish do not matter. Both
        // Math.Max and Math.Min return NaN if an operand is NaN.
        double extreme = ord > 0 ? 0 : double.PositiveInfinity;
        foreach (double value in x)
        {
            extreme = ord > 0 ? Math.Max(extreme, Math.Abs(value)) : Math.Min(extreme, Math.Abs(value));
        }

        if (double.IsInfinity(ord) || extreme == 0 || !double.IsFinite(extreme))
        {
            return extreme;
        }

        CompensatedSum sum = default;
        foreach (double value in x)
        {
            sum.Add(Math.Pow(Math.Abs(value) / extreme, ord));
        }

        return extreme * Math.Pow(sum.Value, 1 / ord);
    }

    public override double Differentiate(ReadOnlySpan<double> x, Span<double> gradient)
    {
        double norm = Of(x);
        if (double.IsNaN(norm))
        {
            return NoDerivative(gradient);
        }

        if (double.IsInfinity(ord))
        {
            int ties = 0;
            foreach (double value in x)
            {
                ties += Math.Abs(value) == norm ? 1 : 0;
            }

            for (int i = 0; i < x.Length; i++)
            {
                gradient[i] = Math.Abs(x[i]) == norm ? Sign(x[i]) / ties : 0;
            }
        }
        else
        {
            for (int i = 0; i < x.Length; i++)
            {
                gradient[i] = x[i] == 0 || norm == 0 ? 0 : Sign(x[i]) * Math.Pow(Math.Abs(x[i]) / norm, ord - 1);
            }
        }

        return norm;
    }
}
