namespace NormKernels.Tests.Norms;

// The calls.
internal sealed partial class BatchNormCalls
{
    public override void Call<T>(Verb verb, Arguments a)
    {
        switch (verb.Name, a.Float32Parameters)
        {
            case ("Forward", false):
                BatchNorm.Forward(
                    a.In<T>("x"), a.Out<T>("y"), a.Channels, a.In<T>("weight"), a.In<T>("bias"), a.Epsilon,
                    a.Out<float>("mean"), a.Out<float>("rstd"), a.Out<float>("runningMean"),
                    a.Out<float>("runningVar"), a.Momentum, a.Options);
                break;
            case ("Forward", true):
                BatchNorm.Forward(
                    a.In<T>("x"), a.Out<T>("y"), a.Channels, a.In<float>("weight"), a.In<float>("bias"), a.Epsilon,
                    a.Out<float>("mean"), a.Out<float>("rstd"), a.Out<float>("runningMean"),
                    a.Out<float>("runningVar"), a.Momentum, a.Options);
                break;
            case ("Backward", false):
                BatchNorm.Backward(
                    a.In<T>("dy"), a.In<T>("x"), a.Out<T>("dx"), a.Channels, a.In<T>("weight"), a.Epsilon,
                    a.In<float>("mean"), a.In<float>("rstd"), a.Out<float>("dweight"), a.Out<float>("dbias"),
                    a.Is("accumulate"), a.Options);
                break;
            case ("Backward", true):
                BatchNorm.Backward(
                    a.In<T>("dy"), a.In<T>("x"), a.Out<T>("dx"), a.Channels, a.In<float>("weight"), a.Epsilon,
                    a.In<float>("mean"), a.In<float>("rstd"), a.Out<float>("dweight"), a.Out<float>("dbias"),
                    a.Is("accumulate"), a.Options);
                break;
            case ("Jvp", false):
                BatchNorm.Jvp(
                    a.In<T>("tanX"), a.In<T>("x"), a.Out<T>("jvpY"), a.Channels, a.In<T>("weight"),
                    a.In<T>("tanWeight"), a.In<T>("tanBias"), a.Epsilon, a.In<float>("mean"), a.In<float>("rstd"),
                    a.Options);
                break;
            case ("Jvp", true):
                BatchNorm.Jvp(
                    a.In<T>("tanX"), a.In<T>("x"), a.Out<T>("jvpY"), a.Channels, a.In<float>("weight"),
                    a.In<float>("tanWeight"), a.In<float>("tanBias"), a.Epsilon, a.In<float>("mean"), a.In<float>("rstd"),
                    a.Options);
                break;
            case ("Inference", false):
                BatchNorm.Inference(
                    a.In<T>("x"), a.Out<T>("y"), a.Channels, a.In<float>("runningMean"), a.In<float>("runningVar"),
                    a.In<T>("weight"), a.In<T>("bias"), a.Epsilon, a.Options);
                break;
            case ("Inference", true):
                BatchNorm.Inference(
                    a.In<T>("x"), a.Out<T>("y"), a.Channels, a.In<float>("runningMean"), a.In<float>("runningVar"),
                    a.In<float>("weight"), a.In<float>("bias"), a.Epsilon, a.Options);
                break;
            case ("InferenceBackward", false):
                BatchNorm.InferenceBackward(
                    a.In<T>("dy"), a.In<T>("x"), a.Out<T>("dx"), a.Channels, a.In<float>("runningMean"),
                    a.In<float>("runningVar"), a.In<T>("weight"), a.Epsilon, a.Out<float>("dweight"),
                    a.Out<float>("dbias"), a.Is("accumulate"), a.Options);
                break;
            case ("InferenceBackward", true):
                BatchNorm.InferenceBackward(
                    a.In<T>("dy"), a.In<T>("x"), a.Out<T>("dx"), a.Channels, a.In<float>("runningMean"),
                    a.In<float>("runningVar"), a.In<float>("weight"), a.Epsilon, a.Out<float>("dweight"),
                    a.Out<float>("dbias"), a.Is("accumulate"), a.Options);
                break;
            case ("InferenceJvp", false):
                BatchNorm.InferenceJvp(
                    a.In<T>("tanX"), a.In<T>("x"), a.Out<T>("jvpY"), a.Channels, a.In<float>("runningMean"),
                    a.In<float>("runningVar"), a.In<T>("weight"), a.In<T>("tanWeight"), a.In<T>("tanBias"),
                    a.Epsilon, a.Options);
                break;
            case ("InferenceJvp", true):
                BatchNorm.InferenceJvp(
                    a.In<T>("tanX"), a.In<T>("x"), a.Out<T>("jvpY"), a.Channels, a.In<float>("runningMean"),
                    a.In<float>("runningVar"), a.In<float>("weight"), a.In<float>("tanWeight"), a.In<float>("tanBias"),
                    a.Epsilon, a.Options);
                break;
            default:
                BatchNorm.ApplyFolded(
                    a.In<T>("x"), a.Out<T>("y"), a.Channels, a.In<double>("scale"), a.In<double>("shift"), a.Options);
                break;
        }
    }
}
