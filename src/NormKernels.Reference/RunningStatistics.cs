using System;

namespace NormKernels.Reference;

/// <summary>
/// The exponential averages that batch norm and instance norm keep for inference:
/// <code>
/// running_mean = (1 - momentum) * running_mean + momentum * mean
/// running_var  = (1 - momentum) * running_var  + momentum * variance * n / (n - 1)
/// </code>
/// where n is the number of values that a mean is taken of. Where a channel has several means (one for each sample),
/// the update uses the mean of its means and of its variances. A tensor without elements changes nothing.
/// </summary>
internal static class RunningStatistics
{
    /// <param name="runningMean">One value a channel, or empty.</param>
    /// <param name="runningVar">One value a channel, or empty; passed where <paramref name="runningMean"/> is.</param>
    /// <param name="channels">Number of channels.</param>
    /// <param name="momentum">From 0 to 1.</param>
    /// <param name="values">The number of values that a mean is taken of.</param>
    public static void Check(
        ReadOnlySpan<double> runningMean, ReadOnlySpan<double> runningVar, int channels, double momentum, long values)
    {
        if (!(momentum >= 0 && momentum <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(momentum), momentum, "Momentum must be from 0 to 1.");
        }

        if (runningMean.IsEmpty && runningVar.IsEmpty)
        {
            return;
        }

        Require.Length(runningMean, channels);
        Require.Length(runningVar, channels);
        if (values == 1)
        {
            throw new ArgumentException("One value has no unbiased variance.", nameof(runningVar));
        }
    }

    /// <param name="runningMean">One value a channel, or empty.</param>
    /// <param name="runningVar">One value a channel, or empty.</param>
    /// <param name="momentum">From 0 to 1.</param>
    /// <param name="means">The channels of the first sample, of the second, ..., or none.</param>
    /// <param name="variances">The biased variances in the same order.</param>
    /// <param name="values">The number of values that each mean was taken of.</param>
    public static void Update(
        Span<double> runningMean, Span<double> runningVar, double momentum,
        double[] means, double[] variances, long values)
    {
        int channels = runningMean.Length;
        if (channels == 0 || means.Length == 0)
        {
            return;
        }

        for (int channel = 0; channel < channels; channel++)
        {
            CompensatedSum mean = default;
            CompensatedSum variance = default;
            for (int i = channel; i < means.Length; i += channels)
            {
                mean.Add(means[i]);
                variance.Add(variances[i]);
            }

            int samples = means.Length / channels;
            double unbiased = variance.Value / samples * ((double)values / (values - 1));
            runningMean[channel] = (1 - momentum) * runningMean[channel] + momentum * (mean.Value / samples);
            runningVar[channel] = (1 - momentum) * runningVar[channel] + momentum * unbiased;
        }
    }
}
