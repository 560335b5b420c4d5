using System;
using System.Collections.Generic;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Cli.CaseSets;
using NormKernels.Cli.Tests;
using NormKernels.Cuda.Tests.Support;
using NormKernels.Layers.Tests.Support;

namespace NormKernels.Layers.Tests;

/// <summary>
/// Layers against the golden cases, in both places: state loaded from a file, forward, backward, running statistics.
/// </summary>
[TestClass]
public sealed class GoldenTests : DeviceTests
{
    public static IEnumerable<object[]> Operators =>
    [
        ["layer_norm", 37], ["rms_norm", 41], ["add_layer_norm", 35], ["add_rms_norm", 35], ["group_norm", 27],
        ["instance_norm", 17], ["batch_norm_train", 26], ["batch_norm_inference", 14], ["batch_norm_stateless", 9],
        ["weight_norm", 19], ["l2_normalize", 43],
    ];

    [TestMethod]
    [DynamicData(nameof(Operators))]
    public void In_memory(string op, int cases) => Run(op, cases, onDevice: false);

    [TestMethod]
    [DynamicData(nameof(Operators))]
    public void On_a_device(string op, int cases) => Run(op, cases, onDevice: true);

    private static void Run(string op, int cases, bool onDevice)
    {
        List<string> wrong = [];
        HashSet<string> ran = [];
        foreach ((NormCase normCase, CaseDtype dtype) in GoldenSet.Of(op))
        {
            wrong.AddRange(dtype switch
            {
                CaseDtype.Float32 => new GoldenRun<float>(normCase, onDevice).Run(),
                CaseDtype.Float16 => new GoldenRun<Half>(normCase, onDevice).Run(),
                _ => new GoldenRun<BFloat16>(normCase, onDevice).Run(),
            });
            _ = ran.Add(normCase.Id);
        }

        Assert.HasCount(cases, ran);
        Assert.IsEmpty(wrong, string.Join('\n', wrong.Take(10)));
    }

