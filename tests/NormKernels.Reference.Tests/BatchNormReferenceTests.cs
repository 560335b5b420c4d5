using System;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace NormKernels.Reference.Tests;

[TestClass]
public sealed class BatchNormReferenceTests : ChannelNormSuite
{
    [TestMethod]
    public void Running_statistics_take_the_unbiased_variance()
    {
        // Mean 3, unbiased variance (4 + 0 + 0 + 4) / 3 = 8/3.
        double[] mean = [7];
        double[] variance = [8];
        BatchNormReference.Forward(
            [1, 3, 3, 5], new double[4], 2, 1, 2, channelsLast: false,
            runningMean: mean, runningVar: variance, momentum: 0.75);
        Check.SameBits([4], mean, "running mean");
        Check.Close([4], variance, 1e-15, "running variance");
    }

    [TestMethod]
    public void Running_statistics_are_checked() => RunningStatisticsChecks.Run(
        (x, y, batch, channels, spatial, mean, variance, momentum) => BatchNormReference.Forward(
            x, y, batch, channels, spatial, channelsLast: true,
            runningMean: mean, runningVar: variance, momentum: momentum),
        oneValue: (Batch: 1, Spatial: 1));

    [TestMethod]
    public void An_infinite_mean_stays_infinite()
    {
        double[] mean = [0];
        double[] variance = [0];
        BatchNormReference.Forward(
            [1, double.PositiveInfinity, 2], new double[3], 3, 1, 1, channelsLast: false,
            runningMean: mean, runningVar: variance);
        Assert.AreEqual(double.PositiveInfinity, mean[0]);
        Assert.AreEqual(double.NaN, variance[0]);
    }

    private protected override int Slices(Call problem) => problem.Int("channels");

    private protected override int Slice(Call problem, int sample, int channel) => channel;

    private protected override void RunForward(Call a) => BatchNormReference.Forward(
        a["x"], a["y"], a.Int("batch"), a.Int("channels"), a.Int("spatial"), a.Attribute<bool>("channelsLast"),
        a["weight"], a["bias"], a.Real("epsilon"), a["mean"], a["rstd"]);

    private protected override void RunBackward(Call a) => BatchNormReference.Backward(
        a["dy"], a["x"], a["dx"], a.Int("batch"), a.Int("channels"), a.Int("spatial"),
        a.Attribute<bool>("channelsLast"), a["weight"], a.Real("epsilon"), a["dweight"], a["dbias"]);

    private protected override void RunJvp(Call a) => BatchNormReference.Jvp(
        a["tanX"], a["x"], a["jvpY"], a.Int("batch"), a.Int("channels"), a.Int("spatial"),
        a.Attribute<bool>("channelsLast"), a["weight"], a["tanWeight"], a["tanBias"], a.Real("epsilon"));
}

[TestClass]
public sealed class BatchNormInferenceReferenceTests : ChannelNormSuite
{
    private protected override string[] Constants => ["runningMean", "runningVar"];

    private protected override string[] Statistics => [];

    [TestMethod]
    public void With_the_statistics_of_a_batch_inference_is_training()
    {
        double[] x = [.. Enumerable.Range(0, 12).Select(i => Math.Sin(i))];
        double[] trained = new double[12];
        double[] inferred = new double[12];
        double[] mean = new double[3];
        double[] rstd = new double[3];
        BatchNormReference.Forward(x, trained, 2, 3, 2, channelsLast: false, epsilon: 0, mean: mean, rstd: rstd);
        double[] variance = [.. rstd.Select(r => 1 / (r * r))];
        BatchNormReference.Inference(
            x, inferred, 2, 3, 2, channelsLast: false, runningMean: mean, runningVar: variance, epsilon: 0);
        Check.Close(trained, inferred, 1e-14);
    }

    // Every element stands alone.
    private protected override int? Slice(Call problem, string tensor, int offset) =>
        Primal(tensor) is "x" or "y" ? offset : null;

    private protected override int Slices(Call problem) => throw new NotSupportedException();

    private protected override int Slice(Call problem, int sample, int channel) => throw new NotSupportedException();

    private protected override void RunForward(Call a) => BatchNormReference.Inference(
        a["x"], a["y"], a.Int("batch"), a.Int("channels"), a.Int("spatial"), a.Attribute<bool>("channelsLast"),
        a["runningMean"], a["runningVar"], a["weight"], a["bias"], a.Real("epsilon"));

    private protected override void RunBackward(Call a) => BatchNormReference.InferenceBackward(
        a["dy"], a["x"], a["dx"], a.Int("batch"), a.Int("channels"), a.Int("spatial"),
        a.Attribute<bool>("channelsLast"), a["runningMean"], a["runningVar"],
        a["weight"], a.Real("epsilon"), a["dweight"], a["dbias"]);

    private protected override void RunJvp(Call a) => BatchNormReference.InferenceJvp(
        a["tanX"], a["x"], a["jvpY"], a.Int("batch"), a.Int("channels"), a.Int("spatial"),
        a.Attribute<bool>("channelsLast"), a["runningMean"], a["runningVar"],
        a["weight"], a["tanWeight"], a["tanBias"], a.Real("epsilon"));
}
