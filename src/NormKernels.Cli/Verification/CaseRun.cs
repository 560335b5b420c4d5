using System.Collections.Immutable;
using System.Linq;

using NormKernels.Cli.CaseSets;

namespace NormKernels.Cli.Verification;

/// <summary>What came of one case in one format.</summary>
/// <param name="Case">The case.</param>
/// <param name="Dtype">What tensors were stored in.</param>
/// <param name="SkipReason">Why it was not run; null when it was.</param>
/// <param name="Checks">One for every tensor that was compared or could not be.</param>
internal sealed record CaseRun(NormCase Case, CaseDtype Dtype, string? SkipReason, ImmutableArray<TensorCheck> Checks)
{
    /// <summary>Whether it was run and everything was right.</summary>
    public bool Passed => SkipReason is null && Checks.All(check => check.Passed);

    /// <summary>Whether it was run and something was wrong.</summary>
    public bool Failed => SkipReason is null && !Passed;
}

/// <summary>One tensor of a case held against its reference.</summary>
/// <param name="Tensor">Its name; null when the whole case failed.</param>
/// <param name="Comparison">The comparison; null when there was nothing to compare.</param>
/// <param name="Error">What went wrong instead.</param>
internal sealed record TensorCheck(CaseTensor? Tensor, TensorComparison? Comparison, string? Error = null)
{
    /// <summary>Whether it is within the tolerance.</summary>
    public bool Passed => Comparison is { Passed: true };

    /// <summary>The largest error as a fraction of what is allowed.</summary>
    public double WorstFraction => Comparison?.WorstFraction ?? double.PositiveInfinity;

    /// <summary>What is wrong.</summary>
    public string? Message => Error ?? Comparison?.Message;
}
