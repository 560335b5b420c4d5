namespace NormKernels.Cli.Operations;

/// <summary>What a norm calls its tensors, and which it has.</summary>
/// <param name="X">What it normalizes.</param>
/// <param name="Y">What it gives.</param>
/// <param name="Weight">The scale; null without one.</param>
/// <param name="Bias">The offset; null without one.</param>
internal sealed record NormNames(string X, string Y, string? Weight = null, string? Bias = null)
{
    /// <summary>Whether it saves a mean and a reciprocal standard deviation.</summary>
    public bool SavesMeanAndRstd { get; init; }

    /// <summary>Whether it saves the norm that it divides by.</summary>
    public bool SavesNorm { get; init; }

    /// <summary>Whether it takes running statistics.</summary>
    public bool HasRunningStatistics { get; init; }

    /// <summary>Whether the running statistics are constants, which have to be there, and are not updated.</summary>
    public bool IsInference { get; init; }
}
