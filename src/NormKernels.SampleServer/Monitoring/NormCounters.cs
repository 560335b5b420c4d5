using System.Collections.Concurrent;

namespace NormKernels.SampleServer.Monitoring;

/// <summary>What is counted for one norm. The fields are counted up by Interlocked.</summary>
internal sealed class NormCounters
{
    /// <summary>Requests by status.</summary>
    public readonly ConcurrentDictionary<int, long> Requests = new();

    /// <summary>Times of requests.</summary>
    public readonly Histogram Durations = new();

    /// <summary>Calls of the norm.</summary>
    public long Calls;

    /// <summary>Rows in these calls.</summary>
    public long Rows;

    /// <summary>Time in these calls, by the Stopwatch.</summary>
    public long Ticks;

    /// <summary>Octets of managed memory that these calls allocated.</summary>
    public long Allocated;
}
