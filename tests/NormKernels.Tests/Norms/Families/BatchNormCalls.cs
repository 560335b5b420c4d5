using System;
using System.Collections.Generic;

using NormKernels.Reference;
using NormKernels.Tests.Support;

namespace NormKernels.Tests.Norms;

internal sealed partial class BatchNormCalls() : ChannelNormCalls(
    _ => [0], [Number.Epsilon], Updates([]), [],
    [
        Inference(),
        new("InferenceBackward",
            [
                Argument.In("dy"), Argument.In("x"), Argument.Out("dx", "dy", "x"), .. Constants,
                Argument.Parameter("weight"), Argument.Gradient("dweight"), Argument.Gradient("dbias"),
            ])
        { Point = "x", Flags = ["accumulate"] },
        new("InferenceJvp",
            [
                Argument.In("tanX"), Argument.In("x"), Argument.Out("jvpY", "tanX", "x"), .. Constants,
                Argument.Parameter("weight"), Argument.Parameter("tanWeight"), Argument.Parameter("tanBias"),
            ])
        { Point = "x" },
        new("ApplyFolded",
            [
                Argument.In("x"), Argument.Out("y", "x"),
                new("scale", Role.Input, Extent.PerParameter, ElementKind.Float64),
                new("shift", Role.Input, Extent.PerParameter, ElementKind.Float64),
            ])
        { Point = "x", Numbers = [] },
    ])
{
    public override string Name => nameof(BatchNorm);

    public override IEnumerable<string> Impossible(Verb verb, ProblemShape shape)
    {
        ChannelProblemShape s = (ChannelProblemShape)shape;
        return NoUpdate(verb, s.Batch * s.Spatial, shape);
    }

    // In inference x has no part in dx.
    public override bool Spreads(Problem problem, Argument input, Argument output) =>
        problem.Verb.Name != "InferenceBackward" || input.Name != "x";

    protected override IReadOnlyDictionary<string, Expectation> ExpectAll(Problem p)
    {
        var (batch, channels, spatial, last, _) = Sizes(p);
        double[] x = p.Values("x");
        double[] result = new double[x.Length];
        double[] weight = p.Values("weight");
        double[] mean = p.Values("runningMean");
        double[] variance = p.Values("runningVar");
        switch (p.Verb.Name)
        {
            case "Inference":
                BatchNormReference.Inference(
                    x, result, batch, channels, spatial, last, mean, variance, weight, p.Values("bias"), p.Epsilon);
                return new Dictionary<string, Expectation> { ["y"] = ExpectInference(p, result) };
            case "InferenceBackward":
                double[] dy = p.Values("dy");
                double[] dweight = new double[channels];
                double[] dbias = new double[channels];
                BatchNormReference.InferenceBackward(
                    dy, x, result, batch, channels, spatial, last, mean, variance, weight, p.Epsilon, dweight, dbias);
                Func<int, (double Rstd, double Magnitude)> of = Running(p);
                return new Dictionary<string, Expectation>
                {
                    ["dx"] = ElementWise(p, result, i => Math.Abs(result[i])),
                    ["dweight"] = Sums(p, "dweight", dweight, i => Math.Abs(dy[i]) * of(i).Magnitude),
                    ["dbias"] = Sums(p, "dbias", dbias, i => Math.Abs(dy[i])),
                };
            case "InferenceJvp":
                double[] tanX = p.Values("tanX");
                BatchNormReference.InferenceJvp(
                    tanX, x, result, batch, channels, spatial, last, mean, variance, weight, p.Values("tanWeight"),
                    p.Values("tanBias"), p.Epsilon);
                Func<int, (double Rstd, double Magnitude)> at = Running(p);
                Func<int, double> w = Parameter(p, "weight", 1);
                Func<int, double> tanWeight = Parameter(p, "tanWeight", 0);
                Func<int, double> tanBias = Parameter(p, "tanBias", 0);
                return new Dictionary<string, Expectation>
                {
                    ["jvpY"] = ElementWise(p, result, i =>
                        w(i) * Math.Abs(tanX[i]) * at(i).Rstd + at(i).Magnitude * tanWeight(i) + tanBias(i)),
                };
            case "ApplyFolded":
                double[] scale = p.Values("scale");
                double[] shift = p.Values("shift");
                for (int i = 0; i < x.Length; i++)
                {
                    result[i] = x[i] * scale[p.Shape.ParameterOf(i)] + shift[p.Shape.ParameterOf(i)];
                }

                return new Dictionary<string, Expectation>
                {
                    ["y"] = ElementWise(p, result, i =>
                        Math.Abs(x[i] * scale[p.Shape.ParameterOf(i)]) + Math.Abs(shift[p.Shape.ParameterOf(i)])),
                };
            default:
                return base.ExpectAll(p);
        }
    }

    protected override void ReferenceForward(
        Problem p, double[] x, double[] y, double[] weight, double[] bias, double[] mean, double[] rstd,
        double[] runningMean, double[] runningVar)
    {
        var (batch, channels, spatial, last, _) = Sizes(p);
        BatchNormReference.Forward(
            x, y, batch, channels, spatial, last, weight, bias, p.Epsilon, mean, rstd, runningMean, runningVar,
            p.Momentum);
    }

    protected override void ReferenceBackward(
        Problem p, double[] dy, double[] dh, double[] x, double[] dx, double[] dweight, double[] dbias)
    {
        var (batch, channels, spatial, last, _) = Sizes(p);
        BatchNormReference.Backward(
            dy, x, dx, batch, channels, spatial, last, p.Values("weight"), p.Epsilon, dweight, dbias);
    }

    protected override void ReferenceJvp(Problem p, double[] tanX, double[] x, double[] jvpY)
    {
        var (batch, channels, spatial, last, _) = Sizes(p);
        BatchNormReference.Jvp(
            tanX, x, jvpY, batch, channels, spatial, last, p.Values("weight"), p.Values("tanWeight"),
            p.Values("tanBias"), p.Epsilon);
    }
}
