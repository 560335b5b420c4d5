using System;
using System.Collections.Generic;

namespace NormKernels.Reference.Tests;

/// <summary>What the norms of [outer, length, inner] tensors that reduce over the middle axis have to keep.</summary>
public abstract class AxisSuite : NormSuite
{
    private protected static (int Outer, int Length, int Inner)[] Shapes =>
        [(2, 5, 3), (1, 7, 1), (3, 1, 2), (1, 1, 1), (0, 4, 3), (2, 0, 3), (2, 3, 0)];

    private protected override IEnumerable<(string Attribute, object Value, Type Thrown)> BadAttributes =>
    [
        ("outer", -1, typeof(ArgumentOutOfRangeException)),
        ("length", -1, typeof(ArgumentOutOfRangeException)),
        ("inner", -1, typeof(ArgumentOutOfRangeException)),
        ("epsilon", -1e-300, typeof(ArgumentOutOfRangeException)),
        ("epsilon", double.NaN, typeof(ArgumentOutOfRangeException)),
    ];

    private protected override int Length(Call problem, string tensor) => IsPerSlice(tensor)
        ? problem.Product("outer", "inner")
        : problem.Product("outer", "length", "inner");

    private protected override int? Slice(Call problem, string tensor, int offset)
    {
        int inner = problem.Int("inner");
        return IsPerSlice(tensor) ? offset : offset / (problem.Int("length") * inner) * inner + offset % inner;
    }

    private static bool IsPerSlice(string tensor) => tensor is "mean" or "rstd" or "norm";
}
