using System.Numerics.Tensors;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using static NormKernels.Tensors.Tests.Refusal;

namespace NormKernels.Tensors.Tests;

/// <summary>Norms over channels, first or last in memory.</summary>
[TestClass]
public sealed class ChannelTensorsTests
{
    private const int Batch = 2, Channels = 6, Height = 3, Width = 5;
    private const int Count = Batch * Channels * Height * Width;

    private static readonly nint[] _lengths = [Batch, Channels, Height, Width];

    // What PyTorch calls channels_last: NCHW whose memory is NHWC.
    private static readonly nint[] _channelsLast = [Channels * Height * Width, 1, Width * Channels, Channels];

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Strides_say_where_the_channels_lie(bool last)
    {
        ChannelShape shape = new(
            Batch, Channels, Height * Width, last ? ChannelLayout.ChannelsLast : ChannelLayout.ChannelsFirst);
        float[] x = Data.Random<float>(Count, 1), dy = Data.Random<float>(Count, 2), weight = Data.Random<float>(Channels, 3);
        float[] y = new float[Count], dx = new float[Count], dweight = new float[Channels];
        float[] expected = new float[Count], expectedDweight = new float[Channels];
        float[] runningMean = Data.Random<float>(Channels, 4), runningVar = [1, 2, 3, 4, 5, 6];
        ReadOnlyTensorSpan<float> xTensor = Tensor(x, last), dyTensor = Tensor(dy, last), scale = weight;
        TensorSpan<float> yTensor = Tensor(y, last), dxTensor = Tensor(dx, last);

        GroupNorm.Forward(x, expected, shape, 3, weight);
        GroupNorm.Forward(xTensor, yTensor, 3, scale);
        CollectionAssert.AreEqual(expected, y);
        GroupNorm.Backward(dy, x, expected, shape, 3, weight, dweight: expectedDweight);
        GroupNorm.Backward(dyTensor, xTensor, dxTensor, 3, scale, dweight: dweight);
        CollectionAssert.AreEqual(expected, dx);
        CollectionAssert.AreEqual(expectedDweight, dweight);

        InstanceNorm.Forward(x, expected, shape, weight);
        InstanceNorm.Forward(xTensor, yTensor, scale);
        CollectionAssert.AreEqual(expected, y);
        InstanceNorm.Backward(dy, x, expected, shape, weight);
        InstanceNorm.Backward(dyTensor, xTensor, dxTensor, scale);
        CollectionAssert.AreEqual(expected, dx);

        BatchNorm.Forward(x, expected, shape, weight);
        BatchNorm.Forward(xTensor, yTensor, scale);
        CollectionAssert.AreEqual(expected, y);
        BatchNorm.Backward(dy, x, expected, shape, weight);
        BatchNorm.Backward(dyTensor, xTensor, dxTensor, scale);
        CollectionAssert.AreEqual(expected, dx);

        float[] mean = new float[Channels], rstd = new float[Channels];
        float[] expectedMean = new float[Channels], expectedRstd = new float[Channels];
        BatchNorm.Statistics<float>(x, shape, expectedMean, expectedRstd);
        BatchNorm.Statistics(xTensor, mean, rstd);
        CollectionAssert.AreEqual(expectedMean, mean);
        CollectionAssert.AreEqual(expectedRstd, rstd);

        BatchNorm.Inference(x, expected, shape, runningMean, runningVar, weight);
        BatchNorm.Inference(xTensor, yTensor, runningMean, runningVar, scale);
        CollectionAssert.AreEqual(expected, y);
        InstanceNorm.Inference(xTensor, yTensor, runningMean, runningVar, scale);
        CollectionAssert.AreEqual(expected, y);
    }

    [TestMethod]
    public void What_lies_otherwise_is_refused_by_name()
    {
        float[] x = Data.Random<float>(2 * Count, 1), y = new float[2 * Count];
        Refused("y", "has its channels last, x has them first", () =>
            GroupNorm.Forward(Tensor(x, last: false), Tensor(y, last: true), 3));
        // Every other place of a wider image.
        nint[] wider = [2 * Channels * Height * Width, 2 * Height * Width, 2 * Width, 2];
        Refused("x", "neither its last axis nor its channels", () =>
            GroupNorm.Forward(new ReadOnlyTensorSpan<float>(x, _lengths, wider), Tensor(y, last: false), 3));
        Refused("y", "it should be [2, 6, 3, 5]", () =>
            GroupNorm.Forward(Tensor(x, last: false), new TensorSpan<float>(y, [2, 6, 15]), 3));
        Refused("x", "no axes for a batch and for channels", () =>
            GroupNorm.Forward(new ReadOnlyTensorSpan<float>(x, [6]), new TensorSpan<float>(y, [6]), 3));
        Refused("bias", "[5], it should be [6]", () =>
            BatchNorm.Forward(Tensor(x, last: false), Tensor(y, last: false), bias: new ReadOnlyTensorSpan<float>(x, [5])));
        CollectionAssert.AreEqual(new float[2 * Count], y);
    }

    private static TensorSpan<float> Tensor(float[] values, bool last) =>
        last ? new TensorSpan<float>(values, _lengths, _channelsLast) : new TensorSpan<float>(values, _lengths, []);
}
