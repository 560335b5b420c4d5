using System;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Cuda.Tests.Support;
using NormKernels.Layers.Tests.Support;

namespace NormKernels.Layers.Tests;

[TestClass]
public sealed class WeightNormParametrizationTests : DeviceTests
{
    private static readonly long[] _tensorShape = [4, 3, 5];

    [TestMethod]
    [DataRow(false, 0, "4, 1, 1")]
    [DataRow(false, 1, "1, 3, 1")]
    [DataRow(false, -1, "1, 1, 5")]
    [DataRow(false, null, "")]
    [DataRow(true, 0, "4, 1, 1")]
    [DataRow(true, null, "")]
    public void A_weight_comes_apart_and_together(bool onDevice, int? axis, string magnitudes)
    {
        using Place<float> place = Place<float>.Create(onDevice);
        using WeightNormParametrization<float> layer = new(_tensorShape, axis, device: place.Device);
        Assert.AreEqual($"[{magnitudes}]", $"[{string.Join(", ", layer.G.Shape.ToArray())}]");
        CollectionAssert.AreEqual(_tensorShape, layer.V.Shape.ToArray());
        Tensor<float> w = place.Put(new float[60]);
        place.Forward(layer, w);
        Assert.IsTrue(place.Get(w).All(value => Math.Abs(value - 1) < 1e-6), "it starts as ones");

        float[] weight = LayerCase.Random("weight", 60);
        layer.SetWeight(weight, place.Stream);
        CollectionAssert.AreEqual(weight, layer.V.ToArray(place.Stream));
        place.Forward(layer, w);
        foreach ((float actual, float expected) in place.Get(w).Zip(weight))
        {
            Assert.AreEqual(expected, actual, 1e-6);
        }

        // Twice the magnitude, twice the weight.
        layer.G.CopyFrom([.. layer.G.ToArray(place.Stream).Select(g => 2 * g)], place.Stream);
        place.Forward(layer, w);
        Assert.AreEqual(2 * weight[7], place.Get(w)[7], 1e-6);
    }

    [TestMethod]
    public void Sixteen_bits_are_rounded_once()
    {
        using WeightNormParametrization<Half> layer = new([2, 3]);
        Half[] weight = [(Half)0.1f, (Half)0.2f, (Half)0.3f, (Half)1f, (Half)2f, (Half)3f];
        layer.SetWeight(weight);
        for (int row = 0; row < 2; row++)
        {
            double norm = Math.Sqrt(weight.Skip(3 * row).Take(3).Sum(value => (double)value * (double)value));
            Assert.AreEqual((Half)norm, layer.G.Span[row]);
        }
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void A_weight_of_another_length_is_refused(bool onDevice)
    {
        using Place<float> place = Place<float>.Create(onDevice);
        using WeightNormParametrization<float> layer = new(_tensorShape, device: place.Device);
        float[] before = layer.V.ToArray();
        Assert.AreEqual("w", Assert.ThrowsExactly<ArgumentException>(() => layer.SetWeight(new float[59])).ParamName);
        CollectionAssert.AreEqual(before, layer.V.ToArray());
        Tensor<float> w = place.Put(new float[59]);
        Assert.AreEqual("w", Assert.ThrowsExactly<ArgumentException>(() => place.Forward(layer, w)).ParamName);
        Assert.AreEqual("dw", Assert.ThrowsExactly<ArgumentException>(() => place.Backward(layer, w)).ParamName);
    }

    [TestMethod]
    public void The_name_is_that_of_the_weight()
    {
        using WeightNormParametrization<float> layer = new([2, 3], name: "weight_hh_l0");
        Assert.AreEqual("parametrizations.weight_hh_l0.original0", layer.G.Name);
        Assert.AreEqual("parametrizations.weight_hh_l0.original1", layer.V.Name);
    }
}
