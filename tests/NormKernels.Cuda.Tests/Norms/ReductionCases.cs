using System;
using System.Collections.Generic;
using System.Linq;

using NormKernels.Reference;

namespace NormKernels.Cuda.Tests.Norms;

/// <summary>The calls of VectorNorm and MatrixNorm.</summary>
internal static class ReductionCases
{
    private static readonly (int[] Sizes, int[] Axes)[] _reductions =
        [([2, 5, 3], [1]), ([4, 3, 70], [0, 2]), ([1000], []), ([6, 7], [-1]), ([0, 5], [1]), ([3, 4, 2, 5], [3, 1])];

    private static readonly double[] _orders =
        [2, 1, 0, -1, 0.5, 3, double.PositiveInfinity, double.NegativeInfinity];

    private static readonly (int[] Sizes, int Rows, int Columns)[] _matrices =
        [([3, 4], 0, 1), ([2, 5, 3], 1, 2), ([4, 3, 6], 2, 0), ([3, 24, 20], -2, -1), ([0, 3, 3], 1, 2)];

    public static IEnumerable<DeviceCase> VectorNorm =>
        from reduction in _reductions
        from p in _orders
        from call in VectorCases(reduction.Sizes, reduction.Axes, p)
        select call;

    public static IEnumerable<DeviceCase> MatrixNorm =>
        from matrix in _matrices
        from order in Enum.GetValues<MatrixNormOrder>()
        from call in MatrixCases(matrix.Sizes, matrix.Rows, matrix.Columns, order)
        select call;

    private static IEnumerable<DeviceCase> VectorCases(int[] sizes, int[] axes, double p)
    {
        var shape = ReductionShape.Of(Array.ConvertAll(sizes, size => (long)size), axes);
        // The oracle takes no axes for none.
        int[] reduced = axes.Length != 0 ? axes : [.. Enumerable.Range(0, sizes.Length)];
        return Cases(
            typeof(Cuda.VectorNorm), $"[{string.Join(", ", sizes)}] over [{string.Join(", ", axes)}]",
            (int)shape.Count, (int)shape.NormCount,
            new() { ["shape"] = shape, ["p"] = p },
            o => VectorNormReference.Forward(o["x"], o["norm"], sizes, reduced, p),
            o => VectorNormReference.Backward(o["dnorm"], o["x"], o["dx"], sizes, reduced, p),
            o => VectorNormReference.Jvp(o["tanX"], o["x"], o["jvpNorm"], sizes, reduced, p),
            () => Cuda.VectorNorm.WorkspaceSize(shape, p), derivatives: p != 0);
    }

    private static IEnumerable<DeviceCase> MatrixCases(int[] sizes, int rows, int columns, MatrixNormOrder order)
    {
        var shape = MatrixShape.Of(Array.ConvertAll(sizes, size => (long)size), rows, columns);
        var reference = Enum.Parse<Reference.MatrixNormOrder>(order.ToString());
        return Cases(
            typeof(Cuda.MatrixNorm), $"[{string.Join(", ", sizes)}] rows {rows} columns {columns}", (int)shape.Count,
            (int)shape.NormCount,
            new() { ["shape"] = shape, ["order"] = order },
            o => MatrixNormReference.Forward(o["x"], o["norm"], sizes, rows, columns, reference),
            o => MatrixNormReference.Backward(o["dnorm"], o["x"], o["dx"], sizes, rows, columns, reference),
            o => MatrixNormReference.Jvp(o["tanX"], o["x"], o["jvpNorm"], sizes, rows, columns, reference),
            () => Cuda.MatrixNorm.WorkspaceSize(shape, order), derivatives: true);
    }

    private static IEnumerable<DeviceCase> Cases(
        Type norm, string shape, int count, int norms, Dictionary<string, object> scalars, Action<Values> forward,
        Action<Values> backward, Action<Values> jvp, Func<long> workspaceSize, bool derivatives)
    {
        Argument x = Argument.In("x", count);
        DeviceCase Make(string method, Action<Values> oracle, params Argument[] arguments) =>
            new(norm, method, shape)
            {
                Arguments = [.. arguments, Argument.Workspace],
                Scalars = scalars,
                Oracle = oracle,
                WorkspaceSize = workspaceSize,
            };
        yield return Make("Forward", forward, x, new Argument("norm", Role.Output, norms, Kind.Parameter));
        if (derivatives)
        {
            yield return Make(
                "Backward", backward, Argument.Parameter("dnorm", norms, optional: false), x,
                Argument.Out("dx", count, "x"));
            yield return Make(
                "Jvp", jvp, Argument.In("tanX", count), x,
                new Argument("jvpNorm", Role.Output, norms, Kind.Parameter));
        }
    }
}
