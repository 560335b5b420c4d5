using System;
using System.Globalization;

using NormKernels.Layers.Files.Numpy;

namespace NormKernels.Cli.CaseSets;

/// <summary>A computed tensor held against its reference.</summary>
/// <param name="Passed">True when the shapes agree and every element that counts is within the tolerance.</param>
/// <param name="WorstFraction">
/// The largest error as a fraction of what is allowed. Infinite for a wrong shape, for a result that is not finite or
/// of another class (NaN, +Inf, -Inf) than a reference that is not, and for any error where 0 is required.
/// </param>
/// <param name="WorstIndex">The flat index of that element; -1 when no element was compared.</param>
/// <param name="Value">The computed value there.</param>
/// <param name="Reference">The reference value there.</param>
/// <param name="Message">What is wrong, in one line; null when passed.</param>
internal sealed record TensorComparison(
    bool Passed,
    double WorstFraction,
    long WorstIndex,
    double Value,
    double Reference,
    string? Message)
{
    /// <summary>Compares by the rule of the case set, the tensor's own role and scale included.</summary>
    /// <param name="actual">The computed values.</param>
    /// <param name="reference">The values of the set.</param>
    /// <param name="tensor">What the manifest says of the reference.</param>
    /// <param name="tolerance">
    /// The row of what the kernel keeps this tensor in: float32 for statistics, parameter gradients and running
    /// statistics even where x and y have 16 bits.
    /// </param>
    /// <param name="strict">True to use <c>scale_strict</c> where the tensor has one.</param>
    public static TensorComparison Compare(
        NpyArray actual,
        NpyArray reference,
        CaseTensor tensor,
        Tolerance tolerance,
        bool strict = false)
    {
        if (!actual.Shape.SequenceEqual(reference.Shape))
        {
            return new(
                false,
                double.PositiveInfinity,
                -1,
                double.NaN,
                double.NaN,
                $"has the shape {NpyArray.FormatShape(actual.Shape)} "
                + $"where the reference has {NpyArray.FormatShape(reference.Shape)}");
        }

        double? scale = strict ? tensor.ScaleStrict ?? tensor.Scale : tensor.Scale;
        return Compare(actual.ToDoubles(), reference.ToDoubles(), tensor.Role, scale, tolerance);
    }

    /// <summary>Compares element by element.</summary>
    /// <param name="actual">The computed values.</param>
    /// <param name="reference">The reference values, as many.</param>
    /// <param name="role">
    /// Statistics and derivatives count only where the reference is finite: what they are elsewhere depends on the
    /// order of summation.
    /// </param>
    /// <param name="scale">The magnitude that errors are relative to; null for the largest finite reference.</param>
    /// <param name="tolerance">The row of the tolerance table.</param>
    public static TensorComparison Compare(
        ReadOnlySpan<double> actual,
        ReadOnlySpan<double> reference,
        TensorRole role,
        double? scale,
        Tolerance tolerance)
    {
        if (actual.Length != reference.Length)
        {
            throw new ArgumentException("there are not as many values as references", nameof(actual));
        }

        double usedScale = scale ?? LargestFinite(reference);
        bool classesCount = role is not (TensorRole.Stat or TensorRole.Grad or TensorRole.Jvp);
        bool passed = true;
        double worst = 0;
        int worstIndex = -1;
        for (int i = 0; i < reference.Length; i++)
        {
            if (!double.IsFinite(reference[i]) && !classesCount)
            {
                continue;
            }

            (bool within, double fraction) = CompareElement(actual[i], reference[i], usedScale, tolerance);
            passed &= within;
            if (worstIndex < 0 || fraction > worst)
            {
                worst = fraction;
                worstIndex = i;
            }
        }

        double value = worstIndex < 0 ? double.NaN : actual[worstIndex];
        double wanted = worstIndex < 0 ? double.NaN : reference[worstIndex];
        string? message = passed ? null : string.Create(
            CultureInfo.InvariantCulture,
            $"element {worstIndex} is {value:G9} where the reference is {wanted:G9} ({worst:G3} of the tolerance)");
        return new(passed, worst, worstIndex, value, wanted, message);
    }

    private static (bool Within, double Fraction) CompareElement(
        double actual,
        double reference,
        double scale,
        Tolerance tolerance)
    {
        if (!double.IsFinite(reference) || !double.IsFinite(actual))
        {
            // Equals, unlike ==, holds for two NaNs.
            bool sameClass = actual.Equals(reference);
            return (sameClass, sameClass ? 0 : double.PositiveInfinity);
        }

        double error = Math.Abs(actual - reference);
        double allowed = tolerance.Allowed(reference, scale);
        return (error <= allowed, error == 0 ? 0 : error / allowed);
    }

    private static double LargestFinite(ReadOnlySpan<double> values)
    {
        double largest = 0;
        foreach (double value in values)
        {
            largest = double.IsFinite(value) ? Math.Max(largest, Math.Abs(value)) : largest;
        }

        return largest;
    }
}
