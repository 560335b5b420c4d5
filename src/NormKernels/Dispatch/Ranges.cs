using System;

namespace NormKernels.Dispatch;

/// <summary>The numbers below a total, cut into ranges of about equal size.</summary>
internal readonly struct Ranges(long total, long most)
{
    /// <summary>Four ranges for each thread, so that a late thread costs little.</summary>
    public static Ranges ForThreads(long total, int degree) => new(total, 4L * degree);

    public long Count { get; } = Math.Min(total, most);

    public (long Begin, long End) this[long range] => (Begin(range), Begin(range + 1));

    // Not total * range / count, which could overflow.
    private long Begin(long range)
    {
        (long each, long rest) = Math.DivRem(total, Count);
        return range * each + Math.Min(range, rest);
    }
}
