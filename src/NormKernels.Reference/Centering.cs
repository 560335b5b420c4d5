using System;

namespace NormKernels.Reference;

/// <summary>
/// The norm that all centered norms apply to the elements R they reduce over, and its derivative:
/// <code>
/// mean = mean_R(x)      variance = mean_R((x - mean)^2)      rstd = 1 / sqrt(variance + epsilon)
/// xhat = (x - mean) * rstd
/// (d xhat / d x) v = rstd * P v      with P v = v - mean_R(v) - xhat * mean_R(v * xhat)
/// </code>
/// P is symmetric and so serves both directions.
/// </summary>
internal static class Centering
{
    /// <summary>Writes xhat and returns the statistics.</summary>
    public static (double Mean, double Variance, double Rstd) Normalize(
        ReadOnlySpan<double> x, double epsilon, Span<double> xhat)
    {
        // The mean is kept in two parts, the second being the mean of what the first leaves. So x - mean keeps all
        // its digits when the mean is far larger than the spread, and is exactly 0 where all elements are equal: there
        // the first part is off by a few units in the last place at most, and sums of so few bits are exact.
        double mean = CompensatedSum.Mean(x);
        double remainder = CompensatedSum.Mean(x, shift: mean);
        for (int i = 0; i < x.Length; i++)
        {
            xhat[i] = x[i] - mean - remainder;
        }

        double variance = CompensatedSum.MeanOfProduct(xhat, xhat);
        double rstd = 1 / Math.Sqrt(variance + epsilon);
        for (int i = 0; i < x.Length; i++)
        {
            xhat[i] *= rstd;
        }

        // What an infinite mean leaves is NaN, and the mean is still infinite.
        return (double.IsFinite(mean) ? mean + remainder : mean, variance, rstd);
    }

    /// <summary>Replaces <paramref name="v"/> by <c>P v</c>.</summary>
    public static void Project(Span<double> v, ReadOnlySpan<double> xhat)
    {
        double mean = CompensatedSum.Mean(v);
        double meanWithXhat = CompensatedSum.MeanOfProduct(v, xhat);
        for (int i = 0; i < v.Length; i++)
        {
            v[i] = v[i] - mean - xhat[i] * meanWithXhat;
        }
    }
}
