namespace NormKernels.Cli.Peers;

/// <summary>A line of the table of targets, measured.</summary>
/// <param name="Case">What was run.</param>
/// <param name="Peer">What it was held against.</param>
/// <param name="Target">What is wanted.</param>
/// <param name="AtMost">Whether that is a bound from above.</param>
/// <param name="Unit">What the numbers count: "x" for a ratio of rates, or a unit.</param>
/// <param name="Measured">What was measured; null if it was not.</param>
/// <param name="Missing">Why it was not: what is absent, or what is wrong with an output.</param>
/// <param name="Wrong">Whether an output was wrong.</param>
internal sealed record PeerResult(
    string Case, string Peer, double Target, bool AtMost, string Unit, double? Measured, string? Missing, bool Wrong)
{
    /// <summary>Seconds that ours took, where what was measured is a ratio.</summary>
    public double? Seconds { get; init; }

    /// <summary>What would have been measured if ours took as long as a copy that moves as many bytes, run in turns with
    /// both: where that is short of the target, the caches or the memory are.</summary>
    public double? AtRateOfCopy { get; init; }

    /// <summary>reached, missed, absent or wrong. What is absent is never beaten.</summary>
    public string Verdict => Wrong ? "WRONG"
        : Measured is not { } value ? "absent"
        : (AtMost ? value <= Target : value >= Target) ? "reached" : "missed";
}
