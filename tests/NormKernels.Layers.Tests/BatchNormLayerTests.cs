using System;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Cuda.Tests.Support;
using NormKernels.Layers.Tests.Support;

namespace NormKernels.Layers.Tests;

/// <summary>Running statistics, training and inference, of the two layers that have them.</summary>
[TestClass]
public sealed class BatchNormLayerTests : DeviceTests
{
    private const int Channels = 3;

    private static readonly ChannelShape _shape = new(4, Channels, 5);

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Running_statistics_move_in_training_and_stay_in_inference(bool onDevice)
    {
        using Place<float> place = Place<float>.Create(onDevice);
        using BatchNormLayer<float> layer = new(Channels, momentum: 0.25, device: place.Device);
        Tensor<float> x = place.Put(Batch("x"));
        Tensor<float> y = place.Put(new float[_shape.Count]);
        place.Forward(layer, x, y, _shape);
        Assert.AreEqual(1, layer.NumBatchesTracked);
        (double[] mean, double[] variance) = Statistics(place.Get(x));
        float[] runningMean = layer.RunningMean!.ToArray(place.Stream);
        float[] runningVar = layer.RunningVar!.ToArray(place.Stream);
        for (int channel = 0; channel < Channels; channel++)
        {
            Assert.AreEqual(0.25 * mean[channel], runningMean[channel], 1e-6);
            // Of 20 values; unbiased.
            Assert.AreEqual(0.75 + 0.25 * variance[channel] * 20 / 19, runningVar[channel], 1e-6);
        }

        layer.IsTraining = false;
        place.Forward(layer, x, y, _shape);
        Assert.AreEqual(1, layer.NumBatchesTracked);
        CollectionAssert.AreEqual(runningMean, layer.RunningMean.ToArray(place.Stream));
        float[] input = place.Get(x);
        float[] output = place.Get(y);
        for (int i = 0; i < output.Length; i++)
        {
            int channel = i / 5 % Channels;
            Assert.AreEqual(
                (input[i] - runningMean[channel]) / Math.Sqrt(runningVar[channel] + 1e-5), output[i], 1e-5);
        }
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Without_momentum_running_statistics_are_the_average(bool onDevice)
    {
        const int batches = 5;
        using Place<float> place = Place<float>.Create(onDevice);
        using BatchNormLayer<float> layer = new(Channels, momentum: null, device: place.Device);
        Tensor<float> y = place.Put(new float[_shape.Count]);
        double[] sum = new double[Channels];
        for (int batch = 0; batch < batches; batch++)
        {
            float[] x = Batch($"{batch}");
            place.Forward(layer, place.Put(x), y, _shape);
            double[] mean = Statistics(x).Mean;
            sum = [.. sum.Zip(mean, (before, added) => before + added)];
        }

        Assert.AreEqual(batches, layer.NumBatchesTracked);
        float[] running = layer.RunningMean!.ToArray(place.Stream);
        for (int channel = 0; channel < Channels; channel++)
        {
            Assert.AreEqual(sum[channel] / batches, running[channel], 1e-6);
        }
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void In_inference_statistics_are_constants_for_the_backward_pass_too(bool onDevice)
    {
        using Place<float> place = Place<float>.Create(onDevice);
        using BatchNormLayer<float> batch = new(Channels, device: place.Device);
        using InstanceNormLayer<float> instance = new(
            Channels, affine: true, trackRunningStatistics: true, device: place.Device);
        foreach (ChannelNormLayer<float> layer in (ChannelNormLayer<float>[])[batch, instance])
        {
            Tensor<float> x = place.Put(Batch("x"));
            Tensor<float> dx = place.Put(new float[_shape.Count]);
            float[] ones = [.. Enumerable.Repeat(1f, (int)_shape.Count)];
            place.Backward(layer, place.Put(ones), x, dx, _shape);
            // A shift of all values of a channel changes nothing in training,
            Assert.IsTrue(place.Get(dx).All(value => Math.Abs(value) < 1e-5));
            layer.IsTraining = false;
            place.ZeroGradients(layer);
            place.Backward(layer, place.Put(ones), x, dx, _shape);
            // and everything alike where mean 0 and variance 1 are given; xhat is x then.
            Assert.IsTrue(place.Get(dx).All(value => Math.Abs(value - 1) < 1e-5));
            double[] mean = Statistics(place.Get(x)).Mean;
            float[] dweight = layer.Weight!.Gradient!.ToArray(place.Stream);
            for (int channel = 0; channel < Channels; channel++)
            {
                Assert.AreEqual(20 * mean[channel], dweight[channel], 1e-3);
                Assert.AreEqual(20, layer.Bias!.Gradient!.ToArray(place.Stream)[channel], 1e-4);
            }
        }
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void A_batch_that_is_refused_does_not_count(bool onDevice)
    {
        using Place<float> place = Place<float>.Create(onDevice);
        using BatchNormLayer<float> layer = new(Channels, device: place.Device);
        Tensor<float> one = place.Put(new float[Channels]);
        Tensor<float> y = place.Put(new float[Channels]);
        // A single value for each channel has no variance.
        Assert.AreEqual(
            "shape",
            Assert.ThrowsExactly<ArgumentException>(
                () => place.Forward(layer, one, y, new ChannelShape(1, Channels, 1))).ParamName);
        Assert.AreEqual(0, layer.NumBatchesTracked);
        Assert.IsTrue(layer.RunningMean!.ToArray(place.Stream).All(value => value == 0));

        using BatchNormLayer<float> untracked = new(Channels, trackRunningStatistics: false, device: place.Device);
        place.Forward(untracked, one, y, new ChannelShape(1, Channels, 1));
        Assert.AreEqual(0, untracked.NumBatchesTracked);
        Assert.IsNull(untracked.RunningMean);
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Channels_have_to_be_those_of_the_layer(bool onDevice)
    {
        using Place<float> place = Place<float>.Create(onDevice);
        Tensor<float> x = place.Put(new float[40]);
        using GroupNormLayer<float> group = new(2, 4, affine: false, device: place.Device);
        using InstanceNormLayer<float> instance = new(4, device: place.Device);
        using BatchNormLayer<float> batch = new(4, affine: false, trackRunningStatistics: false, device: place.Device);
        foreach (ChannelNormLayer<float> layer in (ChannelNormLayer<float>[])[group, instance, batch])
        {
            ChannelShape shape = new(1, 8, 5);
            foreach (bool training in (bool[])[true, false])
            {
                layer.IsTraining = training;
                ArgumentException e = Assert.ThrowsExactly<ArgumentException>(() => place.Forward(layer, x, x, shape));
                Assert.AreEqual("shape", e.ParamName);
                Assert.Contains("8 channels, the layer 4", e.Message);
                e = Assert.ThrowsExactly<ArgumentException>(() => place.Backward(layer, x, x, x, shape));
                Assert.AreEqual("shape", e.ParamName);
            }
        }
    }

    [TestMethod]
    public void Statistics_of_one_layout_are_not_taken_for_another()
    {
        using BatchNormLayer<float> layer = new(Channels);
        using BatchNormLayer<float> other = new(Channels);
        float[] x = Batch("x");
        float[] dy = Batch("dy");
        float[] y = new float[x.Length];
        float[] dx = new float[x.Length];
        float[] expected = new float[x.Length];
        ChannelShape last = new(4, Channels, 5, ChannelLayout.ChannelsLast);
        layer.Forward(x, y, _shape);
        layer.Backward(dy, x, dx, last);
        other.Backward(dy, x, expected, last);
        CollectionAssert.AreEqual(expected, dx);
    }

    private static float[] Batch(string seed) => LayerCase.Random(seed, (int)_shape.Count);

    private static (double[] Mean, double[] Variance) Statistics(float[] x)
    {
        double[][] channels =
        [
            .. Enumerable.Range(0, Channels).Select(
                channel => x.Where((_, i) => i / 5 % Channels == channel).Select(value => (double)value).ToArray()),
        ];
        double[] mean = [.. channels.Select(values => values.Average())];
        return (mean, [.. channels.Zip(mean, (values, m) => values.Average(value => (value - m) * (value - m)))]);
    }
}
