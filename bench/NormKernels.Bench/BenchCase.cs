using System.Collections.Generic;
using System.Globalization;

using NormKernels.Cli.Commands;
using NormKernels.Cli.Operations;

namespace NormKernels.Bench;

/// <summary>One call to be timed.</summary>
public sealed class BenchCase
{
    private readonly Operation _operation;
    private readonly ComputeTarget _target;

    internal BenchCase(Operation operation, string verb, long rows, long cols, ComputeTarget target)
    {
        (_operation, Verb, Rows, Cols, _target) = (operation, verb, rows, cols, target);
    }

    /// <summary>What is chosen, until the program's arguments say otherwise.</summary>
    internal static IReadOnlyList<BenchCase> Chosen { get; set; } = [];

    public string Verb { get; }

    public long Rows { get; }

    public long Cols { get; }

    public int Threads => _target.Options.MaxDegreeOfParallelism;

    internal Cli.Benchmarking.Benchmark Create() => _target.CreateBenchmark(_operation, Verb, Rows, Cols);

    /// <inheritdoc/>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{_operation.Name} {Verb} {Rows}x{Cols} {Names.Of(_target.Dtype)} {_target.Title} {_target.Threads}t");
}
