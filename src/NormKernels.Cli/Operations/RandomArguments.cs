using System;
using System.Collections.Generic;

using NormKernels.Cli.Benchmarking;
using NormKernels.Cli.CaseSets;

namespace NormKernels.Cli.Operations;

/// <summary>Arguments with tensors of random numbers that a norm may well be given.</summary>
internal sealed class RandomArguments(CaseAttributes attributes, IReadOnlyDictionary<string, long[]> shapes)
    : OperationArguments(attributes)
{
    private int _seed;

    /// <inheritdoc/>
    public override long[]? FindShape(string name) => shapes.GetValueOrDefault(name);

    /// <inheritdoc/>
    public override void Read<T>(string name, Span<T> to)
    {
        (double low, double high) = name switch
        {
            "weight" or "gamma" or "g" or "running_var" => (0.5, 1.5),
            "bias" or "beta" or "running_mean" => (-0.5, 0.5),
            _ => (-1.0, 1.0),
        };
        RandomTensor.Fill(to, low, high, ++_seed);
    }
}
