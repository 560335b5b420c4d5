using System;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Cli.Tests;
using NormKernels.Cuda.Tests.Support;
using NormKernels.Layers.Tests.Support;

namespace NormKernels.Layers.Tests.Files;

/// <summary>Layers out of files and into them.</summary>
[TestClass]
public sealed class StateTests : DeviceTests, IDisposable
{
    private readonly TempDirectory _temp = new();

    [TestMethod]
    [DataRow(false, "x.safetensors")]
    [DataRow(false, "x.npz")]
    [DataRow(true, "x.safetensors")]
    [DataRow(true, "x.npz")]
    public void Every_layer_is_saved_and_loaded(bool onDevice, string name)
    {
        using Place<float> place = Place<float>.Create(onDevice);
        foreach (LayerCase c in LayerCase.All)
        {
            using NormLayer<float> layer = c.MakeTrained(place.Device);
            Tensor<float> x = place.Put(LayerCase.Random("x"));
            Tensor<float> y = place.Put(new float[LayerCase.Count]);
            Tensor<float> z = place.Put(new float[LayerCase.Count]);
            // Running statistics of three batches.
            c.Forward(place, layer, x, y);
            c.Forward(place, layer, y, y);
            c.Forward(place, layer, x, y);
            ParameterFileWriter writer = new();
            layer.Save(writer, "model.norm.");
            CollectionAssert.AreEqual(
                layer.State.Select(tensor => "model.norm." + tensor.Name).ToArray(), writer.Names.ToArray());
            using NormLayer<float> other = c.Make(place.Device);
            using ParameterFile file = Write(writer, name);
            other.Load(file, "model.norm.");
            foreach ((LayerTensor saved, LayerTensor loaded) in layer.State.Zip(other.State))
            {
                if (saved is LayerTensor<float> tensor)
                {
                    CollectionAssert.AreEqual(
                        tensor.ToArray(), ((LayerTensor<float>)loaded).ToArray(), $"{c} {saved.Name}");
                }
            }

            if (layer is BatchNormLayer<float> { RunningMean: not null })
            {
                Assert.AreEqual(3, ((BatchNormLayer<float>)other).NumBatchesTracked);
            }

            layer.IsTraining = other.IsTraining = false;
            c.Forward(place, layer, x, y);
            c.Forward(place, other, x, z);
            CollectionAssert.AreEqual(place.Get(y), place.Get(z), c.Name);
        }
    }