    private sealed class GoldenRun<T>(NormCase normCase, bool onDevice)
        where T : unmanaged
    {
        private readonly List<string> _wrong = [];
        private readonly Place<T> _place = Place<T>.Create(onDevice);

        // What tensors take no part in, but have the size of.
        private readonly int _count = (int)normCase.Tensors[0].Shape.Aggregate(1L, (product, axis) => product * axis);

        private double Epsilon => normCase.Attributes.GetDouble("eps");

        private string Affine => normCase.Attributes.GetString("affine");

        private bool HasWeight => Affine is "weight" or "weight_bias";

        private bool HasBias => Affine is "weight_bias";

        private long Channels => Shape.Channels;

        private ChannelShape Shape => normCase.Attributes.GetString("layout") switch
        {
            ['N', 'C', ..] => ChannelShape.Of(normCase.ShapeOf("x")),
            ['N', ..] => ChannelShape.Of(normCase.ShapeOf("x"), ChannelLayout.ChannelsLast),
            _ => ChannelShape.Of([1, .. normCase.ShapeOf("x")]),
        };

        public List<string> Run()
        {
            using (_place)
            {
                using NormLayer<T> layer = Make();
                Load(layer);
                switch (layer)
                {
                    case RowNormLayer<T> rows when normCase.Op.StartsWith("add_", StringComparison.Ordinal):
                        RunSum(rows);
                        break;
                    case RowNormLayer<T> rows:
                        RunPlain((x, y) => _place.Forward(rows, x, y), (dy, x, dx) => _place.Backward(rows, dy, x, dx));
                        break;
                    case ChannelNormLayer<T> channels:
                        RunPlain(
                            (x, y) => _place.Forward(channels, x, y, Shape),
                            (dy, x, dx) => _place.Backward(channels, dy, x, dx, Shape));
                        break;
                    case L2NormalizeLayer<T> normalize:
                        var axis = AxisShape.Of(normCase.ShapeOf("x"), (int)normCase.Attributes.GetLong("dim"));
                        RunPlain(
                            (x, y) => _place.Forward(normalize, x, y, axis),
                            (dy, x, dx) => _place.Backward(normalize, dy, x, dx, axis));
                        break;
                    default:
                        RunWeight((WeightNormParametrization<T>)layer);
                        break;
                }

                CheckState(layer);
                return _wrong;
            }
        }

        private NormLayer<T> Make() => normCase.Op switch
        {
            "layer_norm" or "add_layer_norm" => new LayerNormLayer<T>(
                normCase.Attributes.GetLongs("normalized_shape"), Epsilon, HasWeight, HasBias, _place.Device),
            "rms_norm" or "add_rms_norm" => new RmsNormLayer<T>(
                normCase.Attributes.GetLongs("normalized_shape"), Epsilon, HasWeight, HasBias,
                normCase.Attributes.GetBool("zero_centered", false), _place.Device),
            "group_norm" => new GroupNormLayer<T>(
                normCase.Attributes.GetLong("num_groups"), Channels, Epsilon, HasWeight, HasBias, _place.Device),
            "instance_norm" => new InstanceNormLayer<T>(
                Channels, Epsilon, normCase.Attributes.GetDouble("momentum", 0.1), HasWeight, HasBias,
                normCase.Attributes.Has("momentum"), _place.Device),
            "batch_norm_train" => new BatchNormLayer<T>(
                Channels, Epsilon, normCase.Attributes.GetOptionalDouble("momentum"), HasWeight, HasBias,
                normCase.Attributes.GetBool("track_running_stats"), _place.Device),
            "batch_norm_inference" => new BatchNormLayer<T>(
                Channels, Epsilon, affine: HasWeight, bias: HasBias, device: _place.Device)
            {
                IsTraining = false,
            },
            "batch_norm_stateless" => new BatchNormLayer<T>(
                Channels, Epsilon, affine: HasWeight, bias: HasBias, trackRunningStatistics: false,
                device: _place.Device),
            "l2_normalize" => new L2NormalizeLayer<T>(normCase.Attributes.GetDouble("p"), Epsilon, _place.Device),
            "weight_norm" => new WeightNormParametrization<T>(
                normCase.ShapeOf("v"), (int?)normCase.Attributes.GetOptionalLong("dim"), Epsilon,
                device: _place.Device),
            _ => throw new ArgumentOutOfRangeException(normCase.Op),
        };

        // As float64, so that every type has to be converted to.
        private void Load(NormLayer<T> layer)
        {
            ParameterFileWriter writer = new();
            string[] names = ["weight", "bias", "running_mean", "running_var"];
            foreach (string name in names.Where(name => normCase.Find(name) is not null))
            {
                writer.Add<double>($"norm.{name}", normCase.Read<double>(name), normCase.ShapeOf(name));
            }

            if (layer is WeightNormParametrization<T>)
            {
                writer.Add<double>("norm.weight_g", normCase.Read<double>("g"), normCase.ShapeOf("g"));
                writer.Add<double>("norm.weight_v", normCase.Read<double>("v"), normCase.ShapeOf("v"));
            }

            if (normCase.Attributes.GetOptionalLong("num_batches_tracked") is { } batches
                && layer is BatchNormLayer<T> { RunningMean: not null })
            {
                writer.Add<long>("norm.num_batches_tracked", [batches]);
            }

            using TempDirectory temp = new();
            string path = temp.PathOf("case.safetensors");
            writer.Write(path);
            using ParameterFile file = ParameterFile.Open(path);
            layer.Load(file, "norm.");
        }

        private void RunPlain(
            Action<Tensor<T>, Tensor<T>> forward, Action<Tensor<T>, Tensor<T>, Tensor<T>> backward)
        {
            Tensor<T> x = _place.Put(normCase.Read<T>("x"));
            Tensor<T> y = _place.Put(new T[_count]);
            Tensor<T> dy = _place.Put(normCase.Read<T>("ct_y"));
            Tensor<T> dx = _place.Put(new T[_count]);
            forward(x, y);
            backward(dy, x, dx);
            Check("y", _place.Get(y));
            Check("dx", _place.Get(dx));
        }

        private void RunSum(RowNormLayer<T> layer)
        {
            Tensor<T> x = _place.Put(normCase.Read<T>("x"));
            Tensor<T> residual = _place.Put(normCase.Read<T>("residual"));
            Tensor<T> h = _place.Put(new T[_count]);
            Tensor<T> y = _place.Put(new T[_count]);
            Tensor<T> dy = _place.Put(normCase.Read<T>("ct_y"));
            Tensor<T> dh = _place.Put(normCase.Read<T>("ct_h"));
            Tensor<T> dx = _place.Put(new T[_count]);
            _place.AddForward(layer, x, residual, h, y);
            _place.AddBackward(layer, dy, dh, h, dx);
            Check("h", _place.Get(h));
            Check("y", _place.Get(y));
            Check("dx", _place.Get(dx));
            Check("dresidual", _place.Get(dx));
        }

        private void RunWeight(WeightNormParametrization<T> layer)
        {
            Tensor<T> w = _place.Put(new T[_count]);
            Tensor<T> dw = _place.Put(normCase.Read<T>("ct_w"));
            _place.Forward(layer, w);
            _place.Backward(layer, dw);
            Check("w", _place.Get(w));
            Check("dg", layer.G.Gradient!.ToArray(_place.Stream));
            // The gradient is added up in float32 but comes out of the kernel in the type of v.
            T[] dv = new T[_count];
            Cli.Operations.Elements.Convert(
                Cli.Operations.Elements.ToDoubles<float>(layer.V.Gradient!.ToArray(_place.Stream)), dv.AsSpan());
            Check("dv", dv);
        }

        private void CheckState(NormLayer<T> layer)
        {
            foreach (LayerTensor<T> parameter in layer.Parameters.Where(p => p.Name is "weight" or "bias"))
            {
                Check($"d{parameter.Name}", parameter.Gradient!.ToArray(_place.Stream));
            }

            foreach (LayerTensor<float> statistic in layer.State.OfType<LayerTensor<float>>()
                .Where(tensor => normCase.Find($"{tensor.Name}_out") is not null))
            {
                Check($"{statistic.Name}_out", statistic.ToArray(_place.Stream));
            }

            if (normCase.Op == "batch_norm_train" && layer is BatchNormLayer<T> { RunningMean: not null } batch
                && batch.NumBatchesTracked != normCase.Attributes.GetLong("num_batches_tracked_out"))
            {
                _wrong.Add($"{normCase.Id}: counts {batch.NumBatchesTracked} batches");
            }
        }

        private void Check<TResult>(string name, TResult[] actual)
            where TResult : unmanaged
        {
            if (GoldenSet.Check(normCase, name, actual) is { } problem)
            {
                _wrong.Add(problem);
            }
        }
    }
}
