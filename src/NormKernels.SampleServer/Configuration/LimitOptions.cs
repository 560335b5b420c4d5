using System;
using System.ComponentModel.DataAnnotations;

namespace NormKernels.SampleServer.Configuration;

/// <summary>What a client may ask for, and what the server keeps for it.</summary>
internal sealed class LimitOptions
{
    /// <summary>Octets of a request's body. The most is far from what would fill the largest buffer: JSON takes twice
    /// its length.</summary>
    [Range(1, 256 << 20)]
    public int MaxBodyBytes { get; set; } = 16 << 20;

    /// <summary>Rows of a request.</summary>
    [Range(1, int.MaxValue)]
    public int MaxRows { get; set; } = 8192;

    /// <summary>Columns that a request of l2-normalize may name; the other norms have those of the model.</summary>
    [Range(1, 1 << 20)]
    public int MaxDimension { get; set; } = 16384;

    /// <summary>Requests that are worked on at a time; what comes beyond is turned away at once.</summary>
    [Range(1, 1 << 20)]
    public int MaxConcurrentRequests { get; set; } = 64;

    /// <summary>How long a request may take, its body's way in and the answer's way out included.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "1.00:00:00")]
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long the server, once told to stop, says that it is not ready and goes on serving, so that load
    /// balancers see it.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan DrainDelay { get; set; } = TimeSpan.Zero;

    /// <summary>How long requests in flight are then waited for.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan ShutdownTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Octets of tensor memory kept for later requests.</summary>
    [Range(0, long.MaxValue)]
    public long MaxPooledBytes { get; set; } = 256L << 20;
}