    [TestMethod]
    public void The_norms_of_a_checkpoint_load_by_name()
    {
        ParameterFileWriter writer = new();
        foreach (int number in (int[])[0, 1, 10])
        {
            writer.Add<BFloat16>(
                $"model.layers.{number}.input_layernorm.weight", [.. Enumerable.Repeat((BFloat16)(number + 2f), 4)], 4);
        }

        writer.Add<BFloat16>("model.layers.1.mlp.down_proj.weight", new BFloat16[8], 2, 4);
        // A prefix is at the beginning.
        writer.Add<BFloat16>("teacher.model.layers.1.input_layernorm.bias", new BFloat16[4], 4);
        using ParameterFile file = Write(writer);
        using RmsNormLayer<float> layer = new([4], 1e-6);
        layer.Load(file, "model.layers.10.input_layernorm.");
        Assert.IsTrue(layer.Weight!.Span.ToArray().All(value => value == 12));
        layer.Load(file, "model.layers.1.input_layernorm.");
        Assert.IsTrue(layer.Weight!.Span.ToArray().All(value => value == 3));
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Every_problem_is_named_and_nothing_is_changed(bool onDevice)
    {
        using Place<float> place = Place<float>.Create(onDevice);
        ParameterFileWriter writer = new();
        writer.Add<float>("n.weight", [7, 7, 7], 3);
        writer.Add<float>("n.running_mean", [7, 7], 2);
        writer.Add<float>("n.running_var", [7, 7], 1, 2);
        writer.Add<float>("n.gamma", [7, 7], 2);
        writer.Add<float>("n.inner.weight", [7, 7], 2);
        writer.Add<float>("nn.weight", [7, 7], 2);
        using ParameterFile file = Write(writer);
        using BatchNormLayer<float> layer = new(2, device: place.Device);
        OneLine.Refused(
            () => layer.Load(file, "n."), file.Path, "'n.weight' has the shape '[3]', the layer [2]",
            "'n.running_var' has the shape '[1, 2]', the layer [2]", "missing: 'n.bias'",
            "unexpected: 'n.gamma', 'n.inner.weight'");
        OneLine.Refused(() => layer.Load(file, "n.", strict: false), "'n.weight' has the shape '[3]', the layer [2]");
        OneLine.Refused(
            () => layer.Load(file), "missing: 'weight', 'bias', 'running_mean', 'running_var'; unexpected: ");
        OneLine.Refused(() => layer.Load(file, "m."), "missing: 'm.weight'");
        Assert.IsTrue(layer.Weight!.ToArray().All(value => value == 1));
        Assert.IsTrue(layer.RunningMean!.ToArray().All(value => value == 0));
    }

    [TestMethod]
    public void What_is_missing_keeps_its_value_where_that_is_allowed()
    {
        ParameterFileWriter writer = new();
        writer.Add<float>("n.weight", [7, 8], 2);
        writer.Add<float>("n.other", [7, 8, 9], 3);
        using ParameterFile file = Write(writer);
        using LayerNormLayer<float> layer = new([2]);
        layer.Bias!.Span.Fill(5);
        layer.Load(file, "n.", strict: false);
        CollectionAssert.AreEqual((float[])[7, 8], layer.Weight!.Span.ToArray());
        CollectionAssert.AreEqual((float[])[5, 5], layer.Bias.Span.ToArray());
    }

    [TestMethod]
    public void Old_checkpoints_count_no_batches()
    {
        using BatchNormLayer<float> layer = new(1, affine: false);
        foreach ((long? batches, long expected) in ((long?, long)[])[(3, 3), (null, 3), (0, 0)])
        {
            ParameterFileWriter writer = new();
            writer.Add<float>("running_mean", [1], 1);
            writer.Add<float>("running_var", [2], 1);
            if (batches is { } count)
            {
                writer.Add<long>("num_batches_tracked", [count]);
            }

            using ParameterFile file = Write(writer);
            layer.Load(file);
            Assert.AreEqual(expected, layer.NumBatchesTracked);
        }
    }

    [TestMethod]
    public void A_counter_has_to_count()
    {
        using BatchNormLayer<float> layer = new(1, affine: false);
        Action<ParameterFileWriter>[] counters =
        [
            writer => writer.Add<long>("num_batches_tracked", [-1]),
            writer => writer.Add<float>("num_batches_tracked", [1]),
            writer => writer.Add<long>("num_batches_tracked", [1], 1),
        ];
        foreach (Action<ParameterFileWriter> add in counters)
        {
            ParameterFileWriter writer = new();
            writer.Add<float>("running_mean", [1], 1);
            writer.Add<float>("running_var", [2], 1);
            add(writer);
            using ParameterFile file = Write(writer);
            OneLine.Refused(() => layer.Load(file), "num_batches_tracked");
            Assert.AreEqual(0f, layer.RunningMean!.Span[0]);
        }
    }

    [TestMethod]
    public void Integers_are_no_weights()
    {
        ParameterFileWriter writer = new();
        writer.Add<float>("weight", [7], 1);
        writer.Add<long>("bias", [7], 1);
        using ParameterFile file = Write(writer);
        using LayerNormLayer<float> layer = new([1]);
        OneLine.Refused(() => layer.Load(file), "'bias'", "'I64'");
        Assert.AreEqual(1f, layer.Weight!.Span[0]);
    }

    [TestMethod]
    [DataRow("linear.weight_g", "linear.weight_v", null)]
    [DataRow("linear.parametrizations.weight.original0", "linear.parametrizations.weight.original1", null)]
    [DataRow("linear.weight_g", "linear.parametrizations.weight.original1", null)]
    [DataRow("linear.weight_g", "linear.parametrizations.weight.original0", "is there twice, as 'linear.weight_g' too")]
    [DataRow("linear.weight_g", "linear.weight", "unexpected: 'linear.weight'")]
    [DataRow("linear.weight_g", "linear.weight_w", "missing: 'linear.parametrizations.weight.original1'")]
    [DataRow("linear.weight_g", "linear.parametrizations.weight.original2", "unexpected: ")]
    public void Weight_norm_has_an_old_name_and_a_new_one(string g, string v, string? problem)
    {
        ParameterFileWriter writer = new();
        writer.Add<float>(g, [7, 8], 2, 1);
        writer.Add<float>(v, [1, 2, 3, 4, 5, 6], 2, 3);
        // What the layer around it has is none of its business.
        writer.Add<float>("linear.bias", [1, 2], 2);
        using ParameterFile file = Write(writer);
        using WeightNormParametrization<float> layer = new([2, 3]);
        if (problem is null)
        {
            layer.Load(file, "linear.");
            Assert.AreEqual((8f, 6f), (layer.G.Span[1], layer.V.Span[5]));
        }
        else
        {
            OneLine.Refused(() => layer.Load(file, "linear."), problem);
            Assert.AreEqual(1f, layer.V.Span[5]);
        }
    }

    [TestMethod]
    public void Types_are_converted_when_loaded_and_kept_when_saved()
    {
        ParameterFileWriter writer = new();
        writer.Add<float>("weight", [1 / 3f], 1);
        writer.Add<double>("bias", [1 / 3.0], 1);
        using ParameterFile file = Write(writer);
        using LayerNormLayer<BFloat16> layer = new([1]);
        layer.Load(file);
        Assert.AreEqual((BFloat16)(1 / 3f), layer.Weight!.Span[0]);
        ParameterFileWriter again = new();
        layer.Save(again);
        using ParameterFile saved = Write(again, "again.safetensors");
        Assert.AreEqual("weight: BF16 [1]", saved.Describe("weight").ToString());
    }

    [TestMethod]
    public void Names_may_not_clash_and_arguments_not_be_null()
    {
        using LayerNormLayer<float> layer = new([1]);
        ParameterFileWriter writer = new();
        layer.Save(writer, "a.");
        _ = Assert.ThrowsExactly<ArgumentException>(() => layer.Save(writer, "a."));
        layer.Save(writer, "b.");
        using ParameterFile file = Write(writer);
        _ = Assert.ThrowsExactly<ArgumentNullException>(() => layer.Load(null!));
        _ = Assert.ThrowsExactly<ArgumentNullException>(() => layer.Load(file, null!));
        _ = Assert.ThrowsExactly<ArgumentNullException>(() => layer.Save(null!));
        _ = Assert.ThrowsExactly<ArgumentNullException>(() => layer.Save(writer, null!));
        file.Dispose();
        _ = Assert.ThrowsExactly<ObjectDisposedException>(() => layer.Load(file, "a."));
        LayerNormLayer<float> disposed = new([1]);
        disposed.Dispose();
        _ = Assert.ThrowsExactly<ObjectDisposedException>(() => disposed.Load(file, "a."));
    }

    public void Dispose() => _temp.Dispose();

    private ParameterFile Write(ParameterFileWriter writer, string name = "x.safetensors")
    {
        writer.Write(_temp.PathOf(name));
        return ParameterFile.Open(_temp.PathOf(name));
    }
}
