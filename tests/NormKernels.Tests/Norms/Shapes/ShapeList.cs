using System.Collections.Generic;

namespace NormKernels.Tests.Norms;

/// <summary>The shapes that a norm is tested with, by what they are for.</summary>
internal sealed record ShapeList
{
    /// <summary>An axis that no memory holds; of float32 still less than 2^63 bytes.</summary>
    public const long Huge = 1L << 60;

    /// <summary>Against the oracle, with two opposite choices of options each.</summary>
    public required IReadOnlyList<ProblemShape> Accurate { get; init; }

    /// <summary>A few elements, for what is tried many times.</summary>
    public required IReadOnlyList<ProblemShape> Tiny { get; init; }

    /// <summary>Every way the work is cut, several slices each.</summary>
    public required IReadOnlyList<ProblemShape> Small { get; init; }

    /// <summary>Enough for several threads of 192 KiB of a tensor.</summary>
    public required IReadOnlyList<ProblemShape> Parallel { get; init; }

    /// <summary>Between pages that may not be touched.</summary>
    public required IReadOnlyList<ProblemShape> Guarded { get; init; }

    /// <summary>Two slices or more of different lengths, for numbers that float32 gets wrong.</summary>
    public required IReadOnlyList<ProblemShape> Numbers { get; init; }

    /// <summary>Needs more scratch than the stack has, if there is such a shape.</summary>
    public ProblemShape? LargeWorkspace { get; init; }

    /// <summary>Sums over very many slices or elements.</summary>
    public ProblemShape? LongSums { get; init; }

    /// <summary>Without elements, however many it claims to have.</summary>
    public required IReadOnlyList<object> Empty { get; init; }
}
