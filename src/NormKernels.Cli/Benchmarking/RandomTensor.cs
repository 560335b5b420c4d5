using System;

using NormKernels.Cli.Operations;

namespace NormKernels.Cli.Benchmarking;

/// <summary>Fills tensors with random numbers, the same for the same seed.</summary>
internal static class RandomTensor
{
    // So many are drawn and repeated; no row length divides it.
    private const int DrawnElements = 1_000_003;

    /// <summary>Numbers of equal probability between two, each rounded once.</summary>
    public static void Fill<T>(Span<T> to, double low, double high, int seed)
        where T : unmanaged
    {
        Random random = new(seed);
        double[] values = new double[Math.Min(to.Length, DrawnElements)];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = low + (high - low) * random.NextDouble();
        }

        Elements.Convert(values, to[..values.Length]);
        for (int filled = values.Length; filled < to.Length;)
        {
            int count = Math.Min(values.Length, to.Length - filled);
            to[..count].CopyTo(to[filled..]);
            filled += count;
        }
    }
}
