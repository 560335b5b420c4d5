using System;
using System.Linq;

using NormKernels.Reference;

namespace NormKernels.Tests.Norms;

internal sealed class GroupNormCalls() : ChannelNormCalls(
    // One group, one for each channel, and some between.
    channels => [.. new[] { 1, 2, 3, channels }
            .Where(groups => groups > 0 && channels % groups == 0 && groups <= Math.Max(channels, 1)).Distinct()],
    [Number.Epsilon, Number.Groups], [], [Argument.Workspace()], [])
{
    public override string Name => nameof(GroupNorm);

    public override long WorkspaceSize(Problem problem, CpuOptions options) =>
        GroupNorm.WorkspaceSize((ChannelShape)problem.Shape.Native, Sizes(problem).Groups);

    public override void Call<T>(Verb verb, Arguments a)
    {
        switch (verb.Name, a.Float32Parameters)
        {
            case ("Forward", false):
                GroupNorm.Forward(
                    a.In<T>("x"), a.Out<T>("y"), a.Channels, a.Groups, a.In<T>("weight"), a.In<T>("bias"), a.Epsilon,
                    a.Out<float>("mean"), a.Out<float>("rstd"), a.Options);
                break;
            case ("Forward", true):
                GroupNorm.Forward(
                    a.In<T>("x"), a.Out<T>("y"), a.Channels, a.Groups, a.In<float>("weight"), a.In<float>("bias"),
                    a.Epsilon, a.Out<float>("mean"), a.Out<float>("rstd"), a.Options);
                break;
            case ("Backward", false):
                GroupNorm.Backward(
                    a.In<T>("dy"), a.In<T>("x"), a.Out<T>("dx"), a.Channels, a.Groups, a.In<T>("weight"), a.Epsilon,
                    a.In<float>("mean"), a.In<float>("rstd"), a.Out<float>("dweight"), a.Out<float>("dbias"),
                    a.Out<byte>("workspace"), a.Is("accumulate"), a.Options);
                break;
            case ("Backward", true):
                GroupNorm.Backward(
                    a.In<T>("dy"), a.In<T>("x"), a.Out<T>("dx"), a.Channels, a.Groups, a.In<float>("weight"), a.Epsilon,
                    a.In<float>("mean"), a.In<float>("rstd"), a.Out<float>("dweight"), a.Out<float>("dbias"),
                    a.Out<byte>("workspace"), a.Is("accumulate"), a.Options);
                break;
            case ("Jvp", false):
                GroupNorm.Jvp(
                    a.In<T>("tanX"), a.In<T>("x"), a.Out<T>("jvpY"), a.Channels, a.Groups, a.In<T>("weight"),
                    a.In<T>("tanWeight"), a.In<T>("tanBias"), a.Epsilon, a.In<float>("mean"), a.In<float>("rstd"),
                    a.Options);
                break;
            default:
                GroupNorm.Jvp(
                    a.In<T>("tanX"), a.In<T>("x"), a.Out<T>("jvpY"), a.Channels, a.Groups, a.In<float>("weight"),
                    a.In<float>("tanWeight"), a.In<float>("tanBias"), a.Epsilon, a.In<float>("mean"),
                    a.In<float>("rstd"), a.Options);
                break;
        }
    }

    protected override void ReferenceForward(
        Problem p, double[] x, double[] y, double[] weight, double[] bias, double[] mean, double[] rstd,
        double[] runningMean, double[] runningVar)
    {
        var (batch, channels, spatial, last, groups) = Sizes(p);
        GroupNormReference.Forward(x, y, batch, channels, spatial, last, groups, weight, bias, p.Epsilon, mean, rstd);
    }

    protected override void ReferenceBackward(
        Problem p, double[] dy, double[] dh, double[] x, double[] dx, double[] dweight, double[] dbias)
    {
        var (batch, channels, spatial, last, groups) = Sizes(p);
        GroupNormReference.Backward(
            dy, x, dx, batch, channels, spatial, last, groups, p.Values("weight"), p.Epsilon, dweight, dbias);
    }

    protected override void ReferenceJvp(Problem p, double[] tanX, double[] x, double[] jvpY)
    {
        var (batch, channels, spatial, last, groups) = Sizes(p);
        GroupNormReference.Jvp(
            tanX, x, jvpY, batch, channels, spatial, last, groups, p.Values("weight"), p.Values("tanWeight"),
            p.Values("tanBias"), p.Epsilon);
    }
}
