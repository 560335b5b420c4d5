using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace NormKernels.Reference.Tests;

[TestClass]
public sealed class InstanceNormReferenceTests : ChannelNormSuite
{
    [TestMethod]
    public void Running_statistics_average_over_the_batch()
    {
        // Means 2 and 6, so 4; unbiased variances 2 and 18, so 10.
        double[] mean = [8];
        double[] variance = [2];
        InstanceNormReference.Forward(
            [1, 3, 3, 9], new double[4], 2, 1, 2, channelsLast: false,
            runningMean: mean, runningVar: variance, momentum: 0.25);
        Check.SameBits([7], mean, "running mean");
        Check.SameBits([4], variance, "running variance");
    }

    [TestMethod]
    public void Running_statistics_are_checked() => RunningStatisticsChecks.Run(
        (x, y, batch, channels, spatial, mean, variance, momentum) => InstanceNormReference.Forward(
            x, y, batch, channels, spatial, channelsLast: true,
            runningMean: mean, runningVar: variance, momentum: momentum),
        oneValue: (Batch: 3, Spatial: 1));

    private protected override int Slices(Call problem) => problem.Product("batch", "channels");

    private protected override int Slice(Call problem, int sample, int channel) =>
        sample * problem.Int("channels") + channel;

    private protected override void RunForward(Call a) => InstanceNormReference.Forward(
        a["x"], a["y"], a.Int("batch"), a.Int("channels"), a.Int("spatial"), a.Attribute<bool>("channelsLast"),
        a["weight"], a["bias"], a.Real("epsilon"), a["mean"], a["rstd"]);

    private protected override void RunBackward(Call a) => InstanceNormReference.Backward(
        a["dy"], a["x"], a["dx"], a.Int("batch"), a.Int("channels"), a.Int("spatial"),
        a.Attribute<bool>("channelsLast"), a["weight"], a.Real("epsilon"), a["dweight"], a["dbias"]);

    private protected override void RunJvp(Call a) => InstanceNormReference.Jvp(
        a["tanX"], a["x"], a["jvpY"], a.Int("batch"), a.Int("channels"), a.Int("spatial"),
        a.Attribute<bool>("channelsLast"), a["weight"], a["tanWeight"], a["tanBias"], a.Real("epsilon"));
}
