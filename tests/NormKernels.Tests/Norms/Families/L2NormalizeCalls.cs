using System;
using System.Collections.Generic;
using System.Linq;

using NormKernels.Reference;
using NormKernels.Tests.Support;

namespace NormKernels.Tests.Norms;

internal sealed class L2NormalizeCalls : Norm
{
    private static readonly Number[] _numbers = [Number.Epsilon, Number.DivisorOrder];

    private static readonly IReadOnlyList<Verb> _verbs =
    [
        new("Forward",
            [
                Argument.In("x"), Argument.Out("y", "x"),
                new("norm", Role.Output, Extent.PerSlice, ElementKind.Float32, Optional: true),
            ])
        { Point = "x", Numbers = _numbers },
        new("Backward", [Argument.In("dy"), Argument.In("x"), Argument.Out("dx", "dy", "x")])
        { Point = "x", Numbers = _numbers },
        new("Jvp", [Argument.In("tanX"), Argument.In("x"), Argument.Out("jvpY", "tanX", "x")])
        { Point = "x", Numbers = _numbers },
    ];

    private static readonly ShapeList _shapes =
        AxisShapes.Of(kept: false, [2, 1, 3, double.PositiveInfinity, 2.5, 0.5]);

    public override string Name => nameof(L2Normalize);

    public override IReadOnlyList<Verb> Verbs => _verbs;

    public override ShapeList Shapes => _shapes;

    public override void Call<T>(Verb verb, Arguments a)
    {
        switch (verb.Name)
        {
            case "Forward":
                L2Normalize.Forward(
                    a.In<T>("x"), a.Out<T>("y"), a.Axis, a.P, a.Epsilon, a.Out<float>("norm"), a.Options);
                break;
            case "Backward":
                L2Normalize.Backward(a.In<T>("dy"), a.In<T>("x"), a.Out<T>("dx"), a.Axis, a.P, a.Epsilon, a.Options);
                break;
            default:
                L2Normalize.Jvp(
                    a.In<T>("tanX"), a.In<T>("x"), a.Out<T>("jvpY"), a.Axis, a.P, a.Epsilon, a.Options);
                break;
        }
    }

    public override IReadOnlyDictionary<string, Expectation> Expect(Problem problem)
    {
        AxisProblemShape s = (AxisProblemShape)problem.Shape;
        double[] x = problem.Values("x");
        double[] y = new double[s.Count];
        double[] norm = new double[s.Slices];
        L2NormalizeReference.Forward(x, y, s.Outer, s.Length, s.Inner, s.P, problem.Epsilon, norm);
        if (problem.Verb.Name == "Forward")
        {
            return new Dictionary<string, Expectation>
            {
                ["y"] = new(problem.Dtype, y, new(() => [.. y.Select(Math.Abs)])),
                ["norm"] = new(Dtype.F32, norm, new(norm)),
            };
        }

        bool backward = problem.Verb.Name == "Backward";
        double[] t = problem.Values(backward ? "dy" : "tanX");
        double[] result = new double[s.Count];
        if (backward)
        {
            L2NormalizeReference.Backward(t, x, result, s.Outer, s.Length, s.Inner, s.P, problem.Epsilon);
        }
        else
        {
            L2NormalizeReference.Jvp(t, x, result, s.Outer, s.Length, s.Inner, s.P, problem.Epsilon);
        }

        // (dy - sum(dy * y) * gradient) / norm, (tanX - y * sum(tanX * gradient)) / norm: the magnitudes of the terms.
        return new Dictionary<string, Expectation>
        {
            [problem.Verb.Outputs.Single().Name] = new(problem.Dtype, result, new(() =>
            {
                double[] gradient = new double[s.Count];
                double[] ones = [.. norm.Select(_ => 1.0)];
                VectorNormReference.Backward(ones, x, gradient, [s.Outer, s.Length, s.Inner], [1], s.P);
                (double[] summed, double[] spread) = backward ? (y, gradient) : (gradient, y);
                double[] sums = new double[s.Slices];
                for (int i = 0; i < t.Length; i++)
                {
                    sums[s.SliceOf(i)] += Math.Abs(t[i] * summed[i]);
                }

                return
                [
                    .. t.Select((value, i) => (Math.Abs(value) + Math.Abs(spread[i]) * sums[s.SliceOf(i)])
                        / Math.Max(norm[s.SliceOf(i)], problem.Epsilon)),
                ];
            })),
        };
    }
}
