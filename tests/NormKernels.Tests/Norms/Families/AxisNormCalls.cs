using System.Collections.Generic;
using System.Linq;

using NormKernels.Reference;

namespace NormKernels.Tests.Norms;

/// <summary>Shapes of the norms along an axis.</summary>
internal static class AxisShapes
{
    private static readonly int[] _inners = [1, 3, 17];
    private static readonly int[] _lengths = [.. Enumerable.Range(1, 33), 63, 64, 65, 257, 511, 512, 513];

    private static readonly (int Outer, int Length, int Inner)[] _accurate =
    [
        .. from length in new[] { 1, 2, 15, 16, 17, 33, 65, 513 } from inner in new[] { 1, 3, 16, 17 } select (2, length, inner),
        (3, 5, 600), (1, 4, 1030), (1, 1, 37), (1, 1, 5000), (40, 3, 2), (3, 1025, 1), (1030, 2, 1), (130, 2, 7), (2, 700, 1),
        (0, 3, 2), (2, 0, 3), (2, 3, 0), (1, 0, 1),
    ];

    /// <param name="kept">Whether the axis is kept.</param>
    /// <param name="orders">Of the norm, used in turn.</param>
    /// <param name="sums">A shape with long sums, if there are any.</param>
    public static ShapeList Of(bool kept, double[] orders, AxisProblemShape? sums = null)
    {
        int next = 0;
        ProblemShape[] Each(IEnumerable<(int Outer, int Length, int Inner)> sizes) =>
            [.. sizes.Select(s => new AxisProblemShape(s.Outer, s.Length, s.Inner, kept, orders[next++ % orders.Length]))];
        ProblemShape[] All(params (int Outer, int Length, int Inner)[] sizes) =>
            [.. from s in sizes from p in orders select new AxisProblemShape(s.Outer, s.Length, s.Inner, kept, p)];
        return new()
        {
            Accurate = [.. Each(_accurate), .. All((3, 37, 1), (2, 9, 5), (2, 5, 40))],
            Tiny = [.. Each([(2, 3, 5), (3, 5, 1)])],
            Small = [.. Each([(5, 66, 1), (3, 17, 20), (2, 33, 3), (1, 6, 600)]), .. All((7, 5, 17))],
            Parallel = [.. Each([(40, 17, 441), (301, 1000, 1), (1, 200, 1500)])],
            Guarded =
            [
                .. Each(from length in _lengths
                        from inner in _inners
                        select (2, length, inner)),
                .. Each([(2, 3, 600), (3, 2, 1030), (1, 1, 77)]), .. All((2, 37, 1), (2, 5, 19)),
            ],
            Numbers = [.. Each([(2, 1, 3), (3, 2, 1), (2, 3, 5), (2, 16, 2), (2, 17, 1), (2, 1, 100)]), .. All((2, 37, 3)), .. Each([(1, 2, 2050)])],
            LongSums = sums,
            Empty =
            [
                new AxisShape(0, ShapeList.Huge, 1), new AxisShape(ShapeList.Huge, 0, 1), new AxisShape(1, ShapeList.Huge, 0),
                new AxisShape(1, 0, ShapeList.Huge), new AxisShape(0, 1, ShapeList.Huge),
            ],
        };
    }
}

internal sealed class AxisNormCalls : CentredNorm
{
    private static readonly Argument[] _saved =
        [Argument.Statistic("mean", Role.Input, partner: "rstd"), Argument.Statistic("rstd", Role.Input, partner: "mean")];

    private static readonly IReadOnlyList<Verb> _verbs =
    [
        new("Forward",
            [
                Argument.In("x"), Argument.Out("y", "x"), Argument.Parameter("weight"), Argument.Parameter("bias"),
                Argument.Statistic("mean", Role.Output), Argument.Statistic("rstd", Role.Output),
            ])
        { Point = "x" },
        new("Backward",
            [
                Argument.In("dy"), Argument.In("x"), Argument.Out("dx", "dy", "x"), Argument.Parameter("weight"), .. _saved,
                Argument.Gradient("dweight"), Argument.Gradient("dbias"),
            ])
        { Point = "x", Flags = ["accumulate"] },
        new("Jvp",
            [
                Argument.In("tanX"), Argument.In("x"), Argument.Out("jvpY", "tanX", "x"), Argument.Parameter("weight"),
                Argument.Parameter("tanWeight"), Argument.Parameter("tanBias"), .. _saved,
            ])
        { Point = "x" },
    ];

