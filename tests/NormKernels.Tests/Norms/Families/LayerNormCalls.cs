using System;

using NormKernels.Reference;

namespace NormKernels.Tests.Norms;

internal sealed class LayerNormCalls() : RowNormCalls(centred: true)
{
    private const string Accumulate = "accumulate";

    public override string Name => nameof(LayerNorm);

    public override long WorkspaceSize(Problem problem, CpuOptions options) =>
        LayerNorm.BackwardWorkspaceSize((RowShape)problem.Shape.Native);

    public override void Call<T>(Verb verb, Arguments a)
    {
        if (a.Float32Parameters)
        {
            CallWithFloat32Parameters<T>(verb, a);
            return;
        }

        switch (verb.Name)
        {
            case "Forward":
                LayerNorm.Forward(
                    a.In<T>("x"), a.Out<T>("y"), a.Rows, a.In<T>("weight"), a.In<T>("bias"), a.Epsilon,
                    a.Out<float>("mean"), a.Out<float>("rstd"), a.Options);
                break;
            case "AddForward":
                LayerNorm.AddForward(
                    a.In<T>("x"), a.In<T>("residual"), a.Out<T>("h"), a.Out<T>("y"), a.Rows,
                    a.In<T>("weight"), a.In<T>("bias"), a.Epsilon,
                    a.Out<float>("mean"), a.Out<float>("rstd"), a.Options);
                break;
            case "ForwardInt8":
                LayerNorm.ForwardInt8(
                    a.In<T>("x"), a.Out<sbyte>("y"), a.Out<float>("yScale"), a.Rows, a.In<T>("weight"),
                    a.In<T>("bias"), a.Epsilon, a.Out<float>("mean"), a.Out<float>("rstd"), a.Is("roundFirst"),
                    a.Options);
                break;
            case "AddForwardInt8":
                LayerNorm.AddForwardInt8(
                    a.In<T>("x"), a.In<T>("residual"), a.Out<T>("h"), a.Out<sbyte>("y"), a.Out<float>("yScale"), a.Rows,
                    a.In<T>("weight"), a.In<T>("bias"), a.Epsilon, a.Out<float>("mean"), a.Out<float>("rstd"),
                    a.Is("roundFirst"), a.Options);
                break;
            case "Backward":
                LayerNorm.Backward(
                    a.In<T>("dy"), a.In<T>("x"), a.Out<T>("dx"), a.Rows, a.In<T>("weight"), a.Epsilon,
                    a.In<float>("mean"), a.In<float>("rstd"),
                    a.Out<float>("dweight"), a.Out<float>("dbias"), a.Out<byte>("workspace"), a.Is(Accumulate),
                    a.Options);
                break;
            case "AddBackward":
                LayerNorm.AddBackward(
                    a.In<T>("dy"), a.In<T>("dh"), a.In<T>("h"), a.Out<T>("dx"), a.Rows,
                    a.In<T>("weight"), a.Epsilon, a.In<float>("mean"), a.In<float>("rstd"),
                    a.Out<float>("dweight"), a.Out<float>("dbias"), a.Out<byte>("workspace"), a.Is(Accumulate),
                    a.Options);
                break;
            case "Jvp":
                LayerNorm.Jvp(
                    a.In<T>("tanX"), a.In<T>("x"), a.Out<T>("jvpY"), a.Rows, a.In<T>("weight"), a.In<T>("tanWeight"),
                    a.In<T>("tanBias"),
                    a.Epsilon, a.In<float>("mean"), a.In<float>("rstd"), a.Options);
                break;
            case "AddJvp":
                LayerNorm.AddJvp(
                    a.In<T>("tanX"), a.In<T>("tanResidual"), a.In<T>("h"), a.Out<T>("jvpH"), a.Out<T>("jvpY"), a.Rows,
                    a.In<T>("weight"), a.In<T>("tanWeight"), a.In<T>("tanBias"),
                    a.Epsilon, a.In<float>("mean"), a.In<float>("rstd"), a.Options);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(verb));
        }
    }

    protected override void ReferenceForward(
        Problem p, double[] x, double[] y, double[] weight, double[] bias, double[] mean, double[] rstd,
        double[] runningMean, double[] runningVar) =>
        LayerNormReference.Forward(x, y, Rows(p), Cols(p), weight, bias, p.Epsilon, mean, rstd);

    protected override void ReferenceBackward(
        Problem p, double[] dy, double[] dh, double[] x, double[] dx, double[] dweight, double[] dbias) =>
        LayerNormReference.AddBackward(
            dy, dh, x, dx, Rows(p), Cols(p), p.Values("weight"), p.Epsilon, dweight, dbias);

    protected override void ReferenceJvp(Problem p, double[] tanX, double[] x, double[] jvpY) =>
        LayerNormReference.Jvp(
            tanX, x, jvpY, Rows(p), Cols(p), p.Values("weight"), p.Values("tanWeight"), p.Values("tanBias"), p.Epsilon);

    // The overloads for a float32 weight and bias.
    private static void CallWithFloat32Parameters<T>(Verb verb, Arguments a)
        where T : unmanaged
    {
        switch (verb.Name)
        {
            case "Forward":
                LayerNorm.Forward(
                    a.In<T>("x"), a.Out<T>("y"), a.Rows, a.In<float>("weight"), a.In<float>("bias"), a.Epsilon,
                    a.Out<float>("mean"), a.Out<float>("rstd"), a.Options);
                break;
            case "AddForward":
                LayerNorm.AddForward(
                    a.In<T>("x"), a.In<T>("residual"), a.Out<T>("h"), a.Out<T>("y"), a.Rows,
                    a.In<float>("weight"), a.In<float>("bias"), a.Epsilon,
                    a.Out<float>("mean"), a.Out<float>("rstd"), a.Options);
                break;
            case "ForwardInt8":
                LayerNorm.ForwardInt8(
                    a.In<T>("x"), a.Out<sbyte>("y"), a.Out<float>("yScale"), a.Rows, a.In<float>("weight"),
                    a.In<float>("bias"), a.Epsilon, a.Out<float>("mean"), a.Out<float>("rstd"), a.Is("roundFirst"),
                    a.Options);
                break;
            case "AddForwardInt8":
                LayerNorm.AddForwardInt8(
                    a.In<T>("x"), a.In<T>("residual"), a.Out<T>("h"), a.Out<sbyte>("y"), a.Out<float>("yScale"), a.Rows,
                    a.In<float>("weight"), a.In<float>("bias"), a.Epsilon, a.Out<float>("mean"), a.Out<float>("rstd"),
                    a.Is("roundFirst"), a.Options);
                break;
            case "Backward":
                LayerNorm.Backward(
                    a.In<T>("dy"), a.In<T>("x"), a.Out<T>("dx"), a.Rows, a.In<float>("weight"), a.Epsilon,
                    a.In<float>("mean"), a.In<float>("rstd"),
                    a.Out<float>("dweight"), a.Out<float>("dbias"), a.Out<byte>("workspace"), a.Is(Accumulate),
                    a.Options);
                break;
            case "AddBackward":
                LayerNorm.AddBackward(
                    a.In<T>("dy"), a.In<T>("dh"), a.In<T>("h"), a.Out<T>("dx"), a.Rows,
                    a.In<float>("weight"), a.Epsilon, a.In<float>("mean"), a.In<float>("rstd"),
                    a.Out<float>("dweight"), a.Out<float>("dbias"), a.Out<byte>("workspace"), a.Is(Accumulate),
                    a.Options);
                break;
            case "Jvp":
                LayerNorm.Jvp(
                    a.In<T>("tanX"), a.In<T>("x"), a.Out<T>("jvpY"), a.Rows, a.In<float>("weight"),
                    a.In<float>("tanWeight"), a.In<float>("tanBias"),
                    a.Epsilon, a.In<float>("mean"), a.In<float>("rstd"), a.Options);
                break;
            case "AddJvp":
                LayerNorm.AddJvp(
                    a.In<T>("tanX"), a.In<T>("tanResidual"), a.In<T>("h"), a.Out<T>("jvpH"), a.Out<T>("jvpY"), a.Rows,
                    a.In<float>("weight"), a.In<float>("tanWeight"), a.In<float>("tanBias"),
                    a.Epsilon, a.In<float>("mean"), a.In<float>("rstd"), a.Options);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(verb));
        }
    }
}
