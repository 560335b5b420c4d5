using System.Collections.Generic;
using System.IO;

using NormKernels.Cli.CaseSets;
using NormKernels.Cli.Numpy;

namespace NormKernels.Cli.Operations;

/// <summary>What an operation is given: attributes and the tensors that are there, by name.</summary>
internal sealed class OperationArguments(CaseAttributes attributes, IReadOnlyDictionary<string, NpyArray> tensors)
{
    /// <summary>The attributes.</summary>
    public CaseAttributes Attributes { get; } = attributes;

    /// <summary>A tensor, or null.</summary>
    public NpyArray? Find(string name) => tensors.GetValueOrDefault(name);

    /// <summary>A tensor that has to be there.</summary>
    /// <exception cref="InvalidDataException">It is not.</exception>
    public NpyArray Get(string name) => Find(name) ?? throw new InvalidDataException($"{name} is missing");

    /// <summary>Whether any of these tensors is there.</summary>
    public bool HasAny(params IEnumerable<string> names)
    {
        foreach (string name in names)
        {
            if (tensors.ContainsKey(name))
            {
                return true;
            }
        }

        return false;
    }
}
