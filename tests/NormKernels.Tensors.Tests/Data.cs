using System;
using System.Linq;
using System.Numerics;

namespace NormKernels.Tensors.Tests;

/// <summary>Numbers for tensors.</summary>
internal static class Data
{
    /// <summary>Random values in [-2, 2), the same for the same seed.</summary>
    public static T[] Random<T>(int count, int seed)
        where T : IFloatingPoint<T>
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => T.CreateChecked((4 * random.NextDouble()) - 2))];
    }
}
