using System;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Cuda;
using NormKernels.Cuda.Tests.Support;
using NormKernels.Layers.Tests.Support;

namespace NormKernels.Layers.Tests;

/// <summary>What holds of every layer, in both places.</summary>
[TestClass]
public sealed class LayerTests : DeviceTests
{
    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Inference_gives_the_bits_of_training(bool onDevice)
    {
        using Place<float> place = Place<float>.Create(onDevice);
        foreach (LayerCase c in LayerCase.All.Where(c => !DependsOnMode(c)))
        {
            using NormLayer<float> layer = c.MakeTrained(place.Device);
            Tensor<float> x = place.Put(LayerCase.Random("x"));
            float[] training = Forward(place, c, layer, x);
            layer.IsTraining = false;
            CollectionAssert.AreEqual(training, Forward(place, c, layer, x), c.Name);
        }
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Backward_without_statistics_gives_the_bits_of_backward_with_them(bool onDevice)
    {
        using Place<float> place = Place<float>.Create(onDevice);
        foreach (LayerCase c in LayerCase.All)
        {
            using NormLayer<float> layer = c.MakeTrained(place.Device);
            Tensor<float> x = place.Put(LayerCase.Random("x"));
            _ = Forward(place, c, layer, x);
            Gradients kept = Backward(place, c, layer, x);
            // The first call has used the statistics up.
            Gradients computed = Backward(place, c, layer, x);
            kept.AssertEqual(computed, c.Name);
            if (!DependsOnMode(c))
            {
                layer.IsTraining = false;
                kept.AssertEqual(Backward(place, c, layer, x), c.Name);
            }
        }
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Backward_passes_may_follow_forward_passes_in_reverse(bool onDevice)
    {
        using Place<float> place = Place<float>.Create(onDevice);
        foreach (LayerCase c in LayerCase.WithStatistics)
        {
            using NormLayer<float> layer = c.MakeTrained(place.Device);
            Tensor<float> first = place.Put(LayerCase.Random("first"));
            Tensor<float> second = place.Put(LayerCase.Random("second"));
            _ = Forward(place, c, layer, first);
            Gradients alone = Backward(place, c, layer, first);
            _ = Forward(place, c, layer, first);
            _ = Forward(place, c, layer, second);
            Gradients ofSecond = Backward(place, c, layer, second);
            alone.AssertEqual(Backward(place, c, layer, first), c.Name);
            Assert.IsFalse(alone.Dx.SequenceEqual(ofSecond.Dx), c.Name);
        }
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Gradients_add_up_until_they_are_set_to_zero(bool onDevice)
    {
        using Place<float> place = Place<float>.Create(onDevice);
        foreach (LayerCase c in LayerCase.All)
        {
            using NormLayer<float> layer = c.MakeTrained(place.Device);
            Tensor<float> x = place.Put(LayerCase.Random("x"));
            Assert.IsTrue(Read(place, layer).All(gradient => gradient.All(value => value == 0)), c.Name);
            float[][] once = Backward(place, c, layer, x).OfParameters;
            Tensor<float> dy = place.Put(LayerCase.Random("dy"));
            Tensor<float> dx = place.Put(new float[LayerCase.Count]);
            c.Backward(place, layer, dy, x, dx);
            // The first pass has added them to zeros; and twice a number is exact.
            foreach ((float[] sum, float[] gradient) in Read(place, layer).Zip(once))
            {
                CollectionAssert.AreEqual(gradient.Select(value => 2 * value).ToArray(), sum, c.Name);
                Assert.IsTrue(gradient.Any(value => value != 0), c.Name);
            }

            place.ZeroGradients(layer);
            Assert.IsTrue(Read(place, layer).All(gradient => gradient.All(value => value == 0)), c.Name);
            Assert.HasCount(layer.Parameters.Count, layer.ParameterGradients);
            CollectionAssert.AreEqual(
                layer.Parameters.Select(parameter => parameter.Gradient).ToArray(), layer.ParameterGradients.ToArray());
        }
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Outputs_may_take_the_place_of_inputs(bool onDevice)
    {
        using Place<float> place = Place<float>.Create(onDevice);
        foreach (LayerCase c in LayerCase.All)
        {
            using NormLayer<float> layer = c.MakeTrained(place.Device);
            Tensor<float> x = place.Put(LayerCase.Random("x"));
            float[] y = Forward(place, c, layer, x);
            Gradients apart = Backward(place, c, layer, x);
            Tensor<float> dy = place.Put(LayerCase.Random("dy"));
            Tensor<float> same = place.Put(LayerCase.Random("x"));
            c.Backward(place, layer, dy, same, dy);
            if (c.Name != "WeightNorm")
            {
                CollectionAssert.AreEqual(apart.Dx, place.Get(dy), c.Name);
            }

            c.Forward(place, layer, same, same);
            if (!c.Name.Contains("running", StringComparison.Ordinal))
            {
                CollectionAssert.AreEqual(y, place.Get(same), c.Name);
            }
        }
    }

    [TestMethod]
    public void A_layer_on_a_device_takes_no_spans()
    {
        using Place<float> place = Place<float>.Create(onDevice: true);
        using Place<float> host = Place<float>.Create(onDevice: false);
        foreach (LayerCase c in LayerCase.All)
        {
            using NormLayer<float> layer = c.Make(place.Device);
            Refused(host, c, layer, $"on device {place.Device!.Index} ({place.Device.Name})", "stream");
            foreach (LayerTensor<float> parameter in layer.Parameters)
            {
                InvalidOperationException e = Assert.ThrowsExactly<InvalidOperationException>(() => _ = parameter.Span);
                Assert.Contains("on device 0", e.Message);
            }
        }
    }

    [TestMethod]
    public void A_layer_in_memory_takes_no_device_buffers()
    {
        using Place<float> place = Place<float>.Create(onDevice: true);
        foreach (LayerCase c in LayerCase.All)
        {
            using NormLayer<float> layer = c.Make(null);
            Refused(place, c, layer, "in the computer's memory", "spans");
            foreach (LayerTensor<float> parameter in layer.Parameters)
            {
                InvalidOperationException e =
                    Assert.ThrowsExactly<InvalidOperationException>(() => _ = parameter.Buffer);
                Assert.Contains("in the computer's memory", e.Message);
            }
        }
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void A_disposed_layer_says_so(bool onDevice)
    {
        using Place<float> place = Place<float>.Create(onDevice);
        foreach (LayerCase c in LayerCase.All)
        {
            NormLayer<float> layer = c.Make(place.Device);
            Tensor<float> x = place.Put(LayerCase.Random("x"));
            _ = Forward(place, c, layer, x);
            layer.Dispose();
            layer.Dispose();
            Tensor<float> y = place.Put(new float[LayerCase.Count]);
            Action[] calls =
            [
                () => c.Forward(place, layer, x, y), () => c.Backward(place, layer, x, x, y),
                () => place.ZeroGradients(layer), () => layer.Save(new ParameterFileWriter()),
            ];
            foreach (Action call in calls)
            {
                _ = Assert.ThrowsExactly<ObjectDisposedException>(call, c.Name);
            }

            foreach (LayerTensor<float> parameter in layer.Parameters)
            {
                _ = Assert.ThrowsExactly<ObjectDisposedException>(() => parameter.ToArray(), c.Name);
            }
        }
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void A_refused_call_changes_nothing_and_the_layer_goes_on(bool onDevice)
    {
        using Place<float> place = Place<float>.Create(onDevice);
        foreach (LayerCase c in LayerCase.All)
        {
            using NormLayer<float> layer = c.MakeTrained(place.Device);
            Tensor<float> x = place.Put(LayerCase.Random("x"));
            Tensor<float> y = place.Put(new float[LayerCase.Count]);
            Tensor<float> tooShort = place.Put(new float[LayerCase.Count - 1]);
            float[] before = Forward(place, c, layer, x);
            Gradients gradients = Backward(place, c, layer, x);
            float[][] state = State(layer);
            place.ZeroGradients(layer);
            Assert.IsInstanceOfType<ArgumentException>(
                Assert.Throws<ArgumentException>(() => c.Forward(place, layer, x, tooShort), c.Name));
            _ = Assert.Throws<ArgumentException>(() => c.Backward(place, layer, tooShort, x, y), c.Name);
            Assert.IsTrue(Read(place, layer).All(gradient => gradient.All(value => value == 0)), c.Name);
            Assert.IsTrue(place.Get(y).All(value => value == 0), c.Name);
            foreach ((float[] now, float[] then) in State(layer).Zip(state))
            {
                CollectionAssert.AreEqual(then, now, c.Name);
            }

            CollectionAssert.AreEqual(before, Forward(place, c, layer, x), c.Name);
            gradients.AssertEqual(Backward(place, c, layer, x), c.Name);
        }
    }

    [TestMethod]
    public void Streams_of_other_layers_and_null_are_refused()
    {
        using Place<float> place = Place<float>.Create(onDevice: true);
        using RmsNormLayer<float> layer = new([5], device: place.Device);
        Tensor<float> x = place.Put(new float[10]);
        _ = Assert.ThrowsExactly<ArgumentNullException>(() => layer.Forward(null!, x.Buffer, x.Buffer));
        Assert.AreEqual(
            "x",
            Assert.ThrowsExactly<ArgumentNullException>(() => layer.Forward(place.Stream!, null!, x.Buffer)).ParamName);
        Assert.AreEqual(
            "y",
            Assert.ThrowsExactly<ArgumentNullException>(() => layer.Forward(place.Stream!, x.Buffer, null!)).ParamName);
        using DeviceStream disposed = new();
        disposed.Dispose();
        _ = Assert.ThrowsExactly<ObjectDisposedException>(() => layer.Forward(disposed, x.Buffer, x.Buffer));
    }

    // Whether a forward pass in inference is another function than in training.
    private static bool DependsOnMode(LayerCase c) =>
        c.Name is "BatchNorm" or "BatchNorm of the average" or "InstanceNorm with running statistics";

    private static float[] Forward(Place<float> place, LayerCase c, NormLayer<float> layer, Tensor<float> x)
    {
        Tensor<float> y = place.Put(new float[LayerCase.Count]);
        c.Forward(place, layer, x, y);
        return place.Get(y);
    }

    // Of one backward pass alone.
    private static Gradients Backward(Place<float> place, LayerCase c, NormLayer<float> layer, Tensor<float> x)
    {
        Tensor<float> dy = place.Put(LayerCase.Random("dy"));
        Tensor<float> dx = place.Put(new float[LayerCase.Count]);
        place.ZeroGradients(layer);
        c.Backward(place, layer, dy, x, dx);
        return new(place.Get(dx), Read(place, layer));
    }

    private static float[][] Read(Place<float> place, NormLayer<float> layer) =>
        [.. layer.ParameterGradients.Select(gradient => gradient.ToArray(place.Stream))];

    private static float[][] State(NormLayer<float> layer) =>
        [.. layer.State.OfType<LayerTensor<float>>().Select(tensor => tensor.ToArray())];

    private static void Refused(Place<float> place, LayerCase c, NormLayer<float> layer, params string[] fragments)
    {
        Tensor<float> x = place.Put(LayerCase.Random("x"));
        Tensor<float> y = place.Put(new float[LayerCase.Count]);
        Action[] calls =
        [
            () => c.Forward(place, layer, x, y), () => c.Backward(place, layer, x, x, y),
            () => place.ZeroGradients(layer),
        ];
        foreach (Action call in calls)
        {
            InvalidOperationException e = Assert.ThrowsExactly<InvalidOperationException>(call, c.Name);
            fragments.ToList().ForEach(fragment => Assert.Contains(fragment, e.Message));
        }

        Assert.IsTrue(place.Get(y).All(value => value == 0), c.Name);
    }

    private sealed record Gradients(float[] Dx, float[][] OfParameters)
    {
        public void AssertEqual(Gradients other, string message)
        {
            CollectionAssert.AreEqual(Dx, other.Dx, message);
            for (int i = 0; i < OfParameters.Length; i++)
            {
                CollectionAssert.AreEqual(OfParameters[i], other.OfParameters[i], message);
            }
        }
    }
}
