using System;
using System.Collections.Generic;

using ManagedCuda;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Cuda;
using NormKernels.Tests.Support;

namespace NormKernels.ManagedCuda.Tests;

/// <summary>The norms on ManagedCuda's types give the bits that they give on buffers.</summary>
[TestClass]
public sealed class NormTests : DeviceTests
{
    private const int Count = 2 * 4 * 6;

    private const int Scratch = 1 << 16;

    private static readonly RowShape _rows = new(8, 6);
    private static readonly ChannelShape _channels = new(2, 4, 6);
    private static readonly AxisShape _axis = new(2, 4, 6);

    private static readonly Dictionary<string, Norm> _norms = new()
    {
        ["layer_norm"] = (s, x, w, y, k) => Cuda.LayerNorm.Forward(s, x, y, _rows, w.Slice(0, 6)),
        ["rms_norm"] = (s, x, w, y, k) => Cuda.RmsNorm.Forward(s, x, y, _rows, w.Slice(0, 6)),
        ["rms_norm backward"] = (s, x, w, y, k) => Cuda.RmsNorm.Backward(s, w, x, y, _rows),
        ["rms_norm jvp"] = (s, x, w, y, k) => Cuda.RmsNorm.Jvp(s, w, x, y, _rows),
        ["group_norm"] =
            (s, x, w, y, k) => Cuda.GroupNorm.Forward(s, x, y, _channels, 2, w.Slice(0, 4), workspace: k),
        ["instance_norm"] =
            (s, x, w, y, k) => Cuda.InstanceNorm.Forward(s, x, y, _channels, w.Slice(0, 4), workspace: k),
        ["batch_norm"] = (s, x, w, y, k) => Cuda.BatchNorm.Forward(s, x, y, _channels, w.Slice(0, 4), workspace: k),
        ["axis_norm"] = (s, x, w, y, k) => Cuda.AxisNorm.Forward(s, x, y, _axis, w, workspace: k),
        ["l2_normalize"] = (s, x, w, y, k) => Cuda.L2Normalize.Forward(s, x, y, _axis, workspace: k),
        ["weight_norm"] = (s, x, w, y, k) => Cuda.WeightNorm.Forward(s, x, w.Slice(0, 4), y, _axis, workspace: k),
        ["vector_norm"] = (s, x, w, y, k) =>
            Cuda.VectorNorm.Forward(s, x, y.Slice(0, 12), ReductionShape.Of([2, 4, 6], 1), workspace: k),
        ["matrix_norm"] = (s, x, w, y, k) =>
            Cuda.MatrixNorm.Forward(s, x, y.Slice(0, 2), MatrixShape.Of([2, 4, 6]), workspace: k),
    };

    private delegate void Norm(
        DeviceStream stream,
        DeviceBuffer<float> x,
        DeviceBuffer<float> weight,
        DeviceBuffer<float> y,
        DeviceBuffer<byte> workspace);

    public static IEnumerable<string> Names => _norms.Keys;

    [TestMethod]
    [DynamicData(nameof(Names))]
    public void The_bits_are_the_same(string name)
    {
        RandomData random = new(name);
        float[] x = Floats(random), weight = Floats(random);
        float[] expected = new float[Count], actual = new float[Count];
        using DeviceStream stream = new();
        using DeviceBuffer<float> xs = new(Count, stream), weights = new(Count, stream), ys = new(Count, stream);
        using DeviceBuffer<byte> scratch = new(Scratch, stream);
        xs.CopyFrom(x, stream);
        weights.CopyFrom(weight, stream);
        ys.CopyFrom(new float[Count], stream);
        _norms[name](stream, xs, weights, ys, scratch);
        ys.CopyTo(expected, stream);
        CollectionAssert.AreNotEqual(new float[Count], expected);

        ys.CopyFrom(new float[Count], stream);
        using CudaStream theirs = stream.View();
        using CudaDeviceVariable<float> xv = xs.View(), weightsv = weights.View(), yv = ys.View();
        using CudaDeviceVariable<byte> scratchv = scratch.View();
        int device = stream.Device;
        _norms[name](
            theirs.View(device), xv.View(device), weightsv.View(device), yv.View(device), scratchv.View(device));
        ys.CopyTo(actual, stream);
        CollectionAssert.AreEqual(expected, actual);
    }

    private static float[] Floats(RandomData random) => Array.ConvertAll(random.Normals(Count), value => (float)value);
}
