using System;

using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace NormKernels.Tests.Support;

/// <summary>The rule of the golden set: <c>|err| &lt;= rtol * |ref| + 1e-6 * scale + atol</c>.</summary>
internal readonly record struct Tolerance(double Relative, double Absolute)
{
    private const double OfScale = 1e-6;

    /// <param name="expected">By the oracle.</param>
    /// <param name="actual">By the kernel.</param>
    /// <param name="scale">The magnitude of the terms of the result.</param>
    /// <param name="largest">The largest value of the result's type.</param>
    public bool Accepts(double expected, double actual, double scale, double largest)
    {
        if (!double.IsFinite(actual) && (scale > 2 * (double)float.MaxValue || OfScale * scale > largest))
        {
            // The terms are beyond float32, or what may be off is beyond the type.
            return !double.IsNaN(expected) || double.IsNaN(actual);
        }

        return double.IsFinite(expected)
            ? Math.Abs(actual - expected) <= Relative * Math.Abs(expected) + OfScale * scale + Absolute
            : expected.Equals(actual);
    }
}

/// <summary>What the oracle says of one tensor.</summary>
/// <param name="Dtype">The type that the values are to be stored in.</param>
/// <param name="Values">Exact but for double precision.</param>
/// <param name="Scales">The scale of the tolerance at each element; null where the stored value must be the exact one,
/// rounded once.</param>
internal record Expectation(Dtype Dtype, double[] Values, Lazy<double[]>? Scales)
{
    public virtual void Check(ReadOnlySpan<byte> actual, string what)
    {
        double[] values = Dtype.Decode(actual);
        Assert.HasCount(Values.Length, values, what);
        // Where the exact value is beyond the type, its infinity is expected.
        double[] rounded = Dtype.Round(Values);
        double[]? scales = Scales?.Value;
        for (int i = 0; i < values.Length; i++)
        {
            double expected = scales is null || !double.IsFinite(rounded[i]) ? rounded[i] : Values[i];
            bool accepted = scales is null
                ? expected.Equals(values[i])
                : Dtype.Tolerance.Accepts(expected, values[i], scales[i], Dtype.Largest);
            if (!accepted)
            {
                double error = values[i] - expected;
                Assert.Fail(FormattableString.Invariant(
                    $"{what}[{i}]: expected {expected:R}, got {values[i]:R}, off by {error:E2}, scale {scales?[i]:R}"));
            }
        }
    }
}
