using System.Collections.Generic;

using NormKernels.Reference;
using NormKernels.Tests.Support;

namespace NormKernels.Tests.Norms;

internal sealed class InstanceNormCalls() : ChannelNormCalls(
    channels => [channels], [Number.Epsilon], Updates([Argument.Workspace()]), [Argument.Workspace()], [Inference()])
{
    public override string Name => nameof(InstanceNorm);

    public override long WorkspaceSize(Problem problem, CpuOptions options) =>
        InstanceNorm.WorkspaceSize((ChannelShape)problem.Shape.Native);

    public override IEnumerable<string> Impossible(Verb verb, ProblemShape shape) =>
        NoUpdate(verb, ((ChannelProblemShape)shape).Spatial, shape);

    public override void Call<T>(Verb verb, Arguments a)
    {
        switch (verb.Name, a.Float32Parameters)
        {
            case ("Forward", false):
                InstanceNorm.Forward(
                    a.In<T>("x"), a.Out<T>("y"), a.Channels, a.In<T>("weight"), a.In<T>("bias"), a.Epsilon,
                    a.Out<float>("mean"), a.Out<float>("rstd"), a.Out<float>("runningMean"),
                    a.Out<float>("runningVar"), a.Momentum, a.Out<byte>("workspace"), a.Options);
                break;
            case ("Forward", true):
                InstanceNorm.Forward(
                    a.In<T>("x"), a.Out<T>("y"), a.Channels, a.In<float>("weight"), a.In<float>("bias"), a.Epsilon,
                    a.Out<float>("mean"), a.Out<float>("rstd"), a.Out<float>("runningMean"),
                    a.Out<float>("runningVar"), a.Momentum, a.Out<byte>("workspace"), a.Options);
                break;
            case ("Inference", false):
                InstanceNorm.Inference(
                    a.In<T>("x"), a.Out<T>("y"), a.Channels, a.In<float>("runningMean"), a.In<float>("runningVar"),
                    a.In<T>("weight"), a.In<T>("bias"), a.Epsilon, a.Options);
                break;
            case ("Inference", true):
                InstanceNorm.Inference(
                    a.In<T>("x"), a.Out<T>("y"), a.Channels, a.In<float>("runningMean"), a.In<float>("runningVar"),
                    a.In<float>("weight"), a.In<float>("bias"), a.Epsilon, a.Options);
                break;
            case ("Backward", false):
                InstanceNorm.Backward(
                    a.In<T>("dy"), a.In<T>("x"), a.Out<T>("dx"), a.Channels, a.In<T>("weight"), a.Epsilon,
                    a.In<float>("mean"), a.In<float>("rstd"), a.Out<float>("dweight"), a.Out<float>("dbias"),
                    a.Out<byte>("workspace"), a.Is("accumulate"), a.Options);
                break;
            case ("Backward", true):
                InstanceNorm.Backward(
                    a.In<T>("dy"), a.In<T>("x"), a.Out<T>("dx"), a.Channels, a.In<float>("weight"), a.Epsilon,
                    a.In<float>("mean"), a.In<float>("rstd"), a.Out<float>("dweight"), a.Out<float>("dbias"),
                    a.Out<byte>("workspace"), a.Is("accumulate"), a.Options);
                break;
            case ("Jvp", false):
                InstanceNorm.Jvp(
                    a.In<T>("tanX"), a.In<T>("x"), a.Out<T>("jvpY"), a.Channels, a.In<T>("weight"),
                    a.In<T>("tanWeight"), a.In<T>("tanBias"), a.Epsilon, a.In<float>("mean"), a.In<float>("rstd"),
                    a.Options);
                break;
            default:
                InstanceNorm.Jvp(
                    a.In<T>("tanX"), a.In<T>("x"), a.Out<T>("jvpY"), a.Channels, a.In<float>("weight"),
                    a.In<float>("tanWeight"), a.In<float>("tanBias"), a.Epsilon, a.In<float>("mean"),
                    a.In<float>("rstd"), a.Options);
                break;
        }
    }

    protected override IReadOnlyDictionary<string, Expectation> ExpectAll(Problem p)
    {
        if (p.Verb.Name != "Inference")
        {
            return base.ExpectAll(p);
        }

        // What batch normalization does.
        var (batch, channels, spatial, last, _) = Sizes(p);
        double[] y = new double[p.Shape.Count];
        BatchNormReference.Inference(
            p.Values("x"), y, batch, channels, spatial, last, p.Values("runningMean"), p.Values("runningVar"),
            p.Values("weight"), p.Values("bias"), p.Epsilon);
        return new Dictionary<string, Expectation> { ["y"] = ExpectInference(p, y) };
    }

    protected override void ReferenceForward(
        Problem p, double[] x, double[] y, double[] weight, double[] bias, double[] mean, double[] rstd,
        double[] runningMean, double[] runningVar)
    {
        var (batch, channels, spatial, last, _) = Sizes(p);
        InstanceNormReference.Forward(
            x, y, batch, channels, spatial, last, weight, bias, p.Epsilon, mean, rstd, runningMean, runningVar,
            p.Momentum);
    }

    protected override void ReferenceBackward(
        Problem p, double[] dy, double[] dh, double[] x, double[] dx, double[] dweight, double[] dbias)
    {
        var (batch, channels, spatial, last, _) = Sizes(p);
        InstanceNormReference.Backward(
            dy, x, dx, batch, channels, spatial, last, p.Values("weight"), p.Epsilon, dweight, dbias);
    }

    protected override void ReferenceJvp(Problem p, double[] tanX, double[] x, double[] jvpY)
    {
        var (batch, channels, spatial, last, _) = Sizes(p);
        InstanceNormReference.Jvp(
            tanX, x, jvpY, batch, channels, spatial, last, p.Values("weight"), p.Values("tanWeight"),
            p.Values("tanBias"), p.Epsilon);
    }
}
