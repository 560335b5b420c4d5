using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;

namespace NormKernels.Cli.Commands;

/// <summary>Names with commas between them.</summary>
internal static class OpList
{
    /// <summary>The names, each once.</summary>
    public static ImmutableArray<string> Split(IEnumerable<string> lists) =>
    [
        .. lists.SelectMany(list => list.Split(','))
            .Select(name => name.Trim())
            .Where(name => name.Length != 0)
            .Distinct(StringComparer.Ordinal),
    ];
}