    private static readonly ShapeList _shapes = AxisShapes.Of(kept: false, [2]);

    public override string Name => nameof(AxisNorm);

    public override IReadOnlyList<Verb> Verbs => _verbs;

    public override ShapeList Shapes => _shapes;

    public override void Call<T>(Verb verb, Arguments a)
    {
        switch (verb.Name, a.Float32Parameters)
        {
            case ("Forward", false):
                AxisNorm.Forward(
                    a.In<T>("x"), a.Out<T>("y"), a.Axis, a.In<T>("weight"), a.In<T>("bias"), a.Epsilon,
                    a.Out<float>("mean"), a.Out<float>("rstd"), a.Options);
                break;
            case ("Forward", true):
                AxisNorm.Forward(
                    a.In<T>("x"), a.Out<T>("y"), a.Axis, a.In<float>("weight"), a.In<float>("bias"), a.Epsilon,
                    a.Out<float>("mean"), a.Out<float>("rstd"), a.Options);
                break;
            case ("Backward", false):
                AxisNorm.Backward(
                    a.In<T>("dy"), a.In<T>("x"), a.Out<T>("dx"), a.Axis, a.In<T>("weight"), a.Epsilon,
                    a.In<float>("mean"), a.In<float>("rstd"), a.Out<float>("dweight"), a.Out<float>("dbias"),
                    a.Is("accumulate"), a.Options);
                break;
            case ("Backward", true):
                AxisNorm.Backward(
                    a.In<T>("dy"), a.In<T>("x"), a.Out<T>("dx"), a.Axis, a.In<float>("weight"), a.Epsilon,
                    a.In<float>("mean"), a.In<float>("rstd"), a.Out<float>("dweight"), a.Out<float>("dbias"),
                    a.Is("accumulate"), a.Options);
                break;
            case ("Jvp", false):
                AxisNorm.Jvp(
                    a.In<T>("tanX"), a.In<T>("x"), a.Out<T>("jvpY"), a.Axis, a.In<T>("weight"), a.In<T>("tanWeight"),
                    a.In<T>("tanBias"), a.Epsilon, a.In<float>("mean"), a.In<float>("rstd"), a.Options);
                break;
            default:
                AxisNorm.Jvp(
                    a.In<T>("tanX"), a.In<T>("x"), a.Out<T>("jvpY"), a.Axis, a.In<float>("weight"),
                    a.In<float>("tanWeight"), a.In<float>("tanBias"), a.Epsilon, a.In<float>("mean"),
                    a.In<float>("rstd"), a.Options);
                break;
        }
    }

    protected override void ReferenceForward(
        Problem p, double[] x, double[] y, double[] weight, double[] bias, double[] mean, double[] rstd,
        double[] runningMean, double[] runningVar)
    {
        AxisProblemShape s = (AxisProblemShape)p.Shape;
        AxisNormReference.Forward(x, y, s.Outer, s.Length, s.Inner, weight, bias, p.Epsilon, mean, rstd);
    }

    protected override void ReferenceBackward(
        Problem p, double[] dy, double[] dh, double[] x, double[] dx, double[] dweight, double[] dbias)
    {
        AxisProblemShape s = (AxisProblemShape)p.Shape;
        AxisNormReference.Backward(
            dy, x, dx, s.Outer, s.Length, s.Inner, p.Values("weight"), p.Epsilon, dweight, dbias);
    }

    protected override void ReferenceJvp(Problem p, double[] tanX, double[] x, double[] jvpY)
    {
        AxisProblemShape s = (AxisProblemShape)p.Shape;
        AxisNormReference.Jvp(
            tanX, x, jvpY, s.Outer, s.Length, s.Inner, p.Values("weight"), p.Values("tanWeight"), p.Values("tanBias"),
            p.Epsilon);
    }
}
