using System;
using System.Collections.Generic;
using System.Linq;

using NormKernels.Reference;
using NormKernels.Tests.Support;

namespace NormKernels.Tests.Norms;

internal sealed class WeightNormCalls : Norm
{
    private static readonly Argument _g = Argument.Parameter("g") with { Optional = false };

    private static readonly IReadOnlyList<Verb> _verbs =
    [
        new("Forward",
            [
                Argument.In("v"), _g, Argument.Out("w", "v"),
                new("norm", Role.Output, Extent.PerSlice, ElementKind.Float32, Optional: true),
            ])
        { Point = "v" },
        new("Backward",
            [Argument.In("dw"), Argument.In("v"), _g, Argument.Out("dv", "dw", "v"), Argument.Gradient("dg")])
        { Point = "v", Flags = ["accumulate"] },
        new("Jvp",
            [Argument.In("tanV"), Argument.Parameter("tanG"), Argument.In("v"), _g, Argument.Out("jvpW", "tanV", "v")])
        { Point = "v" },
    ];

    private static readonly ShapeList _shapes =
        AxisShapes.Of(kept: true, [2], new AxisProblemShape(300_000, 3, 1, Kept: true));

    public override string Name => nameof(WeightNorm);

    public override IReadOnlyList<Verb> Verbs => _verbs;

    public override ShapeList Shapes => _shapes;

    public override void Call<T>(Verb verb, Arguments a)
    {
        switch (verb.Name, a.Float32Parameters)
        {
            case ("Forward", false):
                WeightNorm.Forward(
                    a.In<T>("v"), a.In<T>("g"), a.Out<T>("w"), a.Axis, a.Epsilon, a.Out<float>("norm"), a.Options);
                break;
            case ("Forward", true):
                WeightNorm.Forward(
                    a.In<T>("v"), a.In<float>("g"), a.Out<T>("w"), a.Axis, a.Epsilon, a.Out<float>("norm"), a.Options);
                break;
            case ("Backward", false):
                WeightNorm.Backward(
                    a.In<T>("dw"), a.In<T>("v"), a.In<T>("g"), a.Out<T>("dv"), a.Axis, a.Epsilon, a.Out<float>("dg"),
                    a.Is("accumulate"), a.Options);
                break;
            case ("Backward", true):
                WeightNorm.Backward(
                    a.In<T>("dw"), a.In<T>("v"), a.In<float>("g"), a.Out<T>("dv"), a.Axis, a.Epsilon,
                    a.Out<float>("dg"), a.Is("accumulate"), a.Options);
                break;
            case ("Jvp", false):
                WeightNorm.Jvp(
                    a.In<T>("tanV"), a.In<T>("tanG"), a.In<T>("v"), a.In<T>("g"), a.Out<T>("jvpW"), a.Axis, a.Epsilon,
                    a.Options);
                break;
            default:
                WeightNorm.Jvp(
                    a.In<T>("tanV"), a.In<float>("tanG"), a.In<T>("v"), a.In<float>("g"), a.Out<T>("jvpW"), a.Axis,
                    a.Epsilon, a.Options);
                break;
        }
    }

    public override IReadOnlyDictionary<string, Expectation> Expect(Problem problem)
    {
        AxisProblemShape s = (AxisProblemShape)problem.Shape;
        double[] v = problem.Values("v");
        double[] g = problem.Values("g");
        double[] u = new double[s.Count];
        double[] norm = new double[s.Slices];
        double[] ones = [.. g.Select(_ => 1.0)];
        WeightNormReference.Forward(v, ones, u, s.Outer, s.Length, s.Inner, problem.Epsilon, norm);
        double[] result = new double[s.Count];
        switch (problem.Verb.Name)
        {
            case "Forward":
                WeightNormReference.Forward(v, g, result, s.Outer, s.Length, s.Inner, problem.Epsilon);
                return new Dictionary<string, Expectation>
                {
                    ["w"] = new(problem.Dtype, result, new(() => [.. result.Select(Math.Abs)])),
                    ["norm"] = new(Dtype.F32, norm, new(norm)),
                };
            case "Backward":
                double[] dw = problem.Values("dw");
                double[] dg = new double[s.Slices];
                WeightNormReference.Backward(dw, v, g, result, s.Outer, s.Length, s.Inner, problem.Epsilon, dg);
                return new Dictionary<string, Expectation>
                {
                    ["dv"] = new(problem.Dtype, result, new(() => Terms(s, dw, u, g, norm, []))),
                    ["dg"] = CentredNorm.Sums(problem, "dg", dg, i => Math.Abs(dw[i] * u[i])),
                };
            default:
                double[] tanV = problem.Values("tanV");
                double[] tanG = problem.Values("tanG");
                WeightNormReference.Jvp(tanV, tanG, v, g, result, s.Outer, s.Length, s.Inner, problem.Epsilon);
                return new Dictionary<string, Expectation>
                {
                    ["jvpW"] = new(problem.Dtype, result, new(() => Terms(s, tanV, u, g, norm, tanG))),
                };
        }
    }

    // |tanG * u| + |g| / norm * (|t| + |u| * sum |t * u|)
    private static double[] Terms(ProblemShape s, double[] t, double[] u, double[] g, double[] norm, double[] tanG)
    {
        double[] sums = new double[s.Slices];
        for (int i = 0; i < t.Length; i++)
        {
            sums[s.SliceOf(i)] += Math.Abs(t[i] * u[i]);
        }

        return
        [
            .. t.Select((value, i) =>
            {
                int k = s.SliceOf(i);
                double along = tanG.Length == 0 ? 0 : Math.Abs(tanG[k] * u[i]);
                return along + Math.Abs(g[k]) / norm[k] * (Math.Abs(value) + Math.Abs(u[i]) * sums[k]);
            }),
        ];
    }
}
