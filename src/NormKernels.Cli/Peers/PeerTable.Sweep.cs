using System;
using System.Collections.Generic;

namespace NormKernels.Cli.Peers;

/// <summary>A point of the curves over columns: one peer beside ours.</summary>
/// <param name="Op">The operator; forward, float32, one thread.</param>
/// <param name="Rows">Rows.</param>
/// <param name="Cols">Columns.</param>
/// <param name="OutOfCache">Whether the tensors are larger than the caches.</param>
/// <param name="Peer">What ours was held against.</param>
/// <param name="OursNanoseconds">Nanoseconds a row; null if it was not measured.</param>
/// <param name="PeerNanoseconds">The same of the peer, from the ratio in each round.</param>
/// <param name="Missing">Why it was not measured.</param>
internal sealed record SweepPoint(
    string Op, long Rows, long Cols, bool OutOfCache, string Peer, double? OursNanoseconds, double? PeerNanoseconds,
    string? Missing);

// The curves over columns that bench/charts.py draws: as many elements whatever the columns, in the second-level cache
// and out of all caches.
internal sealed partial class PeerTable
{
    private const long ElementsInCache = 1 << 16;
    private const long ElementsOutOfCache = 1 << 25;

    /// <summary>The points, to be measured one after another.</summary>
    public IEnumerable<Func<SweepPoint>> Sweep()
    {
        foreach (long elements in new[] { ElementsInCache, ElementsOutOfCache })
        {
            foreach (string op in new[] { "rms_norm", "layer_norm" })
            {
                for (long cols = 64; cols <= 16384; cols *= 2)
                {
                    long rows = elements / cols;
                    foreach (Func<string, long, long, PeerResult> against in Peers(op, elements == ElementsOutOfCache))
                    {
                        long columns = cols;
                        yield return () => Point(op, rows, columns, elements == ElementsOutOfCache, against(op, rows, columns));
                    }
                }
            }
        }
    }

    private IEnumerable<Func<string, long, long, PeerResult>> Peers(string op, bool outOfCache)
    {
        yield return (name, rows, cols) => AgainstCopy(name, "forward", rows, cols, 1);
        yield return (name, rows, cols) => AgainstNaive(name, rows, cols, 1);
        if (!outOfCache)
        {
            yield return AgainstComposition;
        }

        if (op == "layer_norm")
        {
            yield return (_, rows, cols) => AgainstOneDnn("forward", rows, cols);
            yield return (_, rows, cols) => AgainstTorch("layer_norm forward", [rows, cols], 1);
        }
    }

    private static SweepPoint Point(string op, long rows, long cols, bool outOfCache, PeerResult result)
    {
        double? ours = result.Seconds * 1e9 / rows;
        return new(op, rows, cols, outOfCache, result.Peer, ours, ours * result.Measured, result.Missing);
    }
}
