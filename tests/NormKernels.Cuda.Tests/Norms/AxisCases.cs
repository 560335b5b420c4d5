using System;
using System.Collections.Generic;
using System.Linq;

using NormKernels.Reference;

namespace NormKernels.Cuda.Tests.Norms;

/// <summary>The calls of AxisNorm, L2Normalize and WeightNorm.</summary>
internal sealed class AxisCases
{
    private const double Epsilon = 1e-5;

    private static readonly (int Outer, int Length, int Inner)[] _shapes =
        [(2, 5, 3), (3, 40, 1), (1, 7, 50), (4, 300, 6), (0, 5, 3), (2, 5, 0)];

    private static readonly double[] _orders = [2, 1, 3, double.PositiveInfinity];

    private readonly int _outer;
    private readonly int _length;
    private readonly int _inner;

    private AxisCases(int outer, int length, int inner) => (_outer, _length, _inner) = (outer, length, inner);

    public static IEnumerable<DeviceCase> AxisNorm => All.SelectMany(cases => cases.AxisNormCases());

    public static IEnumerable<DeviceCase> L2Normalize =>
        All.SelectMany(cases => _orders.SelectMany(cases.L2NormalizeCases));

    public static IEnumerable<DeviceCase> WeightNorm => All.SelectMany(cases => cases.WeightNormCases());

    private static IEnumerable<AxisCases> All =>
        _shapes.Select(shape => new AxisCases(shape.Outer, shape.Length, shape.Inner));

    private int Count => _outer * _length * _inner;

    private AxisShape Shape => new(_outer, _length, _inner);

    private int Slices => _outer * _inner;

    private IEnumerable<DeviceCase> AxisNormCases()
    {
        Type norm = typeof(Cuda.AxisNorm);
        Argument x = Argument.In("x", Count);
        Argument weight = Argument.Parameter("weight", Count);
        Argument[] saved = [Argument.Saved("mean", Slices, "rstd"), Argument.Saved("rstd", Slices, "mean")];
        yield return Make(
            norm, "Forward",
            o => AxisNormReference.Forward(
                o["x"], o["y"], _outer, _length, _inner, o["weight"], o["bias"], Epsilon, o["mean"], o["rstd"]),
            [
                x, Argument.Out("y", Count, "x"), weight, Argument.Parameter("bias", Count),
                Argument.Wanted("mean", Slices), Argument.Wanted("rstd", Slices),
            ]);
        DeviceCase backward = Make(
            norm, "Backward",
            o => AxisNormReference.Backward(
                o["dy"], o["x"], o["dx"], _outer, _length, _inner, o["weight"], Epsilon, o["dweight"], o["dbias"]),
            [
                Argument.In("dy", Count), x, Argument.Out("dx", Count, "dy", "x"), weight, .. saved,
                Argument.Wanted("dweight", Count), Argument.Wanted("dbias", Count),
            ]) with
        { Save = Save };
        yield return backward;
        yield return backward.With("accumulate", true);
        yield return Make(
            norm, "Jvp",
            o => AxisNormReference.Jvp(
                o["tanX"], o["x"], o["jvpY"], _outer, _length, _inner, o["weight"], o["tanWeight"], o["tanBias"],
                Epsilon),
            [
                Argument.In("tanX", Count), x, Argument.Out("jvpY", Count, "tanX", "x"), weight,
                Argument.Parameter("tanWeight", Count), Argument.Parameter("tanBias", Count), .. saved,
            ]) with
        { Save = Save };
    }

    private IEnumerable<DeviceCase> L2NormalizeCases(double p)
    {
        Type norm = typeof(Cuda.L2Normalize);
        Argument x = Argument.In("x", Count);
        yield return Make(
            norm, "Forward",
            o => L2NormalizeReference.Forward(o["x"], o["y"], _outer, _length, _inner, p, Epsilon, o["norm"]),
            [x, Argument.Out("y", Count, "x"), Argument.Wanted("norm", Slices)]).With("p", p);
        yield return Make(
            norm, "Backward",
            o => L2NormalizeReference.Backward(o["dy"], o["x"], o["dx"], _outer, _length, _inner, p, Epsilon),
            [Argument.In("dy", Count), x, Argument.Out("dx", Count, "dy", "x")]).With("p", p);
        yield return Make(
            norm, "Jvp",
            o => L2NormalizeReference.Jvp(o["tanX"], o["x"], o["jvpY"], _outer, _length, _inner, p, Epsilon),
            [Argument.In("tanX", Count), x, Argument.Out("jvpY", Count, "tanX", "x")]).With("p", p);
    }

    private IEnumerable<DeviceCase> WeightNormCases()
    {
        Type norm = typeof(Cuda.WeightNorm);
        Argument v = Argument.In("v", Count);
        Argument g = Argument.Parameter("g", _length, optional: false);
        yield return Make(
            norm, "Forward",
            o => WeightNormReference.Forward(
                o["v"], o["g"], o["w"], _outer, _length, _inner, Epsilon, o["norm"]),
            [v, g, Argument.Out("w", Count, "v"), Argument.Wanted("norm", _length)]);
        DeviceCase backward = Make(
            norm, "Backward",
            o => WeightNormReference.Backward(
                o["dw"], o["v"], o["g"], o["dv"], _outer, _length, _inner, Epsilon, o["dg"]),
            [
                Argument.In("dw", Count), v, g, Argument.Out("dv", Count, "dw", "v"), Argument.Wanted("dg", _length),
            ]);
        yield return backward;
        yield return backward.With("accumulate", true);
        yield return Make(
            norm, "Jvp",
            o => WeightNormReference.Jvp(
                o["tanV"], o["tanG"], o["v"], o["g"], o["jvpW"], _outer, _length, _inner, Epsilon),
            [
                Argument.In("tanV", Count), Argument.Parameter("tanG", _length), v, g,
                Argument.Out("jvpW", Count, "tanV", "v"),
            ]);
    }

    private void Save(Values o) => AxisNormReference.Forward(
        o["x"], new double[Count], _outer, _length, _inner, default, default, Epsilon, o["mean"], o["rstd"]);

    private DeviceCase Make(Type norm, string method, Action<Values> oracle, IReadOnlyList<Argument> arguments) =>
        new(norm, method, $"{_outer} x {_length} x {_inner}")
        {
            Arguments = [.. arguments, Argument.Workspace],
            Scalars = new Dictionary<string, object>
            {
                ["shape"] = Shape,
                ["epsilon"] = Epsilon,
            },
            Oracle = oracle,
            WorkspaceSize = () =>
                norm == typeof(Cuda.AxisNorm) ? Cuda.AxisNorm.WorkspaceSize(Shape)
                : norm == typeof(Cuda.WeightNorm) ? Cuda.WeightNorm.WorkspaceSize(Shape)
                : Cuda.L2Normalize.WorkspaceSize(Shape),
        };
}
