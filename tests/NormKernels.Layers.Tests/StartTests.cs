using System;
using System.Collections.Generic;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Cuda.Tests.Support;
using NormKernels.Layers.Tests.Support;

namespace NormKernels.Layers.Tests;

/// <summary>What layers are when they are made, and what cannot be made.</summary>
[TestClass]
public sealed class StartTests : DeviceTests
{
    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Weights_are_ones_and_biases_zeros(bool onDevice)
    {
        using Place<float> place = Place<float>.Create(onDevice);
        foreach (LayerCase c in LayerCase.All)
        {
            using NormLayer<float> layer = c.Make(place.Device);
            Assert.AreSame(place.Device, layer.Device);
            Assert.IsTrue(layer.IsTraining);
            foreach (LayerTensor<float> tensor in layer.State.OfType<LayerTensor<float>>())
            {
                float expected = tensor.Name switch
                {
                    "weight" when c.Name.Contains("differences", StringComparison.Ordinal) => 0,
                    "bias" or "running_mean" => 0,
                    // The norm of 20 ones.
                    "parametrizations.weight.original0" => MathF.Sqrt(20),
                    _ => 1,
                };
                Assert.IsTrue(tensor.ToArray().All(value => value == expected), $"{c}: {tensor.Name}");
            }
        }
    }

    [TestMethod]
    public void Half_and_bfloat16_too()
    {
        using LayerNormLayer<Half> half = new([3]);
        Assert.IsTrue(half.Weight!.Span.ToArray().All(value => value == Half.One));
        using LayerNormLayer<BFloat16> bfloat = new([3]);
        Assert.IsTrue(bfloat.Weight!.Span.ToArray().All(value => value == (BFloat16)1f));
    }

    [TestMethod]
    public void Shapes_and_names_are_those_of_pytorch()
    {
        using LayerNormLayer<float> layer = new([4, 3, 2]);
        Assert.IsTrue(layer.NormalizedShape.SequenceEqual([4L, 3, 2]));
        Assert.IsTrue(layer.Weight!.Shape.SequenceEqual([4L, 3, 2]));
        Assert.AreEqual("weight, bias", Names(layer.Parameters));
        Assert.AreEqual(24, layer.Bias!.Count);
        Assert.AreEqual(1e-5, layer.Epsilon);

        using BatchNormLayer<float> batch = new(7);
        Assert.AreEqual("weight, bias, running_mean, running_var, num_batches_tracked", Names(batch.State));
        Assert.AreEqual("weight, bias", Names(batch.Parameters));
        Assert.AreEqual(0.1, batch.Momentum);
        Assert.AreEqual(1e-5, batch.Epsilon);
        Assert.IsNull(batch.RunningMean!.Gradient);

        using InstanceNormLayer<float> instance = new(7);
        Assert.IsEmpty(instance.State);
        Assert.IsNull(instance.RunningVar);

        using GroupNormLayer<float> group = new(2, 6, bias: false);
        Assert.AreEqual("weight", Names(group.Parameters));
        Assert.AreEqual((2, 6), (group.Groups, group.Channels));

        using LayerNormLayer<float> plain = new([3], affine: false);
        Assert.IsEmpty(plain.Parameters);
        Assert.IsNull(plain.Bias);

        using L2NormalizeLayer<float> normalize = new();
        Assert.AreEqual((2, 1e-12), (normalize.P, normalize.Epsilon));
    }

    [TestMethod]
    public void The_epsilon_of_rms_norm_is_that_of_the_type()
    {
        using RmsNormLayer<float> single = new([3]);
        using RmsNormLayer<Half> half = new([3]);
        using RmsNormLayer<BFloat16> bfloat = new([3]);
        Assert.AreEqual((double)(MathF.BitIncrement(1) - 1), single.Epsilon);
        Assert.AreEqual((double)(Half.BitIncrement(Half.One) - Half.One), half.Epsilon);
        Assert.AreEqual(BFloat16.FromBits((ushort)(((BFloat16)1f).ToBits() + 1)) - 1.0, bfloat.Epsilon);
        Assert.IsNull(single.Bias);
        using RmsNormLayer<float> given = new([3], 1e-6);
        Assert.AreEqual(1e-6, given.Epsilon);
    }

    [TestMethod]
    public void What_cannot_be_made_is_refused_by_name()
    {
        (string Parameter, Action Make)[] refused =
        [
            ("normalizedShape", () => new LayerNormLayer<float>([]).Dispose()),
            ("normalizedShape", () => new LayerNormLayer<float>([3, -1]).Dispose()),
            ("normalizedShape", () => new RmsNormLayer<float>([long.MaxValue, 2]).Dispose()),
            ("shape", () => new LayerNormLayer<float>([1L << 40]).Dispose()),
            ("epsilon", () => new LayerNormLayer<float>([3], -1).Dispose()),
            ("epsilon", () => new BatchNormLayer<float>(3, double.NaN).Dispose()),
            ("momentum", () => new BatchNormLayer<float>(3, momentum: 1.5).Dispose()),
            ("momentum", () => new InstanceNormLayer<float>(3, momentum: -0.1).Dispose()),
            ("channels", () => new BatchNormLayer<float>(-3).Dispose()),
            ("groups", () => new GroupNormLayer<float>(4, 6).Dispose()),
            ("groups", () => new GroupNormLayer<float>(0, 6).Dispose()),
            ("p", () => new L2NormalizeLayer<float>(0).Dispose()),
            ("epsilon", () => new L2NormalizeLayer<float>(2, -1).Dispose()),
            ("axis", () => new WeightNormParametrization<float>([3, 4], 2).Dispose()),
            ("tensorShape", () => new WeightNormParametrization<float>([3, -4]).Dispose()),
            ("name", () => new WeightNormParametrization<float>([3, 4], name: "").Dispose()),
            ("T", () => new LayerNormLayer<double>([3]).Dispose()),
            ("T", () => new L2NormalizeLayer<int>().Dispose()),
        ];
        foreach ((string parameter, Action make) in refused)
        {
            ArgumentException e = Assert.Throws<ArgumentException>(make, parameter);
            Assert.AreEqual(parameter, e.ParamName, e.Message);
        }
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Nothing_is_a_size_too(bool onDevice)
    {
        using Place<float> place = Place<float>.Create(onDevice);
        Tensor<float> none = place.Put();
        using LayerNormLayer<float> layer = new([0], device: place.Device);
        place.Forward(layer, none, none);
        place.Backward(layer, none, none, none);
        using RmsNormLayer<float> rows = new([4], device: place.Device);
        place.Forward(rows, none, none);
        place.Backward(rows, none, none, none);
        Assert.IsTrue(rows.Weight!.Gradient!.ToArray(place.Stream).All(value => value == 0));
        using BatchNormLayer<float> batch = new(3, device: place.Device);
        place.Forward(batch, none, none, new ChannelShape(0, 3, 4));
        place.Backward(batch, none, none, none, new ChannelShape(0, 3, 4));
        Assert.AreEqual(1, batch.NumBatchesTracked);
        Assert.IsTrue(batch.RunningVar!.ToArray().All(value => value == 1));
        using WeightNormParametrization<float> weight = new([3, 0], device: place.Device);
        place.Forward(weight, none);
        place.Backward(weight, none);
    }

    private static string Names(IEnumerable<LayerTensor> tensors) =>
        string.Join(", ", tensors.Select(tensor => tensor.Name));
}
