using System;

namespace NormKernels.Reference;

/// <summary>A norm that makes one number of the elements of a slice.</summary>
internal abstract class ScalarNorm
{
    public abstract double Of(ReadOnlySpan<double> x);

    /// <summary>Writes <c>d norm / d x</c> at x and returns the norm.</summary>
    public abstract double Differentiate(ReadOnlySpan<double> x, Span<double> gradient);

    /// <summary>1, -1, or the argument itself where it is a zero or NaN.</summary>
    protected static double Sign(double value) => value > 0 ? 1 : value < 0 ? -1 : value;

    /// <summary>Writes NaN, the derivative of a norm that is NaN, and returns the norm.</summary>
    protected static double NoDerivative(Span<double> gradient)
    {
        gradient.Fill(double.NaN);
        return double.NaN;
    }
}
