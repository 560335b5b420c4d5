using System;
using System.Collections.Generic;
using System.Linq;

using NormKernels.Tests.Support;

namespace NormKernels.Tests.Norms;

/// <summary>What VectorNorm and MatrixNorm have in common: their verbs, and how far off each result may be.</summary>
internal abstract class ReductionCalls(Number order, Number derivativeOrder, params Argument[] workspace) : Norm
{
    private readonly IReadOnlyList<Verb> _verbs =
    [
        new("Forward",
            [Argument.In("x"), new("norm", Role.Output, Extent.PerSlice, ElementKind.Parameter), .. workspace])
        { Point = "x", Numbers = [order] },
        new("Backward",
            [
                new("dnorm", Role.Input, Extent.PerSlice, ElementKind.Parameter), Argument.In("x"),
                Argument.Out("dx", "x"), .. workspace,
            ])
        { Point = "x", Numbers = [derivativeOrder] },
        new("Jvp",
            [
                Argument.In("tanX"), Argument.In("x"),
                new("jvpNorm", Role.Output, Extent.PerSlice, ElementKind.Parameter), .. workspace,
            ])
        { Point = "x", Numbers = [derivativeOrder] },
    ];

    public override IReadOnlyList<Verb> Verbs => _verbs;

    public override IReadOnlyDictionary<string, Expectation> Expect(Problem problem)
    {
        ProblemShape shape = problem.Shape;
        Dtype normType = problem.TypeOf(problem.Verb.Name == "Backward" ? problem.Verb["dnorm"] : problem.Verb.Outputs.Single());
        double[] x = problem.Values("x");
        double[] perSlice = new double[shape.Slices];
        switch (problem.Verb.Name)
        {
            case "Forward":
                ReferenceForward(problem, x, perSlice);
                return new Dictionary<string, Expectation>
                {
                    ["norm"] = new(normType, perSlice, new(() => [.. perSlice.Select(Math.Abs)])),
                };
            case "Backward":
                double[] dx = new double[x.Length];
                ReferenceBackward(problem, problem.Values("dnorm"), x, dx);
                return new Dictionary<string, Expectation>
                {
                    ["dx"] = new(problem.Dtype, dx, new(() => OfSlices(shape, i => Math.Abs(dx[i]), largest: true))),
                };
            default:
                double[] tanX = problem.Values("tanX");
                ReferenceJvp(problem, tanX, x, perSlice);
                return new Dictionary<string, Expectation>
                {
                    ["jvpNorm"] = new(normType, perSlice, new(() =>
                    {
                        double[] gradient = new double[x.Length];
                        ReferenceBackward(problem, [.. perSlice.Select(_ => 1.0)], x, gradient);
                        double[] sums = new double[shape.Slices];
                        for (int i = 0; i < x.Length; i++)
                        {
                            sums[shape.SliceOf(i)] += Math.Abs(tanX[i] * gradient[i]);
                        }

                        return sums;
                    })),
                };
        }
    }

    protected abstract void ReferenceForward(Problem p, double[] x, double[] norm);

    protected abstract void ReferenceBackward(Problem p, double[] dnorm, double[] x, double[] dx);

    protected abstract void ReferenceJvp(Problem p, double[] tanX, double[] x, double[] jvpNorm);

    private static double[] OfSlices(ProblemShape shape, Func<int, double> value, bool largest)
    {
        double[] all = new double[shape.Slices];
        for (int i = 0; i < shape.Count; i++)
        {
            ref double one = ref all[shape.SliceOf(i)];
            one = largest ? Math.Max(one, value(i)) : one + value(i);
        }

        return [.. Enumerable.Range(0, shape.Count).Select(i => all[shape.SliceOf(i)])];
    }
}
