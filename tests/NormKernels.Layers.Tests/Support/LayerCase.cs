using System;
using System.Collections.Generic;
using System.Linq;

using NormKernels.Cuda;
using NormKernels.Tests.Support;

namespace NormKernels.Layers.Tests.Support;

/// <summary>A kind of layer and how it is called, for what has to hold of all of them.</summary>
/// <param name="Name">What messages call it.</param>
/// <param name="Make">Makes a layer.</param>
/// <param name="Forward">x, y.</param>
/// <param name="Backward">dy, x, dx.</param>
internal sealed record LayerCase(
    string Name,
    Func<CudaDevice?, NormLayer<float>> Make,
    Action<Place<float>, NormLayer<float>, Tensor<float>, Tensor<float>> Forward,
    Action<Place<float>, NormLayer<float>, Tensor<float>, Tensor<float>, Tensor<float>> Backward)
{
    /// <summary>How many elements tensors have.</summary>
    public const int Count = Batch * Channels * Spatial;

    private const int Batch = 4;

    private const int Channels = 6;

    private const int Spatial = 5;

    private static readonly ChannelShape _channels = new(Batch, Channels, Spatial);

    private static readonly AxisShape _axis = AxisShape.Of([Batch, Channels, Spatial], 1);

    public static IReadOnlyList<LayerCase> All { get; } =
    [
        OfRows("LayerNorm", device => new LayerNormLayer<float>([Channels, Spatial], device: device)),
        OfRows(
            "LayerNorm without parameters",
            device => new LayerNormLayer<float>([Spatial], affine: false, device: device)),
        OfRows("RmsNorm", device => new RmsNormLayer<float>([Spatial], bias: true, device: device)),
        OfRows(
            "RmsNorm of differences from 1",
            device => new RmsNormLayer<float>([Spatial], zeroCentered: true, device: device)),
        OfSums("LayerNorm of a sum", device => new LayerNormLayer<float>([Spatial], device: device)),
        OfSums("RmsNorm of a sum", device => new RmsNormLayer<float>([Spatial], device: device)),
        OfChannels("GroupNorm", device => new GroupNormLayer<float>(3, Channels, device: device)),
        OfChannels(
            "GroupNorm without parameters",
            device => new GroupNormLayer<float>(2, Channels, affine: false, device: device)),
        OfChannels("InstanceNorm", device => new InstanceNormLayer<float>(Channels, affine: true, device: device)),
        OfChannels(
            "InstanceNorm with running statistics",
            device => new InstanceNormLayer<float>(
                Channels, affine: true, trackRunningStatistics: true, device: device)),
        OfChannels("BatchNorm", device => new BatchNormLayer<float>(Channels, device: device)),
        OfChannels(
            "BatchNorm of the average",
            device => new BatchNormLayer<float>(Channels, momentum: null, device: device)),
        OfChannels(
            "BatchNorm without running statistics",
            device => new BatchNormLayer<float>(Channels, trackRunningStatistics: false, device: device)),
        new(
            "L2Normalize",
            device => new L2NormalizeLayer<float>(device: device),
            (place, layer, x, y) => place.Forward((L2NormalizeLayer<float>)layer, x, y, _axis),
            (place, layer, dy, x, dx) => place.Backward((L2NormalizeLayer<float>)layer, dy, x, dx, _axis)),
        new(
            "WeightNorm",
            device => new WeightNormParametrization<float>([Batch, Channels, Spatial], axis: 1, device: device),
            (place, layer, _, y) => place.Forward((WeightNormParametrization<float>)layer, y),
            (place, layer, dy, _, _) => place.Backward((WeightNormParametrization<float>)layer, dy)),
    ];

    /// <summary>Those whose backward pass depends on what a forward pass has seen.</summary>
    public static IEnumerable<LayerCase> WithStatistics =>
        All.Where(c => c.Name is not ("L2Normalize" or "WeightNorm"));

    public static float[] Random(string seed, int count = Count) =>
        [.. new RandomData(seed).Normals(count).Select(value => (float)value)];

    public override string ToString() => Name;

    /// <summary>A layer whose parameters are not the ones it starts with.</summary>
    public NormLayer<float> MakeTrained(CudaDevice? device)
    {
        NormLayer<float> layer = Make(device);
        foreach (LayerTensor<float> parameter in layer.Parameters)
        {
            parameter.CopyFrom(Random($"{Name} {parameter.Name}", (int)parameter.Count));
        }

        return layer;
    }

    private static LayerCase OfRows(string name, Func<CudaDevice?, RowNormLayer<float>> make) => new(
        name,
        make,
        (place, layer, x, y) => place.Forward((RowNormLayer<float>)layer, x, y),
        (place, layer, dy, x, dx) => place.Backward((RowNormLayer<float>)layer, dy, x, dx));

    // The sum of x and zeros, which is x: so the backward pass gets the h of the forward pass.
    private static LayerCase OfSums(string name, Func<CudaDevice?, RowNormLayer<float>> make) => new(
        name,
        make,
        (place, layer, x, y) => place.AddForward(
            (RowNormLayer<float>)layer, x, place.Keep("zeros", Zeros), place.Keep("h", Zeros), y),
        (place, layer, dy, x, dx) => place.AddBackward((RowNormLayer<float>)layer, dy, dy, x, dx));

    private static float[] Zeros() => new float[Count];

    private static LayerCase OfChannels(string name, Func<CudaDevice?, ChannelNormLayer<float>> make) => new(
        name,
        make,
        (place, layer, x, y) => place.Forward((ChannelNormLayer<float>)layer, x, y, _channels),
        (place, layer, dy, x, dx) => place.Backward((ChannelNormLayer<float>)layer, dy, x, dx, _channels));
}
