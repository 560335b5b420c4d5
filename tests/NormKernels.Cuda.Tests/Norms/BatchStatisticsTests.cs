using System;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Cuda.Tests.Support;
using NormKernels.Tests.Support;

namespace NormKernels.Cuda.Tests.Norms;

/// <summary>The statistics of a batch without its normalized values.</summary>
[TestClass]
public sealed class BatchStatisticsTests : DeviceTests
{
    private static readonly ChannelShape _shape = new(3, 5, 70);

    [TestMethod]
    public void Have_the_bits_of_forward()
    {
        using DeviceStream stream = new();
        using DeviceBuffer<float> x = Random(stream), y = new(_shape.Count, stream);
        using Outputs expected = new(stream), actual = new(stream);
        BatchNorm.Forward(
            stream, x, y, _shape, mean: expected.Mean, rstd: expected.Rstd, runningMean: expected.RunningMean,
            runningVar: expected.RunningVar, momentum: 0.25, workspace: expected.Workspace);
        BatchNorm.Statistics(
            stream, x, _shape, actual.Mean, actual.Rstd, 1e-5, actual.RunningMean, actual.RunningVar, 0.25,
            actual.Workspace);
        float[] all = actual.Read();
        CollectionAssert.AreEqual(expected.Read(), all);
        Assert.DoesNotContain(Outputs.Before, all);
    }

    [TestMethod]
    public void What_cannot_be_is_refused()
    {
        using DeviceStream stream = new();
        using DeviceBuffer<float> x = Random(stream);
        using Outputs o = new(stream);
        AssertRefused("mean", () => BatchNorm.Statistics(stream, x, _shape, workspace: o.Workspace));
        AssertRefused("x", () => BatchNorm.Statistics(stream, x.Slice(1), _shape, o.Mean, workspace: o.Workspace));
        AssertRefused("mean", () => BatchNorm.Statistics(stream, x, _shape, x.Slice(0, 5), workspace: o.Workspace));
        AssertRefused("mean", () => BatchNorm.Statistics(stream, x, _shape, o.Mean, o.Mean, workspace: o.Workspace));
        AssertRefused("runningVar", () => BatchNorm.Statistics(
            stream, x, _shape, runningMean: o.RunningMean, workspace: o.Workspace));
        AssertRefused("epsilon", () => BatchNorm.Statistics(
            stream, x, _shape, o.Mean, epsilon: double.NaN, workspace: o.Workspace));
        Assert.IsTrue(o.Read().All(v => v == Outputs.Before));
    }

    private static void AssertRefused(string parameter, Action call)
    {
        ArgumentException e = Assert.Throws<ArgumentException>(call);
        Assert.AreEqual(parameter, e.ParamName, e.Message);
    }

    private static DeviceBuffer<float> Random(DeviceStream stream)
    {
        DeviceBuffer<float> x = new(_shape.Count, stream);
        x.CopyFrom([.. new RandomData("statistics").Normals((int)_shape.Count).Select(v => (float)v)], stream);
        return x;
    }

    private sealed class Outputs : IDisposable
    {
        public const float Before = 9;

        private readonly DeviceStream _stream;

        // One behind the other.
        private readonly DeviceBuffer<float> _all;

        public Outputs(DeviceStream stream)
        {
            _stream = stream;
            _all = new(4 * _shape.Channels, stream);
            _all.CopyFrom([.. Enumerable.Repeat(Before, (int)_all.Length)], stream);
            Workspace = new(BatchNorm.WorkspaceSize(_shape), stream);
        }

        public DeviceBuffer<float> Mean => Part(0);

        public DeviceBuffer<float> Rstd => Part(1);

        public DeviceBuffer<float> RunningMean => Part(2);

        public DeviceBuffer<float> RunningVar => Part(3);

        public DeviceBuffer<byte> Workspace { get; }

        public float[] Read()
        {
            float[] values = new float[_all.Length];
            _all.CopyTo(values, _stream);
            return values;
        }

        public void Dispose()
        {
            _all.Dispose();
            Workspace.Dispose();
        }

        private DeviceBuffer<float> Part(int which) => _all.Slice(which * _shape.Channels, _shape.Channels);
    }
}
