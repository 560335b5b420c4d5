using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

using NormKernels.Cli.CaseSets;
using NormKernels.Cli.Operations;
using NormKernels.Layers.Files.Numpy;

namespace NormKernels.Layers.Tests.Support;

/// <summary>The golden cases, and what was computed held against them.</summary>
internal static class GoldenSet
{
    private static readonly CaseSet _set = CaseSet.Load(Path.Combine(AppContext.BaseDirectory, "golden"));

    /// <summary>The cases of an operator with the formats that they are meant for.</summary>
    public static IEnumerable<(NormCase Case, CaseDtype Dtype)> Of(string op) =>
        from normCase in _set.Cases
        where normCase.Op == op
        from dtype in ((CaseDtype[])[CaseDtype.Float32, normCase.InputDtype]).Distinct()
        where !normCase.Overflows.Contains(dtype)
        select (normCase, dtype);

    /// <summary>A tensor, or null if the case has none of this name.</summary>
    public static T[]? Find<T>(this NormCase normCase, string name)
        where T : unmanaged
    {
        if (normCase.Find(name) is not { } tensor)
        {
            return null;
        }

        double[] values = _set.Read(tensor).ToDoubles();
        T[] elements = new T[values.Length];
        Elements.Convert(values, elements.AsSpan());
        return elements;
    }

    public static T[] Read<T>(this NormCase normCase, string name)
        where T : unmanaged => normCase.Find<T>(name) ?? throw new InvalidDataException($"{normCase.Id} lacks {name}");

    public static long[] ShapeOf(this NormCase normCase, string name) => [.. normCase[name].Shape];

    /// <summary>What is wrong with a result, or null.</summary>
    public static string? Check<T>(NormCase normCase, string name, T[] actual)
        where T : unmanaged
    {
        CaseTensor tensor = normCase[name];
        TensorComparison comparison = TensorComparison.Compare(
            new NpyArray(Elements.ToDoubles<T>(actual), tensor.Shape.AsSpan()),
            _set.Read(tensor),
            tensor,
            _set.ToleranceFor(Elements.Dtype<T>()),
            strict: true);
        return comparison.Passed ? null : $"{normCase.Id} in {typeof(T).Name}: {name} {comparison.Message}";
    }
}
