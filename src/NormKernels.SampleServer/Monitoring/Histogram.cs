using System.Diagnostics;
using System.Threading;

namespace NormKernels.SampleServer.Monitoring;

/// <summary>How often times fell below certain bounds, as Prometheus counts them.</summary>
internal sealed class Histogram
{
    private static readonly double[] Bounds = [1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5];

    // One more, for what is beyond the last bound.
    private readonly long[] _counts = new long[Bounds.Length + 1];
    private long _sum;

    /// <summary>Counts a time.</summary>
    /// <param name="ticks">Of the <see cref="Stopwatch"/>.</param>
    public void Add(long ticks)
    {
        double seconds = (double)ticks / Stopwatch.Frequency;
        int bucket = 0;
        while (bucket < Bounds.Length && seconds > Bounds[bucket])
        {
            bucket++;
        }

        _ = Interlocked.Increment(ref _counts[bucket]);
        _ = Interlocked.Add(ref _sum, ticks);
    }

    /// <summary>Writes it.</summary>
    /// <param name="text">Receives it.</param>
    /// <param name="name">Its name.</param>
    /// <param name="labels">Its labels, without braces.</param>
    public void Write(PrometheusText text, string name, string labels)
    {
        long count = 0;
        for (int bucket = 0; bucket < Bounds.Length; bucket++)
        {
            count += Interlocked.Read(ref _counts[bucket]);
            text.Sample($"{name}_bucket", $"{labels},le=\"{PrometheusText.Number(Bounds[bucket])}\"", count);
        }

        count += Interlocked.Read(ref _counts[Bounds.Length]);
        text.Sample($"{name}_bucket", $"{labels},le=\"+Inf\"", count);
        text.Sample($"{name}_sum", labels, (double)Interlocked.Read(ref _sum) / Stopwatch.Frequency);
        text.Sample($"{name}_count", labels, count);
    }
}
