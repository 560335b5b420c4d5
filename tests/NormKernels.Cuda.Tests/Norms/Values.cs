using System;
using System.Collections.Generic;

using NormKernels.Cuda.Tests.Support;

namespace NormKernels.Cuda.Tests.Norms;

/// <summary>What the oracle is given and fills in, by the names of the parameters; empty: not passed.</summary>
internal sealed class Values(Element tensor)
{
    private readonly Dictionary<string, double[]> _all = [];

    public double[] this[string name]
    {
        get => _all.GetValueOrDefault(name) ?? [];
        set => _all[name] = value;
    }

    public bool Has(string name) => _all.ContainsKey(name);

    /// <summary>As it is stored in a tensor.</summary>
    public double[] Rounded(double[] values) => tensor.Round(values);

    public Values Copy()
    {
        Values copy = new(tensor);
        foreach ((string name, double[] values) in _all)
        {
            copy[name] = values.AsSpan().ToArray();
        }

        return copy;
    }
}
